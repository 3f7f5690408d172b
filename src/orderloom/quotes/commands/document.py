"""A quote on paper, and by e-mail with the way in for its customer."""

from __future__ import annotations

from orderloom.base.refusals import Conflict, Problem, refuse
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.documents.commands import request_documents
from orderloom.documents.letterhead import Letterhead, letterhead
from orderloom.documents.types import DocumentDraft
from orderloom.messages.commands import send_paper
from orderloom.messages.doors import PLACE
from orderloom.messages.reads import message_with_key
from orderloom.messages.types import PaperMail
from orderloom.parties.reads import resolve_places
from orderloom.parties.types import Place
from orderloom.quotes.commands.customer import promise_link
from orderloom.quotes.commands.life import send_quote
from orderloom.quotes.commands.looking import customer_of
from orderloom.quotes.paper import quote_paper
from orderloom.quotes.reads.page import QuotePage, quote_page


async def request_quote_document(
    tx: Tx, quote_id: int, *, version: int | None = None, language: str | None = None, with_prices: bool = True
) -> int:
    """Ask for a version of a quote on paper, and return the document; the active version where none is named.

    In the customer's language where none is named. A version that was not sent yet is refused: its prices bind nobody.
    """
    page = await quote_page(tx, quote_id, version=version)
    return await _request(tx, page, await _letterhead(tx, page), language=language, with_prices=with_prices)


async def _request(tx: Tx, page: QuotePage, head: Letterhead, *, language: str | None, with_prices: bool) -> int:
    if page.shown.version.frozen_at is None:
        refuse("quote_not_sent", "This version was not sent yet; send the quote, then put it on paper.")
    draft = DocumentDraft(
        subject=page.head.subject,
        paper=quote_paper(page, head, await _place(tx, page)),
        language=language or head.language,
        with_prices=with_prices,
    )
    [document_id] = await request_documents(tx, [draft])
    return document_id


async def _letterhead(tx: Tx, page: QuotePage) -> Letterhead:
    customer = await customer_of(tx, page.head)
    if customer is None:
        refuse("template", "A template is offered to nobody; make a quote from it.")
    version = page.shown.version
    return await letterhead(
        tx,
        customer.number,
        name=page.head.account_name,
        currency=page.head.currency,
        moment=version.frozen_at or version.priced_at,
    )


async def _place(tx: Tx, page: QuotePage) -> Place | None:
    account_id, code = page.head.account_id, page.shown.version.ship_to
    if account_id is None or code is None:
        return None
    return (await resolve_places(tx, [account_id], [code])).get((account_id, code))


async def send_offer(tx: Tx, quote_id: int, mail: PaperMail, *, linked: bool = False, seen: int | None = None) -> int:
    """Send the active version by e-mail as soon as its paper is made, and return the message. A draft is sent by it.

    A `linked` mail has a way in of its own, beside those that the customer has. Refused: what cannot be sent, what is
    over, what is no address, and a link with a paper without prices, since the page behind it has them. With the same
    key it is the same message.
    """
    known = await message_with_key(tx, mail.key) if mail.key else None
    if known is not None:
        return known
    if linked and not mail.with_prices:
        message = "The page behind the link shows prices; leave the link out, or send the quote with prices."
        refuse("link_shows_prices", message, "/link")
    page = await quote_page(tx, quote_id)
    if page.head.state == "draft":
        await send_quote(tx, quote_id, seen=seen)
        page = await quote_page(tx, quote_id)
    if page.head.state not in ("sent", "accepted", "converted"):
        message = f"{page.head.number} is {page.head.state}; make a new version of it, then send that."
        raise Conflict([Problem("quote_state", message)])
    head = await _letterhead(tx, page)
    document_id = await _request(tx, page, head, language=mail.language, with_prices=mail.with_prices)
    subject = page.head.subject
    return await send_paper(
        tx,
        mail,
        Subject("document", document_id, subject.label, subject.account_id),
        subject=subject,
        letter="offer" if linked else "quote",
        language=mail.language or head.language,
        customer=page.head.account_name,
        sender=head.seller.name if head.seller else "",
        link=f"{PLACE}/offers/~1",
        links=(await promise_link(tx, quote_id),) if linked else (),
    )
