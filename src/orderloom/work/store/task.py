"""The only writer of the schema `work`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from typing import Any

from orderloom.base.calendars import ALWAYS, Calendar
from orderloom.base.transaction import Tx
from orderloom.processes.types import StepId
from orderloom.work.types import QueueDraft


@dataclass(frozen=True, slots=True)
class Standing:
    """A person's step with what decides who may do what with it; locked against others who take it."""

    process_id: int
    number: int
    title: str
    state: str
    mode: str
    held: bool
    queue: str | None
    team_id: int | None
    user_id: int | None
    user_name: str | None
    step_params: dict[str, Any] | None
    node_params: dict[str, Any] | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None

    @property
    def id(self) -> StepId:
        """The step that the task is."""
        return StepId(self.process_id, self.number)

    @property
    def params(self) -> dict[str, Any]:
        """What the shape says, and what is this step's own."""
        return {**(self.node_params or {}), **(self.step_params or {})}


@dataclass(frozen=True, slots=True)
class Clock:
    """What a task's due date is made of."""

    process_id: int
    number: int
    ready_at: datetime
    sla_hours: Decimal | None
    calendar: str | None


async def standings(tx: Tx, ids: Sequence[StepId]) -> dict[StepId, Standing]:
    """These tasks; their processes are locked first, as by every command that moves steps."""
    await tx.execute(
        """
        SELECT FROM processes.process WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE
        """,
        {"ids": sorted({id_[0] for id_ in ids})},
    )
    rows = await tx.all(
        """
        SELECT step.process_id, step.number, step.title, step.state, step.mode, step.held, step.queue,
               queue.team_id, assignment.user_id, person.name AS user_name, step.params AS step_params,
               definition.graph #> ARRAY['nodes', step.number::text, 'params'] AS node_params,
               process.subject_kind, process.subject_id, process.subject_label, process.account_id
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN processes.step USING (process_id, number)
          JOIN processes.process ON process.id = step.process_id
          JOIN processes.definition ON definition.id = process.definition_id
          LEFT JOIN work.queue ON queue.code = step.queue
          LEFT JOIN work.assignment ON assignment.process_id = step.process_id AND assignment.number = step.number
          LEFT JOIN parties.user AS person ON person.id = assignment.user_id
         WHERE step.mode = 'person'
        """,
        {"process_ids": [id_[0] for id_ in ids], "numbers": [id_[1] for id_ in ids]},
        row=Standing,
    )
    return {row.id: row for row in rows}


async def assign(tx: Tx, ids: Sequence[StepId], user_id: int, *, action: str, reason: str | None) -> None:
    """Give tasks to a user, whoever had them."""
    await tx.execute(
        """
          WITH task AS (
               SELECT * FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS task (process_id, number)),
               logged AS (
               INSERT INTO work.assignment_log (process_id, number, action, user_id, actor_name, reason, at)
               SELECT process_id, number, %(action)s, %(user_id)s, %(actor_name)s, %(reason)s, %(now)s FROM task)
        INSERT INTO work.assignment (process_id, number, user_id, assigned_at)
        SELECT process_id, number, %(user_id)s, %(now)s
          FROM task
            ON CONFLICT (process_id, number) DO UPDATE
           SET user_id = excluded.user_id, assigned_at = excluded.assigned_at
        """,
        _task_params(tx, ids) | {"user_id": user_id, "action": action, "reason": reason},
    )


async def release(tx: Tx, ids: Sequence[StepId], *, reason: str) -> None:
    """Give tasks back to their queues."""
    await tx.execute(
        """
          WITH gone AS (
               DELETE FROM work.assignment
                USING unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS task (process_id, number)
                WHERE assignment.process_id = task.process_id AND assignment.number = task.number
            RETURNING assignment.process_id, assignment.number, assignment.user_id)
        INSERT INTO work.assignment_log (process_id, number, action, user_id, actor_name, reason, at)
        SELECT process_id, number, 'released', user_id, %(actor_name)s, %(reason)s, %(now)s
          FROM gone
        """,
        _task_params(tx, ids) | {"reason": reason},
    )


def _task_params(tx: Tx, ids: Sequence[StepId]) -> dict[str, Any]:
    return {
        "process_ids": [id_[0] for id_ in ids],
        "numbers": [id_[1] for id_ in ids],
        "actor_name": tx.actor.name,
        "now": tx.now,
    }


async def put_queues(tx: Tx, drafts: Sequence[QueueDraft]) -> None:
    """Set up queues, or change them."""
    await tx.execute(
        """
        INSERT INTO work.queue (code, name, team_id, calendar, sla_hours)
        SELECT *
          FROM unnest(%(codes)s::text[], %(names)s::text[], %(team_ids)s::bigint[], %(calendars)s::text[],
                      %(sla_hours)s::numeric[])
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, team_id = excluded.team_id, calendar = excluded.calendar,
               sla_hours = excluded.sla_hours
        """,
        {
            "codes": [draft.code for draft in drafts],
            "names": [draft.name for draft in drafts],
            "team_ids": [draft.team_id for draft in drafts],
            "calendars": [draft.calendar for draft in drafts],
            "sla_hours": [draft.sla_hours for draft in drafts],
        },
    )


async def ensure_queues(tx: Tx, codes: Sequence[str]) -> None:
    """Make the queues that tasks name and nobody has set up."""
    await tx.execute(
        """
        INSERT INTO work.queue (code, name)
        SELECT code, code FROM unnest(%(codes)s::text[]) AS fresh (code) ORDER BY code
            ON CONFLICT (code) DO NOTHING
        """,
        {"codes": sorted(set(codes))},
    )


async def clocks(tx: Tx, ids: Sequence[StepId]) -> list[Clock]:
    """Of open tasks without a due date: since when they are ready, and what their SLA is."""
    return await tx.all(
        """
        SELECT step.process_id, step.number, step.ready_at, queue.calendar,
               coalesce((step.params->>'sla_hours')::numeric,
                        (definition.graph #>> ARRAY['nodes', step.number::text, 'params', 'sla_hours'])::numeric,
                        queue.sla_hours) AS sla_hours
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN processes.step USING (process_id, number)
          JOIN processes.process ON process.id = step.process_id
          JOIN processes.definition ON definition.id = process.definition_id
          LEFT JOIN work.queue ON queue.code = step.queue
         WHERE step.mode = 'person' AND step.state IN ('ready', 'running') AND step.due IS NULL
           AND step.ready_at IS NOT NULL
        """,
        {"process_ids": [id_[0] for id_ in ids], "numbers": [id_[1] for id_ in ids]},
        row=Clock,
    )


async def calendars(tx: Tx, codes: Sequence[str]) -> dict[str, Calendar]:
    """Calendars by code: seven lists of spans such as ["08:00", "17:00"], "24:00" being midnight."""
    rows = await tx.all(
        """
        SELECT code, time_zone, hours, holidays FROM base.calendar WHERE code = ANY(%(codes)s)
        """,
        {"codes": list(codes)},
    )
    return {code: _calendar(zone, hours, holidays) for code, zone, hours, holidays in rows}


def _calendar(zone: str, hours: Sequence[Sequence[Sequence[str]]], holidays: Sequence[Any]) -> Calendar:
    week = tuple(tuple((_time(opens), _time(closes)) for opens, closes in day) for day in hours)
    return Calendar(zone, week, frozenset(holidays)) if any(week) else ALWAYS


def _time(text: str) -> time:
    return time.max if text.startswith("24") else time.fromisoformat(text)
