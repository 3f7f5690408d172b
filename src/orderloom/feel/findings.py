"""Everything that is wrong or remarkable in a table, as sentences with their places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from orderloom.feel.analyse import (
    MAX_INPUTS,
    MAX_RULES,
    MOST_FINDINGS,
    MOST_GAPS,
    Finding,
    Grid,
    TooMuch,
    gaps,
    grid_of,
    overlaps,
    unreachable,
)
from orderloom.feel.decide import Program
from orderloom.feel.dmn.kinds import converted
from orderloom.feel.hits import NO_RANK
from orderloom.feel.language import Language
from orderloom.feel.literal import literal
from orderloom.feel.mistakes import Mistake
from orderloom.feel.operators import equal
from orderloom.feel.spans import Accepted, Column, NoSpans, accepted, plain_constant
from orderloom.feel.table import HitPolicy, Table
from orderloom.feel.tree import Expression
from orderloom.feel.types import Type
from orderloom.feel.values import outward
from orderloom.feel.written import Place, Written

_AGGREGATES = frozenset({HitPolicy.SUM, HitPolicy.MINIMUM, HitPolicy.MAXIMUM})


def check_table(table: Table, names: Mapping[str, Type] | None = None) -> list[Mistake]:
    """Every mistake of a table on its own; `names` are the types of what its expressions may read, none if anything."""
    language = Language(names, is_checked=True)
    program = Program(table, language)
    return sorted({*findings(program, language), *language.mistakes})


def wrong_texts(table: Table) -> list[Mistake]:
    """The mistakes within a table's expressions and cells alone; its shape and rules are not looked at."""
    language = Language(is_checked=True)
    Program(table, language)
    return language.mistakes


def findings(program: Program, language: Language) -> list[Mistake]:
    """All mistakes of a table whose cells can be read: of its shape, of its types, and what an analysis shows.

    Overlaps under unique and contradictions under any, rules that never count, and gaps come with an example input.
    A table that cannot be analysed says so and why.
    """
    found = [*_shape(program.table), *_types(program)]
    if any(mistake.code == "rule-length" for mistake in found):
        return found
    try:
        grid = _grid(program, language)
        found += _analysed(program, grid)
    except _NotAnalysed as reason:
        found.append(_at(reason.place, "not-analysed", f"The table was not analysed: {reason}"))
    except TooMuch:
        sentence = "The table was not analysed: it has too many combinations of cells to look at in time."
        found.append(_at(program.table.place, "not-analysed", sentence))
    return found


class _NotAnalysed(Exception):
    def __init__(self, sentence: str, place: Place) -> None:
        super().__init__(sentence)
        self.place = place


def _at(place: Place, code: str, sentence: str) -> Mistake:
    return Mistake(place.line, place.column, code, sentence)


def _shape(table: Table) -> Iterator[Mistake]:
    width = len(table.inputs), len(table.outputs)
    if not table.outputs:
        yield _at(table.place, "output-missing", "A table has at least one output; add one.")
    for number, rule in enumerate(table.rules, 1):
        if (len(rule.tests), len(rule.answers)) != width:
            sentence = (
                f"Rule {number} has {len(rule.tests)} tests and {len(rule.answers)} answers; "
                f"the table has {width[0]} inputs and {width[1]} outputs."
            )
            yield _at(rule.place, "rule-length", sentence)
    names = [output.name for output in table.outputs]
    if len(names) > 1 and (len(set(names)) < len(names) or "" in names):
        yield _at(table.place, "output-name", "Each of several outputs needs a name of its own.")
    if table.hit_policy in _AGGREGATES and len(names) > 1:
        sentence = f"The hit policy {table.hit_policy} works on one output; this table has {len(names)}."
        yield _at(table.place, "hit-policy", sentence)


def _types(program: Program) -> Iterator[Mistake]:
    table = program.table
    if table.hit_policy.is_ranked and not all(program.ranking):
        sentence = "The order of the answers decides here: list the allowed values of every output, the first wins."
        yield _at(table.place, "order-missing", sentence)
    for number, answers in enumerate(program.answers):
        for place, answer in enumerate(answers):
            yield from _answer(program, place, table.rules[number].answers[place : place + 1], answer)


def _answer(program: Program, place: int, cells: Sequence[Written], answer: Expression | None) -> Iterator[Mistake]:
    try:
        value = plain_constant(answer) if answer is not None else None
    except NoSpans:
        return
    kind = program.kinds[place]
    if not cells:
        return
    if kind.may_be(type(value)) and not converted(value, kind)[1]:
        yield _at(cells[0].place, "not-allowed", f"The type {kind.name} does not allow this answer.")
    elif program.ranking and program.ranking[place] and program.place_of(value, place) == NO_RANK:
        yield _at(cells[0].place, "not-allowed", "This answer is not among the allowed values of the output.")


