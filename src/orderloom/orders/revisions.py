"""The numbered states of an order side by side: what a revision keeps, and where two differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orderloom.orders.reads.stored import StoredItem, StoredOrder

_ITEM_FIELDS = (
    "product", "product_name", "parent", "role", "action", "asset", "quantity", "unit", "characteristics", "place",
    "relies_on", "one_time", "recurring", "period", "requested_on", "gl_account", "cost_centre", "tax_code",
    "billing_account_id",
)  # fmt: skip
_HEADER_FIELDS = ("ship_to", "bill_to", "billing_account_id", "requested_on", "currency", "po_number", "terms")


def content_of(order: StoredOrder) -> dict[str, Any]:
    """An order as a revision keeps it: plain values, canonical, so that equal states are equal."""
    items = sorted((item for item in order.items if item.withdrawn_in is None), key=lambda item: item.line)
    return {
        "header": {name: plain(getattr(order, name)) for name in _HEADER_FIELDS},
        "items": {item.line: _item_content(item) for item in items},
    }


def _item_content(item: StoredItem) -> dict[str, Any]:
    content = {name: plain(getattr(item, name)) for name in _ITEM_FIELDS}
    groups = sorted(item.ship_groups, key=lambda group: (group.place, str(group.requested_on)))
    return content | {
        "ship_groups": [
            {"place": g.place, "quantity": plain(g.quantity), "requested_on": plain(g.requested_on)} for g in groups
        ]
    }


def plain(value: object) -> Any:
    """A value as text where JSON has no kind for it; equal numbers are spelled alike."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, Decimal | int):
        text = f"{Decimal(value):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in sorted(value.items())}
    if isinstance(value, Sequence):
        return [plain(one) for one in value]
    raise TypeError(f"{value!r} has no plain form")


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """A field that two revisions have differently; `line` is empty for the header, `field` for a whole line."""

    line: str
    field: str
    before: Any
    after: Any


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDifference]:
    """Where two revisions differ, header first, then line by line."""
    found = [
        FieldDifference("", name, before["header"].get(name), after["header"].get(name))
        for name in _HEADER_FIELDS
        if before["header"].get(name) != after["header"].get(name)
    ]
    lines = dict.fromkeys([*before["items"], *after["items"]])
    for line in sorted(lines):
        found += _line_differences(line, before["items"].get(line), after["items"].get(line))
    return found


def _line_differences(
    line: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> Iterator[FieldDifference]:
    if before is None or after is None:
        name = (after or before or {}).get("product_name")
        yield FieldDifference(line, "", name if before else None, name if after else None)
        return
    for field_name in (*_ITEM_FIELDS, "ship_groups"):
        if before.get(field_name) != after.get(field_name):
            yield FieldDifference(line, field_name, before.get(field_name), after.get(field_name))
