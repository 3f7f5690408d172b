"""What a thing costs us leaves no trace for who may not see it: in no page, file, answer or order of a list."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from orderloom.base.parsing import parse
from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.commands import publish_prices, save_tax_rates
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.catalog.text import read_values
from orderloom.orders.commands import ConversionDraft, capture_orders, convert_quotes
from orderloom.orders.types import ItemDraft, OrderDraft
from orderloom.parties.commands.people import save_teams
from orderloom.parties.types import CoverDraft, TeamDraft
from orderloom.quotes.commands import create_quote, send_quote
from orderloom.quotes.types import Content, LineDraft, QuoteDraft
from orderloom.web.app import gather_routes
from tests.catalog import given
from tests.parties import given as parties
from tests.web.conftest import user_with_role

RULES = """
lists: [{code: all, name: All, currency: USD, rank: 5, prices: [
  {product: SPLICER, one_time: {markup: 37.913}}, {product: PACK, one_time: 300}]}]
costs: [{product: SPLICER, currency: USD, unit_cost: 61.2347}, {product: PACK, currency: USD, unit_cost: 161.2347}]
floors: [{product: PACK, currency: USD, margin_percent: 12.377}]
limits: [{percent: 10}, {right: prices.discount_any}]
"""
SECRETS = ("61.2347", "61,2347", "37.913", "12.377", "483.70", "483.7", "483,70", "183.70", "183.7", "416.30", "416.3")
"""Unit costs, markup, floor, and cost and margin of three of each on a line."""
NOT_FOR_WALKING = re.compile("/live|/static|/docs|/openapi|/metrics|/health|/offers|/decide|log-in")


@pytest.fixture
async def things(database):
    """Names of everything that a path may ask for, by parameter."""
    user_id = await user_with_role(database, "sales")
    async with transaction(database, replace(SYSTEM, kind="user", user_id=user_id)) as tx:
        await given.shop(tx)
        await publish_prices(tx, parse(PricesDraft, read_values(RULES, "prices.yaml")))
        await save_tax_rates(tx, [TaxRateDraft("US", "standard", D(8), date(2020, 1, 1), name="Sales tax")])
        account_id = await parties.account(tx)
        number = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": account_id})
        await save_teams(tx, [TeamDraft("All", members=("sales@example.com",), covers=(CoverDraft(number),))])
        items = tuple(ItemDraft(str(n), code, quantity=D(3)) for n, code in enumerate(("SPLICER", "PACK"), start=1))
        [order] = await capture_orders(tx, [OrderDraft(customer=number, items=items)], submit=True)
        lines = tuple(LineDraft(line=item.line, product=item.product, quantity=item.quantity) for item in items)
        draft, sent = [await create_quote(tx, QuoteDraft(customer=number, content=Content(lines=lines))) for _ in "12"]
        await send_quote(tx, sent.id, seen=None)
        await convert_quotes(tx, {sent.id: ConversionDraft()})
        return {
            "orders": [order.number, "SO-2026-000002"],
            "quotes": [draft.number, sent.number],
            "customers": [str(account_id)],
            "products": [str(i) for i in await tx.values("SELECT id FROM catalog.product")],
            "rules": [str(i) for i in await tx.values("SELECT id FROM catalog.price_rule")],
        }


def addresses(route, things):
    """The paths of a route, with the things that there are for its parameters."""
    room = next((part for part in reversed(route.path.split("{")[0].split("/")) if part), "")
    found = [route.path]
    for name in re.findall(r"\{\w+:\w+\}", route.path):
        values = things.get(room, ["1"]) if name == re.search(r"\{\w+:\w+\}", route.path)[0] else ["1"]
        found = [path.replace(name, value, 1) for path in found for value in values]
    return found


async def test_no_page_file_or_answer_tells_it(things, as_role, browser_of):
    program, person = await as_role("sales"), await browser_of("sales")
    walked, told = set(), []
    for route in gather_routes():
        if route.method != "GET" or NOT_FOR_WALKING.search(route.path):
            continue
        for path in addresses(route, things):
            answer = await (program if route.kind == "api" else person).get(path, follow_redirects=True)
            if answer.status_code == 200:
                walked.add(route.path)
                body = re.sub(r'nonce="[^"]*"|name="csrf" value="[^"]*"', "", answer.text)
                told += [(path, secret) for secret in SECRETS if secret in body]

    assert not told
    for path in ("/orders/{reference:str}", "/quotes/{reference:str}", "/prices/rules/{rule_id:int}", "/orders"):
        assert path in walked, "the walk saw the pages that might tell"
        assert f"/api{path}" in walked, "and what programs read"
    assert "/api/orders/{reference:str}/margins" not in walked


async def test_who_may_see_it_does_so_that_the_walk_looks_for_the_right_numbers(things, as_role, browser_of):
    auditor, reader = await as_role("admin"), await browser_of("admin")
    order, quote = things["orders"][0], things["quotes"][0]

    margins = (await auditor.get(f"/api/orders/{order}/margins")).json()["items"]
    assert [(one["line"], one["cost"], one["margin"]) for one in margins] == [("1", 183.7, 69.65), ("2", 483.7, 416.3)]
    assert "483.70" in (await reader.get(f"/orders/{order}")).text
    assert "46.26" in (await reader.get(f"/quotes/{quote}")).text
    assert "Margin" in (await reader.get("/prices/files/walk.csv")).text


async def test_no_list_is_put_in_the_order_of_cost(things, as_role):
    sales = await as_role("sales")
    paths = [f"/api/{what}?sort={sort}" for what in ("orders", "quotes") for sort in ("cost", "margin", "-margin")]

    said = {path: (await sales.get(path)).status_code for path in paths}

    assert said == dict.fromkeys(paths, 422)
