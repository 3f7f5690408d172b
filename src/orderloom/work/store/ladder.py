"""The ladder in SQL: rungs of queues, and alarms of tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.processes.types import StepId
from orderloom.work.types import Act, RungDraft


@dataclass(frozen=True, slots=True)
class RungRow:
    """A rung of the ladder of a task's queue, with the task's due date and calendar."""

    process_id: int
    number: int
    place: int
    hours: Decimal
    act: Act
    due: datetime
    calendar: str | None


@dataclass(frozen=True, slots=True)
class Alarm:
    """A rung whose moment has come for an open task: who has the task, and whom it may go up to."""

    process_id: int
    number: int
    place: int
    hours: Decimal
    act: Act
    due: datetime
    task_due: datetime | None
    title: str
    kind: str
    queue: str | None
    calendar: str | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    user_id: int | None
    manager_id: int | None
    worker_ids: list[int]
    lead_ids: list[int]

    @property
    def id(self) -> StepId:
        """The step that the task is."""
        return StepId(self.process_id, self.number)


async def put_rungs(tx: Tx, ladders: Mapping[str, Sequence[RungDraft]]) -> None:
    """Write the ladders of queues in place of those that they have; tasks that are open keep theirs."""
    rows = [(code, place, rung) for code, rungs in ladders.items() for place, rung in enumerate(rungs, start=1)]
    await tx.execute(
        """
          WITH gone AS (
               DELETE FROM work.rung
                WHERE queue = ANY(%(codes)s)
                  AND NOT EXISTS (SELECT FROM unnest(%(queues)s::text[], %(places)s::integer[]) AS kept (queue, place)
                                   WHERE kept.queue = rung.queue AND kept.place = rung.place))
        INSERT INTO work.rung (queue, place, hours, act)
        SELECT *
          FROM unnest(%(queues)s::text[], %(places)s::integer[], %(hours)s::numeric[], %(acts)s::text[])
            ON CONFLICT (queue, place) DO UPDATE
           SET hours = excluded.hours, act = excluded.act
        """,
        {
            "codes": list(ladders),
            "queues": [code for code, _, _ in rows],
            "places": [place for _, place, _ in rows],
            "hours": [rung.hours for _, _, rung in rows],
            "acts": [rung.act for _, _, rung in rows],
        },
    )


async def rungs_of(tx: Tx, ids: Sequence[StepId]) -> list[RungRow]:
    """The rungs for these tasks, of those that are open and have a due date."""
    return await tx.all(
        """
        SELECT step.process_id, step.number, rung.place, rung.hours, rung.act, step.due, queue.calendar
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN processes.step USING (process_id, number)
          JOIN work.queue ON queue.code = step.queue
          JOIN work.rung ON rung.queue = queue.code
         WHERE step.mode = 'person' AND step.state IN ('ready', 'running') AND step.due IS NOT NULL
         ORDER BY step.process_id, step.number, rung.place
        """,
        {"process_ids": [one for one, _ in ids], "numbers": [number for _, number in ids]},
        row=RungRow,
    )


async def set_alarms(tx: Tx, rows: Sequence[tuple[RungRow | Alarm, datetime, datetime]]) -> None:
    """Set alarms for rungs: from which due date, and at which moment. One that has rung stays as it is."""
    await tx.execute(
        """
        INSERT INTO work.alarm (process_id, number, place, hours, act, due, at)
        SELECT *
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(places)s::integer[], %(hours)s::numeric[],
                      %(acts)s::text[], %(dues)s::timestamptz[], %(ats)s::timestamptz[])
            ON CONFLICT (process_id, number, place) DO UPDATE
           SET due = excluded.due, at = excluded.at
         WHERE alarm.fired_at IS NULL
        """,
        {
            "process_ids": [row.process_id for row, _, _ in rows],
            "numbers": [row.number for row, _, _ in rows],
            "places": [row.place for row, _, _ in rows],
            "hours": [row.hours for row, _, _ in rows],
            "acts": [row.act for row, _, _ in rows],
            "dues": [due for _, due, _ in rows],
            "ats": [at for _, _, at in rows],
        },
    )


async def claim_alarms(tx: Tx, *, limit: int) -> list[Alarm]:
    """The alarms that are to ring, in their order; those of ended tasks are put away, those of tasks on hold wait."""
    await tx.execute(
        """
        UPDATE work.alarm
           SET fired_at = base.now()
          FROM processes.step
         WHERE alarm.fired_at IS NULL AND alarm.at <= base.now()
           AND step.process_id = alarm.process_id AND step.number = alarm.number
           AND step.state NOT IN ('ready', 'running', 'waiting', 'blocked')
        """
    )
    return await tx.all(
        """
          WITH due AS (
               SELECT alarm.process_id, alarm.number, alarm.place
                 FROM work.alarm
                 JOIN processes.step USING (process_id, number)
                WHERE alarm.fired_at IS NULL AND alarm.at <= base.now()
                  AND step.state IN ('ready', 'running') AND NOT step.held
                ORDER BY alarm.at, alarm.process_id, alarm.number, alarm.place
                LIMIT %(limit)s
                  FOR UPDATE OF alarm SKIP LOCKED)
        SELECT alarm.process_id, alarm.number, alarm.place, alarm.hours, alarm.act, alarm.due, step.due AS task_due,
               step.title, step.kind, step.queue, queue.calendar, process.subject_kind, process.subject_id,
               process.subject_label, process.account_id, assignment.user_id, manager.id AS manager_id,
               ARRAY(SELECT member.user_id FROM parties.team_member AS member
                       JOIN parties.user AS worker ON worker.id = member.user_id AND worker.is_active
                      WHERE member.team_id = queue.team_id ORDER BY 1) AS worker_ids,
               ARRAY(SELECT member.user_id FROM parties.team_member AS member
                       JOIN parties.user AS lead ON lead.id = member.user_id AND lead.is_active
                      WHERE member.team_id = queue.team_id AND member.is_lead ORDER BY 1) AS lead_ids
          FROM due
          JOIN work.alarm USING (process_id, number, place)
          JOIN processes.step USING (process_id, number)
          JOIN processes.process ON process.id = step.process_id
          LEFT JOIN work.queue ON queue.code = step.queue
          LEFT JOIN work.assignment ON assignment.process_id = step.process_id AND assignment.number = step.number
          LEFT JOIN parties.reporting ON reporting.user_id = assignment.user_id
          LEFT JOIN parties.user AS manager ON manager.id = reporting.manager_id AND manager.is_active
         ORDER BY alarm.process_id, alarm.number, alarm.at, alarm.place
        """,
        {"limit": limit},
        row=Alarm,
    )


async def ring(tx: Tx, alarms: Sequence[Alarm]) -> None:
    """Say that these have rung."""
    await tx.execute(
        """
        UPDATE work.alarm
           SET fired_at = base.now()
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(places)s::integer[])
               AS rung (process_id, number, place)
         WHERE (alarm.process_id, alarm.number, alarm.place) = (rung.process_id, rung.number, rung.place)
        """,
        {
            "process_ids": [one.process_id for one in alarms],
            "numbers": [one.number for one in alarms],
            "places": [one.place for one in alarms],
        },
    )
