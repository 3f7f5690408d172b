"""How people work their lists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orderloom.base.refusals import Conflict, Forbidden, NotFound, Refused
from orderloom.base.transaction import Json, Tx
from orderloom.base.types import SYSTEM
from orderloom.processes.events import TaskOpened
from orderloom.processes.types import Delivery, StepId
from orderloom.work.commands import assign_tasks, claim_tasks, complete_tasks, release_tasks, start_tasks
from orderloom.work.reactions import set_clocks
from orderloom.work.reads import get_task, list_queues, list_tasks
from orderloom.work.types import TaskCompletion, TaskFilter
from tests.processes.given import states
from tests.work import given


async def test_a_task_is_claimed_started_and_completed(tx: Tx) -> None:
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "desk", desk)
    ann = await given.person(tx, "Ann", desk)
    task = await given.task(tx, form=["note"])
    tx.actor = ann
    assert await claim_tasks(tx, [task]) == [task]
    assert await claim_tasks(tx, [task]) == []
    assert await start_tasks(tx, [task]) == [task]
    assert [t.id for t in (await list_tasks(tx, TaskFilter("mine"))).tasks] == [task]
    done = [TaskCompletion(*task, {"note": "fine"})]
    assert await complete_tasks(tx, done) == [Delivery.DONE]
    assert await complete_tasks(tx, done) == [Delivery.DUPLICATE]
    assert await states(tx, task.process_id) == {"do": "done"}
    assert (await list_tasks(tx, TaskFilter("mine"))).tasks == ()
    assert (await get_task(tx, task)).state == "done"


async def test_one_task_one_person(tx: Tx) -> None:
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "desk", desk)
    ann, bob = await given.person(tx, "Ann", desk), await given.person(tx, "Bob", desk)
    boss = await given.person(tx, "Boss", permissions=("work.do", "work.assign"))
    task = await given.task(tx)
    tx.actor = ann
    await claim_tasks(tx, [task])
    tx.actor = bob
    with pytest.raises(Conflict, match="with Ann"):
        await claim_tasks(tx, [task])
    with pytest.raises(Refused, match="with Ann"):
        await complete_tasks(tx, [TaskCompletion(*task)])
    with pytest.raises(Forbidden):
        await assign_tasks(tx, [task], bob.user_id or 0, reason="mine")
    tx.actor = boss
    assert await assign_tasks(tx, [task], bob.user_id or 0, reason="Ann is away") == [task]
    tx.actor = bob
    assert await release_tasks(tx, [task], reason="lunch") == [task]
    assert await release_tasks(tx, [task]) == []
    actions = await tx.values("SELECT action FROM work.assignment_log ORDER BY id")
    assert actions == ["claimed", "assigned", "released"]


async def test_a_person_sees_the_tasks_of_their_teams_only(tx: Tx) -> None:
    desk, shop = await given.team(tx, "Desk"), await given.team(tx, "Shop")
    await given.queue(tx, "desk", desk)
    await given.queue(tx, "shop", shop)
    ann = await given.person(tx, "Ann", desk)
    mine, other = await given.task(tx, "desk"), await given.task(tx, "shop")
    tx.actor = ann
    assert [t.id for t in (await list_tasks(tx)).tasks] == [mine]
    assert [t.id for t in (await list_tasks(tx, TaskFilter("all"))).tasks] == [mine]
    assert [q.code for q in await list_queues(tx)] == ["desk"]
    with pytest.raises(NotFound):
        await get_task(tx, other)
    with pytest.raises(Refused, match="no such task"):
        await complete_tasks(tx, [TaskCompletion(*other)])
    tx.actor = SYSTEM
    assert {t.id for t in (await list_tasks(tx, TaskFilter("all"))).tasks} >= {mine, other}


async def test_outputs_are_checked_against_the_form_with_every_problem(tx: Tx) -> None:
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "desk", desk)
    ann = await given.person(tx, "Ann", desk)
    form = [{"name": "when", "type": "date", "required": True}]
    tasks = [await given.task(tx, form=form) for _ in range(2)]
    tx.actor = ann
    with pytest.raises(Refused) as refused:
        await complete_tasks(tx, [TaskCompletion(*tasks[0], {"when": "soon"}), TaskCompletion(*tasks[1], {"x": 1})])
    assert [p.pointer for p in refused.value.problems] == ["/0/outputs/when", "/1/outputs/x", "/1/outputs/when"]
    assert await states(tx, tasks[0].process_id) == {"do": "ready"}
    good = {"when": "2026-03-31"}
    assert await complete_tasks(tx, [TaskCompletion(*t, good) for t in tasks]) == [Delivery.DONE] * 2


async def test_a_task_is_due_in_working_time(tx: Tx) -> None:
    week = [[["09:00", "17:00"]]] * 5 + [[], []]
    await tx.execute(
        "INSERT INTO base.calendar (code, name, time_zone, hours) VALUES ('office', 'Office', 'UTC', %(hours)s)",
        {"hours": Json(week)},
    )
    await given.queue(tx, "desk", await given.team(tx, "Desk"), "4", "office")
    tx.now = datetime(2026, 3, 6, 15, 0, tzinfo=UTC)  # a Friday
    task = await given.task(tx)
    await set_clocks(tx, [event for event in tx.events if isinstance(event, TaskOpened)])
    assert (await get_task(tx, task)).due == datetime(2026, 3, 9, 11, 0, tzinfo=UTC)


async def test_lists_are_paged_by_due_date(tx: Tx) -> None:
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "a", desk)
    await given.queue(tx, "b", desk)
    tasks = [await given.task(tx, "ab"[n % 2]) for n in range(7)]
    for n, task in enumerate(tasks[:5]):
        await tx.execute(
            "UPDATE processes.step SET due = %(due)s WHERE process_id = %(id)s",
            {"due": tx.now + timedelta(hours=n - 2), "id": task.process_id},
        )
    tx.actor = await given.person(tx, "Ann", desk)
    seen: list[StepId] = []
    after = None
    while True:
        page = await list_tasks(tx, after=after, limit=3)
        seen += [task.id for task in page.tasks]
        after = page.after
        if after is None:
            break
    assert seen == tasks
    assert len((await list_tasks(tx, TaskFilter(overdue=True))).tasks) == 2
    await claim_tasks(tx, tasks[:1])
    assert len((await list_tasks(tx, TaskFilter(unassigned=True))).tasks) == 6
    assert [(q.code, q.open_tasks, q.overdue_tasks) for q in await list_queues(tx)] == [("a", 4, 1), ("b", 3, 1)]


async def test_a_task_that_names_no_queue_is_in_the_general_one(tx: Tx) -> None:
    task = await given.task(tx, None)
    await set_clocks(tx, [event for event in tx.events if isinstance(event, TaskOpened)])
    assert task in [t.id for t in (await list_tasks(tx, TaskFilter("all"))).tasks]
