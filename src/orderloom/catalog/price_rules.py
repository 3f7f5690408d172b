"""From a file of prices to rules with their keys, and everything that is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from orderloom.base.money import cent, has_more_decimals, is_currency
from orderloom.base.refusals import Problem
from orderloom.catalog.price_drafts import (
    ContractDraft,
    CostDraft,
    FloorDraft,
    ListDraft,
    MethodDraft,
    OptionDraft,
    PricedRule,
    PriceOfListDraft,
    PricesDraft,
    PromotionDraft,
    Rule,
    ScheduleDraft,
    TermsDraft,
)
from orderloom.catalog.text import canonical
from orderloom.catalog.units import MEASURES
from orderloom.feel.conditions import FeelError
from orderloom.feel.conditions import parse as parse_condition

RuleKind = Literal[
    "list", "price", "contract", "schedule", "promotion", "option", "cost", "floor", "limit", "rate", "reason", "terms"
]

SECTIONS: Mapping[str, RuleKind] = {
    "lists": "list", "prices": "price", "contracts": "contract", "schedules": "schedule", "promotions": "promotion",
    "options": "option", "costs": "cost", "floors": "floor", "limits": "limit", "rates": "rate", "reasons": "reason",
    "terms": "terms",
}  # fmt: skip
SECRET_KINDS: frozenset[RuleKind] = frozenset(("cost", "floor", "limit"))
"""What only those may see and publish who may see cost."""

METHODS = ("unit_price", "all_units", "graduated", "blocks", "markup", "margin", "percent")
EFFECTS = ("percent_off", "unit_off", "amount_off", "unit_price", "free_units", "buy")
_KEYS = frozenset(("valid_from", "valid_until", "withdrawn", "prices", "list", "customer"))


@dataclass(frozen=True, slots=True)
class WantedRule:
    """A rule of a file: its key, what it hangs on, and where it stands in the file."""

    kind: RuleKind
    code: str
    draft: Rule
    pointer: str
    currency: str | None = None
    list_code: str | None = None
    product: str | None = None
    customer: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What has one version in force on any day."""
        return self.kind, self.code

    def content(self) -> dict[str, object] | None:
        """What the rule says, as it is kept; none where it is withdrawn."""
        return None if self.draft.withdrawn else _plain(self.draft)

    def content_hash(self) -> str:
        """The same for the same content and days."""
        days = [day and day.isoformat() for day in (self.draft.valid_from, self.draft.valid_until)]
        return hashlib.sha256(canonical([self.content(), days, self.currency, self.customer]).encode()).hexdigest()


def _plain(draft: object) -> dict[str, object]:
    """A draft without its key, its days and what it leaves out."""
    assert is_dataclass(draft)
    values = {field.name: _value(getattr(draft, field.name)) for field in fields(draft) if field.name not in _KEYS}
    return {name: value for name, value in values.items() if value is not None and value != []}


def _value(value: object) -> object:
    if is_dataclass(value):
        return _plain(value)
    if isinstance(value, frozenset):
        return sorted(value)
    return [_value(each) for each in value] if isinstance(value, tuple) else value


def wanted_rules(draft: PricesDraft, currencies: Mapping[str, str]) -> list[WantedRule]:
    """The rules of a file in its order; `currencies` are those of the lists that are published already."""
    currencies = {**currencies, **{each.code: each.currency for each in draft.lists}}
    found: list[WantedRule] = []
    for section, kind in SECTIONS.items():
        for place, rule in enumerate(getattr(draft, section)):
            pointer = f"/{section}/{place}"
            found.append(_wanted(kind, rule, pointer, currencies))
            if isinstance(rule, ListDraft):
                found += [_of_list(rule, price, f"{pointer}/prices/{n}") for n, price in enumerate(rule.prices)]
    return found


def _of_list(listed: ListDraft, price: PriceOfListDraft, pointer: str) -> WantedRule:
    code = f"{listed.code}/{price.product}"
    return WantedRule("price", code, price, pointer, listed.currency, listed.code, price.product)


def _wanted(kind: RuleKind, rule: Rule, pointer: str, currencies: Mapping[str, str]) -> WantedRule:
    product, currency = getattr(rule, "product", None), getattr(rule, "currency", None)
    list_code, customer = getattr(rule, "list", None), getattr(rule, "customer", None)
    if list_code is not None:
        currency = currencies.get(list_code)
    if isinstance(rule, OptionDraft):
        product = rule.bundle
    return WantedRule(kind, rule.key, rule, pointer, currency, list_code, product, customer)


