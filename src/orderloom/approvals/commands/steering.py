"""What happens to a request besides verdicts: recalled, asked back, given to others."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.approvals.commands.deciding import acting_user
from orderloom.approvals.commands.ending import end_request, locked, note
from orderloom.approvals.commands.submitting import QUEUE, node_of
from orderloom.approvals.events import ApproverChanged, QuestionAnswered, QuestionAsked
from orderloom.approvals.store import people
from orderloom.approvals.store import question as questions
from orderloom.approvals.store import request as store
from orderloom.approvals.store.people import Wanted
from orderloom.approvals.store.request import Row, StepRow
from orderloom.approvals.types import ApproverDraft, Candidate, PlannedStep, State
from orderloom.base.refusals import Conflict, Forbidden, Problem, refuse
from orderloom.base.transaction import Tx
from orderloom.parties.policy import require
from orderloom.parties.reads import resolve_users
from orderloom.processes.amend import amend_process
from orderloom.processes.commands import set_held, set_task_dues
from orderloom.processes.types import Amendment, NewStep, StepId


async def recall_request(tx: Tx, request_id: int, *, reason: str) -> None:
    """Take an own request back; nobody is asked any more. Recalling it again changes nothing."""
    row = await locked(tx, request_id)
    if row.state == State.RECALLED:
        return
    _refuse_ended(row)
    if tx.actor.user_id not in row.requesters and not tx.actor.may("approvals.override"):
        raise Forbidden([Problem("not_yours", "Only who asked for it can recall a request.")])
    await end_request(tx, row, State.RECALLED, reason)


async def ask_requester(tx: Tx, request_id: int, *, question: str) -> None:
    """Ask the requester something before deciding; until it is answered the clock stands still."""
    user_id = acting_user(tx)
    row = await locked(tx, request_id)
    _refuse_ended(row)
    acting = set(await people.acting_for(tx, user_id, subject_kind=row.subject_kind))
    steps = await store.steps_of(tx, [row.id])
    mine = next((step for step in steps if step.is_open and acting & set(step.candidates)), None)
    if mine is None:
        raise Forbidden([Problem("not_asked", "Only who is asked to decide now can ask back.")])
    if not await questions.ask(tx, row.id, step=mine.name, asked_by=user_id, question=question):
        raise Conflict([Problem("question_open", "A question is open already; wait for its answer or answer it.")])
    assert row.process_id is not None
    await set_held(tx, row.process_id, None, held=True, reason=question)
    await note(tx, row.id, "question", step=mine.name, question=question)
    tx.emit(QuestionAsked(row.subject, row.id, row.number, question))


async def answer_question(tx: Tx, request_id: int, *, answer: str) -> None:
    """Answer the open question, or withdraw one's own; what was due is due later by the time that it took."""
    user_id = acting_user(tx)
    row = await locked(tx, request_id)
    _refuse_ended(row)
    asked_by = await questions.open_question_by(tx, row.id)
    if asked_by is None:
        raise Conflict([Problem("question_none", "There is no open question; somebody has answered it.")])
    if user_id not in row.requesters and user_id != asked_by:
        raise Forbidden([Problem("not_yours", "Only who asked for the approval answers, or who asked the question.")])
    asked_at = await questions.answer(tx, row.id, answered_by=user_id, text=answer)
    assert asked_at is not None and row.process_id is not None
    steps = await store.steps_of(tx, [row.id])
    await set_held(tx, row.process_id, None, held=False)
    await set_task_dues(
        tx,
        {
            StepId(row.process_id, step.number): step.due + (tx.now - asked_at)
            for step in steps
            if step.is_open and step.due is not None and step.number is not None
        },
    )
    await note(tx, row.id, "answer", answer=answer)
    tx.emit(QuestionAnswered(row.subject, row.id, row.number, answer))


async def add_approver(tx: Tx, request_id: int, draft: ApproverDraft) -> str:
    """Have somebody more decide, beside the steps that are there; return the name of the new step."""
    row = await locked(tx, request_id)
    _refuse_ended(row)
    steps = await store.steps_of(tx, [row.id])
    await _refuse_stranger(tx, row, steps)
    candidate = await _somebody(tx, row, draft.login, "added by " + tx.actor.name)
    name = f"extra {1 + sum(step.name.startswith('extra ') for step in steps)}"
    step = PlannedStep(name, f"Extra: {candidate.name}", 1, True, None, (), (candidate,))
    assert row.process_id is not None
    new = NewStep(node_of(step), key=name, title=f"{step.label}: {row.subject_label}", queue=QUEUE)
    (number,) = await amend_process(tx, row.process_id, Amendment(steps=(new,)), reason=draft.reason)
    await store.insert_steps(tx, row.id, [step], {name: number}, {})
    await told_change(tx, row, name, None, candidate, draft.reason)
    return name


