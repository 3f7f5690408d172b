"""When a plan's steps can happen: forward and backward pass, slack, critical path, and a date to promise.

Times are whole seconds from the start of the plan. Only mandatory steps count for the end; an
optional step never holds one back longer than until it could start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isqrt

from orderloom.fulfilment.types import Shape
from orderloom.processes.types import Edge

PROMISE_DEVIATIONS_PER_MILLE = 842
"""80 % of a normal distribution lie below its mean and 0.842 deviations."""
_SIXTHS = 6
_MOST_KEPT = 16


@dataclass(frozen=True, slots=True)
class Schedule:
    """The forecast of a shape. Tuples have one entry for each step, for typical durations.

    `slack` is how long a step may slip without moving the end; None where it cannot move it.
    `expected` is the PERT mean along its own longest path, `deviation` that path's standard
    deviation, and `promise` what four of five plans keep.
    """

    optimistic: int
    typical: int
    pessimistic: int
    expected: int
    deviation: int
    promise: int
    starts: tuple[int, ...]
    finishes: tuple[int, ...]
    slack: tuple[int | None, ...]
    critical_path: tuple[int, ...]

    def promised_at(self, start: datetime) -> datetime:
        """The date to promise when nobody enters one: the PERT 80 % date."""
        return start + timedelta(seconds=self.promise)


@dataclass(frozen=True, slots=True)
class Pass:
    """One forward pass: when steps start and finish, and which step each of them waits for last."""

    starts: list[int]
    finishes: list[int]
    waits_for: list[int]


def schedule(shape: Shape, skipped: frozenset[int] = frozenset()) -> Schedule:
    """The forecast of a shape in which these steps are skipped already; kept with the shape."""
    kept = shape.memory.setdefault("schedules", {})
    found: Schedule | None = kept.get(skipped)
    if found is None:
        found = _schedule(shape, skipped)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[skipped] = found
    return found


def durations(shape: Shape) -> tuple[list[int], list[int], list[int]]:
    """Optimistic, typical and pessimistic seconds of every step."""
    hours = [node.hours or (0.0, 0.0, 0.0) for node in shape.nodes]
    optimistic, typical, pessimistic = ([round(h[which] * 3600) for h in hours] for which in range(3))
    return optimistic, typical, pessimistic


def incoming(shape: Shape) -> list[list[Edge]]:
    """The edges into every step."""
    edges: list[list[Edge]] | None = shape.memory.get("into")
    if edges is None:
        edges = [[] for _ in shape.nodes]
        for edge in shape.edges:
            edges[edge.then].append(edge)
        shape.memory["into"] = edges
    return edges


def _schedule(shape: Shape, skipped: frozenset[int]) -> Schedule:
    optimistic, typical, pessimistic = durations(shape)
    ends = [_end(shape, forward(shape, seconds, skipped).finishes) for seconds in (optimistic, typical, pessimistic)]
    passed = forward(shape, typical, skipped)
    weighted = [o + 4 * t + p for o, t, p in zip(optimistic, typical, pessimistic, strict=True)]
    pert = forward(shape, weighted, skipped, unit=_SIXTHS)
    expected = _end(shape, pert.finishes)
    path = _path(shape, pert)
    variance = sum((pessimistic[n] - optimistic[n]) ** 2 for n in path if n not in skipped)
    deviation = isqrt(variance)  # in sixths of a second: the deviation of a step is (p - o) / 6
    promise = expected + deviation * PROMISE_DEVIATIONS_PER_MILLE // 1000
    return Schedule(
        optimistic=ends[0],
        typical=ends[1],
        pessimistic=ends[2],
        expected=_rounded(expected),
        deviation=_rounded(deviation),
        promise=_rounded(promise),
        starts=tuple(passed.starts),
        finishes=tuple(passed.finishes),
        slack=_slack(shape, typical, passed, skipped),
        critical_path=tuple(number for number in _path(shape, passed) if number not in skipped),
    )


def forward(shape: Shape, seconds: Sequence[int], skipped: frozenset[int], *, unit: int = 1) -> Pass:
    """Start and finish of every step at the earliest; `unit` is how many of the time unit make a second.

    FS and SS hold back the start, FF and SF the finish; a skipped step takes no time and its lags do
    not count; a timer that completes its sibling caps it, once the sibling could start.
    """
    into = incoming(shape)
    nodes = shape.nodes
    count = len(nodes)
    starts, finishes, waits_for = [0] * count, [0] * count, [-1] * count
    for number in range(count):
        start = least = 0
        start_of, finish_of, cap_of = -1, -1, -1
        for edge in into[number]:
            first = edge.first
            if edge.kind == "completes":
                cap_of = first
                continue
            from_start = edge.type[0] == "S" or (not nodes[first].mandatory and nodes[number].mandatory)
            time = starts[first] if from_start else finishes[first]
            if edge.lag_seconds and first not in skipped:
                time += edge.lag_seconds * unit
            if edge.type[1] == "S":
                if time > start or start_of < 0:
                    start, start_of = max(start, time), first
            elif time > least or finish_of < 0:
                least, finish_of = max(least, time), first
        finish, waits = start + (0 if number in skipped else seconds[number]), start_of
        if cap_of >= 0 and max(start, finishes[cap_of]) < finish and cap_of not in skipped:
            finish = max(start, finishes[cap_of])
            waits = cap_of if finish > start else start_of
        if least > finish:
            finish, waits = least, finish_of
        starts[number], finishes[number], waits_for[number] = start, finish, waits
    return Pass(starts, finishes, waits_for)


def _end(shape: Shape, finishes: Sequence[int]) -> int:
    return max((f for f, node in zip(finishes, shape.nodes, strict=True) if node.mandatory), default=0)


def _path(shape: Shape, passed: Pass) -> list[int]:
    """The mandatory steps that the end waits for, first to last."""
    end = _end(shape, passed.finishes)
    number = max((n for n, node in enumerate(shape.nodes) if node.mandatory and passed.finishes[n] == end), default=-1)
    path: list[int] = []
    while number >= 0:
        if shape.nodes[number].mandatory:
            path.append(number)
        number = passed.waits_for[number]
    return path[::-1]


def _slack(shape: Shape, seconds: Sequence[int], passed: Pass, skipped: frozenset[int]) -> tuple[int | None, ...]:
    """The backward pass: the latest finish of every step that does not move the end, less its earliest."""
    end = _end(shape, passed.finishes)
    latest: list[int | None] = [end if node.mandatory else None for node in shape.nodes]
    into = incoming(shape)
    taken = [
        0 if n in skipped or not node.mandatory else min(seconds[n], passed.finishes[n] - passed.starts[n])
        for n, node in enumerate(shape.nodes)
    ]
    for number in range(len(shape.nodes) - 1, -1, -1):
        finish = latest[number]
        if finish is None:
            continue
        for edge in into[number]:
            if edge.kind == "completes":
                continue
            first = edge.first
            limit = finish - taken[number] if edge.type[1] == "S" else finish
            limit -= edge.lag_seconds if first not in skipped else 0
            if edge.type[0] == "S":
                limit += taken[first]
            known = latest[first]
            latest[first] = limit if known is None else min(known, limit)
    return tuple(
        None if late is None or not node.mandatory else late - finish
        for late, finish, node in zip(latest, passed.finishes, shape.nodes, strict=True)
    )


def _rounded(sixths: int) -> int:
    return (sixths + _SIXTHS // 2) // _SIXTHS
