"""What a person types about a line of a quote, as the content of the next writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, TypeVar

from pydantic import Field

from orderloom.base.fields import Amount, Code, LongText, Percent, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.catalog.types import Product
from orderloom.parties.sales_credits import CreditKind, SalesCreditDraft
from orderloom.quotes.types import Content, EffectKind, GivenDraft, LineDraft, Scalar, SharedDraft, TermsDraft
from orderloom.web.problems import not_there

Kind = Literal["one_time", "recurring"]
T = TypeVar("T")
Place = Annotated[str, Field(max_length=4, pattern=r"^\d+$")]
Rows = Mapping[Place, T]
"""A column of a form's rows, by their places; what a row leaves empty is not there."""
HUNDRED = Decimal(100)


@strict
@dataclass(frozen=True, slots=True)
class LineForm:
    """A line as its form sends it; what is given by hand stands in rows, by their places."""

    stamp: Annotated[int, Field(ge=1)]
    product: Text | None = None
    title: LongText = ""
    quantity: Quantity = Decimal(1)
    requested_on: date | None = None
    place: Code | None = None
    optional: bool = False
    chosen: bool = False
    alternative: Code | None = None
    effect: Rows[EffectKind] = field(default_factory=dict)
    value: Rows[Amount] = field(default_factory=dict)
    reason: Rows[Code] = field(default_factory=dict)
    charge: Rows[Kind] = field(default_factory=dict)
    minimum_months: Annotated[int, Field(ge=0, le=1_200)] | None = None
    notice_days: Annotated[int, Field(ge=0, le=3_660)] | None = None
    termination_fee: Annotated[Amount, Field(ge=0)] | None = None
    characteristics: LongText = ""
    kind: Literal["item", "section", "note"] = "item"


@strict
@dataclass(frozen=True, slots=True)
class HeaderForm:
    """What belongs to the whole quote, as its form sends it; discounts and sales credits stand in rows."""

    stamp: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(max_length=200)] = ""
    valid_until: date | None = None
    requested_on: date | None = None
    po_number: Text | None = None
    terms: Code | None = None
    note: LongText = ""
    ship_to: Code | None = None
    effect: Rows[Literal["percent_off", "amount_off"]] = field(default_factory=dict)
    value: Rows[Amount] = field(default_factory=dict)
    reason: Rows[Code] = field(default_factory=dict)
    charge: Rows[Kind] = field(default_factory=dict)
    section: Rows[Code] = field(default_factory=dict)
    payee: Rows[Text] = field(default_factory=dict)
    percent: Rows[Percent] = field(default_factory=dict)
    credit: Rows[CreditKind] = field(default_factory=dict)


def with_header(content: Content, form: HeaderForm) -> Content:
    """The content with what the form says of the whole; a row that is left empty takes its discount or credit away."""
    _refuse_half_rows(form.effect, form.value)
    shared = tuple(
        SharedDraft(effect, form.value[row], form.reason.get(row, "-"), form.charge.get(row), form.section.get(row))
        for row, effect in _in_order(form.effect)
    )
    credits = tuple(
        SalesCreditDraft(payee, form.percent.get(row, HUNDRED), form.credit.get(row, "revenue"))
        for row, payee in _in_order(form.payee)
    )
    return replace(
        content,
        title=form.title,
        valid_until=form.valid_until or content.valid_until,
        requested_on=form.requested_on,
        ship_to=form.ship_to,
        po_number=form.po_number,
        terms=form.terms,
        note=form.note,
        shared=shared,
        credits=credits,
    )


def _in_order(rows: Mapping[str, T]) -> list[tuple[str, T]]:
    """The rows of a form by their places."""
    return sorted(rows.items(), key=lambda row: (len(row[0]), row[0]))


def _refuse_half_rows(effects: Mapping[str, object], values: Mapping[str, object]) -> None:
    if effects.keys() - values.keys():
        refuse("value_missing", "Say how much is given, or choose “none” in that row.", "/value")


