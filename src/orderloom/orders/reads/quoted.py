"""Where an order comes from, and what a customer paid for a product before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter


@dataclass(frozen=True, slots=True)
class QuoteOfOrder:
    """The quote that an order was made from."""

    quote_id: int
    number: str
    version: int


async def quote_of(tx: Tx, order_id: int) -> QuoteOfOrder | None:
    """The quote behind an order that the caller has been let through to, if there is one."""
    return await tx.one_or_none(
        """
        SELECT quote_id, quote_number AS number, version
          FROM orders.quoted_order
         WHERE order_id = %(id)s
        """,
        {"id": order_id},
        row=QuoteOfOrder,
    )


@dataclass(frozen=True, slots=True)
class PaidPrice:
    """What a product was ordered at."""

    order_id: int
    number: str
    state: str
    captured_at: datetime
    quantity: Decimal
    unit: str
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    currency: str


async def paid_prices(tx: Tx, *, account_id: int, product_code: str, limit: int = 10) -> list[PaidPrice]:
    """The last orders of a product by a customer that the actor sees, the newest first; the first is the last price."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
          SELECT sales_order.id AS order_id, sales_order.number, sales_order.state, sales_order.captured_at,
                 item.quantity, item.unit, item.one_time, item.recurring, item.period, sales_order.currency
            FROM orders.sales_order
            JOIN orders.item ON item.order_id = sales_order.id
           WHERE sales_order.account_id = %(account_id)s
             AND item.product_code = %(product_code)s
             AND item.withdrawn_in IS NULL
             AND sales_order.state NOT IN ('rejected', 'cancelled')
             AND item.price_origin <> 'none'
             AND {seen}
        ORDER BY sales_order.id DESC, item.id DESC
           LIMIT %(limit)s
        """,
        {"account_id": account_id, "product_code": product_code, "limit": limit, **params},
        row=PaidPrice,
    )
