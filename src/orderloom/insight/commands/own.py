"""Our own invoices in the ledger, beside those that were imported."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx
from orderloom.insight.store import history, own, summary


async def take_invoices(tx: Tx, invoice_ids: Sequence[int]) -> list[int]:
    """Write issued invoices into the ledger and its sums; those that are there already change nothing."""
    await history.lock_ledger(tx)
    fresh = await own.unknown_invoices(tx, invoice_ids)
    if not fresh:
        return []

    await own.write_buyers(tx, fresh)
    await own.write_sold_products(tx, fresh)
    documents = await own.write_own_documents(tx, fresh)
    await own.write_own_lines(tx, documents)
    await summary.make_touched(tx)
    await summary.touch(tx, documents)
    await summary.sum_up(tx)
    return documents
