"""How a price depends on quantity: per unit, all units at one tier, slice by slice, and blocks with overage.

A tier prices the quantity *above* its bound, for all units and slice by slice alike, so that fractional
quantities agree with whole ones. A block begins *at* its bound. Nothing is rounded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise

from orderloom.catalog.exact import ONE, ZERO, Exact


@dataclass(frozen=True, slots=True)
class Tier:
    """What a unit costs above a bound, and what is added once as soon as the quantity is above it."""

    above: Decimal
    unit_price: Decimal
    flat_fee: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class PerUnit:
    """Each unit costs the same."""

    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class AllUnits:
    """The whole quantity costs what its highest tier says (“range”); not monotone, so that more may cost less."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        assert_rising([tier.above for tier in self.tiers])


@dataclass(frozen=True, slots=True)
class Graduated:
    """Each slice of the quantity costs what its own tier says (“slab”)."""

    tiers: tuple[Tier, ...]

    def __post_init__(self) -> None:
        assert_rising([tier.above for tier in self.tiers])


@dataclass(frozen=True, slots=True)
class Block:
    """One amount for every quantity from `start` until the next block."""

    start: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks, and what each unit costs beyond the start of the last one (nothing, where it is none)."""

    blocks: tuple[Block, ...]
    overage: Decimal | None = None

    def __post_init__(self) -> None:
        starts = [block.start for block in self.blocks]
        assert starts, "blocks need at least one block"
        assert all(low < high for low, high in pairwise(starts)), "blocks begin in rising order"


Scale = PerUnit | AllUnits | Graduated | Blocks


def assert_rising(bounds: Sequence[Decimal]) -> None:
    """Tiers begin at 0 and rise; the catalogue's parser refuses others with a sentence."""
    assert bounds, "tiers need at least one tier"
    assert bounds[0] == 0, "the first tier is above 0"
    assert all(low < high for low, high in pairwise(bounds)), "tiers are in rising order"


def amount_of(scale: Scale, quantity: Exact) -> Exact | None:
    """What so much costs, not rounded; none below the first block."""
    match scale:
        case PerUnit():
            return quantity.times(scale.unit_price)
        case AllUnits():
            tier = next(tier for tier in reversed(scale.tiers) if quantity.exceeds(tier.above) or tier.above == 0)
            return quantity.times(tier.unit_price).plus(tier.flat_fee)
        case Graduated():
            return _graduated(scale, quantity)
        case Blocks():
            return _in_blocks(scale, quantity)


def _graduated(scale: Graduated, quantity: Exact) -> Exact:
    over = quantity.over
    total = ZERO
    for tier, units in slices([tier.above for tier in scale.tiers], quantity):
        rate = scale.tiers[tier]
        total += units * rate.unit_price + rate.flat_fee * over
    return Exact(total, over)


def slices(bounds: Sequence[Decimal], quantity: Exact) -> list[tuple[int, Decimal]]:
    """The tiers that the quantity reaches and how much of it lies in each, in units of `1 / quantity.over`."""
    found = []
    for place, bound in enumerate(bounds):
        lower = bound * quantity.over
        upper = bounds[place + 1] * quantity.over if place + 1 < len(bounds) else quantity.value
        units = min(quantity.value, upper) - lower
        if units > 0:
            found.append((place, units))
    return found


def _in_blocks(scale: Blocks, quantity: Exact) -> Exact | None:
    reached = [block for block in scale.blocks if not quantity.less_than(Exact(block.start))]
    if not reached:
        return None
    amount = Exact(reached[-1].amount)
    if scale.overage is None or len(reached) < len(scale.blocks):
        return amount
    beyond = quantity.plus(-reached[-1].start)
    return beyond.times(scale.overage).plus(amount.value)


@dataclass(frozen=True, slots=True)
class Better:
    """A larger quantity that costs less in all."""

    quantity: Decimal
    amount: Exact


def better_quantity(scale: Scale, quantity: Exact, *, step: Decimal = ONE) -> Better | None:
    """The larger quantity that costs least, where that is less than this one costs.

    Only all-units tiers and blocks are not monotone. `step` is the smallest part of a unit, or the
    multiple, in which it is sold.
    """
    if not isinstance(scale, AllUnits | Blocks):
        return None
    now = amount_of(scale, quantity)
    best: Better | None = None
    for candidate in _candidates(scale, step):
        if not quantity.less_than(Exact(candidate)):
            continue
        amount = amount_of(scale, Exact(candidate))
        if amount and now and amount.less_than(best.amount if best else now):
            best = Better(candidate, amount)
    return best


def _candidates(scale: AllUnits | Blocks, step: Decimal) -> list[Decimal]:
    """The smallest quantity that can be sold in each tier or block."""
    if isinstance(scale, AllUnits):
        return [(_steps(tier.above, step) + 1) * step for tier in scale.tiers]
    return [-_steps(-block.start, step) * step for block in scale.blocks]


def _steps(quantity: Decimal, step: Decimal) -> Decimal:
    return (quantity / step).to_integral_value(ROUND_FLOOR)
