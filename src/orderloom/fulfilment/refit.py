"""Facts that still hold once an order is changed: what is sourced follows the lines, what is done anew is told anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from orderloom.fulfilment.types import Facts, Plan, Sourced
from orderloom.orders.reads import StoredItem


def refit(
    facts: Facts, items: Sequence[StoredItem], *, forgotten: Collection[str], firmness: Mapping[str, int], old: Plan
) -> Facts:
    """The facts without those that steps told which are to be done anew, and sourcing cut to the lines as they are.

    Where less is wanted, what has come least far is given up first. `firmness` says by thing how far that is.
    """
    by_line = {item.line: item for item in items}
    sourced: list[Sourced] = []
    for line in dict.fromkeys(part.line for part in facts.sourced):
        if line in by_line:
            parts = [part for part in facts.sourced if part.line == line]
            sourced += _cut(parts, by_line[line], firmness, old)
    told = tuple(fact for fact in facts.told if fact.about not in forgotten)
    return replace(facts, told=told, sourced=tuple(sourced))


def _cut(parts: Sequence[Sourced], item: StoredItem, firmness: Mapping[str, int], old: Plan) -> list[Sourced]:
    wanted: dict[str | None, Decimal] = {None: item.quantity}
    if any(part.place is not None for part in parts):
        wanted = {}
        for group in item.ship_groups:
            wanted[group.place] = wanted.get(group.place, Decimal(0)) + group.quantity
        if not item.ship_groups:
            wanted = {part.place: item.quantity for part in parts}
    order = sorted(range(len(parts)), key=lambda n: (-_firmness(parts[n], firmness, old), n))
    left = dict(wanted)
    kept: dict[int, Sourced] = {}
    for place in order:
        part = parts[place]
        taken = min(part.quantity, left.get(part.place, Decimal(0)))
        if taken > 0:
            kept[place] = replace(part, quantity=taken)
            left[part.place] -= taken
    return [kept[place] for place in sorted(kept)]


def _firmness(part: Sourced, firmness: Mapping[str, int], old: Plan) -> int:
    return max(
        (
            firmness.get(thing.key, 0)
            for thing in old.things
            for lot in thing.lots
            if lot.line == part.line and lot.attributes == part.attributes and part.place in (None, lot.place)
        ),
        default=0,
    )
