"""Approvals for people: what waits for me, a request, and the policies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field

from orderloom.approvals import commands, reads
from orderloom.approvals.policy import problems_of, read_table
from orderloom.approvals.types import ApproverDraft, PolicyDraft, RemarkDraft, VerdictDraft
from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import NotFound, Problem, Refused, refuse
from orderloom.catalog.text import read_values
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.approvals import RequestQuery, tried
from orderloom.web.call import Call
from orderloom.web.inputs import WhyText
from orderloom.web.paging import cut, place_of
from orderloom.web.routes import SIGNED_IN, Routes

routes = Routes("page")

PICKED = "pick-"


@routes.get("/approvals", permission=SIGNED_IN, query=RequestQuery)
async def approvals_page(call: Call, query: RequestQuery) -> Page:
    """What waits for the visitor's verdict, what they asked for, or all that they may see."""
    place = place_of(query.cursor, int)
    rows = await reads.list_requests(
        call.tx, view=query.view, state=query.state, after=place[0] if place else None, limit=query.limit + 1
    )
    shown, following = cut(rows, query.limit, lambda row: [row.id])
    return Page("approvals/approvals.html", {"rows": shown, "next": following, "query": query})


@strict
@dataclass(frozen=True, slots=True)
class Choice:
    """The verdict that a form's button names, with its comment."""

    verdict: Literal["approve", "reject"]
    comment: Annotated[str, Field(max_length=10_000)] = ""


@routes.post("/approvals", permission=SIGNED_IN)
async def decide_picked(call: Call) -> SeeOther:
    """Decide the requests that are ticked, each for itself."""
    choice = parse(Choice, {name: call.form.get(name, "") for name in ("verdict", "comment")})
    picked = {int(name.removeprefix(PICKED)): text for name, text in call.form.items() if name.startswith(PICKED)}
    if not picked:
        refuse("nothing_picked", "Tick the requests that you want to decide.")
    done, refused = 0, []
    for request_id, content in sorted(picked.items()):
        draft = parse(VerdictDraft, {"verdict": choice.verdict, "comment": choice.comment, "content": content})
        try:
            async with call.tx.savepoint():
                await commands.decide_requests(call.tx, [(request_id, draft)])
                done += 1
        except Refused as refusal:
            refused.append(refusal.problems[0].message)
    said = f"{done} decided." if not refused else f"{done} decided. Not decided: {' '.join(refused)}"
    return SeeOther("/approvals", said)


@routes.get("/approvals/{request_id:int}", permission=SIGNED_IN)
async def request_page(call: Call, request_id: int) -> Page:
    """One request: why, what, who, and since when."""
    found = await reads.request_page(call.tx, request_id)
    kind = call.tx.house.subjects.get(found.request.subject_kind)
    path = kind.path.format(id=found.request.subject_id, label=found.request.subject_label) if kind else None
    return Page("approvals/request.html", {"page": found, "subject_path": path})


@strict
@dataclass(frozen=True, slots=True)
class FormVerdict:
    """A verdict as its form sends it."""

    verdict: Literal["approve", "reject"]
    content: Annotated[str, Field(max_length=64)]
    comment: Annotated[str, Field(max_length=10_000)] = ""


@routes.post("/approvals/{request_id:int}/verdict", permission=SIGNED_IN, body=FormVerdict)
async def decide_by_form(call: Call, request_id: int, body: FormVerdict) -> SeeOther:
    """Approve or refuse."""
    draft = parse(VerdictDraft, asdict(body))
    (decided,) = await commands.decide_requests(call.tx, [(request_id, draft)])
    if not decided.is_step_decided:
        return SeeOther(f"/approvals/{request_id}", "Your verdict is kept; others have to decide too.")
    return SeeOther(f"/approvals/{request_id}", "Approved." if body.verdict == "approve" else "Refused.")


@routes.post("/approvals/{request_id:int}/override", permission="approvals.override", body=FormVerdict)
async def override_by_form(call: Call, request_id: int, body: FormVerdict) -> SeeOther:
    """Decide over the heads of those who are asked."""
    await commands.override_request(call.tx, request_id, parse(VerdictDraft, asdict(body)))
    return SeeOther(f"/approvals/{request_id}", "Decided; your reason stands in the log.")


@strict
@dataclass(frozen=True, slots=True)
class Reason:
    """Why."""

    reason: WhyText


@routes.post("/approvals/{request_id:int}/recall", permission=SIGNED_IN, body=Reason)
async def recall_by_form(call: Call, request_id: int, body: Reason) -> SeeOther:
    """Take one's own request back."""
    await commands.recall_request(call.tx, request_id, reason=body.reason)
    return SeeOther(f"/approvals/{request_id}", "Taken back; nobody is asked any more.")


