"""Why a thing, a step or a dependency exists: rule, condition and source, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.catalog.types import Link, StepTemplate
from orderloom.fulfilment.types import FulfilmentItem, Plan, Reason

MAX_REASONS = 20
MAX_LINES = 6


def thing_reasons(plan: Plan, thing: FulfilmentItem) -> list[str]:
    """One sentence for each rule and line behind a thing; long lists are cut with their count."""
    reasons: dict[str, None] = {}
    for because in thing.because:
        product = plan.items[because.line].product.name
        rule = because.rule
        source = f"line {because.line} ({product})"
        if because.parent is not None:
            source += f" by way of {because.parent}"
        condition = f", because {rule.condition.text}" if rule.condition is not None else ""
        reasons[f"{source}: {rule}{condition}"] = None
    found = list(reasons)
    if thing.is_installed:
        found.append("installed already, so it is used and not made")
    if len(found) > MAX_REASONS:
        return [*found[:MAX_REASONS], f"and {len(found) - MAX_REASONS} more"]
    return found


def step_reason(plan: Plan, number: int) -> str:
    """Where a step comes from, its conditions, and what became of them."""
    step = plan.steps[number]
    template = step.template
    parts = [_origin(plan, number)]
    if template.condition is not None:
        parts.append(f"planned because {template.condition.text}")
    if template.when is not None:
        parts.append(_when(plan, number))
    if step.is_provisional and step.thing is not None:
        missing = " and ".join(plan.things[step.thing].open_attributes)
        parts.append(f"provisional until the {missing} is known")
    node = plan.shape.nodes[number]
    if node.wait_for is not None:
        parts.append(f"waits until {node.wait_for}")
    return "; ".join(parts)


def _origin(plan: Plan, number: int) -> str:
    step = plan.steps[number]
    name = step.template.name
    if step.thing is not None:
        thing = plan.things[step.thing]
        action = "" if thing.action == "add" else f" to {thing.action} it"
        rules = list(dict.fromkeys(str(because.rule) for because in thing.because))
        rule = f" ({'; '.join(rules[:3])})" if rules else ""
        return f"step {name} of spec {thing.spec.name}{action}, needed by {_lines(thing.sources)}{rule}"
    if step.item is not None:
        return f"step {name} of the offering {plan.items[step.item].product.name}, line {step.item}"
    return f"step {name} of the order as a whole"


def _lines(lines: Sequence[str]) -> str:
    if len(lines) == 1:
        return f"line {lines[0]}"
    more = f" and {len(lines) - MAX_LINES} more" if len(lines) > MAX_LINES else ""
    return f"lines {', '.join(lines[:MAX_LINES])}{more}"


def _when(plan: Plan, number: int) -> str:
    step = plan.steps[number]
    assert step.template.when is not None
    text = step.template.when.text
    if step.decided is True:
        return f"runs because {text} is known to hold"
    if step.decided is False:
        return f"skipped because {text} is known not to hold"
    tellers = sorted({key for keys in step.reads.values() for key in keys})
    return f"runs if {text}, which {' and '.join(tellers[:3])} will tell"


def edge_reason(reason: Reason) -> str:
    """Why one step waits for another."""
    if isinstance(reason, Link):
        return str(reason)
    if isinstance(reason, StepTemplate):
        return f"step {reason.name} says so (after)"
    return reason
