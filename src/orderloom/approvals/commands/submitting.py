"""Asking for approval: what it would take, and the request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from orderloom.approvals import content
from orderloom.approvals import policy as policies
from orderloom.approvals.again import still_holds
from orderloom.approvals.commands.ending import end_request, note
from orderloom.approvals.events import ApprovalRequested
from orderloom.approvals.policy import Policy
from orderloom.approvals.store import people
from orderloom.approvals.store import policy as policy_rows
from orderloom.approvals.store import request as store
from orderloom.approvals.store.people import Found, Wanted
from orderloom.approvals.types import (
    Candidate,
    PlannedStep,
    PolicyDraft,
    Preview,
    Reason,
    State,
    StepDraft,
    Submission,
    Submitted,
)
from orderloom.base.numbers import take_numbers
from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.feel.literal import literal
from orderloom.processes.commands import start_processes
from orderloom.processes.types import Edge, Node, ProcessDraft

STEP_KIND = "approvals.decide"
QUEUE = "approvals"
SPLIT_DAYS = 14
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Active:
    """A policy that decides now, ready to be asked."""

    policy: Policy
    version_id: int
    number: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A submission with what its policy says to it."""

    submission: Submission
    requesters: tuple[int, ...]
    policy: Policy | None = None
    version_id: int | None = None
    number: int | None = None
    reasons: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    steps: tuple[PlannedStep, ...] = ()
    kept: Mapping[str, int] = field(default_factory=dict)
    flag: str = ""


async def preview_submission(tx: Tx, submission: Submission) -> Preview:
    """What submitting would ask for and of whom; writes nothing. Refused as submitting would be."""
    asked = await _ask(tx, submission)
    warnings = (asked.flag,) if asked.flag else ()
    if asked.policy is None:
        return Preview(None, None, warnings=warnings)
    return Preview(asked.policy.draft.name, asked.number, asked.steps, warnings)


async def submit_for_approval(tx: Tx, submissions: Sequence[Submission]) -> list[Submitted]:
    """Ask for the approvals that the policies want; return what became of each, in order.

    What is asked is kept, also where nothing is needed. Submitting the same content again changes nothing; other
    content makes the open request void and compares with what was approved last. Refused: inputs that do not fit the
    policy, and a chain that cannot end because nobody is left to decide a step.
    """
    policies = await _policies(tx, [one.subject.kind for one in submissions])
    opened = await store.open_subjects(tx, [one.subject for one in submissions])
    easy = [
        one
        for one in submissions
        if (one.subject.kind, one.subject.id) not in opened and not _needed(policies.get(one.subject.kind), one)
    ]
    await _keep(tx, easy, policies)
    free = {(one.subject.kind, one.subject.id) for one in easy}
    return [
        Submitted(one.subject, None, None, None)
        if (one.subject.kind, one.subject.id) in free
        else await _submit(tx, one)
        for one in submissions
    ]


async def _policies(tx: Tx, kinds: Sequence[str]) -> dict[str, _Active]:
    """The active policies of these kinds of subject."""
    return {
        row.subject_kind: _Active(policies.compiled(parse(PolicyDraft, row.document)), row.version_id, row.number)
        for row in await policy_rows.newest(tx, kinds=sorted(set(kinds)))
    }


def _needed(active: _Active | None, submission: Submission) -> dict[str, tuple[Reason, ...]]:
    if active is None:
        return {}
    refuse_if_any(policies.unfit(active.policy.draft, submission.inputs))
    return active.policy.needed(submission.inputs)


async def _keep(tx: Tx, easy: Sequence[Submission], active: Mapping[str, _Active]) -> None:
    """Keep submissions that need nobody, all in one go."""
    if not easy:
        return
    flags = await _split(tx, easy, active)
    await store.add_submissions(
        tx,
        [
            store.NewSubmission(
                one.subject,
                active[one.subject.kind].version_id if one.subject.kind in active else None,
                {name: literal(value) for name, value in one.inputs.items()},
                flag=flag,
            )
            for one, flag in zip(easy, flags, strict=True)
        ],
    )


