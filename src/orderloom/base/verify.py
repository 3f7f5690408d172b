"""Invariants: what must be true of the whole database at any moment, as queries that find the breach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise of a room.

    `sql` returns one text column naming what breaks it and no row where all is well; the
    caller adds a LIMIT. `name` reads as a sentence that should be true.
    """

    name: str
    sql: LiteralString


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "every job has the event that asked for it",
        """
        SELECT 'job ' || job.id
          FROM base.job
     LEFT JOIN base.event ON event.id = job.event_id AND event.at = job.event_at
         WHERE event.id IS NULL
        """,
    ),
    Invariant(
        "no job has given up",
        """
        SELECT 'job ' || id || ': ' || reaction || ' (' || coalesce(error, '') || ')'
          FROM base.job
         WHERE state = 'dead'
        """,
    ),
    Invariant(
        "an idempotency key that is answered is complete",
        """
        SELECT actor || ' ' || route || ' ' || key
          FROM base.idempotency_key
         WHERE (answer_status IS NULL) <> (answer_body IS NULL)
        """,
    ),
)
