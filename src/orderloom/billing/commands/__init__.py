"""Verbs of billing; every one is plural and may be repeated."""

from orderloom.billing.commands.document import request_invoice_document, send_invoice
from orderloom.billing.commands.invoicing import issue_invoices, record_payments
from orderloom.billing.commands.triggering import (
    arm_triggers,
    bill_recurring,
    mark_gates,
    release_triggers,
    release_units,
    resize_ready,
    reverse_items,
    reverse_triggers,
    waive_triggers,
)

__all__ = [
    "arm_triggers",
    "bill_recurring",
    "issue_invoices",
    "mark_gates",
    "record_payments",
    "release_triggers",
    "release_units",
    "request_invoice_document",
    "resize_ready",
    "reverse_items",
    "reverse_triggers",
    "send_invoice",
    "waive_triggers",
]
