"""Complete kits: what a milestone of kits waits for, and how many kits stand delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Literal

from orderloom.catalog.rules import Item
from orderloom.feel.names import identifier
from orderloom.fulfilment.graph import Graph, Step
from orderloom.fulfilment.types import Kits


def complete_kits(per_kit: Mapping[str, Decimal], delivered: Mapping[str, Decimal], *, ordered: Decimal) -> int:
    """How many kits are complete: the fewest over the goods of floor(delivered / per kit), at most the ordered."""
    if not per_kit:
        return int(ordered)
    fewest = min(_floor(delivered.get(line, Decimal(0)) / each) for line, each in per_kit.items())
    return min(fewest, int(ordered))


def kits_without(kits: Kits, missing: Mapping[str, Decimal]) -> int:
    """How many kits can be complete while so much of their lines has not come."""
    come = {line: each * kits.quantity - missing.get(line, Decimal(0)) for line, each in kits.per_kit.items()}
    return complete_kits(kits.per_kit, come, ordered=kits.quantity)


def wait_for_kits(
    graph: Graph, bundle: Item, step: Step, kits: int | Literal["all"], carriers: Sequence[int]
) -> list[int]:
    """The deliveries without which so many kits are impossible; the step also gets its data condition."""
    brought = _brought(graph, bundle, carriers)
    goods = {line for lines in brought.values() for line in lines}
    per_kit = {line: graph.items[line].quantity / bundle.quantity for line in bundle.children if line in goods}
    known = graph.kits[-1] if graph.kits else None
    if known is None or known.line != bundle.line:  # milestones of one bundle come one after the other
        known = Kits(
            line=bundle.line,
            quantity=bundle.quantity,
            per_kit=per_kit,
            deliveries=tuple(graph.steps[number].key for number in carriers),
            complete_variable=f"complete_kits_{identifier(bundle.line)}",
            ordered_variable=f"ordered_kits_{identifier(bundle.line)}",
        )
        graph.kits.append(known)
    wanted = _floor(bundle.quantity) if kits == "all" else min(kits, _floor(bundle.quantity))
    limit = known.ordered_variable if kits == "all" or wanted < kits else str(wanted)
    step.wait_for = f"{known.complete_variable} >= {limit}"
    totals: dict[str, Decimal] = {}
    for lines in brought.values():
        for line, quantity in lines.items():
            totals[line] = totals.get(line, Decimal(0)) + quantity
    return [
        number
        for number in carriers
        if any(
            _floor((totals[line] - quantity) / per_kit[line]) < wanted
            for line, quantity in brought[number].items()
            if line in per_kit
        )
    ]


def _brought(graph: Graph, bundle: Item, carriers: Sequence[int]) -> dict[int, dict[str, Decimal]]:
    """What each delivery brings for the lines of the bundle."""
    brought: dict[int, dict[str, Decimal]] = {}
    for number in carriers:
        thing = graph.steps[number].body.thing
        lines: dict[str, Decimal] = {}
        if thing is not None:
            by_line = graph.lots_of(thing)
            lines = {line: by_line[line] for line in bundle.children if line in by_line}
        brought[number] = lines
    return brought


def _floor(value: Decimal) -> int:
    return int(value.to_integral_value(ROUND_FLOOR))
