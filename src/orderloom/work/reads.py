"""Task lists as people see them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString

from orderloom.base.refusals import NotFound, Problem, refuse
from orderloom.base.transaction import Tx
from orderloom.parties.policy import require
from orderloom.processes.types import StepId
from orderloom.work.types import Queue, RungDraft, Task, TaskFilter, TaskPage

_COLUMNS: LiteralString = """
       step.process_id, step.number, step.key, step.title, step.kind, step.state, step.priority, step.queue,
       queue.name AS queue_name, step.held, step.hold_reason, step.due,
       coalesce(step.due < %(now)s, false) AS is_overdue,
       step.ready_at, step.started_at, assignment.user_id, person.name AS user_name,
       process.subject_kind, process.subject_id, process.subject_label, process.account_id,
       coalesce(step.params, '{}') AS params
"""
_JOINS: LiteralString = """
          JOIN processes.process ON process.id = step.process_id
          LEFT JOIN work.queue ON queue.code = step.queue
          LEFT JOIN work.assignment ON assignment.process_id = step.process_id AND assignment.number = step.number
          LEFT JOIN parties.user AS person ON person.id = assignment.user_id
"""
_FILTERS: LiteralString = """
               AND (%(overdue)s = false OR step.due < %(now)s)
               AND (%(priority)s::smallint IS NULL OR step.priority = %(priority)s)
               AND (coalesce(step.due, 'infinity'), step.process_id, step.number)
                   > (%(after_due)s::timestamptz, %(after_process)s::bigint, %(after_number)s::integer)
