"""The confirmation of an order by e-mail: from the page, over the API, and by itself where the customer wants it."""

from __future__ import annotations

import re
from email.headerregistry import Address

import pytest

from orderloom.base.jobs import run_jobs
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.billing import commands as billing
from orderloom.documents.rendering import render_due
from orderloom.gateway.mail import mail_server
from orderloom.messages import reads
from orderloom.messages.channels import EmailChannel
from orderloom.messages.doors import Doors
from orderloom.messages.sending import Postman
from orderloom.orders.commands import submit_orders
from tests.billing import given as given_billing
from tests.billing.test_invoice import released
from tests.messages.server import listening
from tests.orders import given
from tests.quotes import given as quotes

DOORS = Doors("https://orders.example.com", bytes(32))
SENDER = Address("Orders", addr_spec="orders@tessellane.example")


@pytest.fixture
async def order(database):
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        await tx.execute(
            """
            INSERT INTO parties.contact (account_id, name, email, is_primary)
            SELECT id, 'Åsa Ängström', 'asa@ängström.example', true FROM parties.account WHERE number = 'C-1'
            """
        )
        return await given.order(tx, submit=True)


async def sent(database, mailbox) -> int:
    channel = EmailChannel(mail_server(f"smtp+plain://127.0.0.1:{mailbox.port}"), SENDER)
    await render_due(database)
    return await Postman(database, {"email": channel}, doors=DOORS).turn()


async def test_the_page_sends_once_however_often_it_is_pressed(browser_of, database, order):
    person = await browser_of("admin")
    home = f"/orders/{order.number}"
    page = (await person.get(f"{home}/documents")).text
    csrf, key = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "key")]
    wish = {
        "csrf": csrf, "key": key, "to": "asa@ängström.example; bob@example.com", "language": "de",
        "prices": "without", "note": "Bitte <b>prüfen</b>",
    }  # fmt: skip
    first, second = await person.post(f"{home}/messages", data=wish), await person.post(f"{home}/messages", data=wish)
    async with listening() as mailbox:
        assert await sent(database, mailbox) == 2
    shown = (await person.get(first.headers["location"])).text

    assert 'value="asa@ängström.example"' in page
    assert first.headers["location"] == second.headers["location"]
    assert {envelope.rcpt_tos[0] for envelope in mailbox.got} == {"asa@xn--ngstrm-9ta3m.example", "bob@example.com"}
    [mail, other] = mailbox.mails
    assert mail["Subject"] == f"Auftragsbestätigung {order.number}"
    assert mail["Message-ID"] == other["Message-ID"]
    assert "Bitte <b>prüfen</b>" in mail.get_body(("plain",)).get_content()
    assert "Bitte &lt;b&gt;prüfen&lt;/b&gt;" in mail.get_body(("html",)).get_content()
    assert [part.get_filename() for part in mail.iter_attachments()] == [
        f"order-confirmation-{order.number}-de-without-prices.pdf"
    ]
    assert shown.count("Sent") >= 2 and "Taken as 42" in shown
    assert "asa@ängström.example" in (await person.get(f"{home}/documents")).text


async def test_over_the_api_an_idempotency_key_or_a_key_of_ones_own_makes_it_one(as_role, database, order):
    client = await as_role("admin")
    at = f"/api/orders/{order.number}/messages"
    wish = {"to": ["ann@example.com"], "key": "invoice-run-7"}
    first, again = await client.post(at, json=wish), await client.post(at, json=wish)
    keyed = [
        await client.post(at, json={"to": ["bob@example.com"]}, headers={"idempotency-key": "k-1"}) for _ in range(2)
    ]

    assert (first.status_code, first.json()["id"]) == (202, again.json()["id"])
    assert keyed[0].json()["id"] == keyed[1].json()["id"] != first.json()["id"]
    assert len((await client.get(at)).json()["items"]) == 2


async def test_what_is_no_address_is_refused_at_its_field_and_makes_nothing(as_role, database, order):
    client = await as_role("admin")
    for address in ("ann@example.com\r\nBcc: eve@example.com", "nobody", "a b@example.com"):
        answer = await client.post(f"/api/orders/{order.number}/messages", json={"to": ["x@example.com", address]})
        assert (answer.status_code, answer.json()["problems"][0]["pointer"]) == (422, "/to")
    assert (await client.get("/api/sent-messages")).json()["items"] == []
    assert (await client.get(f"/api/orders/{order.number}/documents")).json()["items"] == []


async def test_a_refusal_is_seen_and_sent_again_from_the_page(browser_of, database, order):
    person = await browser_of("admin")
    home = f"/orders/{order.number}"
    page = (await person.get(f"{home}/documents")).text
    csrf, key = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "key")]
    told = await person.post(f"{home}/messages", data={"csrf": csrf, "key": key, "to": "ann@example.com"})
    async with listening(RCPT="550 5.1.1 Nobody here") as strict:
        await sent(database, strict)
    troubled = (await person.get("/messages?troubled=true")).text
    shown = (await person.get(told.headers["location"])).text
    again = re.search(r'action="(/messages/\d+/deliveries/\d+/send-again)"', shown)[1]
    await person.post(again, data={"csrf": csrf, "reason": "They made the mailbox"})
    late = await person.post(again, data={"csrf": csrf, "reason": "once more"})
    async with listening() as kind:
        await sent(database, kind)

    assert "ann@example.com" in troubled and "Nobody here" in shown
    assert late.status_code == 409
    assert len(kind.got) == 1
    assert "Nothing was refused" in (await person.get("/messages?troubled=true")).text


