"""Waking the workers: one rate-limited NOTIFY for whatever was committed, never one per row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import psycopg

if TYPE_CHECKING:
    from orderloom.base.transaction import Database

CHANNEL = "orderloom"
PAUSE_SECONDS = 0.05  # at most twenty a second: each NOTIFY takes a lock that all commits share

_sleeping: WeakKeyDictionary[Database, asyncio.Task[None]] = WeakKeyDictionary()


def wake_workers(database: Database) -> None:
    """Tell listening workers soon that there is something to do; many calls become one message."""
    task = _sleeping.get(database)
    if task is None or task.done():
        _sleeping[database] = asyncio.get_running_loop().create_task(_notify(database))


async def _notify(database: Database) -> None:
    await asyncio.sleep(PAUSE_SECONDS)
    try:
        async with database.connection() as connection:
            await connection.execute(f"NOTIFY {CHANNEL}")
    except (psycopg.Error, RuntimeError, TimeoutError):
        return  # a lost message costs at most one poll interval


async def wakeups(url: str, *, poll_seconds: float) -> AsyncIterator[None]:
    """Yield at once, then whenever something was committed, and at the latest every `poll_seconds`.

    Listens on a connection of its own and opens it anew when it is lost.
    """
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    yield
                    async for _ in connection.notifies(timeout=poll_seconds, stop_after=1):
                        pass
        except psycopg.OperationalError:
            await asyncio.sleep(poll_seconds)
            yield