def with_line(content: Content, line: str, form: LineForm) -> Content:
    """The content with one line as the form says it; parts of a bundle follow its quantity."""
    known = next((one for one in content.lines if one.line == line), None)
    if known is None:
        raise not_there()
    changed = _said(known, form)
    factor = changed.quantity / known.quantity
    below = _below(content.lines, line)
    return replace(
        content,
        lines=tuple(
            changed if one is known else replace(one, quantity=one.quantity * factor) if one.line in below else one
            for one in content.lines
        ),
    )


def _said(line: LineDraft, form: LineForm) -> LineDraft:
    if line.kind != "item":
        return replace(line, title=form.title)
    terms = TermsDraft(form.minimum_months, form.notice_days, form.termination_fee)
    is_free = form.optional or form.alternative is not None
    return replace(
        line,
        quantity=form.quantity,
        requested_on=form.requested_on,
        place=form.place,
        optional=form.optional,
        alternative=form.alternative,
        chosen=form.chosen if is_free else True,
        given=_given(line, form),
        terms=None if terms == TermsDraft() else terms,
        characteristics=told(form.characteristics),
    )


def _given(line: LineDraft, form: LineForm) -> tuple[GivenDraft, ...]:
    """What the rows say; a row keeps what its price was agreed for, which the form does not show."""
    _refuse_half_rows(form.effect, form.value)
    found = []
    for row, effect in _in_order(form.effect):
        kept = line.given[int(row)] if int(row) < len(line.given) else None
        agreed = (kept.minimum, kept.maximum, kept.until) if kept and kept.effect == effect else (None, None, None)
        period = kept.period if kept else None
        reason, charge = form.reason.get(row, "-"), form.charge.get(row)
        found.append(GivenDraft(effect, form.value[row], reason, charge, period, *agreed))
    return tuple(found)


def told(text: str) -> dict[str, Scalar]:
    """Characteristics as they are typed, one a line: `name = value`."""
    found: dict[str, Scalar] = {}
    for row in text.splitlines():
        name, sign, value = row.partition("=")
        if sign and name.strip():
            found[name.strip()] = _value(value.strip())
    return found


def _value(text: str) -> Scalar:
    if text.lower() in ("true", "yes", "false", "no"):
        return text.lower() in ("true", "yes")
    try:
        return int(text) if text.lstrip("-").isdecimal() else Decimal(text)
    except (ValueError, ArithmeticError):
        return text


def without_line(content: Content, line: str) -> Content:
    """The content without a line and all below it."""
    gone = {line, *_below(content.lines, line)}
    lines = tuple(
        replace(one, relies_on=tuple(needed for needed in one.relies_on if needed not in gone))
        for one in content.lines
        if one.line not in gone
    )
    return replace(content, lines=lines)


def with_new_line(content: Content, form: LineForm, parts: Sequence[LineDraft], number: str) -> Content:
    """The content with one more line at its end, and the parts that its bundle always has."""
    fresh = LineDraft(line=number, kind=form.kind, title=form.title)
    if form.kind == "item":
        fresh = _said(LineDraft(line=number, product=form.product), form)
    return replace(content, lines=(*content.lines, fresh, *parts))


def next_number(content: Content) -> str:
    """The next free number at the top level."""
    taken = [int(line.line) for line in content.lines if line.line.isdecimal()]
    return str(max(taken, default=0) + 1)


def parts_of(product: Product, number: str, quantity: Decimal, defaults: Mapping[str, Scalar]) -> list[LineDraft]:
    """The parts that a bundle always has, in the quantity that one of it has; `defaults` for their characteristics."""
    always = [part for part in product.components if part.minimum >= 1]
    return [
        LineDraft(
            line=f"{number}.{place}",
            product=part.product,
            parent=number,
            quantity=(part.quantity or Decimal(1)) * quantity,
            role=part.role,
            characteristics=defaults,
        )
        for place, part in enumerate(always, 1)
    ]


def _below(lines: Sequence[LineDraft], top: str) -> frozenset[str]:
    """Everything that is part of a line, at any depth."""
    found = {top}
    while True:
        more = {line.line for line in lines if line.parent in found and line.line not in found}
        if not more:
            return frozenset(found - {top})
        found |= more
