"""Documents on the pages of what they are of: ask, look, download."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.response import Response

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import transaction
from orderloom.documents.reads import document_of, find_document, sheet_of
from orderloom.documents.render import pictures, template_version
from orderloom.documents.words import NAMES
from orderloom.web.answers import Page, SeeOther, Sent
from orderloom.web.api.documents import (
    DocumentWish,
    InvoiceDocumentWish,
    Owner,
    ask_of_invoice,
    ask_of_order,
    invoice_owner,
    order_owner,
    pdf_of,
)
from orderloom.web.call import Call
from orderloom.web.problems import not_there
from orderloom.web.routes import SIGNED_IN, Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("page")
PREVIEWED_PAGES = 8
SUBJECT_PAGES = {"order": ("/orders/{label}", "orders.read"), "invoice": ("/invoices/{id}", "billing.read")}
"""Where the page of a subject is, and the right that it takes."""


@routes.post("/orders/{reference:str}/documents", permission="orders.read", body=DocumentWish)
async def ask_by_form(call: Call, reference: str, body: DocumentWish) -> SeeOther:
    """Ask for a document of an order, and go and see it."""
    owner = await order_owner(call, reference)
    return SeeOther(f"{owner.path}/documents/{await ask_of_order(call, owner, body)}")


@routes.post("/invoices/{invoice_id:int}/documents", permission="billing.read", body=InvoiceDocumentWish)
async def ask_invoice_by_form(call: Call, invoice_id: int, body: InvoiceDocumentWish) -> SeeOther:
    """Ask for the paper of an invoice, and go and see it."""
    owner = await invoice_owner(call, invoice_id)
    return SeeOther(f"{owner.path}/documents/{await ask_of_invoice(call, owner, body)}")


@routes.get("/orders/{reference:str}/documents/{document_id:int}", permission="orders.read")
async def order_document_page(call: Call, reference: str, document_id: int) -> Page:
    """One document of an order, as it looks."""
    return await _shown(call, await order_owner(call, reference), document_id)


@routes.get("/invoices/{invoice_id:int}/documents/{document_id:int}", permission="billing.read")
async def invoice_document_page(call: Call, invoice_id: int, document_id: int) -> Page:
    """One document of an invoice, as it looks."""
    return await _shown(call, await invoice_owner(call, invoice_id), document_id)


async def _shown(call: Call, owner: Owner, document_id: int) -> Page:
    document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
    context = {
        "document": document,
        "owner": owner,
        "languages": NAMES,
        "previewed": min(document.pages or 0, PREVIEWED_PAGES) if document.template == template_version() else 0,
    }
    return Page("documents/document.html", context)


@routes.get("/orders/{reference:str}/documents/{document_id:int}/file", permission="orders.read")
async def order_document_file(call: Call, reference: str, document_id: int) -> Sent:
    """The PDF of a document of an order."""
    return await pdf_of(call, await order_owner(call, reference), document_id, inline="open" in call.arguments)


@routes.get("/invoices/{invoice_id:int}/documents/{document_id:int}/file", permission="billing.read")
async def invoice_document_file(call: Call, invoice_id: int, document_id: int) -> Sent:
    """The PDF of a document of an invoice."""
    return await pdf_of(call, await invoice_owner(call, invoice_id), document_id, inline="open" in call.arguments)


@routes.get("/orders/{order_id:int}/documents/{document_id:int}/pages/{page:int}", permission="orders.read", kind="raw")
async def order_document_picture(
    web: Web, request: Request[Any, Any, Any], order_id: int, document_id: int, page: int
) -> Response[bytes]:
    """One page of a document of an order as a picture, drawn outside of any transaction."""
    return await _picture(web, request, kind="order", subject_id=order_id, document_id=document_id, page=page)


@routes.get(
    "/invoices/{invoice_id:int}/documents/{document_id:int}/pages/{page:int}", permission="billing.read", kind="raw"
)
async def invoice_document_picture(
    web: Web, request: Request[Any, Any, Any], invoice_id: int, document_id: int, page: int
) -> Response[bytes]:
    """One page of a document of an invoice as a picture, drawn outside of any transaction."""
    return await _picture(web, request, kind="invoice", subject_id=invoice_id, document_id=document_id, page=page)


async def _picture(
    web: Web, request: Request[Any, Any, Any], *, kind: str, subject_id: int, document_id: int, page: int
) -> Response[bytes]:
    async with transaction(web.database, request.scope["state"]["visitor"].actor) as tx:
        document = await document_of(tx, document_id, kind=kind, subject_id=subject_id)
        sheet = await sheet_of(tx, document.id)
    drawn = await asyncio.to_thread(_drawn, msgspec.json.encode(sheet))
    if not 1 <= page <= min(len(drawn), PREVIEWED_PAGES):
        raise NotFound([Problem("page_unknown", "The document has no such page; download it to see all of it.")])
    headers = {"cache-control": "private, max-age=3600"}
    return Response(drawn[page - 1], media_type="image/png", headers=headers)


@lru_cache(maxsize=8)
def _drawn(sheet: bytes) -> list[bytes]:
    """The pages of a sheet; kept a while, since a browser asks for them one after the other."""
    return pictures(msgspec.json.decode(sheet))


@routes.get("/documents/{document_id:int}", permission=SIGNED_IN)
async def document_by_id(call: Call, document_id: int) -> SeeOther:
    """A document at what it is of."""
    row = await find_document(call.tx, document_id)
    if row is None or row.subject_kind not in SUBJECT_PAGES:
        raise NotFound([Problem("document_unknown", "There is no such document that you may see.")])
    path, permission = SUBJECT_PAGES[row.subject_kind]
    if not call.actor.may(permission):
        raise not_there()
    return SeeOther(f"{path.format(label=row.subject_label, id=row.subject_id)}/documents/{document_id}")
