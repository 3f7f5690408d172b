"""What the ladder does to a step of a chain: who is asked is reminded, or their managers are asked too or instead."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.approvals.commands.ending import locked
from orderloom.approvals.commands.steering import told_change
from orderloom.approvals.commands.telling import tell_asked
from orderloom.approvals.reads import open_asks
from orderloom.approvals.store import people
from orderloom.approvals.store import request as store
from orderloom.approvals.store.people import Found, Wanted
from orderloom.approvals.store.request import Row, StepRow
from orderloom.approvals.types import Candidate, State
from orderloom.base.transaction import Tx
from orderloom.processes.types import StepId

LATE = "It was not decided in time."


async def escalate_ask(tx: Tx, step_id: StepId, act: str) -> None:
    """Do what a rung of the ladder says about the step of a chain that is this task; nothing for any other task.

    A manager who asked for it, or decides for who did, is passed over; where no manager is left, who was asked is
    reminded instead, so that a rung is never lost.
    """
    for ask in await open_asks(tx, [step_id]):
        row = await locked(tx, ask.request_id)
        step = next(one for one in await store.steps_of(tx, [row.id]) if one.name == ask.step)
        if row.state != State.OPEN or not step.is_open:
            continue
        above = await _managers(tx, row, step) if act in ("add_manager", "reassign") else []
        if above:
            await _ask_above(tx, row, step, above, instead=act == "reassign")
        elif act != "raise_priority":
            await tell_asked(tx, [(row.id, step.name)], reminds=True)


async def _managers(tx: Tx, row: Row, step: StepRow) -> list[Found]:
    """The managers of those who are asked and have not decided, who may decide it themselves."""
    silent = [one for one in step.candidates if str(one) not in step.verdicts]
    barred = {*row.requesters, *await people.delegates_of(tx, row.requesters, subject_kind=row.subject_kind)}
    found = await people.find_people(tx, [Wanted(step.name, "manager", "1", None, one) for one in silent])
    return [one for one in found if one.user_id not in barred and one.user_id not in step.candidates]


async def _ask_above(tx: Tx, row: Row, step: StepRow, above: Sequence[Found], *, instead: bool) -> None:
    via = "instead of who was late" if instead else "since it is late"
    await store.add_candidates(tx, row.id, [(step.name, one.user_id, via) for one in above])
    leaving = [one for one in step.candidates if str(one) not in step.verdicts] if instead else []
    for user_id in leaving[: len(step.candidates) + len(above) - max(step.needed, 1)]:
        await store.drop_candidates(tx, user_id, [(row.id, step.name)])
    for one in above:
        candidate = Candidate(one.user_id, one.name, via, one.login)
        await told_change(tx, row, step.name, leaving[0] if leaving else None, candidate, LATE)
