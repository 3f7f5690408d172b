"""What past invoices do when an invoice is issued, and what they are called elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.events import Event
from orderloom.base.transaction import Tx
from orderloom.base.types import Reaction, SubjectKind
from orderloom.billing.events import InvoiceIssued
from orderloom.insight.commands import take_invoices


async def keep_in_ledger(tx: Tx, events: Sequence[InvoiceIssued]) -> None:
    """Put our own invoices beside those that were imported."""
    await take_invoices(tx, [event.subject.id for event in events])


REACTIONS: dict[type[Event], tuple[Reaction, ...]] = {InvoiceIssued: (keep_in_ledger,)}
SUBJECTS = {"history_import": SubjectKind("history_import", "/insight/imports/{id}")}
