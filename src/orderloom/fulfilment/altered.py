"""What the terms on a line mean for what recurs: how days are counted, what a suspended product costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, get_args

from orderloom.billing.types import Alteration, Outcome
from orderloom.catalog.proration import ProrationMethod
from orderloom.fulfilment.altered_reads import AlteringItem

DEFAULT_PRORATION: ProrationMethod = "days"
_OUTCOMES: Mapping[str, Outcome] = {"delete": "end", "modify": "end", "add": "end", "resume": "resume"}
"""What becomes of what was charged before; a changed or moved product is charged anew."""


def alteration_of(item: AlteringItem, *, at: datetime, on: date | None = None) -> Alteration | None:
    """What a finished line does to what recurs for its product; nothing where it goes on as before."""
    outcome = outcome_of(item.action, item.attributes)
    if outcome is None:
        return None
    return Alteration(
        order_item_ids=tuple(item.sold_by),
        outcome=outcome,
        at=at,
        on=on,
        method=proration_of(item.attributes),
        with_parts=item.is_bundle and item.action != "modify",
        price=reduced_price(item.attributes),
    )


def outcome_of(action: str, attributes: Mapping[str, Any]) -> Outcome | None:
    """What a finished line means for what recurs; nothing where a suspended product is paid on."""
    if action != "suspend":
        return _OUTCOMES.get(action)
    match attributes.get("suspension", "stop"):
        case "continue":
            return None
        case "reduce" if reduced_price(attributes) is not None:
            return "reduce"
    return "stop"


def reduced_price(attributes: Mapping[str, Any]) -> Decimal | None:
    """What a unit costs while it is suspended, where the terms say so."""
    told = attributes.get("suspension_price")
    return None if told is None else Decimal(str(told))


def proration_of(attributes: Mapping[str, Any]) -> ProrationMethod:
    """The method by which days are counted, as the terms of the product name it."""
    told = attributes.get("proration")
    return told if told in get_args(ProrationMethod) else DEFAULT_PRORATION  # type: ignore[return-value]
