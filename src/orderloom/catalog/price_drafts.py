"""Price rules as a file says them: lists, prices, contracts, schedules, promotions, options, costs, floors, limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orderloom.base.fields import Amount, Code, CurrencyCode, Percent, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.catalog.price_types import ChargeKind, Treatment
from orderloom.catalog.proration import ProrationMethod
from orderloom.catalog.types import Period

MOST_RULES = 50_000
MOST_TIERS = 100

NonNegative = Annotated[Amount, Field(ge=0)]
Positive = Annotated[Amount, Field(gt=0)]
Rank = Annotated[int, Field(ge=-1000, le=1000)]
Codes = Annotated[tuple[Code, ...], Field(max_length=1000)]
Right = Annotated[str, Field(max_length=100, pattern=r"^([a-z_]+\.[a-z_]+)?$")]
RuleCode = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\s/](.*[^\s/])?$")]
CHARGES: frozenset[ChargeKind] = frozenset(("one_time", "recurring"))


@strict
@dataclass(frozen=True, slots=True)
class TierDraft:
    """What a unit costs above a bound, and what is added once as soon as the quantity is above it."""

    above: NonNegative
    unit_price: NonNegative
    flat_fee: NonNegative = Decimal(0)


@strict
@dataclass(frozen=True, slots=True)
class BlockDraft:
    """One amount for every quantity from `start` until the next block."""

    start: NonNegative
    amount: NonNegative


Tiers = Annotated[tuple[TierDraft, ...], Field(min_length=1, max_length=MOST_TIERS)]
Blocks = Annotated[tuple[BlockDraft, ...], Field(min_length=1, max_length=MOST_TIERS)]


@strict
@dataclass(frozen=True, slots=True)
class MethodDraft:
    """How something is priced: one of `unit_price`, `all_units`, `graduated`, `blocks`, `markup`, `margin`, `percent`.

    `overage` says more about `blocks`; `base` and what it is taken of about `percent`.
    """

    unit_price: NonNegative | None = None
    all_units: Tiers | None = None
    graduated: Tiers | None = None
    blocks: Blocks | None = None
    overage: NonNegative | None = None
    markup: NonNegative | None = None
    margin: Annotated[Percent, Field(lt=100)] | None = None
    percent: NonNegative | None = None
    base: Literal["net", "list"] | None = None
    kinds: frozenset[ChargeKind] = CHARGES
    products: Codes = ()
    categories: Codes = ()


EVERYBODY = "everybody"


def _suffix(currency: str | None) -> str:
    """What may differ by currency has it in its key."""
    return f"/{currency}" if currency else ""


def _as_method(value: object) -> object:
    return value if value is None or isinstance(value, Mapping | MethodDraft) else {"unit_price": value}


Method = Annotated[MethodDraft, BeforeValidator(_as_method)]
"""A number is a price for each unit; everything else says what it is."""


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule says: the days that this version of it holds for, or that it is withdrawn for them.

    From `valid_from` on (today, where it is left out or past and the rule is known) until the day before `valid_until`
    (until further notice).
    """

    valid_from: date | None = None
    valid_until: date | None = None
    withdrawn: bool = False

    @property
    def key(self) -> str:
        """What of its kind has one version in force on any day."""
        raise NotImplementedError


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ListDraft(Rule):
    """A price list: for which customers, channels and days it is. `prices` are put into it."""

    code: RuleCode
    name: Text
    currency: CurrencyCode
    segments: Codes = ()
    channels: Codes = ()
    rank: Rank = 0
    includes_tax: bool = False
    prices: Annotated[tuple[PriceOfListDraft, ...], Field(max_length=MOST_RULES)] = ()

    @property
    def key(self) -> str:
        return self.code


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class PricedRule(Rule):
    """Something that costs once, by period, or both, for each `unit` (the product's own, where it is left out)."""

    one_time: Method | None = None
    recurring: Method | None = None
    period: Period | None = None
    unit: Code | None = None
    proration: ProrationMethod = "days"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceOfListDraft(PricedRule):
    """What a product costs in a list."""

    product: Code


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class PriceDraftOfKnownList(PriceOfListDraft):
    """What a product costs in a list that is published already, or in the same file."""

    list: Code

    @property
    def key(self) -> str:
        return f"{self.list}/{self.product}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDraft(PricedRule):
    """What one customer pays for a product: a price, or a percentage off the list."""

    customer: Code
    product: Code
    code: RuleCode | None = None
    currency: CurrencyCode | None = None
    percent_off: Percent | None = None
    stacks: bool = True

    @property
    def key(self) -> str:
        return self.code or f"{self.customer}/{self.product}{_suffix(self.currency)}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class StepDraft:
    """A percentage off above a bound."""

    above: NonNegative
    percent: Percent


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft(Rule):
    """A discount that grows with a quantity, the months of a term, or an amount."""

    code: RuleCode
    steps: Annotated[tuple[StepDraft, ...], Field(max_length=MOST_TIERS)] = ()
    kind: Literal["all_units", "graduated"] = "all_units"
    by: Literal["quantity", "product_quantity", "months", "amount"] = "quantity"
    products: Codes = ()
    categories: Codes = ()

    @property
    def key(self) -> str:
        return self.code


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionDraft(Rule):
    """A rule that lowers prices when its condition (FEEL) is true; exactly one of the effects, `buy` with `get`."""

    code: RuleCode
    name: Text = ""
    percent_off: Percent | None = None
    unit_off: NonNegative | None = None
    amount_off: NonNegative | None = None
    unit_price: NonNegative | None = None
    free_units: Quantity | None = None
    buy: Quantity | None = None
    get: Quantity | None = None
    currency: CurrencyCode | None = None
    when: Annotated[str, Field(max_length=2_000)] | None = None
    scope: Literal["line", "header"] = "line"
    stage: Literal["promotion", "partner"] = "promotion"
    kinds: frozenset[ChargeKind] = CHARGES
    products: Codes = ()
    categories: Codes = ()
    stacks: bool = True
    rank: Rank = 0
    may_undercut: bool = False

    @property
    def key(self) -> str:
        return self.code


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class OptionDraft(PricedRule):
    """What a part (a role, or else a product) costs in a bundle: nothing, a price of its own there, or so much less."""

    bundle: Code
    part: Code
    currency: CurrencyCode | None = None
    included: bool = False
    percent_off: Percent | None = None
    weight: NonNegative | None = None

    @property
    def key(self) -> str:
        return f"{self.bundle}/{self.part}{_suffix(self.currency)}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class CostDraft(Rule):
    """What one unit costs us, once or by period."""

    product: Code
    currency: CurrencyCode
    unit_cost: NonNegative
    unit: Code | None = None
    kind: ChargeKind = "one_time"

    @property
    def key(self) -> str:
        return f"{self.product}/{self.kind}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class FloorDraft(Rule):
    """The lowest price allowed without the right to go below it: of a unit in a currency, or by the margin left."""

    product: Code
    currency: CurrencyCode | None = None
    unit_price: NonNegative | None = None
    margin_percent: Annotated[Percent, Field(lt=100)] | None = None
    unit: Code | None = None
    kind: ChargeKind = "one_time"

    @property
    def key(self) -> str:
        return f"{self.product}/{self.kind}{_suffix(self.currency)}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class LimitDraft(Rule):
    """How much discount a right allows, in per cent; without a percentage any, without a right everybody."""

    right: Right = ""
    percent: Percent | None = None

    @property
    def key(self) -> str:
        return self.right or EVERYBODY


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class RateDraft(Rule):
    """What one unit of `currency` is in another one."""

    currency: CurrencyCode
    to: CurrencyCode
    rate: Annotated[Decimal, Field(gt=0, max_digits=19, decimal_places=10)]

    @property
    def key(self) -> str:
        return f"{self.currency}/{self.to}"


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonDraft(Rule):
    """A reason that a price or discount by hand may have."""

    code: RuleCode
    name: Text

    @property
    def key(self) -> str:
        return self.code


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class PackingDraft:
    """So many of the product's own unit are in so many of this one."""

    unit: Code
    contains: Quantity
    per: Quantity = Decimal(1)


