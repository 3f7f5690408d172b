"""What a step sends, what it still misses, and what becomes of it: the one place where tokens are decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

from orderloom.processes.conditions import holds
from orderloom.processes.shape import Shape
from orderloom.processes.types import Edge, ErrorClass, Node, State, Step

Verb = Literal["open", "complete", "release", "start", "wait", "fail", "retry", "skip", "cancel", "withdraw"]


class Sender(Protocol):
    """As much of a step as decides what it sends."""

    @property
    def state(self) -> State: ...
    @property
    def token(self) -> bool | None: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def finished_at(self) -> datetime | None: ...
    @property
    def chosen(self) -> list[int] | None: ...


class Counters(NamedTuple):
    """The tokens that a step still misses at its start and its finish, and the true ones over gateway edges."""

    pending: int
    pending_finish: int
    live: int


class Delta(NamedTuple):
    """The change of a successor's counters, and the business times before which it must not start or finish."""

    then: int
    start: int
    finish: int
    live: int
    not_before: datetime | None
    finish_after: datetime | None
    arrived: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What is to become of a step; `moved` decides what really does."""

    verb: Verb
    outputs: Mapping[str, Any] | None = None
    params: Mapping[str, Any] | None = None
    sub_reason: str | None = None
    reason: str | None = None
    evidence: str | None = None
    error_class: ErrorClass | None = None
    error: str | None = None
    correlation: str | None = None
    until: datetime | None = None
    retry_at: datetime | None = None
    logged: bool = field(default=True)


def sends_start(step: Sender) -> bool:
    """Whether start dependencies on this step are met: it has started and is not in fallout, or has ended well."""
    started = step.started_at is not None and step.state not in (State.FAILED, State.CANCELLED)
    return started or step.token is not None


def is_delivered(edge: Edge, step: Sender) -> bool:
    """Whether the token of this edge has left its first step."""
    return step.token is not None if edge.type in ("FS", "FF") else sends_start(step)


def is_live(edge: Edge, step: Sender) -> bool:
    """Whether a true token has gone over this gateway edge."""
    chosen = step.chosen is None or edge.then in step.chosen
    return edge.kind == "gateway" and step.token is True and chosen


def counters(shape: Shape, number: int, steps: Mapping[int, Sender] | Sequence[Sender]) -> Counters:
    """The counters of a step, computed anew from the steps before it."""
    pending = pending_finish = live = 0
    for edge in shape.into[number]:
        first = steps[edge.first]
        if edge.kind == "completes":
            continue
        if not is_delivered(edge, first):
            pending += edge.type in ("FS", "SS")
            pending_finish += edge.type in ("FF", "SF")
        live += is_live(edge, first)
    return Counters(pending, pending_finish, live)


def deltas(shape: Shape, number: int, before: Sender, after: Sender) -> Iterator[Delta]:
    """What changes for the successors when a step moves: the difference of what it has sent."""
    for edge in shape.out[number]:
        if edge.kind == "completes":
            if after.state == State.DONE and after.token is not None and before.token is None:
                yield Delta(edge.then, 0, 0, 0, None, None, {"completed_by": number})
            continue
        came = is_delivered(edge, after) - is_delivered(edge, before)
        lives = is_live(edge, after) - is_live(edge, before)
        if came or lives:
            starts = edge.type in ("FS", "SS")
            at = lag_end(edge, after) if came > 0 else None
            yield Delta(
                edge.then,
                came if starts else 0,
                0 if starts else came,
                lives,
                at if starts else None,
                None if starts else at,
            )


def lag_end(edge: Edge, step: Sender) -> datetime | None:
    """When the lag of this edge is over; a lag counts only from a step that really ran."""
    if not edge.lag_seconds or step.state in (State.SKIPPED, State.CANCELLED):
        return None
    since = step.finished_at if edge.type in ("FS", "FF") else step.started_at
    return since + timedelta(seconds=edge.lag_seconds) if since else None


def moved(  # noqa: PLR0911 - one return for each verb
    shape: Shape, step: Step, intent: Intent, variables: Mapping[str, Any], now: datetime
) -> Step:
    """The step as it is after the intent; the same step where the intent has nothing to change."""
    node = shape.nodes[step.number]
    match intent.verb:
        case "open":
            return _opened(shape, node, step, variables, now)
        case "complete":
            return _completed(shape, step, intent, variables, now)
        case "release":
            return _released(shape, node, step, variables, now)
        case "start":
            return replace(_cleared(step), state=State.RUNNING, started_at=step.started_at or now)
        case "wait":
            return _awaiting_reply(step, intent, now)
        case "fail":
            return _failed(step, intent)
        case "retry":
            params = {**(step.params or {}), **(intent.params or {})} or None
            again = replace(
                _cleared(step), state=State.BLOCKED, params=params, retries=0, arrived=None, started_at=None
            )
            return again if step.pending or step.held else _opened(shape, node, again, variables, now)
        case "skip":
            return _ended(step, State.SKIPPED, intent.sub_reason or "right", now)
        case "withdraw":
            return _ended(step, State.SKIPPED, "choice", now)
        case "cancel":
            return _ended(step, State.CANCELLED, intent.sub_reason or "cancelled", now)


def _opened(  # noqa: PLR0911, PLR0912 - one question after the other
    shape: Shape, node: Node, step: Step, variables: Mapping[str, Any], now: datetime
) -> Step:
    if step.pending or step.held:
        return step
    if any(edge.kind == "gateway" for edge in shape.into[step.number]) and not step.live:
        return _ended(step, State.SKIPPED, "dead", now)
    if node.when is not None:
        answer = holds(node.when, variables)
        if answer is None:
            return _failed(step, Intent("fail", error_class="data", error=_unknown(node.when)))
        if not answer:
            return _ended(step, State.SKIPPED, "condition", now)
    if step.not_before is not None and step.not_before > now:
        return replace(_cleared(step), state=State.WAITING, sub_reason="lag", due=step.not_before)
    if node.wait_for is not None and holds(node.wait_for, variables) is not True:
        return replace(_cleared(step), state=State.WAITING, sub_reason="condition", ready_at=step.ready_at or now)
    ready = replace(_cleared(step), state=State.READY, ready_at=step.ready_at or now)
    if step.arrived is not None:
        return _completed(shape, ready, Intent("complete", outputs=step.arrived), variables, now)
    if step.expected is not None and step.counted >= step.expected and node.mode != "auto":
        return _completed(shape, ready, Intent("complete"), variables, now)
    match node.mode:
        case "auto" | "person":
            return ready
        case "pass":
            return _completed(shape, ready, Intent("complete"), variables, now)
        case "event":
            return replace(ready, state=State.WAITING, sub_reason="event", started_at=now)
        case "timer":
            due = now + timedelta(seconds=node.delay_seconds)
            return replace(ready, state=State.WAITING, sub_reason="timer", started_at=now, due=due)


def _completed(shape: Shape, step: Step, intent: Intent, variables: Mapping[str, Any], now: datetime) -> Step:
    node = shape.nodes[step.number]
    outputs = {**(step.outputs or {}), **(intent.outputs or {})} or None
    ran = replace(_cleared(step), started_at=step.started_at or now, outputs=outputs, ready_at=step.ready_at or now)
    if step.pending_finish or (step.finish_after is not None and step.finish_after > now):
        due = None if step.pending_finish else step.finish_after
        return replace(ran, state=State.WAITING, sub_reason="finish", due=due)
    chosen, unknown = _choose(shape, node, step.number, {**variables, **_yielded(node, outputs)})
    if unknown is not None:
        return _failed(ran, Intent("fail", error_class="data", error=unknown))
    return replace(ran, state=State.DONE, token=True, chosen=chosen, finished_at=now)


def _yielded(node: Node, outputs: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: outputs[name] for name in node.yields if name in outputs} if outputs else {}


def yielded(node: Node, step: Step) -> dict[str, Any]:
    """The facts that a finished step tells its process."""
    return _yielded(node, step.outputs)


def _choose(shape: Shape, node: Node, number: int, variables: Mapping[str, Any]) -> tuple[list[int] | None, str | None]:
    """The gateway edges that are taken, and a sentence when that cannot be told."""
    edges = [edge for edge in shape.out[number] if edge.kind == "gateway"]
    if node.split == "all" or not edges:
        return None, None
    chosen: list[int] = []
    for edge in edges:
        if edge.when is None:
            continue
        answer = holds(edge.when, variables)
        if answer is None:
            return None, _unknown(edge.when)
        if answer:
            chosen.append(edge.then)
            if node.split == "first":
                break
    chosen = chosen or [edge.then for edge in edges if edge.when is None][:1]
    if not chosen:
        return None, "No way on from this gateway is open; correct the facts or add a way for all other cases."
    return chosen, None


def _unknown(condition: str) -> str:
    return f"It cannot be told whether “{condition}” holds; supply the missing fact and retry."


def _released(shape: Shape, node: Node, step: Step, variables: Mapping[str, Any], now: datetime) -> Step:
    """Send the token of a step that has ended, once all its own tokens are there."""
    if step.pending or step.pending_finish or step.token is not None:
        return step
    if step.state == State.DONE:
        chosen, unknown = _choose(shape, node, step.number, variables)
        if unknown is not None:
            return _failed(step, Intent("fail", error_class="data", error=unknown))
        return replace(step, token=True, chosen=chosen)
    return replace(step, token=_token_of(step.state, step.sub_reason))


def _token_of(state: State, sub_reason: str | None) -> bool | None:
    if state == State.CANCELLED:
        return True if sub_reason == "revision" else None
    return sub_reason not in ("choice", "dead")


def _awaiting_reply(step: Step, intent: Intent, now: datetime) -> Step:
    return replace(
        _cleared(step),
        state=State.WAITING,
        sub_reason="reply",
        correlation=intent.correlation,
        due=intent.until,
        started_at=step.started_at or now,
    )


def _failed(step: Step, intent: Intent) -> Step:
    if intent.retry_at is not None:
        return replace(
            _cleared(step),
            state=State.WAITING,
            sub_reason="retry",
            retry_at=intent.retry_at,
            retries=step.retries + 1,
            error_class=intent.error_class,
            error=intent.error,
        )
    return replace(
        _cleared(step),
        state=State.FAILED,
        error_class=intent.error_class or "unknown",
        error=intent.error,
        finished_at=None,
        token=None,
    )


def _ended(step: Step, state: State, sub_reason: str, now: datetime) -> Step:
    ended = replace(_cleared(step), state=state, sub_reason=sub_reason, finished_at=now)
    if step.pending or step.pending_finish:
        return ended
    return replace(ended, token=_token_of(state, sub_reason))


def _cleared(step: Step) -> Step:
    """The step without what belonged to its last state only."""
    return replace(step, sub_reason=None, due=None, retry_at=None, correlation=None, error_class=None, error=None)


def retry_pause_seconds(policy: Sequence[int], retries: int, spread: int) -> float | None:
    """How long to wait before trying again, None when that is exhausted.

    `spread` is any number of the step's own; it staggers the steps that failed together over a
    quarter of the pause.
    """
    if retries >= len(policy):
        return None
    return policy[retries] * (1 + (spread * 2654435761 % 1000) / 4000)
