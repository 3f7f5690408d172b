"""The difference by key between what stands and what should be: the one mechanism of every change in flight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderloom.fulfilment.types import Dependency, FulfilmentItem, Plan
from orderloom.processes.types import EdgeKind, PointOfNoReturn

UNSTARTED = frozenset({"blocked", "ready"})
ENDED_UNRUN = frozenset({"skipped", "cancelled"})


@dataclass(frozen=True, slots=True)
class Standing:
    """A step as it stands: its number in the process and its state."""

    number: int
    key: str
    state: str
    title: str = ""
    expected: int | None = None
    mode: str = "auto"
    has_undo: bool = False
    point_of_no_return: PointOfNoReturn = "none"

    @property
    def is_unstarted(self) -> bool:
        """Whether it can be withdrawn without a trace: nothing of it has happened outside."""
        return (
            self.state in UNSTARTED or self.state in ENDED_UNRUN or (self.state == "waiting" and self.mode == "timer")
        )

    @property
    def is_past_return(self) -> bool:
        """Whether its point of no return is reached: at the start of work, at the completion of an event."""
        if self.point_of_no_return == "none" or self.is_unstarted:
            return False
        return self.state == "done" or self.mode != "event"


@dataclass(frozen=True, slots=True)
class Change:
    """A kept step that is now said differently."""

    key: str
    expected: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A step that should not be any more but has started: undo it, or refuse the change."""

    key: str
    state: str
    point_of_no_return: PointOfNoReturn
    has_undo: bool

    @property
    def is_refused(self) -> bool:
        """Whether nothing can take it back."""
        return self.point_of_no_return == "hard" or (self.state == "done" and not self.has_undo)


@dataclass(frozen=True, slots=True)
class ThingChange:
    """Things that a change adds, takes away, or makes different in contents."""

    added: tuple[FulfilmentItem, ...] = ()
    withdrawn: tuple[str, ...] = ()
    changed: tuple[FulfilmentItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What to write: step keys by what becomes of them, and edges by keys.

    `added` are numbers in the new plan. `skipped` are kept, unstarted steps whose condition has
    become known to be false. `conflicts` come in reverse order, so that they are undone last first.
    Edges between two kept steps are removed; edges of withdrawn steps fall with them.
    """

    kept: tuple[str, ...]
    added: tuple[int, ...]
    withdrawn: tuple[str, ...]
    conflicts: tuple[Conflict, ...]
    changed: tuple[Change, ...]
    skipped: tuple[str, ...]
    added_edges: tuple[tuple[Dependency, EdgeKind], ...]
    removed_edges: tuple[tuple[Dependency, EdgeKind], ...]

    @property
    def is_empty(self) -> bool:
        """Whether everything stands as it should."""
        return not (
            self.added
            or self.withdrawn
            or self.conflicts
            or self.changed
            or self.skipped
            or self.added_edges
            or self.removed_edges
        )


def difference(
    standing: Sequence[Standing],
    edges: Sequence[tuple[Dependency, EdgeKind]],
    plan: Plan,
) -> Difference:
    """Compare the steps and edges that stand with a new plan of the same order.

    Kept steps keep number and state. A step that is not in the new plan is withdrawn if it has not
    started, otherwise it is a conflict for the change path.
    """
    present = {step.key: step for step in standing}
    numbers = plan.numbers()
    gone = [step for step in standing if step.key not in numbers]
    kept = [step for step in standing if step.key in numbers and step.state != "cancelled"]
    return Difference(
        kept=tuple(step.key for step in kept),
        added=tuple(n for n, step in enumerate(plan.steps) if step.key not in present),
        withdrawn=tuple(step.key for step in gone if step.is_unstarted and step.state not in ENDED_UNRUN),
        conflicts=tuple(
            Conflict(step.key, step.state, step.point_of_no_return if step.is_past_return else "none", step.has_undo)
            for step in reversed(gone)
            if not step.is_unstarted
        ),
        changed=tuple(_changes(kept, plan, numbers)),
        skipped=tuple(
            step.key for step in kept if step.state in UNSTARTED and plan.steps[numbers[step.key]].is_born_skipped
        ),
        **_edge_changes(edges, plan, numbers),
    )


def thing_changes(standing: Mapping[str, FulfilmentItem], plan: Plan) -> ThingChange:
    """Compare things by key: new ones, those that are gone, and those whose contents are different."""
    planned = {thing.key: thing for thing in plan.things}
    return ThingChange(
        added=tuple(thing for key, thing in planned.items() if key not in standing),
        withdrawn=tuple(key for key in standing if key not in planned),
        changed=tuple(
            thing for key, thing in planned.items() if key in standing and _content(thing) != _content(standing[key])
        ),
    )


def _content(thing: FulfilmentItem) -> object:
    return (
        thing.quantity,
        thing.characteristics,
        thing.sources,
        thing.makers,
        sorted((lot.line, lot.place or "", lot.quantity, sorted(lot.attributes.items())) for lot in thing.lots),
        thing.action,
    )


def _changes(kept: Sequence[Standing], plan: Plan, numbers: Mapping[str, int]) -> list[Change]:
    changes = []
    for step in kept:
        planned = plan.steps[numbers[step.key]]
        if step.state != "done" and (step.expected != planned.expected or (step.title and step.title != planned.title)):
            changes.append(Change(step.key, planned.expected, planned.title))
    return changes


def _edge_changes(
    edges: Sequence[tuple[Dependency, EdgeKind]],
    plan: Plan,
    numbers: Mapping[str, int],
) -> dict[str, tuple[tuple[Dependency, EdgeKind], ...]]:
    keys = [step.key for step in plan.steps]
    wanted = dict.fromkeys(
        (Dependency(keys[e.first], keys[e.then], e.type, e.lag_seconds), e.kind) for e in plan.shape.edges
    )
    known = dict.fromkeys(edges)
    return {
        "added_edges": tuple(edge for edge in wanted if edge not in known),
        "removed_edges": tuple(
            edge for edge in known if edge not in wanted and edge[0].first in numbers and edge[0].then in numbers
        ),
    }
