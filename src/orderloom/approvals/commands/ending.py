"""What all verbs on requests share: the log, and how a request ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orderloom.approvals import content
from orderloom.approvals.events import ApprovalDecided
from orderloom.approvals.store import log
from orderloom.approvals.store import request as store
from orderloom.approvals.store.request import Row, StepRow
from orderloom.approvals.types import State
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.processes.amend import amend_process
from orderloom.processes.commands import set_held
from orderloom.processes.types import Amendment


async def note(tx: Tx, request_id: int, kind: str, **told: Any) -> None:
    """Append to the request's log; the request is locked by whoever calls."""
    last = await log.last_entry(tx, request_id)
    number, before = last or (0, content.BEGINNING)
    entry = content.canonical(
        {"kind": kind, "at": tx.now.isoformat(), "actor": tx.actor.name, "user_id": tx.actor.user_id, **told}
    )
    await log.add_entries(tx, request_id, number + 1, [entry], content.chained([entry], last=before))


async def locked(tx: Tx, request_id: int) -> Row:
    """The request, locked; 404 if there is none."""
    found = await store.lock(tx, [request_id])
    if request_id not in found:
        raise NotFound([Problem("request_unknown", "There is no such request for approval.")])
    return found[request_id]


async def end_request(tx: Tx, row: Row, state: State, reason: str, *, decision: str = "dropped") -> None:
    """End an open request, stop what it still asks, and let the subject move on."""
    steps = await store.steps_of(tx, [row.id])
    open_steps = [step for step in steps if step.decision is None]
    await store.set_decisions(tx, row.id, [step.name for step in open_steps], decision)
    await stop_steps(tx, row, steps, reason)
    ended = await store.close(tx, row.id, state, reason)
    assert ended, "the request is locked and open"
    await note(tx, row.id, str(state), reason=reason)
    tx.emit(ApprovalDecided(row.subject, row.id, row.number, before="open", after=str(state), reason=reason))


async def stop_steps(tx: Tx, row: Row, steps: Sequence[StepRow], reason: str) -> None:
    """Ask nobody any more for these steps."""
    open_states = ("blocked", "ready", "running", "waiting")
    going = {step.number: step.process_state for step in steps if step.process_state in open_states}
    begun = [number for number, state in going.items() if state == "running" and number is not None]
    fresh = [number for number, state in going.items() if state != "running" and number is not None]
    if row.process_id is None or not going:
        return
    await set_held(tx, row.process_id, None, held=False)
    await amend_process(tx, row.process_id, Amendment(withdraw=tuple(fresh), stop=tuple(begun)), reason=reason)
