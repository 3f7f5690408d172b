"""Decision tables as SQL: `CASE` over the rules, by the hit policies that have an exact form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orderloom.feel.decide import program_of
from orderloom.feel.language import Language
from orderloom.feel.mistakes import Mistaken
from orderloom.feel.spans import ANYTHING, Accepted, Column, NoSpans, accepted, plain_constant
from orderloom.feel.sql_compare import compared, is_null, junction, opposite
from orderloom.feel.sql_numbers import added
from orderloom.feel.sql_values import (
    FALSE,
    NULL,
    ORDERED,
    STORED,
    TRUE,
    Digits,
    Kind,
    NoForm,
    NoSqlForm,
    Piece,
    boolean,
    refuse,
    sized,
    unknown,
)
from orderloom.feel.sql_write import Writer, chosen
from orderloom.feel.table import HitPolicy, Table
from orderloom.feel.tree import Tests
from orderloom.feel.written import Written

_KINDS: dict[str, frozenset[Kind]] = {
    "number": frozenset({Kind.NUMBER}), "string": frozenset({Kind.STRING}), "boolean": frozenset({Kind.BOOLEAN}),
    "date": frozenset({Kind.DATE}), "time": frozenset({Kind.TIME}),
    "date and time": frozenset({Kind.LOCAL, Kind.MOMENT}),
    "dateTime": frozenset({Kind.LOCAL, Kind.MOMENT}), "days and time duration": frozenset({Kind.DAYS}),
    "dayTimeDuration": frozenset({Kind.DAYS}), "years and months duration": frozenset({Kind.MONTHS}),
    "yearMonthDuration": frozenset({Kind.MONTHS}), "duration": frozenset({Kind.DAYS, Kind.MONTHS}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Row:
    """A rule as SQL: when it matches, and its answers."""

    matches: Piece
    answers: tuple[Piece, ...]


def table_piece(table: Table, writer: Writer, output: str | None) -> tuple[Piece, bool]:
    """What the table decides, and whether that is a list; `Mistaken` for a table with mistakes."""
    program_of(table)
    place = _output_place(table, output)
    written = _Table(table, writer)
    policy = table.hit_policy
    if policy.is_single:
        found, is_list = written.single(place), False
    elif len(table.outputs) > 1:
        refuse("rows of several answers have no type of a column")
    elif policy.is_list:
        found, is_list = written.listed(), True
    else:
        found, is_list = written.aggregated(), False
    if written.outside:
        within = opposite(junction("OR", written.outside))
        found = sized(found.of(f"(CASE WHEN {within.text} THEN {found.text} END)", nullable=True))
    return found, is_list


def _output_place(table: Table, output: str | None) -> int:
    names = [column.name for column in table.outputs]
    if output is None:
        if len(names) > 1:
            refuse(f"it gives several outputs at once; name one of {', '.join(names)} as `output`")
        return 0
    if output not in names:
        refuse(f"no output is called “{output}”; name one of {', '.join(names)}")
    return names.index(output)


class _Table:
    """The rules of a table as pieces."""

    def __init__(self, table: Table, writer: Writer) -> None:
        self._table = table
        self._writer = writer
        self._language = Language()
        self.outside: list[Piece] = []
        subjects = [self._subject(place) for place in range(len(table.inputs))]
        cells = [[self._tests(cell) for cell in rule.tests] for rule in table.rules]
        self._near = _overlaps(cells, len(table.inputs))
        self._rows = [
            _Row(
                self._matches(rule.tests, tests, subjects),
                tuple(self._answer(answer, place) for place, answer in enumerate(rule.answers)),
            )
            for rule, tests in zip(table.rules, cells, strict=True)
        ]

    # The hit policies

    def single(self, place: int) -> Piece:
        """Unique, any, first and priority."""
        order = list(range(len(self._rows)))
        if self._table.hit_policy is HitPolicy.PRIORITY:
            order = self._ranked()
        branches = [(self._rows[rule].matches, self._alone(rule, place)) for rule in order]
        return chosen(branches, self._default(place)) if branches else self._default(place)

    def listed(self) -> Piece:
        """Rule order, output order and collect: an array, empty where no rule matches."""
        order = list(range(len(self._rows)))
        if self._table.hit_policy is HitPolicy.OUTPUT_ORDER:
            order = self._ranked()
        answers = [self._rows[rule].answers[0] for rule in order]
        kinds = {answer.kind for answer in answers}
        if len(kinds) != 1 or any(answer.nullable or answer.over for answer in answers):
            refuse("a list in a column has answers of one type, none of them null")
        if self._table.outputs[0].default is not None:
            refuse("the default of a table that lists its answers is one value, not a list")
        stored = STORED[next(iter(kinds))]
        items = ", ".join(
            f"CASE WHEN {self._rows[rule].matches.text} THEN {answer.text} END"
            for rule, answer in zip(order, answers, strict=True)
        )
        text = f"array_remove(ARRAY[{items}]::{stored}[], NULL)"
        return sized(Piece(text, kinds.pop(), nullable=False))

    def aggregated(self) -> Piece:
        """Count, sum, minimum and maximum of what the matching rules answer."""
        if self._table.hit_policy is HitPolicy.COUNT and self._table.outputs[0].default is None:
            return self._count()
        if not self._rows:
            return self._default(0)
        some = junction("OR", [row.matches for row in self._rows])
        match self._table.hit_policy:
            case HitPolicy.COUNT:
                found = self._count()
            case HitPolicy.SUM:
                found = self._sum()
            case policy:
                found = self._extreme("LEAST" if policy is HitPolicy.MINIMUM else "GREATEST")
        return chosen([(some, found)], self._default(0))

    def _count(self) -> Piece:
        ones = " + ".join(f"CASE WHEN {row.matches.text} THEN 1 ELSE 0 END" for row in self._rows) or "0"
        return sized(Piece(f"({ones})::numeric", Kind.NUMBER, nullable=False, digits=Digits(0, len(self._rows))))

    def _sum(self) -> Piece:
        none = self._writer.zero()
        total = none
        for row in self._rows:
            if row.answers[0].kind is not Kind.NUMBER:
                refuse("it adds answers that are no numbers")
            total = added(total, "+", chosen([(row.matches, row.answers[0])], none))
        return total

    def _extreme(self, function: str) -> Piece:
        answers = [row.answers[0] for row in self._rows]
        kinds = {answer.kind for answer in answers}
        if len(kinds) != 1 or not kinds <= ORDERED or any(answer.nullable or answer.over for answer in answers):
            refuse("it compares answers that have no order, or may be null")
        branches = [chosen([(row.matches, row.answers[0])], NULL) for row in self._rows]
        items = ", ".join(branch.text for branch in branches)
        return sized(chosen([(TRUE, answer) for answer in answers], NULL).of(f"{function}({items})"))

    def _alone(self, rule: int, place: int) -> Piece:
        """The answer of a rule where no other one forbids it."""
        answer = self._rows[rule].answers[place]
        policy = self._table.hit_policy
        if policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
            return answer
        others = [other for other in range(rule + 1, len(self._rows)) if self._near[rule] >> other & 1]
        if policy is HitPolicy.UNIQUE:
            conflicts = [self._rows[other].matches for other in others]
        else:
            conflicts = [conflict for other in others if (conflict := self._disagrees(rule, other)) != FALSE]
        if not conflicts or answer.kind is Kind.NULL:
            return answer
        return chosen([(junction("OR", conflicts), NULL)], answer)

    def _disagrees(self, rule: int, other: int) -> Piece:
        one, two = self._rows[rule], self._rows[other]
        unequal: list[Piece] = []
        for left, right in zip(one.answers, two.answers, strict=True):
            if left.constant is not None and right.constant is not None:
                if left.constant != right.constant:
                    unequal.append(TRUE)
            else:
                same = compared(left, "=", right)
                unequal.append(opposite(boolean(f"COALESCE({same.text}, FALSE)", nullable=False)))
        if not unequal:
            return FALSE
        return two.matches if TRUE in unequal else junction("AND", [two.matches, junction("OR", unequal)])

    def _ranked(self) -> list[int]:
        program = program_of(self._table)
        ranks = [program.rank(rule) for rule in range(len(self._rows))]
        if any(rank is None for rank in ranks):
            refuse("a table ordered by its answers needs constants as answers")
        return sorted(range(len(ranks)), key=lambda rule: ranks[rule] or ())

    # The cells

    def _subject(self, place: int) -> Piece:
        column = self._table.inputs[place]
        piece = self._value(column.expression, column.type_name)
        if column.allowed is not None:
            passes = self._cell(column.allowed, self._tests(column.allowed), piece)
            passed = boolean(f"COALESCE({passes.text}, FALSE)", nullable=False)
            self.outside.append(junction("AND", [opposite(is_null(piece)), opposite(passed)]))
        return piece

    def _tests(self, cell: Written) -> Tests:
        tests = self._language.tests(cell)
        if tests is None:
            raise Mistaken(self._language.mistakes)
        return tests

    def _matches(self, cells: Sequence[Written], tests: Sequence[Tests], subjects: Sequence[Piece]) -> Piece:
        pieces = [self._cell(*parts) for parts in zip(cells, tests, subjects, strict=True)]
        wanted = [piece for piece in pieces if piece != TRUE]
        return junction("AND", wanted) if wanted else TRUE

    def _cell(self, text: Written, tests: Tests, subject: Piece) -> Piece:
        return _placed(text, lambda: self._writer.cell(tests, subject))

    def _answer(self, answer: Written, place: int) -> Piece:
        return self._value(answer, self._table.outputs[place].type_name)

    def _default(self, place: int) -> Piece:
        default = self._table.outputs[place].default
        return self._answer(default, place) if default is not None else NULL

    def _value(self, text: Written, type_name: str) -> Piece:
        tree = self._language.tree(text)
        if tree is None:
            raise Mistaken(self._language.mistakes)
        return _placed(text, lambda: _fitting(self._writer.expression(tree), type_name))


def _placed(text: Written, write: Callable[[], Piece]) -> Piece:
    """What is written for a cell; a reason against it gets the place in the document."""
    try:
        return write()
    except NoForm as reason:
        place = text.at(max(reason.at, 0))
        message = f"This has no SQL form: {reason.reason}."
        raise NoSqlForm(message, line=place.line, column=place.column) from None


def _fitting(piece: Piece, type_name: str) -> Piece:
    """The piece converted to a declared type, as a decision converts values: null where it does not fit."""
    if type_name in ("", "Any") or piece.kind is Kind.NULL:
        return piece
    wanted = _KINDS.get(type_name)
    if wanted is None:
        refuse(f"a column of the type “{type_name}” has no form")
    if piece.kind in wanted:
        return piece
    if piece.kind is Kind.DATE and Kind.MOMENT in wanted:
        return piece.of(f"({piece.text}::timestamp AT TIME ZONE 'UTC')", kind=Kind.MOMENT)
    return unknown(min(wanted))


def _overlaps(cells: Sequence[Sequence[Tests]], width: int) -> list[int]:
    """For each rule, as bits, those that may match together with it."""
    everything = (1 << len(cells)) - 1
    near = [everything] * len(cells)
    for place in range(width):
        try:
            column = Column([_accepted(row[place]) for row in cells])
        except NoSpans:
            continue
        for rule in range(len(cells)):
            bit = 1 << rule
            together = 0
            for passing in column.passing:
                if passing & bit:
                    together |= passing
            near[rule] &= together
    return near


def _accepted(cell: Tests) -> Accepted:
    try:
        return accepted(cell, plain_constant)
    except NoSpans:
        return ANYTHING
