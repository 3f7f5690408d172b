"""From what a version says to what it costs, as rows: the price engine's lines, and its answer taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import Problem
from orderloom.catalog.offer import Offer
from orderloom.catalog.price import price
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_types import (
    Agreed,
    AmountOff,
    Context,
    Effect,
    FreeUnits,
    Given,
    Line,
    PercentOff,
    Place,
    Shared,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.priced import SECRET_INPUTS, Priced, PricedCharge, PricedLine
from orderloom.quotes.quote import GivenRow, NewCharge, NewCost, NewLine, NewNeed, NewStep, TotalRow
from orderloom.quotes.rules import basis_of, chosen_lines, top_of, totals_of
from orderloom.quotes.types import Content, GivenDraft, LineDraft, SharedDraft

_EFFECTS: Mapping[str, type[PercentOff] | type[UnitOff] | type[AmountOff] | type[UnitPriceOf] | type[FreeUnits]] = {
    "percent_off": PercentOff,
    "unit_off": UnitOff,
    "amount_off": AmountOff,
    "unit_price": UnitPriceOf,
    "free_units": FreeUnits,
}
TERMS = ("minimum_months", "notice_days", "termination_fee")


@dataclass(frozen=True, slots=True)
class Known:
    """What was looked up for the lines: offers and terms by product as it was written, places, who gave what before."""

    offers: Mapping[str, Offer]
    terms: Mapping[str, Mapping[str, Any]]
    places: Mapping[str, Place]
    givers: Mapping[tuple[object, ...], str]
    who: str


@dataclass(frozen=True, slots=True)
class PricedVersion:
    """What a version costs: rows ready to be written, and the engine's own answer."""

    lines: tuple[NewLine, ...]
    charges: tuple[NewCharge, ...]
    steps: tuple[NewStep, ...]
    costs: tuple[NewCost, ...]
    needs: tuple[NewNeed, ...]
    totals: tuple[TotalRow, ...]
    shared: tuple[GivenRow, ...]
    priced: Priced


def price_content(content: Content, known: Known, book: Book, context: Context) -> PricedVersion | list[Problem]:
    """Price a version; or every problem, its pointer into the content."""
    lines = _as_chosen(_new_lines(content, known))
    items = [place for place, line in enumerate(lines) if line.kind == "item"]
    shared = tuple(_given_row(given, known, ("", "")) for given in content.shared)
    priced = price(
        _asked(lines, known),
        book,
        replace(context, shared=tuple(Shared(_given(row), row.section) for row in shared)),
    )
    if priced.problems:
        return [_pointed(problem, items) for problem in priced.problems]
    charges = tuple(_charge(line.id, charge) for line in priced.lines for charge in line.charges)
    noted = {line.id: line for line in priced.lines}
    return PricedVersion(
        lines=tuple(_with_answer(line, noted.get(line.line)) for line in lines),
        charges=charges,
        steps=tuple(step for line in priced.lines for charge in line.charges for step in _steps(line.id, charge)),
        costs=_costs(priced),
        needs=_needs(priced, charges),
        totals=totals_of(charges, frozenset(line.line for line in lines if line.is_chosen)),
        shared=shared,
        priced=priced,
    )


def _pointed(problem: Problem, items: Sequence[int]) -> Problem:
    """The engine counts items only; the version's lines are counted with sections and notes."""
    parts = problem.pointer.split("/")
    if len(parts) > 2 and parts[1] == "lines":
        parts[2] = str(items[int(parts[2])])
    return Problem(problem.code, problem.message, "/".join(parts))


def _new_lines(content: Content, known: Known) -> list[NewLine]:
    return [_new_line(place, line, known) for place, line in enumerate(content.lines)]


def _new_line(place: int, line: LineDraft, known: Known) -> NewLine:
    offer = known.offers[line.product] if line.kind == "item" and line.product is not None else None
    return NewLine(
        position=place,
        line=line.line,
        kind=line.kind,
        title=line.title,
        parent=line.parent,
        product_id=offer.product_id if offer else None,
        product_code=offer.code if offer else None,
        product_name=offer.name if offer else None,
        quantity=line.quantity if offer else None,
        unit=offer.unit if offer else None,
        role=line.role,
        characteristics=line.characteristics,
        place=line.place,
        relies_on=line.relies_on,
        requested_on=line.requested_on,
        is_optional=line.optional,
        alternative=line.alternative,
        is_chosen=line.chosen,
        given=tuple(_given_row(given, known, (line.line, offer.code if offer else "")) for given in line.given),
        terms=_terms(line, known) if offer else {},
    )


def _terms(line: LineDraft, known: Known) -> dict[str, Any]:
    own = line.terms
    if own is not None:
        return {name: value for name in TERMS if (value := getattr(own, name)) is not None}
    return {name: value for name, value in known.terms.get(line.product or "", {}).items() if name in TERMS}