# The analysis


def _grid(program: Program, language: Language) -> Grid:
    table = program.table
    if len(table.inputs) > MAX_INPUTS:
        raise _NotAnalysed(f"it has more than {MAX_INPUTS} inputs.", table.place)
    if len(table.rules) > MAX_RULES:
        raise _NotAnalysed(f"it has more than {MAX_RULES:,} rules.", table.place)
    if not table.inputs or not table.rules:
        raise _NotAnalysed("it has no inputs or no rules.", table.place)
    cells = [
        [_spans(program, rule, place, table.rules[rule].tests[place]) for place in range(len(table.inputs))]
        for rule in range(len(table.rules))
    ]
    columns = [_column(program, language, place, [row[place] for row in cells]) for place in range(len(table.inputs))]
    return grid_of([column.expression.text for column in table.inputs], cells, columns)


def _spans(program: Program, rule: int, place: int, cell: Written) -> Accepted:
    tests = program.cells[rule][place]
    if tests is None:
        raise _NotAnalysed(f"the cell “{cell.text}” of rule {rule + 1} cannot be read.", cell.place)
    try:
        return accepted(tests, plain_constant)
    except NoSpans:
        pass
    raise _NotAnalysed(f"the cell “{cell.text}” of rule {rule + 1} is no test of constants.", cell.place)


def _column(program: Program, language: Language, place: int, cells: Sequence[Accepted]) -> Column:
    clause, column = program.clauses[place], program.table.inputs[place]
    text = column.allowed or language.allowed(column.type_name)
    kind = clause.kind.base()
    try:
        tests = language.unchecked().tests(text) if text is not None else None
        allowed = accepted(tests, plain_constant) if tests is not None else None
    except NoSpans:
        allowed = None
    try:
        return Column(cells, allowed, kind)
    except NoSpans:
        sentence = f"the tests of the input “{column.expression.text}” have no common order."
        raise _NotAnalysed(sentence, column.expression.place) from None


def _analysed(program: Program, grid: Grid) -> Iterator[Mistake]:
    table = program.table
    if table.hit_policy in (HitPolicy.UNIQUE, HitPolicy.ANY):
        yield from _first(table, _contradictions(program, grid), MOST_FINDINGS, "overlaps")
    ranks = [program.rank(rule) for rule in range(len(table.rules))] if table.hit_policy.is_ranked else []
    order = sorted({rank for rank in ranks if rank is not None})
    places = None if None in ranks else [order.index(rank) for rank in ranks if rank is not None]
    for finding in unreachable(grid, table.hit_policy, places or None):
        yield _told(table, finding)
    if not any(output.default is not None for output in table.outputs):
        yield from _first(table, gaps(grid), MOST_GAPS, "gaps")


def _first(table: Table, found: Iterable[Finding], most: int, what: str) -> Iterator[Mistake]:
    """The first of many, and a word that there are more."""
    for number, finding in enumerate(islice(found, most + 1)):
        if number == most:
            yield _at(table.place, "more", f"There are more {what} than the {most} told here; mend these first.")
        else:
            yield _told(table, finding)


def _contradictions(program: Program, grid: Grid) -> Iterable[Finding]:
    """Overlaps; under the policy any only those whose answers do not surely agree."""
    is_any = program.table.hit_policy is HitPolicy.ANY
    return (f for f in overlaps(grid) if not (is_any and _agree(program, f.rules[0] - 1, f.rules[1] - 1)))


def _agree(program: Program, first: int, second: int) -> bool:
    if program.table.rules[first].answers == program.table.rules[second].answers:
        return True
    one, other = program.constant_row(first), program.constant_row(second)
    if one is None or other is None:
        return False
    return all(equal(a, b) is True for a, b in zip(one, other, strict=True))


def _told(table: Table, finding: Finding) -> Mistake:
    shown = ", ".join(f"{name} = {literal(outward(value))}" for name, value in finding.example.items())
    place = table.rules[finding.rules[-1] - 1].place if finding.rules else table.place
    match finding.kind:
        case "overlap" if table.hit_policy is HitPolicy.ANY:
            first, second = finding.rules
            sentence = f"Rules {first} and {second} both match and do not surely agree, for example for {shown}."
        case "overlap":
            first, second = finding.rules
            sentence = f"Rules {first} and {second} both match, for example for {shown}; the hit policy wants one."
        case "never-matches":
            sentence = f"Rule {finding.rules[0]} matches no value that its inputs may have."
        case "unreachable":
            sentence = f"Rule {finding.rules[0]} never decides: others always come first, for example for {shown}."
        case _:
            sentence = f"No rule matches, for example for {shown}."
    code = "unreachable" if finding.kind == "never-matches" else finding.kind
    return _at(place, code, sentence)
