"""The log of a request in SQL: only ever appended to."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx


async def last_entry(tx: Tx, request_id: int) -> tuple[int, bytes] | None:
    """The number and hash of the newest entry of a request's log."""
    rows = await tx.all(
        """
        SELECT number, hash FROM approvals.entry WHERE request_id = %(id)s ORDER BY number DESC LIMIT 1
        """,
        {"id": request_id},
    )
    return (rows[0][0], rows[0][1]) if rows else None


async def add_entries(tx: Tx, request_id: int, first: int, texts: Sequence[str], hashes: Sequence[bytes]) -> None:
    """Append to the log."""
    await tx.execute(
        """
        INSERT INTO approvals.entry (request_id, number, entry, hash)
        SELECT %(id)s, %(first)s + place - 1, entry, hash
          FROM unnest(%(texts)s::text[], %(hashes)s::bytea[]) WITH ORDINALITY AS fresh (entry, hash, place)
        """,
        {"id": request_id, "first": first, "texts": list(texts), "hashes": list(hashes)},
    )
