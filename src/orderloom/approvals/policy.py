"""A policy made ready: its table read, checked and asked; pure."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from orderloom.approvals.chain import arranged, named
from orderloom.approvals.types import Flow, InputDraft, PolicyDraft, Reason, StepDraft, WhoDraft
from orderloom.base.refusals import Problem
from orderloom.feel import check, evaluate, explain
from orderloom.feel.limits import FeelError, FeelLimit
from orderloom.feel.literal import literal
from orderloom.feel.mistakes import Mistake, Mistaken
from orderloom.feel.parse import parse_expression, parse_tests
from orderloom.feel.reads import names_read
from orderloom.feel.scope import Scope
from orderloom.feel.table import ANYTHING, HitPolicy, Rule, Table
from orderloom.feel.tabular import read_csv, read_yaml
from orderloom.feel.types import BOOLEAN, DATE, NUMBER, STRING, ListType, Type

REMARKS = frozenset({"gap", "not-analysed", "unreachable", "overlap"})
"""What an analysis shows, which is told and does not keep a policy from being published."""

_TYPES: Mapping[str, Type] = {
    "number": NUMBER,
    "string": STRING,
    "boolean": BOOLEAN,
    "date": DATE,
    "list<number>": ListType(NUMBER),
    "list<string>": ListType(STRING),
}
_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "number": (Decimal, int),
    "string": str,
    "boolean": bool,
    "date": std.date,
    "list<number>": (list, tuple),
    "list<string>": (list, tuple),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy ready to be asked; what its rules read is known beforehand."""

    draft: PolicyDraft
    table: Table
    steps: Mapping[str, StepDraft]
    flow: Flow
    reads: tuple[frozenset[str], ...]

    def needed(self, inputs: Mapping[str, object]) -> dict[str, tuple[Reason, ...]]:
        """The steps that these inputs need, in the order of the policy, each with the rules that ask for it."""
        known = {one.name: inputs.get(one.name) for one in self.draft.inputs}
        matched = self._matched(known)
        asked: dict[str, list[Reason]] = {}
        for number, steps in matched:
            for step in steps:
                asked.setdefault(step, []).append(self._reason(number, known))
        return {name: tuple(asked[name]) for name in self.steps if name in asked}

    def after(self, names: Mapping[str, object]) -> dict[str, tuple[str, ...]]:
        """For each of these steps those that it follows."""
        return arranged(self.flow, set(names))

    def _matched(self, known: Mapping[str, object]) -> list[tuple[int, tuple[str, ...]]]:
        """The rules that count, with the steps that each names."""
        (trace,) = explain(self.table, known).tables
        rules = list(trace.matched)
        if self.table.hit_policy.is_single:
            answer = _names(trace.value)
            rules = [rule for rule in rules if self._steps_of(rule, known) == answer][:1] if answer else []
        return [(rule, self._steps_of(rule, known)) for rule in rules]

    def _steps_of(self, number: int, known: Mapping[str, object]) -> tuple[str, ...]:
        text = self.table.rules[number - 1].answers[0].text
        return _names(evaluate(text, known))

    def _reason(self, number: int, known: Mapping[str, object]) -> Reason:
        rule = self.table.rules[number - 1]
        read = {name: literal(known[name]) for name in sorted(self.reads[number - 1])}
        return Reason(number, told(self.table, rule), ", ".join(note for note in rule.notes if note), read)


def told(table: Table, rule: Rule) -> str:
    """A rule as a line: what it tests and what it answers."""
    tests = [
        f"{column.label or column.expression.text} {cell.text}"
        for column, cell in zip(table.inputs, rule.tests, strict=True)
        if cell.text != ANYTHING
    ]
    return f"{' and '.join(tests) or 'always'}: {', '.join(answer.text for answer in rule.answers)}"


@lru_cache(maxsize=256)
def compiled(draft: PolicyDraft) -> Policy:
    """The policy of a draft that `problems_of` finds in order."""
    table = read_table(draft.table)
    flow = draft.flow or tuple(step.name for step in draft.steps)
    names = {one.name for one in draft.inputs}
    return Policy(
        draft,
        table,
        {step.name: step for step in draft.steps},
        flow,
        tuple(_read_by(table, rule, names) for rule in table.rules),
    )


def read_table(text: str) -> Table:
    """A decision table from YAML or CSV, whichever the text is; raises `Mistaken`."""
    is_csv = text.lstrip("\ufeff \n").startswith(("table,", "table;", "table\t"))
    return read_csv(text) if is_csv else read_yaml(text)


def problems_of(draft: PolicyDraft) -> tuple[list[Problem], list[Mistake]]:
    """What keeps a policy from being published, and what an analysis of its table shows."""
    problems = [*_of_steps(draft), *_of_flow(draft)]
    try:
        table = read_table(draft.table)
    except Mistaken as mistaken:
        return problems + [_of_table(mistake) for mistake in mistaken.mistakes], []
    types = {one.name: _TYPES[one.type] for one in draft.inputs}
    found = check(table, types=types)
    problems += [_of_table(mistake) for mistake in found if mistake.code not in REMARKS]
    if not problems:
        problems += _of_answers(draft, table)
    return problems, [mistake for mistake in found if mistake.code in REMARKS]


