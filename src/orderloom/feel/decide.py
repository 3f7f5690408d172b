"""A decision table made into one Python function: a look-up for each input, then the hit policy."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import cast

from orderloom.feel import python
from orderloom.feel.compile import Inputs
from orderloom.feel.dmn.kinds import ANY, Kind, converted
from orderloom.feel.hits import NO_RANK, Row, answered, shaped, unmatched
from orderloom.feel.language import Check, Code, Language, Values
from orderloom.feel.mistakes import Mistaken
from orderloom.feel.quick import quick_of
from orderloom.feel.run import Run
from orderloom.feel.spans import ANYTHING, Accepted, Column, NoSpans, Ordered, accepted, key_of, plain_constant
from orderloom.feel.table import HitPolicy, Input, Output, Table
from orderloom.feel.tree import Expression, Name, Path, Tests
from orderloom.feel.values import inward, outward
from orderloom.feel.written import Written

MOST_REMEMBERED = 4_096
OFTEN = 20
_MISSING = object()
_QUICK = (Decimal, str, bool)
_PLAIN = frozenset({Decimal, str, bool, type(None)})


class Outside(Exception):
    """An input has a value that its column does not allow."""


class Clause:
    """An input at work: its value in a scope, converted to its type, and whether it is allowed."""

    __slots__ = ("_code", "allowed", "code", "kind", "names", "tree")

    def __init__(self, column: Input, language: Language) -> None:
        self.tree = language.tree(column.expression)
        self.names = _names_of(self.tree)
        self.kind = language.kind(column.type_name, column.expression.place)
        subject = language.type(column.type_name)
        allowed = language.tests(column.allowed, subject) if column.allowed is not None else None
        self.allowed = language.check(allowed) if allowed is not None else None
        self.code = language.code(self.tree)

    def value(self, scope: Values, run: Run) -> object:
        """The converted value; raises `Outside` if the column does not allow it."""
        return self.fitted(self.code(scope, run), run)

    def fitted(self, raw: object, run: Run) -> object:
        value, fits = converted(inward(raw), self.kind)
        if not fits:
            run.note(0, lambda: f"An input is no {self.kind.name}, so it counts as null.")
        if self.allowed is not None and value is not None and self.allowed(value, Values(), run) is not True:
            raise Outside
        return value


class Program:
    """A table ready to decide; `decide(scope, run)` is the whole of it as one function.

    `is_plain` says that it only looks names up and compares with constants: then the scope may hold values of the
    outside as they are, and nothing else of it is looked at.
    """

    def __init__(self, table: Table, language: Language) -> None:
        before = len(language.mistakes)
        self.table = table
        self.names = tuple(output.name for output in table.outputs)
        self._language = language
        self.clauses = [Clause(column, language) for column in table.inputs]
        subjects = [language.type(column.type_name) for column in table.inputs]
        self.cells = [
            [language.tests(t, s) for t, s in zip(_sized(rule.tests, len(subjects)), subjects, strict=True)]
            for rule in table.rules
        ]
        self._checks: dict[tuple[int, int], Check] = {}
        self.kinds = [self._kind(output, language) for output in table.outputs]
        wanted = [language.type(output.type_name) for output in table.outputs]
        self.answers = [
            [language.tree(a, w) for a, w in zip(_sized(rule.answers, len(wanted)), wanted, strict=True)]
            for rule in table.rules
        ]
        self._codes: dict[tuple[int, int], Code] = {}
        self._constants = [self._constant_row(row) for row in self.answers]
        self._defaults = [language.tree(output.default) for output in table.outputs if output.default is not None]
        self.ranking = [_ranking(output, language) for output in table.outputs] if table.hit_policy.is_ranked else []
        self._remembered: dict[int, object] = {}
        self._loose: list[tuple[int, int]] = []
        self.columns = [self._column(place) for place in range(len(table.inputs))]
        self.is_plain = (
            all(clause.names for clause in self.clauses)
            and not self._loose
            and None not in self._constants
            and all(_is_constant(default) for default in self._defaults)
        )
        width = len(table.inputs), len(table.outputs)
        # A table that cannot be read whole must not answer from the rest.
        self.is_broken = any(mistake.code == "syntax" for mistake in language.mistakes[before:]) or any(
            (len(rule.tests), len(rule.answers)) != width for rule in table.rules
        )
        self.decide = _broken if self.is_broken else self._built()

    def _kind(self, output: Output, language: Language) -> Kind:
        """The type of one rule's answer: a multiple hit policy makes the list itself, which may be declared."""
        kind = language.kind(output.type_name, self.table.place)
        return ANY if kind.is_list and not self.table.hit_policy.is_single else kind

    def is_quick(self, place: int) -> bool:
        """Whether usual values of an input can be compared as they are."""
        column, clause = self.columns[place], self.clauses[place]
        if column is None or clause.allowed is not None:
            return False
        return column.kind is None or (column.kind in _QUICK and _is_just(clause.kind, column.kind))

    # What one rule says

    def passes(self, rule: int, column: int, value: object, scope: Values, run: Run) -> bool:
        """Whether a value passes a cell."""
        cell = self.cells[rule][column]
        if cell is None or cell.anything:
            return cell is not None
        check = self._checks.get((rule, column))
        if check is None:
            check = self._checks[rule, column] = self._language.check(cell)
        return check(value, scope, run) is True

    def answer(self, rules: Sequence[int], scope: Values, run: Run) -> object:
        """What these matching rules (counted from 0) mean together, and what none of them means."""
        if not rules:
            return self._default(scope, run)
        if self.table.hit_policy is HitPolicy.FIRST:
            rules = rules[:1]
        rows = [self._row(rule, scope, run) for rule in rules]
        ranks = [self._rank(row, run) for row in rows] if self.ranking else []
        result = answered(self.table.hit_policy, rows, self.names, ranks, run)
        if result.problem:
            run.note(0, lambda: result.problem)
        return result.value

    def _row(self, rule: int, scope: Values, run: Run) -> Row:
        constant = self._constants[rule]
        if constant is not None:
            return constant
        return tuple(
            self._output(self._code(rule, place)(scope, run), place, run) for place in range(len(self.answers[rule]))
        )

    def _code(self, rule: int, place: int) -> Code:
        code = self._codes.get((rule, place))
        if code is None:
            code = self._codes[rule, place] = self._language.code(self.answers[rule][place])
        return code

    def _output(self, value: object, place: int, run: Run) -> object:
        fitting, fits = converted(value, self.kinds[place])
        if not fits:
            run.note(0, lambda: f"An answer is no {self.kinds[place].name}, so it is null.")
        return fitting

    def _default(self, scope: Values, run: Run) -> object:
        if not self._defaults:
            return unmatched(self.table.hit_policy)
        codes = [self._language.code(tree) for tree in self._defaults]
        if len(codes) != len(self.names):
            filled = zip((o for o in self.table.outputs if o.default is not None), codes, strict=True)
            return {output.name: code(scope, run) for output, code in filled} | self._missing_names()
        row = tuple(self._output(code(scope, run), place, run) for place, code in enumerate(codes))
        return shaped(row, self.names)

    def _missing_names(self) -> dict[str, object]:
        return {output.name: None for output in self.table.outputs if output.default is None}

    def _constant_row(self, row: Sequence[Expression | None]) -> Row | None:
        try:
            return tuple(converted(plain_constant(tree), kind)[0] for tree, kind in zip(row, self.kinds, strict=True))  # type: ignore[arg-type]
        except NoSpans:
            return None

    def rank(self, rule: int) -> Row | None:
        """The places of a rule's constant answers among the allowed ones; none if they must be calculated."""
        constant = self._constants[rule]
        return self._rank(constant, Run()) if constant is not None and self.ranking else None

    def constant_row(self, rule: int) -> Row | None:
        """A rule's answers if they are constants."""
        return self._constants[rule]

    def place_of(self, value: object, output: int) -> int:
        """The place of a value among those that an output allows."""
        return _place(value, self.ranking[output], Run())

    def _rank(self, row: Row, run: Run) -> Row:
        return tuple(_place(value, allowed, run) for value, allowed in zip(row, self.ranking, strict=True))

    # The function

    def _column(self, place: int) -> Column | None:
        """The cells of a column as spans; those that cannot be one are kept apart."""
        cells: list[Accepted] = []
        loose: list[tuple[int, int]] = []
        for rule, row in enumerate(self.cells):
            cell = row[place]
            try:
                cells.append(accepted(cell, plain_constant) if cell is not None else ANYTHING)
            except NoSpans:
                cells.append(ANYTHING)
                loose.append((rule, place))
            if cell is None:
                loose.append((rule, place))
        try:
            column = Column(cells)
        except NoSpans:
            self._loose += [(rule, place) for rule in range(len(self.cells))]
            return None
        self._loose += loose
        return column

    def mask(self, place: int, raw: object, run: Run) -> int:
        """Which rules let a value of this input pass, as bits, as far as their cells are spans."""
        column = self.columns[place]
        value = self.clauses[place].fitted(raw, run)
        assert column is not None
        if value is None:
            return column.passing[column.null]
        if column.orders(value):
            points = column.points
            key = key_of(cast(Ordered, value))
            at = bisect_left(points, key)
            return column.passing[2 * at + (at < len(points) and points[at] == key)]
        loose = {rule for rule, where in self._loose if where == place}
        passing = (r for r in range(len(self.cells)) if r in loose or self.passes(r, place, value, Values(), run))
        return sum(1 << rule for rule in passing)

    def _sifted(self, mask: int, scope: Values, run: Run) -> int:
        """The matching rules without those that a loose cell refuses."""
        values: dict[int, object] = {}
        for rule, place in self._loose:
            if not mask >> rule & 1:
                continue
            if place not in values:
                values[place] = self.clauses[place].value(scope, run)
            if not self.passes(rule, place, values[place], scope, run):
                mask ^= 1 << rule
        return mask

    def _settled(self, mask: int, scope: Values, run: Run) -> object:
        rules = [rule for rule in range(mask.bit_length()) if mask >> rule & 1]
        value = self.answer(rules, scope, run)
        is_fixed = all(self._constants[rule] is not None for rule in rules) if rules else not self._defaults
        if is_fixed and not isinstance(value, list | dict) and len(self._remembered) < MOST_REMEMBERED:
            self._remembered[mask] = value
        return value

    def _built(self) -> Code:
        built = _Built(self)
        mask = built.mask()
        if self._loose:
            mask = python.call(built.bound("sifted", self._sifted), mask, python.name("scope"), python.name("run"))
        remembered = python.call(
            python.attribute(built.bound("remembered", self._remembered), "get"),
            python.assigned("mask", mask),
            built.bound("missing", _MISSING),
        )
        settled = python.call(
            built.bound("settled", self._settled), python.name("mask"), python.name("scope"), python.name("run")
        )
        is_new = python.is_(python.assigned("found", remembered), built.bound("missing", _MISSING))
        function = python.built(("scope", "run"), python.if_else(is_new, settled, python.name("found")), built.names)
        return _refusing(function) if any(clause.allowed is not None for clause in self.clauses) else function


