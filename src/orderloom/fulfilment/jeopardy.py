"""Will it be on time: the end projected from what really happened, against the date that was promised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal

from orderloom.fulfilment.schedule import durations, incoming
from orderloom.fulfilment.types import Shape
from orderloom.processes.shape import Shape as Graph

Level = Literal["none", "low", "medium", "high"]
ENDED = frozenset({"done", "skipped", "cancelled"})
_EPOCH_STEP = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one step stands; times as far as they have come."""

    state: str
    ready_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Projection:
    """When it will end as things stand now, step by step; and which open step decides the end."""

    finish: datetime
    finishes: tuple[datetime, ...]
    critical_step: int | None


@lru_cache(maxsize=2048)
def in_order(graph: Graph) -> tuple[Shape, tuple[int, ...]]:
    """A process's graph with predecessors before their successors, and the number of each of its steps.

    Steps that were added later have higher numbers than those they come before.
    """
    open_before = [len(into) for into in graph.into]
    numbers = [number for number, count in enumerate(open_before) if not count]
    for number in numbers:  # grows while it is walked
        for edge in graph.out[number]:
            open_before[edge.then] -= 1
            if not open_before[edge.then]:
                numbers.append(edge.then)
    place = {number: place for place, number in enumerate(numbers)}
    edges = tuple(replace(edge, first=place[edge.first], then=place[edge.then]) for edge in graph.edges)
    return Shape(tuple(graph.nodes[number] for number in numbers), edges), tuple(numbers)


def project(shape: Shape, progress: Sequence[Progress], *, start: datetime, now: datetime) -> Projection:
    """Project the end from actual times, with PERT means for what is still to come.

    A step that should have been finished and is not moves the end with every hour: its finish is
    never before now. An optional step decides nothing. Compare with a promise of the same kind.
    """
    assert len(progress) == len(shape.nodes)
    expected = [timedelta(seconds=(o + 4 * t + p) / 6) for o, t, p in zip(*durations(shape), strict=True)]
    into = incoming(shape)
    starts: list[datetime] = []
    finishes: list[datetime] = []
    waits_for: list[int | None] = []
    for number, step in enumerate(progress):
        began, least, waits, cap = start, start, None, None
        for edge in into[number]:
            if edge.kind == "completes":
                cap = finishes[edge.first]
                continue
            first = edge.first
            ran = progress[first].state not in ("skipped", "cancelled")
            is_free = not shape.nodes[first].mandatory and shape.nodes[number].mandatory
            time = starts[first] if edge.type[0] == "S" or is_free else finishes[first]
            time += timedelta(seconds=edge.lag_seconds) if ran else timedelta(0)
            if edge.type[1] == "S" and time > began:
                began, waits = time, first
            elif edge.type[1] == "F" and time > least:
                least, waits = time, first
        began, finish = _times(step, began, expected[number], start=start, now=now)
        if step.state not in ENDED:
            finish = max(finish, least)
            if cap is not None and step.state != "failed":
                finish = min(finish, max(began, cap, now))
        starts.append(began)
        finishes.append(finish)
        waits_for.append(waits)
    return _projection(shape, progress, finishes, waits_for, start=start)


def jeopardy(*, forecast: datetime, promised: datetime, projected: datetime) -> Level:
    """How much of the time between forecast and promise is used up: half is low, three quarters medium, all high.

    `forecast` is the end projected when the plan was made.
    """
    if projected <= promised and projected <= forecast:
        return "none"
    spare = (promised - forecast) // _EPOCH_STEP
    used = (projected - forecast) // _EPOCH_STEP
    if projected > promised or spare <= 0:
        return "high"
    return "medium" if 4 * used >= 3 * spare else "low" if 2 * used >= spare else "none"


def next_change(*, forecast: datetime, promised: datetime, projected: datetime, now: datetime) -> datetime | None:
    """When to look again if nothing moves: the moment at which the next level would be reached, or none."""
    spare = promised - forecast
    if spare <= timedelta(0) or projected > promised:
        return None
    for share in (0.5, 0.75, 1.0):
        threshold = forecast + spare * share
        if projected < threshold or (share == 1.0 and projected <= threshold):
            return now + (threshold - projected) + _EPOCH_STEP
    return None


def _times(
    step: Progress, earliest: datetime, duration: timedelta, *, start: datetime, now: datetime
) -> tuple[datetime, datetime]:
    match step.state:
        case "done" | "skipped" | "cancelled":
            finish = step.finished_at or step.started_at or step.ready_at or start
            return step.started_at or finish, finish
        case "running" | "waiting":
            began = step.started_at or step.ready_at or now
            began = max(began, step.not_before) if step.not_before else began
            return began, max(now, began + duration)
        case "blocked":
            began = max(earliest, now, step.not_before or now)
            return began, began + duration
        case _:
            return now, now + duration


def _projection(
    shape: Shape,
    progress: Sequence[Progress],
    finishes: Sequence[datetime],
    waits_for: Sequence[int | None],
    *,
    start: datetime,
) -> Projection:
    last: int | None = None
    for number, node in enumerate(shape.nodes):
        if node.mandatory and (last is None or finishes[number] >= finishes[last]):
            last = number
    end = finishes[last] if last is not None else start
    critical: int | None = None
    while last is not None:
        if progress[last].state not in ENDED:
            critical = last
        last = waits_for[last]
    return Projection(end, tuple(finishes), critical)
