"""The API of approvals: requests, verdicts, policies, delegations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from orderloom.approvals import commands, reads
from orderloom.approvals.policy import problems_of
from orderloom.approvals.trial import Past, Trial, try_policy
from orderloom.approvals.types import (
    ApproverDraft,
    Decided,
    DelegationDraft,
    PolicyDraft,
    RemarkDraft,
    VerdictDraft,
)
from orderloom.base.fields import Code
from orderloom.base.parsing import strict
from orderloom.base.refusals import NotFound, Problem, Refused, refuse_if_any
from orderloom.parties.commands import set_account_owners, set_managers
from orderloom.parties.reads import resolve_users
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, WhyText
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("api", "/api")

MOST_AT_ONCE = 200
TRIAL_DAYS = 365


@strict
@dataclass(frozen=True, slots=True)
class RequestQuery:
    """Which requests to list: those that wait for you, those that you asked for, or all that you may see."""

    view: Literal["mine", "asked", "all"] = "mine"
    state: Literal["open", "approved", "rejected", "recalled", "void"] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


@routes.get("/approvals", permission=SIGNED_IN, query=RequestQuery, returns=(Rows, reads.RequestRow))
async def read_requests(call: Call, query: RequestQuery) -> Rows:
    """Requests for approval from the newest: those that wait for you, that you asked for, or all."""
    place = place_of(query.cursor, int)
    rows = await reads.list_requests(
        call.tx, view=query.view, state=query.state, after=place[0] if place else None, limit=query.limit + 1
    )
    shown, following = cut(rows, query.limit, lambda row: [row.id])
    return Rows(shown, following)


@routes.get("/approvals/{request_id:int}", permission=SIGNED_IN, returns=reads.RequestPage)
async def read_request(call: Call, request_id: int) -> reads.RequestPage:
    """One request: what is shown, its chain, verdicts, questions and log."""
    return await reads.request_page(call.tx, request_id)


@routes.post("/approvals/{request_id:int}/verdict", permission=SIGNED_IN, body=VerdictDraft, returns=Decided)
async def decide_request(call: Call, request_id: int, body: VerdictDraft) -> Decided:
    """Approve or refuse; `content` is the hash of what you were shown, and a refusal needs a comment."""
    await reads.request_page(call.tx, request_id)
    (decided,) = await commands.decide_requests(call.tx, [(request_id, body)], channel="api")
    return decided


@strict
@dataclass(frozen=True, slots=True)
class OneVerdict(VerdictDraft):
    """A verdict among several."""

    request_id: Annotated[int, Field(ge=1)] = field(default=0, kw_only=True)


@strict
@dataclass(frozen=True, slots=True)
class Verdicts:
    """Verdicts on many requests, each for itself."""

    verdicts: Annotated[tuple[OneVerdict, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """What one of many verdicts did, or why it was refused."""

    request_id: int
    state: str | None
    refused: str | None


@routes.post("/approvals/verdicts", permission=SIGNED_IN, body=Verdicts, returns=(Rows, VerdictOutcome))
async def decide_many(call: Call, body: Verdicts) -> Rows:
    """Decide up to 200 requests, each for itself: what is refused is told and stops none of the others."""
    outcomes = []
    for verdict in sorted(body.verdicts, key=lambda one: one.request_id):
        draft = VerdictDraft(verdict.verdict, verdict.content, verdict.step, verdict.comment)
        try:
            async with call.tx.savepoint():
                (decided,) = await commands.decide_requests(call.tx, [(verdict.request_id, draft)], channel="api")
                outcomes.append(VerdictOutcome(verdict.request_id, str(decided.state), None))
        except Refused as refused:
            outcomes.append(VerdictOutcome(verdict.request_id, None, refused.problems[0].message))
    return Rows(outcomes)


@routes.post(
    "/approvals/{request_id:int}/override", permission="approvals.override", body=VerdictDraft, returns=Decided
)
async def override_request(call: Call, request_id: int, body: VerdictDraft) -> Decided:
    """Decide over the heads of those who are asked, on record; never your own request."""
    return await commands.override_request(call.tx, request_id, body)


@strict
@dataclass(frozen=True, slots=True)
class Recall:
    """Why a request is taken back."""

    reason: WhyText


@routes.post("/approvals/{request_id:int}/recall", permission=SIGNED_IN, body=Recall, returns=reads.RequestPage)
async def recall_request(call: Call, request_id: int, body: Recall) -> reads.RequestPage:
    """Take your own request back."""
    await reads.request_page(call.tx, request_id)
    await commands.recall_request(call.tx, request_id, reason=body.reason)
    return await reads.request_page(call.tx, request_id)


@routes.post("/approvals/{request_id:int}/question", permission=SIGNED_IN, body=RemarkDraft, returns=reads.RequestPage)
async def ask_requester(call: Call, request_id: int, body: RemarkDraft) -> reads.RequestPage:
    """Ask the requester before you decide; the clock stands still until it is answered."""
    await commands.ask_requester(call.tx, request_id, question=body.text)
    return await reads.request_page(call.tx, request_id)


@routes.post("/approvals/{request_id:int}/answer", permission=SIGNED_IN, body=RemarkDraft, returns=reads.RequestPage)
async def answer_question(call: Call, request_id: int, body: RemarkDraft) -> reads.RequestPage:
    """Answer the open question; the clock runs again."""
    await commands.answer_question(call.tx, request_id, answer=body.text)
    return await reads.request_page(call.tx, request_id)


@routes.post(
    "/approvals/{request_id:int}/approvers", permission=SIGNED_IN, body=ApproverDraft, returns=reads.RequestPage
)
async def add_approver(call: Call, request_id: int, body: ApproverDraft) -> reads.RequestPage:
    """Have somebody more decide, beside those who are asked."""
    await commands.add_approver(call.tx, request_id, body)
    return await reads.request_page(call.tx, request_id)


@routes.post("/approvals/{request_id:int}/reassign", permission=SIGNED_IN, body=ApproverDraft, returns=Rows)
async def reassign_step(call: Call, request_id: int, body: ApproverDraft) -> Rows:
    """Have another person decide instead of you, or instead of anybody with the right to override."""
    await commands.reassign_step(call.tx, request_id, body)
    return Rows([row for row in await reads.list_requests(call.tx, view="all") if row.id == request_id])


@strict
@dataclass(frozen=True, slots=True)
class HandOver:
    """Whose approvals go to whom."""

    login: Annotated[str, Field(max_length=254)]
    to: Annotated[str, Field(max_length=254)]
    reason: WhyText


@dataclass(frozen=True, slots=True)
class HandedOver:
    """How many steps moved."""

    steps: int


@routes.post("/approvals/hand-over", permission=SIGNED_IN, body=HandOver, returns=HandedOver)
async def hand_over(call: Call, body: HandOver) -> HandedOver:
    """Give all that waits for somebody's verdict to another, in one act."""
    found = (await resolve_users(call.tx, [body.login])).get(body.login)
    if found is None:
        raise NotFound([Problem("user_unknown", f"There is no user {body.login}.", "/login")])
    return HandedOver(await commands.hand_over(call.tx, found.id, body.to, reason=body.reason))


