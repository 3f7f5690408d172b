"""Lines that a change touches are priced by the one function; what was agreed stands, or the line says why not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from orderloom.base.types import Actor
from orderloom.catalog.price_asked import GivenDraft
from orderloom.orders.change import ChangeDraft, LineChange
from orderloom.orders.commands import (
    ConversionDraft,
    convert_quotes,
    draft_change,
    note_preview,
    revised_order,
    submit_orders,
    write_revision,
)
from orderloom.orders.reads import active_holds, stored_orders
from orderloom.orders.types import ItemDraft, PriceDraft
from tests.orders.test_prices import LIMITS, RULES, captured, publish, steps_of
from tests.quotes import given as quotes

TIERS = """
lists:
- {code: tiers, name: Tiers, currency: USD, rank: 5, prices: [
    {product: CABLE, one_time: {all_units: [
      {above: 0, unit_price: 100}, {above: 10, unit_price: 85}, {above: 50, unit_price: 70}]}}]}
"""


async def revised(tx, order, *lines: LineChange, **more):
    [stored] = await stored_orders(tx, [order.id])
    return await revised_order(tx, stored, ChangeDraft("for a test", lines=lines, **more))


def moved(found, line="1"):
    [move] = [move for move in found.moves if move.line == line]
    return move


async def applied(tx, order, *lines: LineChange, **more):
    """Written as the next revision, as the room that carries orders out does it."""
    draft = ChangeDraft("for a test", lines=lines, **more)
    change = await draft_change(tx, order.id, draft)
    [stored] = await stored_orders(tx, [order.id])
    found = await revised_order(tx, stored, draft)
    assert not found.problems
    seen = await note_preview(tx, change, stored, basis="", effects={})
    await write_revision(tx, change, stored, found, preview_id=seen)
    return found


async def long_ago(tx) -> None:
    """Whatever was published and captured so far was so yesterday."""
    await tx.execute("ALTER TABLE catalog.price_rule DISABLE TRIGGER price_rule_never_changes")
    await tx.execute(
        """
        UPDATE catalog.price_rule
           SET published_at = published_at - interval '1 day', valid = daterange(lower(valid) - 1, upper(valid))
        """
    )
    await tx.execute("ALTER TABLE catalog.price_rule ENABLE TRIGGER price_rule_never_changes")
    await tx.execute("UPDATE orders.sales_order SET captured_at = captured_at - interval '1 day'")


async def test_another_quantity_reaches_the_tier_that_it_should(tx):
    await publish(tx, TIERS)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(50)))

    move = moved(await revised(tx, order, LineChange("1", quantity=D(51))))

    assert (move.net_before, move.net_after) == (D("4250.00"), D("3570.00"))
    assert move.why == ("List price tiers/CABLE: 4250.00 → 3570.00",)


async def test_a_line_that_comes_is_priced_by_the_rules_of_now(tx):
    await publish(tx, TIERS)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(1)))
    new = ItemDraft("2", "CABLE", quantity=D(11), discounts=(GivenDraft("loyalty", percent_off=D(10)),))

    found = await revised(tx, order, add=(new,))

    assert not found.problems
    assert [(step.kind, step.amount) for step in found.waterfalls["2"].charges[0].steps] == [
        ("list", D("935.00")),
        ("discount", D("-93.50")),
    ]
    assert (moved(found, "2").net_before, moved(found, "2").net_after) == (None, D("841.50"))
    assert [move.line for move in found.moves] == ["2"], "what stands costs what it cost"


async def test_a_line_that_stays_is_priced_by_the_rules_of_its_own_day_so_that_a_change_can_be_taken_back(tx):
    await publish(tx, TIERS)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(50)))
    await submit_orders(tx, [order.id])
    before = await steps_of(tx, order)
    await long_ago(tx)
    await publish(tx, TIERS.replace("unit_price: 70", "unit_price: 10"))

    there = moved(await applied(tx, order, LineChange("1", quantity=D(51))))
    assert (await steps_of(tx, order))[-1][2] == there.net_after
    back = moved(await applied(tx, order, LineChange("1", quantity=D(50))))

    assert back.net_after == there.net_before == D("4250.00")
    assert await steps_of(tx, order) == before


async def test_a_discount_by_hand_goes_on_as_it_was_given(tx):
    await publish(tx, RULES)
    order = await captured(
        tx, ItemDraft("1", "CABLE", quantity=D(10), discounts=(GivenDraft("loyalty", percent_off=D(20)),))
    )

    found = await revised(tx, order, LineChange("1", quantity=D(20)))

    [charge] = found.waterfalls["1"].charges
    assert [(step.kind, step.amount, step.who != "") for step in charge.steps] == [
        ("list", D("45.00"), False),
        ("discount", D("-9.00"), True),
    ]


async def test_a_negotiated_price_survives_another_quantity_and_says_so(tx):
    await publish(tx, TIERS)
    price = PriceDraft(one_time=D("80.00"), reason="Framework 2026")
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(10), price=price))

    move = moved(await revised(tx, order, LineChange("1", quantity=D(60))))

    assert (move.net_before, move.net_after) == (D("800.00"), D("4800.00"))
    assert move.why == ("The agreed price of 80 each is kept.",)


async def test_a_price_by_hand_below_the_floor_holds_the_line_when_the_change_is_written(tx):
    await publish(tx, RULES + LIMITS)
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(10)))
    await submit_orders(tx, [order.id])
    tx.actor = Actor("user", "Sal", permissions=frozenset({"orders.write"}), all_accounts=True)

    found = await applied(tx, order, LineChange("1", price=PriceDraft(one_time=D("1.70"), reason="loyalty")))

    assert {need.right for need in found.needs} >= {"prices.below_floor"}
    assert {hold.code for hold in await active_holds(tx, [order.id])} >= {"price_floor"}
    assert moved(found).why == ("Set by hand: loyalty",)


async def test_what_is_not_discounted_further_asks_for_no_right_again(tx):
    await publish(tx, RULES)
    order = await captured(
        tx, ItemDraft("1", "CABLE", quantity=D(10), discounts=(GivenDraft("loyalty", percent_off=D(60)),))
    )
    await publish(tx, LIMITS)

    assert (await revised(tx, order, LineChange("1", quantity=D(9)))).needs == ()


async def test_a_quantity_that_is_not_sold_is_refused_at_the_wish(tx):
    await publish(tx, TIERS + "terms: [{product: CABLE, multiple: 5, otherwise: round_up}]")
    order = await captured(tx, ItemDraft("1", "CABLE", quantity=D(10)))

    [problem] = (await revised(tx, order, LineChange("1", quantity=D(12)))).problems

    assert (problem.code, problem.pointer) == ("quantity_not_sold", "/lines/0/quantity")


@pytest.mark.parametrize(
    ("quantity", "net", "why"),
    [
        ("20", "100.00", "The agreed price of 5 each is kept."),
        ("21", None, "is for 20 at most, and the line has 21"),
    ],
)
async def test_a_quoted_price_stands_within_what_it_was_agreed_for_or_says_why_not(tx, quantity, net, why):
    world = await quotes.world(tx)
    tx.actor = quotes.salesperson(world.user_ids[0], "*")
    agreed = {"effect": "unit_price", "value": 5, "reason": "volume", "maximum": "20"}
    line = {**quotes.CABLE[0], "quantity": 10, "given": [agreed]}
    quote = await quotes.quote(tx, (line,), sent=True)
    [converted] = await convert_quotes(tx, {quote.id: ConversionDraft()})
    [stored] = await stored_orders(tx, [converted.order_id])

    found = await revised_order(tx, stored, ChangeDraft("for a test", lines=(LineChange("1", quantity=D(quantity)),)))

    assert not found.problems
    assert why in moved(found).why[0]
    if net is None:
        assert found.prices["1"].origin == "list"
        assert found.waterfalls["1"].charges[0].net == moved(found).net_after != D("105.00")
    else:
        assert moved(found).net_after == D(net)


WHOLE = """
lists: [{code: all, name: All, currency: USD, rank: 5, prices: [
    {product: KIT, one_time: 1180}, {product: PLAN, one_time: 300}]}]
promotions: [{code: whole, percent_off: 10, scope: header, when: total > 1300}]
"""


async def test_what_is_left_of_a_bundle_is_priced_anew_when_a_part_goes(tx):
    await publish(tx, WHOLE)
    order = await captured(
        tx,
        ItemDraft("1", "KIT"),
        ItemDraft("1.1", "SPLICER", parent="1"),
        ItemDraft("1.2", "PACK", parent="1", quantity=D(3)),
        ItemDraft("1.3", "PLAN", parent="1"),
    )

    move = moved(await revised(tx, order, remove=("1.3",)))

    assert (move.net_before, move.net_after) == (D("1062.00"), D("1180.00"))
    assert (await revised(tx, order, LineChange("1", requested_on=date(2027, 1, 4)))).moves == ()
