"""Units of measure and packagings: exact conversion, least quantities and multiples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from orderloom.catalog.exact import ONE, Exact

MEASURES: Mapping[str, tuple[str, Decimal]] = {
    "m": ("length", ONE), "mm": ("length", Decimal("0.001")), "cm": ("length", Decimal("0.01")),
    "km": ("length", Decimal(1000)), "in": ("length", Decimal("0.0254")), "ft": ("length", Decimal("0.3048")),
    "yd": ("length", Decimal("0.9144")), "mi": ("length", Decimal("1609.344")),
    "kg": ("mass", ONE), "g": ("mass", Decimal("0.001")), "t": ("mass", Decimal(1000)),
    "lb": ("mass", Decimal("0.45359237")), "oz": ("mass", Decimal("0.028349523125")),
    "l": ("volume", ONE), "ml": ("volume", Decimal("0.001")), "m3": ("volume", Decimal(1000)),
    "second": ("time", ONE), "minute": ("time", Decimal(60)), "hour": ("time", Decimal(3600)),
}  # fmt: skip
"""What each measure is in its base unit, exact by definition."""


@dataclass(frozen=True, slots=True)
class Packing:
    """So many of the product's own unit are in so many of this one: a box of 12 is 12 per 1."""

    contains: Decimal
    per: Decimal = ONE


def converted(quantity: Exact, packings: Mapping[str, Packing], *, own: str, unit: str, to: str) -> Exact | None:
    """The same quantity in another unit, exactly; none where nothing says how they compare.

    `packings` say how each other unit compares with the product's own.
    """
    if unit == to:
        return quantity
    here, there = _size(unit, packings, own), _size(to, packings, own)
    if here is None or there is None:
        return None
    return quantity.times(here.contains * there.per, here.per * there.contains)


def _size(unit: str, packings: Mapping[str, Packing], own: str) -> Packing | None:
    if unit == own:
        return Packing(ONE)
    if unit in packings:
        return packings[unit]
    mine, others = MEASURES.get(own), MEASURES.get(unit)
    return Packing(others[1], mine[1]) if mine and others and mine[0] == others[0] else None


@dataclass(frozen=True, slots=True)
class QuantityRule:
    """The least quantity and the multiple in which a product is sold, in its own unit, and what happens to others."""

    minimum: Decimal | None = None
    multiple: Decimal | None = None
    otherwise: Literal["refuse", "round_up"] = "refuse"


ANY_QUANTITY = QuantityRule()


def allowed_quantity(quantity: Exact, rule: QuantityRule) -> Exact:
    """The least quantity that the rule allows and that is not below this one."""
    if rule.minimum is not None and quantity.less_than(Exact(rule.minimum)):
        quantity = Exact(rule.minimum)
    if rule.multiple is None:
        return quantity
    times = quantity.times(ONE, rule.multiple)
    whole = times.divided().to_integral_value(ROUND_CEILING)
    return Exact(whole * rule.multiple)
