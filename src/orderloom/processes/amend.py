"""Changing a process while it runs: adding, withdrawing, cancelling and taking back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from orderloom.base.refusals import Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.processes import rules
from orderloom.processes.events import ProcessAmended, StepsCancelled
from orderloom.processes.rules import Intent
from orderloom.processes.settle import OPEN, RELEASE, Wish, settle
from orderloom.processes.shape import Shape, shape_of
from orderloom.processes.store import process as processes
from orderloom.processes.store import step as steps
from orderloom.processes.store.process import Running
from orderloom.processes.store.step import Birth, Recount
from orderloom.processes.types import (
    GENERAL_QUEUE,
    Amendment,
    Edge,
    NewStep,
    Node,
    Revised,
    Revision,
    State,
    Step,
    StepId,
)


@dataclass(frozen=True, slots=True)
class _Unborn:
    """What a step that is being added has sent so far: nothing."""

    state: State = State.BLOCKED
    token: bool | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    chosen: list[int] | None = None


async def amend_process(tx: Tx, process_id: int, amendment: Amendment, *, reason: str | None = None) -> tuple[int, ...]:
    """Apply the difference to a running process; return the numbers of the added steps, in order.

    Kept steps keep their rows, numbers and states. The counters of every step are what its
    predecessors' states make them. A withdrawn step satisfies its successors once its own
    predecessors are done. An edge into a start or finish that has happened is left out. Refused:
    withdrawing a step that has begun or is done (cancel it, which
    may take it back), a key that exists, a graph with a cycle.
    """
    running = await processes.lock(tx, [process_id])
    if process_id not in running:
        refuse("unknown_process", "There is no such process; reload the page.")
    here = running[process_id]
    rows = await steps.fetch_all(tx, process_id)
    refuse_if_any(_amendment_problems(amendment, rows))
    shape = _amended(here.shape, amendment, rows)
    added = tuple(range(len(rows), len(rows) + len(amendment.steps)))

    await processes.insert_definitions(tx, [shape])
    if amendment.variables:
        await processes.add_variables(tx, {process_id: amendment.variables})
        here.variables.update(amendment.variables)
    senders: list[rules.Sender] = [*rows, *(_Unborn() for _ in added)]
    births = [
        _birth(here, shape, number, new, senders, tx.now) for number, new in zip(added, amendment.steps, strict=True)
    ]
    if births:
        await steps.insert(tx, births)
    recounts = [r for row in rows if (r := _recount(here.shape, shape, row, senders))]
    if recounts:
        await steps.set_counters(tx, process_id, recounts)
    if amendment.expected:
        await steps.set_expected(tx, process_id, dict(amendment.expected))
    wake_at = min((birth.wake_at for birth in births), default=tx.now + timedelta(days=1))
    await processes.set_definition(tx, process_id, shape, wake_at)
    here.definition_id, here.state = shape.id, "running"

    tx.emit(ProcessAmended(here.subject, process_id, added, amendment.withdraw))
    gone = frozenset((*amendment.withdraw, *amendment.stop))
    wishes = _wishes(await steps.fetch_all(tx, process_id), gone, reason=reason)
    await settle(tx, running, wishes)
    return added


def _amendment_problems(amendment: Amendment, rows: Sequence[Step]) -> list[Problem]:
    problems = []
    keys = {row.key for row in rows}
    for place, new in enumerate(amendment.steps):
        if new.key in keys:
            problems.append(
                Problem("key_not_unique", f"The process has a step “{new.key}” already.", f"/steps/{place}/key")
            )
        keys.add(new.key)
    for place, number in enumerate(amendment.withdraw):
        if not 0 <= number < len(rows):
            problems.append(Problem("unknown_step", "There is no such step.", f"/withdraw/{place}"))
        elif not _may_withdraw(rows[number]):
            title = rows[number].title
            problems.append(
                Problem("begun", f"“{title}” has begun or is done; cancel it to take it back.", f"/withdraw/{place}")
            )
    return problems


def _may_withdraw(step: Step) -> bool:
    if step.state == State.WAITING:
        return step.sub_reason not in ("reply", "finish") and not step.counted
    return step.state not in (State.RUNNING, State.DONE)


def _amended(shape: Shape, amendment: Amendment, rows: Sequence[Step]) -> Shape:
    gone = set(amendment.remove_edges)
    kept = [edge for edge in shape.edges if edge not in gone]
    known = set(kept)
    fresh = [edge for edge in dict.fromkeys(amendment.edges) if edge not in known and not _is_late(edge, rows)]
    return shape_of([*shape.nodes, *(new.node for new in amendment.steps)], [*kept, *fresh])


def _is_late(edge: Edge, rows: Sequence[Step]) -> bool:
    """Whether the edge would hold back a start or finish that has happened already."""
    if edge.then >= len(rows) or edge.kind == "completes":
        return False
    then = rows[edge.then]
    return not then.is_open or (then.started_at is not None and edge.type in ("FS", "SS"))


def _birth(  # noqa: PLR0917
    here: Running, shape: Shape, number: int, new: NewStep, senders: Sequence[rules.Sender], now: datetime
) -> Birth:
    count = rules.counters(shape, number, senders)
    not_before, finish_after = _lags(shape.into[number], senders)
    typical = timedelta(hours=new.node.hours[1] if new.node.hours else 0)
    return Birth(
        process_id=here.id,
        number=number,
        pending=count.pending,
        pending_finish=count.pending_finish,
        live=count.live,
        priority=here.priority,
        choice=new.node.choice,
        expected=new.expected,
        mandatory=new.node.mandatory,
        wake_at=max(here.started_at + timedelta(seconds=shape.wake_seconds[number]), now + typical),
        not_before=max(filter(None, (new.not_before, not_before)), default=None),
        finish_after=finish_after,
        ready_at=None,
        finished_at=None,
        state=State.BLOCKED,
        mode=new.node.mode,
        kind=new.node.kind,
        key=new.key,
        title=new.title,
        queue=new.queue or (GENERAL_QUEUE if new.node.mode == "person" else None),
        partner=new.partner,
        sub_reason=None,
        params=new.params,
    )


def _lags(edges: Sequence[Edge], senders: Sequence[rules.Sender]) -> tuple[datetime | None, datetime | None]:
    """Before when the step must not start, and not finish, by the tokens that have come already."""
    starts: list[datetime] = []
    finishes: list[datetime] = []
    for edge in edges:
        first = senders[edge.first]
        if edge.kind != "completes" and rules.is_delivered(edge, first) and (end := rules.lag_end(edge, first)):
            (starts if edge.type in ("FS", "SS") else finishes).append(end)
    return max(starts, default=None), max(finishes, default=None)


def _recount(old: Shape, new: Shape, row: Step, senders: Sequence[rules.Sender]) -> Recount | None:
    if old.into[row.number] == new.into[row.number]:
        return None
    count = rules.counters(new, row.number, senders)
    fresh = [edge for edge in new.into[row.number] if edge not in set(old.into[row.number])]
    return Recount(row.number, *count, *_lags(fresh, senders))


def _wishes(rows: Sequence[Step], gone: frozenset[int], *, reason: str | None) -> list[Wish]:
    wishes: list[Wish] = []
    for step in rows:
        ready = not step.pending and not step.held
        full = step.expected is not None and step.counted >= step.expected
        if step.number in gone and step.is_open:
            wishes.append((step, Intent("cancel", sub_reason="revision", reason=reason)))
        elif step.state == State.BLOCKED and ready:
            wishes.append((step, OPEN))
        elif step.state == State.WAITING and step.sub_reason == "finish" and not step.pending_finish:
            wishes.append((step, Intent("complete")))
        elif step.state == State.WAITING and step.sub_reason == "condition" and not step.held:
            wishes.append((step, OPEN))
        elif step.state == State.WAITING and step.sub_reason == "event" and full and not step.held:
            wishes.append((step, Intent("complete")))
        elif step.state in (State.SKIPPED, State.CANCELLED) and step.token is None:
            wishes.append((step, RELEASE))
    return wishes


async def revise_process(tx: Tx, process_id: int, revision: Revision, *, reason: str) -> Revised:
    """Let a running process follow a customer's change, at once or not at all.

    Kept steps keep their rows, numbers and states. What the change takes out satisfies its successors,
    except where its repetition holds them back. What was done is undone in reverse order of its
    dependencies. Refused when anything to be taken back is past a hard point of no return.
    """
    running = await processes.lock(tx, [process_id])
    rows = await steps.fetch_all(tx, process_id)
    refuse_if_any(_cancel_problems(running, {process_id: rows}, {process_id: revision.take_back}))
    await steps.retire(tx, process_id, revision.retire)
    await steps.rename(tx, process_id, revision.titles)
    rows = await steps.fetch_all(tx, process_id)
    amendment, shape = revision.amendment, running[process_id].shape
    first_undo = len(rows) + len(amendment.steps)
    undo = _undo(shape, rows, [rows[number] for number in revision.take_back], first=first_undo)
    undo_of = {int(new.params["undoes"]): first_undo + place for place, new in enumerate(undo.steps) if new.params}
    waits = [Edge(undo_of[old], len(rows) + place) for place, old in revision.again.items() if old in undo_of]
    added = await amend_process(
        tx,
        process_id,
        replace(
            amendment,
            steps=(*amendment.steps, *undo.steps),
            edges=(*amendment.edges, *undo.edges, *waits),
            stop=(*amendment.stop, *revision.take_back),
        ),
        reason=reason,
    )
    if revision.take_back:
        subject, last = running[process_id].subject, len(amendment.steps)
        tx.emit(StepsCancelled(subject, process_id, tuple(revision.take_back), added[last:], reason))
    return Revised(added[: len(amendment.steps)], added[len(amendment.steps) :])


async def cancel_steps(
    tx: Tx, ids: Sequence[StepId], *, reason: str, compensate: bool = True, by_revision: bool = False
) -> list[StepId]:
    """Cancel open steps and take back completed ones; return the steps added to take them back.

    A cancelled step sends nothing, so whatever needs it stays blocked; with `by_revision` the
    customer has removed it, and it satisfies its successors. Completed steps that can be undone get
    an undo step each, in the same process, in reverse order of their dependencies. Refused when any
    of them is past a hard point of no return. Cancelling twice changes nothing more.
    """
    by_process: dict[int, list[int]] = defaultdict(list)
    for process_id, number in ids:
        by_process[process_id].append(number)
    running = await processes.lock(tx, list(by_process))
    rows = {process_id: await steps.fetch_all(tx, process_id) for process_id in running}
    refuse_if_any(_cancel_problems(running, rows, by_process))
    undone: list[StepId] = []
    for process_id, numbers in by_process.items():
        here = running[process_id]
        targets = [rows[process_id][number] for number in dict.fromkeys(numbers)]
        undo = _undo(here.shape, rows[process_id], targets) if compensate else Amendment()
        added = await amend_process(tx, process_id, undo) if undo.steps else ()
        undone += [StepId(process_id, number) for number in added]
        running.update(await processes.lock(tx, [process_id]))
        fresh = await steps.fetch(tx, [step.id for step in targets])
        intent = Intent("cancel", sub_reason="revision" if by_revision else "cancelled", reason=reason)
        open_ones = [step for step in fresh.values() if step.is_open]
        if open_ones or added:
            numbers_moved = tuple(step.number for step in open_ones)
            tx.emit(StepsCancelled(here.subject, process_id, numbers_moved, added, reason))
        await settle(tx, running, [(step, intent) for step in open_ones])
    return undone


def _cancel_problems(
    running: Mapping[int, Running], rows: Mapping[int, Sequence[Step]], wanted: Mapping[int, Sequence[int]]
) -> list[Problem]:
    problems = []
    for process_id, numbers in wanted.items():
        for number in numbers:
            if process_id not in running or not 0 <= number < len(rows[process_id]):
                problems.append(Problem("unknown_step", "There is no such step; reload the page."))
                continue
            step = rows[process_id][number]
            if is_past_return(running[process_id].shape.nodes[number], step):
                problems.append(
                    Problem(
                        "past_point_of_no_return",
                        f"“{step.title}” is past its point of no return; order a return instead.",
                    )
                )
    return problems


def is_past_return(node: Node, step: Step) -> bool:
    """Whether a hard point of no return is reached: at the start of work, at the completion of an event.

    A failed step has passed it when nobody knows what its failure has done.
    """
    if node.point_of_no_return != "hard":
        return False
    if step.state == State.FAILED:
        return step.started_at is not None and step.error_class == "unknown"
    if step.mode == "event":
        return step.state == State.DONE
    return step.state in (State.RUNNING, State.DONE) or (
        step.state == State.WAITING and step.started_at is not None and step.mode != "timer"
    )


def _undo(shape: Shape, rows: Sequence[Step], targets: Sequence[Step], *, first: int | None = None) -> Amendment:
    """One undo step for each target that has had an effect, the last effect first; numbered from `first` on."""
    keys = {row.key for row in rows}
    undone = [
        step
        for step in targets
        if shape.nodes[step.number].undo is not None and had_effect(step) and f"undo {step.key}" not in keys
    ]
    begin = len(rows) if first is None else first
    numbers = {step.number: begin + place for place, step in enumerate(undone)}
    edges = [
        Edge(numbers[step.number], numbers[earlier])
        for step in undone
        for earlier in _nearest_before(shape, step.number, numbers)
    ]
    return Amendment(steps=tuple(_undo_step(shape.nodes[step.number], step) for step in undone), edges=tuple(edges))


def had_effect(step: Step) -> bool:
    """Done, or begun and not known to have had no effect."""
    if step.state == State.FAILED:
        return step.started_at is not None and step.error_class != "business"
    begun = step.started_at is not None and step.mode in ("auto", "person")
    return step.state == State.DONE or (begun and step.is_open)


def _undo_step(node: Node, step: Step) -> NewStep:
    assert node.undo is not None
    return NewStep(
        node=Node(node.undo.kind, node.undo.mode, tells=True, params=dict(node.undo.params)),
        key=f"undo {step.key}",
        title=node.undo.title,
        queue=step.queue,
        partner=step.partner,
        params={"undoes": step.number, "outputs": dict(step.outputs or {})},
    )


def _nearest_before(shape: Shape, number: int, among: Mapping[int, int]) -> list[int]:
    """The nearest predecessors that belong to the set, through any others."""
    found, seen, stack = [], {number}, [number]
    while stack:
        for edge in shape.into[stack.pop()]:
            if edge.kind == "completes" or edge.first in seen:
                continue
            seen.add(edge.first)
            if edge.first in among:
                found.append(edge.first)
            else:
                stack.append(edge.first)
    return sorted(found)
