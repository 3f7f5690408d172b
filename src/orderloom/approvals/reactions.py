"""What approvals do when the engine moves or people leave, and where a request is seen."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.approvals.commands import escalate_ask, replace_leavers, tell_asked
from orderloom.approvals.commands.submitting import STEP_KIND
from orderloom.approvals.events import ApprovalAsked, ApproverChanged
from orderloom.approvals.reads import open_asks
from orderloom.base.events import Event
from orderloom.base.transaction import Tx
from orderloom.base.types import Reaction, SubjectKind
from orderloom.parties.events import UserChanged
from orderloom.processes.events import TaskOpened
from orderloom.processes.types import StepId
from orderloom.work.events import TaskEscalated


async def tell_who_is_asked(tx: Tx, events: Sequence[TaskOpened]) -> None:
    """State who is asked when a step of a chain opens; messages go out by it."""
    ids = [(event.process_id, event.number) for event in events if event.kind == STEP_KIND]
    if ids:
        tx.emit(
            ApprovalAsked(ask.subject, ask.request_id, ask.number, ask.step, tuple(ask.user_ids))
            for ask in await open_asks(tx, ids)
        )


async def ask_others(tx: Tx, events: Sequence[UserChanged]) -> None:
    """Whoever has become inactive decides nothing any more: others are asked."""
    gone = [event.subject.id for event in events if event.after.get("is_active") is False]
    await replace_leavers(tx, gone)


async def send_word(tx: Tx, events: Sequence[ApprovalAsked]) -> None:
    """Have those told who are asked."""
    await tell_asked(tx, [(event.request_id, event.step) for event in events])


async def send_word_to_others(tx: Tx, events: Sequence[ApproverChanged]) -> None:
    """Have those told who are asked instead, or too; who was told of the step already is not told again."""
    await tell_asked(tx, [(event.request_id, event.step) for event in events if event.after is not None])


async def escalate(tx: Tx, events: Sequence[TaskEscalated]) -> None:
    """Remind those who are asked, or ask their managers too or instead, as the ladder of approvals says."""
    for event in events:
        await escalate_ask(tx, StepId(event.process_id, event.number), event.act)


REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {
    TaskOpened: (tell_who_is_asked,),
    UserChanged: (ask_others,),
    ApprovalAsked: (send_word,),
    ApproverChanged: (send_word_to_others,),
    TaskEscalated: (escalate,),
}
SUBJECTS = {"approval": SubjectKind("approval", "/approvals/{id}")}
