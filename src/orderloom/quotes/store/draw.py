"""What of a quote became orders: a request counts once, and never more than was quoted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class DrawRow:
    """A request that was carried out."""

    id: int
    version: int
    key: str
    order_id: int | None
    order_number: str | None


async def known(tx: Tx, quote_id: int, key: str) -> DrawRow | None:
    """What became of the request with this key; the quote is locked by the caller."""
    return await tx.one_or_none(
        """
        SELECT id, version, key, order_id, order_number
          FROM quotes.draw
         WHERE quote_id = %(quote_id)s
           AND key = %(key)s
        """,
        {"quote_id": quote_id, "key": key},
        row=DrawRow,
    )


async def take(tx: Tx, quote_id: int, version: int, *, key: str, quantities: Mapping[int, Decimal]) -> int:
    """Take these quantities by line; the id of the draw. The database refuses more than was quoted."""
    draw_id: int = await tx.value(
        """
          WITH drawn AS (
               INSERT INTO quotes.draw (quote_id, version, key, drawn_by)
               VALUES (%(quote_id)s, %(version)s, %(key)s, %(by)s)
            RETURNING id),
               wanted AS (
               SELECT line_id, quantity
                 FROM unnest(%(line_ids)s::bigint[], %(quantities)s::numeric[]) AS wanted (line_id, quantity)),
               kept AS (
               INSERT INTO quotes.drawn_line (draw_id, line_id, quantity)
               SELECT drawn.id, wanted.line_id, wanted.quantity
                 FROM drawn
                CROSS JOIN wanted),
               counted AS (
               UPDATE quotes.line
                  SET converted = line.converted + wanted.quantity
                 FROM wanted
                WHERE line.id = wanted.line_id)
        SELECT id FROM drawn
        """,
        {
            "quote_id": quote_id,
            "version": version,
            "key": key,
            "by": tx.actor.name,
            "line_ids": list(quantities),
            "quantities": list(quantities.values()),
        },
    )
    return draw_id


async def note_order(tx: Tx, draw_id: int, *, order_id: int, order_number: str) -> None:
    """Keep which order a draw became."""
    await tx.execute(
        "UPDATE quotes.draw SET order_id = %(order_id)s, order_number = %(number)s WHERE id = %(id)s",
        {"id": draw_id, "order_id": order_id, "number": order_number},
    )


async def is_whole(tx: Tx, quote_id: int, version: int) -> bool:
    """Whether nothing that was chosen is left to convert."""
    left = await tx.value(
        """
        SELECT count(*)
          FROM quotes.line
         WHERE quote_id = %(quote_id)s
           AND version = %(version)s
           AND kind = 'item'
           AND is_chosen
           AND converted < quantity
        """,
        {"quote_id": quote_id, "version": version},
    )
    return not left
