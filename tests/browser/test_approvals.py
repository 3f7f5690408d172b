"""Approvals in a real Chromium: from the mail on a phone, again after a change, and in somebody's place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from email.headerregistry import Address

import pytest
from playwright.sync_api import Browser, Page, expect

from orderloom.approvals.commands import delegate, send_notices, tell_asked
from orderloom.approvals.reads import request_page
from orderloom.approvals.types import DelegationDraft
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.mail import mail_server
from orderloom.messages.channels import EmailChannel
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from tests.approvals.cast import LINES, Cast, enter, offer, submit
from tests.browser.serving import Desk
from tests.messages.server import listening

pytestmark = pytest.mark.browser
SENDER = Address("Orderloom", addr_spec="orders@tessellane.example")


@pytest.fixture
def cast(desk: Desk) -> Cast:
    people: Cast = desk.do(enter)
    return people


@pytest.fixture
def phone(chromium: Browser, desk: Desk) -> Iterator[Page]:
    context = chromium.new_context(base_url=desk.url, viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(10_000)
    yield page
    context.close()


def ask(desk: Desk, cast: Cast, step: str = "manager", **figures: str) -> int:
    """Sue asks; the mails to those who are asked go out."""

    async def work(tx: Tx) -> int:
        submission = offer(**figures)
        submission.shown["lines"] = LINES  # type: ignore[index]
        found = await submit(tx, cast.sue, submission)
        assert found.request_id is not None
        await tell_asked(tx, [(found.request_id, step)])
        return found.request_id

    request_id: int = desk.do(work)
    return request_id


def mails(desk: Desk) -> dict[str, str]:
    """What arrives now at a real mail server, as HTML by recipient."""

    async def work(tx: Tx) -> dict[str, str]:
        async with listening() as mailbox, Database(desk.database_url, desk.house, size=2) as database:
            async with transaction(database, SYSTEM) as inner:
                await send_notices(inner)
            channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
            while await Postman(database, {"email": channel}, doors=Doors(desk.url, bytes(32))).turn():
                pass
            return {
                mail["To"].addresses[0].addr_spec: mail.get_body(("html",)).get_content()  # type: ignore[union-attr]
                for mail in mailbox.mails
            }

    found: dict[str, str] = desk.do(work)
    return found


def steps(desk: Desk, request_id: int) -> dict[str, str]:
    async def work(tx: Tx) -> dict[str, str]:
        return {step.name: step.state for step in (await request_page(tx, request_id)).steps}

    found: dict[str, str] = desk.do(work)
    return found


def open_mail(phone: Page, html: str) -> None:
    """The mail as its reader sees it."""
    phone.set_content(html)
    phone.get_by_role("link", name=re.compile("Read")).click()


def test_an_approver_decides_on_a_phone_from_a_mail(desk: Desk, cast: Cast, phone: Page) -> None:
    request_id = ask(desk, cast, amount="12400")
    html = mails(desk)["max@example.com"]

    open_mail(phone, html)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("QU-1")
    expect(phone.get_by_text("More than ten per cent off")).to_be_visible()
    expect(phone.get_by_text("12,400.00 EUR").first).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.get_by_role("button", name="Refuse").click()
    expect(phone.get_by_role("alert")).to_contain_text("Say why you refuse")
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("status")).to_contain_text("Approved")
    expect(phone.get_by_role("button", name="Approve")).to_have_count(0)

    assert steps(desk, request_id) == {"manager": "approved"}


def test_a_re_approval_asks_finance_only(desk: Desk, cast: Cast, phone: Page) -> None:
    ask(desk, cast, discount="20")
    open_mail(phone, mails(desk)["max@example.com"])
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("status")).to_contain_text("Approved")

    again = ask(desk, cast, "finance", discount="20", margin="12")
    told = mails(desk)
    assert sorted(told) == ["fay@example.com", "finn@example.com", "flo@example.com"]
    for name in ("fay", "flo"):
        open_mail(phone, told[f"{name}@example.com"])
        expect(phone.get_by_text("A thin margin")).to_be_visible()
        phone.get_by_role("button", name="Approve").click()
        expect(phone.get_by_role("status")).to_contain_text("Approved")

    assert steps(desk, again) == {"manager": "kept", "finance": "approved"}


def test_a_delegate_decides(desk: Desk, cast: Cast, phone: Page) -> None:
    async def away(tx: Tx) -> None:
        tx.actor = cast.max
        await delegate(tx, DelegationDraft("vera@example.com", tx.now, tx.now + timedelta(days=2)))

    desk.do(away)
    request_id = ask(desk, cast)

    open_mail(phone, mails(desk)["vera@example.com"])
    phone.get_by_role("button", name="Approve").click()
    expect(phone.get_by_role("status")).to_contain_text("Approved")

    assert steps(desk, request_id) == {"manager": "approved"}
