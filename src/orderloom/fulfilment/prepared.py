"""A catalogue made ready for planning: its rules, links and charges by what sets them off."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from orderloom.catalog.types import (
    Catalogue,
    ChargeRule,
    Hours,
    Product,
    Rule,
    Spec,
    StepTemplate,
)
from orderloom.fulfilment.types import Shape
from orderloom.processes.types import Edge, Mode, Node, Undo

MOST_SHAPES = 2_000
ABSORBED_KINDS = frozenset(
    {
        "stock.pick", "stock.ship", "stock.pick_and_ship", "stock.deliver",
        "purchase.acknowledge", "purchase.notify", "purchase.deliver",
    }
)  # fmt: skip
"""Kinds of step whose results are written before anything that follows is released."""
_MODES: Mapping[str, Mode] = {
    "auto": "auto",
    "callout": "auto",
    "event": "event",
    "manual": "person",
    "timer": "timer",
    "milestone": "pass",
}

_GENERAL_KINDS = frozenset({"fulfilment.note", "gateway.call", "gateway.event", "gateway.appointment"})

UNDO_KINDS: Mapping[str, str] = {
    "stock.reserve": "stock.unreserve",
    "stock.pick": "stock.put_back",
    "purchase.send": "purchase.cancel",
    "gateway.call": "gateway.call",
}
"""What takes back the kinds of step that this program or a partner carries out."""

EdgeKey = tuple[int, int, str, int, str]


@dataclass(slots=True, eq=False)
class Prepared:
    """One catalogue, indexed; and the nodes and shapes that plans of it share."""

    catalogue: Catalogue
    spec_order: tuple[str, ...]
    yielded: frozenset[str]
    expanding: frozenset[str]
    _rules_by_product: dict[str, tuple[Rule, ...]]
    _rules_by_spec: dict[str, tuple[Rule, ...]]
    _charges: dict[str, tuple[ChargeRule, ...]]
    _nodes: dict[object, tuple[int, Node]] = field(default_factory=dict)
    _by_number: list[Node] = field(default_factory=list)
    _edges: dict[EdgeKey, Edge] = field(default_factory=dict)
    _shapes: OrderedDict[tuple[tuple[int, ...], tuple[EdgeKey, ...]], Shape] = field(default_factory=OrderedDict)

    def rules_of(self, product: Product) -> tuple[Rule, ...]:
        """Rules from a product or its class, in catalogue order."""
        return self._rules_by_product.get(product.code, ())

    def rules_of_spec(self, spec: str) -> tuple[Rule, ...]:
        """Rules from a spec, in catalogue order."""
        return self._rules_by_spec.get(spec, ())

    def charges_of(self, product: Product) -> tuple[ChargeRule, ...]:
        """Charges for a product, in catalogue order."""
        return self._charges.get(product.code, ())

    def node(
        self,
        template: StepTemplate,
        hours: Hours,
        spec: Spec | None,
        *,
        wait_for: str | None,
        when: str | None,
        tells: bool,
    ) -> int:
        """The number of the node that all steps of this template, duration and condition share."""
        key = (id(template), hours, wait_for, when, tells)
        known = self._nodes.get(key)
        if known is None:
            known = (len(self._by_number), _node(template, hours, spec, wait_for=wait_for, when=when, tells=tells))
            self._nodes[key] = known
            self._by_number.append(known[1])
        return known[0]

    def shape(self, nodes: Sequence[int], edges: Sequence[EdgeKey]) -> Shape:
        """The one shape of these nodes and edges; orders of equal structure get the same object."""
        key = (tuple(nodes), tuple(edges))
        shape = self._shapes.get(key)
        if shape is None:
            shape = Shape(tuple(self._by_number[n] for n in nodes), tuple(self._edge(e) for e in edges))
            self._shapes[key] = shape
            if len(self._shapes) > MOST_SHAPES:
                self._shapes.popitem(last=False)
        else:
            self._shapes.move_to_end(key)
        return shape

    def _edge(self, key: EdgeKey) -> Edge:
        first, then, kind, lag, role = key
        return Edge(first, then, kind, lag, role)  # type: ignore[arg-type]


@lru_cache(maxsize=64)
def prepare(catalogue: Catalogue) -> Prepared:
    """Index a catalogue once; the result is kept for the next order."""
    by_product: dict[str, tuple[Rule, ...]] = {}
    for product in catalogue.products.values():
        rules = tuple(r for r in catalogue.rules if _is_from(r, product))
        if rules:
            by_product[product.code] = rules
    by_spec: dict[str, tuple[Rule, ...]] = {}
    charges: dict[str, tuple[ChargeRule, ...]] = {}
    for rule in catalogue.rules:
        if rule.source_kind == "spec":
            by_spec[rule.source] = (*by_spec.get(rule.source, ()), rule)
    for charge in catalogue.charges:
        charges[charge.product] = (*charges.get(charge.product, ()), charge)
    yielded = frozenset(fact for step in catalogue.steps() for fact in step.yields)
    per = frozenset(name for spec in catalogue.specs.values() for name in spec.per)
    return Prepared(
        catalogue=catalogue,
        spec_order=catalogue.spec_order,
        yielded=yielded,
        expanding=yielded & per,
        _rules_by_product=by_product,
        _rules_by_spec=by_spec,
        _charges=charges,
    )


def _is_from(rule: Rule, product: Product) -> bool:
    if rule.source_kind == "class":
        return rule.source == product.product_class
    return rule.source_kind == "product" and rule.source == product.code


def mode_of(template: StepTemplate) -> Mode:
    """Who carries a step out, as the engine knows it."""
    if template.type == "appointment":
        return "person" if template.owner == "internal" else "event"
    return _MODES[template.type]


def _node(
    template: StepTemplate, hours: Hours, spec: Spec | None, *, wait_for: str | None, when: str | None, tells: bool
) -> Node:
    mode = mode_of(template)
    undo = None
    if template.undo is not None:
        undo_mode: Mode = "person" if template.undo_do is None and mode == "person" else "auto"
        undo = Undo(template.undo_do or _undo_kind(template), template.undo, undo_mode)
    return Node(
        kind=template.do,
        mode=mode,
        mandatory=not template.optional,
        when=when,
        wait_for=wait_for,
        yields=template.yields,
        tells=tells or template.tells or mode in ("event", "person") or template.signals is not None,
        absorbs=template.do in ABSORBED_KINDS,
        point_of_no_return=template.point_of_no_return,
        undo=undo,
        hours=(hours.optimistic / 3600, hours.typical / 3600, hours.pessimistic / 3600),
        delay_seconds=hours.typical if mode == "timer" else 0,
        params=_params(template, spec),
    )


def _params(template: StepTemplate, spec: Spec | None) -> dict[str, object]:
    form = {"form": [dict(asked) for asked in template.form]} if template.form else {}
    return {"step": template.name, **({"spec": spec.name} if spec else {}), **template.params, **form}


def _undo_kind(template: StepTemplate) -> str:
    if template.do in UNDO_KINDS:
        return UNDO_KINDS[template.do]
    if template.type == "manual":
        return "work.task"
    return "gateway.call" if template.system and template.type != "auto" else "fulfilment.note"
