"""The first page, and the lists behind its tiles."""

import csv
import io
import re
import zipfile

import pytest

from orderloom.base.parsing import parse
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.billing.commands import issue_invoices
from orderloom.cli.demo_world import load_world
from orderloom.fulfilment.commands import hold_orders, place_orders
from orderloom.fulfilment.views import _VIEWS, count_in, orders_in
from orderloom.orders.order import HoldDraft
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import fail_steps
from orderloom.processes.types import Failure
from tests.billing import given as bills
from tests.billing.test_invoice import released
from tests.quotes import given as quotes
from tests.web.test_orders import KITS, TRIPLE_PLAY

METER = ({"line": "1", "product": "METER", "quantity": 10},)


@pytest.fixture
async def orders(database, monkeypatch):
    """A draft; one under way, with open charges; one on hold, with a failed step, late; a quote and an invoice."""
    monkeypatch.setenv("ORDERLOOM_ALLOW_PRIVATE_PARTNERS", "1")
    async with transaction(database, SYSTEM) as tx:
        await load_world(tx, partners_url="http://127.0.0.1:9", master="x" * 32)
        [draft] = await place_orders(tx, [parse(OrderDraft, KITS)], submit=False)
        placed = await place_orders(tx, [parse(OrderDraft, TRIPLE_PLAY | {"external_id": n}) for n in ("a", "b")])
        held, going = placed
        await hold_orders(tx, [HoldDraft(held.id, "credit", "Over the limit")])
        process = await tx.value("SELECT process_id FROM fulfilment.plan WHERE order_id = %(id)s", {"id": held.id})
        number = await tx.value(
            "SELECT min(number) FROM processes.step WHERE process_id = %(id)s AND state = 'ready'", {"id": process}
        )
        await fail_steps(tx, [Failure(process, number, "data", "The postcode is wrong")])
        await tx.execute("UPDATE fulfilment.plan SET jeopardy = 'high' WHERE order_id = %(id)s", {"id": held.id})
        payer = bills.Payer(
            *await tx.one(
                """
                SELECT account_id, id, legal_entity_id
                  FROM parties.billing_account
                 WHERE currency = 'USD' AND tax_country = 'US'
                 ORDER BY id
                 LIMIT 1
                """
            )
        )
        await released(tx, payer, order_id=going.id)
        await released(tx, payer, order_id=900_000)
        await issue_invoices(tx, order_ids=[900_000])
        await quotes.quote(tx, METER, customer="harbourline", sent=True)
    return {"draft": draft.number, "held": held.number, "going": going.number}


async def listed(client, **query):
    answer = await client.get("/api/orders", params=query)
    assert answer.status_code == 200, answer.text
    return [row["number"] for row in answer.json()["items"]]


async def test_each_view_lists_what_waits_for_it(orders, as_role):
    client = await as_role("order_manager")

    assert await listed(client, view="drafts") == [orders["draft"]]
    assert await listed(client, view="on_hold") == [orders["held"]]
    assert await listed(client, view="in_fulfilment") == [orders["going"], orders["held"]]
    assert await listed(client, view="in_jeopardy") == [orders["held"]]
    assert await listed(client, view="fallout") == [orders["held"]]
    assert await listed(client, view="to_bill") == [orders["going"]]
    assert await listed(client, view="done") == []
    assert await listed(client, view="in_fulfilment", text=orders["going"]) == [orders["going"]]
    assert (await client.get("/api/orders", params={"view": "nonsense"})).status_code == 422


async def test_every_view_counts_what_it_lists(orders, database):
    async with transaction(database, SYSTEM) as tx:
        for view in (None, *_VIEWS):
            assert await count_in(tx, view) == len(await orders_in(tx, view)), view