"""


ANY_OF_MY_TEAMS = TaskFilter()


async def list_tasks(
    tx: Tx,
    wanted: TaskFilter = ANY_OF_MY_TEAMS,
    *,
    after: str | None = None,
    limit: int = 50,
) -> TaskPage:
    """Open tasks by due date, those without one last; `after` is the mark that the last page gave."""
    require(tx.actor, "work.do")
    limit = min(max(limit, 1), 200)
    due, process_id, number = _read_mark(after)
    params: dict[str, Any] = {
        "now": tx.now, "overdue": wanted.overdue, "priority": wanted.priority, "unassigned": wanted.unassigned,
        "after_due": due, "after_process": process_id, "after_number": number, "limit": limit + 1,
        "user_id": tx.actor.user_id, "queue": wanted.queue, "team_ids": list(tx.actor.team_ids),
        "sees_all": tx.actor.may("work.assign") and wanted.view == "all",
        "subject_kind": wanted.subject_kind, "subject_id": wanted.subject_id,
    }  # fmt: skip
    tasks = await (_mine(tx, params) if wanted.view == "mine" else _of_queues(tx, params))
    more = len(tasks) > limit
    page = tuple(tasks[:limit])
    return TaskPage(page, _mark(page[-1]) if more else None)


async def _mine(tx: Tx, params: dict[str, Any]) -> list[Task]:
    return await tx.all(
        f"""
        SELECT {_COLUMNS}
          FROM work.assignment AS own
          JOIN processes.step ON step.process_id = own.process_id AND step.number = own.number
               {_JOINS}
         WHERE own.user_id = %(user_id)s AND step.mode = 'person' AND step.state IN ('ready', 'running')
           AND (%(queue)s::text IS NULL OR step.queue = %(queue)s)
           AND (%(subject_kind)s::text IS NULL
                OR (process.subject_kind = %(subject_kind)s AND process.subject_id = %(subject_id)s))
               {_FILTERS}
         ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
         LIMIT %(limit)s
        """,
        params,
        row=Task,
    )


async def _of_queues(tx: Tx, params: dict[str, Any]) -> list[Task]:
    """The first tasks of each queue by index, then the first of those."""
    return await tx.all(
        f"""
          WITH first AS (
               SELECT step.*
                 FROM work.queue AS worked
                CROSS JOIN LATERAL (
                      SELECT step.*
                        FROM processes.step
                       WHERE step.queue = worked.code AND step.mode = 'person' AND step.state IN ('ready', 'running')
                         AND (NOT %(unassigned)s
                              OR NOT EXISTS (SELECT
                                               FROM work.assignment
                                              WHERE assignment.process_id = step.process_id
                                                AND assignment.number = step.number))
                         AND (%(subject_kind)s::text IS NULL
                              OR step.process_id IN (SELECT id
                                                       FROM processes.process
                                                      WHERE subject_kind = %(subject_kind)s
                                                        AND subject_id = %(subject_id)s))
                         {_FILTERS}
                       ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
                       LIMIT %(limit)s) AS step
                WHERE (%(sees_all)s OR worked.team_id = ANY(%(team_ids)s))
                  AND (%(queue)s::text IS NULL OR worked.code = %(queue)s)
                ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
                LIMIT %(limit)s)
        SELECT {_COLUMNS}
          FROM first AS step
               {_JOINS}
         ORDER BY coalesce(step.due, 'infinity'), step.process_id, step.number
        """,
        params,
        row=Task,
    )


async def get_task(tx: Tx, id_: StepId) -> Task:
    """One task, open or not, with the parameters of its shape; its form is `forms.form_of(task.params)`."""
    require(tx.actor, "work.do")
    task = await tx.one_or_none(
        f"""
        SELECT {_COLUMNS}
          FROM processes.step
               {_JOINS}
         WHERE step.process_id = %(process_id)s AND step.number = %(number)s AND step.mode = 'person'
           AND (%(sees_all)s OR queue.team_id = ANY(%(team_ids)s) OR assignment.user_id = %(user_id)s)
        """,
        {
            "process_id": id_[0], "number": id_[1], "now": tx.now, "sees_all": tx.actor.may("work.assign"),
            "team_ids": list(tx.actor.team_ids), "user_id": tx.actor.user_id,
        },
        row=Task,
    )  # fmt: skip
    if task is None:
        raise NotFound([Problem("unknown_task", "There is no such task in your lists.")])
    shared = await tx.value(
        """
        SELECT definition.graph #> ARRAY['nodes', %(number)s::text, 'params']
          FROM processes.process
          JOIN processes.definition ON definition.id = process.definition_id
         WHERE process.id = %(process_id)s
        """,
        {"process_id": id_[0], "number": id_[1]},
    )
    return replace(task, params={**(shared or {}), **task.params})


async def list_queues(tx: Tx) -> list[Queue]:
    """The queues that the actor's teams work (all of them for who may assign), with how much is in each."""
    require(tx.actor, "work.do")
    return await tx.all(
        """
        SELECT queue.code, queue.name, queue.team_id, team.name AS team_name, queue.calendar, queue.sla_hours,
               coalesce(counted.open_tasks, 0) AS open_tasks, coalesce(counted.overdue_tasks, 0) AS overdue_tasks
          FROM work.queue
          LEFT JOIN parties.team ON team.id = queue.team_id
          LEFT JOIN LATERAL (SELECT count(*) AS open_tasks, count(*) FILTER (WHERE due < %(now)s) AS overdue_tasks
                               FROM (SELECT step.due
                                       FROM processes.step
                                      WHERE step.queue = queue.code AND step.mode = 'person'
                                        AND step.state IN ('ready', 'running')
                                      LIMIT 1000) AS task) AS counted ON true
         WHERE %(sees_all)s OR queue.team_id = ANY(%(team_ids)s)
         ORDER BY queue.code
         LIMIT 500
        """,
        {"now": tx.now, "sees_all": tx.actor.may("work.assign"), "team_ids": list(tx.actor.team_ids)},
        row=Queue,
    )


def _mark(task: Task) -> str:
    return f"{task.due.isoformat() if task.due else 'infinity'}_{task.process_id}_{task.number}"


def _read_mark(mark: str | None) -> tuple[str, int, int]:
    if mark is None:
        return "-infinity", 0, 0
    try:
        due, process_id, number = mark.split("_")
        if due != "infinity":
            due = datetime.fromisoformat(due).isoformat()
        return due, int(process_id), int(number)
    except ValueError:
        refuse("bad_cursor", "This page mark is not one of ours; start at the first page.", "/after")


async def ladder_of(tx: Tx, code: str) -> list[RungDraft]:
    """The rungs of a queue from the first on."""
    return await tx.all(
        "SELECT hours, act FROM work.rung WHERE queue = %(code)s ORDER BY place", {"code": code}, row=RungDraft
    )
