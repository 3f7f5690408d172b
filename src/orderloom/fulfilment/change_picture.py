"""A plan as a change leaves it, in plain values: what stays, comes and goes, and what waits for what. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.fulfilment.change import Assessment, Running, has_begun
from orderloom.fulfilment.types import Plan, PlannedStep
from orderloom.processes.types import State, Step

STEPS_MOST = 400
STANDING_MOST = 5_000


def phase_of(step: Step) -> str:
    """How far a step is, as far as a change depends on it; empty while nothing has happened."""
    if step.state == State.DONE:
        return "done"
    if step.state in (State.SKIPPED, State.CANCELLED):
        return "over"
    return "begun" if has_begun(step) or step.state == State.FAILED else ""


def standing_of(steps: Sequence[Step]) -> dict[str, str] | None:
    """The phases of the steps that have one, by number; None where there are too many to keep with each preview."""
    if len(steps) > STANDING_MOST:
        return None
    return {str(step.number): phase_of(step) for step in steps if phase_of(step)}


@dataclass(frozen=True, slots=True)
class Moved:
    """A step that has gone on since somebody looked; `before` is empty where nothing had happened then."""

    number: int
    title: str
    before: str
    after: str


def moved_since(standing: Mapping[str, str], steps: Sequence[Step]) -> list[Moved]:
    """The steps that are not as they stood, in the order of their numbers."""
    return [
        Moved(step.number, step.title, standing.get(str(step.number), ""), phase_of(step))
        for step in steps
        if standing.get(str(step.number), "") != phase_of(step)
    ]


def picture_of(found: Assessment, running: Running, old: Plan, new: Plan) -> dict[str, Any] | None:
    """Every step of the plan as it will be, and those that go, with their dependencies; None when they are too many.

    Edges name steps by their place in the list. What goes has no followers here: they wait for others now.
    """
    rows = {step.number: step for step in running.steps}
    gone = [rows[n] for n in (*found.taken_back, *found.withdrawn) if n not in found.again.values()]
    if len(new.steps) + len(gone) + len(found.amended) > STEPS_MOST:
        return None
    live = {step.key: step for step in running.steps if step.key in found.kept}
    steps = [_step(place, planned, live, found) for place, planned in enumerate(new.steps)]
    places = {planned.key: place for place, planned in enumerate(new.steps)}
    edges = [[e.first, e.then, e.type] for e in new.shape.edges]
    numbers = old.numbers()
    for row in gone:
        planned = old.steps[numbers[row.key]] if row.key in numbers else None
        places[f"gone {row.number}"] = len(steps)
        steps.append(_gone(row, planned, found))
    by_number = {row.number: places[f"gone {row.number}"] for row in gone}
    by_number |= {step.number: places[step.key] for step in live.values() if step.key in places}
    edges += [
        [by_number[e.first], by_number[e.then], e.type]
        for e in running.edges
        if e.then in by_number and e.first in by_number and f"gone {e.then}" in places
    ]
    for amended in found.amended:
        edges.append([places[amended.key], len(steps), "FS"])
        told = steps[places[amended.key]]
        steps.append({**told, "title": amended.title, "effect": "amended", "state": "blocked"})
    return {"steps": steps, "edges": edges}


def _step(place: int, planned: PlannedStep, live: Mapping[str, Step], found: Assessment) -> dict[str, Any]:
    row = live.get(planned.key)
    effect = "kept"
    if place in found.again:
        effect = "redone"
    elif row is None:
        effect = "added"
    elif row.title != planned.title or any(change.key == planned.key for change in found.adapted):
        effect = "adapted"
    return {
        "title": planned.title,
        "owner": planned.template.owner,
        "type": planned.template.type,
        "lines": list(planned.lines),
        "state": str(row.state) if row is not None else "blocked",
        "effect": effect,
    }


def _gone(row: Step, planned: PlannedStep | None, found: Assessment) -> dict[str, Any]:
    undone = row.number in found.taken_back and (row.state == State.DONE or has_begun(row))
    return {
        "title": row.title,
        "owner": planned.template.owner if planned else "internal",
        "type": planned.template.type if planned else row.mode,
        "lines": list(planned.lines) if planned else [],
        "state": str(row.state),
        "effect": "undone" if undone else "stopped" if row.number in found.taken_back else "withdrawn",
    }