@routes.post("/approvals/{request_id:int}/question", permission=SIGNED_IN, body=RemarkDraft)
async def ask_by_form(call: Call, request_id: int, body: RemarkDraft) -> SeeOther:
    """Ask the requester back."""
    await commands.ask_requester(call.tx, request_id, question=body.text)
    return SeeOther(f"/approvals/{request_id}", "Asked; the clock stands still until it is answered.")


@routes.post("/approvals/{request_id:int}/answer", permission=SIGNED_IN, body=RemarkDraft)
async def answer_by_form(call: Call, request_id: int, body: RemarkDraft) -> SeeOther:
    """Answer the open question."""
    await commands.answer_question(call.tx, request_id, answer=body.text)
    return SeeOther(f"/approvals/{request_id}", "Answered; the clock runs again.")


@strict
@dataclass(frozen=True, slots=True)
class Somebody:
    """Somebody else to ask."""

    login: Annotated[str, Field(min_length=3, max_length=254)]
    reason: WhyText


@routes.post("/approvals/{request_id:int}/approvers", permission=SIGNED_IN, body=Somebody)
async def add_by_form(call: Call, request_id: int, body: Somebody) -> SeeOther:
    """Ask somebody more."""
    await commands.add_approver(call.tx, request_id, ApproverDraft(body.login.lower(), body.reason))
    return SeeOther(f"/approvals/{request_id}", "One more is asked.")


@routes.post("/approvals/{request_id:int}/reassign", permission=SIGNED_IN, body=Somebody)
async def reassign_by_form(call: Call, request_id: int, body: Somebody) -> SeeOther:
    """Give one's step to somebody else."""
    await commands.reassign_step(call.tx, request_id, ApproverDraft(body.login.lower(), body.reason))
    return SeeOther("/approvals", "Somebody else is asked.")


# Policies


@routes.get("/approvals/policies", permission=SIGNED_IN)
async def policies_page(call: Call) -> Page:
    """All policies."""
    return Page("approvals/policies.html", {"rows": await reads.list_policies(call.tx)})


@routes.get("/approvals/policies/{code:str}", permission=SIGNED_IN)
async def policy_page(call: Call, code: str) -> Page:
    """One policy: its table, its chain, what it leaves open, and its text to edit."""
    row = await _policy(call, code)
    return Page("approvals/policy.html", _shown(row.draft, as_yaml(row.document)) | {"row": row})


@strict
@dataclass(frozen=True, slots=True)
class Edited:
    """A policy as its form sends it; the button says whether to try or to publish it."""

    text: Annotated[str, Field(max_length=200_000)]
    act: Literal["check", "publish"] = "check"


@routes.post("/approvals/policies/{code:str}", permission="approvals.write", body=Edited)
async def edit_policy(call: Call, code: str, body: Edited) -> Page | SeeOther:
    """Check an edited policy and try it on the last year, or publish it."""
    row = await _policy(call, code)
    draft = _read(body.text)
    if draft.code != code:
        refuse("code_changed", f"This is the policy {code}; its code stays.", "/code")
    if body.act == "publish":
        (published,) = await commands.publish_policies(call.tx, [draft])
        said = f"Version {published.number} is published." if published.is_new else "Nothing has changed."
        return SeeOther(f"/approvals/policies/{code}", said)
    trial = await tried(call, draft)
    return Page("approvals/policy.html", _shown(draft, body.text) | {"row": row, "trial": trial})


def _shown(draft: PolicyDraft, text: str) -> dict[str, Any]:
    problems, remarks = problems_of(draft)
    return {
        "draft": draft,
        "table": read_table(draft.table),
        "remarks": remarks,
        "problems": problems,
        "text": text,
        "trial": None,
    }


async def _policy(call: Call, code: str) -> reads.PolicyRow:
    found = await reads.list_policies(call.tx, code=code)
    if not found:
        raise NotFound([Problem("policy_unknown", "There is no such policy.")])
    return found[0]


def _read(text: str) -> PolicyDraft:
    try:
        document = read_values(text, "")
    except Refused as refused:
        raise Refused([Problem(problem.code, problem.message, "/text") for problem in refused.problems]) from None
    return parse(PolicyDraft, document)


def as_yaml(document: Mapping[str, Any]) -> str:
    """A policy as people write it, long texts as blocks."""
    plain = json.loads(json.dumps(document, default=str))
    written = {one.name: plain[one.name] for one in fields(PolicyDraft) if one.name in plain}
    return yaml.dump(_spare(written), Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=110)


def _spare(value: Any) -> Any:
    """Without what is empty: a document says only what it says."""
    if isinstance(value, dict):
        return {key: _spare(one) for key, one in value.items() if one not in (None, [], "", False) or key == "veto"}
    return [_spare(one) for one in value] if isinstance(value, list) else value


class _Blocks(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


_Blocks.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)
