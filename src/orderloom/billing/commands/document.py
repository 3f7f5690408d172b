"""The paper of an invoice."""

from __future__ import annotations

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.billing import reads
from orderloom.billing.paper import invoice_paper
from orderloom.documents.commands import request_documents
from orderloom.documents.types import DocumentDraft
from orderloom.documents.words import language_of
from orderloom.parties.reads import resolve_customers


async def request_invoice_document(
    tx: Tx, invoice_id: int, *, language: str | None = None, with_prices: bool = True
) -> int:
    """Ask for the paper of an invoice, and return the document; in the customer's language where none is named."""
    page = await reads.invoice(tx, invoice_id)
    if page is None:
        raise NotFound([Problem("invoice_unknown", "There is no such invoice that you may see; look in the list.")])
    number = str(page.bill_to.get("account") or "")
    customer = (await resolve_customers(tx, [number] if number else [])).get(number)
    spoken = customer.language if customer and language_of(customer.language) else "en"
    draft = DocumentDraft(
        subject=Subject("invoice", page.id, page.number, page.account_id),
        paper=invoice_paper(page),
        language=language or spoken,
        with_prices=with_prices,
    )
    [document_id] = await request_documents(tx, [draft])
    return document_id