async def _submit(tx: Tx, submission: Submission) -> Submitted:
    subject = submission.subject
    await store.lock_subject(tx, subject)
    snapshot = content.snapshot_of(submission)
    open_id = await store.open_of(tx, subject)
    if open_id is not None:
        (row,) = (await store.lock(tx, [open_id])).values()
        if row.content_hash == content.hash_of(snapshot):
            return Submitted(subject, row.id, row.number, State(row.state))
        await end_request(tx, row, State.VOID, "The content has changed since.")
    asked = await _ask(tx, submission)
    inputs = {name: literal(value) for name, value in submission.inputs.items()}
    (submission_id,) = await store.add_submissions(
        tx,
        [store.NewSubmission(subject, asked.version_id, inputs, tuple(asked.reasons), asked.flag)],
    )
    if not asked.reasons:
        return Submitted(subject, None, None, None)
    return await _open(tx, asked, submission_id, snapshot)


async def _open(tx: Tx, asked: _Asked, submission_id: int, snapshot: str) -> Submitted:
    subject, submission = asked.submission.subject, asked.submission
    (number,) = await take_numbers(tx, "approval", 1)
    request_id = await store.draw_request_id(tx)
    waiting = [step for step in asked.steps if step.name not in asked.kept]
    process_id = await _start(tx, Subject("approval", request_id, number, subject.account_id), subject, waiting)
    state = State.OPEN if waiting else State.APPROVED
    assert asked.version_id is not None
    new = store.NewRequest(
        number=number,
        subject=subject,
        submission_id=submission_id,
        version_id=asked.version_id,
        process_id=process_id,
        state=state,
        snapshot=snapshot,
        identity=submission.identity,
        requester_id=tx.actor.user_id,
        requesters=asked.requesters,
        outcome="" if waiting else "What was approved before covers this.",
    )
    await store.insert(tx, request_id, new)
    numbers = {step.name: place for place, step in enumerate(waiting)}
    await store.insert_steps(tx, request_id, asked.steps, numbers, asked.kept)
    hashed = content.hash_of(snapshot).hex()
    steps = {step.name: [who.name for who in step.candidates] for step in waiting}
    assert asked.policy is not None
    await note(
        tx,
        request_id,
        "requested",
        content=hashed,
        policy=asked.policy.draft.code,
        version=asked.number,
        rules={name: [reason.rule for reason in reasons] for name, reasons in asked.reasons.items()},
        steps=steps,
        kept=sorted(asked.kept),
        flag=asked.flag,
    )
    tx.emit(ApprovalRequested(subject, request_id, number, tuple(numbers)))
    return Submitted(subject, request_id, number, state)


async def _start(tx: Tx, request: Subject, subject: Subject, steps: Sequence[PlannedStep]) -> int | None:
    """The chain as a process of the engine; none if nobody is to be asked."""
    if not steps:
        return None
    places = {step.name: place for place, step in enumerate(steps)}
    (process_id,) = await start_processes(
        tx,
        [
            ProcessDraft(
                subject=request,
                nodes=tuple(node_of(step) for step in steps),
                edges=tuple(Edge(places[first], places[step.name]) for step in steps for first in step.after),
                keys=tuple(step.name for step in steps),
                titles=tuple(f"{step.label}: {subject.label}" for step in steps),
                queues=(QUEUE,) * len(steps),
            )
        ],
    )
    return process_id


def node_of(step: PlannedStep) -> Node:
    """A step of a chain as the engine knows it."""
    params = {"decided_by_verdict": True} | ({"sla_hours": step.hours} if step.hours is not None else {})
    return Node(kind=STEP_KIND, mode="person", tells=True, params=params)


async def _ask(tx: Tx, submission: Submission) -> _Asked:
    subject = submission.subject
    own = (tx.actor.user_id,) if tx.actor.user_id is not None else ()
    requesters = tuple(dict.fromkeys((*own, *submission.requesters)))
    asked = _Asked(submission, requesters)
    active = (await _policies(tx, [subject.kind])).get(subject.kind)
    if active is None:
        return asked
    asked = replace(
        asked,
        policy=active.policy,
        version_id=active.version_id,
        number=active.number,
        reasons=_needed(active, submission),
    )
    if not asked.reasons:
        (flag,) = await _split(tx, [submission], {subject.kind: active})
        return replace(asked, flag=flag)
    kept = await _kept(tx, asked)
    steps = await _planned(tx, asked, kept)
    return replace(asked, kept={name: id_ for name, (id_, _) in kept.items()}, steps=steps)


