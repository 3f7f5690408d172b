"""From published rows to the book that prices are calculated with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from orderloom.catalog.offer import ListPrice
from orderloom.catalog.price_book import (
    Book,
    ContractPrice,
    Cost,
    CostPlus,
    DiscountLimit,
    Floor,
    ListedPrice,
    Method,
    Option,
    PercentOfTotal,
    PriceList,
    Promotion,
    Schedule,
    Step,
    Terms,
    by_product,
)
from orderloom.catalog.price_rules import EFFECTS, METHODS
from orderloom.catalog.price_types import (
    AmountOff,
    BuyGet,
    Effect,
    FreeUnits,
    PercentOff,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.tax import TaxTable
from orderloom.catalog.tiers import AllUnits, Block, Blocks, Graduated, PerUnit, Tier
from orderloom.catalog.units import ANY_QUANTITY, Packing, QuantityRule
from orderloom.feel.conditions import parse as parse_condition

STANDARD = "standard"
STANDARD_RANK = -1_000_000
"""The list that catalogues are priced in is asked last."""

T = TypeVar("T")
Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HeldRule:
    """The version of a rule that holds on a day."""

    kind: str
    code: str
    version: int
    valid_from: date | None
    valid_until: date | None
    currency: str | None
    list_code: str | None
    product: str | None
    customer: str | None
    content: Content


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """What the catalogue says of a product, and its standard price in the book's currency."""

    code: str
    unit: str
    decimals: int
    category: str
    tax_category: str
    standard: ListPrice | None
    standard_version: int


def book_of(rules: Iterable[HeldRule], products: Sequence[SoldProduct], taxes: TaxTable, *, currency: str) -> Book:
    """The book of a day in a currency, as far as these products are concerned."""
    kept: dict[str, list[HeldRule]] = {}
    for rule in rules:
        kept.setdefault(rule.kind, []).append(rule)
    terms = {rule.product: rule.content for rule in kept.get("terms", ())}
    return Book(
        lists=_lists(kept, products, currency),
        terms={each.code: _terms(each, terms.get(each.code)) for each in products},
        contracts=by_product(_contract(rule) for rule in kept.get("contract", ())),
        schedules=tuple(_schedule(rule) for rule in kept.get("schedule", ())),
        promotions=tuple(_promotion(rule) for rule in kept.get("promotion", ())),
        options=_options(kept.get("option", ())),
        costs=_grouped((str(rule.product), _cost(rule)) for rule in kept.get("cost", ())),
        floors=_grouped((str(rule.product), _floor(rule)) for rule in kept.get("floor", ())),
        limits=_limits(kept.get("limit", ())),
        rates={
            (str(rule.currency), rule.content["to"]): _number(rule.content["rate"]) for rule in kept.get("rate", ())
        },
        reasons=frozenset(rule.code for rule in kept.get("reason", ())),
        taxes=taxes,
    )


def _number(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _maybe(content: Content, name: str) -> Decimal | None:
    value = content.get(name)
    return None if value is None else _number(value)


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in found.items()}


def _lists(
    kept: Mapping[str, Sequence[HeldRule]], products: Sequence[SoldProduct], currency: str
) -> tuple[PriceList, ...]:
    prices: dict[str, dict[str, tuple[ListedPrice, ...]]] = {}
    for rule in kept.get("price", ()):
        code = str(rule.product)
        prices.setdefault(str(rule.list_code), {})[code] = (_listed(rule, code),)
    lists = [
        PriceList(
            code=rule.code,
            currency=currency,
            prices=prices.get(rule.code, {}),
            version=rule.version,
            segments=frozenset(rule.content.get("segments", ())),
            channels=frozenset(rule.content.get("channels", ())),
            includes_tax=rule.content.get("includes_tax", False),
            rank=rule.content.get("rank", 0),
            valid_from=rule.valid_from,
            valid_until=rule.valid_until,
        )
        for rule in kept.get("list", ())
    ]
    standard = {each.code: (_standard(each, each.standard),) for each in products if each.standard}
    return (*lists, PriceList(STANDARD, currency, standard, rank=STANDARD_RANK))


def _standard(product: SoldProduct, price: ListPrice) -> ListedPrice:
    return ListedPrice(
        product.code,
        one_time=None if price.one_time is None else PerUnit(price.one_time),
        recurring=None if price.recurring is None else PerUnit(price.recurring),
        period=price.period,  # type: ignore[arg-type]
        version=product.standard_version,
    )


def _listed(rule: HeldRule, id: str) -> ListedPrice:
    content = rule.content
    return ListedPrice(
        id,
        one_time=_method(content.get("one_time")),
        recurring=_method(content.get("recurring")),
        period=content.get("period"),
        unit=content.get("unit"),
        proration=content.get("proration", "days"),
        version=rule.version,
    )


def _method(content: Content | None) -> Method | None:
    if content is None:
        return None
    name = next(name for name in METHODS if name in content)
    return _METHODS[name](content)


def _blocks(content: Content) -> Blocks:
    blocks = tuple(Block(_number(each["start"]), _number(each["amount"])) for each in content["blocks"])
    return Blocks(blocks, _maybe(content, "overage"))


