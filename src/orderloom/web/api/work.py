"""The API of task lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.processes.types import StepId
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, WhyText
from orderloom.web.paging import LIMIT, cursor_of, place_of
from orderloom.web.routes import Routes
from orderloom.work.climbing import put_ladders
from orderloom.work.commands import assign_tasks, claim_tasks, complete_tasks, put_queues, release_tasks, start_tasks
from orderloom.work.forms import form_of
from orderloom.work.reads import get_task, ladder_of, list_queues, list_tasks
from orderloom.work.types import FormField, Queue, QueueDraft, RungDraft, Task, TaskCompletion, TaskFilter, TaskPage

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class TaskQuery:
    """Which tasks to list."""

    view: Literal["mine", "team", "all"] = "team"
    queue: Annotated[str, Field(max_length=100)] | None = None
    unassigned: bool = False
    overdue: bool = False
    priority: Annotated[int, Field(ge=0, le=2)] | None = None
    subject_kind: Annotated[str, Field(max_length=100)] | None = None
    subject_id: Annotated[int, Field(ge=1)] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def tasks_matching(call: Call, query: TaskQuery) -> tuple[TaskPage, str | None]:
    wanted = {name: value for name, value in asdict(query).items() if name not in ("cursor", "limit")}
    place = place_of(query.cursor, str)
    page = await list_tasks(call.tx, TaskFilter(**wanted), after=place[0] if place else None, limit=query.limit)
    return page, cursor_of([page.after] if page.after else None)


@dataclass(frozen=True, slots=True)
class TaskWithForm:
    """A task and what it asks for when it is completed."""

    task: Task
    form: tuple[FormField, ...]


@routes.get("/tasks", permission="work.do", query=TaskQuery, returns=(Rows, Task))
async def read_tasks(call: Call, query: TaskQuery) -> Rows:
    """Open tasks by due date: mine, my teams', or all that you may assign."""
    page, following = await tasks_matching(call, query)
    return Rows(list(page.tasks), following)


@routes.get("/tasks/{process_id:int}/{number:int}", permission="work.do", returns=TaskWithForm)
async def read_task(call: Call, process_id: int, number: int) -> TaskWithForm:
    """One task with its form."""
    task = await get_task(call.tx, StepId(process_id, number))
    return TaskWithForm(task, form_of(task.params))


@routes.post("/tasks/{process_id:int}/{number:int}/claim", permission="work.do", returns=Task)
async def claim_task(call: Call, process_id: int, number: int) -> Task:
    """Take a task."""
    await claim_tasks(call.tx, [StepId(process_id, number)])
    return await get_task(call.tx, StepId(process_id, number))


@routes.post("/tasks/{process_id:int}/{number:int}/release", permission="work.do", returns=Task)
async def release_task(call: Call, process_id: int, number: int) -> Task:
    """Give a task back to its queue."""
    task = await get_task(call.tx, StepId(process_id, number))
    await release_tasks(call.tx, [task.id])
    return await get_task(call.tx, task.id)


@routes.post("/tasks/{process_id:int}/{number:int}/start", permission="work.do", returns=Task)
async def start_task(call: Call, process_id: int, number: int) -> Task:
    """Start work on a task, claiming it if nobody has it."""
    await start_tasks(call.tx, [StepId(process_id, number)])
    return await get_task(call.tx, StepId(process_id, number))


@strict
@dataclass(frozen=True, slots=True)
class Answers:
    """What the task's form asks for, by field."""

    outputs: Mapping[str, Any] = field(default_factory=dict)


@routes.post("/tasks/{process_id:int}/{number:int}/complete", permission="work.do", body=Answers)
async def complete_task(call: Call, process_id: int, number: int, body: Answers) -> dict[str, str]:
    """Complete a task with what its form asks for. Completing it again changes nothing."""
    [delivery] = await complete_tasks(call.tx, [TaskCompletion(process_id, number, body.outputs)])
    return {"result": str(delivery)}


@strict
@dataclass(frozen=True, slots=True)
class Assignee:
    """Who gets a task, and why."""

    user_id: Annotated[int, Field(ge=1)]
    reason: WhyText


@routes.post("/tasks/{process_id:int}/{number:int}/assign", permission="work.assign", body=Assignee, returns=Task)
async def assign_task(call: Call, process_id: int, number: int, body: Assignee) -> Task:
    """Give a task to somebody, whoever had it."""
    await assign_tasks(call.tx, [StepId(process_id, number)], body.user_id, reason=body.reason)
    return await get_task(call.tx, StepId(process_id, number))


@routes.get("/queues", permission="work.do", returns=(Rows, Queue))
async def read_queues(call: Call) -> Rows:
    """The queues that your teams work, with how much is in each."""
    return Rows(await list_queues(call.tx))


@routes.put("/queues", permission="work.assign", body=QueueDraft, status=204)
async def save_queue(call: Call, body: QueueDraft) -> None:
    """Set up a queue by its code, or change it."""
    await put_queues(call.tx, [body])


@strict
@dataclass(frozen=True, slots=True)
class Ladder:
    """What happens to the tasks of a queue before and after they are due, in the order of the rungs."""

    rungs: Annotated[tuple[RungDraft, ...], Field(max_length=20)] = ()


@routes.get("/queues/{code:str}/ladder", permission="work.do", returns=Ladder)
async def read_ladder(call: Call, code: str) -> Ladder:
    """The reminders and escalations of a queue."""
    return Ladder(tuple(await ladder_of(call.tx, code)))


@routes.put("/queues/{code:str}/ladder", permission="work.assign", body=Ladder, returns=Ladder)
async def save_ladder(call: Call, code: str, body: Ladder) -> Ladder:
    """Set the reminders and escalations of a queue, in working hours of its calendar; open tasks keep theirs."""
    await put_ladders(call.tx, {code: body.rungs})
    return Ladder(tuple(await ladder_of(call.tx, code)))
