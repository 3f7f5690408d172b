"""The worker's side: claiming, fencing, completing in bulk, reaping, waking."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.processes.store.step import COLUMNS
from orderloom.processes.types import Step, StepId


@dataclass(frozen=True, slots=True)
class Claimed:
    """A step that this worker runs while its lease lasts; `attempt` is the fence."""

    process_id: int
    number: int
    attempt: int
    kind: str
    key: str
    title: str
    params: dict[str, Any] | None
    lost: int


async def claim(
    tx: Tx, kinds: Sequence[str], *, order: Sequence[int], limit: int, lease_seconds: float
) -> list[Claimed]:
    """Take ready steps, first of the class `order[0]`, then of the others, each by latest finish.

    Steps whose worker was lost are left to `claim_suspect`. Never waits for a lock.
    """
    return await tx.all(
        """
          WITH first AS (
               SELECT process_id, number
                 FROM processes.step
                WHERE state = 'ready' AND mode = 'auto' AND NOT held AND priority = %(first)s
                  AND lease_until IS NULL AND lost = 0 AND kind = ANY(%(kinds)s)
                ORDER BY wake_at, process_id, number
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED),
               second AS (
               SELECT process_id, number
                 FROM processes.step
                WHERE state = 'ready' AND mode = 'auto' AND NOT held AND priority = %(second)s
                  AND lease_until IS NULL AND lost = 0 AND kind = ANY(%(kinds)s)
                ORDER BY wake_at, process_id, number
                LIMIT %(limit)s - (SELECT count(*) FROM first)
                  FOR UPDATE SKIP LOCKED),
               third AS (
               SELECT process_id, number
                 FROM processes.step
                WHERE state = 'ready' AND mode = 'auto' AND NOT held AND priority = %(third)s
                  AND lease_until IS NULL AND lost = 0 AND kind = ANY(%(kinds)s)
                ORDER BY wake_at, process_id, number
                LIMIT %(limit)s - (SELECT count(*) FROM first) - (SELECT count(*) FROM second)
                  FOR UPDATE SKIP LOCKED),
               taken AS (
               SELECT * FROM first UNION ALL SELECT * FROM second UNION ALL SELECT * FROM third)
        UPDATE processes.step
           SET attempt = step.attempt + 1,
               lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second'
          FROM taken
         WHERE step.process_id = taken.process_id AND step.number = taken.number
     RETURNING step.process_id, step.number, step.attempt, step.kind, step.key, step.title, step.params,
               step.lost
        """,
        {
            "kinds": list(kinds),
            "limit": limit,
            "lease_seconds": lease_seconds,
            "first": order[0],
            "second": order[1],
            "third": order[2],
        },
        row=Claimed,
    )


async def claim_suspect(tx: Tx, kinds: Sequence[str], *, lease_seconds: float) -> list[Claimed]:
    """Take one step whose worker was lost while it had it, so that it takes no other down with it.

    `lost` counts how often that has happened, this time included.
    """
    return await tx.all(
        """
          WITH suspect AS (
               SELECT process_id, number
                 FROM processes.step
                WHERE state = 'ready' AND mode = 'auto' AND NOT held AND kind = ANY(%(kinds)s)
                  AND (lease_until < clock_timestamp() OR (lease_until IS NULL AND lost > 0))
                ORDER BY priority, wake_at, process_id, number
                LIMIT 1
                  FOR UPDATE SKIP LOCKED)
        UPDATE processes.step
           SET attempt = step.attempt + 1,
               lost = step.lost + CASE WHEN step.lease_until IS NULL THEN 0 ELSE 1 END,
               lease_until = clock_timestamp() + %(lease_seconds)s * interval '1 second'
          FROM suspect
         WHERE step.process_id = suspect.process_id AND step.number = suspect.number
     RETURNING step.process_id, step.number, step.attempt, step.kind, step.key, step.title, step.params,
               step.lost
        """,
        {"kinds": list(kinds), "lease_seconds": lease_seconds},
        row=Claimed,
    )


async def still_ours(tx: Tx, claimed: Sequence[Claimed]) -> dict[StepId, bool]:
    """Lock the claimed steps that nobody has taken away; of each, whether it may end without further thought.

    The lock is kept until the transaction ends, so that the effects of a handler and the completion
    of its step are one.
    """
    rows = await tx.all(
        """
        SELECT process_id, number,
               pending_finish = 0 AND finish_after IS NULL AND started_at IS NULL AND outputs IS NULL
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(attempts)s::smallint[])
               AS claimed (process_id, number, attempt)
          JOIN processes.step USING (process_id, number, attempt)
         WHERE step.state = 'ready' AND step.lease_until IS NOT NULL AND NOT step.held
         ORDER BY process_id, number
           FOR NO KEY UPDATE OF step
        """,
        {
            "process_ids": [step.process_id for step in claimed],
            "numbers": [step.number for step in claimed],
            "attempts": [step.attempt for step in claimed],
        },
    )
    return {StepId(process_id, number): bare for process_id, number, bare in rows}


async def finish_bare(tx: Tx, ids: Sequence[StepId], outputs: Sequence[Any]) -> None:
    """End running steps that have nothing to think about, with their log, in one statement."""
    await tx.execute(
        """
          WITH move AS (
               SELECT *
                 FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(outputs)s::jsonb[])
                   AS move (process_id, number, outputs)),
               moved AS (
               UPDATE processes.step
                  SET state = 'done', token = true, outputs = move.outputs, started_at = %(now)s,
                      finished_at = %(now)s, lease_until = NULL
                 FROM move
                WHERE step.process_id = move.process_id AND step.number = move.number
            RETURNING step.process_id, step.number, step.attempt, step.ready_at, step.outputs)
        INSERT INTO processes.step_log (at, process_id, ready_at, started_at, user_id, number, attempt, from_state,
                                        to_state, actor_kind, actor_name, outputs)
        SELECT %(now)s, process_id, ready_at, %(now)s, %(user_id)s, number, attempt, 'ready', 'done',
               %(actor_kind)s, %(actor_name)s, CASE WHEN pg_column_size(outputs) < 2000 THEN outputs END
          FROM moved
        """,
        {
            "process_ids": [id_.process_id for id_ in ids],
            "numbers": [id_.number for id_ in ids],
            "outputs": list(outputs),
            "now": tx.now,
            "user_id": tx.actor.user_id,
            "actor_kind": tx.actor.kind,
            "actor_name": tx.actor.name,
        },
    )


async def give_back(tx: Tx, claimed: Sequence[Claimed]) -> None:
    """Return steps that were claimed but not begun."""
    await tx.execute(
        """
        UPDATE processes.step
           SET lease_until = NULL
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(attempts)s::smallint[])
               AS claimed (process_id, number, attempt)
         WHERE step.process_id = claimed.process_id AND step.number = claimed.number
           AND step.attempt = claimed.attempt AND step.lease_until IS NOT NULL
        """,
        {
            "process_ids": [step.process_id for step in claimed],
            "numbers": [step.number for step in claimed],
            "attempts": [step.attempt for step in claimed],
        },
    )


async def wake_retries(tx: Tx, *, limit: int) -> int:
    """Make ready the steps whose pause before the next attempt is over."""
    return await tx.execute(
        """
          WITH rested AS (
               SELECT process_id, number
                 FROM processes.step
                WHERE state = 'waiting' AND retry_at <= clock_timestamp() AND NOT held
                ORDER BY retry_at
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        UPDATE processes.step
           SET state = 'ready', sub_reason = NULL, retry_at = NULL, error_class = NULL, error = NULL
          FROM rested
         WHERE step.process_id = rested.process_id AND step.number = rested.number
        """,
        {"limit": limit},
    )


async def due_steps(tx: Tx, *, limit: int) -> list[StepId]:
    """Waiting steps whose business time has come; look at them again once their process is locked."""
    rows = await tx.all(
        """
        SELECT process_id, number
          FROM processes.step
         WHERE state = 'waiting' AND due <= %(now)s AND NOT held
         ORDER BY due
         LIMIT %(limit)s
        """,
        {"now": tx.now, "limit": limit},
    )
    return [StepId(*row) for row in rows]


async def lockable(tx: Tx, process_ids: Sequence[int]) -> list[int]:
    """Those of these processes that no other transaction has locked; they are locked now."""
    return await tx.values(
        """
        SELECT id
          FROM processes.process
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        {"ids": sorted(set(process_ids))},
    )


