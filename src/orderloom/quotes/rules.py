"""What may be on a quote and what follows from it: lines, choices, validity, and what a part of a line costs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from typing import Protocol
from zoneinfo import ZoneInfo

from orderloom.base.refusals import Problem
from orderloom.parties.sales_credits import credit_problems
from orderloom.quotes.quote import NewCharge, NewNeed, TotalRow
from orderloom.quotes.types import MAX_VALIDITY_DAYS, Content, GivenDraft, LineDraft, SharedDraft

ZERO = Decimal(0)
VALID_DAYS = 30


def expires_at(valid_until: date, time_zone: str) -> datetime:
    """The end of the last day of an offer, where the customer is."""
    return datetime.combine(valid_until + timedelta(days=1), time(), ZoneInfo(time_zone))


def default_validity(now: datetime, time_zone: str) -> date:
    """The last day of an offer that says nothing: thirty days from now."""
    return now.astimezone(ZoneInfo(time_zone)).date() + timedelta(days=VALID_DAYS)


def content_problems(content: Content, *, today: date) -> list[Problem]:
    """Everything that is wrong with what a version says, whatever it costs; pointers begin with its fields."""
    problems = _line_problems(content.lines)
    sections = {line.line for line in content.lines if line.kind == "section"}
    for place, given in enumerate(content.shared):
        problems += _value_problems(given, f"/shared/{place}")
        if given.section is not None and given.section not in sections:
            message = f"There is no section {given.section}; name one, or leave it out to mean all lines."
            problems.append(Problem("section_unknown", message, f"/shared/{place}/section"))
    if content.valid_until is not None:
        if content.valid_until < today:
            message = "An offer is valid until today at least; choose a later day."
            problems.append(Problem("validity_over", message, "/valid_until"))
        elif content.valid_until > today + timedelta(days=MAX_VALIDITY_DAYS):
            problems.append(Problem("validity_endless", "Choose a day within ten years.", "/valid_until"))
    return problems + credit_problems(content.credits, pointer="/credits")


def _line_problems(lines: Sequence[LineDraft]) -> list[Problem]:
    problems: list[Problem] = []
    by_line: dict[str, LineDraft] = {}
    for place, line in enumerate(lines):
        pointer = f"/lines/{place}"
        if line.line in by_line:
            problems.append(Problem("line_double", f"Line {line.line} stands twice; renumber one.", f"{pointer}/line"))
        by_line.setdefault(line.line, line)
    for place, line in enumerate(lines):
        problems += [problem.below(f"/lines/{place}") for problem in _own_problems(line, by_line)]
    return problems + _choice_problems(lines)


def _own_problems(line: LineDraft, by_line: Mapping[str, LineDraft]) -> list[Problem]:
    if line.kind != "item":
        if not line.title.strip():
            return [Problem("title_missing", f"Give the {line.kind} a text.", "/title")]
        if line.product or line.parent or line.given or line.optional or line.alternative:
            return [Problem("not_an_item", f"A {line.kind} has only its text; make it an item, or clear the rest.")]
        return []
    problems = []
    if line.product is None:
        problems.append(Problem("product_missing", "Choose a product.", "/product"))
    for index, given in enumerate(line.given):
        problems += _value_problems(given, f"/given/{index}")
    if line.parent is not None:
        above = by_line.get(line.parent)
        if above is None or above.kind != "item" or line.parent == line.line:
            message = f"There is no bundle at line {line.parent}; name the line of one."
            problems.append(Problem("parent_unknown", message, "/parent"))
        if line.optional or line.alternative:
            message = "A part goes where its bundle goes; make the bundle's line the option."
            problems.append(Problem("part_optional", message, "/optional"))
    if not (line.chosen or line.optional or line.alternative):
        message = "Only an option or an alternative may be left out; mark it as optional, or take the line out."
        problems.append(Problem("not_optional", message, "/chosen"))
    return problems


def _value_problems(given: GivenDraft | SharedDraft, pointer: str) -> list[Problem]:
    if given.effect == "percent_off" and given.value > 100:
        return [Problem("percent_too_large", "A discount is 100 % at most.", f"{pointer}/value")]
    if given.effect in ("unit_price", "free_units") and given.value < 0:
        return [Problem("value_negative", "Give 0 or more.", f"{pointer}/value")]
    return []


def _choice_problems(lines: Sequence[LineDraft]) -> list[Problem]:
    """Of the alternatives of one name exactly one is chosen."""
    chosen: dict[str, int] = {}
    problems = []
    for place, line in enumerate(lines):
        if line.alternative is None or line.parent is not None:
            continue
        chosen.setdefault(line.alternative, 0)
        if line.chosen:
            chosen[line.alternative] += 1
            if chosen[line.alternative] == 2:
                message = f"Two lines of “{line.alternative}” are chosen; choose one of them."
                problems.append(Problem("alternative_double", message, f"/lines/{place}/chosen"))
    return problems + [
        Problem("alternative_missing", f"Choose one line of “{name}”.", "/lines")
        for name, count in chosen.items()
        if count == 0
    ]


class Choosable(Protocol):
    """A line as far as choosing needs it."""

    @property
    def line(self) -> str: ...
    @property
    def parent(self) -> str | None: ...
    @property
    def is_optional(self) -> bool: ...
    @property
    def alternative(self) -> str | None: ...
    @property
    def is_chosen(self) -> bool: ...


def chosen_lines(lines: Sequence[Choosable], picked: Iterable[str] | None = None) -> frozenset[str]:
    """The lines that count: those that may not be left out, and what is picked of the others, with their parts.

    Without a pick, those that are chosen now.
    """
    wanted = None if picked is None else frozenset(picked)
    tops: dict[str, bool] = {}
    parents = {line.line: line.parent for line in lines}
    for line in lines:
        if line.parent is None:
            is_free = line.is_optional or line.alternative is not None
            tops[line.line] = (line.is_chosen if wanted is None else line.line in wanted) if is_free else True
    return frozenset(line.line for line in lines if tops.get(top_of(line.line, parents), True))


def top_of(line: str, parents: Mapping[str, str | None]) -> str:
    """The line at the top of the bundle that a line is part of; a circle ends where it began."""
    seen = {line}
    while (above := parents.get(line)) is not None and above in parents and above not in seen:
        seen.add(above)
        line = above
    return line


def pick_problems(lines: Sequence[Choosable], picked: Sequence[str]) -> list[Problem]:
    """Refuse a choice of what may not be chosen, and of two alternatives or none."""
    free = {line.line: line for line in lines if line.parent is None and (line.is_optional or line.alternative)}
    unknown = [line for line in picked if line not in free]
    problems = [
        Problem("not_a_choice", f"Line {line} is not an option of this offer; choose again.") for line in unknown
    ]
    for name in dict.fromkeys(line.alternative for line in free.values() if line.alternative):
        rivals = [line for line in free.values() if line.alternative == name]
        count = sum(1 for line in rivals if line.line in picked)
        if count > 1 or (count == 0 and not all(line.is_optional for line in rivals)):
            problems.append(Problem("alternative_unclear", f"Choose exactly one of “{name}”."))
    return problems


def totals_of(charges: Iterable[NewCharge], chosen: frozenset[str]) -> tuple[TotalRow, ...]:
    """What the chosen lines come to, once and by period."""
    sums: dict[tuple[str, str], TotalRow] = {}
    for charge in charges:
        if charge.line not in chosen:
            continue
        key = charge.kind, charge.period or ""
        known = sums.get(key) or TotalRow(charge.kind, charge.period, ZERO, ZERO, ZERO, ZERO)
        sums[key] = replace(
            known,
            list_amount=known.list_amount + charge.list_amount,
            net=known.net + charge.net,
            tax=known.tax + charge.tax,
            gross=known.gross + charge.gross,
        )
    return tuple(sums[key] for key in sorted(sums))


@dataclass(frozen=True, slots=True)
class Subtotal:
    """A section with what its chosen lines come to."""

    line: str
    title: str
    totals: tuple[TotalRow, ...]


class Sectioned(Choosable, Protocol):
    """A line as far as sections need it."""

    @property
    def kind(self) -> str: ...
    @property
    def title(self) -> str: ...


def subtotals(lines: Sequence[Sectioned], charges: Sequence[NewCharge]) -> tuple[Subtotal, ...]:
    """What each section comes to: the chosen lines from it until the next, parts with their bundles."""
    parents = {line.line: line.parent for line in lines}
    belongs: dict[str, str] = {}
    section: Sectioned | None = None
    sections = []
    for line in lines:
        if line.kind == "section":
            section = line
            sections.append(line)
        elif section is not None and line.parent is None:
            belongs[line.line] = section.line
    chosen = chosen_lines(lines)
    return tuple(
        Subtotal(
            one.line,
            one.title,
            totals_of(charges, frozenset(n for n in chosen if belongs.get(top_of(n, parents)) == one.line)),
        )
        for one in sections
    )


def basis_of(need: NewNeed, charges: Iterable[NewCharge]) -> str:
    """A digest of what somebody confirms who stands up for a need: the lines with their quantities and nets."""
    parts = [need.code, need.needed_right]
    parts += [
        f"{charge.line}/{charge.kind}/{charge.quantity.normalize():f}/{charge.net.normalize():f}"
        for charge in sorted(charges, key=lambda charge: (charge.line, charge.kind))
        if charge.line in need.lines
    ]
    return sha256("\n".join(parts).encode()).hexdigest()


def part_of(net: Decimal, *, quoted: Decimal, before: Decimal, taken: Decimal, cent: Decimal) -> Decimal:
    """What the next part of a line costs. All parts together cost the line's net, to the cent, however it is split."""
    assert ZERO < taken <= quoted - before

    def until(quantity: Decimal) -> Decimal:
        return (net * quantity / quoted).quantize(cent, rounding=ROUND_HALF_UP)

    return until(before + taken) - until(before)