async def test_the_tiles_count_what_their_lists_show(orders, browser_of, as_role):
    page = (await (await browser_of("order_manager")).get("/")).text
    tiles = re.findall(r'<li><a href="([^"]+)">.*?<strong>([0-9,+]+)</strong>', page, re.DOTALL)
    browser = await browser_of("order_manager")

    assert len(tiles) == 4
    for path, count in tiles:
        rows = (await browser.get(path.replace("&amp;", "&"))).text.count("<tr data-href=")
        assert rows == int(count), path
    assert {count for _, count in tiles} == {"1", "2"}
    told = (await (await as_role("order_manager")).get("/api/stages")).json()["items"]
    assert [(one["code"], one["count"]) for one in told] == [
        ("quoted", 1), ("in_fulfilment", 2), ("to_bill", 1), ("billed", 1),
    ]  # fmt: skip


async def test_home_says_what_goes_wrong_and_what_came_in(orders, browser_of):
    page = (await (await browser_of("admin")).get("/")).text

    assert f'href="/orders/{orders["held"]}/plan"' in page
    assert "/fallout/" in page
    assert "data-chart" in page
    assert re.search(r"<td class=\"number\">\s*3\s*</td>", page)


async def test_home_shows_nobody_what_they_may_not_see(orders, browser_of):
    page = (await (await browser_of("technician")).get("/")).text
    seller = (await (await browser_of("sales")).get("/")).text

    assert "In fulfilment" in page
    assert "To bill" not in page
    assert "Quoted" not in page
    assert "/fallout" not in page
    assert orders["held"] not in seller
    assert re.findall(r"<strong>([0-9]+)</strong>", seller) == ["0", "0", "0", "0"]


async def test_the_list_is_sorted_and_goes_on_behind_its_last_row(orders, as_role):
    client = await as_role("order_manager")
    for sort, key in (
        ("newest", lambda row: -row["id"]),
        ("oldest", lambda row: row["id"]),
        ("customer", lambda row: (row["account_name"], row["id"])),
        ("amount", lambda row: (-float(row["one_time_total"]), -row["id"])),
        ("promised", lambda row: (row["promised_on"] or "infinity", row["id"])),
    ):
        seen, cursor = [], None
        while True:
            page = (await client.get("/api/orders", params={"sort": sort, "limit": 1, "cursor": cursor or ""})).json()
            seen += page["items"]
            cursor = page["next"]
            if not cursor:
                break
        assert len(seen) == 3
        assert seen == sorted(seen, key=key), sort


async def test_totals_add_up_what_matches_by_currency(orders, as_role):
    client = await as_role("order_manager")
    rows = (await client.get("/api/orders", params={"view": "in_fulfilment"})).json()["items"]
    [total] = (await client.get("/api/orders/totals", params={"view": "in_fulfilment"})).json()["items"]

    assert total["orders"] == 2
    assert total["one_time"] == sum(row["one_time_total"] for row in rows)
    assert total["recurring"]["month"] == sum(row["recurring_totals"]["month"] for row in rows)


async def test_what_is_shown_becomes_a_file_in_which_no_cell_is_executed(orders, database, browser_of):
    async with transaction(database, SYSTEM) as tx:
        await tx.execute(
            "UPDATE orders.sales_order SET po_number = '=HYPERLINK(1)' WHERE number = %(number)s",
            {"number": orders["going"]},
        )
    browser = await browser_of("order_manager")
    as_csv = await browser.get("/orders/files/orders.csv", params={"view": "in_fulfilment", "sort": "oldest"})
    as_xlsx = await browser.get("/orders/files/orders.xlsx", params={"view": "in_fulfilment"})

    rows = list(csv.DictReader(io.StringIO(as_csv.text.lstrip("\ufeff"))))
    assert [row["Order"] for row in rows] == [orders["held"], orders["going"]]
    assert rows[1]["Purchase order"] == "'=HYPERLINK(1)"
    sheet = zipfile.ZipFile(io.BytesIO(as_xlsx.content)).read("xl/worksheets/sheet1.xml").decode()
    assert "=HYPERLINK(1)" in sheet
    assert "<f>" not in sheet
    assert orders["draft"] not in sheet
    assert (await browser.get("/orders/files/orders.pdf")).status_code == 404
