"""Each invariant sees its own breakage, made by SQL."""

from __future__ import annotations

import pytest

from orderloom.orders.commands import ConversionDraft, convert_quotes, record_states
from orderloom.orders.order import OrderResult
from orderloom.orders.verify import INVARIANTS
from tests.orders import given
from tests.quotes import given as quotes

CHANGED = """
    INSERT INTO orders.change (order_id, number, state, wishes, reason, based_on, revision, drafted_by, ended_by,
                               ended_at)
    SELECT id, 1, 'applied', '{}', 'x', 1, 2, 'x', 'x', base.now() FROM orders.sales_order"""
BREAKAGES = [
    "UPDATE orders.credit SET percent = 99 WHERE position = 0",
    "UPDATE orders.ship_group SET quantity = 1000",
    "UPDATE orders.item SET bundle_id = NULL WHERE line = '1.1'",
    "UPDATE orders.sales_order SET item_count = item_count + 1",
    """INSERT INTO orders.item_price (order_id, item_id, priced)
       SELECT order_id, id, '{"charges": [{"kind": "one_time", "net": 5, "steps": [{"amount": 4}]}]}'
         FROM orders.item""",
    "UPDATE orders.item SET state = CASE line WHEN '1' THEN 'completed' ELSE 'failed' END",
    "UPDATE orders.sales_order SET state = 'completed', ended_at = base.now() WHERE state = 'in_progress'",
    "UPDATE orders.item SET state = 'draft'",
    """INSERT INTO base.event (type, actor_kind, actor_name, subject_kind, subject_id, subject_label, payload)
       SELECT 'orders.order_state_changed', 'user', 'x', 'order', id, number,
              jsonb_build_object('before', way.before, 'after', way.after)
         FROM orders.sales_order,
              (VALUES ('in_progress', 'failed'), ('failed', 'in_progress')) AS way (before, after)""",
    "UPDATE orders.item SET one_time = 999, price_origin = 'list' WHERE id IN (SELECT item_id FROM orders.quoted_item)",
    "UPDATE orders.sales_order SET revision = 2",
    CHANGED,
    """INSERT INTO orders.revision (order_id, number, content, made_by, made_at)
       SELECT id, 1, '{"items": {"1": {"product": "KIT", "quantity": "9"}}}', 'x', base.now()
         FROM orders.sales_order""",
    "UPDATE orders.item SET withdrawn_in = 2 WHERE line = '1.1'",
    CHANGED,
    """WITH seen AS (
            INSERT INTO orders.change (order_id, number, state, wishes, reason, based_on, drafted_by)
            SELECT id, 1, 'previewed', '{}', 'x', 1, 'x' FROM orders.sales_order RETURNING id)
       INSERT INTO orders.change_preview (change_id, revision, basis, effects, seen_by) SELECT id, 7, '', '{}', 'x'
         FROM seen""",
]


@pytest.mark.parametrize(("place", "breakage"), list(enumerate(BREAKAGES)))
async def test_verify_finds_what_is_broken(tx, place, breakage):
    await quotes.world(tx)
    quote = await quotes.quote(tx, sent=True)
    await convert_quotes(tx, {quote.id: ConversionDraft()})
    kit, *parts = given.KIT
    parts[0] = {**parts[0], "ship_groups": [{"place": "S1", "quantity": 6}, {"place": "S2", "quantity": 4}]}
    order = await given.order(tx, (kit, *parts), submit=True, credits=[{"payee": "ann@x.example", "percent": 100}])
    await record_states(tx, orders=[OrderResult(order.id, "in_progress")])
    await tx.flush_events()
    for invariant in INVARIANTS:
        assert await tx.all(invariant.sql) == [], invariant.name

    await tx.execute(breakage)

    assert await tx.all(INVARIANTS[place].sql) != []


def test_every_invariant_is_broken_once():
    assert len(BREAKAGES) == len(INVARIANTS)
