"""The API of fallout: failed steps, and what may be done about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands import cancel_items, confirm_evidence, give_evidence, reject_evidence
from orderloom.fulfilment.reads import WaitingEvidence, waiting_evidence
from orderloom.processes.commands import cancel_steps, retry_steps, skip_steps
from orderloom.processes.reads import Fallout, list_fallout
from orderloom.processes.types import StepId
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Paging, Why, WhyText
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.plan import PlanStep, StepOwner, plan_steps, seen_step
from orderloom.web.routes import Routes

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class FalloutQuery:
    """Which failed steps to list."""

    partner: Annotated[str, Field(max_length=60)] | None = None
    error_class: Literal["transient", "data", "business", "unknown"] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def fallout_matching(call: Call, query: FalloutQuery) -> tuple[list[Fallout], str | None]:
    place = place_of(query.cursor, int, int)
    rows = await list_fallout(
        call.tx,
        partner=query.partner,
        error_class=query.error_class,
        after=StepId(place[0], place[1]) if place else None,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.process_id, row.number))


@routes.get("/fallout", permission="fulfilment.repair", query=FalloutQuery, returns=(Rows, Fallout))
async def read_fallout(call: Call, query: FalloutQuery) -> Rows:
    """Failed steps of the accounts that you see."""
    return Rows(*await fallout_matching(call, query))


@strict
@dataclass(frozen=True, slots=True)
class Retry:
    """Why a step is tried again, and the parameters to try it with where they were wrong."""

    reason: WhyText
    params: Mapping[str, Any] | None = None


@strict
@dataclass(frozen=True, slots=True)
class Evidence:
    """How somebody knows that a step is done, and what came of it."""

    evidence: WhyText
    outputs: Mapping[str, Any] | None = None


async def step_now(call: Call, process_id: int, number: int) -> PlanStep:
    [step] = await plan_steps(call.tx, process_id, [number])
    return step


@routes.post(
    "/fallout/{process_id:int}/{number:int}/retry", permission="fulfilment.repair", body=Retry, returns=PlanStep
)
async def retry_step(call: Call, process_id: int, number: int, body: Retry) -> PlanStep:
    """Try a failed step again, with edited parameters if given."""
    await seen_step(call.tx, process_id, number)
    await retry_steps(call.tx, [StepId(process_id, number)], reason=body.reason, params=body.params)
    return await step_now(call, process_id, number)


@routes.post("/fallout/{process_id:int}/{number:int}/skip", permission="fulfilment.repair", body=Why, returns=PlanStep)
async def skip_step(call: Call, process_id: int, number: int, body: Why) -> PlanStep:
    """Skip an optional step; what follows goes on."""
    await seen_step(call.tx, process_id, number)
    await skip_steps(call.tx, [StepId(process_id, number)], reason=body.reason)
    return await step_now(call, process_id, number)


@routes.post(
    "/fallout/{process_id:int}/{number:int}/complete", permission="fulfilment.repair", body=Evidence, returns=PlanStep
)
async def complete_step(call: Call, process_id: int, number: int, body: Evidence) -> PlanStep:
    """Declare a step done because somebody saw that it is; who and why are kept.

    Where a charge waits for the step it is not done yet: `evidence_by` names you, and somebody else has to confirm it.
    """
    await seen_step(call.tx, process_id, number)
    await give_evidence(call.tx, StepId(process_id, number), evidence=body.evidence, outputs=body.outputs)
    return await step_now(call, process_id, number)


@routes.get("/evidence", permission="fulfilment.repair", query=Paging, returns=(Rows, WaitingEvidence))
async def read_evidence(call: Call, query: Paging) -> Rows:
    """Evidence that waits for a second person, of the accounts that you see."""
    place = place_of(query.cursor, int, int)
    rows = await waiting_evidence(call.tx, after=StepId(place[0], place[1]) if place else None, limit=query.limit + 1)
    return Rows(*cut(rows, query.limit, lambda row: (row.process_id, row.number)))


@routes.post(
    "/fallout/{process_id:int}/{number:int}/evidence/confirm", permission="fulfilment.repair", returns=PlanStep
)
async def confirm_evidence_of_step(call: Call, process_id: int, number: int) -> PlanStep:
    """Confirm what somebody else has recorded about a step: it is done."""
    await seen_step(call.tx, process_id, number)
    await confirm_evidence(call.tx, StepId(process_id, number))
    return await step_now(call, process_id, number)


@routes.post(
    "/fallout/{process_id:int}/{number:int}/evidence/reject",
    permission="fulfilment.repair",
    body=Why,
    returns=PlanStep,
)
async def reject_evidence_of_step(call: Call, process_id: int, number: int, body: Why) -> PlanStep:
    """Reject what was recorded about a step, or withdraw your own; the step stays as it is."""
    await seen_step(call.tx, process_id, number)
    await reject_evidence(call.tx, StepId(process_id, number), reason=body.reason)
    return await step_now(call, process_id, number)


@routes.post("/fallout/{process_id:int}/{number:int}/cancel", permission="orders.cancel", body=Why, returns=PlanStep)
async def cancel_item_of_step(call: Call, process_id: int, number: int, body: Why) -> PlanStep:
    """Cancel the order items that a failed step serves, with their parts; what was done for them is undone."""
    await give_up(call.tx, process_id, number, reason=body.reason)
    return await step_now(call, process_id, number)


@routes.post("/fallout/{process_id:int}/{number:int}/fail", permission="orders.cancel", body=Why, returns=PlanStep)
async def fail_item_of_step(call: Call, process_id: int, number: int, body: Why) -> PlanStep:
    """Say that we cannot deliver the order items that a failed step serves: they fail for good, with their parts."""
    await give_up(call.tx, process_id, number, reason=body.reason, as_failed=True)
    return await step_now(call, process_id, number)


async def give_up(tx: Tx, process_id: int, number: int, *, reason: str, as_failed: bool = False) -> StepOwner:
    """End what the step serves, cancelled or failed; a step of no item is cancelled by itself."""
    owner = await seen_step(tx, process_id, number)
    [step] = await plan_steps(tx, process_id, [number])
    if owner.subject_kind == "order" and step.order_items:
        await cancel_items(tx, owner.subject_id, step.order_items, reason=reason, as_failed=as_failed)
    else:
        await cancel_steps(tx, [StepId(process_id, number)], reason=reason)
    return owner