@strict
@dataclass(frozen=True, slots=True, kw_only=True)
class TermsDraft(Rule):
    """What else matters to the price of a product: packings, least quantity and multiple, whether it is discounted."""

    product: Code
    packings: Annotated[tuple[PackingDraft, ...], Field(max_length=20)] = ()
    minimum: Quantity | None = None
    multiple: Quantity | None = None
    otherwise: Literal["refuse", "round_up"] = "refuse"
    discountable: bool = True

    @property
    def key(self) -> str:
        return self.product


@strict
@dataclass(frozen=True, slots=True)
class PricesDraft:
    """Everything that one file of prices publishes, all of it or nothing."""

    lists: Annotated[tuple[ListDraft, ...], Field(max_length=1000)] = ()
    prices: Annotated[tuple[PriceDraftOfKnownList, ...], Field(max_length=MOST_RULES)] = ()
    contracts: Annotated[tuple[ContractDraft, ...], Field(max_length=MOST_RULES)] = ()
    schedules: Annotated[tuple[ScheduleDraft, ...], Field(max_length=1000)] = ()
    promotions: Annotated[tuple[PromotionDraft, ...], Field(max_length=1000)] = ()
    options: Annotated[tuple[OptionDraft, ...], Field(max_length=MOST_RULES)] = ()
    costs: Annotated[tuple[CostDraft, ...], Field(max_length=MOST_RULES)] = ()
    floors: Annotated[tuple[FloorDraft, ...], Field(max_length=MOST_RULES)] = ()
    limits: Annotated[tuple[LimitDraft, ...], Field(max_length=100)] = ()
    rates: Annotated[tuple[RateDraft, ...], Field(max_length=1000)] = ()
    reasons: Annotated[tuple[ReasonDraft, ...], Field(max_length=1000)] = ()
    terms: Annotated[tuple[TermsDraft, ...], Field(max_length=MOST_RULES)] = ()


@strict
@dataclass(frozen=True, slots=True)
class TaxRateDraft:
    """The rate of a tax category in a country, or in a region of it, from a day on, in percent."""

    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    category: Code
    percent: Percent
    valid_from: date
    valid_to: date | None = None
    name: Text = "VAT"
    region: Code | None = None
    treatment: Treatment = "taxed"
