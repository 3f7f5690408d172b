"""Facts of billing. What a trigger does is about its order; an invoice is a subject of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class TriggerMoved(Event):
    """A price of an order item became ready, was waived or was reversed."""

    trigger_id: int
    order_item_id: int
    line: str
    description: str
    before: str
    after: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TriggerReleased(Event):
    """A quantity became billable; `before` and `after` are the quantity released in total."""

    trigger_id: int
    order_item_id: int
    line: str
    description: str
    before: Decimal
    after: Decimal
    ordered: Decimal
    effective_on: date


@dataclass(frozen=True, slots=True)
class InvoiceIssued(Event):
    """An invoice was written and numbered."""

    order_id: int | None
    number: str
    currency: str
    net: Decimal
    tax: Decimal
    gross: Decimal
    due_on: date


@dataclass(frozen=True, slots=True)
class PaymentRecorded(Event):
    """Money came in for an invoice; `before` and `after` are what was and is open, `payment` is its own number."""

    number: str
    amount: Decimal
    currency: str
    before: Decimal
    after: Decimal
    payment: str = ""
