"""Two years in two minutes: orders run through the real program while the clock is moved from event to event."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from types import MappingProxyType

from psycopg.rows import class_row

from orderloom.base.clock import move_clock
from orderloom.base.events import type_name
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, House, reaction_name
from orderloom.cli.demo_orders import SEED, STILL, Fate, Wanted
from orderloom.cli.demo_partners import Letter, PartnersAtHand
from orderloom.fulfilment.callout import step_of
from orderloom.fulfilment.commands import keep_up_orders
from orderloom.gateway.inbox import receive
from orderloom.house import build_house
from orderloom.worker.main import Loop

STRIDES = (
    (timedelta(days=14), timedelta(hours=4)),
    (timedelta(days=45), timedelta(hours=12)),
    (timedelta(days=365), timedelta(hours=24)),
)
LONGEST_STRIDE = timedelta(hours=36)
"""What happens within one stride happens at its end: fewer stops. Long ago nobody can tell, lately one can."""

ONCE = frozenset({"sweep", "forecasts", "recurring"})
"""Clockwork that once a stop is enough for."""

MOST_ROUNDS = 500
DEFAULT_HOURS = (1.0, 4.0, 24.0)

KEEP_UP = "fulfilment.reactions.keep_up"

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


@dataclass(frozen=True, slots=True)
class Moved:
    """An order whose steps moved."""

    event_id: int
    order_id: int
    label: str


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
    """Which of the workers' loops have something to do at this moment, and when a timer rings next."""

    jobs: bool
    steps: bool
    calls: bool
    sweep: bool
    forecasts: bool
    recurring: bool
    next_due: datetime | None


WORK = ("jobs", "steps", "calls", "sweep", "forecasts", "recurring")


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
    post: list[Letter] = field(default_factory=list)
    kept_up_to: int = 0
    stops: int = 0

    async def run(self, *, told: Callable[[datetime], None]) -> None:
        """Go from event to event until the end."""
        pending = await self.settle()
        while True:
            at = min((at for at in (pending.next_due, self.timeline.next_at) if at is not None), default=None)
            if at is None or at > self.end:
                break
            until = min(max(at, self.now) + self._stride(at), self.end)
            happenings = self.timeline.take(until)
            await self.travel(until)
            for happening in happenings:
                await happening()
            await self._bring_post()
            pending = await self.settle()
            self.stops += 1
            told(self.now)
        await self.travel(self.end)
        await self.settle()

    def _stride(self, at: datetime) -> timedelta:
        return next((stride for age, stride in STRIDES if self.end - at < age), LONGEST_STRIDE)

    async def travel(self, to: datetime) -> None:
        """Set the clock; it never goes back."""
        async with transaction(self.database, SYSTEM) as tx:
            await move_clock(tx, to - tx.now)
        self.now = to

    async def settle(self) -> Pending:
        """Let the workers work until nothing is left to do, and look at what came of it.

        One kind of work at a time, and all of it: so orders that are as far as each other go on together,
        and a batch holds many of them instead of one or two.
        """
        loops = {loop.name: loop.body for loop in self.loops}
        wound: set[str] = set()
        for _ in range(MOST_ROUNDS):
            pending = await self._pending()
            due = next((name for name in WORK if getattr(pending, name) and name not in wound), None)
            if due is not None:
                wound |= ONCE.intersection([due])
                await loops[due]()
            elif not await self._keep_up():
                break
        else:
            raise AssertionError("the workers never came to rest")
        await self._look()
        return pending

    async def _keep_up(self) -> bool:
        """Let fulfilment keep up with every order that moved since the last time, all of them together."""
        async with transaction(self.database, SYSTEM) as tx:
            moved = await tx.all(
                """
                SELECT max(id) AS event_id, subject_id AS order_id, max(subject_label) AS label
                  FROM base.event
                 WHERE id > %(last)s AND at >= %(since)s AND type = ANY(%(types)s)
                 GROUP BY subject_id
                """,
                {
                    "last": self.kept_up_to,
                    "since": self.now - timedelta(minutes=1),
                    "types": kept_up_with(build_house()),
                },
                row=Moved,
            )
            if moved:
                await keep_up_orders(tx, sorted({order.order_id for order in moved}))
        self.kept_up_to = max((order.event_id for order in moved), default=self.kept_up_to)
        return bool(moved)

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
                       EXISTS (SELECT FROM gateway.call WHERE state = 'queued')
                       OR EXISTS (SELECT FROM gateway.call WHERE state = 'sending') AS calls,
                       coalesce(min(due) <= base.now(), false)
                       OR EXISTS (SELECT
                                    FROM processes.process
                                   WHERE state = 'running' AND wake_at <= base.now()) AS sweep,
                       EXISTS (SELECT FROM fulfilment.plan WHERE look_again_at <= base.now()) AS forecasts,
                       EXISTS (SELECT
                                 FROM billing.subscription
                                WHERE state = 'active' AND next_on < base.now()::date) AS recurring,
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
            if wanted and (wanted.fate in STILL or (wanted.fate is Fate.SILENT and chance.random() < 0.5)):
                continue
            if wanted and wanted.fate is Fate.LEFT and letter.partner in wanted.note.split():
                continue
            pace = 3.0 if wanted and wanted.fate is Fate.SLOW else 1.0
            hours = drawn_hours(chance, waiter.hours if waiter else None)
            self.timeline.add(self.now + timedelta(hours=hours * pace), self._delivery(letter))

    def _delivery(self, letter: Letter) -> Happening:
        async def deliver() -> None:
            self.post.append(letter)

        return deliver

    async def _bring_post(self) -> None:
        """Hand in the messages that have come, all in one go; each is signed now and checked as any other."""
        brought, self.post = self.post, []
        if brought:
            async with transaction(self.database, SYSTEM) as tx:
                for letter in brought:
                    await receive(tx, letter.partner, letter.headers(), letter.body)