class _Built:
    """The function's tree, and what its names are bound to."""

    def __init__(self, program: Program) -> None:
        self.names: dict[str, object] = {}
        self._program = program

    def bound(self, name: str, value: object) -> ast.expr:
        self.names[name] = value
        return python.name(name)

    def mask(self) -> ast.expr:
        """The rules that pass the look-ups of all columns."""
        everything = (1 << len(self._program.cells)) - 1
        result: ast.expr | None = None
        for place, column in enumerate(self._program.columns):
            if column is None or self._passes_all(place, column, everything):
                continue
            looked = self._looked_up(place, column)
            result = looked if result is None else ast.BinOp(result, ast.BitAnd(), looked, lineno=1, col_offset=0)
        return result if result is not None else python.constant(everything)

    def _passes_all(self, place: int, column: Column, everything: int) -> bool:
        clause = self._program.clauses[place]
        return not column.points and clause.allowed is None and all(p == everything for p in column.passing)

    def _looked_up(self, place: int, column: Column) -> ast.expr:
        value = f"value{place}"
        clause = self._program.clauses[place]
        raw = self._raw(place, clause)
        if column.kind not in _QUICK or clause.allowed is not None or not _is_just(clause.kind, column.kind):
            return self._by_hand(place, raw)
        kind = python.attribute(python.assigned(value, raw), "__class__")
        is_quick = python.is_(kind, self.bound(f"kind{place}", column.kind))
        return python.if_else(is_quick, self._found(place, column), self._by_hand(place, python.name(value)))

    def _by_hand(self, place: int, raw: ast.expr) -> ast.expr:
        return python.call(self.bound("by_hand", self._program.mask), python.constant(place), raw, python.name("run"))

    def _raw(self, place: int, clause: Clause) -> ast.expr:
        scope = python.name("scope")
        if clause.names is None:
            return python.call(self.bound(f"code{place}", clause.code), scope, python.name("run"))
        if len(clause.names) == 1:
            name = python.constant(clause.names[0])
            # A plain table is also handed the caller's own mapping, which need not give null for what it lacks.
            return (
                python.call(python.attribute(scope, "get"), name)
                if self._program.is_plain
                else python.item(scope, name)
            )
        return python.call(
            self.bound(f"read{place}", _reader(clause, is_plain=self._program.is_plain)), scope, python.name("run")
        )

    def _found(self, place: int, column: Column) -> ast.expr:
        """The look-up of a value of the column's own kind: by hash if only single values matter, else by bisection."""
        value = python.name(f"value{place}")
        between = set(column.passing[0 : column.null : 2])
        if column.kind is not Decimal and len(between) == 1:
            single = {point: column.passing[2 * at + 1] for at, point in enumerate(column.points)}
            get = python.attribute(self.bound(f"single{place}", single), "get")
            return python.call(get, value, python.constant(between.pop()))
        points = self.bound(f"points{place}", column.points)
        at = python.name(f"at{place}")
        bisected = python.call(self.bound("bisect", bisect_left), points, value)
        is_point = python.all_of(
            [
                python.compared(python.assigned(f"at{place}", bisected), ("<", python.constant(len(column.points)))),
                python.compared(python.item(points, at), ("=", value)),
            ]
        )
        on = python.item(self.bound(f"on{place}", column.passing[1 : column.null : 2]), at)
        off = python.item(self.bound(f"off{place}", column.passing[0 : column.null : 2]), at)
        return python.if_else(is_point, on, off)