def unfit(draft: PolicyDraft, inputs: Mapping[str, object]) -> list[Problem]:
    """Inputs that a policy reads and that are of another type than it says."""
    return [
        Problem("input_type", f"The policy {draft.code} reads “{one.name}” as {one.type}; this is {value!r}.", one.name)
        for one in draft.inputs
        if (value := inputs.get(one.name)) is not None and not _fits(one, value)
    ]


def people_named(who: WhoDraft, inputs: Mapping[str, object]) -> tuple[str, ...]:
    """The logins that an expression gives; nobody if it gives none."""
    assert who.expression is not None
    try:
        return _names(evaluate(who.expression, inputs))
    except FeelLimit:
        return ()


def _fits(one: InputDraft, value: object) -> bool:
    if isinstance(value, bool) is not (one.type == "boolean"):
        return False
    return isinstance(value, _PYTHON[one.type])


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,) if value else ()
    if isinstance(value, list | tuple):
        return tuple(dict.fromkeys(name for one in value for name in _names(one)))
    return ()


def _read_by(table: Table, rule: Rule, names: set[str]) -> frozenset[str]:
    """The inputs that a rule's cells depend on; a cell that lets everything pass depends on none."""
    scope = Scope(names)
    read: set[str] = set()
    for column, cell in zip(table.inputs, rule.tests, strict=True):
        if cell.text == ANYTHING:
            continue
        read |= names_read(parse_expression(column.expression.text, scope)).keys()
        read |= _names_in(cell.text, scope)
    for answer in rule.answers:
        read |= names_read(parse_expression(answer.text, scope)).keys()
    return frozenset(read & names)


def _names_in(cell: str, scope: Scope) -> set[str]:
    try:
        return set(names_read(parse_tests(cell, scope)))
    except FeelError:  # a bare word, which is a text in a column of texts
        return set()


def _of_steps(draft: PolicyDraft) -> list[Problem]:
    problems = []
    seen: set[str] = set()
    for place, step in enumerate(draft.steps):
        if step.name in seen:
            problems.append(
                Problem(
                    "step_twice", f"There are two steps {step.name}; give one another name.", f"/steps/{place}/name"
                )
            )
        seen.add(step.name)
        for at, who in enumerate(step.who):
            problems += _of_who(draft, who, f"/steps/{place}/who/{at}")
    return problems


def _of_who(draft: PolicyDraft, who: WhoDraft, pointer: str) -> list[Problem]:
    given = [who.person, who.role, who.team, who.lead, who.manager, who.expression, who.owner or None]
    if sum(one is not None for one in given) != 1:
        message = "Say one of person, role, team, lead, manager, owner and expression; add another entry for a second."
        return [Problem("who", message, pointer)]
    if who.expression is None:
        return []
    types = {one.name: _TYPES[one.type] for one in draft.inputs}
    return [Problem(m.code, str(m), f"{pointer}/expression") for m in check(who.expression, types=types)]


def _of_flow(draft: PolicyDraft) -> list[Problem]:
    steps = {step.name for step in draft.steps}
    places = named(draft.flow)
    if not draft.flow:
        return []
    unknown = sorted(set(places) - steps)
    missing = sorted(steps - set(places))
    twice = sorted({name for name in places if places.count(name) > 1})
    return [
        *(Problem("flow_unknown", f"The flow names {name}, which is no step.", "/flow") for name in unknown),
        *(Problem("flow_missing", f"The flow leaves out {name}; give it a place.", "/flow") for name in missing),
        *(Problem("flow_twice", f"The flow names {name} twice; a step asks once.", "/flow") for name in twice),
    ]


def _of_answers(draft: PolicyDraft, table: Table) -> list[Problem]:
    """Rules that name a step which the policy does not have, and hit policies whose answer is no list of steps."""
    aggregates = (HitPolicy.SUM, HitPolicy.MINIMUM, HitPolicy.MAXIMUM, HitPolicy.COUNT)
    if table.hit_policy in aggregates or len(table.outputs) != 1:
        message = "The table has one output, the steps that are needed, and no sum, count, minimum or maximum."
        return [Problem("table_output", message, "/table")]
    steps = {step.name for step in draft.steps}
    problems = []
    for rule in table.rules:
        text = rule.answers[0].text
        try:
            answered = _names(evaluate(text, {one.name: None for one in draft.inputs}))
        except (FeelError, FeelLimit) as error:
            problems.append(Problem("table_answer", str(error), f"/table/{rule.place.line}"))
            continue
        problems += [
            Problem("step_unknown", f"Line {rule.place.line} asks for {name}, which is no step.", "/table")
            for name in answered
            if name not in steps
        ]
    return problems


def _of_table(mistake: Mistake) -> Problem:
    return Problem(mistake.code, str(mistake), "/table")