def _as_chosen(lines: Sequence[NewLine]) -> list[NewLine]:
    """Parts of a bundle are chosen as it is."""
    chosen = chosen_lines(lines)
    return [replace(line, is_chosen=line.line in chosen) for line in lines]


def _given_row(given: GivenDraft | SharedDraft, known: Known, where: tuple[str, str]) -> GivenRow:
    """Whoever gave it before keeps their name on it."""
    row = GivenRow(effect=given.effect, value=given.value, reason=given.reason, who="", charge=given.charge)
    if isinstance(given, SharedDraft):
        row = replace(row, section=given.section)
    else:
        row = replace(row, period=given.period, minimum=given.minimum, maximum=given.maximum, until=given.until)
    return replace(row, who=known.givers.get(giver_key(row, where), known.who))


def giver_key(row: GivenRow, where: tuple[str, str]) -> tuple[object, ...]:
    """What makes two hand-given prices the same one: line, product, effect, value, reason and charge."""
    return (*where, row.effect, row.value, row.reason, row.charge, row.section)


def _given(row: GivenRow) -> Given:
    effect: Effect = _EFFECTS[row.effect](row.value)
    limits = (row.minimum, row.maximum, row.until)
    return Given(
        effect=effect,
        reason=row.reason,
        who=row.who,
        kind=row.charge,
        period=row.period,  # type: ignore[arg-type]
        agreed=None
        if limits == (None, None, None)
        else Agreed(minimum=row.minimum, maximum=row.maximum, until=row.until),
    )


def _asked(lines: Sequence[NewLine], known: Known) -> list[Line]:
    """The items as the engine wants them; a section is the group of what follows it, of parts as of their bundles."""
    parents = {line.line: line.parent for line in lines}
    sections: dict[str, str | None] = {}
    section = None
    for line in lines:
        section = line.line if line.kind == "section" else section
        sections[line.line] = section
    return [
        Line(
            id=line.line,
            product=line.product_code or "",
            quantity=line.quantity or Decimal(1),
            parent=line.parent,
            role=line.role,
            group=sections[top_of(line.line, parents)],
            given=tuple(_given(row) for row in line.given),
            place=known.places.get(line.place) if line.place else None,
            is_optional=not line.is_chosen,
            facts=line.characteristics,
        )
        for line in lines
        if line.kind == "item"
    ]


def _with_answer(line: NewLine, answer: PricedLine | None) -> NewLine:
    if answer is None:
        return line
    return replace(
        line,
        quantity=answer.quantity,
        notes=tuple({"code": note.code, "message": note.message} for note in answer.notes),
        shares=tuple({"kind": one.kind, "period": one.period, "amount": one.amount} for one in answer.shares),
    )


def _charge(line: str, charge: PricedCharge) -> NewCharge:
    return NewCharge(
        line=line,
        kind=charge.kind,
        period=charge.period,
        quantity=charge.quantity,
        unit=charge.unit,
        periods=charge.periods,
        list_amount=charge.list_amount,
        net=charge.net,
        tax=charge.tax,
        gross=charge.gross,
        unit_price=charge.unit_price,
        given_percent=charge.given_percent,
        taxes=tuple(
            {
                "name": tax.name, "country": tax.country, "region": tax.region, "category": tax.category,
                "percent": tax.percent, "base": tax.base, "tax": tax.tax, "treatment": tax.treatment,
            }
            for tax in charge.taxes
        ),
    )  # fmt: skip


def _steps(line: str, charge: PricedCharge) -> list[NewStep]:
    return [
        NewStep(
            line=line,
            charge=charge.kind,
            position=position,
            kind=step.kind,
            amount=step.amount,
            unit_amount=step.unit_amount,
            rule=step.rule,
            rule_version=step.version,
            input={name: value for name, value in step.input.items() if name not in SECRET_INPUTS},
            who=step.who,
            reason=step.reason,
        )
        for position, step in enumerate(charge.steps)
    ]


def _costs(priced: Priced) -> tuple[NewCost, ...]:
    if priced.margins is None:
        return ()
    return tuple(NewCost(line, kind, margin.cost) for (line, kind), margin in sorted(priced.margins.lines.items()))


def _needs(priced: Priced, charges: Sequence[NewCharge]) -> tuple[NewNeed, ...]:
    bare = [
        NewNeed(position, need.code, need.right, need.lines, need.message, need.percent, need.limit, "")
        for position, need in enumerate(priced.needs)
    ]
    return tuple(replace(need, basis=basis_of(need, charges)) for need in bare)


def unit_price_of(net: Decimal, quantity: Decimal) -> Decimal:
    """A price for one unit that gives the net again, to the cent, when it is multiplied and rounded."""
    exact = net / quantity
    whole = exact.quantize(Decimal(1))
    return whole if whole == exact else exact.quantize(Decimal("1E-12")).normalize()
