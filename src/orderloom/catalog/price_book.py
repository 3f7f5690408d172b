"""Everything that decides a price and is published: lists, contracts, rules, bundles, floors, costs, limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, Protocol

from orderloom.catalog.price_types import ChargeKind, Context, Effect, PercentOff
from orderloom.catalog.proration import ProrationMethod
from orderloom.catalog.tax import NO_TAX, TaxTable
from orderloom.catalog.tiers import Scale
from orderloom.catalog.types import Period
from orderloom.catalog.units import ANY_QUANTITY, Packing, QuantityRule

Predicate = Callable[[Mapping[str, object]], object]
"""A compiled condition: only the answer `True` lets a rule apply. A FEEL condition's `evaluate` is one."""


class Dated(Protocol):
    """Something that holds from a day until the day before another."""

    @property
    def valid_from(self) -> date | None: ...

    @property
    def valid_until(self) -> date | None: ...


def holds(dated: Dated, on: date) -> bool:
    """Whether it holds on a day: from `valid_from` on, and until the day before `valid_until`."""
    return (dated.valid_from is None or dated.valid_from <= on) and (
        dated.valid_until is None or on < dated.valid_until
    )


class Selective(Protocol):
    """Something that is about some products, some categories, or where it names none, about all."""

    @property
    def products(self) -> frozenset[str]: ...

    @property
    def categories(self) -> frozenset[str]: ...


def is_named(rule: Selective, product: str, category: str) -> bool:
    """Whether a rule is about a product."""
    return not (rule.products or rule.categories) or product in rule.products or category in rule.categories


@dataclass(frozen=True, slots=True)
class CostPlus:
    """Cost and a markup on it, or a margin in the price: 75.00 is 97.50 at 30 % markup, 107.14 at 30 % margin."""

    percent: Decimal
    of: Literal["markup", "margin"] = "markup"

    def __post_init__(self) -> None:
        assert self.of == "markup" or self.percent < 100, "a margin is below 100 %"


@dataclass(frozen=True, slots=True)
class PercentOfTotal:
    """A percentage of what other lines cost, by list or net before group and header discounts.

    Never of itself nor of another line that is a percentage. Without products and categories, of all.
    Recurring amounts are taken for the period of this price.
    """

    percent: Decimal
    base: Literal["net", "list"]
    kinds: frozenset[ChargeKind] = frozenset({"one_time", "recurring"})
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()


Method = Scale | CostPlus | PercentOfTotal


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """What a product costs, once and by period, per `unit` (without it, the product's own)."""

    id: str
    one_time: Method | None = None
    recurring: Method | None = None
    period: Period | None = None
    unit: str | None = None
    proration: ProrationMethod = "days"
    version: int = 1
    valid_from: date | None = None
    valid_until: date | None = None

    def method(self, kind: ChargeKind) -> Method | None:
        """How this kind of charge is priced."""
        return self.one_time if kind == "one_time" else self.recurring


@dataclass(frozen=True, slots=True)
class PriceList:
    """Prices in one currency, for everybody or for some segments and channels, for a time.

    Of the lists that fit, the one of the higher rank comes first, then the more special one, then the
    one that began later, then by code; a product takes its price from the first list that has one.
    """

    code: str
    currency: str
    prices: Mapping[str, tuple[ListedPrice, ...]]
    version: int = 1
    segments: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    includes_tax: bool = False
    rank: int = 0
    valid_from: date | None = None
    valid_until: date | None = None

    def fits(self, context: Context) -> bool:
        """Whether it is for this customer, channel, currency and day."""
        return (
            self.currency == context.currency
            and self.includes_tax == context.prices_include_tax
            and (not self.segments or context.segment in self.segments)
            and (not self.channels or context.channel in self.channels)
            and holds(self, context.on)
        )


@dataclass(frozen=True, slots=True)
class ContractPrice:
    """What one customer pays for a product: a price, or a percentage off the list.

    Unless it `stacks`, schedules, promotions and partner discounts do not apply on top.
    """

    id: str
    customer: str
    product: str
    currency: str | None
    price: ListedPrice | None = None
    percent_off: Decimal | None = None
    stacks: bool = True
    version: int = 1
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        assert (self.price is None) != (self.percent_off is None), "a contract has a price or a percentage"
        assert self.price is None or self.currency is not None, "a contract's price has a currency"


@dataclass(frozen=True, slots=True)
class Step:
    """A percentage off above a bound."""

    above: Decimal
    percent: Decimal


