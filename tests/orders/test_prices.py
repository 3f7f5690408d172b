"""Orders are priced by the one function: waterfalls that sum, the same cent for ever, holds on what needs a right."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from orderloom.base.parsing import parse
from orderloom.base.refusals import Forbidden, Refused
from orderloom.base.types import Actor
from orderloom.catalog.commands import publish_prices
from orderloom.catalog.price_asked import GivenDraft
from orderloom.catalog.price_drafts import PricesDraft
from orderloom.catalog.priced import Margin
from orderloom.catalog.text import read_values
from orderloom.orders.commands import capture_orders, release_holds
from orderloom.orders.reads import WalkFilter, active_holds, margin_walk_of, order_page, waterfalls_of
from orderloom.orders.types import ItemDraft, OrderDraft, PriceDraft
from tests.orders import given

RULES = """
lists:
- {code: everybody, name: Everybody, currency: USD, rank: 5, prices: [
    {product: CABLE, one_time: {graduated: [{above: 0, unit_price: 2.5}, {above: 10, unit_price: 2.0}]}}]}
promotions: [{code: spring, percent_off: 10, products: [CABLE], when: quantity > 100}]
"""
LIMITS = """
limits: [{percent: 10}, {right: prices.discount, percent: 30}, {right: prices.discount_any}]
floors: [{product: CABLE, currency: USD, unit_price: 1.8}]
reasons: [{code: loyalty, name: A loyal customer}]
"""


async def publish(tx, text: str) -> None:
    if not await tx.value("SELECT count(*) FROM catalog.product"):
        await given.world(tx)
    await publish_prices(tx, parse(PricesDraft, read_values(text, "prices.yaml")))


async def captured(tx, *items: ItemDraft, **more):
    if not await tx.value("SELECT count(*) FROM catalog.product"):
        await given.world(tx)
    [order] = await capture_orders(tx, [OrderDraft(customer="C-1", items=items, **more)])
    return order


async def steps_of(tx, order, line="1"):
    [waterfall] = [each for each in (await waterfalls_of(tx, [order.id]))[order.id] if each.line == line]
    [charge] = waterfall.charges
    assert sum((step.amount for step in charge.steps), D(0)) == charge.net
    return [(step.kind, step.rule, step.amount) for step in charge.steps]


async def test_a_line_is_priced_by_its_list_and_keeps_its_waterfall(tx):
    await publish(tx, RULES)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(13)), ItemDraft("2", "CABLE", quantity=D(120)))

    assert await steps_of(tx, order) == [("list", "everybody/CABLE", D("31.00"))]
    assert await steps_of(tx, order, "2") == [
        ("list", "everybody/CABLE", D("245.00")),
        ("promotion", "spring", D("-24.50")),
    ]
    page = await order_page(tx, order.id)
    assert page.header.one_time_total == D("251.50")
    assert (page.items[0].one_time * 13).quantize(D("0.01")) == D("31.00")


async def test_without_rules_the_short_path_takes_the_standard_list(tx):
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(4)))
    assert await steps_of(tx, order) == [("list", "standard/CABLE", D("10.00"))]
    assert await tx.value("SELECT count(*) FROM orders.item_price") == 0


async def test_what_is_published_later_moves_no_cent_of_it(tx):
    await publish(tx, RULES)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(120)))
    before = await steps_of(tx, order), (await order_page(tx, order.id)).header.one_time_total
    await publish(tx, RULES.replace("2.5", "9").replace("percent_off: 10", "percent_off: 50"))

    assert (await steps_of(tx, order), (await order_page(tx, order.id)).header.one_time_total) == before


async def test_a_price_that_came_with_the_order_is_a_step_from_the_list_to_what_was_agreed(tx):
    await publish(tx, RULES + LIMITS)
    price = PriceDraft(one_time=D("2.30"), reason="Framework 2026")
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(10), price=price))

    assert await steps_of(tx, order) == [("list", "everybody/CABLE", D("25.00")), ("agreed", "", D("-2.00"))]
    assert await active_holds(tx, [order.id]) == []


async def test_discounts_on_lines_and_on_all_are_shared_to_the_cent(tx):
    items = [ItemDraft(str(n), "CABLE", quantity=D(n)) for n in (1, 2, 3)]
    order = await captured(tx, *items, discounts=(GivenDraft("loyalty", amount_off=D("1.00")),))

    shares = [(await steps_of(tx, order, line))[-1] for line in "123"]
    assert shares == [("header", "", D("-0.17")), ("header", "", D("-0.33")), ("header", "", D("-0.50"))]
    assert (await order_page(tx, order.id)).header.one_time_total == D("14.00")


async def test_a_discount_needs_a_reason_that_the_house_knows_and_one_effect(tx):
    await publish(tx, LIMITS)
    wrong = (GivenDraft(percent_off=D(5)), GivenDraft("friends", percent_off=D(5)), GivenDraft("loyalty"))
    with pytest.raises(Refused) as refused:
        await captured(tx, ItemDraft("1", "CABLE", discounts=wrong))
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("effect_one", "/items/0/discounts/2")]
    with pytest.raises(Refused) as refused:
        await captured(tx, ItemDraft("1", "CABLE", discounts=wrong[:2]))
    assert sorted((p.code, p.pointer) for p in refused.value.problems) == [
        ("reason_missing", "/items/0/discounts/0/reason"),
        ("reason_missing", "/items/0/discounts/1/reason"),
    ]


@pytest.mark.parametrize("way", ["line", "header", "price"])
async def test_beyond_limit_and_floor_the_line_waits_for_a_right_whichever_way_it_was_given(tx, way):
    await publish(tx, RULES + LIMITS)
    off = (GivenDraft("loyalty", percent_off=D(40)),)
    tx.actor = Actor("user", "Sal", permissions=frozenset({"orders.write"}), all_accounts=True)
    more = {
        "line": {"discounts": off},
        "header": {},
        "price": {"price": PriceDraft(one_time=D("1.50"), reason="loyalty")},
    }[way]
    item = ItemDraft("1", "CABLE", quantity=D(10), **more)
    [order] = await capture_orders(
        tx, [OrderDraft(customer="C-1", items=(item,), discounts=off if way == "header" else ())]
    )

    holds = {hold.code: hold for hold in await active_holds(tx, [order.id])}
    assert sorted(holds) == ["price_approval", "price_floor"]
    assert holds["price_approval"].item_id == order.item_ids["1"]
    assert "prices.discount_any" in holds["price_approval"].reason
    with pytest.raises(Forbidden):
        await release_holds(tx, [hold.id for hold in holds.values()], reason="please")
    tx.actor = Actor(
        "user", "Boss", permissions=frozenset({"prices.discount_any", "prices.below_floor"}), all_accounts=True
    )
    await release_holds(tx, [hold.id for hold in holds.values()], reason="a good customer")
    assert await active_holds(tx, [order.id]) == []


async def test_who_has_the_right_is_not_held(tx):
    await publish(tx, RULES + LIMITS)
    order = await captured(
        tx, ItemDraft("1", "CABLE", quantity=D(10), discounts=(GivenDraft("loyalty", percent_off=D(40)),))
    )
    assert await active_holds(tx, [order.id]) == []


async def test_no_cost_is_kept_with_a_line(tx):
    await publish(
        tx,
        "lists: [{code: c, name: C, currency: USD, prices: [{product: CABLE, one_time: {markup: 30}}]}]\n"
        "costs: [{product: CABLE, currency: USD, unit_cost: 1.37}]",
    )
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(100)))
    kept = str(await tx.value("SELECT priced FROM orders.item_price"))
    assert await steps_of(tx, order) == [("list", "c/CABLE", D("178.10"))]
    assert "1.37" not in kept
    assert "markup" not in kept


async def test_the_margin_walk_goes_from_list_to_net_and_tells_the_cost_of_the_day(tx):
    await publish(tx, RULES + "costs: [{product: CABLE, currency: USD, unit_cost: 1.5}]\n")
    await captured(tx, ItemDraft("1", "CABLE", quantity=D(120)))
    off = (GivenDraft("loyalty", percent_off=D(20)),)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(10), discounts=off))
    await tx.execute("UPDATE orders.sales_order SET state = 'in_progress', submitted_at = base.now()")
    await publish(tx, "costs: [{product: CABLE, currency: USD, unit_cost: 9, valid_from: 2099-01-01}]")

    [walk] = (await margin_walk_of(tx, by="reason")).walks
    assert (walk.list_amount, walk.net) == (D("270.00"), D("240.50"))
    assert [(leak.kind, leak.key, leak.amount) for leak in walk.leaks] == [
        ("promotion", "", D("-24.50")),
        ("discount", "loyalty", D("-5.00")),
    ]
    assert walk.margin == Margin(D("240.50"), D("195.00"))
    assert (await margin_walk_of(tx, WalkFilter(customer="C-2"))).orders == 0
    assert order.id


async def test_an_exported_order_costs_the_same_when_it_is_taken_again(tx):
    await publish(tx, RULES)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(13)))
    item = (await order_page(tx, order.id)).items[0]
    price = PriceDraft(one_time=item.one_time, reason="List price of 2026-11-23")
    again = await captured(tx, ItemDraft("1", "CABLE", quantity=D(13), price=price))

    assert item.one_time != round(item.one_time, 2), "31.00 for 13 is no whole cent each"
    assert (await order_page(tx, again.id)).header.one_time_total == D("31.00")
    with pytest.raises(Refused):
        await captured(tx, ItemDraft("1", "CABLE", quantity=D(14), price=price))
