"""Checkpoints of the logs in SQL."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.approvals.seal import Checkpoint, Head
from orderloom.base.transaction import Tx


async def take_turn(tx: Tx) -> None:
    """Let nobody else write a checkpoint until this transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('approvals checkpoints', 0))")


async def newest(tx: Tx) -> Checkpoint | None:
    """The last checkpoint."""
    return await tx.one_or_none(
        "SELECT number, body, hash, signature FROM approvals.checkpoint ORDER BY number DESC LIMIT 1", row=Checkpoint
    )


async def uncovered(tx: Tx, *, limit: int) -> list[Head]:
    """The heads of logs that have grown since the last checkpoint about them."""
    return await tx.all(
        """
        SELECT request.id, head.number, encode(head.hash, 'hex')
          FROM approvals.request
         CROSS JOIN LATERAL (
               SELECT number, hash
                 FROM approvals.entry
                WHERE entry.request_id = request.id
                ORDER BY number DESC
                LIMIT 1) AS head
          LEFT JOIN approvals.covered ON covered.request_id = request.id
         WHERE covered.number IS DISTINCT FROM head.number
         ORDER BY request.id
         LIMIT %(limit)s
        """,
        {"limit": limit},
    )


async def counted(tx: Tx) -> dict[str, int]:
    """How many requests and verdicts there are."""
    requests, verdicts = await tx.one(
        "SELECT (SELECT count(*) FROM approvals.request), (SELECT count(*) FROM approvals.verdict)"
    )
    return {"requests": requests, "verdicts": verdicts}


async def add(tx: Tx, one: Checkpoint, heads: Sequence[Head]) -> None:
    """Write a checkpoint and what it covers."""
    await tx.execute(
        """
          WITH sealed AS (
               INSERT INTO approvals.checkpoint (number, body, hash, signature)
               VALUES (%(number)s, %(body)s, %(hash)s, %(signature)s))
        INSERT INTO approvals.covered (request_id, number)
        SELECT *
          FROM unnest(%(request_ids)s::bigint[], %(numbers)s::integer[])
            ON CONFLICT (request_id) DO UPDATE
           SET number = excluded.number
        """,
        {
            "number": one.number,
            "body": one.body,
            "hash": one.hash,
            "signature": one.signature,
            "request_ids": [request_id for request_id, _, _ in heads],
            "numbers": [number for _, number, _ in heads],
        },
    )


async def after(tx: Tx, number: int, *, limit: int) -> list[Checkpoint]:
    """The checkpoints after a number, in order."""
    return await tx.all(
        """
        SELECT number, body, hash, signature
          FROM approvals.checkpoint
         WHERE number > %(number)s
         ORDER BY number
         LIMIT %(limit)s
        """,
        {"number": number, "limit": limit},
        row=Checkpoint,
    )
