"""The fallout list, and the page on which one failed step is repaired."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import parse, read_json, strict
from orderloom.base.refusals import Problem, Refused
from orderloom.fulfilment.commands import confirm_evidence, give_evidence, reject_evidence
from orderloom.fulfilment.reads import waiting_evidence
from orderloom.processes.commands import retry_steps, skip_steps
from orderloom.processes.reads import step_history
from orderloom.processes.types import StepId
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.repair import FalloutQuery, Retry, fallout_matching, give_up
from orderloom.web.call import Call
from orderloom.web.inputs import Why, WhyText
from orderloom.web.pages.orders import wire_of
from orderloom.web.plan import fallout_groups, plan_steps, seen_step
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/fallout", permission="fulfilment.repair", query=FalloutQuery)
async def fallout_page(call: Call, query: FalloutQuery) -> Page:
    """Failed steps, by partner and error class."""
    rows, following = await fallout_matching(call, query)
    return Page(
        "fallout/fallout.html",
        {
            "rows": rows,
            "next": following,
            "query": query,
            "groups": await fallout_groups(call.tx),
            "evidence": [] if query.cursor else await waiting_evidence(call.tx),
        },
    )


@routes.get("/fallout/{process_id:int}/{number:int}", permission="fulfilment.repair")
async def repair_page(call: Call, process_id: int, number: int) -> Page:
    """One failed step: what went over the wire, and what may be done."""
    owner = await seen_step(call.tx, process_id, number)
    [step] = await plan_steps(call.tx, process_id, [number])
    return Page(
        "fallout/repair.html",
        {
            "step": step,
            "owner": owner,
            "moves": await step_history(call.tx, process_id, number, limit=100),
            "calls": await wire_of(call.tx, process_id, number),
            "evidence": await waiting_evidence(call.tx, step=StepId(process_id, number)),
        },
    )


@strict
@dataclass(frozen=True, slots=True)
class EditedRetry:
    """A retry as its form sends it; the parameters are JSON text, empty for those that it has."""

    reason: WhyText
    params: Annotated[str, Field(max_length=20_000)] = ""

    def wish(self) -> Retry:
        if not self.params.strip():
            return Retry(self.reason)
        try:
            return parse(Retry, {"reason": self.reason, "params": read_json(self.params)})
        except Refused as refused:
            raise Refused([Problem(p.code, p.message, p.pointer or "/params") for p in refused.problems]) from None


@routes.post("/fallout/{process_id:int}/{number:int}/retry", permission="fulfilment.repair", body=EditedRetry)
async def retry_by_form(call: Call, process_id: int, number: int, body: EditedRetry) -> SeeOther:
    """Try a failed step again."""
    wish = body.wish()
    owner = await seen_step(call.tx, process_id, number)
    await retry_steps(call.tx, [StepId(process_id, number)], reason=wish.reason, params=wish.params)
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "The step is tried again.")


@routes.post("/fallout/{process_id:int}/{number:int}/skip", permission="fulfilment.repair", body=Why)
async def skip_by_form(call: Call, process_id: int, number: int, body: Why) -> SeeOther:
    """Skip an optional step."""
    owner = await seen_step(call.tx, process_id, number)
    await skip_steps(call.tx, [StepId(process_id, number)], reason=body.reason)
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "The step is skipped; what follows goes on.")


@strict
@dataclass(frozen=True, slots=True)
class SeenDone:
    """How somebody knows that a step is done."""

    evidence: WhyText


@routes.post("/fallout/{process_id:int}/{number:int}/complete", permission="fulfilment.repair", body=SeenDone)
async def complete_by_form(call: Call, process_id: int, number: int, body: SeenDone) -> SeeOther:
    """Declare a step done because somebody saw that it is."""
    owner = await seen_step(call.tx, process_id, number)
    waiting = await give_evidence(call.tx, StepId(process_id, number), evidence=body.evidence)
    if waiting is not None:
        return SeeOther(
            f"/fallout/{process_id}/{number}",
            "A charge waits for this step: somebody else has to confirm what you recorded.",
        )
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "The step is done; what follows goes on.")


@routes.post("/fallout/{process_id:int}/{number:int}/evidence/confirm", permission="fulfilment.repair")
async def confirm_by_form(call: Call, process_id: int, number: int) -> SeeOther:
    """Confirm what somebody else has recorded about a step."""
    owner = await seen_step(call.tx, process_id, number)
    await confirm_evidence(call.tx, StepId(process_id, number))
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "The step is done; what follows goes on.")


@routes.post("/fallout/{process_id:int}/{number:int}/evidence/reject", permission="fulfilment.repair", body=Why)
async def reject_by_form(call: Call, process_id: int, number: int, body: Why) -> SeeOther:
    """Reject what was recorded about a step."""
    await seen_step(call.tx, process_id, number)
    await reject_evidence(call.tx, StepId(process_id, number), reason=body.reason)
    return SeeOther(f"/fallout/{process_id}/{number}", "The evidence is rejected; the step stays as it is.")


@routes.post("/fallout/{process_id:int}/{number:int}/cancel", permission="orders.cancel", body=Why)
async def cancel_by_form(call: Call, process_id: int, number: int, body: Why) -> SeeOther:
    """Cancel the items that a failed step serves."""
    owner = await give_up(call.tx, process_id, number, reason=body.reason)
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "It is cancelled; what was done is being undone.")


@routes.post("/fallout/{process_id:int}/{number:int}/fail", permission="orders.cancel", body=Why)
async def fail_by_form(call: Call, process_id: int, number: int, body: Why) -> SeeOther:
    """Say that we cannot deliver the items that a failed step serves."""
    owner = await give_up(call.tx, process_id, number, reason=body.reason, as_failed=True)
    return SeeOther(home_of(owner.subject_kind, owner.subject_label), "It has failed; what was done is being undone.")


def home_of(subject_kind: str, label: str) -> str:
    return f"/orders/{label}/plan" if subject_kind == "order" else "/fallout"
