"""The orders as people look for them: by what each waits for, however many rooms know a part of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, LiteralString

from orderloom.base.transaction import Tx
from orderloom.orders.reads import NEWEST, OrderFilter, OrderPlace, OrderRow, OrderSort, list_orders, matching

View = Literal["drafts", "on_hold", "in_fulfilment", "in_jeopardy", "fallout", "to_deliver", "to_bill", "done"]
COUNTED_MOST = 10_000
"""Counts and totals go no further than this, so that a page is as quick with a million orders as with ten."""

EVERY_ORDER = OrderFilter()

_LIVE: LiteralString = "sales_order.state IN ('submitted', 'in_progress', 'pending', 'held')"
_VIEWS: Mapping[View, LiteralString] = {
    "drafts": "sales_order.state = 'draft'",
    "on_hold": f"""(sales_order.state = 'held'
                    OR {_LIVE} AND sales_order.id IN (SELECT order_id FROM orders.hold WHERE released_at IS NULL))""",
    "in_fulfilment": _LIVE,
    "in_jeopardy": f"""{_LIVE}
                    AND sales_order.id IN (SELECT order_id FROM fulfilment.plan WHERE jeopardy <> 'none')""",
    "fallout": """sales_order.id IN (SELECT process.subject_id
                                       FROM processes.step
                                       JOIN processes.process ON process.id = step.process_id
                                      WHERE step.state = 'failed' AND process.subject_kind = 'order')""",
    "to_deliver": f"""{_LIVE}
                    AND (EXISTS (SELECT FROM stock.reservation
                                  WHERE reservation.order_id = sales_order.id
                                    AND reservation.state IN ('active', 'picked') AND reservation.firmness = 'hard')
                         OR EXISTS (SELECT FROM stock.shipment
                                     WHERE shipment.order_id = sales_order.id
                                       AND shipment.state IN ('packed', 'shipped'))
                         OR EXISTS (SELECT FROM stock.purchase_order
                                     WHERE purchase_order.order_id = sales_order.id
                                       AND purchase_order.state NOT IN ('delivered', 'closed', 'cancelled')))""",
    "to_bill": """sales_order.id IN (SELECT trigger.order_id
                                       FROM billing.charge
                                       JOIN billing.trigger ON trigger.id = charge.trigger_id
                                      WHERE charge.state = 'open')""",
    "done": "sales_order.state IN ('completed', 'partial')",
}


@dataclass(frozen=True, slots=True)
class Total:
    """What orders come to in one currency: once, and by period."""

    currency: str
    orders: int
    one_time: Decimal
    recurring: dict[str, Decimal]


def condition_of(view: View | None) -> LiteralString:
    """The view as SQL over `sales_order`."""
    return _VIEWS[view] if view else "TRUE"


async def orders_in(
    tx: Tx,
    view: View | None,
    wanted: OrderFilter = EVERY_ORDER,
    *,
    sort: OrderSort = NEWEST,
    after: OrderPlace | None = None,
    limit: int = 50,
) -> list[OrderRow]:
    """One page of the orders that the actor sees in a view and that are wanted, from behind a place."""
    return await list_orders(tx, wanted, also=condition_of(view), sort=sort, after=after, limit=limit)


async def count_in(tx: Tx, view: View | None, wanted: OrderFilter = EVERY_ORDER) -> int:
    """How many orders `orders_in` would list over all its pages, as far as COUNTED_MOST."""
    where, params = matching(tx, wanted, condition_of(view))
    counted: int = await tx.value(
        f"""
        SELECT count(*)
          FROM (SELECT FROM orders.sales_order
                 WHERE {where}
                 LIMIT %(most)s) AS counted
        """,
        {**params, "most": COUNTED_MOST},
    )
    return counted


async def totals_in(tx: Tx, view: View | None, wanted: OrderFilter = EVERY_ORDER) -> list[Total]:
    """What those orders come to, by currency, the most orders first; of COUNTED_MOST or more it says nothing."""
    where, params = matching(tx, wanted, condition_of(view))
    found = await tx.all(
        f"""
          WITH counted AS (
               SELECT currency, one_time_total, recurring_totals
                 FROM orders.sales_order
                WHERE {where}
                LIMIT %(most)s),
               recurring AS (
               SELECT currency, jsonb_object_agg(period, amount::text) AS amounts
                 FROM (SELECT currency, each.key AS period, sum(each.value::numeric) AS amount
                         FROM counted
                        CROSS JOIN LATERAL jsonb_each_text(recurring_totals) AS each
                        GROUP BY currency, each.key) AS by_period
                GROUP BY currency)
        SELECT once.currency, once.orders, once.one_time, coalesce(recurring.amounts, '{{}}') AS recurring
          FROM (SELECT currency, count(*) AS orders, sum(one_time_total) AS one_time
                  FROM counted
                 GROUP BY currency) AS once
          LEFT JOIN recurring USING (currency)
         ORDER BY once.orders DESC, once.currency
        """,
        {**params, "most": COUNTED_MOST},
    )
    if sum(orders for _, orders, _, _ in found) >= COUNTED_MOST:
        return []
    return [
        Total(currency, orders, once, {period: Decimal(amount) for period, amount in recurring.items()})
        for currency, orders, once, recurring in found
    ]


@dataclass(frozen=True, slots=True)
class Endangered:
    """An order that will probably miss its promise."""

    number: str
    account_name: str
    jeopardy: str
    promised_at: datetime
    projected_at: datetime


async def endangered(tx: Tx, *, limit: int = 6) -> list[Endangered]:
    """Orders in jeopardy that the actor sees, those promised first before the others."""
    where, params = matching(tx, EVERY_ORDER, condition_of("in_jeopardy"))
    return await tx.all(
        f"""
        SELECT sales_order.number, sales_order.account_name, plan.jeopardy, plan.promised_at, plan.projected_at
          FROM orders.sales_order
          JOIN fulfilment.plan ON plan.order_id = sales_order.id
         WHERE {where}
         ORDER BY plan.promised_at, sales_order.id
         LIMIT %(limit)s
        """,
        {**params, "limit": limit},
        row=Endangered,
    )