@dataclass(frozen=True, slots=True)
class Known:
    """What rules may name: units by product, accounts by reference, and the lists that are published."""

    units: Mapping[str, str]
    accounts: Mapping[str, int]
    lists: frozenset[str]


def rule_problems(wanted: Sequence[WantedRule], known: Known, *, today: date) -> list[Problem]:
    """Everything that is wrong with the rules of a file; pointers lead into the file."""
    lists = known.lists | {rule.code for rule in wanted if rule.kind == "list"}
    packings = {(rule.product, unit) for rule in wanted for unit in _packed(rule.draft)}
    problems = _doubles(wanted)
    for rule in wanted:
        problems += [p.below(rule.pointer) for p in _named_problems(rule, known, lists, packings)]
        problems += [p.below(rule.pointer) for p in _day_problems(rule.draft, today)]
        if not rule.draft.withdrawn:
            problems += [p.below(rule.pointer) for p in _content_problems(rule.draft)]
    return problems


def _packed(draft: Rule) -> list[str]:
    return [packing.unit for packing in draft.packings] if isinstance(draft, TermsDraft) else []


def _doubles(wanted: Sequence[WantedRule]) -> list[Problem]:
    """Two entries of one key whose days overlap: nobody could say which is meant."""
    by_key: dict[tuple[str, str], list[WantedRule]] = {}
    for rule in wanted:
        by_key.setdefault(rule.key, []).append(rule)
    problems = []
    for several in by_key.values():
        several.sort(key=lambda rule: rule.draft.valid_from or date.min)
        for first, then in pairwise(several):
            begins = then.draft.valid_from or date.min
            if first.draft.valid_until is None or begins < first.draft.valid_until:
                message = f"{then.code} stands twice for the same days; end the one before, or take one out."
                problems.append(Problem("rule_double", message, then.pointer))
    return problems


def _named_problems(
    rule: WantedRule, known: Known, lists: frozenset[str], packings: set[tuple[str | None, str]]
) -> Iterator[Problem]:
    if rule.product is not None and rule.product not in known.units:
        name = "bundle" if rule.kind == "option" else "product"
        yield Problem("product_unknown", f"There is no product {rule.product}; import its catalogue first.", f"/{name}")
    if rule.customer is not None and rule.customer not in known.accounts:
        message = f"“{rule.customer}” means no account; give an account number, or an external id as source:id."
        yield Problem("customer_unknown", message, "/customer")
    if rule.list_code is not None and rule.list_code not in lists:
        message = f"There is no price list {rule.list_code}; publish it first, or put it under `lists`."
        yield Problem("list_unknown", message, "/list")
    for name in ("currency", "to"):
        currency = getattr(rule.draft, name, None)
        if currency is not None and not is_currency(currency):
            yield Problem("currency_unknown", f"“{currency}” is no currency of ISO 4217.", f"/{name}")
    unit, own = getattr(rule.draft, "unit", None), known.units.get(rule.product or "")
    if unit and own and rule.kind != "option" and not _compare(unit, own) and (rule.product, unit) not in packings:
        message = f"{rule.product} is sold by {own}, and nothing says how many are in one {unit}; say it under `terms`."
        yield Problem("unit_unknown", message, "/unit")


def _compare(unit: str, own: str) -> bool:
    if unit == own:
        return True
    return unit in MEASURES and own in MEASURES and MEASURES[unit][0] == MEASURES[own][0]


def _day_problems(draft: Rule, today: date) -> Iterator[Problem]:
    begins, ends = draft.valid_from or today, draft.valid_until
    if ends is not None and ends <= begins:
        yield Problem("validity_over", "It ends before it begins to hold; move valid_until.", "/valid_until")


def _content_problems(draft: Rule) -> Iterator[Problem]:
    if isinstance(draft, PricedRule):
        yield from _priced_problems(draft)
    match draft:
        case ScheduleDraft():
            yield from _schedule_problems(draft)
        case PromotionDraft():
            yield from _promotion_problems(draft)
        case FloorDraft():
            if (draft.unit_price is None) == (draft.margin_percent is None):
                yield Problem("floor_one", "Give either unit_price or margin_percent.", "/unit_price")
            if draft.unit_price is not None and draft.currency is None:
                yield Problem("currency_missing", "A floor price has a currency; give it.", "/currency")
        case CostDraft() | ContractDraft() | OptionDraft():
            yield from _own_problems(draft)


