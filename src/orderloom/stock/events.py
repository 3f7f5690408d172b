"""Facts of the warehouse. The subject is what the goods are for; documents are named in the fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.events import Event

Lines = tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class StockReserved(Event):
    """Stock was claimed; `lines` have order_item_id, line, sku, warehouse, quantity."""

    order_id: int
    lines: Lines


@dataclass(frozen=True, slots=True)
class StockShort(Event):
    """A requirement could not be met in full; `lines` say what is missing."""

    order_id: int
    lines: Lines


@dataclass(frozen=True, slots=True)
class StockReleased(Event):
    """Claims were given back."""

    order_id: int
    lines: Lines
    reason: str


@dataclass(frozen=True, slots=True)
class StockAdjusted(Event):
    """On hand was corrected by a person."""

    sku: str
    warehouse: str
    before: Decimal
    after: Decimal
    reason: str


@dataclass(frozen=True, slots=True)
class StockReceived(Event):
    """Goods have come into a warehouse, from a vendor or as opening stock."""

    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PickListOpened(Event):
    """Goods are to be taken from the shelf."""

    order_id: int
    pick_list_id: int
    number: str
    warehouse: str


@dataclass(frozen=True, slots=True)
class GoodsPicked(Event):
    """Goods were taken from the shelf; `open_quantity` is what the list still lacks."""

    order_id: int
    pick_list_id: int
    number: str
    before: Decimal
    after: Decimal
    open_quantity: Decimal


@dataclass(frozen=True, slots=True)
class ShipmentPacked(Event):
    """A shipment was made up and stands ready for the carrier."""

    order_id: int
    shipment_id: int
    number: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class ShipmentShipped(Event):
    """A shipment left, from us or straight from a vendor."""

    order_id: int | None
    shipment_id: int
    number: str
    carrier: str
    tracking: str
    shipped_at: datetime


@dataclass(frozen=True, slots=True)
class ShipmentDelivered(Event):
    """A shipment arrived; `lines` have order_item_id, line, quantity (shipped) and delivered."""

    order_id: int | None
    shipment_id: int
    number: str
    delivered_at: datetime
    lines: Lines


@dataclass(frozen=True, slots=True)
class ShipmentCancelled(Event):
    """A packed shipment was taken apart again."""

    order_id: int | None
    shipment_id: int
    number: str


@dataclass(frozen=True, slots=True)
class PurchaseOrderSent(Event):
    """Goods were ordered from a vendor."""

    order_id: int | None
    purchase_order_id: int
    number: str
    vendor: str


@dataclass(frozen=True, slots=True)
class PurchaseOrderMoved(Event):
    """A purchase order entered a state: acknowledged, notified, delivered, closed or cancelled."""

    order_id: int | None
    purchase_order_id: int
    number: str
    before: str
    after: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class VendorInvoiceMatched(Event):
    """A vendor's invoice was compared with order and delivery, or accepted in spite of differences."""

    purchase_order_id: int
    number: str
    before: str | None
    after: str
    differences: Lines
    reason: str = ""
