"""The API of documents: asked for from what they are of, then read and downloaded there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.fields import Code
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.billing.commands import request_invoice_document
from orderloom.documents.reads import DocumentRow, document_of, documents_of, file_name, file_of
from orderloom.orders.commands import request_confirmation, request_delivery_note
from orderloom.orders.reads import order_page
from orderloom.quotes.commands import request_quote_document
from orderloom.quotes.reads import head_of
from orderloom.web.answers import Answer, Rows, Sent
from orderloom.web.api.billing import invoice_by_id
from orderloom.web.api.orders import order_named
from orderloom.web.api.quotes import quote_named
from orderloom.web.call import Call
from orderloom.web.routes import Answering, Routes

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


@strict
@dataclass(frozen=True, slots=True)
class QuoteDocumentWish:
    """A version of a quote on paper, the active one if none is named, in the customer's language or another."""

    language: Language | None = None
    prices: Prices = "with"
    version: Annotated[int, Field(ge=1)] | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """What a document is of."""

    kind: str
    id: int
    label: str
    path: str


@dataclass(frozen=True, slots=True)
class Papers:
    """One kind of thing that documents are of: where it is, who may see it, and how a document of it is asked for.

    `owner` finds it by what stands in the path. `page` is where people look at it.
    """

    kind: str
    words: str
    path: str
    page: str
    permission: str
    wish: type[Any]
    owner: Callable[..., Awaitable[Owner]]
    ask: Callable[[Call, Owner, Any], Awaitable[int]]

    def page_of(self, *, label: str, subject_id: int) -> str:
        """The address of the page of one of them."""
        return self.page.format(label=label, id=subject_id)


async def order_owner(call: Call, *, reference: str) -> Owner:
    header = (await order_page(call.tx, await order_named(call.tx, reference))).header
    return Owner("order", header.id, header.number, f"/orders/{header.number}")


async def invoice_owner(call: Call, *, invoice_id: int) -> Owner:
    page = await invoice_by_id(call, invoice_id)
    return Owner("invoice", page.id, page.number, f"/invoices/{page.id}")


async def quote_owner(call: Call, *, reference: str) -> Owner:
    head = await head_of(call.tx, await quote_named(call.tx, reference))
    return Owner("quote", head.id, head.number, f"/quotes/{head.number}")


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


async def ask_of_quote(call: Call, owner: Owner, wish: QuoteDocumentWish) -> int:
    """Ask for a version of a quote on paper."""
    return await request_quote_document(
        call.tx, owner.id, version=wish.version, language=wish.language, with_prices=wish.prices == "with"
    )


ORDER = Papers(
    "order", "an order", "/orders/{reference:str}", "/orders/{label}", "orders.read", DocumentWish, order_owner,
    ask_of_order,
)  # fmt: skip
INVOICE = Papers(
    "invoice", "an invoice", "/invoices/{invoice_id:int}", "/invoices/{id}", "billing.read", InvoiceDocumentWish,
    invoice_owner, ask_of_invoice,
)  # fmt: skip
QUOTE = Papers(
    "quote", "a quote", "/quotes/{reference:str}", "/quotes/{label}", "quotes.read", QuoteDocumentWish, quote_owner,
    ask_of_quote,
)  # fmt: skip
PAPERS = (ORDER, INVOICE, QUOTE)


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


def named(answer: Answering, name: str, words: str) -> Answering:
    """The same answer under a name and with a description of its own, as the API is described."""
    answer.__name__, answer.__doc__ = name, words
    return answer


def offer(papers: Papers) -> None:
    """Have documents of one kind of thing asked for, listed, read and downloaded."""
    at, may, words = papers.path + "/documents", papers.permission, papers.words

    async def listed(call: Call, **where: Any) -> Rows:
        owner = await papers.owner(call, **where)
        return Rows(await documents_of(call.tx, kind=owner.kind, subject_id=owner.id))

    async def asked(call: Call, body: Any, **where: Any) -> Answer:
        owner = await papers.owner(call, **where)
        document_id = await papers.ask(call, owner, body)
        document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
        return Answer(document, status=202, location=f"/api{owner.path}/documents/{document.id}")

    async def read(call: Call, document_id: int, **where: Any) -> DocumentRow:
        owner = await papers.owner(call, **where)
        return await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)

    async def downloaded(call: Call, document_id: int, **where: Any) -> Sent:
        return await pdf_of(call, await papers.owner(call, **where), document_id)

    name = papers.kind
    routes.get(at, permission=may, returns=(Rows, DocumentRow))(
        named(listed, f"read_{name}_documents", f"The documents of {words}, the newest first.")
    )
    routes.post(at, permission=may, body=papers.wish, returns=DocumentRow, status=202)(
        named(
            asked,
            f"request_{name}_document",
            f"Ask for a document of {words}. The same one asked for again is the document that there is.",
        )
    )
    routes.get(at + "/{document_id:int}", permission=may, returns=DocumentRow)(
        named(read, f"read_{name}_document", f"One document of {words}: made, being made, or why it was not.")
    )
    routes.get(at + "/{document_id:int}/file", permission=may, returns=bytes, media_type="application/pdf")(
        named(
            downloaded,
            f"download_{name}_document",
            f"The PDF of a document of {words}, byte by byte what its hash says.",
        )
    )


for _papers in PAPERS:
    offer(_papers)
