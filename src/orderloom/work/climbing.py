"""The ladder at work: what was not done in time is reminded of, told to managers, given to them, or put first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import groupby

from orderloom.base.calendars import ALWAYS, Calendar, add_working_time, take_working_time
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.messages.commands import send_messages
from orderloom.messages.doors import PLACE
from orderloom.messages.letters import Written
from orderloom.messages.types import MessageDraft, Recipient
from orderloom.parties.policy import require
from orderloom.parties.reads.people import users_by_id
from orderloom.processes.commands import raise_priorities
from orderloom.processes.types import StepId
from orderloom.work.events import TaskEscalated
from orderloom.work.store import ladder as ladder_rows
from orderloom.work.store import task as store
from orderloom.work.store.ladder import Alarm
from orderloom.work.types import RungDraft

ALARMS_A_TURN = 200
DECIDED_BY_VERDICT = "approvals.decide"
"""Steps that the room of approvals looks after by itself, from the event."""


async def put_ladders(tx: Tx, ladders: Mapping[str, Sequence[RungDraft]]) -> None:
    """Say by the codes of queues what happens to their tasks before and after they are due; open tasks keep theirs."""
    require(tx.actor, "work.assign")
    await store.ensure_queues(tx, list(ladders))
    await ladder_rows.put_rungs(tx, ladders)


async def set_alarms(tx: Tx, ids: Sequence[StepId]) -> None:
    """Set the alarms of tasks that have a due date now, in working time of their queue's calendar."""
    rungs = await ladder_rows.rungs_of(tx, ids)
    calendars = await store.calendars(tx, list({rung.calendar for rung in rungs if rung.calendar}))
    rows = [
        (rung, rung.due, _moment(rung.due, rung.hours, calendars.get(rung.calendar or "", ALWAYS))) for rung in rungs
    ]
    if rows:
        await ladder_rows.set_alarms(tx, rows)


async def climb(tx: Tx, *, limit: int = ALARMS_A_TURN) -> int:
    """Do what is due on the ladders; return how many alarms there were.

    Each rings once, however late. Of several reminders that were slept over only the last is sent. A task that has
    become due later meanwhile, since its clock stood still, is looked at again then.
    """
    alarms = await ladder_rows.claim_alarms(tx, limit=limit)
    later = [one for one in alarms if one.task_due is not None and one.task_due > one.due]
    if later:
        calendars = await store.calendars(tx, list({one.calendar for one in later if one.calendar}))
        await ladder_rows.set_alarms(
            tx,
            [
                (one, one.task_due, _moment(one.task_due, one.hours, calendars.get(one.calendar or "", ALWAYS)))
                for one in later
                if one.task_due is not None
            ],
        )
    due = [one for one in alarms if one not in later]
    if due:
        await ladder_rows.ring(tx, due)
    for _, group in groupby(due, key=lambda one: one.id):
        rung = list(group)
        last_reminder = max((one.place for one in rung if one.act == "remind"), default=0)
        for one in rung:
            if one.act != "remind" or one.place == last_reminder:
                await _act(tx, one)
    return len(alarms)


def _moment(due: datetime, hours: object, calendar: Calendar) -> datetime:
    """So many working hours after a due date, or before it."""
    span = timedelta(hours=float(str(hours)))
    return add_working_time(due, span, calendar) if span >= timedelta(0) else take_working_time(due, -span, calendar)


async def _act(tx: Tx, one: Alarm) -> None:
    above = [one.manager_id] if one.manager_id is not None else [lead for lead in one.lead_ids if lead != one.user_id]
    mine = [one.user_id] if one.user_id is not None else one.worker_ids
    told = {"remind": mine, "add_manager": above, "reassign": above[:1], "raise_priority": []}[one.act]
    if one.act == "raise_priority":
        await raise_priorities(tx, [one.id])
    is_ours = one.kind != DECIDED_BY_VERDICT
    if is_ours and one.act == "reassign" and above:
        await store.assign(tx, [one.id], above[0], action="assigned", reason="It was not done in time.")
    if is_ours and told:
        await _tell(tx, one, told)
    subject = Subject(one.subject_kind, one.subject_id, one.subject_label, one.account_id)
    tx.emit(TaskEscalated(subject, one.process_id, one.number, one.title, one.act, one.place, tuple(told)))


async def _tell(tx: Tx, one: Alarm, user_ids: Sequence[int]) -> None:
    """A message to whom a rung concerns, once for each rung."""
    people = await users_by_id(tx, user_ids)
    late = one.due <= tx.now
    title = f"{'Overdue' if late else 'Due soon'}: {one.title}"[:200]
    said = {
        "remind": "It waits for you or your team.",
        "add_manager": "Whoever has it reports to you, or you lead the team that works it.",
        "reassign": "It was not done in time and is yours now.",
    }[one.act]
    text = f"“{one.title}” {'was' if late else 'is'} due on {one.due:%Y-%m-%d at %H:%M} UTC. {said}"
    url = f"{PLACE}/tasks/{one.process_id}/{one.number}"
    written = Written(title, f"{text}\n\n{url}\n", f'<p>{escape(text)}</p><p><a href="{url}">Open the task</a></p>')
    recipients = tuple(Recipient(person.login, person.name) for person in people.values() if person.is_active)
    if recipients:
        subject = Subject(one.subject_kind, one.subject_id, one.subject_label, one.account_id)
        key = f"ladder {one.process_id} {one.number} {one.place}"
        await send_messages(tx, [MessageDraft(subject, recipients[:20], "task_escalated", written=written, key=key)])
