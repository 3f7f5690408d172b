"""The API of documents: asked for from what they are of, then read and downloaded there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import Code
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.billing.commands import request_invoice_document
from orderloom.documents.reads import DocumentRow, document_of, documents_of, file_name, file_of
from orderloom.orders.commands import request_confirmation, request_delivery_note
from orderloom.orders.reads import order_page
from orderloom.web.answers import Answer, Rows, Sent
from orderloom.web.api.billing import invoice_by_id
from orderloom.web.api.orders import order_named
from orderloom.web.call import Call
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
Language = Annotated[str, Field(min_length=2, max_length=20, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]+)*$")]
Prices = Literal["with", "without"]


@strict
@dataclass(frozen=True, slots=True)
class DocumentWish:
    """The confirmation of an order or the delivery note of a shipment, in the customer's language or another."""

    kind: Literal["order_confirmation", "delivery_note"] = "order_confirmation"
    language: Language | None = None
    prices: Prices = "with"
    shipment: Code | None = None


@strict
@dataclass(frozen=True, slots=True)
class InvoiceDocumentWish:
    """The paper of an invoice, in the customer's language or another."""

    language: Language | None = None
    prices: Prices = "with"


@dataclass(frozen=True, slots=True)
class Owner:
    """What a document is of."""

    kind: str
    id: int
    label: str
    path: str


async def order_owner(call: Call, reference: str) -> Owner:
    header = (await order_page(call.tx, await order_named(call.tx, reference))).header
    return Owner("order", header.id, header.number, f"/orders/{header.number}")


async def invoice_owner(call: Call, invoice_id: int) -> Owner:
    page = await invoice_by_id(call, invoice_id)
    return Owner("invoice", page.id, page.number, f"/invoices/{page.id}")


async def ask_of_order(call: Call, owner: Owner, wish: DocumentWish) -> int:
    """Ask for a document of an order."""
    if wish.kind == "delivery_note":
        if wish.shipment is None:
            refuse("shipment_missing", "Say of which shipment; its number is on the order's page.", "/shipment")
        return await request_delivery_note(call.tx, owner.id, shipment=wish.shipment, language=wish.language)
    return await request_confirmation(call.tx, owner.id, language=wish.language, with_prices=wish.prices == "with")


async def ask_of_invoice(call: Call, owner: Owner, wish: InvoiceDocumentWish) -> int:
    """Ask for the paper of an invoice."""
    return await request_invoice_document(call.tx, owner.id, language=wish.language, with_prices=wish.prices == "with")


async def pdf_of(call: Call, owner: Owner, document_id: int, *, inline: bool = False) -> Sent:
    """The PDF as it was made, its hash as its ETag."""
    document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
    content = await file_of(call.tx, document)
    manner = "inline" if inline else "attachment"
    headers = {
        "content-disposition": f'{manner}; filename="{file_name(document)}"',
        "etag": f'"{document.sha256}"',
        "cache-control": "private, no-store",
    }
    return Sent(content, "application/pdf", headers=headers)


@routes.get("/orders/{reference:str}/documents", permission="orders.read", returns=(Rows, DocumentRow))
async def read_order_documents(call: Call, reference: str) -> Rows:
    """The documents of an order, the newest first."""
    owner = await order_owner(call, reference)
    return Rows(await documents_of(call.tx, kind=owner.kind, subject_id=owner.id))


@routes.post(
    "/orders/{reference:str}/documents", permission="orders.read", body=DocumentWish, returns=DocumentRow, status=202
)
async def request_order_document(call: Call, reference: str, body: DocumentWish) -> Answer:
    """Ask for a document of an order. The same one asked for again is the document that there is."""
    owner = await order_owner(call, reference)
    document_id = await ask_of_order(call, owner, body)
    document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
    return Answer(document, status=202, location=f"/api{owner.path}/documents/{document.id}")


@routes.get("/orders/{reference:str}/documents/{document_id:int}", permission="orders.read", returns=DocumentRow)
async def read_order_document(call: Call, reference: str, document_id: int) -> DocumentRow:
    """One document of an order: made, being made, or why it was not."""
    owner = await order_owner(call, reference)
    return await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)


@routes.get(
    "/orders/{reference:str}/documents/{document_id:int}/file",
    permission="orders.read",
    returns=bytes,
    media_type="application/pdf",
)
async def download_order_document(call: Call, reference: str, document_id: int) -> Sent:
    """The PDF of a document of an order, byte by byte what its hash says."""
    return await pdf_of(call, await order_owner(call, reference), document_id)


@routes.get("/invoices/{invoice_id:int}/documents", permission="billing.read", returns=(Rows, DocumentRow))
async def read_invoice_documents(call: Call, invoice_id: int) -> Rows:
    """The documents of an invoice, the newest first."""
    owner = await invoice_owner(call, invoice_id)
    return Rows(await documents_of(call.tx, kind=owner.kind, subject_id=owner.id))


@routes.post(
    "/invoices/{invoice_id:int}/documents",
    permission="billing.read",
    body=InvoiceDocumentWish,
    returns=DocumentRow,
    status=202,
)
async def request_document_of_invoice(call: Call, invoice_id: int, body: InvoiceDocumentWish) -> Answer:
    """Ask for the paper of an invoice. The same one asked for again is the document that there is."""
    owner = await invoice_owner(call, invoice_id)
    document_id = await ask_of_invoice(call, owner, body)
    document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
    return Answer(document, status=202, location=f"/api{owner.path}/documents/{document.id}")


@routes.get("/invoices/{invoice_id:int}/documents/{document_id:int}", permission="billing.read", returns=DocumentRow)
async def read_invoice_document(call: Call, invoice_id: int, document_id: int) -> DocumentRow:
    """One document of an invoice: made, being made, or why it was not."""
    owner = await invoice_owner(call, invoice_id)
    return await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)


@routes.get(
    "/invoices/{invoice_id:int}/documents/{document_id:int}/file",
    permission="billing.read",
    returns=bytes,
    media_type="application/pdf",
)
async def download_invoice_document(call: Call, invoice_id: int, document_id: int) -> Sent:
    """The PDF of a document of an invoice, byte by byte what its hash says."""
    return await pdf_of(call, await invoice_owner(call, invoice_id), document_id)
