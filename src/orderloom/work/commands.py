"""What people do with tasks: claim, release, assign, start, complete."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from orderloom.base.calendars import ALWAYS, add_working_time
from orderloom.base.refusals import Conflict, Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties.policy import require
from orderloom.processes.commands import complete_steps, set_task_dues, start_steps
from orderloom.processes.types import Completion, Delivery, StepId
from orderloom.work.events import TaskAssigned, TaskReleased
from orderloom.work.forms import check_outputs, form_of
from orderloom.work.store import task as store
from orderloom.work.store.task import Standing
from orderloom.work.types import QueueDraft, TaskCompletion


async def put_queues(tx: Tx, drafts: Sequence[QueueDraft]) -> None:
    """Set up queues, or change them; all or nothing."""
    require(tx.actor, "work.assign")
    await store.put_queues(tx, drafts)


async def claim_tasks(tx: Tx, ids: Sequence[StepId]) -> list[StepId]:
    """Take open tasks; return those that were not the actor's already. Refused: somebody else has one."""
    user_id = _acting_user(tx)
    tasks = await _tasks(tx, ids)
    taken = [task for task in tasks if task.user_id not in (None, user_id)]
    if taken:
        raise Conflict([
            Problem("claimed", f"“{task.title}” is with {task.user_name}; ask them, or have it assigned to you.")
            for task in taken
        ])  # fmt: skip
    return await _give(tx, [task for task in tasks if task.user_id is None], user_id, action="claimed", reason=None)


async def assign_tasks(tx: Tx, ids: Sequence[StepId], user_id: int, *, reason: str) -> list[StepId]:
    """Give open tasks to somebody, whoever had them; return those that changed hands."""
    require(tx.actor, "work.assign")
    tasks = await _tasks(tx, ids)
    moving = [task for task in tasks if task.user_id != user_id]
    return await _give(tx, moving, user_id, action="assigned", reason=reason)


async def release_tasks(tx: Tx, ids: Sequence[StepId], *, reason: str = "") -> list[StepId]:
    """Give tasks back to their queues; return those that somebody had."""
    tasks = [task for task in await _tasks(tx, ids) if task.user_id is not None]
    foreign = [task for task in tasks if task.user_id != tx.actor.user_id]
    if foreign:
        require(tx.actor, "work.assign")
    await store.release(tx, [task.id for task in tasks], reason=reason)
    tx.emit(
        TaskReleased(_subject(task), task.process_id, task.number, task.title, task.user_id, reason)
        for task in tasks
        if task.user_id is not None
    )
    return [task.id for task in tasks]


async def start_tasks(tx: Tx, ids: Sequence[StepId]) -> list[StepId]:
    """Start work, claiming what nobody has; return those that were not started already."""
    await claim_tasks(tx, ids)
    return await start_steps(tx, ids)


async def complete_tasks(tx: Tx, completions: Sequence[TaskCompletion]) -> list[Delivery]:
    """Complete tasks with the answers that their forms ask for; all or nothing.

    A task that nobody has is the actor's by this. Completing twice is a `duplicate`. Refused: wrong
    or missing answers, a task that is not open or is on hold, one that somebody else has.
    """
    ids = [StepId(c.process_id, c.number) for c in completions]
    standing = await store.standings(tx, ids)
    problems: list[Problem] = []
    ready: list[Completion] = []
    unclaimed: list[Standing] = []
    for place, (id_, completion) in enumerate(zip(ids, completions, strict=True)):
        pointer = f"/{place}" if len(completions) > 1 else ""
        task = standing.get(id_)
        if task is None or not _may_work(tx, task):
            problems.append(_unknown(pointer))
        elif task.state not in ("done", "waiting"):
            problems += _completion_problems(tx, task, pointer)
            outputs, wrong = check_outputs(form_of(task.params), completion.outputs, pointer=f"{pointer}/outputs")
            problems += wrong
            ready.append(Completion(*id_, outputs))
            if task.user_id is None and tx.actor.user_id is not None:
                unclaimed.append(task)
    refuse_if_any(problems)
    if unclaimed and tx.actor.user_id is not None:
        await store.assign(tx, [task.id for task in unclaimed], tx.actor.user_id, action="claimed", reason=None)
    moved = dict(zip([(c.process_id, c.number) for c in ready], await complete_steps(tx, ready), strict=True))
    return [moved.get(id_, Delivery.DUPLICATE) for id_ in ids]