async def test_without_a_server_the_page_says_that_messages_stay_queued(browser_of, as_role, order):
    client, person = await as_role("admin"), await browser_of("admin")
    await client.post(f"/api/orders/{order.number}/messages", json={"to": ["ann@example.com"]})
    page = (await person.get("/messages")).text

    assert "ORDERLOOM_SMTP_URL" in page and "stay queued" in page


async def test_who_may_only_read_messages_sends_none(as_role, order):
    auditor = await as_role("auditor")

    assert (await auditor.get("/api/sent-messages")).status_code == 200
    answer = await auditor.post(f"/api/orders/{order.number}/messages", json={"to": ["ann@example.com"]})
    assert answer.status_code == 403


async def test_a_customer_who_wants_confirmations_gets_one_by_itself(database, order):
    async with transaction(database, SYSTEM) as tx:
        await tx.execute('UPDATE parties.account SET attributes = \'{"order_confirmation": "email"}\'')
        at_once = await given.order(tx, submit=True, external_id="at once")
        draft = await given.order(tx, external_id="later")
        await submit_orders(tx, [draft.id])
        await submit_orders(tx, [draft.id])
    while await run_jobs(database):
        pass
    async with transaction(database, SYSTEM) as tx:
        rows = await reads.messages(tx)
        await tx.execute("UPDATE parties.contact SET email = NULL")
        silent = await given.order(tx, submit=True, external_id="nobody")
    while await run_jobs(database):
        pass

    assert sorted(row.subject_label for row in rows) == sorted([at_once.number, draft.number])
    assert {row.deliveries[0]["address"] for row in rows} == {"asa@xn--ngstrm-9ta3m.example"}
    async with transaction(database, SYSTEM) as tx:
        told = await tx.values(
            """
            SELECT payload ->> 'reason'
              FROM base.event
             WHERE type = 'orders.confirmation_not_sent' AND subject_id = %(id)s
            """,
            {"id": silent.id},
        )
        assert len(await reads.messages(tx)) == 2
    assert len(told) == 1 and "add one" in told[0]


async def test_a_mail_that_came_back_is_handed_in_as_it_is(as_role, order):
    client = await as_role("admin")
    headers = {"content-type": "message/rfc822"}
    answer = await client.post("/api/bounces", content=b"Subject: Out of office\r\n\r\n", headers=headers)
    auditor = await as_role("auditor")
    denied = await auditor.post("/api/bounces", content=b"", headers=headers)

    assert (answer.status_code, answer.json()) == (200, {"delivery_ids": []})
    assert denied.status_code == 403


async def test_a_quote_goes_out_with_its_paper_and_a_link_that_only_the_reader_gets(browser_of, anybody, database):
    async with transaction(database, SYSTEM) as tx:
        await quotes.world(tx)
        quote = await quotes.quote(tx)
    person = await browser_of("admin")
    home = f"/quotes/{quote.number}"
    page = (await person.get(home)).text
    csrf, key, stamp = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "key", "stamp")]
    wish = {"csrf": csrf, "key": key, "stamp": stamp, "to": "ann@example.com", "prices": "with", "link": "true"}
    first, second = [await person.post(f"{home}/messages", data=wish) for _ in range(2)]
    async with listening() as mailbox:
        assert await sent(database, mailbox) == 1
    [mail] = mailbox.mails
    text, html = [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]
    [link] = re.findall(r"https?://\S+/offers/\S+", text)
    shown = (await person.get(first.headers["location"])).text

    assert first.headers["location"] == second.headers["location"]
    assert [part.get_filename() for part in mail.iter_attachments()] == [f"quote-{quote.number}-en.pdf"]
    assert f'<a href="{link}">{link}</a>' in html
    assert "[link]" in shown and link not in shown
    offer = await anybody.get("/offers/" + link.split("/offers/")[1])
    assert (offer.status_code, "Accept the offer" in offer.text) == (200, True)


async def test_an_invoice_goes_out_from_its_page_once(browser_of, database):
    async with transaction(database, SYSTEM) as tx:
        await released(tx, await given_billing.payer(tx))
        [invoice_id] = await billing.issue_invoices(tx, order_ids=[1])
    person = await browser_of("admin")
    home = f"/invoices/{invoice_id}"
    page = (await person.get(home)).text
    csrf, key = [re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("csrf", "key")]
    wish = {"csrf": csrf, "key": key, "to": "ann@example.com", "language": "de"}
    answers = [await person.post(f"{home}/messages", data=wish) for _ in range(2)]
    async with listening() as mailbox:
        assert await sent(database, mailbox) == 1
    [mail] = mailbox.mails

    assert len({answer.headers["location"] for answer in answers}) == 1
    assert mail["Subject"].startswith("Rechnung")
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]
    assert "ann@example.com" in (await person.get(home)).text