def _own_problems(draft: CostDraft | ContractDraft | OptionDraft) -> Iterator[Problem]:
    if isinstance(draft, CostDraft):
        return
    priced = draft.one_time is not None or draft.recurring is not None
    if priced and draft.currency is None:
        yield Problem("currency_missing", "A price has a currency; give it.", "/currency")
    if isinstance(draft, ContractDraft):
        if priced == (draft.percent_off is not None):
            yield Problem("contract_one", "Give either a price or percent_off.", "/percent_off")
    elif priced + draft.included + (draft.percent_off is not None) != 1:
        yield Problem("option_one", "Give one of included, a price and percent_off.", "/included")


def _priced_problems(draft: PricedRule) -> Iterator[Problem]:
    if isinstance(draft, PriceOfListDraft) and draft.one_time is None and draft.recurring is None:
        yield Problem("price_missing", "Give one_time, recurring or both.", "/one_time")
    if (draft.recurring is None) != (draft.period is None):
        message = "A recurring price and its period go together; give both."
        yield Problem("period_missing", message, "/period" if draft.period is None else "/recurring")
    for name in ("one_time", "recurring"):
        if (method := getattr(draft, name)) is not None:
            yield from (problem.below(f"/{name}") for problem in _method_problems(method))


def _method_problems(method: MethodDraft) -> Iterator[Problem]:
    given = [name for name in METHODS if getattr(method, name) is not None]
    if len(given) != 1:
        yield Problem("method_one", f"Give exactly one of {', '.join(METHODS)}.", f"/{given[0]}" if given else "")
    for name in ("all_units", "graduated"):
        tiers = getattr(method, name)
        if tiers is not None:
            yield from _rising([tier.above for tier in tiers], f"/{name}", "above", from_nothing=True)
    if method.blocks is not None:
        yield from _rising([block.start for block in method.blocks], "/blocks", "start", from_nothing=False)
    if method.overage is not None and method.blocks is None:
        yield Problem("overage_alone", "Overage is of blocks; give them, or take it out.", "/overage")
    if method.percent is not None and method.base is None:
        yield Problem("base_missing", "Say what the percentage is of: base net or list.", "/base")


def _rising(bounds: Sequence[object], pointer: str, name: str, *, from_nothing: bool) -> Iterator[Problem]:
    if from_nothing and bounds[0] != 0:
        yield Problem("tiers_begin", "The first tier is above 0; add it.", f"{pointer}/0/{name}")
    for place, (low, high) in enumerate(pairwise(bounds), start=1):
        if not low < high:  # type: ignore[operator]
            yield Problem(
                "tiers_rise", "Each bound is above the one before; put them in order.", f"{pointer}/{place}/{name}"
            )


def _schedule_problems(draft: ScheduleDraft) -> Iterator[Problem]:
    if not draft.steps:
        yield Problem("steps_missing", "Give at least one step.", "/steps")
        return
    yield from _rising([step.above for step in draft.steps], "/steps", "above", from_nothing=False)


def _promotion_problems(draft: PromotionDraft) -> Iterator[Problem]:
    given = [name for name in EFFECTS if getattr(draft, name) is not None]
    if len(given) != 1 or (draft.buy is None) != (draft.get is None):
        message = "Give exactly one of percent_off, unit_off, amount_off, unit_price, free_units, or buy with get."
        yield Problem("effect_one", message, f"/{given[0]}" if given else "/percent_off")
    needs_currency = any(name in ("unit_off", "amount_off", "unit_price") for name in given)
    if needs_currency and draft.currency is None:
        yield Problem("currency_missing", "An amount has a currency; give it.", "/currency")
    if draft.scope == "header" and given and given[0] not in ("percent_off", "amount_off"):
        yield Problem("effect_scope", "On all lines there is only percent_off and amount_off.", f"/{given[0]}")
    currency, amount = draft.currency or "", draft.amount_off
    if is_currency(currency) and amount is not None and has_more_decimals(amount, currency):
        message = f"{currency} has no amounts below {cent(currency)}; round it."
        yield Problem("decimals", message, "/amount_off")
    if draft.when is not None:
        try:
            parse_condition(draft.when)
        except FeelError as error:
            yield Problem("condition_wrong", str(error), "/when")
