"""Nouns of fulfilment: facts, things (fulfilment items), planned steps, charges, and the plan that holds them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from orderloom.catalog.rules import Item
from orderloom.catalog.types import (
    Action,
    Billing,
    Catalogue,
    ChargeRule,
    DependencyType,
    Link,
    Rule,
    Scalar,
    Spec,
    StepTemplate,
)
from orderloom.processes.types import Edge, Node

OPEN = "?"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was found out: by a finished step, in the records, or before the sale.

    `about` is the key of the step that told it, a thing's key or an item's line; empty means the
    whole order. `source` says for people where it comes from.
    """

    name: str
    value: Scalar
    about: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Sourced:
    """A quantity of a line that goes one way, such as from one warehouse. Without a place: wherever it goes."""

    line: str
    quantity: Decimal
    attributes: Mapping[str, str]
    place: str | None = None


@dataclass(frozen=True, slots=True)
class Installed:
    """A thing that the customer has already, at a place.

    `users` are the installed products that need it, `leaving` those of them that another order under way takes
    away; `known` is what is written down of it.
    """

    spec: str
    place: str | None = None
    key: str = ""
    users: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()
    known: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def is_going(self) -> bool:
        """Whether nobody will need it once the orders under way are carried out."""
        return bool(self.users) and set(self.users) == set(self.leaving)


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known from outside the order and the catalogue; an input of the planner, kept with the plan."""

    told: tuple[Fact, ...] = ()
    sourced: tuple[Sourced, ...] = ()
    installed: tuple[Installed, ...] = ()


NO_FACTS = Facts()


@dataclass(frozen=True, slots=True)
class Lot:
    """The part of an item that goes one way."""

    line: str
    place: str | None
    quantity: Decimal
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """So many of a line inside a thing, such as in a parcel."""

    line: str
    sku: str
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Because:
    """Why a line stands behind a thing: the rule, and the thing that it started from if it was not the line."""

    line: str
    rule: Rule
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class FulfilmentItem:
    """One thing that must exist. Its key is made of content, so that planning again finds it again.

    `sources` are the lines behind it, `makers` those that made it. `open_attributes` are not known
    yet: the thing is provisional. An installed thing is there already and has no steps. `realized` is what the
    customer has of it when the order acts on installed products; `needed_by` those who keep it alive.
    """

    key: str
    spec: Spec
    action: Action
    label: str
    place: str | None
    quantity: Decimal
    characteristics: Mapping[str, Scalar]
    parents: tuple[str, ...]
    makers: tuple[str, ...]
    sources: tuple[str, ...]
    lots: tuple[Lot, ...]
    lines: tuple[Line, ...]
    because: tuple[Because, ...]
    open_attributes: tuple[str, ...] = ()
    is_installed: bool = False
    realized: Installed | None = None
    needed_by: tuple[str, ...] = ()

    @property
    def scope(self) -> str:
        """What there is one of it per."""
        return "+".join(self.spec.per) or ("parent" if self.parents else "item")


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """What orders of equal structure share: immutable nodes and edges in canonical order.

    Predecessors come before their successors. `memory` keeps what was calculated from the content.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    memory: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def hash(self) -> str:
        """A digest of the content."""
        if "hash" not in self.memory:
            content = [[_plain_node(n) for n in self.nodes], [_plain_edge(e) for e in self.edges]]
            text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
            self.memory["hash"] = hashlib.sha256(text.encode()).hexdigest()
        return str(self.memory["hash"])


def _plain_node(node: Node) -> dict[str, object]:
    return {name: getattr(node, name) for name in node.__slots__}


def _plain_edge(edge: Edge) -> list[object]:
    return [edge.first, edge.then, edge.type, edge.lag_seconds, edge.kind]


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """One step of this order. Its place in `Plan.steps` is its node's place in the shape.

    `thing` is the place of its thing in `Plan.things`; a step of something sold has its line as
    `item` instead, a step of the order neither. `decided` is what its condition came to with the
    facts given; `reads` names the steps that tell the facts it reads. A provisional step cannot
    start before its thing is decided.
    """

    key: str
    title: str
    template: StepTemplate
    item: str | None
    thing: int | None
    lines: tuple[str, ...]
    expected: int | None = None
    decided: bool | None = None
    is_provisional: bool = False
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_born_skipped(self) -> bool:
        """Whether its condition is known to be false already."""
        return self.decided is False


@dataclass(frozen=True, slots=True)
class Charge:
    """What will be charged for a line once every gate is passed. Gates are step keys, in plan order.

    `by_itself`: no billing step is sure to come after all of its gates, so it is charged when they are passed.
    """

    line: str
    rule: ChargeRule
    gates: tuple[str, ...]
    own_gates: tuple[str, ...]
    trigger: str | None
    effective_steps: tuple[str, ...]
    by_itself: bool = False

    @property
    def key(self) -> str:
        """Its identity within the order: line and rule."""
        return f"{self.line}/{self.rule.number}"


@dataclass(frozen=True, slots=True)
class BundleBilling:
    """How one bundle of the order is billed, with step keys in place of local names."""

    line: str
    billing: Billing
    gate: str
    gates: tuple[str, ...]
    step: str


@dataclass(frozen=True, slots=True)
class Kits:
    """A bundle that is counted in complete kits: the delivered goods of one kit, and the variables that tell.

    `deliveries` are the steps that bring the goods.
    """

    line: str
    quantity: Decimal
    per_kit: Mapping[str, Decimal]
    deliveries: tuple[str, ...]
    complete_variable: str
    ordered_variable: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Why the order cannot go ahead although it is valid: a line that no rule covers."""

    code: str
    line: str
    message: str


Reason = Link | StepTemplate | str


@dataclass(frozen=True, slots=True)
class Plan:
    """An order compiled: things, steps and charges, with the shape that it shares with its like.

    `reasons` says of each edge of the shape why it is there. `variables` are for the process to
    start with. With holds the order must be held; `nothing` gives the reasons of lines for which
    nothing has to be done; a warning is for the eye.
    """

    catalogue: Catalogue
    items: Mapping[str, Item]
    things: tuple[FulfilmentItem, ...]
    shape: Shape
    steps: tuple[PlannedStep, ...]
    reasons: tuple[Reason, ...]
    charges: tuple[Charge, ...]
    billing: tuple[BundleBilling, ...]
    kits: tuple[Kits, ...]
    holds: tuple[Hold, ...]
    nothing: Mapping[str, str]
    warnings: tuple[str, ...]
    variables: Mapping[str, Any]

    def number_of(self, key: str) -> int:
        """The place of a step."""
        return self.numbers()[key]

    def predecessors_of(self, number: int) -> list[Edge]:
        """What a step waits for."""
        return [edge for edge in self.shape.edges if edge.then == number and edge.kind == "plan"]

    def numbers(self) -> dict[str, int]:
        """The place of every step by its key."""
        return {step.key: number for number, step in enumerate(self.steps)}


@dataclass(frozen=True, slots=True)
class Dependency:
    """An edge between two steps by their keys."""

    first: str
    then: str
    type: DependencyType
    lag_seconds: int
