"""Nouns of a catalogue: products and bundles as sold, and rules, specs, links and charges that fulfil them.

Everything here is immutable and belongs to one catalogue version; an order pins the version that it was planned with.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from orderloom.catalog.template import Template
from orderloom.feel.conditions import Condition

ProductKind = Literal["good", "service", "subscription", "fee"]
Tracking = Literal["none", "lot", "serial"]
CharacteristicType = Literal["text", "number", "integer", "boolean", "date"]
Period = Literal["day", "week", "month", "quarter", "year"]
Action = Literal["add", "modify", "delete", "suspend", "resume", "none"]
ThingKind = Literal[
    "service", "resource", "shipment", "workOrder", "purchaseOrder", "entitlement", "customerAction"
]  # fmt: skip
StepType = Literal["auto", "callout", "event", "manual", "appointment", "timer", "milestone"]
Owner = Literal["internal", "customer", "carrier", "vendor", "partner"]
PointOfNoReturn = Literal["none", "soft", "hard"]
DependencyType = Literal["FS", "SS", "FF", "SF"]
Signal = Literal["live", "delivered"]
Same = Literal["tree", "item", "reliesOn", "bundle", "place", "order"]
Policy = Literal["together", "anchor", "independent", "perCompleteUnit"]
OnChange = Literal["redo", "amend", "ignore"]
Scalar = str | bool | int | Decimal | None

STEP_SECTIONS: tuple[Action, ...] = ("add", "modify", "delete", "suspend", "resume")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of measure and how finely it is divided."""

    code: str
    name: str
    decimals: int = 0


