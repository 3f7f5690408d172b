"""Two years in two minutes: orders run through the real program while the clock is moved from event to event."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from orderloom.base.clock import move_clock
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_orders import SEED, Fate, Wanted
from orderloom.cli.demo_partners import Letter, PartnersAtHand
from orderloom.gateway.inbox import receive
from orderloom.worker.main import Loop

STRIDE = timedelta(hours=2)
"""What happens within one stride happens at its end: fewer stops, and nobody can tell."""

DAILY_SECONDS = 60
"""Clockwork that looks less often than this looks once a day."""

MOST_ROUNDS = 500
DEFAULT_HOURS = (1.0, 4.0, 24.0)

Happening = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Waiter:
    """The step that a message is for."""

    correlation: str
    process_id: int
    number: int
    order_id: int
    hours: list[Decimal] | None


@dataclass(slots=True)
class Timeline:
    """What is going to happen, by the moment at which it will. Moments that are equal keep their order."""

    _heap: list[tuple[datetime, int, Happening]] = field(default_factory=list)
    _places: count[int] = field(default_factory=count)

    def add(self, at: datetime, happening: Happening) -> None:
        """Let this happen then."""
        heapq.heappush(self._heap, (at, next(self._places), happening))

    @property
    def next_at(self) -> datetime | None:
        """When the next thing happens."""
        return self._heap[0][0] if self._heap else None

    def take(self, until: datetime) -> list[Happening]:
        """What happens until this moment, in order."""
        taken = []
        while self._heap and self._heap[0][0] <= until:
            taken.append(heapq.heappop(self._heap)[2])
        return taken

    def __len__(self) -> int:
        return len(self._heap)


@dataclass(slots=True)
class History:
    """A history in the making: the database, its workers' loops, the partners, and the moment it is now there."""

    database: Database
    loops: Sequence[Loop]
    partners: PartnersAtHand
    now: datetime
    end: datetime
    timeline: Timeline = field(default_factory=Timeline)
    orders: dict[int, Wanted] = field(default_factory=dict)
    watchers: list[Happening] = field(default_factory=list)
    day: date | None = None

    async def run(self, *, told: Callable[[datetime], None]) -> None:
        """Go from event to event until the end."""
        while True:
            at = await self._next_moment()
            if at is None or at > self.end:
                break
            await self._stop_at(max(at, self.now))
            told(self.now)
        await self.travel(self.end)
        await self.settle()

    async def _stop_at(self, at: datetime) -> None:
        """Do what happens within a stride, let the program work, and note what it leads to."""
        until = min(at + STRIDE, self.end)
        happenings = self.timeline.take(until)
        await self.travel(until if happenings else at)
        for happening in happenings:
            await happening()
        await self.settle()

    async def travel(self, to: datetime) -> None:
        """Set the clock; it never goes back."""
        async with transaction(self.database, SYSTEM) as tx:
            await move_clock(tx, to - tx.now)
        self.now = to

    async def settle(self) -> None:
        """Let the workers work until nothing is left to do, and look at what came of it."""
        is_new_day = self.now.date() != self.day
        self.day = self.now.date()
        for loop in self.loops:
            if loop.every_seconds and (is_new_day or loop.every_seconds < DAILY_SECONDS):
                await loop.body()
        for _ in range(MOST_ROUNDS):
            did = 0
            for loop in self.loops:
                if not loop.every_seconds:
                    did += await loop.body()
            if not did:
                break
        else:
            raise AssertionError("the workers never came to rest")
        await self._note_letters(self.partners.collect())
        for watcher in self.watchers:
            await watcher()

    async def _next_moment(self) -> datetime | None:
        """When something happens next: by somebody's hand, or by a timer of the program."""
        async with transaction(self.database, SYSTEM) as tx:
            due = await tx.value(
                """
                SELECT min(due)
                  FROM processes.step
                 WHERE state = 'waiting' AND due > base.now() AND NOT held
                """
            )
        moments = [at for at in (due, self.timeline.next_at) if at is not None]
        return min(moments, default=None)

    async def _note_letters(self, letters: Sequence[Letter]) -> None:
        """Messages that partners have written come in after the time that such things take."""
        if not letters:
            return
        waiters = await self._waiters([letter.correlation for letter in letters])
        for letter in letters:
            waiter = waiters.get(letter.correlation or "")
            wanted = self.orders.get(waiter.order_id) if waiter else None
            chance = Random(f"{SEED}:{wanted.number if wanted else 0}:{waiter.number if waiter else 0}")
            chance.random()
            if wanted and wanted.fate is Fate.SILENT and chance.random() < 0.5:
                continue
            pace = 3.0 if wanted and wanted.fate is Fate.SLOW else 1.0
            hours = drawn_hours(chance, waiter.hours if waiter else None)
            self.timeline.add(self.now + timedelta(hours=hours * pace), self._delivery(letter))

    def _delivery(self, letter: Letter) -> Happening:
        async def deliver() -> None:
            async with transaction(self.database, SYSTEM) as tx:
                await receive(tx, letter.partner, letter.headers(), letter.body)

        return deliver

    async def _waiters(self, correlations: Sequence[str | None]) -> Mapping[str, Waiter]:
        async with transaction(self.database, SYSTEM) as tx:
            found = await tx.all(
                """
                SELECT step.correlation, step.process_id, step.number, process.subject_id AS order_id,
                       definition.graph -> 'nodes' -> step.number -> 'hours' AS hours
                  FROM processes.step
                  JOIN processes.process ON process.id = step.process_id
                  JOIN processes.definition ON definition.id = process.definition_id
                 WHERE step.correlation = ANY(%(correlations)s)
                """,
                {"correlations": [correlation for correlation in correlations if correlation]},
                row=Waiter,
            )
        return {waiter.correlation: waiter for waiter in found}


def drawn_hours(chance: Random, hours: Sequence[float | Decimal] | None) -> float:
    """A duration between optimistic and pessimistic, mostly near typical (the beta distribution of PERT)."""
    low, mode, high = map(float, hours) if hours and len(hours) == 3 else DEFAULT_HOURS
    if high <= low:
        return low
    alpha = 1 + 4 * (mode - low) / (high - low)
    beta = 1 + 4 * (high - mode) / (high - low)
    return low + (high - low) * chance.betavariate(alpha, beta)
