"""A table that is asked often, as one nest of comparisons: the input that leaves the least to find out is read first.

The nest answers for the usual inputs and says `SLOW` for all others (null, another type, a list), which the table's
program then decides. It gives what the program gives, as every leaf asks it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from orderloom.feel import python
from orderloom.feel.language import Values
from orderloom.feel.run import Run
from orderloom.feel.table import HitPolicy

if TYPE_CHECKING:
    from orderloom.feel.decide import Program
    from orderloom.feel.spans import Column

SLOW = object()
Quick = Callable[[Mapping[str, object]], object]
MOST_CELLS = 400
MOST_NODES = 600
MOST_CHOICES = 8
_KINDS = (Decimal, str, bool)
_PLAIN = frozenset({Decimal, str, bool, type(None)})


class _NoNest(Exception):
    """The nest would be larger than it is worth, or a column tests for nothing but null."""


def quick_of(program: Program) -> Quick | None:
    """The nest of a table; none where its cells, answers or size do not allow one."""
    rules, columns = len(program.cells), len(program.columns)
    if not program.is_plain or program.is_broken or rules * columns > MOST_CELLS:
        return None
    if any(not program.is_quick(place) for place in range(columns)):
        return None
    nest = _Nest(program)
    try:
        tree = nest.node((1 << rules) - 1, frozenset(range(columns)))
    except _NoNest:
        return None
    return python.built(("scope",), tree, nest.names) if nest.answers else None


class _Nest:
    """Builds the nest from the outside in; rules still in question are bits."""

    def __init__(self, program: Program) -> None:
        self.names: dict[str, object] = {"SLOW": SLOW, **{kind.__name__: kind for kind in (*_KINDS, dict)}}
        self._program = program
        self._size = 0
        self.answers = False
        self._columns = [column for column in program.columns if column is not None]
        cells = range(len(program.columns))
        self._free = [
            sum(1 << rule for rule, row in enumerate(program.cells) if (cell := row[place]) is None or cell.anything)
            for place in cells
        ]

    def node(self, rules: int, open_columns: frozenset[int]) -> ast.expr:
        """The answer for the rules in question, once the columns that are still open are read."""
        self._size += 1
        if self._size > MOST_NODES:
            raise _NoNest
        rules = self._cut(rules, open_columns)
        asked = [place for place in sorted(open_columns) if rules & ~self._free[place]]
        if not asked:
            return self._leaf(rules)
        place = min(asked, key=lambda place: self._left_open(place, rules, open_columns))
        return self._asked(place, rules, open_columns - {place})

    def _cut(self, rules: int, open_columns: frozenset[int]) -> int:
        """Under the policy first, nothing after a rule that surely matches is in question."""
        if self._program.table.hit_policy is not HitPolicy.FIRST:
            return rules
        sure = rules
        for place in open_columns:
            sure &= self._free[place]
        lowest = sure & -sure
        return rules & (2 * lowest - 1) if lowest else rules

    def _left_open(self, place: int, rules: int, open_columns: frozenset[int]) -> float:
        """How many cells are left to test behind this column, on average."""
        column, others = self._columns[place], open_columns - {place}
        outcomes = [rules & passing for passing in column.passing[: column.null : 1 if column.kind is bool else 2]]
        left = 0
        for outcome in outcomes:
            cut = self._cut(outcome, others)
            left += sum((cut & ~self._free[other]).bit_count() for other in others)
        return left / len(outcomes)

    def _leaf(self, rules: int) -> ast.expr:
        matching = [rule for rule in range(len(self._program.cells)) if rules >> rule & 1]
        value = self._program.answer(matching, Values(), Run())
        if value.__class__ not in _PLAIN:
            return python.name("SLOW")
        self.answers = True
        return self._bound(value)

    def _asked(self, place: int, rules: int, others: frozenset[int]) -> ast.expr:
        column = self._columns[place]
        if column.kind is None:
            raise _NoNest
        value = python.name(f"value{place}")
        outcomes = [rules & passing for passing in column.passing[: column.null]]
        if column.kind is not Decimal and len(set(outcomes[::2])) == 1:
            found = self._chosen(column, value, outcomes, others)
        else:
            found = self._compared(column, value, outcomes, others)
        return python.if_else(self._is_usual(place, column), found, python.name("SLOW"))

    def _is_usual(self, place: int, column: Column) -> ast.expr:
        """Reads the input, through contexts if it is a path, and tells whether it is of the column's own class."""
        names = self._program.clauses[place].names
        assert names is not None and column.kind is not None
        value: ast.expr = python.name("scope")
        terms: list[ast.expr] = []
        for depth, name in enumerate(names):
            is_last = depth == len(names) - 1
            variable = f"value{place}" if is_last else f"context{place}_{depth}"
            kind = python.attribute(python.assigned(variable, python.item(value, python.constant(name))), "__class__")
            terms.append(python.is_(kind, python.name(column.kind.__name__ if is_last else "dict")))
            value = python.name(variable)
        return python.all_of(terms)

    def _chosen(self, column: Column, value: ast.expr, outcomes: Sequence[int], others: frozenset[int]) -> ast.expr:
        """Single values matter: a comparison for each outcome that is not the usual one."""
        points: dict[int, list[object]] = {}
        for at, point in enumerate(column.points):
            if outcomes[2 * at + 1] != outcomes[0]:
                points.setdefault(outcomes[2 * at + 1], []).append(point)
        if len(points) > MOST_CHOICES:
            raise _NoNest
        result = self.node(outcomes[0], others)
        for outcome, wanted in points.items():
            several = self._bound(frozenset(wanted)) if len(wanted) > 1 else self._bound(wanted[0])
            test = python.compared(value, ("in" if len(wanted) > 1 else "=", several))
            result = python.if_else(test, self.node(outcome, others), result)
        return result

    def _compared(self, column: Column, value: ast.expr, outcomes: Sequence[int], others: frozenset[int]) -> ast.expr:
        """Spans matter: a search by halves over the places where the outcome changes."""
        changes = [piece for piece in range(1, len(outcomes)) if outcomes[piece] != outcomes[piece - 1]]
        groups = [outcomes[0], *(outcomes[piece] for piece in changes)]

        def halved(low: int, high: int) -> ast.expr:
            if low == high:
                return self.node(groups[low], others)
            middle = (low + high) // 2
            # An odd piece is a point itself: what comes before it is less, what comes after it is more.
            piece = changes[middle]
            sign, at = ("<", piece // 2) if piece % 2 else ("<=", piece // 2 - 1)
            test = python.compared(value, (sign, self._bound(column.points[at])))
            return python.if_else(test, halved(low, middle), halved(middle + 1, high))

        return halved(0, len(groups) - 1)

    def _bound(self, value: object) -> ast.expr:
        if value is None or value.__class__ in (bool, str):
            return python.constant(value)
        name = f"k{len(self.names)}"
        self.names[name] = value
        return python.name(name)