def decided(table: Table, context: Mapping[str, object], run: Run) -> object:
    """The answer of a table on its own, as the outside knows values; a table with mistakes is refused with them."""
    program = program_of(table)
    table.made.asked += 1
    if table.made.asked == OFTEN:
        table.made.quick = quick_of(program)
    scope = context if program.is_plain else Inputs(context)
    try:
        value = program.decide(cast(Values, scope), run)
    except InvalidOperation:
        # A decimal that is no number cannot be compared, and is null.
        value = program.decide(Values({str(name): inward(inner) for name, inner in context.items()}), run)
    return value if value.__class__ in _PLAIN else outward(value)


def program_of(table: Table) -> Program:
    """The table's program, made once; raises `Mistaken` with all mistakes of its expressions and cells."""
    program = table.made.program
    if program is None:
        language = Language()
        program = Program(table, language)
        if language.mistakes:
            raise Mistaken(language.mistakes)
        table.made.program = program
    assert isinstance(program, Program)
    return program


def _broken(_scope: Values, run: Run) -> object:
    run.note(0, lambda: "A table cannot be read whole, so it is null.")
    return None


def _refusing(function: Code) -> Code:
    def decide(scope: Values, run: Run) -> object:
        try:
            return function(scope, run)
        except Outside:
            run.note(0, lambda: "An input has a value that its column does not allow.")
            return None

    return decide


