"""What changed, told to open pages: one reader of facts and moves for each process, one stream for each browser."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
READ_LIMIT = 5_000
REPLAY_LIMIT = 500
QUEUE_LIMIT = 100
READABLE = {
    "quotes": "quotes.read",
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


class Place(NamedTuple):
    """How far somebody has read: the last fact and the last step move. Written `12.34` on the wire."""

    event_id: int
    move_id: int

    def __str__(self) -> str:
        return f"{self.event_id}.{self.move_id}"


def place_from(text: str) -> Place | None:
    """The place that a browser names; None when it names none of ours."""
    event_id, _, move_id = text.partition(".")
    good = event_id.isdecimal() and move_id.isdecimal() and len(text) < 40
    return Place(int(event_id), int(move_id)) if good else None


@dataclass(frozen=True, slots=True)
class Change:
    """Something happened to a subject; the page that shows it reads again. `source` is *event* or *move*."""

    source: str
    id: int
    type: str
    kind: str
    subject_id: int
    account_id: int | None


class LiveFeed:
    """Reads what is new once and hands it to every open stream."""

    def __init__(self, database: Database, settings: WebSettings, metrics: Metrics) -> None:
        self.database = database
        self.settings = settings
        self.metrics = metrics
        self.streams: set[asyncio.Queue[Sequence[Change] | None]] = set()
        self.seen: set[tuple[str, int]] = set()
        self.marks: deque[tuple[float, Place]] = deque()
        self.task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self.task = asyncio.create_task(self.read_on())

    async def stop(self) -> None:
        for stream in self.streams:
            stream.put_nowait(None)
        if self.task:
            self.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.task

    def floor(self) -> Place:
        """The place before which nothing can still appear; pages drawn now have seen all of that."""
        return self.marks[0][1] if self.marks else Place(0, 0)

    async def read_on(self) -> None:
        """Read until stopped; a database that is away for a while loses nothing."""
        async for _ in wakeups(self.database.url, poll_seconds=self.settings.live_poll_seconds):
            try:
                await self.read_once()
            except OperationalError as error:
                log.warning("live feed could not read", error=str(error))

    async def read_once(self) -> None:
        async with transaction(self.database, SYSTEM) as tx:
            latest = await latest_place(tx)
            if not self.streams or not self.marks:
                self.remember(latest, ())
                return
            found = await changes_after(tx, self.floor(), limit=READ_LIMIT)
        if len(found) >= READ_LIMIT:  # too much to tell one by one: let pages read again and go on from here
            self.marks.clear()
            self.remember(latest, ())
            self.hand_out([Change("event", latest.event_id, "", "all", 0, None)])
            return
        fresh = [change for change in found if (change.source, change.id) not in self.seen]
        self.remember(latest, fresh)
        if fresh:
            self.hand_out(fresh)

    def remember(self, latest: Place, fresh: Sequence[Change]) -> None:
        self.seen.update((change.source, change.id) for change in fresh)
        now = time.monotonic()
        self.marks.append((now, latest))
        while len(self.marks) > 1 and self.marks[1][0] < now - OVERLAP_SECONDS:
            self.marks.popleft()
        floor = self.floor()
        self.seen = {
            (source, id_) for source, id_ in self.seen if id_ > (floor.event_id if source == "event" else floor.move_id)
        }

    def hand_out(self, fresh: Sequence[Change]) -> None:
        for stream in self.streams:
            if stream.qsize() < QUEUE_LIMIT:
                stream.put_nowait(fresh)

    async def stream(self, actor: Actor, since: Place | None) -> AsyncIterator[bytes]:
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
                for message in messages_of(visible, self.floor()):
                    yield message
        finally:
            self.streams.discard(queue)
            self.metrics.streams.dec()

    async def missed(self, actor: Actor, since: Place | None) -> AsyncIterator[bytes]:
        if since is None:
            return
        async with transaction(self.database, actor) as tx:
            missed = await changes_after(tx, since, limit=REPLAY_LIMIT)
            visible = await visible_to(tx, missed)
        if len(missed) >= REPLAY_LIMIT:
            visible = [Change("event", 0, "", "all", 0, None)]
        for message in messages_of(visible, self.floor()):
            yield message


def messages_of(changes: Sequence[Change], place: Place) -> list[bytes]:
    """One message for each subject, however much happened to it."""
    told = dict.fromkeys((change.kind, change.subject_id) for change in changes)
    return [
        f"id: {place}\nevent: change\ndata: {msgspec.json.encode({'kind': kind, 'id': id_}).decode()}\n\n".encode()
        for kind, id_ in told
    ]


async def latest_place(tx: Tx) -> Place:
    """The last ids that were drawn; a sequence is asked, because a maximum over partitions costs more every month."""
    row = await tx.one(
        """
        SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('base.event', 'id')::regclass), 0),
               coalesce(pg_sequence_last_value(pg_get_serial_sequence('processes.step_log', 'id')::regclass), 0)
        """
    )
    return Place(*row)


async def changes_after(tx: Tx, since: Place, *, limit: int) -> list[Change]:
    """Facts and step moves after a place, in no common order."""
    return await tx.all(
        """
        (SELECT 'event' AS source, id, type, subject_kind AS kind, subject_id, account_id
           FROM base.event
          WHERE id > %(event_id)s
          ORDER BY id
          LIMIT %(limit)s)
          UNION ALL
        (SELECT 'move', moved.id, 'processes.step_moved', process.subject_kind, process.subject_id, process.account_id
           FROM processes.step_log AS moved
           JOIN processes.process ON process.id = moved.process_id
          WHERE moved.id > %(move_id)s
          LIMIT %(limit)s)
        """,
        {"event_id": since.event_id, "move_id": since.move_id, "limit": limit},
        row=Change,
    )


async def visible_to(tx: Tx, changes: Sequence[Change]) -> list[Change]:
    """Those that the actor may know of: by the room's right and by account."""
    allowed = [change for change in changes if change.kind == "all" or may_read(tx.actor, change.type)]
    if tx.actor.all_accounts or not allowed:
        return allowed
    where, params = account_filter(tx.actor, "named.account_id")
    seen = set(
        await tx.values(
            f"SELECT named.account_id FROM unnest(%(named)s::bigint[]) AS named (account_id) WHERE {where}",
            {"named": list({change.account_id for change in allowed if change.account_id}), **params},
        )
    )
    return [change for change in allowed if change.kind == "all" or change.account_id in seen]


def may_read(actor: Actor, event_type: str) -> bool:
    return actor.may(READABLE.get(event_type.split(".", 1)[0], "admin"))
