"""Evidence that a step is done: what billing waits for counts only once a second person has confirmed it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderloom.base.refusals import Conflict, Forbidden, NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.billing.reads import triggers_of_orders
from orderloom.fulfilment import store
from orderloom.fulfilment.events import EvidenceConfirmed, EvidenceRecorded, EvidenceRejected
from orderloom.fulfilment.gating import gates_billing
from orderloom.fulfilment.reads import contexts
from orderloom.fulfilment.rows import Evidence
from orderloom.parties.policy import require
from orderloom.processes.commands import complete_with_evidence, refuse_unless_completable
from orderloom.processes.reads import edges_of, steps_of
from orderloom.processes.types import StepId


async def give_evidence(
    tx: Tx, step: StepId, *, evidence: str, outputs: Mapping[str, Any] | None = None
) -> Evidence | None:
    """Say how one knows that a step is done. It is done at once, or once somebody else has confirmed it.

    The second person is needed where a charge waits for the step; the evidence is returned then, and
    None where the step is done. Refused for a step that could not be completed now, and while other
    evidence for it waits.
    """
    require(tx.actor, "fulfilment.repair")
    found = await contexts(tx, [step])
    if not found or not await _is_gating(tx, step, found[0].order_id):
        await complete_with_evidence(tx, [step], evidence=evidence, outputs=outputs)
        return None
    [about] = found
    await refuse_unless_completable(tx, [step], evidence=evidence)
    if tx.actor.user_id is None:
        raise Forbidden(
            [Problem("person_missing", "A charge waits for this step, so a person must vouch for it; log in.")]
        )
    recorded = await store.record_evidence(tx, step, order_id=about.order_id, evidence=evidence, outputs=outputs)
    if recorded is None:
        message = "Other evidence for this step waits for its confirmation; confirm or reject that first."
        raise Conflict([Problem("evidence_waits", message)])
    tx.emit(EvidenceRecorded(about.order, *step, about.step_key, about.title, evidence))
    return recorded


async def _is_gating(tx: Tx, step: StepId, order_id: int) -> bool:
    triggers = await triggers_of_orders(tx, [order_id], states=["armed", "ready"])
    gates = {gate["step"] for trigger in triggers for gate in trigger.gates if gate["outcome"] is None}
    if not gates:
        return False
    steps = await steps_of(tx, step.process_id)
    return gates_billing(steps, await edges_of(tx, step.process_id), step.number, gates)


async def confirm_evidence(tx: Tx, step: StepId) -> None:
    """Confirm what somebody else has recorded about a step: it is done, and what follows goes on.

    Refused (403) to the one who recorded it.
    """
    waiting = await _waiting(tx, step)
    if tx.actor.user_id is None or tx.actor.user_id == waiting.recorded_by:
        message = f"{waiting.recorded_name} recorded this; somebody else who may repair steps has to confirm it."
        raise Forbidden([Problem("own_evidence", message)])
    await store.decide_evidence(tx, waiting.id, state="confirmed")
    words = f"{waiting.evidence} (recorded by {waiting.recorded_name}, confirmed by {tx.actor.name})"
    await complete_with_evidence(tx, [step], evidence=words, outputs=waiting.outputs)
    [about] = await contexts(tx, [step])
    tx.emit(EvidenceConfirmed(about.order, *step, about.step_key, about.title, waiting.recorded_name))


async def reject_evidence(tx: Tx, step: StepId, *, reason: str) -> None:
    """Reject what was recorded about a step, which stays as it is; who recorded it may withdraw it like this."""
    waiting = await _waiting(tx, step)
    await store.decide_evidence(tx, waiting.id, state="rejected", reason=reason)
    [about] = await contexts(tx, [step])
    tx.emit(EvidenceRejected(about.order, *step, about.step_key, about.title, waiting.recorded_name, reason))


async def _waiting(tx: Tx, step: StepId) -> Evidence:
    require(tx.actor, "fulfilment.repair")
    waiting = await store.lock_evidence(tx, step)
    if waiting is None:
        message = "No evidence for this step waits for its confirmation; look at the step's history."
        raise NotFound([Problem("evidence_missing", message)])
    return waiting
