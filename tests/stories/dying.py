"""A process that applies a change and is killed on the way.

`python -m tests.stories.dying URL ORDER CHANGE STATEMENT MS`: the kill comes so many milliseconds after the statement
of that number was sent, in whatever is done then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.fulfilment.commands import apply_change
from orderloom.house import build_house

NAME = "dying"


def arm(statement: int, milliseconds: int) -> None:
    """Have the process killed after so many statements from now."""
    execute, sent = psycopg.AsyncCursor.execute, 0

    async def counted(self: Any, *values: Any, **named: Any) -> Any:
        nonlocal sent
        if sent == statement:
            threading.Timer(milliseconds / 1000, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        sent += 1
        return await execute(self, *values, **named)

    psycopg.AsyncCursor.execute = counted  # type: ignore[method-assign]


async def main(url: str, order_id: int, number: int, statement: int, milliseconds: int) -> None:
    async with Database(make_conninfo(url, application_name=NAME), build_house(), size=1) as database:
        async with transaction(database, SYSTEM) as tx:
            arm(statement, milliseconds)
            await apply_change(tx, order_id, number, accept_fees=True)
        await asyncio.sleep(milliseconds / 1000)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
