"""What can be done to processes and their steps: start, complete, repair, skip, cancel, hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from orderloom.base.refusals import Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.processes import rules
from orderloom.processes.amend import amend_process, cancel_steps, revise_process
from orderloom.processes.conditions import holds
from orderloom.processes.events import StepCounted, StepsHeld, StepsReleased
from orderloom.processes.rules import Intent
from orderloom.processes.settle import OPEN, Wish, settle
from orderloom.processes.shape import Shape, shape_of
from orderloom.processes.states import may
from orderloom.processes.store import process as processes
from orderloom.processes.store import step as steps
from orderloom.processes.store.claim import correlated
from orderloom.processes.store.process import Running
from orderloom.processes.store.step import Birth, Move
from orderloom.processes.types import (
    GENERAL_QUEUE,
    PRIORITIES,
    Completion,
    Count,
    Delivery,
    Failure,
    Message,
    Priority,
    ProcessDraft,
    State,
    Step,
    StepId,
)
from orderloom.processes.worker import run_batch

__all__ = [
    "amend_process",
    "cancel_steps",
    "complete_steps",
    "complete_with_evidence",
    "count_events",
    "deliver",
    "fail_steps",
    "raise_priorities",
    "refuse_unless_completable",
    "retry_steps",
    "revise_process",
    "run_batch",
    "set_held",
    "set_priority",
    "set_task_dues",
    "set_variables",
    "skip_steps",
    "start_processes",
    "start_steps",
]


async def draw_process_ids(tx: Tx, count: int) -> list[int]:
    """Ids for processes that are to be started; ids that are not used leave gaps."""
    return await processes.draw_ids(tx, count)


async def start_processes(tx: Tx, drafts: Sequence[ProcessDraft], *, ids: Sequence[int] | None = None) -> list[int]:
    """Start a process for each draft, under ids drawn before if given; return their ids in the order of the drafts.

    Steps without predecessors open at once; a step whose condition is already known to be false is
    born skipped. Refused: graphs that are cyclic or malformed, keys that are not unique.
    """
    if not drafts:
        return []
    shapes = [shape_of(draft.nodes, draft.edges) for draft in drafts]
    refuse_if_any([problem for draft in drafts for problem in _draft_problems(draft)])
    ids = list(ids) if ids is not None else await draw_process_ids(tx, len(drafts))
    await processes.insert_processes(tx, ids, drafts, shapes)
    births: list[Birth] = []
    opening: list[StepId] = []
    for process_id, draft, shape in zip(ids, drafts, shapes, strict=True):
        for birth in _births(process_id, draft, shape, tx.now):
            births.append(birth)
            if birth.pending == 0 and birth.state != State.READY:
                opening.append(StepId(process_id, birth.number))
    await steps.insert(tx, births)
    tx.wake_worker()
    born_skipped = [StepId(birth.process_id, birth.number) for birth in births if birth.state == State.SKIPPED]
    if born_skipped:
        await steps.log_born_skipped(tx, born_skipped)
    if opening:
        running = await processes.lock(tx, [id_.process_id for id_ in opening])
        found = await steps.fetch(tx, opening)
        release = Intent("release", logged=False)
        await settle(tx, running, [(s, OPEN if s.state == State.BLOCKED else release) for s in found.values()])
    return ids


def _draft_problems(draft: ProcessDraft) -> list[Problem]:
    count = len(draft.nodes)
    lengths = {len(draft.keys), len(draft.titles)} | {
        len(column) or count
        for column in (draft.queues, draft.partners, draft.expected, draft.not_before, draft.params)
    }
    if not count:
        return [Problem("no_steps", "A process needs at least one step.", "/nodes")]
    if lengths != {count}:
        return [Problem("uneven_draft", "Give one key, title, queue and so on for each step.", "/keys")]
    if len(set(draft.keys)) != count:
        return [Problem("key_not_unique", "Two steps of one process have the same key; rename one.", "/keys")]
    return []


def _births(process_id: int, draft: ProcessDraft, shape: Shape, now: datetime) -> list[Birth]:
    nothing: tuple[None, ...] = (None,) * len(shape.nodes)
    queues, partners = draft.queues or nothing, draft.partners or nothing
    expected, not_before, params = draft.expected or nothing, draft.not_before or nothing, draft.params or nothing
    priority = PRIORITIES.index(draft.priority)
    births = []
    for number, node in enumerate(shape.nodes):
        pending = pending_finish = 0
        for edge in shape.into[number]:
            if edge.kind != "completes":
                pending += edge.type in ("FS", "SS")
                pending_finish += edge.type in ("FF", "SF")
        skipped = node.when is not None and holds(node.when, draft.variables) is False
        later = not_before[number]
        ready = not pending and not skipped and shape.simple[number] and (later is None or later <= now)
        births.append(
            Birth(
                process_id=process_id,
                number=number,
                pending=pending,
                pending_finish=pending_finish,
                live=0,
                priority=priority,
                choice=node.choice,
                expected=expected[number],
                mandatory=node.mandatory,
                wake_at=now + timedelta(seconds=shape.wake_seconds[number]),
                not_before=later,
                finish_after=None,
                ready_at=now if ready else None,
                finished_at=now if skipped else None,
                state=State.SKIPPED if skipped else State.READY if ready else State.BLOCKED,
                mode=node.mode,
                kind=node.kind,
                key=draft.keys[number],
                title=draft.titles[number],
                queue=queues[number] or (GENERAL_QUEUE if node.mode == "person" else None),
                partner=partners[number],
                sub_reason="condition" if skipped else None,
                params=params[number],
            )
        )
    return births


async def complete_steps(tx: Tx, completions: Sequence[Completion]) -> list[Delivery]:
    """Complete steps that people and events carry out; say of each what became of it, in order.

    Idempotent: a step that is done already is a `duplicate`. A completion that comes before its step
    is open is kept and takes effect then (`early`). A held step refuses it (`held`), so that the
    caller keeps it. Steps that were cancelled, skipped or are unknown answer `unknown`.
    """
    running, found = await _locked(tx, [StepId(c.process_id, c.number) for c in completions])
    deliveries: list[Delivery] = []
    wishes: list[Wish] = []
    early: list[Wish] = []
    seen: set[StepId] = set()
    for completion in completions:
        step = found.get(StepId(completion.process_id, completion.number))
        delivery = Delivery.DUPLICATE if step is not None and step.id in seen else _delivery(step)
        deliveries.append(delivery)
        intent = Intent("complete", outputs=completion.outputs, evidence=completion.evidence)
        if step is not None and delivery in (Delivery.DONE, Delivery.EARLY):
            seen.add(step.id)
            (wishes if delivery == Delivery.DONE else early).append((step, intent))
    if early:
        kept = [Move(step, replace(step, arrived=dict(intent.outputs or {})), intent) for step, intent in early]
        await steps.apply(tx, kept)
    await settle(tx, running, wishes)
    return deliveries


def _delivery(step: Step | None) -> Delivery:
    if step is None or step.state in (State.SKIPPED, State.CANCELLED):
        return Delivery.UNKNOWN
    if step.state == State.DONE or (step.state == State.WAITING and step.sub_reason == "finish"):
        return Delivery.DUPLICATE
    if step.held and step.state != State.RUNNING:
        return Delivery.HELD
    is_open = step.state in (State.READY, State.RUNNING, State.FAILED) or (
        step.state == State.WAITING and step.sub_reason in ("event", "timer", "reply", "retry")
    )
    if is_open:
        return Delivery.DONE
    return Delivery.DUPLICATE if step.arrived is not None else Delivery.EARLY


async def start_steps(tx: Tx, ids: Sequence[StepId]) -> list[StepId]:
    """Start work on ready steps of people; return those that were not started already."""
    running, found = await _locked(tx, ids)
    problems = [
        *_missing(ids, found),
        *(
            Problem("not_ready", f"“{step.title}” is {_standing(step)}; it can be started once it is ready.")
            for step in found.values()
            if step.mode != "person" or step.held or step.state not in (State.READY, State.RUNNING)
        ),
    ]
    refuse_if_any(problems)
    starting = [step for step in found.values() if step.state == State.READY]
    await settle(tx, running, [(step, Intent("start")) for step in starting])
    return [step.id for step in starting]


async def fail_steps(tx: Tx, failures: Sequence[Failure]) -> list[StepId]:
    """Put open steps into fallout (a transient failure is retried first); return those that moved."""
    running, found = await _locked(tx, [StepId(f.process_id, f.number) for f in failures])
    wishes: list[Wish] = []
    for failure in failures:
        step = found.get(StepId(failure.process_id, failure.number))
        if step is not None and may("fail", step.state) and step.state != State.BLOCKED:
            node = running[step.process_id].shape.nodes[step.number]
            wishes.append((step, await _failure(tx, node.retries_seconds, step, failure.error_class, failure.message)))
    await settle(tx, running, wishes)
    return [step.id for step, _ in wishes]


async def _failure(tx: Tx, policy: Sequence[int], step: Step, error_class: str, message: str) -> Intent:
    pause = None
    if error_class == "transient" and step.mode == "auto":
        pause = rules.retry_pause_seconds(policy, step.retries, step.process_id * 31 + step.number)
    clock = await tx.value("SELECT clock_timestamp()") if pause is not None else None
    retry_at = clock + timedelta(seconds=pause) if clock is not None and pause is not None else None
    return Intent("fail", error_class=error_class, error=message, reason=message, retry_at=retry_at)  # type: ignore[arg-type]


async def retry_steps(
    tx: Tx, ids: Sequence[StepId], *, reason: str, params: Mapping[str, Any] | None = None
) -> list[StepId]:
    """Try steps in fallout (or waiting for their next retry) again, with edited parameters if given."""
    running, found = await _allowed(
        tx,
        ids,
        lambda step: step.state == State.FAILED or (step.state == State.WAITING and step.sub_reason == "retry"),
        "it can be retried only from fallout",
    )
    intent = Intent("retry", reason=reason, params=params)
    await settle(tx, running, [(step, intent) for step in found.values()])
    return list(found)


async def skip_steps(tx: Tx, ids: Sequence[StepId], *, reason: str, with_right: bool = False) -> list[StepId]:
    """Skip steps that have not begun or stand in fallout; their successors go on.

    Optional steps may be skipped by anybody who may repair; `with_right` says that the caller has
    checked the right to skip a mandatory one.
    """
    running, found = await _locked(tx, ids)
    refuse_if_any(_missing(ids, found))
    wishes: list[Wish] = []
    problems = []
    for step in found.values():
        if step.state == State.SKIPPED:
            continue
        if step.mandatory and not with_right:
            problems.append(
                Problem("mandatory", f"“{step.title}” is mandatory; ask somebody with the right to skip it.")
            )
        elif not may("skip", step.state):
            problems.append(Problem("cannot_skip", f"“{step.title}” is {_standing(step)} and cannot be skipped."))
        wishes.append((step, Intent("skip", reason=reason)))
    refuse_if_any(problems)
    await settle(tx, running, wishes)
    return [step.id for step, _ in wishes]


async def complete_with_evidence(
    tx: Tx, ids: Sequence[StepId], *, evidence: str, outputs: Mapping[str, Any] | None = None
) -> list[StepId]:
    """Declare open or failed steps done because somebody saw that they are; who and why are logged."""
    running, found = await _completable(tx, ids, evidence)
    intent = Intent("complete", outputs=outputs, evidence=evidence, reason=evidence)
    await settle(tx, running, [(step, intent) for step in found.values()])
    return list(found)


async def refuse_unless_completable(tx: Tx, ids: Sequence[StepId], *, evidence: str) -> None:
    """Refuse what `complete_with_evidence` would refuse, and change nothing."""
    await _completable(tx, ids, evidence)


async def _completable(tx: Tx, ids: Sequence[StepId], evidence: str) -> tuple[dict[int, Running], dict[StepId, Step]]:
    if not evidence.strip():
        refuse("evidence_missing", "Say how you know that the step is done.", "/evidence")
    return await _allowed(
        tx,
        ids,
        lambda step: step.is_open and step.state != State.BLOCKED and step.sub_reason not in ("lag", "finish"),
        "it can be completed once its predecessors are",
    )


async def _allowed(
    tx: Tx, ids: Sequence[StepId], allowed: Callable[[Step], bool], otherwise: str
) -> tuple[dict[int, Running], dict[StepId, Step]]:
    running, found = await _locked(tx, ids)
    refuse_if_any([
        *_missing(ids, found),
        *(
            Problem("wrong_state", f"“{step.title}” is {_standing(step)}; {otherwise}.")
            for step in found.values()
            if not allowed(step)
        ),
    ])  # fmt: skip
    return running, found


async def count_events(tx: Tx, counts: Sequence[Count]) -> list[Delivery]:
    """Add to counting steps; one that reaches what it expects is done. Counts before it opens are kept.

    Not idempotent by itself: the caller counts each outside event once.
    """
    assert all(count.added > 0 for count in counts)
    running, found = await _locked(tx, [StepId(c.process_id, c.number) for c in counts])
    deliveries = []
    before = dict(found)
    for count in counts:
        id_ = StepId(count.process_id, count.number)
        step = found.get(id_)
        ended = step is not None and not step.is_open
        held = step is not None and step.held and step.state == State.WAITING
        if step is None or ended or held:
            deliveries.append(Delivery.UNKNOWN if step is None else Delivery.HELD if held else Delivery.DUPLICATE)
            continue
        found[id_] = replace(step, counted=step.counted + count.added)
        deliveries.append(Delivery.DONE if step.state == State.WAITING else Delivery.EARLY)
    changed = [
        Move(before[id_], step, Intent("open", logged=False)) for id_, step in found.items() if step != before[id_]
    ]
    if changed:
        await steps.apply(tx, changed)
    tx.emit(
        StepCounted(
            running[m.after.process_id].subject, m.after.process_id, m.after.number, m.after.key, m.after.kind,
            m.before.counted, m.after.counted, m.after.expected,
        )
        for m in changed
    )  # fmt: skip
    full = [
        m.after
        for m in changed
        if m.after.sub_reason == "event" and m.after.expected is not None and m.after.counted >= m.after.expected
    ]
    await settle(tx, running, [(step, Intent("complete")) for step in full])
    return deliveries


async def deliver(tx: Tx, messages: Sequence[Message]) -> list[Delivery]:
    """Give answers from outside to the steps that wait for them, found by correlation.

    A message with an error class fails its step. `unknown`: no step waits for it now; keep it.
    """
    ids = await correlated(tx, [message.correlation for message in messages])
    deliveries: list[Delivery] = []
    completions: list[Completion] = []
    failures: list[Failure] = []
    _, found = await _locked(tx, list(ids.values()))
    for message in messages:
        step = found.get(ids[message.correlation]) if message.correlation in ids else None
        if step is None or step.correlation != message.correlation:
            deliveries.append(Delivery.UNKNOWN)
        elif step.held:
            deliveries.append(Delivery.HELD)
        elif message.error_class is not None:
            failures.append(Failure(*step.id, message.error_class, message.error or "The partner reported an error."))
            deliveries.append(Delivery.DONE)
        else:
            completions.append(Completion(*step.id, message.outputs))
            deliveries.append(Delivery.DONE)
    if completions:
        await complete_steps(tx, completions)
    if failures:
        await fail_steps(tx, failures)
    return deliveries


async def set_held(
    tx: Tx, process_id: int, numbers: Sequence[int] | None, *, held: bool, reason: str | None = None
) -> list[int]:
    """Hold open steps of a process (all of them when `numbers` is None), or release them.

    A held step is not claimed, its timer does not fire and deliveries to it are refused; tokens
    still count, and a running call is let finish. Returns the numbers that changed.
    """
    if held and not (reason and reason.strip()):
        refuse("reason_missing", "Say why the steps are held.", "/reason")
    running = await processes.lock(tx, [process_id])
    if process_id not in running:
        refuse("unknown_process", "There is no such process.")
    changed = await steps.set_held(tx, process_id, numbers, reason if held else None)
    if not changed:
        return []
    found = list((await steps.fetch(tx, [StepId(process_id, number) for number in changed])).values())
    await steps.log(tx, found, reason=f"held: {reason}" if held else f"released: {reason or ''}".rstrip(": "))
    subject = running[process_id].subject
    if held:
        tx.emit(StepsHeld(subject, process_id, tuple(changed), reason or ""))
        return changed
    tx.emit(StepsReleased(subject, process_id, tuple(changed)))
    tx.wake_worker()
    await settle(tx, running, [wish for step in found if (wish := _after_release(step))])
    return changed


def _after_release(step: Step) -> Wish | None:
    if step.state == State.BLOCKED and not step.pending:
        return step, OPEN
    if step.sub_reason == "condition":
        return step, OPEN
    if step.arrived is not None and step.state in (State.READY, State.WAITING) and step.sub_reason != "lag":
        return step, Intent("complete", outputs=step.arrived)
    return None


async def set_variables(tx: Tx, process_id: int, facts: Mapping[str, Any]) -> None:
    """Add facts to a process; steps that wait for a condition on them look again."""
    await processes.add_variables(tx, {process_id: facts})
    running = await processes.lock(tx, [process_id])
    waiting = await steps.waiting_for_data(tx, [process_id])
    await settle(tx, running, [(step, OPEN) for step in waiting])


async def set_priority(tx: Tx, process_id: int, priority: Priority) -> None:
    """Move a process and its open steps to another class."""
    await processes.lock(tx, [process_id])
    await processes.set_priority(tx, process_id, PRIORITIES.index(priority))


async def set_task_dues(tx: Tx, dues: Mapping[StepId, datetime | None]) -> int:
    """Set when open tasks are due; return how many there were."""
    return await steps.set_due(tx, list(dues), list(dues.values()))


async def raise_priorities(tx: Tx, ids: Sequence[StepId]) -> int:
    """Put open steps one priority further ahead, urgent ones staying where they are; return how many there were."""
    return await steps.raise_priority(tx, ids)


async def _locked(tx: Tx, ids: Sequence[StepId]) -> tuple[dict[int, Running], dict[StepId, Step]]:
    if not ids:
        return {}, {}
    running = await processes.lock(tx, [id_[0] for id_ in ids])
    return running, await steps.fetch(tx, [StepId(*id_) for id_ in dict.fromkeys(ids)])


def _missing(ids: Sequence[StepId], found: Mapping[StepId, Step]) -> list[Problem]:
    return [
        Problem("unknown_step", "There is no such step; reload the page.")
        for id_ in ids
        if StepId(*id_) not in found
    ]  # fmt: skip


def _standing(step: Step) -> str:
    return "on hold" if step.held else str(step.state)