async def reassign_step(tx: Tx, request_id: int, draft: ApproverDraft) -> None:
    """Have another person decide a step instead of the actor, who must be asked, or of anybody with the right to."""
    user_id = acting_user(tx)
    row = await locked(tx, request_id)
    _refuse_ended(row)
    steps = [step for step in await store.steps_of(tx, [row.id]) if step.decision is None]
    chosen = [step for step in steps if draft.step in (None, step.name) and user_id in step.candidates]
    if not chosen:
        require(tx.actor, "approvals.override")
        chosen = [step for step in steps if draft.step in (None, step.name)][:1]
    if not chosen:
        refuse("step_unknown", "The request has no such open step; reload the page.", "/step")
    step = chosen[0]
    candidate = await _somebody(tx, row, draft.login, "reassigned by " + tx.actor.name)
    leaving = [user_id] if user_id in step.candidates else [one for one in step.candidates if not _spoke(step, one)]
    for one in leaving:
        await store.drop_candidates(tx, one, [(row.id, step.name)])
    await store.add_candidates(tx, row.id, [(step.name, candidate.user_id, candidate.via)])
    await told_change(tx, row, step.name, leaving[0] if leaving else None, candidate, draft.reason)


async def hand_over(tx: Tx, user_id: int, login: str, *, reason: str) -> int:
    """Give all that waits for a user's verdict to another; return how many steps that were.

    Where the other one asked for it, the step goes to nobody and is left with who else is asked.
    """
    if tx.actor.user_id != user_id:
        require(tx.actor, "work.assign")
    waiting = await store.waiting_for(tx, user_id)
    rows = await store.lock(tx, sorted({request_id for request_id, _ in waiting}))
    for request_id, name in waiting:
        row = rows[request_id]
        candidate = await _somebody(tx, row, login, "handed over by " + tx.actor.name)
        await store.drop_candidates(tx, user_id, [(request_id, name)])
        await store.add_candidates(tx, request_id, [(name, candidate.user_id, candidate.via)])
        await told_change(tx, row, name, user_id, candidate, reason)
    return len(waiting)


async def replace_leavers(tx: Tx, user_ids: Sequence[int]) -> None:
    """Ask others instead of people who are gone: their manager, else whoever may override; visibly, on record."""
    for user_id in user_ids:
        waiting = await store.waiting_for(tx, user_id)
        rows = await store.lock(tx, sorted({request_id for request_id, _ in waiting}))
        steps = {(step.request_id, step.name): step for step in await store.steps_of(tx, list(rows))}
        for request_id, name in waiting:
            await _replace(tx, rows[request_id], steps[request_id, name], user_id)


async def _replace(tx: Tx, row: Row, step: StepRow, user_id: int) -> None:
    await store.drop_candidates(tx, user_id, [(row.id, step.name)])
    left = len(step.candidates) - 1
    if left >= max(step.needed, 1):
        await note(tx, row.id, "left", step=step.name, gone=user_id)
        return
    barred = {*row.requesters, *step.candidates}
    found = await people.find_people(tx, [Wanted(step.name, "manager", "1", None, user_id)])
    usable = [one for one in found if one.user_id not in barred] or [
        one for one in await people.find_overriders(tx, step.name) if one.user_id not in barred
    ]
    if not usable:
        await note(tx, row.id, "vacant", step=step.name, gone=user_id)
        return
    instead = usable[0]
    await store.add_candidates(tx, row.id, [(step.name, instead.user_id, f"instead of who left ({instead.via})")])
    candidate = Candidate(instead.user_id, instead.name, instead.via, instead.login)
    await told_change(tx, row, step.name, user_id, candidate, "Who was asked has left.")


async def _refuse_stranger(tx: Tx, row: Row, steps: Sequence[StepRow]) -> None:
    user_id = acting_user(tx)
    acting = set(await people.acting_for(tx, user_id, subject_kind=row.subject_kind))
    asked = any(acting & set(step.candidates) for step in steps)
    if not asked and user_id not in row.requesters:
        require(tx.actor, "approvals.override")


async def _somebody(tx: Tx, row: Row, login: str, via: str) -> Candidate:
    """An active user who did not ask for this."""
    found = (await resolve_users(tx, [login])).get(login)
    if found is None or not found.is_active:
        refuse("user_unknown", f"There is no active user {login}; give the login of a colleague.", "/login")
    barred = {*row.requesters, *await people.delegates_of(tx, row.requesters, subject_kind=row.subject_kind)}
    if found.id in barred:
        message = f"{found.name} asked for this or decides for who did; somebody else has to."
        raise Forbidden([Problem("own_request", message, "/login")])
    return Candidate(found.id, found.name, via, login)


async def told_change(  # noqa: PLR0917
    tx: Tx, row: Row, step: str, before: int | None, candidate: Candidate, reason: str
) -> None:
    """Log that somebody else is asked, or one more, and say so."""
    await note(tx, row.id, "approver", step=step, before=before, after=candidate.user_id, reason=reason)
    tx.emit(ApproverChanged(row.subject, row.id, row.number, step, before, candidate.user_id, reason))


def _refuse_ended(row: Row) -> None:
    if row.state != State.OPEN:
        raise Conflict([Problem("request_decided", f"{row.number} is {row.state} already; reload the page.")])


def _spoke(step: StepRow, user_id: int) -> bool:
    return str(user_id) in step.verdicts
