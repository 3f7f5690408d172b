"""Planning without side effects: what an order would come to, when, why, and what it would be billed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import refuse
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment.explain import edge_reason, step_reason, thing_reasons
from orderloom.fulfilment.plan import SoldOrder, build_plan
from orderloom.fulfilment.schedule import Schedule, schedule
from orderloom.fulfilment.types import Charge, Facts, FulfilmentItem, Plan, Sourced
from orderloom.stock.sourcing import Demand, source_lots


@dataclass(frozen=True, slots=True)
class Stock:
    """What is free, by SKU, product code or name, then warehouse; warehouses in order of preference."""

    warehouses: tuple[str, ...] = ()
    free: Mapping[str, Mapping[str, Decimal]] | None = None


NO_STOCK = Stock()


@dataclass(frozen=True, slots=True)
class Simulation:
    """A plan with its forecast, and the facts that were assumed."""

    plan: Plan
    schedule: Schedule
    facts: Facts


def simulate(catalogue: Catalogue, order: SoldOrder, facts: Facts, stock: Stock = NO_STOCK) -> Simulation:
    """Plan an order as if it were placed now; pure, so two runs are alike.

    Where a lot still needs a warehouse and stock is given, it is sourced first. Refuses what
    `build_plan` refuses.
    """
    plan = build_plan(catalogue, order, facts)
    demands = open_demands(plan, "warehouse")
    if demands and stock.free is not None:
        allocations = source_lots(demands, stock.free, stock.warehouses)
        found = tuple(Sourced(a.line, a.quantity, {"warehouse": a.warehouse}, a.place) for a in allocations)
        facts = replace(facts, sourced=(*facts.sourced, *found))
        plan = build_plan(catalogue, order, facts, check_items=False)
    skipped = frozenset(number for number, step in enumerate(plan.steps) if step.is_born_skipped)
    return Simulation(plan, schedule(plan.shape, skipped), facts)


def open_demands(plan: Plan, attribute: str) -> list[Demand]:
    """The lots of provisional things that wait for this attribute, line by line in natural order."""
    demands: list[Demand] = []
    order = {line: place for place, line in enumerate(plan.items)}
    for thing in plan.things:
        if attribute not in thing.open_attributes:
            continue
        for lot in thing.lots:
            product = plan.items[lot.line].product
            demands.append(Demand(lot.line, product.sku or product.code, lot.quantity, lot.place))
    return sorted(demands, key=lambda demand: order[demand.line])


def choose_catalogue(catalogues: Sequence[Catalogue], order: SoldOrder, code: str | None) -> Catalogue:
    """The catalogue that an order names, else the one that knows all its products; or refuse."""
    if code is not None:
        for catalogue in catalogues:
            if catalogue.code == code:
                return catalogue
        known = ", ".join(c.code for c in catalogues)
        refuse("catalogue_unknown", f"There is no catalogue “{code}”; known are {known}.", "/catalogue")
    best, most = None, -1
    for catalogue in catalogues:
        count = sum(1 for item in order.items if catalogue.product(item.product) is not None)
        if count > most:
            best, most = catalogue, count
    if best is None:
        refuse("catalogue_missing", "There is no catalogue here; give one.", "")
    return best


def as_json(simulation: Simulation) -> dict[str, Any]:
    """The simulation in plain values; canonical, so that equal simulations are equal byte for byte."""
    plan, forecast = simulation.plan, simulation.schedule
    keys = [step.key for step in plan.steps]
    return {
        "catalogue": {"code": plan.catalogue.code, "version": plan.catalogue.version},
        "items": [_item(plan, line) for line in plan.items],
        "fulfilment_items": [_thing(plan, thing) for thing in plan.things],
        "steps": [_step(plan, forecast, number) for number in range(len(plan.steps))],
        "dependencies": [
            {
                "predecessor": keys[edge.first],
                "successor": keys[edge.then],
                "type": edge.type,
                "lag_hours": _hours(edge.lag_seconds),
                "why": edge_reason(reason),
            }
            for edge, reason in zip(plan.shape.edges, plan.reasons, strict=True)
            if edge.kind == "plan"
        ],
        "critical_path": [keys[number] for number in forecast.critical_path],
        "expected_hours": {
            "optimistic": _hours(forecast.optimistic),
            "typical": _hours(forecast.typical),
            "pessimistic": _hours(forecast.pessimistic),
            "pert": _hours(forecast.expected),
            "promise": _hours(forecast.promise),
        },
        "billing": {
            "bundles": [
                {
                    "item": b.line,
                    "policy": b.billing.policy,
                    "gate": b.gate,
                    "gates": list(b.gates),
                    "step": b.step,
                }
                for b in plan.billing
            ],
            "charges": [_charge(charge) for charge in plan.charges],
        },
        "holds": [{"item": hold.line, "code": hold.code, "reason": hold.message} for hold in plan.holds],
        "nothing_to_do": [{"item": line, "reason": reason} for line, reason in plan.nothing.items()],
        "warnings": list(plan.warnings),
    }


def _item(plan: Plan, line: str) -> dict[str, Any]:
    item = plan.items[line]
    return {
        "line": line,
        "product": item.product.code,
        "name": item.product.name,
        "parent": item.parent,
        "children": list(item.children),
        "action": item.action,
        "quantity": _number(item.quantity),
        "role": item.role,
        "place": item.place,
        "characteristics": {name: _plain(value) for name, value in sorted(item.characteristics.items())},
        "relies_on": list(item.relies_on),
    }


def _thing(plan: Plan, thing: FulfilmentItem) -> dict[str, Any]:
    return {
        "key": thing.key,
        "kind": thing.spec.kind,
        "spec": thing.spec.name,
        "label": thing.label,
        "action": thing.action,
        "sources": list(thing.sources),
        "scope": thing.scope,
        "quantity": _number(thing.quantity),
        "system": thing.spec.system,
        "place": thing.place,
        "parents": list(thing.parents),
        "characteristics": {name: _plain(value) for name, value in sorted(thing.characteristics.items())},
        "lines": [{"line": one.line, "sku": one.sku, "quantity": _number(one.quantity)} for one in thing.lines],
        "provisional": bool(thing.open_attributes),
        "why": thing_reasons(plan, thing),
    }


def _step(plan: Plan, forecast: Schedule, number: int) -> dict[str, Any]:
    step, node = plan.steps[number], plan.shape.nodes[number]
    template = step.template
    thing = plan.things[step.thing] if step.thing is not None else None
    slack = forecast.slack[number]
    return {
        "key": step.key,
        "name": step.title,
        "kind": template.type,
        "do": template.do,
        "item": step.item or (thing.makers[0] if thing else None),
        "fulfilment_item": thing.key if thing else None,
        "owner": template.owner,
        "queue": template.queue,
        "partner": template.system,
        "durations_hours": [_rounded(hours) for hours in node.hours or (0.0, 0.0, 0.0)],
        "point_of_no_return": template.point_of_no_return,
        "mandatory": not template.optional,
        "count": step.expected,
        "when": node.when,
        "wait_for": node.wait_for,
        "yields": list(template.yields),
        "undo": template.undo,
        "starts_hours": _hours(forecast.starts[number]),
        "finishes_hours": _hours(forecast.finishes[number]),
        "slack_hours": None if slack is None else _hours(slack),
        "skipped": step.is_born_skipped,
        "provisional": step.is_provisional,
        "why": step_reason(plan, number),
    }


def _charge(charge: Charge) -> dict[str, Any]:
    rule = charge.rule
    return {
        "item": charge.line,
        "type": rule.type,
        "amount": rule.amount,
        "gates": list(charge.gates),
        "trigger": charge.trigger,
        "effective": rule.effective,
        "effective_steps": list(charge.effective_steps),
        "policy": "independent" if rule.is_independent else "bundle",
        "waived": "skipped" if rule.waived_when_skipped else None,
        "why": f"charge {rule.number + 1} of the catalogue, for {rule.product}",
    }


def _hours(seconds: int) -> float | int:
    return _rounded(seconds / 3600)


def _rounded(hours: float) -> float | int:
    rounded = round(hours, 4)
    return int(rounded) if rounded == int(rounded) else rounded


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _plain(value: object) -> object:
    return _number(value) if isinstance(value, Decimal) else value
