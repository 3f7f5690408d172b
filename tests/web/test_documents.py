"""Documents from the page and over the API: ask, wait for the worker, look, download."""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO

import pytest
from pypdf import PdfReader

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.billing import commands as billing
from orderloom.documents.rendering import render_due
from orderloom.orders.commands import submit_orders
from tests.billing import given as given_billing
from tests.billing.test_invoice import released
from tests.orders import given
from tests.quotes import given as quotes


@pytest.fixture
async def order(database):
    async with transaction(database, SYSTEM) as tx:
        await given.world(tx)
        captured = await given.order(tx)
        await submit_orders(tx, [captured.id])
        return captured


@pytest.fixture
async def invoice_id(database):
    async with transaction(database, SYSTEM) as tx:
        await released(tx, await given_billing.payer(tx))
        [invoice_id] = await billing.issue_invoices(tx, order_ids=[1])
        return invoice_id


def words_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


async def test_a_confirmation_is_asked_for_made_and_downloaded_over_the_api(as_role, database, order):
    client = await as_role("admin")
    at = f"/api/orders/{order.number}/documents"
    asked = await client.post(at, json={"language": "de"})
    early = await client.get(f"{at}/{asked.json()['id']}/file")
    await render_due(database)
    row = (await client.get(f"{at}/{asked.json()['id']}")).json()
    file = await client.get(f"{at}/{row['id']}/file")

    assert (asked.status_code, early.status_code, row["state"]) == (202, 404, "rendered")
    assert asked.headers["location"] == f"{at}/{row['id']}"
    assert sha256(file.content).hexdigest() == row["sha256"]
    assert file.headers["content-disposition"] == (f'attachment; filename="order-confirmation-{order.number}-de.pdf"')
    assert "Auftragsbestätigung" in words_of(file.content)
    assert [one["id"] for one in (await client.get(at)).json()["items"]] == [row["id"]]


async def test_without_prices_the_same_order_has_none(as_role, database, order):
    client = await as_role("admin")
    at = f"/api/orders/{order.number}/documents"
    priced, plain = [
        (await client.post(at, json={"language": "en", "prices": prices})).json() for prices in ("with", "without")
    ]
    await render_due(database)
    texts = [words_of((await client.get(f"{at}/{one['id']}/file")).content) for one in (priced, plain)]

    assert "USD" in texts[0] and re.search(r"\d\.\d\d", texts[0])
    assert "USD" not in texts[1] and not re.search(r"\d\.\d\d", texts[1])


async def test_a_draft_and_an_unknown_language_are_refused(as_role, database, order):
    client = await as_role("admin")
    async with transaction(database, SYSTEM) as tx:
        draft = await given.order(tx, external_id="draft-1")
    drafted = await client.post(f"/api/orders/{draft.number}/documents", json={})
    foreign = await client.post(f"/api/orders/{order.number}/documents", json={"language": "tlh"})
    lost = await client.post(f"/api/orders/{order.number}/documents", json={"kind": "delivery_note", "shipment": "X"})

    assert [answer.status_code for answer in (drafted, foreign, lost)] == [422, 422, 422]
    assert drafted.json()["problems"][0]["code"] == "order_is_draft"
    assert foreign.json()["problems"][0]["pointer"] == "/language"
    assert lost.json()["problems"][0]["code"] == "shipment_unknown"


async def test_a_document_is_found_only_at_what_it_is_of(as_role, database, order, invoice_id):
    client = await as_role("admin")
    made = (await client.post(f"/api/invoices/{invoice_id}/documents", json={"language": "fr"})).json()
    await render_due(database)

    assert (await client.get(f"/api/orders/{order.number}/documents/{made['id']}/file")).status_code == 404
    file = await client.get(f"/api/invoices/{invoice_id}/documents/{made['id']}/file")
    assert "Facture" in words_of(file.content) and "HomeMax" in words_of(file.content)


async def test_a_quote_is_put_on_paper_once_it_was_sent_and_kept_under_its_hash(as_role, database):
    async with transaction(database, SYSTEM) as tx:
        await quotes.world(tx)
        sent, draft = await quotes.quote(tx, sent=True), await quotes.quote(tx)
    client = await as_role("admin")
    at = f"/api/quotes/{sent.number}/documents"
    early = await client.post(f"/api/quotes/{draft.number}/documents", json={})
    asked = [(await client.post(at, json=wish)).json() for wish in ({"prices": "without"}, {"language": "fr"})]
    await render_due(database)
    files = [await client.get(f"{at}/{one['id']}/file") for one in asked]
    rows = {row["id"]: row for row in (await client.get(at)).json()["items"]}

    assert early.json()["problems"][0]["code"] == "quote_not_sent"
    assert [sha256(file.content).hexdigest() for file in files] == [rows[one["id"]]["sha256"] for one in asked]
    assert "USD" not in words_of(files[0].content) and "Devis" in words_of(files[1].content)
    assert (await client.get(f"/api/orders/1/documents/{asked[0]['id']}/file")).status_code == 404
    assert (await client.post(at, json={"language": "fr", "version": 2})).status_code == 404


async def test_who_may_not_see_invoices_gets_no_paper_of_them(as_role, invoice_id):
    client = await as_role("warehouse")

    assert (await client.post(f"/api/invoices/{invoice_id}/documents", json={})).status_code == 403


async def test_the_page_asks_shows_pictures_and_downloads(browser_of, database, order):
    person = await browser_of("admin")
    home = f"/orders/{order.number}/documents"
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', (await person.get(home)).text)[1]
    told = await person.post(home, data={"csrf": csrf, "kind": "order_confirmation", "language": "", "prices": "with"})
    waiting = (await person.get(told.headers["location"])).text
    await render_due(database)
    ready = (await person.get(told.headers["location"])).text
    picture = await person.get(re.search(r'<img class="sheet" src="([^"]+)"', ready)[1])
    beyond = await person.get(re.search(r'<img class="sheet" src="([^"]+)"', ready)[1].replace("pages/1", "pages/9"))

    assert told.status_code == 303
    assert "Being made" in waiting and "Download" not in waiting
    assert "Download" in ready and "hx-trigger" not in ready.split('id="document"')[1].split(">")[0]
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert beyond.status_code == 404
    assert order.number in (await person.get(home)).text
