"""Prices over the API and on their pages: tried without a trace, and cost for those alone who may see it."""

from __future__ import annotations

import re
from decimal import Decimal as D

import pytest

from orderloom.base.parsing import parse
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.commands import publish_prices
from orderloom.catalog.price_drafts import PricesDraft
from orderloom.catalog.text import read_values
from orderloom.orders.commands import capture_orders
from orderloom.orders.types import ItemDraft, OrderDraft
from tests.catalog import given
from tests.parties import given as parties

RULES = """
lists:
- {code: everybody, name: Everybody, currency: USD, rank: 5, prices: [
    {product: KIT, one_time: 100}, {product: SPLICER, one_time: {margin: 37}}]}
costs:
- {product: KIT, currency: USD, unit_cost: 61.23}
- {product: SPLICER, currency: USD, unit_cost: 61.23}
floors: [{product: KIT, currency: USD, unit_price: 87.65}]
limits: [{percent: 10}, {right: prices.discount_any}]
promotions: [{code: spring, percent_off: 5, products: [KIT]}]
"""
SECRETS = re.compile(r"""61[.,]23|87\.65|argin|nit_cost|cost_plus|Cost|\b37(\.0+)?\s*%|["'>]37(\.0+)?["'<]""")
"""Costs, the margin of 37 % as it might stand anywhere, and their names; not the 37 of an id or a time."""


@pytest.fixture
async def shop(database):
    async with transaction(database, SYSTEM) as tx:
        await given.shop(tx)
        await publish_prices(tx, parse(PricesDraft, read_values(RULES, "prices.yaml")))


ASKED = {"currency": "USD", "lines": [{"product": "KIT", "quantity": 2}, {"product": "SPLICER"}]}


async def test_a_tried_price_shows_its_steps_and_writes_nothing(shop, as_role, database):
    catalog_manager = await as_role("catalog_manager")
    answer = await catalog_manager.post("/api/prices/try", json=ASKED)

    assert answer.status_code == 200, answer.text
    charge = answer.json()["lines"][0]["charges"][0]
    assert [(step["kind"], step["rule"], step["amount"]) for step in charge["steps"]] == [
        ("list", "everybody/KIT", 200.0),
        ("promotion", "spring", -10.0),
    ]
    margins = {each["line"]: (each["cost"], each["percent"]) for each in answer.json()["margins"]["lines"]}
    assert margins == {"1": (122.46, 35.55), "2": (61.23, 37.0)}
    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM orders.sales_order") == 0


async def test_who_may_not_see_cost_finds_no_trace_of_it(shop, as_role, browser_of):
    sales = await as_role("sales")
    tried = await sales.post("/api/prices/try", json=ASKED)
    rules = await sales.get("/api/prices/rules?limit=200")
    person = await browser_of("sales")
    pages = [
        await person.get(path)
        for path in ("/prices", "/prices/try?currency=USD&product1=KIT&product2=SPLICER", "/prices?kind=cost")
    ]
    listed = {(row["kind"], row["code"]) for row in rules.json()["items"]}

    assert tried.status_code == 200
    assert "margins" not in tried.json()
    assert {kind for kind, _ in listed} == {"list", "price", "promotion"}
    price_page = await person.get(
        f"/prices/rules/{next(r['id'] for r in rules.json()['items'] if r['code'] == 'everybody/SPLICER')}"
    )
    for answer in (tried, rules, *pages, price_page):
        assert answer.status_code == 200
        body = answer.text if answer in (tried, rules) else answer.text[answer.text.index("<main") :]
        assert SECRETS.search(body) is None


async def test_a_rule_of_cost_is_not_there_for_who_may_not_see_it(shop, as_role):
    manager, sales = await as_role("catalog_manager"), await as_role("sales")
    rules = (await manager.get("/api/prices/rules?kind=cost")).json()["items"]

    assert [row["content"]["unit_cost"] for row in rules] == [61.23, 61.23]
    path = f"/api/prices/rules/{rules[0]['id']}"
    assert (await manager.get(path)).status_code == 200
    assert (await sales.get(path)).status_code == 404
    assert (await sales.get("/api/prices/rules?kind=cost")).json()["items"] == []


