"""The paper of an invoice, and by e-mail."""

from __future__ import annotations

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.billing import reads
from orderloom.billing.paper import invoice_paper
from orderloom.documents.commands import request_documents
from orderloom.documents.types import DocumentDraft
from orderloom.documents.words import language_of
from orderloom.messages.commands import send_paper
from orderloom.messages.types import PaperMail
from orderloom.parties.reads import resolve_customers


async def request_invoice_document(
    tx: Tx, invoice_id: int, *, language: str | None = None, with_prices: bool = True
) -> int:
    """Ask for the paper of an invoice, and return the document; in the customer's language where none is named."""
    page = await _page(tx, invoice_id)
    return await _request(tx, page, language=language or await _spoken(tx, page), with_prices=with_prices)


async def send_invoice(tx: Tx, invoice_id: int, mail: PaperMail) -> int:
    """Send an invoice by e-mail as soon as its paper is made; return the message, with the same key the same one."""
    page = await _page(tx, invoice_id)
    language = mail.language or await _spoken(tx, page)
    document_id = await _request(tx, page, language=language, with_prices=mail.with_prices)
    seller = page.bill_to.get("seller") or {}
    return await send_paper(
        tx,
        mail,
        Subject("document", document_id, page.number, page.account_id),
        subject=_subject(page),
        letter="invoice",
        language=language,
        customer=str(page.bill_to.get("name") or page.bill_to.get("account") or ""),
        sender=str(seller.get("name") or ""),
    )


async def _page(tx: Tx, invoice_id: int) -> reads.InvoicePage:
    page = await reads.invoice(tx, invoice_id)
    if page is None:
        raise NotFound([Problem("invoice_unknown", "There is no such invoice that you may see; look in the list.")])
    return page


async def _request(tx: Tx, page: reads.InvoicePage, *, language: str, with_prices: bool) -> int:
    draft = DocumentDraft(_subject(page), invoice_paper(page), language=language, with_prices=with_prices)
    [document_id] = await request_documents(tx, [draft])
    return document_id


def _subject(page: reads.InvoicePage) -> Subject:
    return Subject("invoice", page.id, page.number, page.account_id)


async def _spoken(tx: Tx, page: reads.InvoicePage) -> str:
    number = str(page.bill_to.get("account") or "")
    customer = (await resolve_customers(tx, [number] if number else [])).get(number)
    return customer.language if customer and language_of(customer.language) else "en"
