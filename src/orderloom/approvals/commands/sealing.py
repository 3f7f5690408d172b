"""The logs are sealed: what they end with is signed with a key that lies outside of the database."""

from __future__ import annotations

from orderloom.approvals.seal import sealed
from orderloom.approvals.store import checkpoint as store
from orderloom.base.transaction import Tx

HEADS_MOST = 5_000


async def seal_logs(tx: Tx, *, key: bytes, limit: int = HEADS_MOST) -> int:
    """Write the next checkpoint over what has been logged since the last; return how many logs it covers.

    Without anything new nothing is written. Call it again while it returns as many as the limit.
    """
    await store.take_turn(tx)
    heads = await store.uncovered(tx, limit=limit)
    if heads:
        one = sealed(await store.newest(tx), heads, at=tx.now, key=key, whole=await store.counted(tx))
        await store.add(tx, one, heads)
    return len(heads)