# Policies


@dataclass(frozen=True, slots=True)
class Remark:
    """What the analysis of a policy's table shows: a gap, an overlap, a rule that never counts."""

    line: int
    column: int
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PublishedPolicy:
    """A policy's version, whether it is new, and what its table leaves open."""

    code: str
    number: int
    is_new: bool
    remarks: tuple[Remark, ...]


@routes.get("/approval-policies", permission=SIGNED_IN, returns=(Rows, reads.PolicyRow))
async def read_policies(call: Call) -> Rows:
    """All policies with their newest versions."""
    return Rows(await reads.list_policies(call.tx))


@routes.put("/approval-policies", permission="approvals.write", body=PolicyDraft, returns=PublishedPolicy)
async def publish_policy(call: Call, body: PolicyDraft) -> PublishedPolicy:
    """Publish a policy; unchanged content changes nothing, changed content is its next version."""
    (published,) = await commands.publish_policies(call.tx, [body])
    remarks = tuple(Remark(one.line, one.column, one.code, one.sentence) for one in published.remarks)
    return PublishedPolicy(published.code, published.number, published.is_new, remarks)


@routes.post("/approval-policies/check", permission=SIGNED_IN, body=PolicyDraft, returns=(Rows, Remark))
async def check_policy(call: Call, body: PolicyDraft) -> Rows:
    """What keeps a policy from being published (422), else what its table leaves open; changes nothing."""
    problems, remarks = problems_of(body)
    refuse_if_any(problems)
    return Rows([Remark(one.line, one.column, one.code, one.sentence) for one in remarks])


