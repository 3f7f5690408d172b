"""When each step of an order's plan will begin and end as things stand now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderloom.base.transaction import Tx
from orderloom.fulfilment.jeopardy import ENDED, Progress, in_order, project
from orderloom.fulfilment.reads import StepStanding, plan_heads, standings
from orderloom.fulfilment.schedule import durations
from orderloom.processes.reads import shapes_of
from orderloom.processes.shape import Shape as Graph


@dataclass(frozen=True, slots=True)
class ProjectedStep:
    """What is still to come of a step that has not ended."""

    number: int
    start: datetime
    finish: datetime


async def projected_steps(tx: Tx, order_id: int) -> list[ProjectedStep]:
    """The projection of each open step by its number; nothing before there is a plan.

    The caller has made sure that the actor sees the order. It is the projection that jeopardy is told by.
    """
    head = (await plan_heads(tx, [order_id])).get(order_id)
    if head is None:
        return []
    graph = (await shapes_of(tx, [head.process_id]))[head.process_id]
    return projected(graph, (await standings(tx, [order_id]))[order_id], start=head.planned_at, now=tx.now)


def progress_of(numbers: Sequence[int], steps: Sequence[StepStanding]) -> list[Progress]:
    """How far the steps with these numbers are, in that order."""
    standing = {step.number: step for step in steps}
    return [
        Progress(s.state, s.ready_at, s.started_at, s.finished_at, s.not_before) if s else Progress("blocked")
        for s in map(standing.get, numbers)
    ]


def projected(graph: Graph, steps: Sequence[StepStanding], *, start: datetime, now: datetime) -> list[ProjectedStep]:
    """The open steps with what is still to come of them: what runs goes on from now."""
    shape, numbers = in_order(graph)
    progress = progress_of(numbers, steps)
    finishes = project(shape, progress, start=start, now=now).finishes
    expected = [timedelta(seconds=(o + 4 * t + p) / 6) for o, t, p in zip(*durations(shape), strict=True)]
    found = [
        ProjectedStep(number, max(now, finish - duration) if step.state == "blocked" else now, finish)
        for number, step, finish, duration in zip(numbers, progress, finishes, expected, strict=True)
        if step.state not in ENDED
    ]
    return sorted(found, key=lambda step: step.number)
