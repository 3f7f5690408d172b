"""From a tree to SQL: each node to the piece that means exactly the same, or the reason why there is none."""

from __future__ import annotations

import datetime as std
from collections.abc import Callable, Mapping
from decimal import Decimal

from orderloom.feel import sql_times
from orderloom.feel.builtins import BUILTINS
from orderloom.feel.compile import Inputs, compiled
from orderloom.feel.emit import Options
from orderloom.feel.run import Run
from orderloom.feel.sql_compare import compared, is_null, junction, opposite, truth, within
from orderloom.feel.sql_functions import called
from orderloom.feel.sql_numbers import added, divided, multiplied, negated, raised
from orderloom.feel.sql_values import (
    FALSE,
    NULL,
    TRUE,
    Column,
    Digits,
    Kind,
    NoForm,
    Parameters,
    Piece,
    boolean,
    column_piece,
    refuse,
    sized,
    unknown,
)
from orderloom.feel.tree import (
    Among,
    Between,
    Both,
    Bound,
    Calculate,
    Call,
    Choose,
    Compare,
    Comparison,
    Constant,
    Either,
    Expression,
    InstanceOf,
    Interval,
    Items,
    Name,
    Negate,
    Path,
    Quantified,
    Test,
    Tests,
    walk,
)
from orderloom.feel.types import NULL as NULL_TYPE
from orderloom.feel.types import Simple, type_of

_CLOCK = frozenset({"now", "today"})
_TRUTHS = (Both, Either, Between, Compare, Among, InstanceOf, Quantified)
_TYPE_NAMES = {Kind.LOCAL: "date and time"}