@routes.post("/approval-policies/try", permission="approvals.write", body=PolicyDraft, returns=Trial)
async def try_on_history(call: Call, body: PolicyDraft) -> Trial:
    """What a policy would have needed in the last year: of whom, and how many more decisions a week."""
    return await tried(call, body)


async def tried(call: Call, draft: PolicyDraft) -> Trial:
    """The trial of a draft on the submissions of the last year."""
    refuse_if_any(problems_of(draft)[0])
    past = await reads.submissions(call.tx, draft.subject, since=call.tx.now - timedelta(days=TRIAL_DAYS))
    return try_policy(draft, [Past(one.subject_id, one.inputs, frozenset(one.needed), one.at) for one in past])


@dataclass(frozen=True, slots=True)
class Retired:
    """The policies that are asked no more."""

    codes: list[str]


@routes.post("/approval-policies/{code:str}/retire", permission="approvals.write", returns=Retired)
async def retire_policy(call: Call, code: str) -> Retired:
    """Ask a policy no more; what runs goes on."""
    return Retired(await commands.retire_policies(call.tx, [code]))


# Delegations, managers, owners


@routes.get("/approval-delegations", permission=SIGNED_IN, returns=(Rows, reads.DelegationRow))
async def read_delegations(call: Call) -> Rows:
    """Who decides for you and for whom you decide; everybody's for who may assign."""
    return Rows(await reads.list_delegations(call.tx, everybody=call.actor.may("work.assign")))


@dataclass(frozen=True, slots=True)
class MadeDelegation:
    """A delegation by its id."""

    id: int


@routes.post("/approval-delegations", permission=SIGNED_IN, body=DelegationDraft, returns=MadeDelegation, status=201)
async def make_delegation(call: Call, body: DelegationDraft) -> MadeDelegation:
    """Have somebody decide for you for a time, for all kinds of subject or some."""
    return MadeDelegation(await commands.delegate(call.tx, body))


@dataclass(frozen=True, slots=True)
class Ended:
    """The delegations that ended by this."""

    ids: list[int]


@routes.post("/approval-delegations/{delegation_id:int}/end", permission=SIGNED_IN, returns=Ended)
async def end_delegation(call: Call, delegation_id: int) -> Ended:
    """End a delegation before its time."""
    return Ended(await commands.end_delegations(call.tx, [delegation_id]))


@strict
@dataclass(frozen=True, slots=True)
class Managers:
    """Whom people report to, by login; null: nobody."""

    managers: Annotated[Mapping[str, str | None], Field(min_length=1, max_length=1_000)]


@routes.put("/managers", permission="admin", body=Managers, returns=Managers)
async def put_managers(call: Call, body: Managers) -> Managers:
    """Say whom people report to; a circle is refused."""
    await set_managers(call.tx, body.managers)
    return body


@strict
@dataclass(frozen=True, slots=True)
class Owners:
    """Who looks after accounts: logins by account numbers; null: nobody."""

    owners: Annotated[Mapping[Code, str | None], Field(min_length=1, max_length=1_000)]


@routes.put("/account-owners", permission="parties.write", body=Owners, returns=Owners)
async def put_owners(call: Call, body: Owners) -> Owners:
    """Say who looks after accounts."""
    await set_account_owners(call.tx, body.owners)
    return body
