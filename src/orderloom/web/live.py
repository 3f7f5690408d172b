"""What changed, told to open pages: one reader of new facts for each web process, one stream for each browser."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import msgspec
import structlog
from psycopg import OperationalError

from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.base.wakeup import wakeups
from orderloom.parties.policy import account_filter
from orderloom.web.edge import Metrics
from orderloom.web.settings import WebSettings

OVERLAP_SECONDS = 5.0  # a transaction that commits late has lower ids than what was read before
REPLAY_LIMIT = 500
QUEUE_LIMIT = 1_000
READABLE = {
    "orders": "orders.read",
    "fulfilment": "orders.read",
    "processes": "orders.read",
    "work": "work.do",
    "billing": "billing.read",
    "stock": "stock.read",
    "assets": "orders.read",
    "catalog": "catalog.read",
    "parties": "parties.read",
    "gateway": "gateway.read",
}
log = structlog.get_logger("orderloom.web")


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a subject; the page that shows it reads again."""

    id: int
    type: str
    kind: str
    subject_id: int
    account_id: int | None

    def message(self) -> bytes:
        told = {"type": self.type, "kind": self.kind, "id": self.subject_id}
        return b"id: %d\nevent: change\ndata: %s\n\n" % (self.id, msgspec.json.encode(told))


class LiveFeed:
    """Reads new facts once and hands them to every open stream."""

    def __init__(self, database: Database, settings: WebSettings, metrics: Metrics) -> None:
        self.database = database
        self.settings = settings
        self.metrics = metrics
        self.streams: set[asyncio.Queue[Sequence[Change] | None]] = set()
        self.seen: set[int] = set()
        self.marks: deque[tuple[float, int]] = deque()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        async with transaction(self.database, SYSTEM) as tx:
            self.marks.append((0.0, await latest_id(tx)))
        self.task = asyncio.create_task(self.read_on())

    async def stop(self) -> None:
        for stream in self.streams:
            stream.put_nowait(None)
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task

    async def read_on(self) -> None:
        """Read until stopped; a database that is away for a while loses nothing."""
        async for _ in wakeups(self.database.url, poll_seconds=self.settings.live_poll_seconds):
            try:
                async with transaction(self.database, SYSTEM) as tx:
                    fresh = [change for change in await changes_after(tx, self.floor()) if change.id not in self.seen]
            except OperationalError as error:
                log.warning("live feed could not read", error=str(error))
                continue
            self.remember(fresh)
            if fresh:
                self.hand_out(fresh)

    def floor(self) -> int:
        """The last fact before which nothing can still appear."""
        return self.marks[0][1] if self.marks else 0

    def remember(self, fresh: Sequence[Change]) -> None:
        self.seen.update(change.id for change in fresh)
        now = time.monotonic()
        self.marks.append((now, max([self.marks[-1][1], *(change.id for change in fresh)])))
        while len(self.marks) > 1 and self.marks[1][0] < now - OVERLAP_SECONDS:
            self.marks.popleft()
        self.seen = {known for known in self.seen if known > self.floor()}

    def hand_out(self, fresh: Sequence[Change]) -> None:
        for stream in list(self.streams):
            if stream.qsize() < QUEUE_LIMIT:
                stream.put_nowait(fresh)

    async def stream(self, actor: Actor, since: int | None) -> AsyncIterator[bytes]:
        """The messages for one browser: first what it missed, then what comes, and a beat when nothing does."""
        queue: asyncio.Queue[Sequence[Change] | None] = asyncio.Queue()
        self.streams.add(queue)
        self.metrics.streams.inc()
        try:
            yield b"retry: 2000\n\n"
            async for message in self.missed(actor, since):
                yield message
            while True:
                try:
                    fresh = await asyncio.wait_for(queue.get(), self.settings.live_beat_seconds)
                except TimeoutError:
                    yield b": beat\n\n"
                    continue
                if fresh is None:
                    return
                async with transaction(self.database, actor) as tx:
                    visible = await visible_to(tx, fresh)
                for change in visible:
                    yield change.message()
        finally:
            self.streams.discard(queue)
            self.metrics.streams.dec()

    async def missed(self, actor: Actor, since: int | None) -> AsyncIterator[bytes]:
        if since is None:
            return
        async with transaction(self.database, actor) as tx:
            missed = await changes_after(tx, since, limit=REPLAY_LIMIT + 1)
            visible = await visible_to(tx, missed)
        if len(missed) > REPLAY_LIMIT:
            yield b"id: %d\nevent: reload\ndata: {}\n\n" % self.marks[-1][1]
            return
        for change in visible:
            yield change.message()


async def latest_id(tx: Tx) -> int:
    return int(await tx.value("SELECT coalesce(max(id), 0) FROM base.event") or 0)


async def changes_after(tx: Tx, since: int, *, limit: int = 5_000) -> list[Change]:
    return await tx.all(
        """
        SELECT id, type, subject_kind AS kind, subject_id, account_id
          FROM base.event
         WHERE id > %(since)s
         ORDER BY id
         LIMIT %(limit)s
        """,
        {"since": since, "limit": limit},
        row=Change,
    )


async def visible_to(tx: Tx, changes: Sequence[Change]) -> list[Change]:
    """Those that the actor may know of: by the room's right and by account."""
    allowed = [change for change in changes if may_read(tx.actor, change.type)]
    if tx.actor.all_accounts or not allowed:
        return allowed
    where, params = account_filter(tx.actor, "named.account_id")
    seen = set(
        await tx.values(
            f"SELECT named.account_id FROM unnest(%(named)s::bigint[]) AS named (account_id) WHERE {where}",
            {"named": list({change.account_id for change in allowed if change.account_id}), **params},
        )
    )
    return [change for change in allowed if change.account_id in seen]


def may_read(actor: Actor, event_type: str) -> bool:
    return actor.may(READABLE.get(event_type.split(".", 1)[0], "admin"))
