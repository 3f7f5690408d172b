"""The worker's loop body: run claimed steps, complete them and claim the next in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import cycle
from time import monotonic

import psycopg
import structlog
from psycopg.errors import DeadlockDetected, SerializationFailure

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Json, Tx, in_transaction, transaction
from orderloom.base.types import SYSTEM, Call, Done, Failed, NotNow, Outcome, Waiting
from orderloom.processes import rules
from orderloom.processes.events import StepOverdue
from orderloom.processes.rules import Delta, Intent
from orderloom.processes.settle import OPEN, Wish, advance, close, settle
from orderloom.processes.store import claim as claims
from orderloom.processes.store import process as processes
from orderloom.processes.store import step as steps
from orderloom.processes.store.claim import Claimed
from orderloom.processes.store.process import Running
from orderloom.processes.types import ErrorClass, State, StepId

BATCH = 150
LEASE_SECONDS = 60.0
LOST_LIMIT = 3
SUSPECT_PAUSE_SECONDS = 5.0
LOST_RACES = (DeadlockDetected, SerializationFailure)
SWEEP_LIMIT = 200

# Which class comes first, claim by claim: six, three and one of ten.
TURNS = ((0, 1, 2), (0, 1, 2), (1, 0, 2), (0, 1, 2), (0, 1, 2), (1, 0, 2), (0, 1, 2), (2, 0, 1), (0, 1, 2), (1, 0, 2))

_log = structlog.get_logger()


class StepWorker:
    """Runs automatic steps, batch by batch. Holds what it has claimed, and nothing else.

    When it dies, the leases of what it held run out and another worker takes over.
    """

    def __init__(
        self,
        database: Database,
        worker_id: str,
        *,
        lease_seconds: float = LEASE_SECONDS,
        told: Callable[[int], object] = lambda _claimed: None,
    ) -> None:
        """`told` hears of each claim how many steps it took."""
        self._database = database
        self._told = told
        self.worker_id = worker_id
        self._lease_seconds = lease_seconds
        self._claimed: list[Claimed] = []
        self._turns = cycle(TURNS)
        self._suspects_at = 0.0

    async def turn(self, limit: int = BATCH) -> int:
        """Run what is claimed and claim the next, together; return how many steps were run.

        When the batch crashes, each of its steps is run alone, and one that crashes again has
        failed. Zero means that nothing was ready.
        """
        batch, self._claimed = self._claimed, []
        try:
            async with transaction(self._database, SYSTEM) as tx:
                await run_claimed(tx, batch)
                claimed = await self._claim(tx, limit)
        except psycopg.OperationalError as error:
            if not isinstance(error, LOST_RACES):  # the connection is gone, and what we hold may still be ours
                self._claimed = batch
                raise
            return await self._run_each(batch)
        except Exception:
            if not batch:
                raise
            _log.exception("a batch of steps failed", worker=self.worker_id, steps=len(batch))
            return await self._run_each(batch)
        self._claimed = claimed
        self._told(len(claimed))
        if not batch and claimed:
            return await self.turn(limit)
        if monotonic() > self._suspects_at:
            return len(batch) + await self.run_suspects()
        return len(batch)

    async def stop(self) -> None:
        """Give back what was claimed and not begun."""
        batch, self._claimed = self._claimed, []
        if batch:
            async with transaction(self._database, SYSTEM) as tx:
                await claims.give_back(tx, batch)

    async def _claim(self, tx: Tx, limit: int) -> list[Claimed]:
        return await claims.claim(
            tx, list(tx.house.step_kinds), order=next(self._turns), limit=limit, lease_seconds=self._lease_seconds
        )

    async def run_suspects(self) -> int:
        """Run the steps whose worker was lost, each alone; park one that has cost several workers."""
        ran = 0
        self._suspects_at = monotonic() + SUSPECT_PAUSE_SECONDS
        while True:
            async with transaction(self._database, SYSTEM) as tx:
                suspects = await claims.claim_suspect(tx, list(tx.house.step_kinds), lease_seconds=self._lease_seconds)
            if not suspects:
                return ran
            for step in suspects:
                if step.lost >= LOST_LIMIT:
                    await self._fail(step, f"{step.lost} workers were lost at this step; find out why, then retry it.")
                else:
                    await self._run_alone(step)
                ran += 1

    async def _run_each(self, batch: Sequence[Claimed]) -> int:
        for step in batch:
            await self._run_alone(step)
        return len(batch)

    async def _run_alone(self, step: Claimed) -> None:
        try:
            await in_transaction(self._database, SYSTEM, lambda tx: run_claimed(tx, [step]))
        except psycopg.OperationalError:
            raise  # not the step's doing; its lease runs out and it is tried again
        except Refused as refused:
            await self._fail(step, str(refused), error_class="business")
        except Exception as error:
            _log.exception("a step failed", worker=self.worker_id, process=step.process_id, number=step.number)
            await self._fail(step, f"The program failed at this step: {type(error).__name__}: {error}")

    async def _fail(self, claimed: Claimed, message: str, *, error_class: ErrorClass = "unknown") -> None:
        async with transaction(self._database, SYSTEM) as tx:
            running = await processes.lock(tx, [claimed.process_id])
            id_ = StepId(claimed.process_id, claimed.number)
            if id_ in await claims.still_ours(tx, [claimed]):
                found = await steps.fetch(tx, [id_])
                await settle(tx, running, [(found[id_], Intent("fail", error_class=error_class, error=message))])


async def run_batch(database: Database, worker_id: str, limit: int = BATCH) -> int:
    """Claim and run one batch of steps; return how many. A loop keeps a `StepWorker` instead."""
    worker = StepWorker(database, worker_id)
    ran = await worker.turn(limit)
    await worker.stop()
    return ran


async def run_claimed(tx: Tx, batch: Sequence[Claimed]) -> None:
    """Run the handlers of steps that are still ours and move the steps by the outcomes."""
    if not batch:
        return
    running = await processes.lock(tx, [step.process_id for step in batch])
    ours = await claims.still_ours(tx, batch)
    outcomes = await _outcomes(tx, running, [step for step in batch if (step.process_id, step.number) in ours])
    bare = [
        (id_, outcome)
        for id_, outcome in outcomes.items()
        if isinstance(outcome, Done) and ours[id_] and running[id_.process_id].shape.plain[id_.number]
    ]
    wishes: list[Wish] = []
    if bare:
        wishes = await _finish_bare(tx, running, bare)
    if len(bare) < len(outcomes):
        known = dict(bare)
        clock = await claims.clock(tx)
        others = await steps.fetch(tx, [id_ for id_ in outcomes if id_ not in known])
        for id_, step in others.items():
            node = running[id_.process_id].shape.nodes[id_.number]
            wishes.append((step, intent_of(outcomes[id_], node.retries_seconds, step.retries, id_, clock)))
    if wishes:
        await settle(tx, running, wishes)
    closing = {id_.process_id for id_, _ in bare if id_.number in running[id_.process_id].shape.closers}
    if closing:
        await close(tx, running, closing)


async def _outcomes(tx: Tx, running: Mapping[int, Running], batch: Sequence[Claimed]) -> dict[StepId, Outcome]:
    calls: dict[str, list[Call]] = defaultdict(list)
    for step in batch:
        here = running[step.process_id]
        node = here.shape.nodes[step.number]
        calls[step.kind].append(
            Call(
                step.process_id,
                step.number,
                step.attempt,
                step.kind,
                step.key,
                step.title,
                here.subject,
                {**node.params, **step.params} if step.params else node.params,
                here.variables,
            )
        )
    outcomes: dict[StepId, Outcome] = {}
    for kind, group in calls.items():
        answers = await tx.house.step_kinds[kind](tx, group)
        assert len(answers) == len(group), f"the step kind {kind} owes one outcome for each call"
        for call, answer in zip(group, answers, strict=True):
            outcomes[StepId(call.process_id, call.number)] = answer
    return outcomes


async def _finish_bare(tx: Tx, running: Mapping[int, Running], bare: Sequence[tuple[StepId, Outcome]]) -> list[Wish]:
    """The short way for most steps: done, tokens out, successors ready, in two statements."""
    outputs = [Json(dict(o.outputs)) if isinstance(o, Done) and o.outputs else None for _, o in bare]
    await claims.finish_bare(tx, [id_ for id_, _ in bare], outputs)
    deltas: list[tuple[int, Delta]] = []
    for id_, _ in bare:
        for release in running[id_.process_id].shape.releases[id_.number]:
            after = tx.now + timedelta(seconds=release.lag_seconds) if release.lag_seconds else None
            deltas.append((
                id_.process_id,
                Delta(
                    release.then,
                    release.start,
                    release.finish,
                    release.live,
                    after if release.start else None,
                    after if release.finish else None,
                ),
            ))  # fmt: skip
    return await advance(tx, running, deltas)


def intent_of(outcome: Outcome, policy: Sequence[int], retries: int, id_: StepId, clock: datetime) -> Intent:
    """What a handler's outcome means for its step."""
    match outcome:
        case Done(outputs):
            return Intent("complete", outputs=outputs or None)
        case Waiting(correlation, until):
            return Intent("wait", correlation=correlation, until=until)
        case NotNow(problems):
            return Intent("fail", error_class="business", error="; ".join(p.message for p in problems))
        case Failed(error_class, message):
            pause = None
            if error_class == "transient":
                pause = rules.retry_pause_seconds(policy, retries, id_.process_id * 31 + id_.number)
            retry_at = clock + timedelta(seconds=pause) if pause is not None else None
            return Intent("fail", error_class=error_class, error=message, retry_at=retry_at)  # type: ignore[arg-type]


