"""What a price is asked for: lines, what people gave on them, and the circumstances they are priced in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from orderloom.catalog.proration import Term
from orderloom.catalog.types import Period, Scalar

ChargeKind = Literal["one_time", "recurring"]
Treatment = Literal["taxed", "exempt", "reverse_charge"]
Rounding = Literal["line", "total"]

CHARGE_KINDS: tuple[ChargeKind, ...] = ("one_time", "recurring")


@dataclass(frozen=True, slots=True)
class Place:
    """Where tax is due: a country (ISO 3166) and a region of it."""

    country: str
    region: str | None = None


@dataclass(frozen=True, slots=True)
class PercentOff:
    """So many per cent less; below nothing it is a surcharge."""

    percent: Decimal


@dataclass(frozen=True, slots=True)
class UnitOff:
    """So much less for each unit (and period)."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class AmountOff:
    """So much less for the whole line, or shared among the lines of a group or of all."""

    amount: Decimal


@dataclass(frozen=True, slots=True)
class UnitPriceOf:
    """This price for each unit, in place of whatever it was."""

    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class FreeUnits:
    """So many of the line's units for nothing."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Of every `buy + get` units, `get` for nothing."""

    buy: Decimal
    get: Decimal


Effect = PercentOff | UnitOff | AmountOff | UnitPriceOf | FreeUnits | BuyGet


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a negotiated price was agreed for. Outside it, the line says why the price no longer holds."""

    currency: str | None = None
    unit: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A price or discount that a person gave, with the reason code; for one kind of charge, or for both.

    `period` is needed for a recurring price of a product that has none in a list.
    """

    effect: Effect
    reason: str
    who: str
    kind: ChargeKind | None = None
    period: Period | None = None
    agreed: Agreed | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line to be priced. `id` is its own among the lines; `parent` the id of the bundle that it is part of.

    An optional line is priced, but is in no total, pool, base or shared discount.
    """

    id: str
    product: str
    quantity: Decimal = Decimal(1)
    unit: str | None = None
    parent: str | None = None
    role: str | None = None
    group: str | None = None
    given: tuple[Given, ...] = ()
    term: Term | None = None
    place: Place | None = None
    tax_category: str | None = None
    is_optional: bool = False
    facts: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shared:
    """A discount given on all lines of a group, or without a group on all lines.

    A percentage is taken of the sum, rounded once, and shared by largest remainder, as an amount is.
    """

    given: Given
    group: str | None = None


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """How the legal entity rounds tax, and how this customer is treated."""

    rounding: Rounding = "line"
    treatment: Treatment = "taxed"
    exempt_categories: frozenset[str] = frozenset()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances: currency with its cent, the day, the customer, what the asker may do and see.

    `customers` are the customer and those above it, itself first. `place` holds for lines without one.
    `tax_on` is the tax point, without it `on`. Without `may_see_cost` no cost and no margin comes out.
    Without `refuse_unpriced` a line without any price is left without charges instead of being a problem.
    """

    currency: str
    cent: Decimal
    on: date
    customers: tuple[str, ...] = ()
    segment: str | None = None
    channel: str | None = None
    place: Place | None = None
    prices_include_tax: bool = False
    tax: TaxTerms | None = TaxTerms()
    tax_on: date | None = None
    shared: tuple[Shared, ...] = ()
    rights: frozenset[str] = frozenset()
    may_see_cost: bool = False
    refuse_unpriced: bool = True
    facts: Mapping[str, Scalar] = field(default_factory=dict)
