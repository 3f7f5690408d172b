"""Policies are published, tried and retired; people say who decides for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from orderloom.approvals import policy as policies
from orderloom.approvals.events import DelegationEnded, DelegationMade, PolicyPublished, PolicyRetired
from orderloom.approvals.store import policy as store
from orderloom.approvals.types import DelegationDraft, PolicyDraft
from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.feel.mistakes import Mistake
from orderloom.parties.policy import require
from orderloom.parties.reads import resolve_users


@dataclass(frozen=True, slots=True)
class Published:
    """A policy's version, and what the analysis of its table shows."""

    code: str
    number: int
    is_new: bool
    remarks: tuple[Mistake, ...]


async def publish_policies(tx: Tx, drafts: Sequence[PolicyDraft]) -> list[Published]:
    """Publish policies; unchanged content changes nothing, changed content is the next version. All or nothing.

    One active policy decides about a kind of subject. Requests that run keep their version.
    """
    require(tx.actor, "approvals.write")
    checked = [policies.problems_of(draft) for draft in drafts]
    refuse_if_any(
        [
            problem.below(f"/{place}" if len(drafts) > 1 else "")
            for place, (problems, _) in enumerate(checked)
            for problem in problems
        ]
    )
    await _refuse_rivals(tx, drafts)
    known = {row.code: row for row in await store.newest(tx, codes=[draft.code for draft in drafts])}
    changed = {draft.code: _document(draft) for draft in drafts if not _is_known(draft, known.get(draft.code))}
    await store.put_policies(tx, [(draft.code, draft.subject) for draft in drafts if draft.code in changed])
    numbers = await store.add_versions(tx, changed)
    ids = {row.code: row.policy_id for row in await store.newest(tx, codes=list(changed))}
    tx.emit(PolicyPublished(Subject("approval_policy", ids[code], code), number) for code, number in numbers.items())
    return [
        Published(
            draft.code, numbers.get(draft.code, 0) or known[draft.code].number, draft.code in numbers, tuple(found)
        )
        for draft, (_, found) in zip(drafts, checked, strict=True)
    ]


def _is_known(draft: PolicyDraft, stored: store.StoredPolicy | None) -> bool:
    return stored is not None and stored.is_active and parse(PolicyDraft, stored.document) == draft


async def _refuse_rivals(tx: Tx, drafts: Sequence[PolicyDraft]) -> None:
    """One kind of subject has one active policy."""
    taken = {row.subject_kind: row.code for row in await store.newest(tx, kinds=[draft.subject for draft in drafts])}
    problems = []
    for place, draft in enumerate(drafts):
        rival = taken.setdefault(draft.subject, draft.code)
        if rival != draft.code:
            message = f"The policy {rival} decides about {draft.subject} already; change it, or retire it first."
            problems.append(Problem("subject_taken", message, f"/{place}/subject" if len(drafts) > 1 else "/subject"))
    refuse_if_any(problems)


async def retire_policies(tx: Tx, codes: Sequence[str]) -> list[str]:
    """Ask these policies no more; what runs goes on. Return those that were asked."""
    require(tx.actor, "approvals.write")
    retired = await store.retire_policies(tx, codes)
    ids = {row.code: row.policy_id for row in await store.newest(tx, codes=retired)}
    tx.emit(PolicyRetired(Subject("approval_policy", ids[code], code)) for code in retired)
    return retired


async def delegate(tx: Tx, draft: DelegationDraft) -> int:
    """Have somebody decide for the actor, or for another user whom the actor may assign work of, for a time."""
    people = await resolve_users(tx, [draft.delegate, *([draft.user] if draft.user else [])])
    giver_id = _giver(tx, draft, {login: person.id for login, person in people.items()})
    delegate_id = people[draft.delegate].id if draft.delegate in people else None
    if delegate_id is None or not people[draft.delegate].is_active:
        refuse("user_unknown", f"There is no active user {draft.delegate}; give a colleague's login.", "/delegate")
    if delegate_id == giver_id:
        refuse("delegate_self", "Nobody stands in for themselves; name a colleague.", "/delegate")
    _refuse_times(tx, draft.starts_at, draft.ends_at)
    new = store.NewDelegation(
        giver_id, delegate_id, draft.starts_at, draft.ends_at, draft.subjects, draft.reason.strip()
    )
    through = await store.circles(tx, new)
    if through:
        message = f"It would come back to its giver through {', '.join(through)}; choose somebody else or other days."
        refuse("delegation_circle", message, "/delegate")
    delegation_id = await store.add_delegation(tx, new)
    subject = Subject("user", giver_id, draft.user or tx.actor.name)
    starts, ends = draft.starts_at.isoformat(), draft.ends_at.isoformat()
    tx.emit(DelegationMade(subject, delegation_id, delegate_id, starts, ends))
    return delegation_id


async def end_delegations(tx: Tx, ids: Sequence[int]) -> list[int]:
    """End own delegations, or anybody's with the right to assign; return those that had not ended."""
    may_all = tx.actor.may("work.assign")
    ended = await store.end_delegations(tx, ids, giver_id=None if may_all else tx.actor.user_id)
    subject = Subject("user", tx.actor.user_id or 0, tx.actor.name)
    tx.emit(DelegationEnded(subject, delegation_id) for delegation_id in ended)
    return ended


def _giver(tx: Tx, draft: DelegationDraft, ids: Mapping[str, int]) -> int:
    if draft.user is None:
        if tx.actor.user_id is None:
            refuse("not_a_person", "Say whose approvals are meant.", "/user")
        return tx.actor.user_id
    if draft.user not in ids:
        refuse("user_unknown", f"There is no user {draft.user}.", "/user")
    if ids[draft.user] != tx.actor.user_id:
        require(tx.actor, "work.assign")
    return ids[draft.user]


def _refuse_times(tx: Tx, starts: datetime, ends: datetime) -> None:
    if starts.tzinfo is None or ends.tzinfo is None:
        refuse("time_zone_missing", "Give both times with their offset, such as 2026-12-24T08:00:00+01:00.")
    if ends <= starts:
        refuse("ends_before_start", "It ends before it begins; give a later end.", "/ends_at")
    if ends <= tx.now:
        refuse("ends_in_the_past", "It would be over already; give a later end.", "/ends_at")


def _document(draft: PolicyDraft) -> dict[str, object]:
    """A policy as it is stored and read back."""
    return {name: value for name, value in asdict(draft).items() if value is not None}
