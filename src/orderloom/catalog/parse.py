"""From the text of a catalogue to a catalogue version, refusing every mistake at once with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, cast

from orderloom.base.money import cent, is_currency, round_amount
from orderloom.base.refusals import Problem, Refused
from orderloom.catalog.checks import check, spec_order
from orderloom.catalog.entries import (
    Entry,
    after_of,
    amount_of,
    characteristic_of,
    component_of,
    copy_of,
    form_field_of,
    joined,
    lag_of,
    text_of,
    whole_of,
)
from orderloom.catalog.shape import CATALOGUE, DEPENDENCY, as_list, escaped, number_of
from orderloom.catalog.template import Template, TemplateError, template
from orderloom.catalog.text import at, kept_form, plain_json, read_values, table_form
from orderloom.catalog.types import (
    NO_TIME,
    STEP_SECTIONS,
    UNITS,
    Action,
    Billing,
    Catalogue,
    ChargeRule,
    DependencyType,
    Gate,
    Group,
    Hours,
    HoursBy,
    Link,
    Offering,
    Price,
    Product,
    Rule,
    Same,
    Spec,
    StepName,
    StepTemplate,
    Unit,
)
from orderloom.feel.conditions import Condition, FeelError
from orderloom.feel.conditions import parse as parse_condition

DEFAULT_KINDS = {
    "auto": "fulfilment.note",
    "callout": "gateway.call",
    "event": "gateway.event",
    "manual": "work.task",
    "appointment": "gateway.appointment",
    "timer": "processes.timer",
    "milestone": "processes.milestone",
}


def parse_catalogue(text: str | bytes, source: str = "") -> Catalogue:
    """Read one catalogue version from YAML, or from JSON when `source` ends so.

    Refuses with every problem: file, JSON pointer and reason. Reading has no side effect.
    """
    return read_catalogue(read_values(text, source), source)


def read_catalogue(document: object, source: str = "") -> Catalogue:
    """A catalogue version from plain values, as `Catalogue.document` keeps them; refuses like `parse_catalogue`."""
    if isinstance(document, Mapping):
        document = table_form(document)
    problems = list(CATALOGUE.problems(document, ""))
    if not isinstance(document, Mapping) or not {"catalogue", "version"} <= document.keys():
        raise Refused([Problem(p.code, p.message, at(source, p.pointer)) for p in problems])
    reading = _Reading(_without_bad_entries(document, problems), document, problems)
    catalogue = reading.catalogue()
    problems += check(catalogue, document)
    if problems:
        raise Refused([Problem(p.code, p.message, at(source, p.pointer)) for p in problems])
    return replace(catalogue, spec_order=tuple(spec_order(catalogue)[0]))


def _without_bad_entries(document: Entry, problems: Sequence[Problem]) -> dict[str, Any]:
    """What can still be read, so that the mistakes in it are told at the same time."""
    bad = {tuple(p.pointer.split("/")[1:3]) for p in problems}
    kept: dict[str, Any] = {}
    for section, entries in document.items():
        if (section,) in bad:
            continue
        if isinstance(entries, Mapping):
            kept[section] = {k: v for k, v in entries.items() if (section, escaped(k)) not in bad}
        elif isinstance(entries, list):
            kept[section] = [None if (section, str(i)) in bad else e for i, e in enumerate(entries)]
        else:
            kept[section] = entries
    return kept


@dataclass(slots=True)
class _Reading:
    """One pass over a document whose shape is right; problems of meaning are collected."""

    document: Entry
    whole: Entry
    problems: list[Problem]
    products: dict[str, Product] = field(default_factory=dict)
    codes_by_name: dict[str, str] = field(default_factory=dict)
    specs: dict[str, Spec] = field(default_factory=dict)

    def catalogue(self) -> Catalogue:
        document = self.document
        self.products = self._products()
        self.codes_by_name = self._codes_by_name()
        self.specs = {name: self._spec(name, entry) for name, entry in document.get("specs", {}).items()}
        self._imply_products()
        rules = tuple(self._rule(i, e) for i, e in self._entries("rules"))
        units = {
            e["code"]: Unit(str(e["code"]), e["name"], int(e.get("decimals", 0))) for _, e in self._entries("units")
        }
        return Catalogue(
            code=str(document.get("catalogue", "?")),
            version=int(number_of(document.get("version")) or 1),
            title=str(document.get("title") or document.get("catalogue", "?")),
            currency=document.get("currency"),
            valid_from=self._date("valid_from"),
            valid_until=self._date("valid_until"),
            names={str(k): str(v) for k, v in document.get("names", {}).items()},
            units=dict(UNITS) | units,
            products=self.products,
            codes_by_name=self.codes_by_name,
            rules=rules,
            specs=self.specs,
            spec_order=(),
            links=tuple(self._link(i, e) for i, e in self._entries("links")),
            offerings=dict(self._offerings()),
            order_steps=self._steps(document.get("order", {}).get("steps", {}), "/order/steps"),
            charges=tuple(self._charge(i, e) for i, e in self._entries("charges")),
            document={} if self.problems else cast(Entry, plain_json(kept_form(self.whole))),
        )

    def _entries(self, section: str) -> Iterator[tuple[int, Entry]]:
        return ((i, entry) for i, entry in enumerate(self.document.get(section, [])) if entry is not None)

    def _spec_names(self) -> frozenset[str]:
        """The names of all specs, of those with mistakes too."""
        specs = self.whole.get("specs")
        return frozenset(specs) if isinstance(specs, Mapping) else frozenset()

    def _refuse(self, code: str, message: str, pointer: str) -> None:
        self.problems.append(Problem(code, message, pointer))

    def _date(self, name: str) -> date | None:
        value = self.document.get(name)
        try:
            return date.fromisoformat(str(value)) if value is not None else None
        except ValueError:
            self._refuse("date_form", "Give a date as YYYY-MM-DD.", f"/{name}")
            return None

    # -- products

    def _products(self) -> dict[str, Product]:
        products: dict[str, Product] = {}
        for place, entry in self._entries("products"):
            product = self._product(entry, f"/products/{place}")
            if product.code in products:
                self._refuse(
                    "product_double", f"The code {product.code} is taken; choose another.", f"/products/{place}/code"
                )
            products[product.code] = product
        return products

    def _codes_by_name(self) -> dict[str, str]:
        codes: dict[str, str] = {}
        for place, entry in self._entries("products"):
            if codes.setdefault(str(entry["name"]), str(entry["code"])) != str(entry["code"]):
                self._refuse("product_double", f"The name “{entry['name']}” is taken.", f"/products/{place}/name")
        return codes

    def _product(self, entry: Entry, pointer: str) -> Product:
        return Product(
            code=str(entry["code"]),
            name=str(entry["name"]),
            kind=entry["kind"],
            product_class=text_of(entry.get("class")),
            short_name=text_of(entry.get("short_name")),
            description=str(entry.get("description", "")),
            unit=str(entry.get("unit", "each")),
            tracking=entry.get("tracking", "none"),
            tax_category=str(entry.get("tax_category", "standard")),
            sku=text_of(entry.get("sku")),
            vendor=text_of(entry.get("vendor")),
            characteristics={
                name: characteristic_of(name, value) for name, value in entry.get("characteristics", {}).items()
            },
            prices=tuple(self._price(p, f"{pointer}/prices/{i}") for i, p in enumerate(entry.get("prices", []))),
            groups=tuple(
                Group(str(g["code"]), whole_of(g, "minimum", 0) or 0, whole_of(g, "maximum"))
                for g in entry.get("groups", [])
            ),
            components=tuple(component_of(c) for c in entry.get("components", [])),
            terms=dict(entry.get("terms", {})),
        )

    def _price(self, entry: Entry, pointer: str) -> Price:
        currency = str(entry.get("currency") or self.document.get("currency") or "")
        price = Price(
            currency,
            amount_of(entry, "one_time"),
            amount_of(entry, "recurring"),
            entry.get("period"),
            text_of(entry.get("per")),
        )
        if price.one_time is None and price.recurring is None:
            self._refuse("price_missing", "Give one_time or recurring.", pointer)
        if (price.recurring is None) != (price.period is None):
            self._refuse("period_missing", "A recurring price and its period go together; give both.", pointer)
        try:
            smallest = cent(currency)
        except Refused:
            self._refuse("currency_unknown", f"“{currency}” is no currency of ISO 4217.", f"{pointer}/currency")
            return price
        for name in ("one_time", "recurring"):
            amount = amount_of(entry, name)
            if amount is not None and amount % smallest:
                self._refuse("decimals", f"{currency} has no amounts below {smallest}; round it.", f"{pointer}/{name}")
        return price

    def _imply_products(self) -> None:
        """Without a list of products, whatever rules, offerings and charges name is one."""
        if "products" in self.whole:
            return
        document = self.document
        specs = self._spec_names()
        named = [name for _, e in self._entries("rules") if (name := str(e["from"])) not in specs]
        named += [*map(str, document.get("offerings", {})), *(str(e["for"]) for _, e in self._entries("charges"))]
        short_names = document.get("names", {})
        for name in dict.fromkeys(named):
            self.products[name] = Product(name, name, short_name=text_of(short_names.get(name)), is_open=True)

    def _code(self, name: object) -> str:
        """A product's code; an unknown name stays as it is, for the checks to refuse."""
        return self.codes_by_name.get(str(name), str(name)) if str(name) not in self.products else str(name)

    # -- rules, specs and steps

    def _rule(self, number: int, entry: Entry) -> Rule:
        pointer = f"/rules/{number}"
        source = str(entry["from"])
        classes = {p.product_class for p in self.products.values()}
        is_spec = source in self._spec_names()
        is_product = self._code(source) in self.products
        reason = str(entry.get("reason", "nothing to do")) if entry.get("nothing") else None
        return Rule(
            number=number,
            source=source if is_spec or not is_product else self._code(source),
            source_kind="spec" if is_spec else "class" if source in classes and not is_product else "product",
            make=text_of(entry.get("make")),
            use=text_of(entry.get("use")),
            nothing=reason,
            optional=entry.get("optional", False),
            condition=self._condition(entry, "if", pointer),
            copies=tuple(copy_of(target, value) for target, value in entry.get("copy", {}).items()),
            sets=tuple((n, self._template(t, f"{pointer}/set/{escaped(n)}")) for n, t in entry.get("set", {}).items()),
        )

    def _spec(self, name: str, entry: Entry) -> Spec:
        pointer = f"/specs/{escaped(name)}"
        sections: dict[Action, tuple[StepTemplate, ...]] = {}
        when = self._condition(entry, "when", pointer)
        for action in STEP_SECTIONS:
            key = "steps" if action == "add" else action
            if key in entry:
                sections[action] = tuple(
                    replace(step, when=joined(when, step.when)) for step in self._steps(entry[key], f"{pointer}/{key}")
                )
        return Spec(
            name=name,
            kind=entry["kind"],
            system=text_of(entry.get("system")),
            per=tuple(part.strip() for part in str(entry["per"]).split("+")) if "per" in entry else (),
            has_one_owner="owners" in entry,
            sums_quantity=entry.get("quantity") == "sum",
            has_lines=entry.get("lines", False),
            collects=tuple(entry.get("collect", ())),
            label=self._template(entry["label"], f"{pointer}/label") if "label" in entry else None,
            when=when,
            sections=sections,
        )

    def _steps(self, entries: Entry, pointer: str) -> tuple[StepTemplate, ...]:
        return tuple(self._step(name, entry, f"{pointer}/{name}") for name, entry in entries.items())

    def _step(self, name: str, entry: Entry, pointer: str) -> StepTemplate:
        count, undo = entry.get("count"), entry.get("undo")
        is_untimed = entry["type"] == "milestone"
        if "hours" not in entry and not is_untimed:
            self._refuse("hours_missing", "Give hours as [optimistic, typical, pessimistic].", f"{pointer}/hours")
        return StepTemplate(
            name=name,
            title=self._template(entry["name"], f"{pointer}/name"),
            type=entry["type"],
            do=entry.get("do") or DEFAULT_KINDS[entry["type"]],
            after=tuple(after_of(a) for a in as_list(entry.get("after"))),
            hours=self._hours(entry["hours"], f"{pointer}/hours") if "hours" in entry else NO_TIME,
            owner=entry.get("by", "internal"),
            system=text_of(entry.get("system")),
            queue=text_of(entry.get("queue")),
            point_of_no_return=entry.get("ponr", "none"),
            fees=self._fees(entry, pointer),
            undo=text_of(undo["name"] if isinstance(undo, Mapping) else undo),
            undo_do=undo["do"] if isinstance(undo, Mapping) else None,
            optional=entry.get("optional", False),
            condition=self._condition(entry, "if", pointer),
            when=self._condition(entry, "when", pointer),
            yields=tuple(entry.get("yields", ())),
            form=tuple(form_field_of(asked) for asked in entry.get("form", ())),
            signals=entry.get("signals"),
            counts_quantity=count == "quantity",
            counts_product=self._code(count["of"]) if isinstance(count, Mapping) else None,
            completes=text_of(entry.get("completes")),
            tells=entry.get("tells", False),
            only_for=frozenset(self._code(p) for p in as_list(entry.get("for"))),
            params=dict(entry.get("params", {})),
        )

    def _fees(self, entry: Entry, pointer: str) -> dict[str, Decimal]:
        """What it costs to change one's mind past a soft point of no return, by currency."""
        told = entry.get("fee")
        if told is None:
            return {}
        if entry.get("ponr") != "soft":
            self._refuse(
                "fee_unused", "A fee needs “ponr: soft”; past a hard one nothing can be bought.", f"{pointer}/fee"
            )
        fees = told if isinstance(told, Mapping) else {str(self.document.get("currency") or ""): told}
        unknown = [currency for currency in fees if not is_currency(currency)]
        if unknown:
            self._refuse("currency_unknown", f"“{unknown[0]}” is no currency of ISO 4217.", f"{pointer}/fee")
        return {currency: number_of(amount) or Decimal(0) for currency, amount in fees.items()}

    def _hours(self, value: Any, pointer: str) -> Hours | HoursBy:
        if isinstance(value, Mapping):
            choices = {
                str(k): self._three(v, f"{pointer}/{escaped(k)}") for k, v in value.items() if k not in ("by", "else")
            }
            return HoursBy(str(value["by"]), choices, self._three(value["else"], f"{pointer}/else"))
        return self._three(value, pointer)

    def _three(self, value: Sequence[object], pointer: str) -> Hours:
        seconds = Hours(*(int((number_of(v) or Decimal(0)) * 3600 + Decimal("0.5")) for v in value))
        if not seconds.optimistic <= seconds.typical <= seconds.pessimistic:
            self._refuse(
                "hours_order", "Order the hours: optimistic, typical, pessimistic, none below the one before.", pointer
            )
        return seconds

    def _condition(self, entry: Entry, name: str, pointer: str) -> Condition | None:
        if name not in entry:
            return None
        try:
            return parse_condition(str(entry[name]))
        except FeelError as error:
            self._refuse("condition", f"Column {error.column}: {error.message}", f"{pointer}/{name}")
            return None

    def _template(self, text: object, pointer: str) -> Template:
        try:
            return template(str(text))
        except TemplateError as error:
            self._refuse("template", str(error), pointer)
            return template("")

    # -- links, offerings and charges

    def _link(self, number: int, entry: Entry) -> Link:
        match = re.match(DEPENDENCY, str(entry.get("type", "FS")))
        assert match, "the shape has checked it"
        return Link(
            number=number,
            first=self._step_name(entry["first"]),
            then=self._step_name(entry["then"]),
            same=tuple(cast(Sequence[Same], as_list(entry["same"]))),
            type=cast(DependencyType, match["type"] or "FS"),
            lag_seconds=lag_of(match),
            condition=self._condition(entry, "if", f"/links/{number}"),
            needed=entry.get("needed", False),
            note=str(entry.get("note", "")),
        )

    def _step_name(self, text: object) -> StepName:
        owner, _, step = str(text).rpartition(".")
        is_spec = owner in self._spec_names()
        return StepName(owner if is_spec else self._code(owner), is_spec, step)

    def _offerings(self) -> Iterator[tuple[str, Offering]]:
        for name, entry in self.document.get("offerings", {}).items():
            code = self._code(name)
            billing = entry.get("billing")
            yield (
                code,
                Offering(
                    product=code,
                    steps=self._steps(entry.get("steps", {}), f"/offerings/{escaped(name)}/steps"),
                    others={
                        action: self._steps(entry[action], f"/offerings/{escaped(name)}/{action}")
                        for action in STEP_SECTIONS
                        if action in entry
                    },
                    billing=Billing(
                        billing["policy"],
                        billing["gate"],
                        tuple(billing.get("gates", [billing["gate"]])),
                        billing["step"],
                    )
                    if billing
                    else None,
                ),
            )

    def _charge(self, number: int, entry: Entry) -> ChargeRule:
        code = self._code(entry["for"])
        effective, effective_step = self._effective(code, entry.get("effective"))
        return ChargeRule(
            number=number,
            product=code,
            type=entry["type"],
            amount=str(entry["amount"]) if "amount" in entry else self._list_amount(code, entry["type"], number),
            effective=effective,
            effective_step=effective_step,
            gates=tuple(self._gate(g) for g in entry.get("gates", ())),
            waived_when_skipped=entry.get("waived") == "skipped",
            is_independent=entry.get("policy") == "independent",
        )

    def _effective(self, code: str, value: object) -> tuple[str, str | StepName | None]:
        """A local step of a bundle, a step of a spec, or only a sentence for people."""
        if value is None:
            return "when its gates are passed", None
        text, step = (
            (str(value["text"]), str(value["step"])) if isinstance(value, Mapping) else (str(value), str(value))
        )
        if re.match(r"^[A-Za-z][\w-]*$", step):
            return text, step
        named = self._step_name(step)
        return text, named if named.is_spec else None

    def _gate(self, value: object) -> Gate:
        if isinstance(value, Mapping):
            return Gate(self._step_name(value["step"]), value.get("same") == "bundle")
        return Gate(self._step_name(value))

    def _list_amount(self, code: str, kind: str, number: int) -> str:
        """The amount as the price list has it: 15.00/terminal/month."""
        product = self.products.get(code)
        for price in product.prices if product else ():
            amount = price.recurring if kind in ("recurring", "usage") else price.one_time
            if amount is not None:
                period = price.period if kind in ("recurring", "usage") else None
                text = str(round_amount(amount, price.currency) if is_currency(price.currency) else amount)
                return "/".join(part for part in (text, price.per, period) if part)
        self._refuse(
            "amount_missing",
            f"{code} has no {kind} price; give it one, or the charge an amount.",
            f"/charges/{number}/amount",
        )
        return "0"
