"""The API of invoices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.billing import reads
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class InvoiceQuery:
    """Which invoices to list."""

    account_id: Annotated[int, Field(ge=1)] | None = None
    order_id: Annotated[int, Field(ge=1)] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def invoices_matching(call: Call, query: InvoiceQuery) -> tuple[list[reads.InvoiceRow], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.invoices(
        call.tx,
        account_id=query.account_id,
        order_ids=[query.order_id] if query.order_id else None,
        before=place[0] if place else None,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.id,))


@routes.get("/invoices", permission="billing.read", query=InvoiceQuery, returns=(Rows, reads.InvoiceRow))
async def read_invoices(call: Call, query: InvoiceQuery) -> Rows:
    """Invoices, the newest first."""
    return Rows(*await invoices_matching(call, query))


@routes.get("/invoices/{invoice_id:int}", permission="billing.read", returns=reads.InvoicePage)
async def read_invoice(call: Call, invoice_id: int) -> reads.InvoicePage:
    """One invoice with its lines, taxes and payments."""
    page = await reads.invoice(call.tx, invoice_id)
    if page is None:
        raise not_there()
    return page
