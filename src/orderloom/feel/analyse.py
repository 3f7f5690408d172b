"""What can be said of a table before it decides anything: overlaps, rules that never count, and gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from orderloom.feel.spans import Accepted, Column
from orderloom.feel.table import HitPolicy

MAX_INPUTS = 6
MAX_RULES = 1_000
MAX_WORK = 200_000_000
MAX_PAIRS = 500_000
MOST_FINDINGS = 50
MOST_GAPS = 10


class TooMuch(Exception):
    """The table has more combinations than can be looked at in the time that a check may take."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An overlap of two rules, a rule that never counts, or a gap; `example` is one input that shows it."""

    kind: str
    rules: tuple[int, ...]
    example: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as sets: for each input a column, for each rule the pieces that it takes of every column."""

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    boxes: tuple[tuple[int, ...], ...]

    @property
    def domain(self) -> tuple[int, ...]:
        return tuple(column.pieces for column in self.columns)

    def example(self, box: Sequence[int]) -> dict[str, object]:
        """One input within a box, at the lowest piece of each column."""
        return {
            name: column.example((pieces & -pieces).bit_length() - 1)
            for name, column, pieces in zip(self.names, self.columns, box, strict=True)
        }


def grid_of(names: Sequence[str], cells: Sequence[Sequence[Accepted]], columns: Sequence[Column]) -> Grid:
    """The grid of a table from its cells, rule by rule."""
    boxes = tuple(tuple(column.mask(cell) for column, cell in zip(columns, row, strict=True)) for row in cells)
    return Grid(tuple(names), tuple(columns), boxes)


def overlaps(grid: Grid) -> Iterator[Finding]:
    """Pairs of rules that match one input, with the input."""
    steps = _Steps(MAX_PAIRS)
    for second, box in enumerate(grid.boxes):
        steps.take(second)
        for first in range(second):
            common = tuple(a & b for a, b in zip(grid.boxes[first], box, strict=True))
            if all(common):
                yield Finding("overlap", (first + 1, second + 1), grid.example(common))


def unreachable(grid: Grid, policy: HitPolicy, ranks: Sequence[int] | None = None) -> Iterator[Finding]:
    """Rules that never count: those that match nothing, and those that always yield to rules before or above them.

    `ranks` tells each rule's place in the order of the answers under a ranked policy, the smallest first.
    """
    steps = _Steps.of(grid)
    for rule, box in enumerate(grid.boxes):
        if not all(box):
            yield Finding("never-matches", (rule + 1,), {})
            continue
        above = _above(rule, policy, ranks)
        if above and next(_uncovered(grid, box, above, steps), None) is None:
            yield Finding("unreachable", (rule + 1,), grid.example(box))


def gaps(grid: Grid) -> Iterator[Finding]:
    """Inputs that no rule matches."""
    everything = (1 << len(grid.boxes)) - 1
    for box in _uncovered(grid, grid.domain, everything, _Steps.of(grid)):
        yield Finding("gap", (), grid.example(box))


def _above(rule: int, policy: HitPolicy, ranks: Sequence[int] | None) -> int:
    if policy is HitPolicy.FIRST:
        return (1 << rule) - 1
    if policy is HitPolicy.PRIORITY and ranks is not None:
        return sum(1 << other for other, rank in enumerate(ranks) if rank < ranks[rule])
    return 0


class _Steps:
    """Counts what has been looked at, so that every check ends in time and always says the same."""

    def __init__(self, most: int) -> None:
        self._left = most

    @classmethod
    def of(cls, grid: Grid) -> _Steps:
        """As many as fit into a second: with more rules each of them costs more."""
        return cls(MAX_WORK // max(len(grid.boxes), 100))

    def take(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise TooMuch


def _uncovered(grid: Grid, box: Sequence[int], rules: int, steps: _Steps) -> Iterator[tuple[int, ...]]:
    """The parts of a box that none of these rules takes, in the order of the columns."""
    width = len(grid.columns)
    steps.take(len(grid.boxes) // 4)
    # From which column on a rule takes everything that the box has.
    full = [0] * (width + 1)
    full[width] = rules
    for place in range(width - 1, -1, -1):
        taking = sum(1 << r for r, other in enumerate(grid.boxes) if not box[place] & ~other[place])
        full[place] = full[place + 1] & taking
    covered: set[tuple[int, int]] = set()

    def below(place: int, active: int, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if not active:
            yield (*chosen, *box[place:])
            return
        if active & full[place] or (place, active) in covered:
            return
        found = False
        for passing, pieces in _classes(grid.columns[place], box[place], active, steps).items():
            for part in below(place + 1, passing, (*chosen, pieces)):
                found = True
                yield part
        if not found:
            covered.add((place, active))

    yield from below(0, rules, ())


def _classes(column: Column, pieces: int, active: int, steps: _Steps) -> dict[int, int]:
    """The pieces of a column grouped by which of the active rules let them pass."""
    classes: dict[int, int] = {}
    count = 0
    while pieces:
        lowest = pieces & -pieces
        pieces ^= lowest
        passing = column.passing[lowest.bit_length() - 1] & active
        classes[passing] = classes.get(passing, 0) | lowest
        count += 1
    steps.take(count)
    return classes
