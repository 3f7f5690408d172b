"""Nouns of the warehouse: requirements, reservations, picks, shipments, purchase orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from orderloom.base.fields import Amount, Code, LongText, Percent, Quantity, Text
from orderloom.base.types import Subject

Tracking = Literal["none", "lot", "serial"]
Firmness = Literal["soft", "hard"]
MatchState = Literal["matched", "differs", "accepted"]
Bundle = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WarehouseDraft:
    """A warehouse as imported; sourcing asks a lower rank first."""

    code: Code
    name: Text
    address: LongText = ""
    rank: int = 100
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class SkuDraft:
    """Something that is kept in stock, with the catalogue's product where there is one."""

    code: Code
    name: Text
    unit: Code = "piece"
    tracking: Tracking = "none"
    product_id: int | None = None


@dataclass(frozen=True, slots=True)
class OpeningStock:
    """What lay in a warehouse when we began; one row of the CSV import."""

    sku: Code
    warehouse: Code
    on_hand: Quantity
    name: Text | None = None
    tracking: Tracking | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import would write, or wrote."""

    rows: int
    changed: int
    is_dry_run: bool


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A correction of what is on hand: a count, a breakage, goods put back."""

    sku: Code
    warehouse: Code
    quantity: Decimal
    reason: Text
    kind: Literal["adjustment", "receipt", "return"] = "adjustment"


@dataclass(frozen=True, slots=True)
class Requirement:
    """A quantity of one order item that must come from one warehouse.

    Its identity is subject, order item, line, SKU and warehouse; requiring the same again changes
    nothing, requiring more reserves the difference. `quantity` is the total, not what is missing.
    """

    subject: Subject
    order_id: int
    order_item_id: int
    line: str
    sku: str
    warehouse: str
    quantity: Decimal
    bundle: Bundle | None = None
    firmness: Firmness = "hard"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Short:
    """What a requirement lacks: `missing` of the quantity that it asked for."""

    requirement: Requirement
    missing: Decimal


@dataclass(frozen=True, slots=True)
class Reserved:
    """The answer to requirements: new reservations, and what stays short."""

    reservation_ids: tuple[int, ...]
    short: tuple[Short, ...] = ()


@dataclass(frozen=True, slots=True)
class PickedLine:
    """What has been taken from the shelf for one pick line so far, in total, with its serials."""

    pick_line_id: int
    picked: Quantity
    serials: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Packing:
    """How the picked goods of a subject leave."""

    subject: Subject
    ship_to: str = ""
    carrier: str = ""
    service_level: str = ""
    tracking: str = ""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A shipment was handed to the carrier."""

    shipment_id: int
    tracking: Text | None = None
    carrier: Text | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DeliveredLine:
    """How much of a shipment line arrived; without such a line all of it did."""

    shipment_line_id: int
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class Delivery:
    """A shipment arrived; `at` is when it really did (proof of delivery)."""

    shipment_id: int
    at: datetime | None = None
    lines: tuple[DeliveredLine, ...] = ()


@dataclass(frozen=True, slots=True)
class PurchaseLineDraft:
    """A quantity to buy, for an order item or for stock."""

    line: str
    sku: str
    quantity: Decimal
    unit_cost: Amount = Decimal(0)
    order_item_id: int | None = None
    bundle: Bundle | None = None
    over_percent: Percent = Decimal(0)
    under_percent: Percent = Decimal(0)


@dataclass(frozen=True, slots=True)
class PurchaseDraft:
    """A purchase order; without a warehouse the vendor ships to the customer."""

    subject: Subject
    vendor: str
    currency: str
    lines: tuple[PurchaseLineDraft, ...]
    order_id: int | None = None
    warehouse: str | None = None
    ship_to: str = ""
    expected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The vendor confirms quantities by line; without lines all that was ordered."""

    purchase_order_id: int
    vendor_reference: Text = ""
    quantities: Mapping[str, Decimal] = field(default_factory=dict)
    expected_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NoticeLine:
    """What one purchase line sends in this shipment."""

    line: str
    quantity: Decimal
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """An advance shipping notice (ASN); `notice` is the vendor's number of it, once per purchase order.

    Without lines, all that is still open has been sent.
    """

    purchase_order_id: int
    notice: Text
    lines: tuple[NoticeLine, ...] = ()
    carrier: Text = ""
    tracking: Text = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VendorInvoiceLine:
    """What the vendor charges for a purchase line."""

    line: str
    quantity: Quantity
    unit_price: Amount


@dataclass(frozen=True, slots=True)
class VendorInvoiceDraft:
    """The vendor's invoice for a purchase order."""

    purchase_order_id: int
    number: Text
    currency: Code
    lines: tuple[VendorInvoiceLine, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where order, delivery and vendor's invoice do not agree."""

    line: str
    kind: Literal["quantity", "price", "currency", "unknown_line"]
    expected: Decimal | None
    invoiced: Decimal | None


@dataclass(frozen=True, slots=True)
class Matched:
    """The outcome of the three-way match."""

    vendor_invoice_id: int
    state: MatchState
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Available:
    """What one warehouse has of one SKU."""

    sku: str
    name: str
    unit: str
    tracking: str
    warehouse: str
    warehouse_name: str
    on_hand: Decimal
    reserved: Decimal
    free: Decimal
    incoming: Decimal


@dataclass(frozen=True, slots=True)
class Delivered:
    """What arrived of one order item: in total, when it last did, and each arrival."""

    order_id: int
    order_item_id: int
    quantity: Decimal
    last_at: datetime
    arrivals: tuple[Arrival, ...]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One delivered quantity of an order item, with the serials in it."""

    quantity: Decimal
    at: datetime
    serials: tuple[str, ...] = ()
    shipment: str = ""
