"""Where the margin went over quotes and orders: to the cent what their stored waterfalls say, and no sale twice."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from orderloom.orders.commands import ConversionDraft, convert_quotes
from orderloom.orders.reads import WalkFilter, margin_walk_of, order_margins
from tests.orders.test_prices import publish
from tests.quotes import given

COSTS = "costs: [{product: CABLE, currency: USD, unit_cost: 1.5}]"
STORED = """
    SELECT coalesce(sum(charge.list_amount), 0), coalesce(sum(charge.net), 0),
           coalesce(sum((SELECT sum(step.amount) FROM quotes.price_step AS step
                          WHERE step.line_id = line.id AND step.charge = charge.kind)), 0)
      FROM quotes.line JOIN quotes.charge ON charge.line_id = line.id
     WHERE line.is_chosen AND line.quote_id = ANY(%(ids)s)
"""


@pytest.fixture
async def sold(tx):
    """Three quotes with a discount by hand, one of them with an option that is not taken, one on order."""
    world = await given.world(tx)
    await publish(tx, COSTS.replace("CABLE", given.CABLE[0]["product"]))
    tx.actor = given.salesperson(world.user_ids[0], "*")
    line = {**given.CABLE[0], "quantity": 3, "given": [given.by_hand("11.1")]}
    option = {**given.CABLE[0], "line": "9", "quantity": 50, "optional": True, "chosen": False}
    first = await given.quote(tx, (line, option))
    second = await given.quote(tx, (line,), sent=True)
    ordered = await given.quote(tx, ({**line, "quantity": 7},), sent=True)
    [converted] = await convert_quotes(tx, {ordered.id: ConversionDraft()})
    await tx.execute(
        "UPDATE orders.sales_order SET state = 'in_progress', submitted_at = base.now() WHERE id = %(id)s",
        {"id": converted.order_id},
    )
    return first, second, ordered, converted


async def test_the_walk_over_quotes_is_the_sum_of_their_stored_steps(tx, sold):
    first, second, ordered, _ = sold
    found = await margin_walk_of(tx, WalkFilter(of="quotes"), by="reason")
    [(listed, net, steps)] = await tx.all(STORED, {"ids": [first.id, second.id, ordered.id]})

    [walk] = found.walks
    assert (found.orders, found.quotes) == (0, 3)
    assert (walk.list_amount, walk.net, net) == (listed, net, steps)
    assert walk.list_amount + sum(leak.amount for leak in walk.leaks) == walk.net
    assert walk.margin.net == walk.net
    assert walk.margin.cost == D("19.50"), "thirteen at 1.50; what is not taken is in nothing"


async def test_of_both_a_quote_that_became_an_order_is_told_once(tx, sold):
    first, second, _, converted = sold
    found = await margin_walk_of(tx)
    [(_, offered, _)] = await tx.all(STORED, {"ids": [first.id, second.id]})
    ordered = await tx.value(
        "SELECT one_time_total FROM orders.sales_order WHERE id = %(id)s", {"id": converted.order_id}
    )

    [walk] = found.walks
    assert (found.orders, found.quotes) == (1, 2)
    assert walk.net == offered + ordered
    assert walk.list_amount + sum(leak.amount for leak in walk.leaks) == walk.net


async def test_each_line_of_an_order_has_cost_and_margin_for_its_page(tx, sold):
    *_, converted = sold
    margins = await order_margins(tx, converted.order_id)

    [(key, margin)] = margins.lines.items()
    assert (key, margin.cost) == (("1", "one_time"), D("10.50"))
    assert margin.amount == margin.net - D("10.50")
