"""Jobs: running the reactions that events ask for, in batches, never two at once for one subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import structlog

from orderloom.base.events import StoredEvent
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM

BACK_OFF_SECONDS = (1, 5, 30, 120, 600, 3600, 6 * 3600)
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    """One reaction to one event, with the event as it was stored."""

    job_id: int
    reaction: str
    target_id: int | None
    attempts: int
    is_superseded: bool
    id: int
    at: datetime
    type: str
    actor_kind: str
    actor_name: str
    user_id: int | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    payload: dict[str, Any]

    @property
    def event(self) -> StoredEvent:
        """The event that asked for it."""
        return StoredEvent(
            self.id, self.at, self.type, self.actor_kind, self.actor_name, self.user_id,
            self.subject_kind, self.subject_id, self.subject_label, self.account_id, self.payload,
        )  # fmt: skip


async def run_jobs(database: Database, *, limit: int = 100) -> int:
    """Run the jobs that are due, at most `limit`; return how many ended.

    The effects of a batch are committed with the removal of its jobs. When a batch raises, its jobs
    are run again one by one, so that a poisonous one stops nobody else; it is tried with growing
    pauses and kept as dead in the end, with its error, for a person to see. A folding reaction is left
    to the last job that asks for it.
    """
    ids: list[int] = []
    try:
        async with transaction(database, SYSTEM) as tx:
            jobs = await _claim(tx, limit)
            ids = [job.job_id for job in jobs]
            if jobs:
                await _run(tx, jobs)
                await _remove(tx, ids)
    except Exception:
        if len(ids) <= 1:
            _log.exception("job failed", jobs=ids)
        for job_id in ids:
            await _run_alone(database, job_id)
    return len(ids)


async def revive_dead_jobs(tx: Tx, job_ids: Sequence[int]) -> int:
    """Let a person have dead jobs tried again; return how many were dead."""
    tx.wake_worker()
    return await tx.execute(
        """
        UPDATE base.job
           SET state = 'ready', attempts = 0, run_at = clock_timestamp()
         WHERE id = ANY(%(ids)s) AND state = 'dead'
        """,
        {"ids": list(job_ids)},
    )


async def _run_alone(database: Database, job_id: int) -> None:
    try:
        async with transaction(database, SYSTEM) as tx:
            jobs = await _claim(tx, 1, only=job_id)
            if jobs:
                await _run(tx, jobs)
                await _remove(tx, [job_id])
    except Exception as error:
        _log.exception("job failed", job=job_id)
        async with transaction(database, SYSTEM) as tx:
            await _postpone(tx, job_id, f"{type(error).__name__}: {error}")


async def _claim(tx: Tx, limit: int, *, only: int | None = None) -> list[Job]:
    """Lock jobs that may run now: the first of each subject with those that follow it and ask for the
    same reaction, and no subject that another worker has.
    """
    return await tx.all(
        """
          WITH due AS (
               SELECT id, event_id, event_at, reaction, subscription_id, attempts
                 FROM base.job
                WHERE state = 'ready' AND run_at <= clock_timestamp()
                  AND (%(only)s::bigint IS NULL OR id = %(only)s)
                  AND NOT EXISTS (SELECT
                                    FROM base.job AS earlier
                                   WHERE earlier.subject_kind = job.subject_kind
                                     AND earlier.subject_id = job.subject_id
                                     AND earlier.state = 'ready' AND earlier.id < job.id
                                     AND (earlier.reaction <> job.reaction OR earlier.attempts > 0))
                ORDER BY run_at, id
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        SELECT due.id AS job_id, due.reaction, subscription.target_id, due.attempts,
               due.reaction = ANY(%(folding)s)
               AND EXISTS (SELECT
                             FROM base.job AS later
                            WHERE later.subject_kind = event.subject_kind
                              AND later.subject_id = event.subject_id
                              AND later.reaction = due.reaction
                              AND later.state = 'ready' AND later.id > due.id) AS is_superseded,
               event.id, event.at, event.type, event.actor_kind, event.actor_name, event.user_id,
               event.subject_kind, event.subject_id, event.subject_label, event.account_id, event.payload
          FROM due
          JOIN base.event ON event.id = due.event_id AND event.at = due.event_at
     LEFT JOIN base.subscription ON subscription.id = due.subscription_id
         WHERE pg_try_advisory_xact_lock(hashtextextended(event.subject_kind, event.subject_id))
         ORDER BY due.reaction, event.type, due.id
        """,
        {"limit": limit, "only": only, "folding": sorted(tx.house.folding)},
        row=Job,
    )


async def _run(tx: Tx, jobs: Sequence[Job]) -> None:
    due = [job for job in jobs if not job.is_superseded]
    for (name, event_type), group in groupby(due, key=lambda job: (job.reaction, job.type)):
        batch = list(group)
        if name.startswith("subscriber:"):
            subscriber = tx.house.subscribers[name.removeprefix("subscriber:")]
            await subscriber(tx, [(job.target_id, job.event) for job in batch if job.target_id is not None])
        else:
            reaction, event = tx.house.reaction(event_type, name)
            await reaction(tx, [event.from_stored(job.event) for job in batch])


async def _remove(tx: Tx, ids: Sequence[int]) -> None:
    await tx.execute("DELETE FROM base.job WHERE id = ANY(%(ids)s)", {"ids": list(ids)})


async def _postpone(tx: Tx, job_id: int, error: str) -> None:
    await tx.execute(
        """
        UPDATE base.job
           SET attempts = attempts + 1,
               error = %(error)s,
               state = CASE WHEN attempts + 1 >= %(most)s THEN 'dead' ELSE 'ready' END,
               run_at = clock_timestamp()
                      + (%(pauses)s::integer[])[least(attempts + 1, %(most)s)] * interval '1 second'
         WHERE id = %(id)s
        """,
        {"id": job_id, "error": error[:2000], "pauses": list(BACK_OFF_SECONDS), "most": len(BACK_OFF_SECONDS)},
    )
