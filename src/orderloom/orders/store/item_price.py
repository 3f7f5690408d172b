"""SQL of the waterfalls that are kept with the lines of orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Json, Tx
from orderloom.catalog.priced import PricedLine


@dataclass(frozen=True, slots=True)
class NewWaterfall:
    """How the price of an item came about, ready to be written."""

    order_id: int
    item_id: int
    priced: PricedLine


async def insert(tx: Tx, waterfalls: Sequence[NewWaterfall]) -> None:
    """Keep the waterfalls of items that were just written."""
    await tx.execute(
        """
        INSERT INTO orders.item_price (order_id, item_id, priced)
        SELECT order_id, item_id, priced
          FROM jsonb_to_recordset(%(rows)s) AS fresh (order_id bigint, item_id bigint, priced jsonb)
        """,
        {"rows": Json(waterfalls)},
    )
