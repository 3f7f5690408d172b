"""SQL of the waterfalls that are kept with the lines of orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderloom.base.transaction import Json, Tx
from orderloom.catalog.priced import PricedLine


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