@dataclass(frozen=True, slots=True)
class Schedule:
    """A discount that grows: by quantity (of the line, or of the product on all lines), months of term, or amount."""

    id: str
    steps: tuple[Step, ...]
    kind: Literal["all_units", "graduated"] = "all_units"
    by: Literal["quantity", "product_quantity", "months", "amount"] = "quantity"
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    version: int = 1
    valid_from: date | None = None
    valid_until: date | None = None

    def names(self, product: str, category: str) -> bool:
        """Whether it is about this product at all."""
        return is_named(self, product, category)


@dataclass(frozen=True, slots=True)
class Promotion:
    """A rule that lowers a price, on lines (or a group's, or all lines together), when its condition is true.

    Those of stage `partner` come after what a person gave. One that does not stack stands alone: the
    customer gets the better of it and of all that do stack. `may_undercut` lets it go below the floor.
    """

    id: str
    effect: Effect
    condition: Predicate | None = None
    scope: Literal["line", "header"] = "line"
    stage: Literal["promotion", "partner"] = "promotion"
    kinds: frozenset[ChargeKind] = frozenset({"one_time", "recurring"})
    products: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    stacks: bool = True
    rank: int = 0
    may_undercut: bool = False
    version: int = 1
    valid_from: date | None = None
    valid_until: date | None = None

    def names(self, product: str, category: str) -> bool:
        """Whether it is about this product at all."""
        return is_named(self, product, category)


@dataclass(frozen=True, slots=True)
class Option:
    """What a part costs in one bundle: nothing of its own, a price of its own here, or so much less than alone.

    `weight` is what one is worth where the bundle's price is shared among its parts; without it, its list price.
    """

    id: str
    is_included: bool = False
    price: ListedPrice | None = None
    percent_off: PercentOff | None = None
    weight: Decimal | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What else of a product matters to its price. `smallest` is the smallest part of its unit that is sold."""

    unit: str = "each"
    category: str = ""
    tax_category: str = "standard"
    packings: Mapping[str, Packing] = field(default_factory=dict)
    quantity: QuantityRule = ANY_QUANTITY
    smallest: Decimal = Decimal(1)
    is_discountable: bool = True


@dataclass(frozen=True, slots=True)
class Cost:
    """What one unit costs us, once or by period."""

    unit_cost: Decimal
    currency: str
    unit: str | None = None
    kind: ChargeKind = "one_time"
    version: int = 1


@dataclass(frozen=True, slots=True)
class Floor:
    """The lowest price allowed without the right to go below it: of a unit, or by the margin that must be left."""

    currency: str | None = None
    unit_price: Decimal | None = None
    margin_percent: Decimal | None = None
    unit: str | None = None
    kind: ChargeKind = "one_time"

    def __post_init__(self) -> None:
        assert self.unit_price is None or self.currency is not None, "a floor price has a currency"


@dataclass(frozen=True, slots=True)
class DiscountLimit:
    """The right that allows discounts by hand up to a percentage; without one, any. An empty right is everybody's."""

    right: str
    percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Book:
    """Everything published that decides a price. Immutable: the same book prices the same for ever.

    `limits` rise. `rates` say what one unit of the first currency is in the second. `costs` and
    `floors` are by product, at most one of each kind of charge; those of a bundle that has none of its
    own are those of its parts. `options` are by bundle, then by role or product of the part.
    """

    lists: tuple[PriceList, ...] = ()
    terms: Mapping[str, Terms] = field(default_factory=dict)
    contracts: Mapping[str, tuple[ContractPrice, ...]] = field(default_factory=dict)
    schedules: tuple[Schedule, ...] = ()
    promotions: tuple[Promotion, ...] = ()
    options: Mapping[str, Mapping[str, Option]] = field(default_factory=dict)
    costs: Mapping[str, tuple[Cost, ...]] = field(default_factory=dict)
    floors: Mapping[str, tuple[Floor, ...]] = field(default_factory=dict)
    limits: tuple[DiscountLimit, ...] = ()
    floor_right: str = "prices.below_floor"
    rates: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    reasons: frozenset[str] = frozenset()
    taxes: TaxTable = NO_TAX


NO_TERMS = Terms()


def by_product(contracts: Iterable[ContractPrice]) -> dict[str, tuple[ContractPrice, ...]]:
    """Contract prices by the product that they are about."""
    found: dict[str, list[ContractPrice]] = {}
    for contract in contracts:
        found.setdefault(contract.product, []).append(contract)
    return {product: tuple(prices) for product, prices in found.items()}