async def _kept(tx: Tx, asked: _Asked) -> dict[str, tuple[int, str]]:
    """The steps whose earlier approval still holds: by the request that it was given in, and its number."""
    assert asked.policy is not None
    rows = await store.last_approved(tx, asked.submission.subject)
    if not rows:
        return {}
    last = (rows[0].request_id, rows[0].number)
    if rows[0].content_hash == content.hash_of(content.snapshot_of(asked.submission)):
        return dict.fromkeys(asked.reasons, last)
    if rows[0].identity != dict(asked.submission.identity):
        return {}
    approved = {row.step: tuple(Reason(**one) for one in row.reasons or ()) for row in rows}
    return {
        name: last
        for name, now in asked.reasons.items()
        if name in approved and still_holds(now, approved[name], asked.policy.draft.inputs)
    }


async def _planned(tx: Tx, asked: _Asked, kept: Mapping[str, tuple[int, str]]) -> tuple[PlannedStep, ...]:
    assert asked.policy is not None
    asking = {name: asked.policy.steps[name] for name in asked.reasons if name not in kept}
    found = await _people(tx, asked, asking)
    after = asked.policy.after(asking)
    problems: list[Problem] = []
    steps = []
    for name, reasons in asked.reasons.items():
        draft = asked.policy.steps[name]
        candidates = tuple(Candidate(one.user_id, one.name, one.via, one.login) for one in found.get(name, ()))
        if name not in kept and len(candidates) < max(draft.needed, 1):
            problems.append(_vacant(draft, len(candidates)))
        steps.append(
            PlannedStep(
                name=name,
                label=draft.label or name.capitalize(),
                needed=draft.needed,
                veto=draft.veto,
                hours=draft.hours,
                reasons=reasons,
                candidates=candidates,
                after=after.get(name, ()),
                kept_from=kept[name][1] if name in kept else None,
            )
        )
    refuse_if_any(problems)
    return tuple(steps)


def _vacant(draft: StepDraft, count: int) -> Problem:
    wanted = max(draft.needed, 1)
    message = (
        f"The step “{draft.label or draft.name}” needs {wanted} to decide and {count or 'nobody'} may, leaving out "
        "who asks and who decides for them; fill the role, team or manager that it names, or change the policy."
    )
    return Problem("nobody_to_decide", message)


async def _people(tx: Tx, asked: _Asked, asking: Mapping[str, StepDraft]) -> dict[str, list[Found]]:
    """Who may decide each step: whom it names, less those who ask and those who decide for them."""
    wanted = [one for name, draft in asking.items() for one in _wanted(asked, name, draft)]
    if not wanted:
        return {}
    barred = {*asked.requesters}
    if asked.requesters:
        kind = asked.submission.subject.kind
        barred |= set(await people.delegates_of(tx, asked.requesters, subject_kind=kind))
    found: dict[str, list[Found]] = {}
    for one in await people.find_people(tx, wanted):
        if one.user_id not in barred:
            found.setdefault(one.step, []).append(one)
    return found


def _wanted(asked: _Asked, name: str, draft: StepDraft) -> list[Wanted]:
    submission = asked.submission
    account_id = submission.account_id or submission.subject.account_id
    requester = asked.requesters[0] if asked.requesters else None
    rows: list[Wanted] = []
    for who in draft.who:
        if who.expression is not None:
            logins = policies.people_named(who, submission.inputs)
            rows += [Wanted(name, "person", login, account_id, requester) for login in logins]
        elif who.owner:
            rows.append(Wanted(name, "owner", "", account_id, requester))
        else:
            by, value = next(
                (by, str(value))
                for by in ("person", "role", "team", "lead", "manager")
                if (value := getattr(who, by)) is not None
            )
            rows.append(Wanted(name, by, value, account_id, requester))
    return rows


async def _split(tx: Tx, easy: Sequence[Submission], active: Mapping[str, _Active]) -> list[str]:
    """For each a sentence where what was asked lately for its account would need approval as one, or nothing."""
    known = await store.unneeded_totals(tx, [one.subject for one in easy], days=SPLIT_DAYS)
    return [_flag(one, active.get(one.subject.kind), *known.get(one.subject.id, (0, ZERO))) for one in easy]


def _flag(one: Submission, active: _Active | None, others: int, sum_of_others: Decimal) -> str:
    amount = one.inputs.get("amount")
    if active is None or not others or not isinstance(amount, Decimal):
        return ""
    total = amount + sum_of_others
    if not active.policy.needed({**one.inputs, "amount": total}):
        return ""
    return (
        f"With {others} more for this customer in the last {SPLIT_DAYS} days it comes to {literal(total)}, "
        "which would need approval as one."
    )