def _reader(clause: Clause, *, is_plain: bool) -> Code:
    """Reads a path of names through contexts; anything else goes through the language."""
    assert clause.names is not None
    first, *others = clause.names

    def read(scope: Values, run: Run) -> object:
        outer = value = scope.get(first) if is_plain else scope[first]
        for name in others:
            if not isinstance(value, dict):
                return clause.code(Values({first: inward(outer)}), run)
            value = value.get(name)
        return value

    return read


def _names_of(tree: Expression | None) -> tuple[str, ...] | None:
    match tree:
        case Name(text):
            return (text,)
        case Path(source, name):
            outer = _names_of(source)
            return (*outer, name) if outer is not None else None
    return None


def _sized(cells: Sequence[Written], width: int) -> list[Written | None]:
    return [*cells[:width], *[None] * (width - len(cells))]


def _is_constant(tree: Expression | None) -> bool:
    try:
        return tree is not None and (plain_constant(tree) is None or True)
    except NoSpans:
        return False


def _is_just(kind: Kind, wanted: type | None) -> bool:
    return kind.is_any or (kind.of is None and kind.test is None and kind.classes == (wanted,))


def _ranking(output: Output, language: Language) -> list[Check]:
    allowed = output.allowed or language.allowed(output.type_name)
    tests = language.tests(allowed) if allowed is not None else None
    return [language.check(Tests((test,))) for test in tests.tests] if tests is not None else []


def _place(value: object, allowed: Sequence[Check], run: Run) -> int:
    return next((place for place, check in enumerate(allowed) if check(value, Values(), run) is True), NO_RANK)
