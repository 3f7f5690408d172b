"""The invoices, and one invoice."""

from __future__ import annotations

from orderloom.parties.reads import mail_reader
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.billing import (
    InvoiceQuery,
    Payment,
    invoice_by_id,
    invoices_matching,
    not_invoiced,
    take_payment,
)
from orderloom.web.call import Call
from orderloom.web.pages.documents import papers_context
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/invoices", permission="billing.read", query=InvoiceQuery)
async def invoices_page(call: Call, query: InvoiceQuery) -> Page:
    """Invoices, the newest first."""
    rows, following = await invoices_matching(call, query)
    waiting = [] if query.cursor else await not_invoiced(call)
    return Page("billing/invoices.html", {"rows": rows, "query": query, "next": following, "waiting": waiting})


@routes.get("/invoices/{invoice_id:int}", permission="billing.read")
async def invoice_page(call: Call, invoice_id: int) -> Page:
    """One invoice: lines that name bundle and item, taxes and payments."""
    page = await invoice_by_id(call, invoice_id)
    context = {
        "page": page,
        **await papers_context(call, "invoice", page.id),
        "reader": await mail_reader(call.tx, page.account_id) if call.actor.may("messages.write") else None,
    }
    return Page("billing/invoice.html", context)


@routes.post("/invoices/{invoice_id:int}/payments", permission="billing.write", body=Payment)
async def pay_by_form(call: Call, invoice_id: int, body: Payment) -> SeeOther:
    """Note money that came in."""
    is_new = await take_payment(call, await invoice_by_id(call, invoice_id), body)
    said = "The payment is noted." if is_new else "This payment had been noted before; nothing changed."
    return SeeOther(f"/invoices/{invoice_id}", said)