def _completion_problems(tx: Tx, task: Standing, pointer: str) -> list[Problem]:
    if task.params.get("decided_by_verdict"):
        return [_needs_verdict(task, pointer)]
    if task.held and task.state != "running":
        return [Problem("held", f"“{task.title}” is on hold; it can be completed once it is released.", pointer)]
    if task.state not in ("ready", "running"):
        return [Problem("not_open", f"“{task.title}” is {task.state}; only an open task can be completed.", pointer)]
    if task.user_id not in (None, tx.actor.user_id) and not tx.actor.may("work.assign"):
        return [Problem("claimed", f"“{task.title}” is with {task.user_name}; ask them to complete it.", pointer)]
    return []


async def open_tasks(tx: Tx, ids: Sequence[StepId]) -> int:
    """Set when freshly opened tasks are due: the SLA of step or queue, in working time of the queue's calendar."""
    clocks = [clock for clock in await store.clocks(tx, ids) if clock.sla_hours is not None]
    calendars = await store.calendars(tx, list({clock.calendar for clock in clocks if clock.calendar}))
    return await set_task_dues(
        tx,
        {
            StepId(clock.process_id, clock.number): add_working_time(
                clock.ready_at,
                timedelta(hours=float(clock.sla_hours or 0)),
                calendars.get(clock.calendar or "", ALWAYS),
            )
            for clock in clocks
        },
    )


async def _tasks(tx: Tx, ids: Sequence[StepId]) -> list[Standing]:
    """These tasks, if the actor may work on all of them and all are open."""
    require(tx.actor, "work.do")
    found = await store.standings(tx, ids)
    problems = []
    for id_ in ids:
        task = found.get(StepId(*id_))
        if task is None or not _may_work(tx, task):
            problems.append(_unknown(""))
        elif task.state not in ("ready", "running"):
            problems.append(Problem("not_open", f"“{task.title}” is {task.state}; choose an open task."))
        elif task.params.get("decided_by_verdict"):
            problems.append(_needs_verdict(task, ""))
    refuse_if_any(problems)
    return list(found.values())


def _may_work(tx: Tx, task: Standing) -> bool:
    """Whether the actor's team works the queue, the task is theirs, or they may assign."""
    mine = task.user_id is not None and task.user_id == tx.actor.user_id
    return tx.actor.may("work.assign") or mine or (task.team_id is not None and task.team_id in tx.actor.team_ids)


def _needs_verdict(task: Standing, pointer: str) -> Problem:
    return Problem("verdict_missing", f"“{task.title}” is decided on the page of its request.", pointer)


def _unknown(pointer: str) -> Problem:
    return Problem("unknown_task", "There is no such task in your lists; reload the page.", pointer)


async def _give(tx: Tx, tasks: Iterable[Standing], user_id: int, *, action: str, reason: str | None) -> list[StepId]:
    moving = list(tasks)
    if moving:
        await store.assign(tx, [task.id for task in moving], user_id, action=action, reason=reason)
    tx.emit(
        TaskAssigned(_subject(task), task.process_id, task.number, task.title, task.user_id, user_id) for task in moving
    )
    return [task.id for task in moving]


def _acting_user(tx: Tx) -> int:
    if tx.actor.user_id is None:
        refuse("not_a_person", "Only a person can take a task; use assign to give it to one.")
    return tx.actor.user_id


def _subject(task: Standing) -> Subject:
    return Subject(task.subject_kind, task.subject_id, task.subject_label, task.account_id)
