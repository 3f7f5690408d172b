"""The task list, and one task with its form."""

from __future__ import annotations

from orderloom.processes.types import StepId
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.work import Answers, TaskQuery, tasks_matching
from orderloom.web.call import Call
from orderloom.web.plan import plan_steps
from orderloom.web.routes import Routes
from orderloom.work.commands import claim_tasks, complete_tasks, release_tasks, start_tasks
from orderloom.work.forms import form_of
from orderloom.work.reads import get_task, list_queues
from orderloom.work.types import TaskCompletion

routes = Routes("page")


@routes.get("/tasks", permission="work.do", query=TaskQuery)
async def tasks_page(call: Call, query: TaskQuery) -> Page:
    """Tasks by due date: mine and my teams'."""
    found, following = await tasks_matching(call, query)
    return Page(
        "tasks/tasks.html",
        {"tasks": found.tasks, "next": following, "query": query, "queues": await list_queues(call.tx)},
    )


@routes.get("/tasks/{process_id:int}/{number:int}", permission="work.do")
async def task_page(call: Call, process_id: int, number: int) -> Page:
    """One task: what it is about, and the form to complete it."""
    task = await get_task(call.tx, StepId(process_id, number))
    [step] = await plan_steps(call.tx, process_id, [number])
    return Page("tasks/task.html", {"task": task, "step": step, "form": form_of(task.params)})


@routes.post("/tasks/{process_id:int}/{number:int}/claim", permission="work.do")
async def claim_by_form(call: Call, process_id: int, number: int) -> SeeOther:
    """Take a task."""
    await claim_tasks(call.tx, [StepId(process_id, number)])
    return SeeOther(f"/tasks/{process_id}/{number}", "The task is yours.")


@routes.post("/tasks/{process_id:int}/{number:int}/release", permission="work.do")
async def release_by_form(call: Call, process_id: int, number: int) -> SeeOther:
    """Give a task back."""
    await release_tasks(call.tx, [StepId(process_id, number)])
    return SeeOther("/tasks", "The task is back in its queue.")


@routes.post("/tasks/{process_id:int}/{number:int}/start", permission="work.do")
async def start_by_form(call: Call, process_id: int, number: int) -> SeeOther:
    """Start work on a task."""
    await start_tasks(call.tx, [StepId(process_id, number)])
    return SeeOther(f"/tasks/{process_id}/{number}", "Work has started.")


@routes.post("/tasks/{process_id:int}/{number:int}/complete", permission="work.do", body=Answers)
async def complete_by_form(call: Call, process_id: int, number: int, body: Answers) -> SeeOther:
    """Complete a task with its form."""
    await complete_tasks(call.tx, [TaskCompletion(process_id, number, body.outputs)])
    return SeeOther("/tasks", "The task is done.")