async def sweep(database: Database) -> int:
    """Do what the clock asks for: retries, timers, late steps. Return how many steps moved."""
    moved = 0
    async with transaction(database, SYSTEM) as tx:
        moved += await wake_retries(tx)
    async with transaction(database, SYSTEM) as tx:
        moved += await fire_timers(tx)
    async with transaction(database, SYSTEM) as tx:
        moved += await notice_overdue(tx)
    return moved


async def wake_retries(tx: Tx) -> int:
    """Make ready the steps whose pause before the next attempt is over."""
    woken = await claims.wake_retries(tx, limit=SWEEP_LIMIT)
    if woken:
        tx.wake_worker()
    return woken


async def fire_timers(tx: Tx) -> int:
    """Move the waiting steps whose business time has come: lags, timers, held finishes, overdue replies."""
    due = await claims.due_steps(tx, limit=SWEEP_LIMIT)
    free = set(await claims.lockable(tx, [id_.process_id for id_ in due])) if due else set()
    if not free:
        return 0
    running = await processes.lock(tx, sorted(free))
    wishes: list[Wish] = []
    for step in (await steps.fetch(tx, [id_ for id_ in due if id_.process_id in free])).values():
        if step.state != State.WAITING or step.held or step.due is None or step.due > tx.now:
            continue
        match step.sub_reason:
            case "lag":
                wishes.append((step, OPEN))
            case "timer" | "finish":
                wishes.append((step, Intent("complete")))
            case "reply":
                late = f"No answer came until {step.due.isoformat()}; ask the partner, then retry or complete."
                wishes.append((step, Intent("fail", error_class="unknown", error=late)))
    await settle(tx, running, wishes)
    return len(wishes)


async def notice_overdue(tx: Tx) -> int:
    """Tell of steps that have not ended at their latest typical finish, each once."""
    ids = await claims.processes_to_wake(tx, limit=SWEEP_LIMIT)
    if not ids:
        return 0
    running = await processes.lock(tx, ids)
    late = await claims.mark_overdue(tx, ids)
    tx.emit(
        StepOverdue(
            running[step.process_id].subject, step.process_id, step.number, step.key, step.kind,
            step.state, step.wake_at.isoformat(),
        )
        for step in late
    )  # fmt: skip
    await processes.postpone_wake(tx, ids)
    return len(late)


async def run_until_quiet(database: Database, *, worker_id: str = "quiet", most_turns: int = 10_000) -> int:
    """Run steps and timers until nothing is due; for tests, imports and simulations."""
    worker = StepWorker(database, worker_id)
    total = 0
    for _ in range(most_turns):
        ran = await worker.turn()
        total += ran
        if not ran:
            moved = await sweep(database)
            if not moved:
                break
    await worker.stop()
    return total
