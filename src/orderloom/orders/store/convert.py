"""Which order a quote became, and which item which line."""

from __future__ import annotations

from collections.abc import Mapping

from orderloom.base.transaction import Tx
from orderloom.quotes.quote import Drawn


async def insert(tx: Tx, order_id: int, drawn: Drawn, *, line_ids: Mapping[int, int]) -> None:
    """Keep the link of an order to its quote, and of each item to its line (`line_ids` by item)."""
    await tx.execute(
        """
          WITH linked AS (
               INSERT INTO orders.quoted_order (order_id, quote_id, quote_number, version, draw_id)
               VALUES (%(order_id)s, %(quote_id)s, %(quote_number)s, %(version)s, %(draw_id)s))
        INSERT INTO orders.quoted_item (item_id, order_id, line_id)
        SELECT item_id, %(order_id)s, line_id
          FROM unnest(%(item_ids)s::bigint[], %(line_ids)s::bigint[]) AS fresh (item_id, line_id)
        """,
        {
            "order_id": order_id,
            "quote_id": drawn.head.id,
            "quote_number": drawn.head.number,
            "version": drawn.version,
            "draw_id": drawn.draw_id,
            "item_ids": list(line_ids),
            "line_ids": list(line_ids.values()),
        },
    )
