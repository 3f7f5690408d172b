"""Who gets goods: where a thing's goods are to come from, and whose turn it is when some have come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from orderloom.processes.types import StepId
from orderloom.stock.sourcing import Demand, source, source_lots
from orderloom.stock.types import Requirement

NOWHERE = "none"
NOTHING = Decimal(0)
Free = dict[str, dict[str, Decimal]]
Claimed = Mapping[tuple[int, str, str], Decimal]


@dataclass(frozen=True, slots=True)
class Located:
    """A requirement with its warehouse: what of it can be claimed now, and what nobody has."""

    requirement: Requirement
    now: Decimal
    missing: Decimal


@dataclass(frozen=True, slots=True)
class ShortStep:
    """A step that stands in fallout for want of stock: what its thing needs, or what its order wants sourced."""

    id: StepId
    needs: tuple[Requirement, ...] = ()
    demands: tuple[Demand, ...] = ()


@dataclass(frozen=True, slots=True)
class Supply:
    """What is to be claimed now, and which steps have all that they need."""

    claims: tuple[Requirement, ...]
    satisfied: tuple[StepId, ...]


def locate(needs: Sequence[Requirement], claimed: Claimed, free: Free) -> list[Located]:
    """Say from which warehouse each need comes, and take what can be claimed now out of `free`.

    `claimed` is what things have already, by thing, line and warehouse. A need that names its warehouse
    stays there; the others go where the goods are, all from one warehouse if one has them.
    """
    anywhere = [each for each in needs if not each.warehouse]
    has = {each.line: _by_warehouse(each, claimed) for each in anywhere}
    lacking = {each.line: (each.sku, each.quantity - sum(has[each.line].values(), NOTHING)) for each in anywhere}
    parts: dict[str, dict[str, Decimal]] = {}
    for part in source(lacking, free):
        parts.setdefault(part.line, {})[part.warehouse] = part.quantity
    located = []
    for need in needs:
        if need.warehouse:
            given = claimed.get((need.subject.id, need.line, need.warehouse), NOTHING)
            lacks = max(need.quantity - given, NOTHING)
            now = min(lacks, max(free.get(need.sku, {}).get(need.warehouse, NOTHING), NOTHING))
            located.append(Located(need, now, lacks - now))
        else:
            located += _spread(need, has[need.line], parts.get(need.line, {}), _fallback(need, free))
    for each in located:
        _take(free, each.requirement.sku, each.requirement.warehouse, each.now)
    return located


def _by_warehouse(need: Requirement, claimed: Claimed) -> dict[str, Decimal]:
    return {
        warehouse: quantity
        for (thing, line, warehouse), quantity in claimed.items()
        if (thing, line) == (need.subject.id, need.line)
    }


def _fallback(need: Requirement, free: Free) -> str:
    return next(iter(free.get(need.sku) or next((by for by in free.values() if by), {})), NOWHERE)


def _spread(
    need: Requirement, has: Mapping[str, Decimal], parts: Mapping[str, Decimal], fallback: str
) -> list[Located]:
    """One requirement for each warehouse; what nobody has is missing where the rest comes from."""
    missing = max(need.quantity - sum(has.values(), NOTHING) - sum(parts.values(), NOTHING), NOTHING)
    warehouses = list(dict.fromkeys([*parts, *has])) or [fallback]
    found = []
    for warehouse in warehouses:
        lacks = missing if warehouse == warehouses[0] else NOTHING
        now = parts.get(warehouse, NOTHING)
        total = has.get(warehouse, NOTHING) + now + lacks
        found.append(Located(replace(need, warehouse=warehouse, quantity=total), now, lacks))
    return found


def _take(free: Free, goods: str, warehouse: str, quantity: Decimal) -> None:
    if quantity:
        free[goods][warehouse] -= quantity


def share_supply(waiting: Sequence[ShortStep], claimed: Claimed, free: Free) -> Supply:
    """Share what is free among steps that are short, in the order given; `free` is used up.

    A step that claims takes what there is, also a part; one that looks for sources waits until all is
    there. A step that lacks nothing has failed for another reason and is left alone.
    """
    claims: list[Requirement] = []
    satisfied: list[StepId] = []
    for step in waiting:
        if step.demands:
            if _is_sourced(step.demands, free):
                satisfied.append(step.id)
            continue
        located = locate(step.needs, claimed, free)
        claims += [
            replace(each.requirement, quantity=each.requirement.quantity - each.missing) for each in located if each.now
        ]
        if any(each.now for each in located) and not any(each.missing for each in located):
            satisfied.append(step.id)
    return Supply(tuple(claims), tuple(satisfied))


def _is_sourced(demands: Sequence[Demand], free: Free) -> bool:
    warehouses = list(dict.fromkeys(warehouse for by in free.values() for warehouse in by))
    found = source_lots(demands, free, warehouses)
    if sum((each.quantity for each in found), NOTHING) < sum((each.quantity for each in demands), NOTHING):
        return False
    goods = {each.line: each.goods for each in demands}
    for part in found:
        _take(free, goods[part.line], part.warehouse, part.quantity)
    return True
