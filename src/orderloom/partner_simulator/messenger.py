"""Sends the simulated partners' messages to our inbox, signed, again and again until they are taken."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import httpx
import structlog

from orderloom.gateway.signatures import signed_headers

MESSAGES_SHOWN = 10_000
MOST_TRIES = 50
LONGEST_PAUSE_SECONDS = 5.0
AT_ONCE = 50
_log = structlog.get_logger()


@dataclass(slots=True)
class Messenger:
    """The way back. Without `callback` nothing is sent, only noted."""

    callback: str
    sent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MESSAGES_SHOWN))
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False, timeout=30))
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    @property
    def pending(self) -> int:
        """How many messages are still to be taken."""
        return len(self._tasks)

    def post(
        self, partner: str, secret: str, *, message_id: str, body: bytes, delay_seconds: float
    ) -> asyncio.Task[None]:
        """Send a message after a while; the task ends when it was taken or given up."""
        task = asyncio.create_task(self._deliver(partner, secret, message_id, body, delay_seconds))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def drain(self) -> None:
        """Wait until every message was taken or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Give up what has not been sent."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def _deliver(self, partner: str, secret: str, message_id: str, body: bytes, delay_seconds: float) -> None:
        await asyncio.sleep(delay_seconds)
        for attempt in range(1, MOST_TRIES + 1):
            status = await self._attempt(partner, secret, message_id, body)
            is_over = 200 <= status < 500 and status not in (408, 425, 429)
            if is_over or attempt == MOST_TRIES:
                self.sent.append({"partner": partner, "id": message_id, "status": status, "tries": attempt})
                if status >= 300:
                    _log.warning("message not taken", partner=partner, id=message_id, status=status)
                return
            await asyncio.sleep(min(0.1 * 2 ** min(attempt, 10), LONGEST_PAUSE_SECONDS))

    async def _attempt(self, partner: str, secret: str, message_id: str, body: bytes) -> int:
        if not self.callback:
            return 200
        headers = signed_headers([secret], message_id=message_id, timestamp=int(time.time()), body=body)
        try:
            async with self._gate:
                reply = await self._http.post(
                    f"{self.callback}/api/gateway/{partner}/messages",
                    content=body,
                    headers={**headers, "content-type": "application/json"},
                )
        except httpx.HTTPError:
            return 599
        return reply.status_code
