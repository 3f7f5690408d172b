"""What a person types about a line of a quote, as the content of the next writing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import Amount, Code, LongText, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.catalog.types import Product
from orderloom.quotes.types import Content, EffectKind, GivenDraft, LineDraft, Scalar, SharedDraft, TermsDraft
from orderloom.web.problems import not_there

Kind = Literal["one_time", "recurring"]


@strict
@dataclass(frozen=True, slots=True)
class LineForm:
    """A line as its form sends it. One price or discount by hand; more of them come over the API."""

    stamp: Annotated[int, Field(ge=1)]
    product: Text | None = None
    title: LongText = ""
    quantity: Quantity = Decimal(1)
    requested_on: date | None = None
    place: Code | None = None
    optional: bool = False
    chosen: bool = False
    alternative: Code | None = None
    effect: EffectKind | None = None
    value: Amount | None = None
    reason: Code | None = None
    charge: Kind | None = None
    minimum_months: Annotated[int, Field(ge=0, le=1_200)] | None = None
    notice_days: Annotated[int, Field(ge=0, le=3_660)] | None = None
    termination_fee: Annotated[Amount, Field(ge=0)] | None = None
    characteristics: LongText = ""
    kind: Literal["item", "section", "note"] = "item"


@strict
@dataclass(frozen=True, slots=True)
class HeaderForm:
    """What belongs to the whole quote, as its form sends it."""

    stamp: Annotated[int, Field(ge=1)]
    title: Annotated[str, Field(max_length=200)] = ""
    valid_until: date | None = None
    requested_on: date | None = None
    po_number: Text | None = None
    terms: Code | None = None
    note: LongText = ""
    effect: Literal["percent_off", "amount_off"] | None = None
    value: Amount | None = None
    reason: Code | None = None


def with_header(content: Content, form: HeaderForm) -> Content:
    """The content with what the form says of the whole; an empty discount takes the shared one away."""
    shared: tuple[SharedDraft, ...] = ()
    if form.effect is not None and form.value is not None:
        shared = (SharedDraft(form.effect, form.value, form.reason or "-"),)
    return replace(
        content,
        title=form.title,
        valid_until=form.valid_until or content.valid_until,
        requested_on=form.requested_on,
        po_number=form.po_number,
        terms=form.terms,
        note=form.note,
        shared=shared,
    )


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
    """The form shows the first price or discount by hand; further ones stay."""
    rest = line.given[1:]
    if form.effect is None or form.value is None:
        return rest
    kept = line.given[0] if line.given else None
    agreed = (kept.minimum, kept.maximum, kept.until) if kept and kept.effect == form.effect else (None, None, None)
    period = kept.period if kept else None
    return (GivenDraft(form.effect, form.value, form.reason or "-", form.charge, period, *agreed), *rest)


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
