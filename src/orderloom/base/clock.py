"""Business time: real time, but in a test or demo database a story may move it."""

from __future__ import annotations

from datetime import timedelta

from orderloom.base.refusals import refuse
from orderloom.base.transaction import Tx


async def make_movable(tx: Tx) -> None:
    """Declare this database a test or demo, whose clock may be moved. There is no way back."""
    await tx.execute("UPDATE base.clock SET movable = true")


async def move_clock(tx: Tx, by: timedelta) -> None:
    """Move business time; seen from the next transaction on. Refused where the clock is real."""
    moved = await tx.execute(
        """
        UPDATE base.clock
           SET offset_seconds = offset_seconds + %(seconds)s
         WHERE movable
        """,
        {"seconds": round(by.total_seconds())},
    )
    if not moved:
        refuse("clock_real", "This database runs on real time; only a test or demo database may move its clock.")
