"""Forgets what has been kept long enough, a short batch at a time. Facts for the audit are never forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from orderloom.base.idempotency import forget_old_keys
from orderloom.base.transaction import Database, Tx, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway.commands import forget_wire
from orderloom.parties.commands import forget_old

KEEP_WIRE_DAYS = 180.0
BATCH = 500
MOST_BATCHES = 2_000
"""At most a million rows of a kind in one round; the next round goes on."""


async def forget(database: Database, *, keep_wire_days: float = KEEP_WIRE_DAYS) -> int:
    """Delete ended sessions, links, counts of attempts and idempotency keys; empty what went over the wire.

    `keep_wire_days` of 0 keeps the wire for ever. Each batch is a transaction of its own, so that nobody waits
    for long, and a worker that dies half-way loses nothing. Returns how many rows were forgotten.
    """
    rounds: list[Callable[[Tx], Awaitable[int]]] = [
        lambda tx: forget_old(tx, limit=BATCH),
        lambda tx: forget_old_keys(tx, limit=BATCH),
    ]
    if keep_wire_days:
        rounds.append(lambda tx: forget_wire(tx, keep=timedelta(days=keep_wire_days), limit=BATCH))
    return sum([await _batches(database, forget_some) for forget_some in rounds])


async def _batches(database: Database, forget_some: Callable[[Tx], Awaitable[int]]) -> int:
    gone = 0
    for _ in range(MOST_BATCHES):
        batch = await in_transaction(database, SYSTEM, forget_some)
        gone += batch
        if batch < BATCH:
            break
    return gone
