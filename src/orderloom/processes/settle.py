"""Moving steps, and everything that follows from it, until nothing more follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.base.types import Finished
from orderloom.processes import rules
from orderloom.processes.events import (
    ProcessFinished,
    StepDone,
    StepEvent,
    StepFailed,
    StepRepaired,
    StepSkipped,
    StepStarted,
    TaskOpened,
)
from orderloom.processes.rules import Delta, Intent
from orderloom.processes.store import process as processes
from orderloom.processes.store import step as steps
from orderloom.processes.store.process import Running
from orderloom.processes.store.step import Move
from orderloom.processes.types import State, Step, StepId

Wish = tuple[Step, Intent]
OPEN = Intent("open")
COMPLETE = Intent("complete")
RELEASE = Intent("release", logged=False)
WITHDRAW = Intent("withdraw")


async def settle(tx: Tx, running: dict[int, Running], wishes: Sequence[Wish]) -> None:
    """Carry out the wishes and all that follows: tokens, conditions, gateways, choice sets, the end.

    `running` are the locked processes; facts that a step yields are absorbed before its token goes
    out, and may change the graph.
    """
    touched = {step.process_id for step, _ in wishes}
    while wishes:
        wishes = await _absorb_yields(tx, running, wishes)
        moves = _moves(tx, running, wishes)
        if not moves:
            break
        await steps.apply(tx, moves)
        tx.emit(_facts(running, moves))
        reached = await advance(tx, running, _all_deltas(running, moves))
        wishes = [*await _withdraw_rivals(tx, running, moves), *reached]
    await close(tx, running, touched)


async def advance(tx: Tx, running: Mapping[int, Running], deltas: Iterable[tuple[int, Delta]]) -> list[Wish]:
    """Deliver tokens and say what is to become of the steps that they reach."""
    merged = _merged(deltas)
    if not merged:
        return []
    opening = [(id_, delta, running[id_].shape.simple[delta.then]) for id_, delta in merged]
    if any(opens for _, _, opens in opening):
        tx.wake_worker()
    return [(step, next_intent(step)) for step in await steps.deliver(tx, opening)]


def next_intent(step: Step) -> Intent:
    """What a step that is missing nothing any more is to do."""
    match step.state:
        case State.BLOCKED:
            return OPEN
        case State.SKIPPED | State.CANCELLED | State.DONE:
            return RELEASE
        case _:
            return Intent("complete", outputs=step.arrived)


async def close(tx: Tx, running: Mapping[int, Running], process_ids: Iterable[int]) -> None:
    """Finish the processes in which nothing mandatory is open any more."""
    for process_id, state in await processes.finish(tx, sorted(process_ids)):
        running[process_id].state = state
        tx.emit(ProcessFinished(running[process_id].subject, process_id, state))


async def _absorb_yields(tx: Tx, running: dict[int, Running], wishes: Sequence[Wish]) -> list[Wish]:
    """Complete the steps that yield facts, without sending their tokens, and have the facts absorbed.

    Absorbing may amend the very processes that are being moved, so what was read of them is read
    again.
    """
    telling: list[tuple[Move, dict[str, Any]]] = []
    for step, intent in wishes:
        node = running[step.process_id].shape.nodes[step.number]
        if intent.verb in ("complete", "open") and (node.yields or node.absorbs):
            here = running[step.process_id]
            after = rules.moved(here.shape, step, intent, here.variables, tx.now)
            facts = rules.yielded(node, after)
            if after.state == State.DONE and (facts or node.absorbs):
                telling.append((Move(step, replace(after, token=None, chosen=None), intent), facts))
    if not telling:
        return list(wishes)
    told: dict[int, dict[str, Any]] = defaultdict(dict)
    for move, facts in telling:
        names = (move.after.params or {}).get("facts_as", {})
        told[move.after.process_id].update({names.get(name, name): value for name, value in facts.items()})
    failed = await _absorb(tx, running, [move for move, _ in telling], told)
    running.update(await processes.lock(tx, list(told)))
    fresh = await steps.fetch(tx, [step.id for step, _ in wishes])
    done = {move.after.id for move, _ in telling}
    again = [(fresh[step.id], _after_absorbing(step.id, intent, done, failed)) for step, intent in wishes]
    data = [(step, OPEN) for step in await steps.waiting_for_data(tx, list(told)) if step.id not in fresh]
    return again + data


def _after_absorbing(id_: StepId, intent: Intent, done: set[StepId], failed: Mapping[int, str]) -> Intent:
    if id_ not in done:
        return intent
    if id_.process_id in failed:
        return Intent("fail", error_class="data", error=failed[id_.process_id])
    return RELEASE


async def _absorb(
    tx: Tx, running: Mapping[int, Running], moves: Sequence[Move], told: Mapping[int, Mapping[str, Any]]
) -> dict[int, str]:
    """Store the facts and let their rooms take them; return what refused them, by process."""
    by_kind: dict[str, list[int]] = defaultdict(list)
    for process_id in told:
        by_kind[running[process_id].subject_kind].append(process_id)
    failed: dict[int, str] = {}
    for kind, ids in by_kind.items():
        try:
            await _absorb_together(tx, kind, running, [m for m in moves if m.after.process_id in ids], told)
        except Refused:
            for id_ in ids:
                try:
                    mine = [move for move in moves if move.after.process_id == id_]
                    await _absorb_together(tx, kind, running, mine, told)
                except Refused as refused:
                    failed[id_] = str(refused)
    tx.emit(_facts(running, [move for move in moves if move.after.process_id not in failed]))
    return failed


async def _absorb_together(
    tx: Tx,
    kind: str,
    running: Mapping[int, Running],
    moves: Sequence[Move],
    told: Mapping[int, Mapping[str, Any]],
) -> None:
    absorb = tx.house.absorbers.get(kind)
    async with tx.savepoint():
        await steps.apply(tx, moves)
        await processes.add_variables(tx, {move.after.process_id: told[move.after.process_id] for move in moves})
        if absorb is not None:
            await absorb(tx, [_finished(running[move.after.process_id], move) for move in moves])


def _finished(here: Running, move: Move) -> Finished:
    step = move.after
    return Finished(
        step.process_id,
        step.number,
        step.key,
        step.kind,
        outputs=step.outputs or {},
        facts=rules.yielded(here.shape.nodes[step.number], step),
        is_witnessed=move.intent.evidence is not None,
    )


def _moves(tx: Tx, running: Mapping[int, Running], wishes: Sequence[Wish]) -> list[Move]:
    moves: dict[StepId, Move] = {}
    for step, intent in wishes:
        if step.id in moves:
            continue  # two ways led to one step; the first one moves it
        here = running[step.process_id]
        after = rules.moved(here.shape, step, intent, here.variables, tx.now)
        if after != step:
            moves[step.id] = Move(step, after, intent)
            if after.state == State.READY and after.mode == "auto":
                tx.wake_worker()
    return list(moves.values())


def _all_deltas(running: Mapping[int, Running], moves: Sequence[Move]) -> Iterable[tuple[int, Delta]]:
    for move in moves:
        id_ = move.after.process_id
        for delta in rules.deltas(running[id_].shape, move.after.number, move.before, move.after):
            yield id_, delta


def _merged(deltas: Iterable[tuple[int, Delta]]) -> list[tuple[int, Delta]]:
    """One change for each step, in the order of their ids."""
    merged: dict[tuple[int, int], Delta] = {}
    for process_id, delta in deltas:
        known = merged.get((process_id, delta.then))
        merged[process_id, delta.then] = delta if known is None else _sum(known, delta)
    return [(process_id, merged[process_id, then]) for process_id, then in sorted(merged)]


def _sum(one: Delta, other: Delta) -> Delta:
    return Delta(
        one.then,
        one.start + other.start,
        one.finish + other.finish,
        one.live + other.live,
        max(filter(None, (one.not_before, other.not_before)), default=None),
        max(filter(None, (one.finish_after, other.finish_after)), default=None),
        one.arrived or other.arrived,
    )


async def _withdraw_rivals(tx: Tx, running: Mapping[int, Running], moves: Sequence[Move]) -> list[Wish]:
    """The members of a choice set that lost, and the timers whose sibling ended by itself."""
    rivals: dict[StepId, None] = {}
    for move in moves:
        step, shape = move.after, running[move.after.process_id].shape
        if step.is_open or not move.before.is_open:
            continue
        if step.state == State.DONE and step.choice is not None:
            rivals |= {StepId(step.process_id, n): None for n in shape.choices[step.choice] if n != step.number}
        rivals |= {StepId(step.process_id, e.first): None for e in shape.into[step.number] if e.kind == "completes"}
    if not rivals:
        return []
    return [(step, WITHDRAW) for step in await steps.open_rivals(tx, sorted(rivals))]


def _facts(running: Mapping[int, Running], moves: Sequence[Move]) -> Iterable[StepEvent]:
    for move in moves:
        here, before, after = running[move.after.process_id], move.before, move.after
        node = here.shape.nodes[after.number]
        common = (here.subject, after.process_id, after.number, after.key, after.kind)
        if before.state == after.state:
            continue
        if before.state == State.FAILED:
            yield StepRepaired(*common, after.state)
        if after.state == State.FAILED:
            yield StepFailed(*common, after.error_class or "unknown", after.error or "", after.partner)
        elif after.state == State.DONE and (node.tells or node.yields):
            yield StepDone(*common, after.outputs or {})
        elif after.state == State.SKIPPED and node.tells:
            yield StepSkipped(*common, after.sub_reason or "")
        elif after.started_at is not None and before.started_at is None and node.tells:
            yield StepStarted(*common)
        if after.state == State.READY and after.mode == "person":
            yield TaskOpened(*common, after.queue)
