"""The page behind the link of a mail: it is read by anybody and anything, and only a form that is sent decides."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from orderloom.approvals.commands import send_notices, submit_for_approval, tell_asked
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.parties.commands import set_managers
from orderloom.parties.commands.links import tell_links
from tests.approvals.cast import offer
from tests.approvals.given import document
from tests.web.conftest import MakeClient, user_with_role
from tests.web.test_settings import csrf_of

KEY = bytes(32)


async def ask(database: Database, *subjects: int, **figures: str) -> str:
    """Have the salesperson ask the order manager, and return the token in the mail to the manager."""
    sales = await user_with_role(database, "sales")
    await user_with_role(database, "order_manager")
    async with transaction(database, SYSTEM) as tx:
        await set_managers(tx, {"sales@example.com": "order_manager@example.com"})
    async with transaction(database, replace(SYSTEM, kind="user", user_id=sales)) as tx:
        found = await submit_for_approval(tx, [offer(subject=one, **figures) for one in subjects or (1,)])
        await tell_asked(tx, [(one.request_id or 0, "manager") for one in found])
        await send_notices(tx)
        links = await tx.value("SELECT links FROM messages.message ORDER BY id DESC LIMIT 1")
        return (await tell_links(tx, links, key=KEY))[links[0]]


@pytest.fixture
async def published(as_role: MakeClient) -> MakeClient:
    admin = await as_role("admin")
    assert (await admin.put("/api/approval-policies", json=document(log_in_above="50000"))).status_code == 200
    return as_role


async def verdicts(database: Database) -> list[str]:
    async with transaction(database, SYSTEM) as tx:
        return await tx.values("SELECT channel || ' ' || verdict || ' ' || comment FROM approvals.verdict ORDER BY at")


async def test_scanners_that_open_a_link_decide_nothing(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "GET"):
        answer = await anybody.request(method, f"/decide/{token}?verdict=approve&comment=ok")
        assert answer.status_code < 500
    posted = await anybody.post(f"/decide/{token}")

    assert posted.status_code == 422, "a form that says nothing decides nothing"
    assert await verdicts(database) == []


async def test_a_page_shows_all_and_its_form_decides(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database, amount="12400")

    page = await anybody.get(f"/decide/{token}")
    silent = await anybody.post(f"/decide/{token}", data={"verdict": "reject"})
    done = await anybody.post(f"/decide/{token}", data={"verdict": "reject", "comment": "Ask for 15 %"})
    after = await anybody.get(f"/decide/{token}")
    again = await anybody.post(f"/decide/{token}", data={"verdict": "approve"})

    for words in ("QU-1", "AC-1", "12,400.00 EUR", "More than ten per cent off", "sales"):
        assert words in page.text, words
    assert (page.headers["referrer-policy"], page.headers["cache-control"]) == ("no-referrer", "no-store")
    assert (silent.status_code, "Say why you refuse" in silent.text) == (422, True)
    assert (done.status_code, done.headers["location"]) == (303, f"/decide/{token}")
    assert "Ask for 15 %" in after.text and 'name="verdict"' not in after.text
    assert again.status_code == 409
    assert await verdicts(database) == ["email reject Ask for 15 %"]


async def test_a_form_of_another_site_decides_nothing(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database)

    foreign = await anybody.post(
        f"/decide/{token}", data={"verdict": "approve"}, headers={"origin": "https://evil.example"}
    )

    assert foreign.status_code == 403
    assert await verdicts(database) == []


async def test_wrong_tokens_all_look_alike(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database)

    for wrong in (token[:-1] + "_", "oll_" + "A" * 43, "x"):
        for answer in (
            await anybody.get(f"/decide/{wrong}"),
            await anybody.post(f"/decide/{wrong}", data={"verdict": "approve"}),
        ):
            assert answer.status_code == 404
            assert "nothing behind this link" in answer.text and "QU-1" not in answer.text


async def test_above_the_limit_the_person_logs_in_and_nobody_else_will_do(
    anybody: httpx.AsyncClient, browser_of: MakeClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database, amount="50001")
    stranger, manager = await browser_of("admin"), await browser_of("order_manager")

    page = await anybody.get(f"/decide/{token}")
    refused = await anybody.post(f"/decide/{token}", data={"verdict": "approve"})
    seen = await stranger.get(f"/decide/{token}")
    foreign = await stranger.post(
        f"/decide/{token}", data={"verdict": "approve", "csrf": csrf_of(await stranger.get("/settings"))}
    )
    own = await manager.get(f"/decide/{token}")
    done = await manager.post(
        f"/decide/{token}", data={"verdict": "approve", "csrf": csrf_of(await manager.get("/settings"))}
    )

    assert f"/log-in?next=/decide/{token}" in page.text and 'name="verdict"' not in page.text
    assert "logged in as somebody else" in seen.text
    assert 'name="csrf"' in own.text and 'name="verdict"' in own.text
    assert (refused.status_code, foreign.status_code, done.status_code) == (403, 403, 303)
    assert await verdicts(database) == ["email approve "]


async def test_one_list_page_decides_each_for_itself(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient
) -> None:
    token = await ask(database, 1, 2, 3)
    page = await anybody.get(f"/decide/{token}")
    tokens = [part.split('"')[0] for part in page.text.split('action="/decide/')[1:]]

    listed = await anybody.post(f"/decide/{token}", data={"verdict": "approve"})
    done = await anybody.post(f"/decide/{tokens[1]}", data={"verdict": "approve", "back": token})
    after = await anybody.get(f"/decide/{token}")

    assert len(set(tokens)) == 3
    assert listed.status_code == 404, "the list's own token decides nothing"
    assert done.headers["location"] == f"/decide/{token}"
    assert "2 of 3 are open" in after.text
    assert await verdicts(database) == ["email approve "]


async def test_a_token_goes_into_no_log(
    anybody: httpx.AsyncClient, database: Database, published: MakeClient, capsys: pytest.CaptureFixture[str]
) -> None:
    token = await ask(database)

    await anybody.get(f"/decide/{token}")

    assert token not in "".join(capsys.readouterr())


async def test_a_provider_hands_received_mail_in(published: MakeClient, anybody: httpx.AsyncClient) -> None:
    sales = await published("sales")
    mail = b"From: a@example.com\r\nSubject: hello\r\n\r\napprove\r\n"

    taken = await sales.post("/api/received-mail?sender=a@example.com", content=mail)
    nobody = await anybody.post("/api/received-mail", content=mail)

    assert (taken.status_code, taken.json()) == (200, {"bounced": [], "reply": "none", "problem": ""})
    assert nobody.status_code == 401


async def test_who_was_told_stands_on_the_request(
    browser_of: MakeClient, database: Database, published: MakeClient
) -> None:
    await ask(database)
    manager = await browser_of("order_manager")
    async with transaction(database, SYSTEM) as tx:
        request_id = await tx.value("SELECT id FROM approvals.request")
        await tx.execute("UPDATE messages.delivery SET state = 'bounced', reply = '5.1.1 No such user'")

    page = await manager.get(f"/approvals/{request_id}")

    assert "Who was told" in page.text and "5.1.1 No such user" in page.text
