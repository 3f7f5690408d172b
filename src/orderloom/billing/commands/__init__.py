"""Verbs of billing; every one is plural and may be repeated."""

from orderloom.billing.commands.altering import alter_recurring, foresee_recurring
from orderloom.billing.commands.document import request_invoice_document, send_invoice
from orderloom.billing.commands.invoicing import issue_invoices, issue_what_is_taxed, record_payments
from orderloom.billing.commands.triggering import (
    arm_triggers,
    bill_recurring,
    lock_triggers,
    mark_gates,
    open_gates,
    release_triggers,
    release_units,
    reverse_items,
    reverse_triggers,
    waive_triggers,
)

__all__ = [
    "alter_recurring",
    "arm_triggers",
    "bill_recurring",
    "foresee_recurring",
    "issue_invoices",
    "issue_what_is_taxed",
    "lock_triggers",
    "mark_gates",
    "open_gates",
    "record_payments",
    "release_triggers",
    "release_units",
    "request_invoice_document",
    "reverse_items",
    "reverse_triggers",
    "send_invoice",
    "waive_triggers",
]
