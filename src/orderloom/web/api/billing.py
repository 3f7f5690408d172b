"""The API of invoices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from orderloom.base.fields import Amount, LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Refused
from orderloom.billing import reads
from orderloom.billing.commands import record_payments
from orderloom.billing.types import PaymentDraft
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
    issued_from: date | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def invoices_matching(call: Call, query: InvoiceQuery) -> tuple[list[reads.InvoiceRow], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.invoices(
        call.tx,
        account_id=query.account_id,
        order_ids=[query.order_id] if query.order_id else None,
        issued_from=query.issued_from,
        before=place[0] if place else None,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.id,))


@routes.get("/invoices", permission="billing.read", query=InvoiceQuery, returns=(Rows, reads.InvoiceRow))
async def read_invoices(call: Call, query: InvoiceQuery) -> Rows:
    """Invoices, the newest first."""
    return Rows(*await invoices_matching(call, query))


@dataclass(frozen=True, slots=True)
class NotInvoiced:
    """What an order owes that stands on no invoice, with the reason."""

    order_id: int
    order: str
    account: str
    amount: Decimal
    currency: str
    effective_on: date
    problem: str


@routes.get("/invoices/waiting", permission="billing.read", returns=(Rows, NotInvoiced))
async def read_waiting(call: Call) -> Rows:
    """What is charged and stands on no invoice yet, and why: a tax rate is missing. At most 100, the oldest first"""
    return Rows(await not_invoiced(call), None)


async def not_invoiced(call: Call) -> list[NotInvoiced]:
    return [
        NotInvoiced(row.order_id, row.order, row.account, row.amount, row.currency, row.effective_on, row.problem)
        for row in await reads.charges_not_invoiced(call.tx)
    ]


@routes.get("/invoices/{invoice_id:int}", permission="billing.read", returns=reads.InvoicePage)
async def read_invoice(call: Call, invoice_id: int) -> reads.InvoicePage:
    """One invoice with its lines, taxes and payments."""
    return await invoice_by_id(call, invoice_id)


async def invoice_by_id(call: Call, invoice_id: int) -> reads.InvoicePage:
    page = await reads.invoice(call.tx, invoice_id)
    if page is None:
        raise not_there()
    return page


@strict
@dataclass(frozen=True, slots=True)
class Payment:
    """Money that came in for an invoice; its reference makes it unique there."""

    amount: Amount
    received_on: date
    reference: Text
    note: LongText = ""


async def take_payment(call: Call, page: reads.InvoicePage, body: Payment) -> bool:
    """Note the payment of an invoice that the actor sees; False where it had been noted before."""
    draft = PaymentDraft(page.number, body.amount, body.received_on, body.reference, body.note)
    try:
        return bool(await record_payments(call.tx, [draft]))
    except Refused as refused:
        problems = [replace(problem, pointer=problem.pointer.removeprefix("/0")) for problem in refused.problems]
        raise type(refused)(problems) from None


@routes.post("/invoices/{number:str}/payments", permission="billing.write", body=Payment, returns=reads.InvoicePage)
async def pay_invoice(call: Call, number: str, body: Payment) -> reads.InvoicePage:
    """Note money that came in for an invoice, by its number. The same reference and amount count once."""
    page = await invoice_numbered(call, number)
    await take_payment(call, page, body)
    return await invoice_by_id(call, page.id)


async def invoice_numbered(call: Call, number: str) -> reads.InvoicePage:
    found = await call.tx.values(
        "SELECT id FROM billing.invoice WHERE number = %(number)s ORDER BY id LIMIT 2", {"number": number}
    )
    page = await reads.invoice(call.tx, found[0]) if found else None
    if page is None:
        raise not_there()
    return page
