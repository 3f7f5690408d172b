"""The worker's part: claim calls, send them outside any transaction, record what came of it."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from orderloom.base.transaction import Database, Tx, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.gateway import circuit, rules
from orderloom.gateway.commands import partner_subject
from orderloom.gateway.events import PartnerCircuitMoved
from orderloom.gateway.facts import facts_of
from orderloom.gateway.store import call as calls
from orderloom.gateway.store import partner as partners
from orderloom.gateway.store.call import LEASE_MARGIN_SECONDS
from orderloom.gateway.types import Attempt, AttemptOutcome, Circuit, ClaimedCall
from orderloom.gateway.wire import Wire

GATHER_SECONDS = 0.01
TURN_SECONDS = 0.2
PARTNERS_A_CLAIM = 64
REAPED_A_CLAIM = 500

_Flight = set[asyncio.Task[Attempt | None]]


@dataclass(slots=True)
class Sender:
    """The calls that one worker has in the air; open it with `async with`, so that they land before it goes.

    A worker that dies instead loses its leases: its calls are sent again with the same key.
    """

    database: Database
    wire: Wire
    worker_id: str
    limit: int = 100
    margin_seconds: float = LEASE_MARGIN_SECONDS
    _flight: _Flight = field(default_factory=set)

    async def __aenter__(self) -> Sender:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *_exception: object) -> None:
        try:
            while self._flight and kind is None:
                await self._land(seconds=None)
        finally:
            for task in self._flight:
                task.cancel()
            await asyncio.gather(*self._flight, return_exceptions=True)

    async def turn(self) -> int:
        """Claim what is due, start sending it, record what has come back; returns 0 when nothing is in the air.

        Never waits long: answers are recorded as they come in, so a slow partner delays no other.
        """
        await self._take_off()
        busy = len(self._flight)
        if busy:
            await self._land(seconds=TURN_SECONDS)
        return busy

    async def _take_off(self) -> None:
        room = self.limit - len(self._flight)
        if room <= 0:
            return
        latest_start = time.monotonic() + self.margin_seconds
        for call in await claim(self.database, self.worker_id, room, margin_seconds=self.margin_seconds):
            self._flight.add(asyncio.create_task(_send(self.wire, call, latest_start=latest_start)))

    async def _land(self, *, seconds: float | None) -> None:
        """Wait for the first answers, and a moment for more; record them together."""
        done, waiting = await asyncio.wait(self._flight, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        if done and waiting:
            await asyncio.wait(waiting, timeout=GATHER_SECONDS)
        landed = {task for task in self._flight if task.done()}
        self._flight -= landed
        results = [task.result() for task in landed if task.exception() is None]
        attempts = [result for result in results if result is not None]
        if attempts:
            await record(self.database, attempts, self.worker_id)
        for task in landed:
            task.result()  # a bug in sending is raised only after the others' answers are safe


async def run_calls(database: Database, wire: Wire, worker_id: str, limit: int = 100) -> int:
    """Send at most `limit` calls that are due and record every answer; returns how many were in the air."""
    async with Sender(database, wire, worker_id, limit) as sender:
        return await sender.turn()


async def claim(
    database: Database, worker_id: str, limit: int, *, margin_seconds: float = LEASE_MARGIN_SECONDS
) -> list[ClaimedCall]:
    """Lease calls for this worker, and take back those whose worker vanished, in one transaction."""

    async def work(tx: Tx) -> list[ClaimedCall]:
        reaped = await calls.reap_calls(tx, limit=REAPED_A_CLAIM)
        tx.emit(facts_of(reaped, problems={call.id: "The worker vanished while it was sending." for call in reaped}))
        partner_ids = await calls.lock_partners_with_work(tx, limit=PARTNERS_A_CLAIM)
        if not partner_ids:
            return []
        return await calls.claim_calls(tx, partner_ids, worker_id=worker_id, limit=limit, margin_seconds=margin_seconds)

    return await in_transaction(database, SYSTEM, work)


async def record(database: Database, attempts: Sequence[Attempt], worker_id: str) -> None:
    """Keep attempts, move their calls and circuits, and tell the facts, in one transaction."""
    verdicts = [rules.verdict(attempt, chance=random.random()) for attempt in attempts]

    async def work(tx: Tx) -> None:
        await _move_circuits(tx, attempts)
        moved = await calls.record_attempts(tx, attempts, verdicts, worker_id=worker_id)
        tx.emit(facts_of(moved, problems={attempt.call.id: attempt.problem for attempt in attempts}))

    await in_transaction(database, SYSTEM, work)


async def _send(wire: Wire, call: ClaimedCall, *, latest_start: float) -> Attempt | None:
    """Send, unless this process slept so long that the lease may end before the exchange does."""
    if time.monotonic() > latest_start:
        return None
    return await wire.send(call)


async def _move_circuits(tx: Tx, attempts: Sequence[Attempt]) -> None:
    outcomes: dict[int, list[AttemptOutcome]] = defaultdict(list)
    codes = {attempt.call.partner_id: attempt.call.partner for attempt in attempts}
    for attempt in attempts:
        outcomes[attempt.call.partner_id].append(attempt.outcome)

    before = await partners.lock_breakers(tx, sorted(outcomes))
    after = [circuit.after(breaker, outcomes[breaker.partner_id]) for breaker in before]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    await partners.save_breakers(tx, [new for _, new in changed])
    tx.emit(
        PartnerCircuitMoved(partner_subject(new.partner_id, codes[new.partner_id]), str(old.circuit), str(new.circuit))
        for old, new in changed
        if new.circuit not in (old.circuit, Circuit.HALF_OPEN)
    )
