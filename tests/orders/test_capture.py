"""Capturing orders: what is written, what is warned of, and every refusal."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.base.refusals import Conflict, Refused
from orderloom.base.types import Actor
from orderloom.orders.commands import capture_orders
from orderloom.orders.events import OrderCaptured, OrderSubmitted
from orderloom.orders.reads import order_page, stored_orders
from orderloom.orders.verify import INVARIANTS
from tests.orders import given


@pytest.fixture
async def world(tx):
    made = await given.world(tx)
    tx.events.clear()
    return made


async def test_a_bundle_is_kept_as_it_was_sold(tx, world):
    captured = await given.order(tx, given.KIT)

    page = await order_page(tx, captured.id)
    kit, splicer, pack, plan = page.items
    assert captured.number == page.header.number and captured.number.startswith("SO-")
    assert [item.line for item in page.items] == ["1", "1.1", "1.2", "1.3"]
    assert {item.parent_id for item in (splicer, pack, plan)} == {item.bundle_id for item in (splicer, pack, plan)}
    assert splicer.parent_id == kit.id == captured.item_ids["1"]
    assert (pack.quantity, pack.per_parent, pack.unit) == (30, 3, "pack")
    assert plan.relies_on == ["1.1"]
    assert (kit.one_time, kit.price_origin, splicer.price_origin) == (1180, "list", "none")
    assert (page.header.one_time_total, page.header.recurring_totals) == (11800, {})
    assert (page.header.currency, page.header.ship_to, page.header.terms) == ("USD", "S1", "net-30")
    assert [(place.code, place.lines, place.city) for place in page.places] == [
        ("S1", ["1 Main St", "Dock 4"], "Boston")
    ]
    assert {item.place for item in page.items} == {"S1"}
    assert tx.events == [OrderCaptured(captured.subject, "draft", "direct", None, 4)]


async def test_an_order_can_be_submitted_as_it_is_captured(tx, world):
    captured = await given.order(tx, submit=True)

    page = await order_page(tx, captured.id)
    assert (page.header.state, page.items[0].state) == ("submitted", "submitted")
    assert page.header.submitted_at == tx.now
    assert [type(event) for event in tx.events] == [OrderCaptured, OrderSubmitted]


async def test_recurring_prices_are_kept_by_period_in_the_orders_currency(tx, world):
    items = ({"line": "1", "product": "Internet line", "quantity": 2, "characteristics": {"down": 100}},)

    dollars = await given.order(tx, items)
    euros = await given.order(tx, items, billing_account="BA-2")

    page = await order_page(tx, dollars.id)
    assert (page.header.one_time_total, page.header.recurring_totals) == (98, {"month": 178})
    page = await order_page(tx, euros.id)
    assert (page.header.currency, page.header.one_time_total, page.header.recurring_totals) == (
        "EUR",
        0,
        {"month": 158},
    )


async def test_a_child_goes_where_its_parent_goes_unless_it_says_otherwise(tx, world):
    kit, splicer, *rest = given.KIT
    items = ({**kit, "place": "S2"}, splicer, {**rest[0], "place": "DOCK"}, rest[1])

    captured = await given.order(tx, items, places=[{"code": "DOCK", "country": "US", "city": "Reno"}])

    page = await order_page(tx, captured.id)
    assert [item.place for item in page.items] == ["S2", "S2", "DOCK", "S2"]
    assert {place.code: place.address_id is None for place in page.places} == {"DOCK": True, "S1": False, "S2": False}


async def test_ship_groups_and_credits_are_kept_and_shares_are_exact(tx, world):
    items = (
        {
            "line": "1",
            "product": "CABLE",
            "quantity": 4,
            "price": {"one_time": "25.01", "reason": "Trade fair"},
            "ship_groups": [
                {"place": "S1", "quantity": 3},
                {"place": "S2", "quantity": 1, "requested_on": "2026-12-01"},
            ],
        },
        {"line": "2", "product": "PLAN", "credits": [{"payee": "Bob@x.example", "percent": 100}]},
    )
    credits = [
        {"payee": "ann@x.example", "percent": "66.67"},
        {"payee": "bob@x.example", "percent": "33.33"},
        {"payee": "bob@x.example", "percent": 10, "kind": "non_revenue"},
    ]

    captured = await given.order(tx, items, credits=credits)

    page = await order_page(tx, captured.id)
    cable, plan = page.items
    assert [(group.place, group.quantity) for group in page.ship_groups] == [("S1", 3), ("S2", 1)]
    assert [share.amount for share in page.shares_of(cable)] == [Decimal("66.70"), Decimal("33.34"), Decimal("10.00")]
    assert [credit.payee for credit in page.credits_of(plan)] == ["bob@x.example"]
    assert (cable.price_origin, cable.price_reason) == ("manual", "Trade fair")


async def test_a_stored_order_is_what_the_planner_takes(tx, world):
    captured = await given.order(tx, given.KIT)
    other = await given.order(tx)

    first, second = await stored_orders(tx, [captured.id, other.id])

    assert [(item.line, item.product, item.parent, item.bundle) for item in first.items] == [
        ("1", "KIT", None, None),
        ("1.1", "SPLICER", "1", "1"),
        ("1.2", "PACK", "1", "1"),
        ("1.3", "PLAN", "1", "1"),
    ]
    assert first.items[3].relies_on == ("1.1",)
    assert first.catalogue_version_id == world.version_id
    assert first.places["S1"].city == "Boston"
    assert len(second.items) == 1


async def test_a_purchase_order_number_used_before_is_a_warning(tx, world):
    first = await given.order(tx, po_number="PO-7")
    again = await given.order(tx, po_number="PO-7")

    assert first.warnings == ()
    (warning,) = again.warnings
    assert (warning.code, warning.pointer) == ("po_number_used", "/po_number")
    assert first.number in warning.message


async def test_an_external_id_is_unique_in_its_channel(tx, world):
    first = await given.order(tx, external_id="W-1", channel="web")
    await given.order(tx, external_id="W-1", channel="edi")

    with pytest.raises(Conflict) as refused:
        await given.order(tx, external_id="W-1", channel="web")
    assert first.number in refused.value.problems[0].message


async def test_losing_a_race_for_an_external_id_is_a_conflict(tx, world, monkeypatch):
    async def nobody(*_, **__):
        return []

    await given.order(tx, external_id="W-1")
    monkeypatch.setattr("orderloom.orders.store.capture.twins", nobody)

    with pytest.raises(Conflict):
        async with tx.savepoint():
            await given.order(tx, external_id="W-1")


async def test_one_bad_order_refuses_the_batch_with_every_problem_of_all(tx, world):
    good, bad = (
        given.draft(),
        given.draft(({"line": "1", "product": "CABEL"},), credits=[{"payee": "eve@x.example", "percent": 50}]),
    )

    with pytest.raises(Refused) as refused:
        await capture_orders(tx, [good, bad, bad])

    assert {(problem.code, problem.pointer) for problem in refused.value.problems} == {
        (code, f"/orders/{place}{pointer}")
        for place in (1, 2)
        for code, pointer in [
            ("product_unknown", "/items/0/product"),
            ("credits_not_hundred", "/credits"),
            ("payee_unknown", "/credits/0/payee"),
        ]
    }
    assert await tx.value("SELECT count(*) FROM orders.sales_order") == 0
    assert tx.events == []


CHILD = {"line": "2", "product": "SPLICER", "parent": "1", "quantity": 1}
PACKS = {"line": "3", "product": "PACK", "parent": "1", "quantity": 3}
ONE = {"line": "1", "product": "CABLE"}
LINE = {"line": "1", "product": "LINE"}


@pytest.mark.parametrize(
    ("items", "header", "code", "pointer"),
    [
        ([ONE], {"customer": "nobody"}, "customer_unknown", "/customer"),
        ([{**ONE, "product": "TELEPORT"}], {}, "product_unknown", "/items/0/product"),
        ([ONE, {**ONE, "line": "2", "product": "TELEPORT"}], {}, "product_unknown", "/items/1/product"),
        ([ONE], {"catalogue": "elsewhere"}, "product_unknown", "/items/0/product"),
        ([LINE], {}, "characteristic_missing", "/items/0/characteristics/down"),
        ([{**LINE, "characteristics": {"down": "fast"}}], {}, "characteristic_type", "/items/0/characteristics/down"),
        (
            [{**LINE, "characteristics": {"down": 1, "up": 1}}],
            {},
            "characteristic_unknown",
            "/items/0/characteristics/up",
        ),
        ([{"line": "1", "product": "KIT"}, CHILD], {}, "cardinality", "/items/0"),
        (
            [{"line": "1", "product": "KIT"}, CHILD, {**PACKS, "quantity": 4}],
            {},
            "quantity_per_bundle",
            "/items/2/quantity",
        ),
        ([{**ONE, "parent": "1"}], {}, "item_cyclic", "/items/0/parent"),
        ([{**ONE, "parent": "2"}, {**ONE, "line": "2", "parent": "1"}], {}, "item_cyclic", "/items/0/parent"),
        ([{**ONE, "parent": "9"}], {}, "parent_unknown", "/items/0/parent"),
        ([ONE, ONE], {}, "line_double", "/items/1/line"),
        ([{**ONE, "relies_on": ["9"]}], {}, "relies_on_unknown", "/items/0/relies_on/0"),
        (
            [{**ONE, "relies_on": ["2"]}, {**ONE, "line": "2", "relies_on": ["1"]}],
            {},
            "needs_circle",
            "/items/0/relies_on",
        ),
        ([{**ONE, "unit": "kg"}], {}, "unit_mismatch", "/items/0/unit"),
        ([{**ONE, "quantity": "1.2345"}], {}, "quantity_decimals", "/items/0/quantity"),
        ([{**ONE, "ship_groups": [{"place": "S1", "quantity": 2}]}], {}, "ship_groups_sum", "/items/0/ship_groups"),
        ([{**ONE, "place": "MOON"}], {}, "place_unknown", "/items/0/place"),
        ([ONE], {"ship_to": "MOON"}, "place_unknown", "/ship_to"),
        ([ONE], {"billing_account": "BA-9"}, "billing_account_unknown", "/billing_account"),
        ([ONE], {"currency": "XXX"}, "currency_unknown", "/currency"),
        ([ONE], {"currency": "EUR"}, "currency_mismatch", "/currency"),
        ([{**ONE, "billing_account": "BA-2"}], {}, "currency_mismatch", "/items/0/billing_account"),
        ([ONE], {"billing_account": "BA-2"}, "price_currency", "/items/0/product"),
        ([{**ONE, "price": {"one_time": "1.005", "reason": "x"}}], {}, "amount_too_fine", "/items/0/price/one_time"),
        ([{**ONE, "price": {"one_time": "-1", "reason": "x"}}], {}, "amount_negative", "/items/0/price/one_time"),
        ([{**ONE, "price": {"one_time": "1"}}], {}, "price_reason_missing", "/items/0/price/reason"),
        ([{**ONE, "price": {"reason": "x"}}], {}, "price_empty", "/items/0/price"),
        ([ONE], {"credits": [{"payee": "ann@x.example", "percent": 99}]}, "credits_not_hundred", "/credits"),
        (
            [{**ONE, "credits": [{"payee": "ann@x.example", "percent": 99}]}],
            {},
            "credits_not_hundred",
            "/items/0/credits",
        ),
        (
            [ONE],
            {"credits": [{"payee": "ann@x.example", "percent": 50}, {"payee": "ANN@x.example", "percent": 50}]},
            "credit_double",
            "/credits/1/payee",
        ),
        (
            [ONE],
            {"places": [{"code": "P", "country": "US"}, {"code": "P", "country": "US"}]},
            "place_double",
            "/places/1/code",
        ),
    ],
)
async def test_what_is_wrong_is_refused_with_its_place(tx, world, items, header, code, pointer):
    with pytest.raises(Refused) as refused:
        await given.order(tx, tuple(items), **header)

    problems = {(problem.code, problem.pointer): problem for problem in refused.value.problems}
    assert (code, pointer) in problems, sorted(problems)
    assert problems[code, pointer].message.endswith((".", "?"))
    assert await tx.value("SELECT count(*) FROM orders.sales_order") == 0


async def test_a_salesperson_captures_for_the_accounts_of_their_teams_only(tx, world):
    tx.actor = Actor("user", "ann@x.example", permissions=frozenset({"orders.write"}), team_ids=(1,))

    with pytest.raises(Refused) as refused:
        await given.order(tx)

    assert [problem.code for problem in refused.value.problems] == ["customer_unknown"]


async def test_a_closed_account_takes_no_orders(tx, world):
    await tx.execute("UPDATE parties.account SET is_active = false")

    with pytest.raises(Refused, match="closed"):
        await given.order(tx)


async def test_a_thousand_lines_are_captured_in_one_go(tx, world):
    items = tuple({"line": str(line), "product": "CABLE", "quantity": line + 1} for line in range(1000))

    captured = await given.order(tx, items)

    assert len(captured.item_ids) == 1000
    assert all([await tx.all(invariant.sql) == [] for invariant in INVARIANTS])
