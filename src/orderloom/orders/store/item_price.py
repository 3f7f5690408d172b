"""SQL of the waterfalls that are kept with the lines of orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.transaction import Json, Tx
from orderloom.catalog.priced import PricedLine
from orderloom.orders.order import PriceOrigin


@dataclass(frozen=True, slots=True)
class NewWaterfall:
    """How the price of an item came about, ready to be written."""

    order_id: int
    item_id: int
    priced: PricedLine
    revision: int = 1
    priced_at: datetime | None = None


async def insert(tx: Tx, waterfalls: Sequence[NewWaterfall]) -> None:
    """Keep the waterfalls of items that were just written, or priced anew by a revision."""
    if waterfalls:
        await tx.execute(
            """
            INSERT INTO orders.item_price (order_id, item_id, revision, priced_at, priced)
            SELECT order_id, item_id, revision, priced_at, priced
              FROM jsonb_to_recordset(%(rows)s)
                   AS fresh (order_id bigint, item_id bigint, revision integer, priced_at timestamptz,
                             priced jsonb)
            """,
            {"rows": Json(waterfalls)},
        )


async def withdraw(tx: Tx, item_ids: Sequence[int]) -> None:
    """Take away the waterfalls of items of a draft that are priced anew."""
    await tx.execute("DELETE FROM orders.item_price WHERE item_id = ANY(%(ids)s)", {"ids": list(item_ids)})


@dataclass(frozen=True, slots=True)
class NewPrice:
    """What one unit of an item costs from now on, and who says so."""

    item_id: int
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    price_origin: PriceOrigin
    price_reason: str | None


async def reprice_items(tx: Tx, prices: Sequence[NewPrice]) -> None:
    """Write the prices of items of drafts; nothing else moves."""
    await tx.execute(
        """
        UPDATE orders.item
           SET one_time = fresh.one_time, recurring = fresh.recurring, period = fresh.period,
               price_origin = fresh.price_origin, price_reason = fresh.price_reason
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               item_id bigint, one_time numeric, recurring numeric, period text, price_origin text, price_reason text)
          JOIN orders.item AS known ON known.id = fresh.item_id
          JOIN orders.sales_order ON sales_order.id = known.order_id
         WHERE item.id = fresh.item_id
           AND sales_order.state = 'draft'
        """,
        {"rows": Json(list(prices))},
    )


async def reprice_header(tx: Tx, order_id: int, *, once: Decimal, recurring: Mapping[str, Decimal]) -> None:
    """Write what a draft comes to."""
    await tx.execute(
        """
        UPDATE orders.sales_order
           SET one_time_total = %(once)s, recurring_totals = %(recurring)s, version = version + 1
         WHERE id = %(id)s
           AND state = 'draft'
        """,
        {"id": order_id, "once": once, "recurring": Json(recurring)},
    )