def _percent_of_total(content: Content) -> PercentOfTotal:
    return PercentOfTotal(
        _number(content["percent"]),
        content["base"],
        kinds=frozenset(content["kinds"]),
        products=frozenset(content.get("products", ())),
        categories=frozenset(content.get("categories", ())),
    )


_METHODS: Mapping[str, Callable[[Content], Method]] = {
    "unit_price": lambda content: PerUnit(_number(content["unit_price"])),
    "all_units": lambda content: AllUnits(_tiers(content["all_units"])),
    "graduated": lambda content: Graduated(_tiers(content["graduated"])),
    "blocks": _blocks,
    "markup": lambda content: CostPlus(_number(content["markup"]), "markup"),
    "margin": lambda content: CostPlus(_number(content["margin"]), "margin"),
    "percent": _percent_of_total,
}


def _tiers(rows: Sequence[Content]) -> tuple[Tier, ...]:
    return tuple(Tier(_number(row["above"]), _number(row["unit_price"]), _number(row["flat_fee"])) for row in rows)


def _terms(product: SoldProduct, content: Content | None) -> Terms:
    packings: dict[str, Packing] = {}
    rule = ANY_QUANTITY
    if content is not None:
        packings = {
            each["unit"]: Packing(_number(each["contains"]), _number(each["per"]))
            for each in content.get("packings", ())
        }
        rule = QuantityRule(_maybe(content, "minimum"), _maybe(content, "multiple"), content["otherwise"])
    return Terms(
        unit=product.unit,
        category=product.category,
        tax_category=product.tax_category,
        packings=packings,
        quantity=rule,
        smallest=Decimal(1).scaleb(-product.decimals),
        is_discountable=content is None or content["discountable"],
    )


def _contract(rule: HeldRule) -> ContractPrice:
    percent = _maybe(rule.content, "percent_off")
    return ContractPrice(
        id=rule.code,
        customer=str(rule.customer),
        product=str(rule.product),
        currency=rule.currency,
        price=_listed(rule, rule.code) if percent is None else None,
        percent_off=percent,
        stacks=rule.content["stacks"],
        version=rule.version,
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
    )


def _schedule(rule: HeldRule) -> Schedule:
    return Schedule(
        id=rule.code,
        steps=tuple(Step(_number(step["above"]), _number(step["percent"])) for step in rule.content["steps"]),
        kind=rule.content["kind"],
        by=rule.content["by"],
        products=frozenset(rule.content.get("products", ())),
        categories=frozenset(rule.content.get("categories", ())),
        version=rule.version,
    )


def _promotion(rule: HeldRule) -> Promotion:
    content = rule.content
    return Promotion(
        id=rule.code,
        effect=_effect(content),
        condition=parse_condition(content["when"]).evaluate if "when" in content else None,
        scope=content["scope"],
        stage=content["stage"],
        kinds=frozenset(content["kinds"]),
        products=frozenset(content.get("products", ())),
        categories=frozenset(content.get("categories", ())),
        stacks=content["stacks"],
        rank=content["rank"],
        may_undercut=content["may_undercut"],
        version=rule.version,
    )


def _effect(content: Content) -> Effect:
    name = next(name for name in EFFECTS if name in content)
    amount = _number(content[name])
    return BuyGet(amount, _number(content["get"])) if name == "buy" else _EFFECTS[name](amount)


_EFFECTS: Mapping[str, Callable[[Decimal], Effect]] = {
    "percent_off": PercentOff, "unit_off": UnitOff, "amount_off": AmountOff, "unit_price": UnitPriceOf,
    "free_units": FreeUnits,
}  # fmt: skip


def _options(rules: Iterable[HeldRule]) -> dict[str, dict[str, Option]]:
    """By bundle and part; one for the currency goes before one for any."""
    found: dict[str, dict[str, Option]] = {}
    for rule in sorted(rules, key=lambda each: each.currency is not None):
        percent = _maybe(rule.content, "percent_off")
        priced = "one_time" in rule.content or "recurring" in rule.content
        found.setdefault(rule.content["bundle"], {})[rule.content["part"]] = Option(
            id=rule.code,
            is_included=rule.content["included"],
            price=_listed(rule, rule.code) if priced else None,
            percent_off=None if percent is None else PercentOff(percent),
            weight=_maybe(rule.content, "weight"),
            version=rule.version,
        )
    return found


def _cost(rule: HeldRule) -> Cost:
    content = rule.content
    return Cost(_number(content["unit_cost"]), str(rule.currency), content.get("unit"), content["kind"], rule.version)


def _floor(rule: HeldRule) -> Floor:
    content = rule.content
    lowest, margin = _maybe(content, "unit_price"), _maybe(content, "margin_percent")
    return Floor(rule.currency, lowest, margin, content.get("unit"), content["kind"])


def _limits(rules: Iterable[HeldRule]) -> tuple[DiscountLimit, ...]:
    """Rising; the ones without a percentage allow any and come last."""
    limits = [DiscountLimit(rule.content.get("right", ""), _maybe(rule.content, "percent")) for rule in rules]
    return tuple(sorted(limits, key=lambda each: (each.percent is None, each.percent or Decimal(0), each.right)))
