"""Where the margin went: from list to net over quotes and orders, with what is left where cost is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from orderloom.base.money import round_amount
from orderloom.base.transaction import Tx
from orderloom.catalog.margin_walk import By, Walk, margin_walk
from orderloom.catalog.price_types import ChargeKind
from orderloom.catalog.priced import Margin, Margins, Priced, PricedLine
from orderloom.catalog.types import Period
from orderloom.orders.reads.priced_items import ItemWaterfall, waterfalls_of
from orderloom.parties.policy import account_filter
from orderloom.quotes.reads import PricedQuoteFilter, priced_quotes

ORDERS_MOST = 2_000


@dataclass(frozen=True, slots=True)
class WalkFilter:
    """Which of quotes and orders: begun from a day on and before another, of a channel, of a customer.

    Of both, a quote that became an order is told once, as that order.
    """

    of: Literal["both", "quotes", "orders"] = "both"
    since: date | None = None
    until: date | None = None
    channel: str | None = None
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class MarginWalk:
    """The walk of each currency, over how many orders and quotes; `is_cut` where there are more than are counted."""

    orders: int
    quotes: int
    is_cut: bool
    walks: tuple[Walk, ...]


@dataclass(frozen=True, slots=True)
class _Order:
    id: int
    currency: str
    captured_on: date


@dataclass(frozen=True, slots=True)
class _Cost:
    item_id: int
    kind: ChargeKind
    amount: Decimal


async def margin_walk_of(tx: Tx, wanted: WalkFilter = WalkFilter(), *, by: By = "kind") -> MarginWalk:
    """Fold the waterfalls of the newest quotes and orders that the actor sees.

    Of orders drafts and ended ones that were refused are left out, of quotes those that are lost or declined. Cost is
    that of the day of the pricing; lines whose cost is not known stand in the walk, but in no margin.
    For those alone who may see cost: the caller asks for the right.
    """
    orders = await _orders(tx, wanted) if wanted.of != "quotes" else []
    quotes = await _quotes(tx, wanted) if wanted.of != "orders" else []
    shown, offered = orders[:ORDERS_MOST], quotes[:ORDERS_MOST]
    priced = await _priced_orders(tx, shown)
    is_cut = len(orders) > ORDERS_MOST or len(quotes) > ORDERS_MOST
    return MarginWalk(len(shown), len(offered), is_cut, margin_walk([*priced, *offered], by=by))


async def _quotes(tx: Tx, wanted: WalkFilter) -> list[Priced]:
    of_quotes = PricedQuoteFilter(
        wanted.since, wanted.until, wanted.channel, wanted.customer, but_ordered=wanted.of == "both"
    )
    return await priced_quotes(tx, of_quotes, limit=ORDERS_MOST + 1)


async def _priced_orders(tx: Tx, orders: list[_Order]) -> list[Priced]:
    ids = [order.id for order in orders]
    waterfalls, costs = await waterfalls_of(tx, ids), await _costs_by_item(tx, ids)
    return [_priced(order, waterfalls.get(order.id, []), costs) for order in orders]


async def order_margins(tx: Tx, order_id: int) -> Margins:
    """Cost and margin of each charge of an order whose cost is known, by the rules of the day of its capture.

    For those alone who may see cost: the caller asks for the right.
    """
    [order] = await tx.all(
        """
        SELECT id, currency, (captured_at AT TIME ZONE 'UTC')::date AS captured_on
          FROM orders.sales_order
         WHERE id = %(id)s
        """,
        {"id": order_id},
        row=_Order,
    )
    [priced] = await _priced_orders(tx, [order])
    assert priced.margins is not None
    return priced.margins


async def _costs_by_item(tx: Tx, order_ids: list[int]) -> dict[int, dict[ChargeKind, Decimal]]:
    costs: dict[int, dict[ChargeKind, Decimal]] = {}
    for cost in await _costs(tx, order_ids):
        costs.setdefault(cost.item_id, {})[cost.kind] = cost.amount
    return costs


async def _orders(tx: Tx, wanted: WalkFilter) -> list[_Order]:
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
          SELECT sales_order.id, sales_order.currency, (sales_order.captured_at AT TIME ZONE 'UTC')::date AS captured_on
            FROM orders.sales_order
            JOIN parties.account ON account.id = sales_order.account_id
           WHERE {seen}
             AND sales_order.state NOT IN ('draft', 'rejected', 'cancelled')
             AND (%(since)s::date IS NULL OR sales_order.captured_at >= %(since)s::date)
             AND (%(until)s::date IS NULL OR sales_order.captured_at < %(until)s::date)
             AND (%(channel)s::text IS NULL OR sales_order.channel = %(channel)s)
             AND (%(customer)s::text IS NULL OR account.number = %(customer)s)
        ORDER BY sales_order.id DESC
           LIMIT %(limit)s
        """,
        {
            "since": wanted.since,
            "until": wanted.until,
            "channel": wanted.channel,
            "customer": wanted.customer,
            "limit": ORDERS_MOST + 1,
            **params,
        },
        row=_Order,
    )


async def _costs(tx: Tx, order_ids: list[int]) -> list[_Cost]:
    """What the items cost us by the rules of the day of their capture, in the currency of their order."""
    return await tx.all(
        """
        SELECT item.id AS item_id, split_part(cost.code, '/', 2) AS kind,
               (cost.content ->> 'unit_cost')::numeric * item.quantity
               * CASE WHEN cost.currency = sales_order.currency THEN 1 ELSE (rate.content ->> 'rate')::numeric END
               AS amount
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
         CROSS JOIN LATERAL (
               SELECT DISTINCT ON (code) code, currency, content
                 FROM catalog.price_rule
                WHERE kind = 'cost'
                  AND product_id = item.product_id
                  AND valid @> (sales_order.captured_at AT TIME ZONE 'UTC')::date
             ORDER BY code, version DESC) AS cost
          LEFT JOIN LATERAL (
               SELECT content
                 FROM catalog.price_rule
                WHERE kind = 'rate'
                  AND code = cost.currency || '/' || sales_order.currency
                  AND valid @> (sales_order.captured_at AT TIME ZONE 'UTC')::date
             ORDER BY version DESC
                LIMIT 1) AS rate ON true
         WHERE item.order_id = ANY(%(ids)s)
           AND cost.content IS NOT NULL
           AND NOT cost.content ? 'unit'
           AND (cost.currency = sales_order.currency OR rate.content IS NOT NULL)
        """,
        {"ids": order_ids},
        row=_Cost,
    )


def _priced(order: _Order, items: list[ItemWaterfall], costs: dict[int, dict[ChargeKind, Decimal]]) -> Priced:
    lines: dict[tuple[str, ChargeKind], Margin] = {}
    totals: dict[tuple[ChargeKind, Period | None], Margin] = {}
    for item in items:
        for charge in item.charges:
            cost = costs.get(item.item_id, {}).get(charge.kind)
            if cost is None:
                continue
            margin = Margin(charge.net, round_amount(cost, order.currency))
            lines[item.line, charge.kind] = margin
            known = totals.get((charge.kind, charge.period), Margin(Decimal(0), Decimal(0)))
            totals[charge.kind, charge.period] = Margin(known.net + margin.net, known.cost + margin.cost)
    return Priced(
        currency=order.currency,
        on=order.captured_on,
        lines=tuple(
            PricedLine(item.line, item.product, item.charges[0].quantity, item.charges[0].unit, item.charges)
            for item in items
        ),
        totals=(),
        taxes=(),
        margins=Margins(lines, totals),
    )
