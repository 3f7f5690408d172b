"""The invoices, and one invoice."""

from __future__ import annotations

from orderloom.billing import reads
from orderloom.web.answers import Page
from orderloom.web.api.billing import InvoiceQuery, invoices_matching
from orderloom.web.call import Call
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/invoices", permission="billing.read", query=InvoiceQuery)
async def invoices_page(call: Call, query: InvoiceQuery) -> Page:
    """Invoices, the newest first."""
    rows, following = await invoices_matching(call, query)
    return Page("billing/invoices.html", {"rows": rows, "query": query, "next": following})


@routes.get("/invoices/{invoice_id:int}", permission="billing.read")
async def invoice_page(call: Call, invoice_id: int) -> Page:
    """One invoice: lines that name bundle and item, taxes and payments."""
    page = await reads.invoice(call.tx, invoice_id)
    if page is None:
        raise not_there()
    return Page("billing/invoice.html", {"page": page})
