"""The one ladder: reminders and escalation on business calendars, once each, for tasks and for approvals."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest

from orderloom.approvals.commands import send_notices, tell_asked
from orderloom.approvals.reactions import escalate
from orderloom.approvals.reads import request_page
from orderloom.base.calendar_rows import CalendarDraft, save_calendars
from orderloom.base.calendars import Calendar, add_working_time, take_working_time, working_time_between
from orderloom.base.refusals import Forbidden
from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.parties.commands import set_managers
from orderloom.processes.commands import set_held, set_task_dues
from orderloom.processes.types import StepId
from orderloom.work.climbing import climb, put_ladders, set_alarms
from orderloom.work.commands import claim_tasks, complete_tasks, open_tasks
from orderloom.work.events import TaskEscalated
from orderloom.work.types import RungDraft, TaskCompletion
from tests.approvals.cast import enter, offer, submit
from tests.work import given

OFFICE = Calendar(
    "Europe/Berlin", (((time(8), time(16)),),) * 5 + ((), ()), frozenset({date(2026, 12, 25), date(2026, 10, 3)})
)
LADDER = [("-2", "remind"), ("0", "remind"), ("4", "add_manager"), ("8", "reassign"), ("8", "raise_priority")]


async def ladder(tx: Tx, queue: str = "desk", *rungs: tuple[str, str]) -> None:
    drafts = [RungDraft(Decimal(hours), act) for hours, act in rungs or LADDER]  # type: ignore[arg-type]
    await put_ladders(tx, {queue: drafts})


async def later(tx: Tx, **span: float) -> None:
    """Let business time pass within the test."""
    await tx.execute("UPDATE base.clock SET now_offset = now_offset + %(span)s", {"span": timedelta(**span)})


async def acts(tx: Tx) -> list[str]:
    found = [event.act for event in tx.events if isinstance(event, TaskEscalated)]
    tx.events.clear()
    return found


async def desk_task(tx: Tx) -> tuple[StepId, Actor, Actor]:
    """A task of eight hours at the desk, which Ann has taken; Bob is her manager."""
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "desk", desk, "8")
    ann, bob = await given.person(tx, "Ann", desk), await given.person(tx, "Bob")
    await set_managers(tx, {"ann@example.com": "bob@example.com"})
    await ladder(tx)
    task = await given.task(tx)
    await open_tasks(tx, [task])
    await set_alarms(tx, [task])
    system, tx.actor = tx.actor, ann
    await claim_tasks(tx, [task])
    tx.actor = system
    tx.events.clear()
    return task, ann, bob


async def age(tx: Tx, task: StepId, hours: float) -> None:
    """Let a task be so many hours older, with its alarms."""
    span = {"span": timedelta(hours=hours), "id": task.process_id}
    await tx.execute("UPDATE processes.step SET due = due - %(span)s WHERE process_id = %(id)s", span)
    await tx.execute("UPDATE work.alarm SET at = at - %(span)s, due = due - %(span)s WHERE process_id = %(id)s", span)


async def owner(tx: Tx, task: StepId) -> int:
    return int(await tx.value("SELECT user_id FROM work.assignment WHERE process_id = %(id)s", {"id": task.process_id}))


async def test_rungs_are_climbed_one_by_one_and_each_once(tx: Tx) -> None:
    task, _, bob = await desk_task(tx)
    assert await climb(tx) == 0

    seen = []
    for hours in (6.5, 2, 4, 4):
        await age(tx, task, hours)
        await climb(tx)
        seen.append(await acts(tx))
        assert await climb(tx) == 0

    assert seen == [["remind"], ["remind"], ["add_manager"], ["reassign", "raise_priority"]]
    assert await owner(tx, task) == bob.user_id
    assert await tx.value("SELECT priority FROM processes.step WHERE process_id = %(id)s", {"id": task.process_id}) == 0
    mails = await tx.all(
        """
        SELECT delivery.address, message.title
          FROM messages.delivery JOIN messages.message ON message.id = delivery.message_id ORDER BY message.id
        """
    )
    assert [address for address, _ in mails] == ["ann@example.com"] * 2 + ["bob@example.com"] * 2
    assert mails[0][1].startswith("Due soon: ") and mails[3][1].startswith("Overdue: ")


async def test_a_worker_that_slept_over_it_does_each_once_and_reminds_once(tx: Tx) -> None:
    task, _, bob = await desk_task(tx)
    await age(tx, task, 200)

    assert await climb(tx) == 5

    assert await acts(tx) == ["remind", "add_manager", "reassign", "raise_priority"]
    assert (await climb(tx), await acts(tx)) == (0, [])
    assert await owner(tx, task) == bob.user_id


async def test_what_is_done_on_hold_or_due_later_by_now_is_left_alone(tx: Tx) -> None:
    task, ann, _ = await desk_task(tx)
    await set_held(tx, task.process_id, None, held=True, reason="waits for the customer")
    await age(tx, task, 8.5)
    assert (await climb(tx), await acts(tx)) == (0, [])

    await set_held(tx, task.process_id, None, held=False)
    due = await tx.value("SELECT due FROM processes.step WHERE process_id = %(id)s", {"id": task.process_id})
    await set_task_dues(tx, {task: due + timedelta(hours=24)})
    tx.events.clear()
    await climb(tx)
    assert await acts(tx) == [], "the clock stood still, so it is due later"

    await age(tx, task, 23)
    await climb(tx)
    assert await acts(tx) == ["remind"]
    tx.actor = ann
    await complete_tasks(tx, [TaskCompletion(*task)])
    await age(tx, task, 300)
    tx.events.clear()
    await climb(tx)
    assert await acts(tx) == [], "what is done climbs no further"


async def test_alarms_are_set_in_working_time_over_a_holiday(tx: Tx) -> None:
    hours = tuple((("08:00", "16:00"),) if day < 5 else () for day in range(7))
    await save_calendars(tx, [CalendarDraft("office", "Office", "Europe/Berlin", hours, (date(2026, 12, 25),))])
    desk = await given.team(tx, "Desk")
    await given.queue(tx, "desk", desk, "8", "office")
    await ladder(tx, "desk", ("-2", "remind"), ("4", "add_manager"))
    task = await given.task(tx)
    thursday = datetime(2026, 12, 24, 14, tzinfo=UTC)  # 15:00 in Berlin
    await set_task_dues(tx, {task: thursday})

    await set_alarms(tx, [task])

    ats = await tx.values("SELECT at FROM work.alarm ORDER BY place")
    assert ats == [datetime(2026, 12, 24, 12, tzinfo=UTC), datetime(2026, 12, 28, 10, tzinfo=UTC)]


async def test_only_who_may_assign_sets_a_ladder(tx: Tx) -> None:
    tx.actor = await given.person(tx, "Ann")
    with pytest.raises(Forbidden):
        await ladder(tx)


@pytest.mark.parametrize(
    ("end", "hours"),
    [(datetime(2026, 12, 28, 9, tzinfo=UTC), 4), (datetime(2026, 10, 26, 8, tzinfo=UTC), 12),
     (datetime(2026, 10, 5, 6, tzinfo=UTC), 1), (datetime(2026, 12, 26, 9, tzinfo=UTC), 8)],
)  # fmt: skip
def test_working_time_is_taken_as_it_is_added(end: datetime, hours: int) -> None:
    start = take_working_time(end, timedelta(hours=hours), OFFICE)

    assert working_time_between(start, end, OFFICE) == timedelta(hours=hours)
    assert add_working_time(start, timedelta(hours=hours), OFFICE) <= end


# Approvals climb the same ladder


async def climbed(tx: Tx, act: str, **figures: str) -> tuple[int, list[str]]:
    """Sue's request, late by one rung; who is asked by then."""
    cast = await enter(tx)
    await ladder(tx, "approvals", ("1", act))
    found = await submit(tx, cast.sue, offer(**figures))
    request_id = found.request_id or 0
    process_id = await tx.value("SELECT process_id FROM approvals.request WHERE id = %(id)s", {"id": request_id})
    step = StepId(int(process_id), 0)
    await tell_asked(tx, [(request_id, "manager")])
    await send_notices(tx)
    await open_tasks(tx, [step])
    await set_alarms(tx, [step])
    await age(tx, step, 10)
    tx.events.clear()
    await climb(tx)
    await escalate(tx, [event for event in tx.events if isinstance(event, TaskEscalated)])
    page = await request_page(tx, request_id)
    return request_id, [who["name"] for who in page.steps[0].candidates if who["is_active"]]


async def test_who_is_asked_for_approval_is_reminded(tx: Tx) -> None:
    _, asked = await climbed(tx, "remind")
    await send_notices(tx)

    assert asked == ["Max"]
    assert await tx.values("SELECT letter FROM messages.message ORDER BY id") == ["approval_asked", "approval_reminded"]


async def test_an_escalation_reaches_the_manager(tx: Tx) -> None:
    request_id, asked = await climbed(tx, "add_manager")

    assert asked == ["Max", "Vera"]
    page = await request_page(tx, request_id)
    assert page.log[-1].entry["reason"] == "It was not decided in time."


async def test_a_late_step_is_given_to_the_manager(tx: Tx) -> None:
    _, asked = await climbed(tx, "reassign")

    assert asked == ["Vera"]
