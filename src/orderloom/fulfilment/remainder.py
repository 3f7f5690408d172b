"""Closing a line at what can no longer be taken back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from orderloom.fulfilment.change import Running, has_begun
from orderloom.fulfilment.types import Plan
from orderloom.orders.change import ChangeDraft, LineChange
from orderloom.orders.reads import StoredItem, StoredOrder
from orderloom.orders.types import ShipGroupDraft


def close_remainders(draft: ChangeDraft, order: StoredOrder, plan: Plan, running: Running) -> ChangeDraft:
    """The change with each wish to cancel a remainder spelled out: the quantity past return, or the line's removal.

    What is past a hard point of no return stays, place by place; all else of the line goes.
    """
    if not any(change.cancel_remainder for change in draft.lines):
        return draft
    items = {item.line: item for item in order.items if item.withdrawn_in is None}
    firm = _firm(plan, running)
    lines: list[LineChange] = []
    removed: list[str] = []
    for change in draft.lines:
        item = items.get(change.line)
        if not change.cancel_remainder or item is None:
            lines.append(change)
            continue
        kept = firm.get(change.line, {})
        quantity = sum(kept.values(), Decimal(0))
        if quantity <= 0:
            removed.append(change.line)
        elif quantity < item.quantity:
            lines.append(_closed(change, item, kept, quantity))
    return replace(draft, lines=tuple(lines), remove=(*draft.remove, *removed))


def _closed(change: LineChange, item: StoredItem, kept: Mapping[str, Decimal], quantity: Decimal) -> LineChange:
    groups = None
    if item.ship_groups:
        left = dict(kept)
        groups = tuple(
            ShipGroupDraft(group.place, taken, group.requested_on, group.method)
            for group in item.ship_groups
            if (taken := min(group.quantity, left.get(group.place, Decimal(0)))) > 0
        )
    return replace(change, quantity=quantity, ship_groups=groups, cancel_remainder=False)


def _firm(plan: Plan, running: Running) -> dict[str, dict[str, Decimal]]:
    """By line and place, the quantity inside things of which a hard point of no return is passed."""
    past = {
        step.key
        for step in running.steps
        if running.nodes[step.number].point_of_no_return == "hard" and has_begun(step)
    }
    firm: dict[str, dict[str, Decimal]] = {}
    things = {step.thing for step in plan.steps if step.thing is not None and step.key in past}
    for number in sorted(things):
        for lot in plan.things[number].lots:
            places = firm.setdefault(lot.line, {})
            places[lot.place or ""] = places.get(lot.place or "", Decimal(0)) + lot.quantity
    return firm