async def _waiters(tx: Tx, correlations: Sequence[str | None]) -> dict[str, Waiter]:
    named = [step for step in map(step_of, correlations) if step is not None]
    found = await tx.all(
        """
        SELECT step.process_id || ':' || step.number AS correlation, step.process_id, step.number,
               process.subject_id AS order_id,
               definition.graph -> 'nodes' -> step.number -> 'hours' AS hours
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS named (process_id, number)
          JOIN processes.step USING (process_id, number)
          JOIN processes.process ON process.id = step.process_id
          JOIN processes.definition ON definition.id = process.definition_id
        """,
        {"process_ids": [process_id for process_id, _ in named], "numbers": [number for _, number in named]},
        row=Waiter,
    )
    return {waiter.correlation: waiter for waiter in found}


def kept_up_with(house: House) -> list[str]:
    """The types of event after which fulfilment keeps up."""
    return [
        type_name(event)
        for event, reactions in house.reactions.items()
        if any(reaction_name(reaction) == KEEP_UP for reaction in reactions)
    ]


def without_keeping_up(house: House) -> House:
    """The house, save that fulfilment does not keep up after each move of a step; here it does so after each stop."""
    kept = {
        event: tuple(r for r in reactions if reaction_name(r) != KEEP_UP)
        for event, reactions in house.reactions.items()
    }
    return replace(house, reactions=MappingProxyType(kept))


def drawn_hours(chance: Random, hours: Sequence[float | Decimal] | None) -> float:
    """A duration between optimistic and pessimistic, mostly near typical (the beta distribution of PERT)."""
    low, mode, high = map(float, hours) if hours and len(hours) == 3 else DEFAULT_HOURS
    if high <= low:
        return low
    alpha = 1 + 4 * (mode - low) / (high - low)
    beta = 1 + 4 * (high - mode) / (high - low)
    return low + (high - low) * chance.betavariate(alpha, beta)
