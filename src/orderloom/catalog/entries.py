"""Single entries of a catalogue, whose shape has been checked, as values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, cast

from orderloom.catalog.shape import AFTER, number_of
from orderloom.catalog.types import After, AfterSignal, Characteristic, Component, Copy, DependencyType, Scalar
from orderloom.feel.conditions import Condition
from orderloom.feel.conditions import parse as parse_condition

Entry = Mapping[str, Any]
SECONDS = {"m": 60, "h": 3_600, "d": 86_400}


def joined(first: Condition | None, second: Condition | None) -> Condition | None:
    """Both conditions, or the one that there is."""
    if first is None or second is None:
        return first or second
    return parse_condition(f"({first.text}) and ({second.text})")


def text_of(value: object) -> str | None:
    """A text, or nothing."""
    return None if value is None else str(value)


def whole_of(entry: Entry, name: str, default: int | None = None) -> int | None:
    """A whole number of an entry."""
    return int(number_of(entry[name]) or 0) if name in entry else default


def amount_of(entry: Entry, name: str) -> Decimal | None:
    """A number of an entry, exact."""
    return number_of(entry[name]) if name in entry else None


def characteristic_of(name: str, entry: Entry) -> Characteristic:
    """A declared characteristic."""
    return Characteristic(
        name=name,
        type=entry.get("type", "text"),
        required=entry.get("required", False),
        choices=tuple(scalar_of(choice) for choice in entry.get("choices", ())),
        default=scalar_of(entry.get("default")),
        minimum=amount_of(entry, "minimum"),
        maximum=amount_of(entry, "maximum"),
    )


def scalar_of(value: object) -> Scalar:
    """A plain value whose numbers are exact."""
    return Decimal(repr(value)) if isinstance(value, float) else cast(Scalar, value)


def component_of(entry: Entry) -> Component:
    """A part of a bundle."""
    return Component(
        product=str(entry["product"]),
        role=text_of(entry.get("role")),
        group=text_of(entry.get("group")),
        minimum=whole_of(entry, "minimum", 0) or 0,
        maximum=whole_of(entry, "maximum", 1),
        quantity=amount_of(entry, "quantity"),
    )


def copy_of(target: str, value: object) -> Copy:
    """A copied characteristic, in its short or its long form."""
    if isinstance(value, Mapping):
        return Copy(target, str(value["from"]), value.get("onChange", "redo"), value.get("back", False))
    return Copy(target, str(value))


def form_field_of(value: object) -> dict[str, object]:
    """A field of a task's form, by its name alone a text; bounds as text, so that no digit is lost."""
    if not isinstance(value, Mapping):
        return {"name": str(value)}
    bounds = {name: str(number_of(value[name])) for name in ("at_least", "at_most") if name in value}
    return {**value, **bounds}


def after_of(value: object) -> After | AfterSignal:
    """What a step waits for beside it."""
    if isinstance(value, Mapping):
        kits = value.get("kits")
        count = None if kits in (None, "all") else int(str(kits))
        return AfterSignal(value["signal"], "all" if kits == "all" else count, value.get("role"))
    match = re.match(AFTER, str(value))
    assert match, "the shape has checked it"
    return After(match["step"], cast(DependencyType, match["type"] or "FS"), lag_of(match))


def lag_of(match: re.Match[str]) -> int:
    """The lag that a pattern has found, in seconds."""
    return int(Decimal(match["lag"]) * SECONDS[match["unit"]]) if match["lag"] else 0
