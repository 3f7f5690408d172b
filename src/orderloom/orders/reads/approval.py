"""What approval policies know of an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order's figures and parties, in its currency; `amount` is what is charged once and for the first period."""

    id: int
    number: str
    account_id: int
    account: str
    account_name: str
    segment: str | None
    country: str | None
    billing_account: str | None
    currency: str
    terms: str | None
    channel: str
    amount: Decimal
    one_time: Decimal
    recurring: Decimal
    lines: int
    manual_prices: int
    items: list[dict[str, object]]


async def approval_facts(tx: Tx, order_ids: Sequence[int]) -> list[OrderFacts]:
    """The facts of these orders, in the order of their ids."""
    return await tx.all(
        """
        SELECT sales_order.id, sales_order.number, sales_order.account_id, account.number AS account,
               sales_order.account_name, account.segment, account.country, billing.number AS billing_account,
               sales_order.currency, sales_order.terms, sales_order.channel,
               total.one_time + total.recurring AS amount, total.one_time, total.recurring, total.lines::integer,
               total.manual_prices::integer, total.items
          FROM orders.sales_order
          JOIN parties.account ON account.id = sales_order.account_id
          LEFT JOIN parties.billing_account AS billing ON billing.id = sales_order.billing_account_id
         CROSS JOIN LATERAL (
               SELECT coalesce(sum(item.one_time * item.quantity), 0) AS one_time,
                      coalesce(sum(item.recurring * item.quantity), 0) AS recurring,
                      count(*) FILTER (WHERE item.parent_id IS NULL) AS lines,
                      count(*) FILTER (WHERE item.price_origin = 'manual') AS manual_prices,
                      coalesce(jsonb_agg(jsonb_build_object(
                          'line', item.line, 'product', item.product_name, 'quantity', item.quantity,
                          'unit', item.unit, 'one_time', item.one_time, 'recurring', item.recurring,
                          'period', item.period)
                          || CASE item.price_origin WHEN 'manual' THEN '{"causes": ["manual prices"]}'::jsonb
                                  ELSE '{}' END ORDER BY item.position), '[]') AS items
                 FROM orders.item
                WHERE item.order_id = sales_order.id AND item.withdrawn_in IS NULL AND item.state <> 'cancelled')
               AS total
         WHERE sales_order.id = ANY(%(ids)s)
         ORDER BY sales_order.id
        """,
        {"ids": list(order_ids)},
        row=OrderFacts,
    )
