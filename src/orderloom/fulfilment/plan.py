"""An order compiled: one pure function from item tree, catalogue version and facts to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.catalog.rules import SoldItem, item_problems, item_tree
from orderloom.catalog.types import Catalogue, Scalar
from orderloom.fulfilment.billing import anchor_problems, billing_of, charges_of, together_problems
from orderloom.fulfilment.conditions import decide_conditions, refuse_unordered_things
from orderloom.fulfilment.decompose import Decomposition, decompose
from orderloom.fulfilment.graph import Graph
from orderloom.fulfilment.kits import wait_for_kits
from orderloom.fulfilment.prepared import Prepared, prepare
from orderloom.fulfilment.types import NO_FACTS, Facts, Plan


class SoldOrder(Protocol):
    """An order, as it is entered or as it is kept."""

    @property
    def items(self) -> Sequence[SoldItem]: ...
    @property
    def type(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def customer(self) -> str: ...
    @property
    def ship_to(self) -> str | None: ...
    @property
    def priority(self) -> str: ...
    @property
    def attributes(self) -> Mapping[str, Scalar]: ...


@dataclass(frozen=True, slots=True)
class Planning:
    """A plan, or the problems that stand in its way."""

    plan: Plan | None
    problems: tuple[Problem, ...]


def build_plan(catalogue: Catalogue, order: SoldOrder, facts: Facts = NO_FACTS, *, check_items: bool = True) -> Plan:
    """Plan an order with the facts known so far, or refuse with every problem.

    Pure and deterministic: the same items in any order, the same catalogue version and the same
    facts give the same plan, with the same keys. A leaf that no rule covers does not refuse the
    order but stands in `holds`. `check_items=False` skips `item_problems` for an order that has
    passed them.
    """
    planning = plan_or_problems(catalogue, order, facts, check_items=check_items)
    refuse_if_any(planning.problems)
    assert planning.plan is not None
    return planning.plan


def plan_or_problems(
    catalogue: Catalogue, order: SoldOrder, facts: Facts = NO_FACTS, *, check_items: bool = True
) -> Planning:
    """Like `build_plan`, with the problems returned instead of raised, for callers that collect them."""
    if check_items:
        problems = item_problems(catalogue, order.items)
        if problems:
            return Planning(None, tuple(problems))
    prepared = prepare(catalogue)
    items = item_tree(catalogue, order.items, ship_to=order.ship_to)
    header = _header(order)
    parts = decompose(prepared, items, header, facts)
    if parts.problems:
        return Planning(None, parts.problems)
    graph = Graph(prepared, items, header, facts, parts.things)
    graph.grow(wait_for_kits)
    if not graph.problems:
        decide_conditions(graph)
        refuse_unordered_things(graph)
    if graph.problems:
        return Planning(None, tuple(graph.problems))
    return _billed(prepared, graph, parts)


def _billed(prepared: Prepared, graph: Graph, parts: Decomposition) -> Planning:
    billing = billing_of(graph)
    charges, problems = charges_of(graph, billing)
    problems += together_problems(graph, billing)
    problems += anchor_problems(graph, billing)
    if problems and not parts.holds:  # what nobody covers lacks its gates too, and is the better thing to say
        return Planning(None, tuple(problems))
    plan = Plan(
        catalogue=prepared.catalogue,
        items=graph.items,
        things=graph.things,
        shape=graph.shape(),
        steps=tuple(graph.planned()),
        reasons=tuple(graph.reasons),
        charges=charges,
        billing=tuple(billing.values()),
        kits=tuple(graph.kits),
        holds=parts.holds,
        nothing=parts.nothing,
        warnings=tuple(graph.warnings()),
        variables=graph.variables(),
    )
    return Planning(plan, ())


def _header(order: SoldOrder) -> dict[str, Scalar]:
    header: dict[str, Scalar] = {
        "order.type": order.type,
        "order.channel": order.channel,
        "order.customer": order.customer,
        "order.priority": order.priority,
    }
    header.update((f"order.{name}", value) for name, value in order.attributes.items())
    return header
