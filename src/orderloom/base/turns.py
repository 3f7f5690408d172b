"""Turns: several tasks work in one transaction, whose connection carries one conversation at a time."""

from __future__ import annotations

import asyncio


class Turns:
    """A lock that its holder may take again; tasks get it in the order in which they asked."""

    __slots__ = ("_depth", "_holder", "_lock")

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None
        self._depth = 0

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if self._holder is not task or task is None:
            await self._lock.acquire()
            self._holder = task
        self._depth += 1

    async def __aexit__(self, *_exception: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._holder = None
            self._lock.release()
