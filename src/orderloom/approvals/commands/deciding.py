"""Verdicts: who may give one, and what it does."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.approvals.chain import standing
from orderloom.approvals.commands.ending import end_request, locked, note
from orderloom.approvals.events import VerdictGiven
from orderloom.approvals.store import people, question
from orderloom.approvals.store import request as store
from orderloom.approvals.store.request import Row, StepRow
from orderloom.approvals.types import Channel, Decided, State, VerdictDraft, VerdictKind
from orderloom.base.refusals import Conflict, Forbidden, Problem, Stale, refuse
from orderloom.base.transaction import Tx
from orderloom.parties.policy import require
from orderloom.processes.commands import complete_steps
from orderloom.processes.types import Completion


async def decide_requests(
    tx: Tx, verdicts: Sequence[tuple[int, VerdictDraft]], *, channel: Channel = "page"
) -> list[Decided]:
    """Give verdicts, by the ids of their requests; all or nothing. Return what each did.

    A verdict is for exactly the content that was shown: other content is refused (412), as is a request or step that
    has been decided, with who did (409). A refusal needs a comment. The last approval that is needed approves the
    request, and a refusal that counts refuses it; what was asked besides is asked no more.
    """
    return [await _decide(tx, request_id, draft, channel) for request_id, draft in verdicts]


async def _decide(tx: Tx, request_id: int, draft: VerdictDraft, channel: Channel) -> Decided:
    user_id = acting_user(tx)
    row = await locked(tx, request_id)
    if draft.verdict == "reject" and not draft.comment.strip():
        refuse("comment_missing", "Say why you refuse; the requester reads it.", "/comment")
    steps = await store.steps_of(tx, [row.id])
    await _refuse_late(tx, row, steps, draft)
    step, candidate_id = await _place(tx, row, steps, user_id, draft.step)
    await store.add_verdict(
        tx,
        row.id,
        step=step.name,
        candidate_id=candidate_id,
        decided_by=user_id,
        verdict=draft.verdict,
        comment=draft.comment.strip(),
        channel=channel,
        content_hash=row.content_hash,
    )
    await note(
        tx,
        row.id,
        "verdict",
        step=step.name,
        verdict=draft.verdict,
        comment=draft.comment.strip(),
        channel=channel,
        candidate_id=candidate_id,
        content=row.content_hash.hex(),
    )
    tx.emit(VerdictGiven(row.subject, row.id, row.number, step.name, draft.verdict, user_id, channel))
    given: dict[int, VerdictKind] = {int(key): _kind(value) for key, value in step.verdicts.items()}
    return await settle_step(tx, row, steps, step, given | {candidate_id: draft.verdict}, reason=draft.comment)


async def settle_step(
    tx: Tx, row: Row, steps: Sequence[StepRow], step: StepRow, verdicts: dict[int, VerdictKind], *, reason: str
) -> Decided:
    """Draw the consequences of a step's verdicts for the step and the request."""
    asked = set(step.candidates) | verdicts.keys()
    result = standing(verdicts, candidates=len(asked), needed=step.needed, veto=step.veto)
    if result == "open":
        return Decided(row.id, step.name, is_step_decided=False, state=State.OPEN)
    await store.set_decisions(tx, row.id, [step.name], result)
    if result == "rejected":
        await end_request(tx, row, State.REJECTED, reason)
        return Decided(row.id, step.name, is_step_decided=True, state=State.REJECTED)
    assert row.process_id is not None and step.number is not None
    await complete_steps(tx, [Completion(row.process_id, step.number, {"verdict": "approve"})])
    if any(other.decision is None and other.name != step.name for other in steps):
        return Decided(row.id, step.name, is_step_decided=True, state=State.OPEN)
    await end_request(tx, row, State.APPROVED, "Everybody who was asked has approved.")
    return Decided(row.id, step.name, is_step_decided=True, state=State.APPROVED)


