"""Deciding a table slowly, rule by rule, and writing down why."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.feel.decide import Outside, Program
from orderloom.feel.language import Values
from orderloom.feel.run import Run
from orderloom.feel.table import HitPolicy


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first cell that refused a rule: its input (from 1), what that tests, the cell, and the value that failed."""

    input: int
    expression: str
    cell: str
    value: object


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """A rule, counted from 1: matched, or refused by a cell."""

    rule: int
    refusal: Refusal | None

    @property
    def matched(self) -> bool:
        return self.refusal is None


@dataclass(frozen=True, slots=True)
class TableTrace:
    """A table's answer and its rules as far as they were looked at: under the policy first, up to the first match."""

    name: str
    value: object
    rules: tuple[RuleTrace, ...]

    @property
    def matched(self) -> tuple[int, ...]:
        return tuple(trace.rule for trace in self.rules if trace.matched)


class TracedRun(Run):
    """A run that gathers the traces of the tables that it decides, and the notes of why values are null."""

    __slots__ = ("tables",)

    tables: list[TableTrace]

    def traced(self, program: Program, scope: Values) -> object:
        """Decide a table cell by cell, from the left, reading an input only when a cell asks for it."""
        if program.is_broken:
            return program.decide(scope, self)
        looker = _Looker(program, scope, self)
        try:
            rules = looker.rules()
        except Outside:
            self.note(0, lambda: "An input has a value that its column does not allow.")
            rules, value = looker.seen, None
        else:
            matched = [trace.rule - 1 for trace in rules if trace.matched]
            value = program.answer(matched, scope, self)
        self.tables.append(TableTrace(program.table.name, value, tuple(rules)))
        return value


class _Looker:
    """Looks at each rule once; the value of an input is kept."""

    def __init__(self, program: Program, scope: Values, run: Run) -> None:
        self._program = program
        self._scope = scope
        self._run = run
        self._values: dict[int, object] = {}
        self.seen: list[RuleTrace] = []

    def rules(self) -> list[RuleTrace]:
        """The rules that were looked at; raises `Outside` as the table itself would."""
        for place, clause in enumerate(self._program.clauses):
            if clause.allowed is not None:
                self._value(place)
        for rule in range(len(self._program.cells)):
            self.seen.append(RuleTrace(rule + 1, self._refusal(rule)))
            if self.seen[-1].matched and self._program.table.hit_policy is HitPolicy.FIRST:
                break
        return self.seen

    def _refusal(self, rule: int) -> Refusal | None:
        for place, cell in enumerate(self._program.cells[rule]):
            if cell is not None and cell.anything:
                continue
            value = self._value(place)
            if not self._program.passes(rule, place, value, self._scope, self._run):
                table = self._program.table
                tests = table.rules[rule].tests
                text = tests[place].text if place < len(tests) else ""
                return Refusal(place + 1, table.inputs[place].expression.text, text, value)
        return None

    def _value(self, place: int) -> object:
        if place not in self._values:
            self._values[place] = self._program.clauses[place].value(self._scope, self._run)
        return self._values[place]
