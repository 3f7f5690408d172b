"""What to order instead of a change that cannot be: the draft of a return, or of what is new. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from orderloom.orders.reads import StoredItem, StoredOrder
from orderloom.orders.revise import Revised
from orderloom.orders.revisions import plain


def follow_on(order: StoredOrder, revised: Revised, *, change: int) -> dict[str, Any]:
    """The order to place once this one is carried out as it stands: what the change would have altered.

    What it takes out is to be returned, what it adds is to be delivered, what it makes different is to be
    modified. A draft in plain values, as `OrderDraft` reads it.
    """
    before = {item.line: item for item in order.items if item.withdrawn_in is None}
    after = {item.line: item for item in revised.order.items}
    items: list[dict[str, Any]] = []
    for line in dict.fromkeys([*before, *after]):
        items += _items(before.get(line), after.get(line))
    actions = {item["action"] for item in items}
    kind = "return" if actions <= {"delete"} else "sales" if actions <= {"add"} else "change"
    places = {item["place"] for item in items if item.get("place")} | {order.bill_to, order.ship_to}
    draft = {
        "customer": order.customer,
        "type": kind,
        "channel": order.channel,
        "currency": order.currency,
        "bill_to": order.bill_to,
        "ship_to": order.ship_to,
        "po_number": order.po_number,
        "attributes": {"follows": order.number, "change": change},
        "items": items,
        "places": [
            {
                "code": place.code,
                "country": place.country,
                "lines": list(place.lines),
                "city": place.city,
                "region": place.region,
                "postal_code": place.postal_code,
                "recipient": place.recipient,
            }
            for code, place in sorted({**order.places, **revised.order.places}.items())
            if place.address_id is None and code in places
        ],
    }
    return {name: value for name, value in draft.items() if value not in (None, [], {})}


def _items(before: StoredItem | None, after: StoredItem | None) -> list[dict[str, Any]]:
    if before is None or after is None:
        known = after or before
        assert known is not None
        action = "add" if before is None else "delete"
        return [] if known.kind == "fee" and action == "delete" else _moved(known, known.quantity, action)
    if after.quantity < before.quantity:
        return _moved(before, before.quantity - after.quantity, "delete", _less(before, after))
    if after.quantity > before.quantity:
        return _moved(after, after.quantity - before.quantity, "add", _less(after, before))
    differs = (before.characteristics, before.place) != (after.characteristics, after.place)
    return _moved(after, after.quantity, "modify") if differs else []


def _moved(
    item: StoredItem, quantity: Decimal, action: str, groups: Mapping[str, Decimal] | None = None
) -> list[dict[str, Any]]:
    if groups is None:
        groups = {group.place: group.quantity for group in item.ship_groups}
    entry = {
        "line": item.line,
        "product": item.product,
        "quantity": plain(quantity),
        "action": action,
        "role": item.role,
        "place": item.place,
        "characteristics": dict(item.characteristics),
        "ship_groups": [{"place": place, "quantity": plain(each)} for place, each in groups.items()],
    }
    return [{name: value for name, value in entry.items() if value not in (None, [], {})}]


def _less(more: StoredItem, less: StoredItem) -> dict[str, Decimal]:
    """By place, how much more one of two goes to."""
    left: dict[str, Decimal] = {}
    for group in less.ship_groups:
        left[group.place] = left.get(group.place, Decimal(0)) + group.quantity
    found: dict[str, Decimal] = {}
    for group in more.ship_groups:
        rest = group.quantity - left.pop(group.place, Decimal(0))
        if rest > 0:
            found[group.place] = rest
    return found
