"""Quotes whose prices a policy wants approved: what that takes, asking for it, and what a verdict lets go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.approvals.commands import preview_submission, submit_for_approval
from orderloom.approvals.content import hash_of, snapshot_of
from orderloom.approvals.events import ApprovalDecided
from orderloom.approvals.reads import RequestRow, decides_about, list_requests, newest_outcomes
from orderloom.approvals.types import Preview, State, Submission, Submitted
from orderloom.base.refusals import Conflict, Problem, Refused, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.quotes.commands.completeness import sending_problems
from orderloom.quotes.commands.writing import lock_draft
from orderloom.quotes.events import QuoteNeedConfirmed
from orderloom.quotes.quote import SUBJECT, Head
from orderloom.quotes.reads.approval import QuoteFacts, approval_facts
from orderloom.quotes.reads.stored import heads, stored_version
from orderloom.quotes.store import quote as store
from orderloom.quotes.store import version as versions


@dataclass(frozen=True, slots=True)
class Approval:
    """Where a draft stands with the policies about quotes: what sending it would take, and the newest request.

    `is_current` says that the request is about what the quote says now. `problem` is why nobody can be asked.
    """

    preview: Preview
    request: RequestRow | None
    is_current: bool
    problem: str = ""

    @property
    def asks(self) -> bool:
        """Whether somebody has to decide before the quote may go."""
        return bool(self.problem) or self.preview.asks

    @property
    def waits(self) -> bool:
        """Whether they are being asked already, about what the quote says now."""
        return self.is_current and self.request is not None and self.request.state == State.OPEN


async def approval_of(tx: Tx, head: Head) -> Approval | None:
    """Where a draft stands with the policies; none where no policy decides about quotes. Writes nothing."""
    if head.account_id is None or head.state != "draft" or not await decides_about(tx, SUBJECT):
        return None
    submission = _submission(head, await approval_facts(tx, head.id))
    found = await list_requests(tx, view="all", subject=(SUBJECT, head.id), limit=1)
    request = found[0] if found else None
    is_current = request is not None and request.content == _content(submission)
    try:
        preview = await preview_submission(tx, submission)
    except Refused as refused:
        return Approval(Preview(None, None), request, is_current, " ".join(one.message for one in refused.problems))
    return Approval(preview, request, is_current)


async def ask_approval(tx: Tx, quote_id: int, *, seen: int | None = None) -> Submitted:
    """Submit a draft for the approvals that the policies want; asking again for the same content changes nothing.

    What an earlier approval covers asks nobody, and the quote may go at once. Refused: no policy, what could not be
    sent anyway, and a chain that cannot end.
    """
    head = await lock_draft(tx, quote_id, seen=seen)
    if head.account_id is None:
        refuse("template", "A template is sent to nobody; make a quote from it.")
    if not await decides_about(tx, SUBJECT):
        refuse("policy_missing", "No policy decides about quotes; somebody with the right confirms the prices instead.")
    stored = await stored_version(tx, head.id, head.active_version)
    refuse_if_any([one for one in await sending_problems(tx, head, stored) if one.code != "right_needed"])
    return await _submit(tx, head)


async def _submit(tx: Tx, head: Head) -> Submitted:
    [submitted] = await submit_for_approval(tx, [_submission(head, await approval_facts(tx, head.id))])
    if submitted.state == State.APPROVED:
        await _confirm(tx, head, by=str(submitted.number), comment="What was approved before covers this.")
    return submitted


async def approved_problems(tx: Tx, head: Head) -> list[Problem]:
    """What the policies still want before a draft may go. What an approval covers is settled here, and kept."""
    if head.account_id is None or not await decides_about(tx, SUBJECT):
        return []
    submission = _submission(head, await approval_facts(tx, head.id))
    outcome = (await newest_outcomes(tx, SUBJECT, [head.id])).get(head.id)
    if outcome is not None and outcome.state == State.APPROVED and outcome.content == _content(submission):
        await _confirm(tx, head, by=str(outcome.number), comment=outcome.reason)
        return []
    preview = await preview_submission(tx, submission)
    if not preview.asks:
        await _submit(tx, head)
        return []
    who = ", ".join(step.label for step in preview.steps if step.kept_from is None)
    if outcome is not None and outcome.state == State.OPEN:
        message = f"{outcome.number} waits for {who}; send the quote once it is approved."
    else:
        message = f"This takes the approval of {who}; submit the quote for it."
    return [Problem("approval_needed", message)]


def _content(submission: Submission) -> str:
    """The hash of what people would be shown, in hexadecimal."""
    return hash_of(snapshot_of(submission)).hex()


async def refuse_what_policies_decide(tx: Tx, head: Head) -> None:
    """Nobody stands up by themselves for what a policy has others decide."""
    if head.account_id is None or not await decides_about(tx, SUBJECT):
        return
    preview = await preview_submission(tx, _submission(head, await approval_facts(tx, head.id)))
    if preview.asks:
        message = f"The policy “{preview.policy}” decides about these prices; submit {head.number} for approval."
        raise Conflict([Problem("approval_needed", message)])


async def follow_approvals(tx: Tx, events: Sequence[ApprovalDecided]) -> None:
    """Confirm the prices of drafts that were approved, as far as the approval covers what they say now."""
    decided = {event.subject.id: event for event in events if event.subject.kind == SUBJECT}
    drafts = [head for head in (await heads(tx, list(decided))).values() if head.state == "draft"]
    for head in sorted(drafts, key=lambda head: head.id):
        event = decided[head.id]
        if event.after == State.APPROVED and not await _still_asks(tx, head):
            await _confirm(tx, await lock_draft(tx, head.id, seen=None), by=event.number, comment=event.reason)


async def _still_asks(tx: Tx, head: Head) -> bool:
    try:
        return (await preview_submission(tx, _submission(head, await approval_facts(tx, head.id)))).asks
    except Refused:
        return True


async def _confirm(tx: Tx, head: Head, *, by: str, comment: str) -> None:
    rights = sorted({need.needed_right for need in (await stored_version(tx, head.id, head.active_version)).open_needs})
    if not rights:
        return
    await versions.confirm_needs(tx, head.id, head.active_version, rights=rights, by=by, comment=comment)
    await store.count_change(tx, head.id)
    tx.emit(QuoteNeedConfirmed(head.subject, head.active_version, right, comment) for right in rights)


def _submission(head: Head, facts: QuoteFacts) -> Submission:
    inputs: Mapping[str, object] = {
        "amount": Decimal(facts.amount),
        "one time": Decimal(facts.one_time),
        "recurring": Decimal(facts.recurring),
        "discount": Decimal(facts.discount),
        "discount in all": Decimal(facts.discount_in_all),
        "below floor": Decimal(facts.below_floor),
        "lines": Decimal(facts.lines),
        "currency": facts.currency,
        "segment": facts.segment,
        "country": facts.country,
        "channel": facts.channel,
        "terms": facts.terms,
        "terms days": _days(facts.terms),
        "customer": facts.account,
    }
    identity = {
        "customer": f"{facts.account} {facts.account_name}",
        "currency": facts.currency,
        "terms": facts.terms or "",
    }
    shown = {"version": facts.version, "title": facts.title, "lines": facts.items, "needs": facts.needs}
    requesters = (head.owner_id,) if head.owner_id is not None else ()
    return Submission(head.subject, inputs, identity, shown=shown, requesters=requesters)


def _days(terms: str | None) -> Decimal | None:
    """How many days payment terms such as `net-30` give; none where they name no number."""
    found = re.search(r"\d+", terms or "")
    return Decimal(found[0]) if found else None