class Writer:
    """Writes expressions and tests over columns; `now` is the caller's, for now() and today()."""

    def __init__(self, columns: Mapping[str, Column], parameters: Parameters, now: std.datetime | None) -> None:
        self.parameters = parameters
        self._columns = columns
        self._now = now
        self._subjects: list[Piece] = []

    def expression(self, tree: Expression) -> Piece:
        """The value of an expression; `NoForm` tells the place of the innermost node that has no form."""
        try:
            folded = self._folded(tree)
            if folded is not None:
                return folded
            write = _WRITTEN.get(tree.__class__)
            if write is None:
                refuse(_REASONS.get(tree.__class__.__name__, "lists and contexts have no form in a row of columns"))
            return sized(write(self, tree))
        except NoForm as reason:
            raise NoForm(reason.reason, tree.at if reason.at < 0 else reason.at) from None

    def cell(self, tests: Tests, subject: Piece) -> Piece:
        """Whether a value passes the tests of a cell; true alone lets it pass."""
        if tests.anything:
            return TRUE
        passed = self._passes(tests.tests, subject)
        return opposite(passed) if tests.negated else passed

    def subject(self) -> Piece:
        """The value under test, from the column `?`."""
        return self._column("?")

    def zero(self) -> Piece:
        """The number 0."""
        return self.parameters.constant(Decimal(0))

    # Constants and names

    def _folded(self, tree: Expression) -> Piece | None:
        """A tree that reads no column, evaluated now."""
        if isinstance(tree, Constant):
            return self.parameters.constant(tree.value)
        functions: set[int] = set()
        for node in walk(tree):
            if isinstance(node, Call) and isinstance(node.function, Name) and node.function.text in BUILTINS:
                if node.function.text in _CLOCK and self._now is None:
                    refuse(f"{node.function.text}() has a form once you give `now`", node.at)
                functions.add(id(node.function))
            elif isinstance(node, Name) and id(node) not in functions:
                return None
        value = compiled(tree, Options(known=frozenset(self._columns)))(Inputs({}), Run(now=self._now))
        return self.parameters.constant(value)

    def _name(self, tree: Name) -> Piece:
        if tree.text == "?" and self._subjects:
            return self._subjects[-1]
        return self._column(tree.text)

    def _column(self, name: str) -> Piece:
        column = self._columns.get(name)
        if column is None:
            refuse(f"it reads “{name}”, for which there is no column; add it to the columns")
        return column_piece(column)

    def _path(self, tree: Path) -> Piece:
        names = _dotted(tree)
        if names is not None and names in self._columns:
            return self._column(names)
        if names is not None and names.split(".")[0] not in self._columns and "?" not in names:
            return self._column(names)
        source = self.expression(tree.source)
        if source.kind not in sql_times.TEMPORAL:
            return NULL
        found = sql_times.part_of(source, tree.name)
        if found is None:
            return NULL
        scale = 6 if tree.name in ("second", "seconds") else 0
        return Piece(found[0], Kind.NUMBER, source.nullable, Digits(scale, found[1] * 10**scale))

    # Operators

    def _negate(self, tree: Negate) -> Piece:
        operand = self.expression(tree.operand)
        return negated(operand) if operand.kind is Kind.NUMBER else sql_times.negated(operand)

    def _calculate(self, tree: Calculate) -> Piece:
        spine: list[Calculate] = []
        first: Expression = tree
        while isinstance(first, Calculate):
            spine.append(first)
            first = first.left
        result = self.expression(first)
        for step in reversed(spine):
            right = self.expression(step.right)
            try:
                result = sized(self._calculated(step.operator, result, right))
            except NoForm as reason:
                raise NoForm(reason.reason, step.at if reason.at < 0 else reason.at) from None
        return result

    def _calculated(self, sign: str, left: Piece, right: Piece) -> Piece:
        if left.kind is Kind.NUMBER and right.kind is Kind.NUMBER:
            match sign:
                case "*":
                    return multiplied(left, right, self.parameters)
                case "/":
                    return divided(left, right, self.parameters)
                case "**":
                    return raised(left, right, self.parameters)
            return added(left, sign, right)
        if left.kind is Kind.STRING and right.kind is Kind.STRING and sign == "+":
            return Piece(f"({left.text} || {right.text})", Kind.STRING, left.nullable or right.nullable)
        return sql_times.calculated(sign, left, right, self.parameters)

    def _compare(self, tree: Compare) -> Piece:
        return compared(self.expression(tree.left), tree.operator, self.expression(tree.right))

    def _both(self, tree: Both) -> Piece:
        return junction("AND", [self.expression(term) for term in tree.terms])

    def _either(self, tree: Either) -> Piece:
        return junction("OR", [self.expression(term) for term in tree.terms])

    def _between(self, tree: Between) -> Piece:
        value, low, high = (self.expression(part) for part in (tree.value, tree.low, tree.high))
        return junction("AND", [compared(value, ">=", low), compared(value, "<=", high)])

    def _among(self, tree: Among) -> Piece:
        return self._passes(tree.tests, self.expression(tree.value))

    def _instance_of(self, tree: InstanceOf) -> Piece:
        value = self.expression(tree.value)
        kind = type_of(tree.type)
        if kind is None:
            return unknown()
        if kind == NULL_TYPE:
            return is_null(value)
        own = _TYPE_NAMES.get(value.kind, value.kind.value)
        is_same = isinstance(kind, Simple) and kind.name in ("Any", own) and value.kind is not Kind.NULL
        return opposite(is_null(value)) if is_same else FALSE

    def _choose(self, tree: Choose) -> Piece:
        condition = truth(self.expression(tree.condition))
        then, otherwise = self.expression(tree.then), self.expression(tree.otherwise)
        return chosen([(condition, then)], otherwise)

    # Tests

    def _passes(self, tests: tuple[Test, ...], subject: Piece) -> Piece:
        self._subjects.append(subject)
        try:
            return junction("OR", [self._test(test, subject) for test in tests])
        finally:
            self._subjects.pop()

    def _test(self, test: Test, subject: Piece) -> Piece:  # noqa: PLR0911 - one return for each kind of test
        if isinstance(test, Bound):
            return compared(subject, test.operator, self.expression(test.end))
        if isinstance(test, Interval):
            return within(subject, self.expression(test.low), self.expression(test.high), signs=_signs(test))
        if isinstance(test, Items):
            return junction("OR", [self._item(item, subject) for item in test.items]) if test.items else FALSE
        value = self.expression(test)
        if not isinstance(test, Name) and any(isinstance(node, Name) and node.text == "?" for node in walk(test)):
            return truth(value)
        is_not = isinstance(test, Call) and isinstance(test.function, Name) and test.function.text == "not"
        if not (isinstance(test, _TRUTHS) or is_not):
            return compared(subject, "=", value)
        if subject.kind is not Kind.BOOLEAN:
            return truth(value)
        same = compared(subject, "=", value)
        if not subject.nullable:
            return same
        return boolean(f"(CASE WHEN {subject.text} IS NULL THEN {truth(value).text} ELSE {same.text} END)")

    def _item(self, item: Expression, subject: Piece) -> Piece:
        """An item of a list as a test: it passes or does not, and is never null."""
        if isinstance(item, Interval):
            passed = within(subject, self.expression(item.low), self.expression(item.high), signs=_signs(item))
        elif isinstance(item, Bound):
            passed = compared(subject, item.operator, self.expression(item.end))
        else:
            passed = compared(subject, "=", self.expression(item))
        return boolean(f"COALESCE({passed.text}, FALSE)", nullable=False) if passed.nullable else passed

    def _call(self, tree: Call) -> Piece:
        if not isinstance(tree.function, Name) or tree.function.text not in BUILTINS:
            refuse("it calls a function that is not one of FEEL's own")
        if tree.function.text in self._columns:
            refuse(f"“{tree.function.text}” is a column here, not a function")
        overloads = BUILTINS[tree.function.text]
        if any(argument.name is not None for argument in tree.arguments):
            given = {argument.name or "": argument.value for argument in tree.arguments}
            named = overloads.by_name(tuple(given)) if len(given) == len(tree.arguments) else None
            if named is None:
                return NULL
            values = [given.get(parameter.name, Constant(None)) for parameter in named.parameters]
        else:
            if overloads.by_position(len(tree.arguments)) is None:
                return NULL
            values = [argument.value for argument in tree.arguments]
        return called(tree.function.text, [self.expression(value) for value in values], self.parameters)


