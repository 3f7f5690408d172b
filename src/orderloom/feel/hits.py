"""What matching rules mean together: the hit policies (DMN 1.3, clause 8.2.10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.feel.operators import equal, less, plus
from orderloom.feel.run import Run
from orderloom.feel.table import HitPolicy

Row = tuple[object, ...]
NO_RANK = 1_000_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of a table, and why it is null where the policy was broken."""

    value: object
    problem: str = ""


def answered(policy: HitPolicy, rows: Sequence[Row], names: Sequence[str], ranks: Sequence[Row], run: Run) -> Answer:
    """The answer of at least one matching rule; `ranks` are the places of its outputs among the allowed.

    Several outputs make a context under their names; `ranks` is only looked at by the ranked policies.
    """
    match policy:
        case HitPolicy.UNIQUE if len(rows) > 1:
            return Answer(None, f"{len(rows)} rules match; under the hit policy unique only one may.")
        case HitPolicy.ANY if any(not _agree(rows[0], row) for row in rows[1:]):
            return Answer(None, "The matching rules give different answers; under the hit policy any they must agree.")
        case HitPolicy.PRIORITY:
            rows = [rows[_ranked(ranks)[0]]]
        case HitPolicy.OUTPUT_ORDER:
            return Answer([shaped(rows[place], names) for place in _ranked(ranks)])
        case HitPolicy.RULE_ORDER | HitPolicy.COLLECT:
            return Answer([shaped(row, names) for row in rows])
        case HitPolicy.SUM | HitPolicy.MINIMUM | HitPolicy.MAXIMUM | HitPolicy.COUNT:
            return _aggregated(policy, rows, run)
    return Answer(shaped(rows[0], names))


def unmatched(policy: HitPolicy) -> object:
    """The answer where no rule matches and no output has a default.

    All answers of no rule are an empty list, and their count is 0. The sum, the least and the greatest of an empty list
    are null, as FEEL's functions say; so is the one answer of a single hit policy.
    """
    if policy.is_list:
        return []
    return Decimal(0) if policy is HitPolicy.COUNT else None


def shaped(row: Row, names: Sequence[str]) -> object:
    """One output as it is, several as a context."""
    return row[0] if len(row) == 1 else dict(zip(names, row, strict=True))


def _agree(first: Row, other: Row) -> bool:
    return all(equal(a, b) is True for a, b in zip(first, other, strict=True))


def _ranked(ranks: Sequence[Row]) -> list[int]:
    return sorted(range(len(ranks)), key=lambda place: ranks[place])


def _aggregated(policy: HitPolicy, rows: Sequence[Row], run: Run) -> Answer:
    if policy is HitPolicy.COUNT:
        return Answer(Decimal(len(rows)))
    if len(rows[0]) > 1:
        return Answer(None, "Answers of several outputs cannot be added or compared.")
    values = [row[0] for row in rows]
    result = values[0]
    step: Callable[[object, object], object] = {
        HitPolicy.SUM: lambda one, other: plus(run, one, other),
        HitPolicy.MINIMUM: _lesser,
        HitPolicy.MAXIMUM: _greater,
    }[policy]
    if policy is HitPolicy.SUM and not all(isinstance(value, Decimal) for value in values):
        return Answer(None, "Only numbers can be added.")
    for value in values[1:]:
        result = step(result, value)
    problem = "The answers of the matching rules cannot be compared." if result is None else ""
    return Answer(result, problem)


def _lesser(one: object, other: object) -> object:
    is_less = less(other, one)
    return None if is_less is None else other if is_less else one


def _greater(one: object, other: object) -> object:
    is_less = less(one, other)
    return None if is_less is None else other if is_less else one
