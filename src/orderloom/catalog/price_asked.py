"""What somebody asks a price for: a customer or a segment, lines, and the prices and discounts given on them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from orderloom.base.fields import Amount, Code, CurrencyCode, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem
from orderloom.catalog.price_types import (
    AmountOff,
    BuyGet,
    ChargeKind,
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
from orderloom.catalog.proration import Term, term_of_months
from orderloom.catalog.types import Period

MOST_LINES = 1_000
EFFECTS = ("percent_off", "unit_off", "amount_off", "unit_price", "free_units", "buy")


@strict
@dataclass(frozen=True, slots=True)
class GivenDraft:
    """A price or discount by hand: exactly one of the effects (`buy` with `get`), and the code of its reason."""

    reason: Code = ""
    percent_off: Annotated[Decimal, Field(ge=-1000, le=100)] | None = None
    unit_off: Amount | None = None
    amount_off: Amount | None = None
    unit_price: Amount | None = None
    free_units: Quantity | None = None
    buy: Quantity | None = None
    get: Quantity | None = None
    kind: ChargeKind | None = None
    period: Period | None = None

    def problems(self) -> list[Problem]:
        """Whether it says exactly one thing."""
        named = [name for name in EFFECTS if getattr(self, name) is not None]
        if len(named) == 1 and (self.buy is None) == (self.get is None):
            return []
        message = "Give exactly one of percent_off, unit_off, amount_off, unit_price, free_units, or buy with get."
        return [Problem("effect_one", message, f"/{named[0]}" if named else "")]

    def given(self, who: str) -> Given:
        """The same as `price()` takes it."""
        return Given(self._effect(), self.reason, who, self.kind, self.period)

    def _effect(self) -> Effect:
        if self.buy is not None and self.get is not None:
            return BuyGet(self.buy, self.get)
        simple: Mapping[str, type[PercentOff | UnitOff | AmountOff | UnitPriceOf | FreeUnits]] = {
            "percent_off": PercentOff, "unit_off": UnitOff, "amount_off": AmountOff, "unit_price": UnitPriceOf,
            "free_units": FreeUnits,
        }  # fmt: skip
        name = next(name for name in simple if getattr(self, name) is not None)
        return simple[name](getattr(self, name))


@strict
@dataclass(frozen=True, slots=True)
class SharedDraft(GivenDraft):
    """A discount by hand on all lines of a group, or without a group on all lines."""

    group: Code | None = None


@strict
@dataclass(frozen=True, slots=True)
class AskedLine:
    """A line to be priced; `parent` is the line of the bundle that it is part of, `months` the length of its term."""

    product: Code
    quantity: Quantity = Decimal(1)
    line: Code | None = None
    unit: Code | None = None
    parent: Code | None = None
    role: Code | None = None
    group: Code | None = None
    months: Annotated[int, Field(ge=1, le=1200)] | None = None
    given: Annotated[tuple[GivenDraft, ...], Field(max_length=20)] = ()
    is_optional: bool = False


@strict
@dataclass(frozen=True, slots=True)
class PricesAsked:
    """Lines to be priced for a customer, or for anybody of a segment; without a day, today."""

    lines: Annotated[tuple[AskedLine, ...], Field(min_length=1, max_length=MOST_LINES)]
    customer: Text | None = None
    segment: Code | None = None
    channel: Code | None = None
    currency: CurrencyCode | None = None
    on: date | None = None
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    region: Code | None = None
    shared: Annotated[tuple[SharedDraft, ...], Field(max_length=20)] = field(default=())

    @property
    def place(self) -> Place | None:
        """Where tax is due, if it is said."""
        return Place(self.country, self.region) if self.country else None

    def problems(self) -> list[Problem]:
        """What is wrong with the discounts."""
        found = [p.below(f"/shared/{place}") for place, shared in enumerate(self.shared) for p in shared.problems()]
        for place, line in enumerate(self.lines):
            for index, given in enumerate(line.given):
                found += [problem.below(f"/lines/{place}/given/{index}") for problem in given.problems()]
        return found

    def priced_lines(self, *, who: str, on: date) -> list[Line]:
        """The lines as `price()` takes them; one without a number of its own is numbered by its place."""
        return [
            Line(
                id=line.line or str(place),
                product=line.product,
                quantity=line.quantity,
                unit=line.unit,
                parent=line.parent,
                role=line.role,
                group=line.group,
                given=tuple(given.given(who) for given in line.given),
                term=_term(line, on),
                is_optional=line.is_optional,
            )
            for place, line in enumerate(self.lines, start=1)
        ]

    def shared_discounts(self, *, who: str) -> tuple[Shared, ...]:
        """The discounts on several lines as `price()` takes them."""
        return tuple(Shared(each.given(who), each.group) for each in self.shared)


def _term(line: AskedLine, on: date) -> Term | None:
    return None if line.months is None else term_of_months(on, line.months)
