"""Where the steps of a plan stand in its picture: left to right in time, in lanes by who does them.

A layered drawing after Sugiyama: layers by longest path, long edges through thin places of their own, few crossings by
barycentres, heights by what each lane needs. Equal plans give equal pictures.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

WIDTH, HEIGHT = 196, 32
COLUMN_GAP, ROW_GAP = 52, 12
THIN, THIN_GAP = 6, 4
LANE_PADDING, LANE_NAME = 12, 20
MARGIN = 12
SWEEPS = 6
LETTERS_MOST = 22


@dataclass(frozen=True, slots=True)
class GraphStep:
    """A step as it is drawn. `tone` names the colour of its state; `faded` that its branch is dead; `path` opens it."""

    number: int
    lane: str
    title: str
    note: str = ""
    tone: str = "waiting"
    icon: str = "gear"
    critical: bool = False
    faded: bool = False
    path: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """`then` depends on `first`; everything but finish-to-start is drawn dashed with its type."""

    first: int
    then: int
    type: str = "FS"
    critical: bool = False
    faded: bool = False


@dataclass(frozen=True, slots=True)
class PlacedStep:
    """A step with its upper left corner."""

    step: GraphStep
    x: float
    y: float

    @property
    def label(self) -> str:
        title = self.step.title
        return title if len(title) <= LETTERS_MOST else title[: LETTERS_MOST - 1].rstrip() + "…"


@dataclass(frozen=True, slots=True)
class PlacedEdge:
    """An edge as an SVG path, with the point where its type is written."""

    edge: GraphEdge
    path: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PlacedLane:
    """A lane over the whole width."""

    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class PlacedGraph:
    """The whole picture in its own units."""

    width: float
    height: float
    lanes: tuple[PlacedLane, ...]
    steps: tuple[PlacedStep, ...]
    edges: tuple[PlacedEdge, ...]


@dataclass(slots=True)
class _Spot:
    """A step, or a thin place where a long edge passes a layer."""

    layer: int
    lane: int
    rank: float
    height: int
    step: GraphStep | None = None
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def gap(self) -> int:
        return ROW_GAP if self.step else THIN_GAP


def place(steps: Sequence[GraphStep], edges: Sequence[GraphEdge], *, lanes: Sequence[str]) -> PlacedGraph:
    """Place the steps of an acyclic plan. Lanes that no step uses are left out."""
    used = [lane for lane in lanes if any(step.lane == lane for step in steps)]
    layers = layers_of([step.number for step in steps], edges)
    spots = {
        step.number: _Spot(layers[step.number], used.index(step.lane), rank, HEIGHT, step)
        for rank, step in enumerate(steps)
    }
    drawn = [edge for edge in edges if edge.first in spots and edge.then in spots]
    routes = [_route(edge, spots) for edge in drawn]
    cells = _ordered([*spots.values(), *(spot for route in routes for spot in route[1:-1])], routes)
    placed_lanes = _stack(cells, used, routes)

    width = MARGIN * 2 + (max(layers.values(), default=0) + 1) * (WIDTH + COLUMN_GAP) - COLUMN_GAP
    return PlacedGraph(
        width=width,
        height=sum(lane.height for lane in placed_lanes),
        lanes=tuple(placed_lanes),
        steps=tuple(PlacedStep(step, _left(spots[step.number]), spots[step.number].y) for step in steps),
        edges=tuple(_drawn(edge, route) for edge, route in zip(drawn, routes, strict=True)),
    )


def layers_of(numbers: Sequence[int], edges: Sequence[GraphEdge]) -> dict[int, int]:
    """The layer of each step: one more than that of its latest predecessor."""
    known = set(numbers)
    followers: Mapping[int, list[int]] = defaultdict(list)
    open_count = dict.fromkeys(numbers, 0)
    for edge in edges:
        if edge.first in known and edge.then in known:
            followers[edge.first].append(edge.then)
            open_count[edge.then] += 1
    layers = {number: 0 for number in numbers if open_count[number] == 0}
    ready = list(layers)
    for number in ready:  # grows while it is read
        for follower in followers[number]:
            layers[follower] = max(layers.get(follower, 0), layers[number] + 1)
            open_count[follower] -= 1
            if open_count[follower] == 0:
                ready.append(follower)
    assert len(ready) == len(known), "a plan has no cycle"
    return layers


def _route(edge: GraphEdge, spots: Mapping[int, _Spot]) -> list[_Spot]:
    """The spots from first to then; a long edge passes the layers between in the lane that it leads to."""
    first, then = spots[edge.first], spots[edge.then]
    between = [_Spot(layer, then.lane, then.rank, THIN) for layer in range(first.layer + 1, then.layer)]
    return [first, *between, then]


def _ordered(spots: Sequence[_Spot], routes: Sequence[list[_Spot]]) -> dict[tuple[int, int], list[_Spot]]:
    """The spots of each lane and layer, ordered so that few edges cross."""
    cells: dict[tuple[int, int], list[_Spot]] = defaultdict(list)
    for spot in spots:
        cells[(spot.layer, spot.lane)].append(spot)
    before: dict[int, list[_Spot]] = defaultdict(list)
    after: dict[int, list[_Spot]] = defaultdict(list)
    for route in routes:
        for left, right in pairwise(route):
            before[id(right)].append(left)
            after[id(left)].append(right)

    last = max((layer for layer, _ in cells), default=0)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        neighbours = before if forward else after
        for layer in range(last + 1) if forward else range(last, -1, -1):
            for cell in sorted(cell for cell in cells if cell[0] == layer):
                _sort(cells[cell], neighbours)
    return cells


def _sort(cell: list[_Spot], neighbours: Mapping[int, list[_Spot]]) -> None:
    def wish(spot: _Spot) -> float:
        near = neighbours.get(id(spot), [])
        return fmean(one.lane * 1_000 + one.rank for one in near) - spot.lane * 1_000 if near else spot.rank

    cell.sort(key=wish)
    for rank, spot in enumerate(cell):
        spot.rank = float(rank)


def _stack(
    cells: Mapping[tuple[int, int], list[_Spot]], lanes: Sequence[str], routes: Sequence[list[_Spot]]
) -> list[PlacedLane]:
    """Give every spot its height, and every lane what its fullest layer needs."""
    heights = [
        max((_need(cell) for (_, lane), cell in cells.items() if lane == number), default=0)
        for number in range(len(lanes))
    ]
    placed, top = [], 0.0
    for name, height in zip(lanes, heights, strict=True):
        placed.append(PlacedLane(name, top, height + 2 * LANE_PADDING + LANE_NAME))
        top += placed[-1].height
    before: dict[int, list[_Spot]] = defaultdict(list)
    for route in routes:
        for left, right in pairwise(route):
            before[id(right)].append(left)
    for (_, lane), cell in sorted(cells.items(), key=lambda item: item[0]):
        start = placed[lane].y + LANE_PADDING + LANE_NAME
        _settle(cell, before, start, start + heights[lane])
    return placed


def _need(cell: Sequence[_Spot]) -> int:
    return sum(spot.height + spot.gap for spot in cell) - ROW_GAP


def _settle(cell: Sequence[_Spot], before: Mapping[int, list[_Spot]], top: float, bottom: float) -> None:
    """Bring each spot as near to the height of its predecessors as order and lane allow."""
    floor = top
    for spot in cell:
        near = before.get(id(spot), [])
        wish = fmean(one.middle for one in near) - spot.height / 2 if near else floor
        spot.y = max(floor, wish)
        floor = spot.y + spot.height + spot.gap
    ceiling = bottom
    for spot in reversed(cell):
        spot.y = min(spot.y, ceiling - spot.height)
        ceiling = spot.y - spot.gap


def _left(spot: _Spot) -> float:
    return MARGIN + spot.layer * (WIDTH + COLUMN_GAP)


def _drawn(edge: GraphEdge, route: Sequence[_Spot]) -> PlacedEdge:
    first, bend = route[0], COLUMN_GAP * 0.5
    x, y = _left(first) + WIDTH, first.middle
    label = (x + COLUMN_GAP / 2, (y + route[1].middle) / 2)
    parts = [f"M{x:g} {y:g}"]
    for spot in route[1:]:
        left, middle = _left(spot), round(spot.middle, 1)
        parts.append(f"C{x + bend:g} {y:g} {left - bend:g} {middle:g} {left:g} {middle:g}")
        if spot.step is None:
            parts.append(f"H{left + WIDTH:g}")
        x, y = left + WIDTH, middle
    return PlacedEdge(edge, "".join(parts), *label)


def with_dead_branches(steps: Sequence[GraphStep], edges: Sequence[GraphEdge]) -> list[GraphEdge]:
    """The edges, faded where one of their ends is."""
    faded = {step.number for step in steps if step.faded}
    return [replace(edge, faded=edge.first in faded or edge.then in faded) for edge in edges]