UNITS: Mapping[str, Unit] = {
    unit.code: unit
    for unit in (
        Unit("each", "Each"), Unit("pack", "Pack"), Unit("kit", "Kit"), Unit("licence", "Licence"),
        Unit("month", "Month", 3), Unit("hour", "Hour", 2), Unit("m", "Metre", 3), Unit("kg", "Kilogram", 3),
        Unit("l", "Litre", 3),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Characteristic:
    """A property that the customer or seller gives to an item of a product."""

    name: str
    type: CharacteristicType = "text"
    required: bool = False
    choices: tuple[Scalar, ...] = ()
    default: Scalar = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A list price per unit, once or by period; `per` is the word for the unit on paper."""

    currency: str
    one_time: Decimal | None = None
    recurring: Decimal | None = None
    period: Period | None = None
    per: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """How many different parts of a group a bundle takes."""

    code: str
    minimum: int = 0
    maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a bundle: its role, how many lines of it there may be, and its quantity in one bundle.

    Without a quantity the customer is free to choose it.
    """

    product: str
    role: str | None = None
    group: str | None = None
    minimum: int = 0
    maximum: int | None = 1
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold. `is_open` marks a product that is only named by rules: any characteristic is taken."""

    code: str
    name: str
    kind: ProductKind = "service"
    product_class: str | None = None
    short_name: str | None = None
    description: str = ""
    unit: str = "each"
    tracking: Tracking = "none"
    tax_category: str = "standard"
    sku: str | None = None
    vendor: str | None = None
    characteristics: Mapping[str, Characteristic] = field(default_factory=dict)
    prices: tuple[Price, ...] = ()
    groups: tuple[Group, ...] = ()
    components: tuple[Component, ...] = ()
    terms: Mapping[str, Scalar] = field(default_factory=dict)
    is_open: bool = False

    @property
    def is_bundle(self) -> bool:
        """Whether it is sold with parts."""
        return bool(self.components)


class Hours(NamedTuple):
    """Optimistic, typical and pessimistic duration, in whole seconds."""

    optimistic: int
    typical: int
    pessimistic: int


NO_TIME = Hours(0, 0, 0)


@dataclass(frozen=True, slots=True)
class HoursBy:
    """A duration that depends on an attribute, such as the warehouse."""

    attribute: str
    choices: Mapping[str, Hours]
    otherwise: Hours


@dataclass(frozen=True, slots=True)
class After:
    """A step waits for a sibling."""

    step: str
    type: DependencyType = "FS"
    lag_seconds: int = 0


@dataclass(frozen=True, slots=True)
class AfterSignal:
    """A step of a bundle waits for every step of the bundle that carries the signal.

    With `kits`, for the deliveries without which so many kits are impossible, and for the kits. With
    `role`, for the steps behind its part of that role only.
    """

    signal: Signal
    kits: int | Literal["all"] | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class StepTemplate:
    """One piece of work; `name` is local to its spec, offering or order.

    `do` is the kind of step that carries it out. `count` is the quantity of its thing, or of a
    product in its bundle. `form` is what a person is asked for who completes it. `fees`, by currency,
    are what a customer pays who changes his mind past a soft point of no return.
    """

    name: str
    title: Template
    type: StepType
    do: str
    after: tuple[After | AfterSignal, ...] = ()
    hours: Hours | HoursBy = NO_TIME
    owner: Owner = "internal"
    system: str | None = None
    queue: str | None = None
    point_of_no_return: PointOfNoReturn = "none"
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    undo: str | None = None
    undo_do: str | None = None
    optional: bool = False
    condition: Condition | None = None
    when: Condition | None = None
    yields: tuple[str, ...] = ()
    form: tuple[Mapping[str, object], ...] = ()
    signals: Signal | None = None
    counts_quantity: bool = False
    counts_product: str | None = None
    completes: str | None = None
    tells: bool = False
    only_for: frozenset[str] = frozenset()
    params: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copy:
    """A characteristic of the source becomes one of the thing."""

    target: str
    source: str
    on_change: OnChange = "redo"
    back: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What must exist because something is sold, or because another rule made something.

    `source` is a product's code, a class or a spec; exactly one of `make`, `use` and `nothing` is set.
    """

    number: int
    source: str
    source_kind: Literal["product", "class", "spec"]
    make: str | None = None
    use: str | None = None
    nothing: str | None = None
    optional: bool = False
    condition: Condition | None = None
    copies: tuple[Copy, ...] = ()
    sets: tuple[tuple[str, Template], ...] = ()

    def __str__(self) -> str:
        verb = f"make {self.make}" if self.make else f"use {self.use}" if self.use else "nothing to do"
        return f"rule {self.number + 1}: from {self.source}, {verb}"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a made thing is, how many there are of it, and its steps by action."""

    name: str
    kind: ThingKind
    system: str | None = None
    per: tuple[str, ...] = ()
    has_one_owner: bool = False
    sums_quantity: bool = False
    has_lines: bool = False
    collects: tuple[str, ...] = ()
    label: Template | None = None
    when: Condition | None = None
    sections: Mapping[Action, tuple[StepTemplate, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StepName:
    """A step of a spec or of an offering, as links and gates name it."""

    owner: str
    is_spec: bool
    step: str

    def __str__(self) -> str:
        return f"{self.owner}.{self.step}"


@dataclass(frozen=True, slots=True)
class Link:
    """What waits for what between things; `same` says which two belong together, first match wins."""

    number: int
    first: StepName
    then: StepName
    same: tuple[Same, ...]
    type: DependencyType = "FS"
    lag_seconds: int = 0
    condition: Condition | None = None
    needed: bool = False
    note: str = ""

    def __str__(self) -> str:
        suffix = f" ({self.note})" if self.note else ""
        return f"link {self.number + 1}: same {' or '.join(self.same)}{suffix}"


@dataclass(frozen=True, slots=True)
class Billing:
    """When a bundle is billed: its policy, the gate that triggers, all its gates, and the billing step."""

    policy: Policy
    gate: str
    gates: tuple[str, ...]
    step: str


@dataclass(frozen=True, slots=True)
class Offering:
    """Steps and billing of something sold as a whole.

    `others` are its steps when it is not added but changed, disconnected, suspended or resumed; a change without
    steps of its own takes those of adding.
    """

    product: str
    steps: tuple[StepTemplate, ...] = ()
    billing: Billing | None = None
    others: Mapping[Action, tuple[StepTemplate, ...]] = field(default_factory=dict)

    def steps_for(self, action: Action) -> tuple[StepTemplate, ...]:
        """The steps of an action."""
        return self.others.get(action, self.steps if action in ("add", "modify") else ())

    def every_step(self) -> tuple[StepTemplate, ...]:
        """The steps of all its actions."""
        return (*self.steps, *(step for steps in self.others.values() for step in steps))


@dataclass(frozen=True, slots=True)
class Gate:
    """A step that must be complete before a charge: of the item's own things, or of its whole bundle's."""

    step: StepName
    in_bundle: bool = False


@dataclass(frozen=True, slots=True)
class ChargeRule:
    """What releases a charge. `effective` is a sentence; `effective_step` the step whose date it means."""

    number: int
    product: str
    type: Literal["oneTime", "recurring", "prepaidService", "usage"]
    amount: str
    effective: str
    effective_step: str | StepName | None = None
    gates: tuple[Gate, ...] = ()
    waived_when_skipped: bool = False
    is_independent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Catalogue:
    """One version of a catalogue. `document` is what it was read from, in plain JSON values."""

    code: str
    version: int
    title: str
    currency: str | None
    valid_from: date | None
    valid_until: date | None
    names: Mapping[str, str]
    units: Mapping[str, Unit]
    products: Mapping[str, Product]
    codes_by_name: Mapping[str, str]
    rules: tuple[Rule, ...]
    specs: Mapping[str, Spec]
    spec_order: tuple[str, ...]
    links: tuple[Link, ...]
    offerings: Mapping[str, Offering]
    order_steps: tuple[StepTemplate, ...]
    charges: tuple[ChargeRule, ...]
    document: Mapping[str, object] = field(repr=False)

    def product(self, code_or_name: str) -> Product | None:
        """The product of this code, or else of this name."""
        found = self.products.get(code_or_name)
        return found or self.products.get(self.codes_by_name.get(code_or_name, ""))

    def steps(self) -> Iterator[StepTemplate]:
        """Every step template there is."""
        yield from self.order_steps
        for spec in self.specs.values():
            for section in spec.sections.values():
                yield from section
        for offering in self.offerings.values():
            yield from offering.every_step()