async def test_what_exceeds_the_limit_names_the_right_that_is_missing(shop, as_role):
    given_off = {"currency": "USD", "lines": [{"product": "KIT", "given": [{"percent_off": 30, "reason": "loyalty"}]}]}
    answer = (await (await as_role("sales")).post("/api/prices/try", json=given_off)).json()

    assert [(need["code"], need["right"]) for need in answer["needs"]] == [
        ("discount_limit", "prices.discount_any"),
        ("floor", "prices.below_floor"),
    ]
    assert (await (await as_role("approver")).post("/api/prices/try", json=given_off)).json()["needs"] == []


async def test_what_cannot_be_priced_is_told_line_by_line(shop, as_role, browser_of):
    sales = await as_role("sales")
    answer = await sales.post(
        "/api/prices/try",
        json={"currency": "USD", "lines": [{"product": "NOPE"}, {"product": "KIT", "given": [{"percent_off": 5}]}]},
    )
    assert answer.status_code == 422
    assert [problem["pointer"] for problem in answer.json()["problems"]] == [
        "/lines/0/product",
        "/lines/1/given/0/reason",
    ]
    page = await (await browser_of("sales")).get("/prices/try?currency=USD&product1=NOPE")
    assert "This cannot be priced as it stands" in page.text


async def test_prices_are_published_over_the_api_and_tried_before(shop, as_role):
    manager = await as_role("catalog_manager")
    rows = "list,product,method,above,one_time\neverybody,PACK,graduated,0,5\neverybody,PACK,graduated,10,4\n"
    path, kind = "/api/prices/publish?name=packs.csv", {"content-type": "application/yaml"}
    tried = await manager.post(f"{path}&dry_run=true", content=rows, headers=kind)
    done = await manager.post(path, content=rows, headers=kind)
    again = await manager.post(path, content=rows, headers=kind)
    wrong = await manager.post(path, content=rows.replace("PACK", "NONE"), headers=kind)

    assert [each.json().get("published") for each in (tried, done, again)] == [1, 1, 0]
    assert wrong.json()["problems"][0]["pointer"] == "/0/product"
    assert (await (await as_role("sales")).post(path, content=rows, headers=kind)).status_code == 403


async def test_where_the_margin_went_is_for_those_who_may_see_cost(shop, as_role, browser_of):
    manager, sales = await as_role("catalog_manager"), await as_role("sales")
    assert (await manager.get("/api/prices/walk?by=rule")).json() == {
        "orders": 0,
        "quotes": 0,
        "is_cut": False,
        "walks": [],
    }
    assert (await sales.get("/api/prices/walk")).status_code == 403
    page = await (await browser_of("catalog_manager")).get("/prices/walk?since=&until=&by=product&channel=&customer=")
    assert (page.status_code, "Nothing is in this set" in page.text) == (200, True)
    assert "/prices/walk" not in (await (await browser_of("sales")).get("/prices")).text


async def test_drafts_are_shown_before_they_are_priced_anew_and_the_report_names_each(
    shop, as_role, browser_of, database
):
    async with transaction(database, SYSTEM) as tx:
        account_id = await parties.account(tx)
        number = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": account_id})
        draft = OrderDraft(customer=number, items=(ItemDraft("1", "SPLICER", quantity=D(2)),))
        for price in ("100", "120"):
            rules = RULES.replace("{margin: 37}", price)
            if price == "120":
                first, second = await capture_orders(tx, [draft, draft])
            await publish_prices(tx, parse(PricesDraft, read_values(rules, "prices.yaml")))
    manager, person = await as_role("order_manager"), await browser_of("order_manager")

    shown = await manager.get("/api/prices/reprice?product=SPLICER")
    drafts = {one["id"]: one for one in shown.json()["drafts"]}
    [difference] = drafts[first.id]["differences"]
    assert difference["why"] == ["List price everybody/SPLICER: 200.00 → 240.00 (version 2 → 3)"]
    report = await manager.post(
        "/api/prices/reprice", json={"drafts": [{"kind": "order", "id": first.id, "basis": drafts[first.id]["basis"]}]}
    )
    assert [(one["outcome"], one["once"]) for one in report.json()["items"]] == [("priced", 40.0)]

    page = await person.get("/prices/reprice")
    assert second.number in page.text
    assert first.number not in page.text
    csrf = re.search(r'name="csrf" value="([^"]+)"', page.text)[1]
    ticked = {"csrf": csrf, f"pick-order-{second.id}": drafts[second.id]["basis"]}
    done = await person.post("/prices/reprice", data=ticked)
    assert done.status_code == 200
    assert "Priced anew" in done.text
    assert (await manager.get("/api/prices/reprice")).json()["drafts"][0]["differences"] == []
