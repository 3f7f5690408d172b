"""What a price comes out as: lines with their waterfalls, tax, totals, what is needed, and what went wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from orderloom.base.refusals import Problem
from orderloom.catalog.exact import HUNDRED, ZERO
from orderloom.catalog.price_types import ChargeKind, Treatment
from orderloom.catalog.types import Period

StepKind = Literal[
    "list", "option", "contract", "volume", "promotion", "manual_price", "discount", "surcharge", "free_goods",
    "partner", "group", "header", "tax_included", "agreed",
]  # fmt: skip
Input = Decimal | str
SECRET_INPUTS = frozenset({"cost", "markup", "margin"})
"""Inputs of a step that tell what a thing costs us; whoever keeps steps for everybody leaves them out."""

_HUNDREDTH = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PriceStep:
    """One step of a waterfall: what did it, with which input, and what it changed.

    `amount` is rounded and sums with the others to the net; `unit_amount` is the change of the unit
    price, not rounded. `who` and `reason` are a person's. The first step is the list price (or what
    stands for it, where no list has the product).
    """

    kind: StepKind
    amount: Decimal
    unit_amount: Decimal
    rule: str = ""
    version: int | None = None
    input: Mapping[str, Input] = field(default_factory=dict)
    who: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChargeTax:
    """One tax on one charge: how much is taxed, at which rate, and what it comes to."""

    name: str
    country: str
    region: str | None
    category: str
    percent: Decimal
    base: Decimal
    tax: Decimal
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class PricedCharge:
    """What a line costs once, or each period (or for its term: `periods` of it).

    `steps` sum to `net`, which is without tax. `unit_price` is the net of one unit and period, not
    rounded. `given_percent` is by how much people lowered it, before rounding.
    """

    kind: ChargeKind
    period: Period | None
    quantity: Decimal
    unit: str
    periods: Decimal
    list_amount: Decimal
    steps: tuple[PriceStep, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal
    unit_price: Decimal
    taxes: tuple[ChargeTax, ...] = ()
    given_percent: Decimal = ZERO

    @property
    def discount_percent(self) -> Decimal:
        """How far the net is below the list, in per cent, two decimals."""
        reduced = self.list_amount - sum((step.amount for step in self.steps if step.kind != "tax_included"), ZERO)
        return percent_of(reduced, self.list_amount)


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a line that a person should know, such as a quantity that would cost less."""

    code: str
    message: str
    quantity: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What an included part is worth of its bundle's net, which the bundle's line carries."""

    kind: ChargeKind
    period: Period | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with what it costs. `quantity` may have been rounded up; then a note says so.

    An included part has no charges of its own, but shares in those of its bundle.
    """

    id: str
    product: str
    quantity: Decimal
    unit: str
    charges: tuple[PricedCharge, ...]
    notes: tuple[Note, ...] = ()
    parent: str | None = None
    is_optional: bool = False
    is_included: bool = False
    shares: tuple[Share, ...] = ()

    def charge(self, kind: ChargeKind) -> PricedCharge | None:
        """The charge of this kind."""
        return next((charge for charge in self.charges if charge.kind == kind), None)


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of what is paid once, or for each period."""

    kind: ChargeKind
    period: Period | None
    list_amount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What is due of one tax at one rate."""

    kind: ChargeKind
    period: Period | None
    name: str
    country: str
    region: str | None
    category: str
    percent: Decimal
    base: Decimal
    tax: Decimal
    treatment: Treatment


@dataclass(frozen=True, slots=True)
class Need:
    """A right that is needed before these prices may stand, which the asker has not."""

    code: Literal["discount_limit", "floor"]
    right: str
    lines: tuple[str, ...]
    message: str
    percent: Decimal | None = None
    limit: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Margin:
    """Cost and margin of a charge or of a sum. Only those who may see cost ever get one."""

    net: Decimal
    cost: Decimal

    @property
    def amount(self) -> Decimal:
        """What is left."""
        return self.net - self.cost

    @property
    def percent(self) -> Decimal:
        """What is left of the net, in per cent, two decimals."""
        return percent_of(self.amount, self.net)


@dataclass(frozen=True, slots=True)
class Margins:
    """Margins by line and kind of charge, and of the sums of those whose cost is known."""

    lines: Mapping[tuple[str, ChargeKind], Margin]
    totals: Mapping[tuple[ChargeKind, Period | None], Margin]


@dataclass(frozen=True, slots=True)
class Priced:
    """The answer. With problems it is not to be used; with needs it waits for somebody who has the right."""

    currency: str
    on: date
    lines: tuple[PricedLine, ...]
    totals: tuple[Total, ...]
    taxes: tuple[TaxTotal, ...]
    needs: tuple[Need, ...] = ()
    problems: tuple[Problem, ...] = ()
    margins: Margins | None = None

    def line(self, id: str) -> PricedLine:
        """The line of this id."""
        return next(line for line in self.lines if line.id == id)


def percent_of(part: Decimal, whole: Decimal) -> Decimal:
    """A part in per cent of the whole, half up to two decimals; nothing of nothing is 0."""
    return ZERO if whole == 0 else (part * HUNDRED / whole).quantize(_HUNDREDTH, rounding=ROUND_HALF_UP)
