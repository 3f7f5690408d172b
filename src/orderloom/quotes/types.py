"""What a caller says about a quote: the input of the commands and the schema of API and forms alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import Amount, Code, CurrencyCode, LongText, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.parties.sales_credits import MAX_CREDITS, SalesCreditDraft

QuoteType = Literal["sales", "blanket"]
LineKind = Literal["item", "section", "note"]
EffectKind = Literal["percent_off", "unit_off", "amount_off", "unit_price", "free_units"]
ChargeKind = Literal["one_time", "recurring"]
Period = Literal["day", "week", "month", "quarter", "year"]
Scalar = Annotated[str, Field(max_length=2_000)] | bool | int | Decimal | None

OFFER_LINK = "offer"
"""The purpose of promised links that lead a customer to an offer."""
MAX_LINES = 2_000
MAX_GIVEN = 10
MAX_ATTRIBUTES = 200
MAX_VALIDITY_DAYS = 3_660
Months = Annotated[int, Field(ge=0, le=1_200)]


@strict
@dataclass(frozen=True, slots=True)
class GivenDraft:
    """A price or discount by hand, with the code of its reason.

    Of a percentage, an amount off each unit or the whole line, a price for each unit, or free units; for
    one kind of charge or both. A price may say what it was agreed for: outside it, the list's holds again.
    """

    effect: EffectKind
    value: Amount
    reason: Code
    charge: ChargeKind | None = None
    period: Period | None = None
    minimum: Quantity | None = None
    maximum: Quantity | None = None
    until: date | None = None


@strict
@dataclass(frozen=True, slots=True)
class SharedDraft:
    """A discount by hand on all lines, or on those of one section."""

    effect: Literal["percent_off", "amount_off"]
    value: Amount
    reason: Code
    charge: ChargeKind | None = None
    section: Code | None = None


@strict
@dataclass(frozen=True, slots=True)
class TermsDraft:
    """What binds the customer: for how long at least, how to give notice, and what leaving early costs."""

    minimum_months: Months | None = None
    notice_days: Annotated[int, Field(ge=0, le=3_660)] | None = None
    termination_fee: Annotated[Amount, Field(ge=0)] | None = None


@strict
@dataclass(frozen=True, slots=True)
class LineDraft:
    """One line: an item with its product, a section that the lines after it belong to, or a note.

    Of lines that name the same `alternative` one is chosen. An option counts when it is chosen. Parts
    of a bundle name it as `parent` and go where it goes. Without `terms` those of the product hold.
    """

    line: Code
    kind: LineKind = "item"
    title: LongText = ""
    product: Text | None = None
    parent: Code | None = None
    quantity: Quantity = Decimal(1)
    role: Code | None = None
    characteristics: Annotated[Mapping[str, Scalar], Field(max_length=MAX_ATTRIBUTES)] = field(default_factory=dict)
    place: Code | None = None
    relies_on: Annotated[tuple[Code, ...], Field(max_length=MAX_LINES)] = ()
    requested_on: date | None = None
    optional: bool = False
    alternative: Code | None = None
    chosen: bool = True
    given: Annotated[tuple[GivenDraft, ...], Field(max_length=MAX_GIVEN)] = ()
    terms: TermsDraft | None = None


@strict
@dataclass(frozen=True, slots=True)
class Content:
    """What one version says: lines and all that belongs to the whole."""

    lines: Annotated[tuple[LineDraft, ...], Field(max_length=MAX_LINES)] = ()
    title: Annotated[str, Field(max_length=200)] = ""
    valid_until: date | None = None
    requested_on: date | None = None
    ship_to: Code | None = None
    po_number: Text | None = None
    terms: Code | None = None
    note: LongText = ""
    shared: Annotated[tuple[SharedDraft, ...], Field(max_length=MAX_GIVEN)] = ()
    credits: Annotated[tuple[SalesCreditDraft, ...], Field(max_length=MAX_CREDITS)] = ()


@strict
@dataclass(frozen=True, slots=True)
class QuoteDraft:
    """A new quote. Without a currency it takes that of the customer's billing account.

    A template has no customer; quotes are copied from it.
    """

    customer: Code | None = None
    template: bool = False
    type: QuoteType = "sales"
    channel: Code = "direct"
    currency: CurrencyCode | None = None
    content: Content = field(default_factory=Content)


@strict
@dataclass(frozen=True, slots=True)
class CopyDraft:
    """A copy of a quote: for its own customer or another, or as a template."""

    customer: Code | None = None
    template: bool = False


@strict
@dataclass(frozen=True, slots=True)
class LossDraft:
    """Why an offer was not taken."""

    reason: Code
    note: LongText = ""


@strict
@dataclass(frozen=True, slots=True)
class Choice:
    """Options and alternatives that are taken, by line; what is not named is left out."""

    lines: Annotated[tuple[Code, ...], Field(max_length=MAX_LINES)] = ()


@strict
@dataclass(frozen=True, slots=True)
class AcceptanceDraft:
    """A yes to one version: who says it, and with which options (without a choice, those that are chosen now)."""

    version: Annotated[int, Field(ge=1)]
    name: Annotated[str, Field(min_length=2, max_length=200)]
    choice: Choice | None = None
    note: LongText = ""


@strict
@dataclass(frozen=True, slots=True)
class DrawLine:
    """A line to be converted, with all below it; without a quantity, what is left of it."""

    line: Code
    quantity: Quantity | None = None


@strict
@dataclass(frozen=True, slots=True)
class DrawDraft:
    """What to convert: whole, chosen lines, or part quantities. The same key counts once.

    Without lines and key, whatever is left; asking again then tells of the order that it became.
    """

    key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    lines: Annotated[tuple[DrawLine, ...], Field(max_length=MAX_LINES)] | None = None