async def processes_to_wake(tx: Tx, *, limit: int) -> list[int]:
    """Processes in which a step may be late; they are locked now."""
    return await tx.values(
        """
        SELECT id
          FROM processes.process
         WHERE state = 'running' AND wake_at <= %(now)s
         ORDER BY wake_at
         LIMIT %(limit)s
           FOR NO KEY UPDATE SKIP LOCKED
        """,
        {"now": tx.now, "limit": limit},
    )


async def mark_overdue(tx: Tx, process_ids: Sequence[int]) -> list[Step]:
    """Mark the steps that should have ended by now and could have; return each once."""
    return await tx.all(
        f"""
           UPDATE processes.step
              SET overdue = true
            WHERE process_id = ANY(%(ids)s) AND wake_at <= %(now)s AND NOT overdue
              AND state IN ('ready', 'running', 'waiting')
        RETURNING {COLUMNS}
        """,
        {"ids": list(process_ids), "now": tx.now},
        row=Step,
    )


async def correlated(tx: Tx, correlations: Sequence[str]) -> dict[str, StepId]:
    """The steps that wait for these correlations."""
    rows = await tx.all(
        """
        SELECT correlation, process_id, number
          FROM processes.step
         WHERE correlation = ANY(%(correlations)s)
        """,
        {"correlations": list(correlations)},
    )
    return {correlation: StepId(process_id, number) for correlation, process_id, number in rows}


async def clock(tx: Tx) -> datetime:
    """Real time, for pauses between attempts."""
    now: datetime = await tx.value("SELECT clock_timestamp()")
    return now
