"""Two years in two minutes: orders run through the real program while the clock is moved from event to event."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from psycopg.rows import class_row

from orderloom.base.clock import move_clock
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_orders import SEED, Fate, Wanted
from orderloom.cli.demo_partners import Letter, PartnersAtHand
from orderloom.gateway.inbox import receive
from orderloom.worker.main import Loop

STRIDE = timedelta(hours=6)
"""What happens within one stride happens at its end: fewer stops, and nobody can tell."""

ONCE = ("sweep", "recurring")
DAILY = ("sweep", "forecasts")
MONTHLY = ("months", "claims")
"""Clockwork that a worker looks after every few seconds or hours is looked after once a day or month here."""

MOST_ROUNDS = 500
DEFAULT_HOURS = (1.0, 4.0, 24.0)

Happening = Callable[[], Awaitable[None]]
Watcher = Callable[[Tx], Awaitable[None]]


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


@dataclass(frozen=True, slots=True)
class Pending:
    """What the program has to do at this moment, and when a timer rings next."""

    jobs: bool
    steps: bool
    calls: bool
    timers: bool
    periods: bool
    next_due: datetime | None


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
    watchers: list[Watcher] = field(default_factory=list)
    day: date = date.min
    stops: int = 0

    async def run(self, *, told: Callable[[datetime], None]) -> None:
        """Go from event to event until the end."""
        pending = await self.settle()
        while True:
            at = min((at for at in (pending.next_due, self.timeline.next_at) if at is not None), default=None)
            if at is None or at > self.end:
                break
            until = min(max(at, self.now) + STRIDE, self.end)
            happenings = self.timeline.take(until)
            await self.travel(until)
            for happening in happenings:
                await happening()
            pending = await self.settle()
            self.stops += 1
            told(self.now)
        await self.travel(self.end)
        await self.settle()

    async def travel(self, to: datetime) -> None:
        """Set the clock; it never goes back."""
        async with transaction(self.database, SYSTEM) as tx:
            await move_clock(tx, to - tx.now)
        self.now = to

    async def settle(self) -> Pending:
        """Let the workers work until nothing is left to do, and look at what came of it."""
        loops = {loop.name: loop.body for loop in self.loops}
        today = self.now.date()
        for name in [*(MONTHLY if today.month != self.day.month else ()), *(DAILY if today != self.day else ())]:
            await loops[name]()
        self.day = today
        for _ in range(MOST_ROUNDS):
            pending = await self._pending()
            due = {
                "sweep": pending.timers, "recurring": pending.periods,
                "steps": pending.steps, "calls": pending.calls, "jobs": pending.jobs,
            }  # fmt: skip
            if not any(due.values()):
                break
            for name, has_work in due.items():
                if has_work:
                    await _exhaust(loops[name], most=1 if name in ONCE else MOST_ROUNDS)
        else:
            raise AssertionError("the workers never came to rest")
        await self._look()
        return pending

    async def _pending(self) -> Pending:
        """Ask once instead of letting every loop look for itself."""
        async with self.database.connection() as connection:
            cursor = connection.cursor(row_factory=class_row(Pending))
            await cursor.execute(
                """
                SELECT EXISTS (SELECT FROM base.job WHERE state = 'ready' AND run_at <= clock_timestamp()) AS jobs,
                       EXISTS (SELECT
                                 FROM processes.step
                                WHERE state = 'ready' AND mode = 'auto' AND NOT held) AS steps,
                       EXISTS (SELECT FROM gateway.call WHERE state IN ('queued', 'sending')) AS calls,
                       coalesce(min(due) <= base.now(), false) AS timers,
                       EXISTS (SELECT
                                 FROM billing.subscription
                                WHERE state = 'active' AND next_on <= base.now()::date) AS periods,
                       min(due) AS next_due
                  FROM processes.step
                 WHERE state = 'waiting' AND due IS NOT NULL AND NOT held
                """
            )
            found = await cursor.fetchone()
        assert found is not None
        return found

    async def _look(self) -> None:
        """See what partners have written and what there is for people to do."""
        letters = self.partners.collect()
        async with transaction(self.database, SYSTEM) as tx:
            if letters:
                await self._note_letters(tx, letters)
            for watcher in self.watchers:
                await watcher(tx)

    async def _note_letters(self, tx: Tx, letters: Sequence[Letter]) -> None:
        """Messages that partners have written come in after the time that such things take."""
        waiters = await _waiters(tx, [letter.correlation for letter in letters])
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


async def _exhaust(body: Callable[[], Awaitable[int]], *, most: int) -> None:
    for _ in range(most):
        if not await body():
            break


async def _waiters(tx: Tx, correlations: Sequence[str | None]) -> dict[str, Waiter]:
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