async def override_request(tx: Tx, request_id: int, draft: VerdictDraft) -> Decided:
    """Decide a request over the heads of those who are asked, on record. Nobody overrides their own request."""
    require(tx.actor, "approvals.override")
    user_id = acting_user(tx)
    row = await locked(tx, request_id)
    if not draft.comment.strip():
        refuse("comment_missing", "Say why you decide this over the heads of those who are asked.", "/comment")
    steps = await store.steps_of(tx, [row.id])
    await _refuse_late(tx, row, steps, draft, even_if_asked=True)
    barred = {*row.requesters, *await people.delegates_of(tx, row.requesters, subject_kind=row.subject_kind)}
    if user_id in barred:
        message = "You asked for this yourself, or decide for who did; somebody else has to override it."
        raise Forbidden([Problem("own_request", message)])
    await note(tx, row.id, "override", verdict=draft.verdict, comment=draft.comment.strip())
    state = State.APPROVED if draft.verdict == "approve" else State.REJECTED
    await end_request(tx, row, state, draft.comment.strip(), decision="overridden")
    return Decided(row.id, "", is_step_decided=True, state=state)


def acting_user(tx: Tx) -> int:
    """The person who acts; a verdict is a person's."""
    if tx.actor.user_id is None:
        refuse("not_a_person", "Only a person can decide; log in, or use a key of your own.")
    return tx.actor.user_id


async def _refuse_late(
    tx: Tx, row: Row, steps: Sequence[StepRow], draft: VerdictDraft, *, even_if_asked: bool = False
) -> None:
    """Refuse what was decided meanwhile, what has other content than was shown, and what waits for an answer."""
    if row.state != State.OPEN:
        raise Conflict([Problem("request_decided", f"{row.number} is {row.state}: {await told(tx, row)}")])
    if row.content_hash != bytes.fromhex(draft.content):
        message = f"{row.number} is not what you were shown; open it again and decide on what it is now."
        raise Stale([Problem("content_changed", message, "/content")])
    chosen = next((step for step in steps if step.name == draft.step), None)
    if chosen is not None and chosen.decision is not None:
        message = f"“{chosen.label}” is {chosen.decision}: {await told(tx, row)}"
        raise Conflict([Problem("step_decided", message, "/step")])
    if not even_if_asked and await question.has_open_question(tx, [row.id]):
        message = f"{row.number} waits for an answer of who asked for it; answer or withdraw the question first."
        raise Conflict([Problem("question_open", message)])


async def told(tx: Tx, row: Row) -> str:
    """Who decided last, as a sentence."""
    last = await store.last_verdict(tx, row.id)
    return last or "open it again to see why."


async def _place(tx: Tx, row: Row, steps: Sequence[StepRow], user_id: int, name: str | None) -> tuple[StepRow, int]:
    """The step that the user decides, and for whom: themselves first, then those who delegated to them."""
    if user_id in row.requesters:
        message = "You asked for this, or edited it; somebody else has to decide."
        raise Forbidden([Problem("own_request", message)])
    acting = await people.acting_for(tx, user_id, subject_kind=row.subject_kind)
    delegated = [one for one in acting if one in row.requesters]
    if delegated:
        message = "You decide for somebody who asked for this; somebody else has to decide it."
        raise Forbidden([Problem("own_request", message)])
    for step in steps:
        if not step.is_open or name not in (None, step.name):
            continue
        for candidate_id in acting:
            if candidate_id in step.candidates and str(candidate_id) not in step.verdicts:
                if await store.has_decided(tx, row.id, step.name, user_id):
                    break
                return step, candidate_id
    raise await _not_asked(tx, row, steps, acting)


async def _not_asked(tx: Tx, row: Row, steps: Sequence[StepRow], acting: Sequence[int]) -> Conflict | Forbidden:
    mine = [step for step in steps if set(acting) & set(step.candidates)]
    if any(str(one) in step.verdicts for step in mine for one in acting):
        return Conflict([Problem("verdict_given", f"You have decided {row.number} already: {await told(tx, row)}")])
    if any(step.decision is None for step in mine):
        message = f"{row.number} is not with you yet: other steps come first."
        return Conflict([Problem("step_later", message)])
    return Forbidden([Problem("not_asked", "You are not among those who are asked; they stand on its page.")])


def _kind(value: str) -> VerdictKind:
    return "approve" if value == "approve" else "reject"
