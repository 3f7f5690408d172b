"""Documents on the pages of what they are of: ask, look, download."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.response import Response

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import transaction
from orderloom.documents.reads import document_of, documents_of, find_document, sheet_of
from orderloom.documents.render import pictures, template_version
from orderloom.documents.words import NAMES
from orderloom.messages.reads import messages
from orderloom.web.answers import Page, SeeOther, Sent
from orderloom.web.api.documents import PAPERS, Owner, Papers, named, pdf_of
from orderloom.web.call import Call
from orderloom.web.problems import not_there
from orderloom.web.routes import SIGNED_IN, Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

routes = Routes("page")
PREVIEWED_PAGES = 8


def offer(papers: Papers) -> None:
    """Have documents of one kind of thing asked for, looked at and downloaded on pages."""
    at, may, words, name = papers.path + "/documents", papers.permission, papers.words, papers.kind
    one = at + "/{document_id:int}"

    async def asked(call: Call, body: Any, **where: Any) -> SeeOther:
        owner = await papers.owner(call, **where)
        return SeeOther(f"{owner.path}/documents/{await papers.ask(call, owner, body)}")

    async def shown(call: Call, document_id: int, **where: Any) -> Page:
        return await _shown(call, await papers.owner(call, **where), document_id)

    async def sent(call: Call, document_id: int, **where: Any) -> Sent:
        return await pdf_of(call, await papers.owner(call, **where), document_id, inline="open" in call.arguments)

    async def picture(
        web: Web, request: Request[Any, Any, Any], subject_id: int, document_id: int, page: int
    ) -> Response[bytes]:
        return await _picture(web, request, kind=name, subject_id=subject_id, document_id=document_id, page=page)

    routes.post(at, permission=may, body=papers.wish)(
        named(asked, f"ask_{name}_by_form", f"Ask for a document of {words}, and go and see it.")
    )
    routes.get(one, permission=may)(named(shown, f"{name}_document_page", f"One document of {words}, as it looks."))
    routes.get(one + "/file", permission=may)(
        named(sent, f"{name}_document_file", f"The PDF of a document of {words}.")
    )
    pictured = f"One page of a document of {words} as a picture, drawn outside of any transaction."
    routes.get(
        f"/{name}s/{{subject_id:int}}/documents/{{document_id:int}}/pages/{{page:int}}", permission=may, kind="raw"
    )(named(picture, f"{name}_document_picture", pictured))


for _papers in PAPERS:
    offer(_papers)


async def papers_context(call: Call, kind: str, subject_id: int) -> dict[str, Any]:
    """What was made of a thing on paper, and sent; `send_key` makes the dialog's message one, however often sent."""
    sees_messages = call.actor.may("messages.read")
    return {
        "documents": await documents_of(call.tx, kind=kind, subject_id=subject_id),
        "languages": NAMES,
        "messages": await messages(call.tx, subject=(kind, subject_id)) if sees_messages else [],
        "mail": call.settings.mail,
        "send_key": token_urlsafe(18),
    }


async def _shown(call: Call, owner: Owner, document_id: int) -> Page:
    document = await document_of(call.tx, document_id, kind=owner.kind, subject_id=owner.id)
    context = {
        "document": document,
        "owner": owner,
        "languages": NAMES,
        "previewed": min(document.pages or 0, PREVIEWED_PAGES) if document.template == template_version() else 0,
    }
    return Page("documents/document.html", context)


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
    papers = next((one for one in PAPERS if row is not None and one.kind == row.subject_kind), None)
    if row is None or papers is None:
        raise NotFound([Problem("document_unknown", "There is no such document that you may see.")])
    if not call.actor.may(papers.permission):
        raise not_there()
    return SeeOther(f"{papers.page_of(label=row.subject_label, subject_id=row.subject_id)}/documents/{document_id}")
