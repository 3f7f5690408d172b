"""Which state may follow which, for reservations, shipments, pick lists and purchase orders."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

RESERVATION: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"active": ("picked", "released"), "picked": ("shipped", "released"), "shipped": (), "released": ()}
)
PICK_LIST: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"open": ("picked", "cancelled"), "picked": ("cancelled",), "cancelled": ()}
)
SHIPMENT: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"packed": ("shipped", "cancelled"), "shipped": ("delivered",), "delivered": (), "cancelled": ()}
)
PURCHASE_ORDER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "sent": ("acknowledged", "notified", "cancelled"),
        "acknowledged": ("notified", "closed", "cancelled"),
        "notified": ("notified", "delivered", "closed"),
        "delivered": ("closed",),
        "closed": (),
        "cancelled": (),
    }
)


def before(table: Mapping[str, tuple[str, ...]], state: str) -> list[str]:
    """The states from which this one may be entered."""
    return [earlier for earlier, later in table.items() if state in later]