def chosen(branches: list[tuple[Piece, Piece]], otherwise: Piece) -> Piece:
    """`CASE` over branches of one type; the first condition that is true decides."""
    values = [*(value for _, value in branches), otherwise]
    kinds = {value.kind for value in values if value.kind is not Kind.NULL}
    if not kinds:
        return NULL
    if len(kinds) > 1:
        refuse("its branches have values of different types, and a column has one")
    if any(value.over is not None for value in values):
        refuse("a branch is a quotient, which FEEL rounds to 34 digits; compare or round it there")
    whens = " ".join(f"WHEN {condition.text} THEN {value.text}" for condition, value in branches)
    numbers = [value.digits for value in values if value.kind is Kind.NUMBER]
    digits: Digits | None = None
    if numbers and all(numbers):
        scale = max(number.scale for number in numbers if number)
        digits = Digits(scale, max(number.units(scale) for number in numbers if number))
    years = (min(value.years[0] for value in values), max(value.years[1] for value in values))
    nullable = any(value.nullable for value in values)
    return sized(Piece(f"(CASE {whens} ELSE {otherwise.text} END)", kinds.pop(), nullable, digits, years))


def _signs(interval: Interval) -> tuple[Comparison, Comparison]:
    return (">=" if interval.low_included else ">", "<=" if interval.high_included else "<")


def _dotted(tree: Expression) -> str | None:
    names: list[str] = []
    while isinstance(tree, Path):
        names.append(tree.name)
        tree = tree.source
    return ".".join([tree.text, *reversed(names)]) if isinstance(tree, Name) else None


_WRITTEN: dict[type, Callable[..., Piece]] = {
    Name: Writer._name, Path: Writer._path, Negate: Writer._negate, Calculate: Writer._calculate,
    Compare: Writer._compare, Both: Writer._both, Either: Writer._either, Between: Writer._between,
    Among: Writer._among, InstanceOf: Writer._instance_of, Choose: Writer._choose, Call: Writer._call,
}  # fmt: skip
_REASONS = {
    "Quantified": "“some” and “every” go through a list, which a row of columns does not have",
    "For": "“for” goes through a list, which a row of columns does not have",
    "Filter": "a filter goes through a list, which a row of columns does not have",
    "Function": "a function is no value of a column",
}
