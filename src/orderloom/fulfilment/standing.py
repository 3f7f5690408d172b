"""What the states of steps come to for items and orders. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderloom.fulfilment.reads import ItemStanding, OrderStanding, StepStanding
from orderloom.orders.order import ItemResult, OrderResult
from orderloom.orders.rollup import (
    Cancellation,
    PartFact,
    StepFact,
    StepState,
    item_state,
    progress,
    whole_state,
)
from orderloom.orders.states import CANCELLING, State

_CANCELLATIONS: Mapping[str, Cancellation] = {"assessing_cancellation": "requested", "cancelling": "accepted"}


def rolled_up(
    order: OrderStanding, steps: Sequence[StepStanding], nothing_to_do: frozenset[int]
) -> tuple[list[ItemResult], OrderResult]:
    """The states of an order and its items, made of the states of their steps.

    A leaf counts the steps of everything it is behind; a bundle its parts and its own steps; the
    order its outermost items.
    """
    by_item: dict[int, list[StepFact]] = {}
    undoing: dict[int, list[StepFact]] = {}
    for step in steps:
        fact = _fact(step)
        for item_id in step.order_items:
            by_item.setdefault(item_id, []).append(fact)
            if step.key.startswith("undo "):
                undoing.setdefault(item_id, []).append(fact)
    children: dict[int | None, list[ItemStanding]] = {}
    for item in order.items:
        children.setdefault(item.parent_id, []).append(item)
    cancellation = _CANCELLATIONS.get(order.state, "none")
    states: dict[int, State] = {}

    def state_of(item: ItemStanding) -> State:
        own = by_item.get(item.id, [])
        parts = [PartFact(state_of(child), child.withdrawn) for child in children.get(item.id, ())]
        if item.state in ("cancelled", "failed"):
            ended: State = "failed" if item.state == "failed" else "cancelled"
            state = _taken_back(undoing.get(item.id, ()), ended=ended)
        elif parts:
            if own and cancellation == "none":
                parts.append(PartFact(item_state(own)))
            state = whole_state(parts)
        else:
            covered = item.id in nothing_to_do or item.action == "none" or not own
            state = item_state(own, cancellation=cancellation, nothing_to_do=covered)
        states[item.id] = state
        return state

    roots = [PartFact(state_of(item), item.withdrawn) for item in children.get(None, ())]
    items = [ItemResult(item_id, state) for item_id, state in states.items()]
    order_state: State = order.state if order.state in CANCELLING else whole_state(roots)
    leaves = [PartFact(states[i.id], i.withdrawn) for i in order.items if i.id not in children]
    return items, OrderResult(order.id, order_state, progress(leaves))


def _taken_back(undo: Sequence[StepFact], *, ended: State) -> State:
    """An item that was cancelled or given up keeps its order open until what was done for it is taken back."""
    if any(step.fallout for step in undo):
        return "held"
    return ended if all(step.state in ("done", "skipped", "cancelled") for step in undo) else "in_progress"


def _fact(step: StepStanding) -> StepFact:
    state: StepState = step.state  # type: ignore[assignment]
    return StepFact(
        state=state,
        mandatory=step.mandatory,
        fallout=step.state == "failed",
        held=step.held,
        awaits_customer=step.owner == "customer",
        withdrawn=step.state in ("skipped", "cancelled") and step.sub_reason == "revision",
    )
