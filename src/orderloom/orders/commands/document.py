"""Papers of an order: its confirmation, sent where somebody wants it, and the delivery notes of its shipments."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import refuse
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.documents.commands import request_documents
from orderloom.documents.letterhead import Letterhead, letterhead
from orderloom.documents.types import DocumentDraft
from orderloom.messages.addresses import wire_address
from orderloom.messages.commands import send_paper
from orderloom.messages.types import PaperMail, Recipient
from orderloom.orders.events import ConfirmationNotSent, ConfirmationWanted
from orderloom.orders.order import SUBJECT
from orderloom.orders.paper import confirmation, delivery_note
from orderloom.orders.reads.mail import reader_of, wanting_confirmation
from orderloom.orders.reads.page import OrderPage, order_page
from orderloom.stock import reads as stock


async def request_confirmation(tx: Tx, order_id: int, *, language: str | None = None, with_prices: bool = True) -> int:
    """Ask for the confirmation of an order as it stands now, and return the document.

    In the customer's language where none is named. Asked again for an unchanged order it is the same document.
    A draft, which commits nobody, is refused.
    """
    page = await order_page(tx, order_id)
    if page.header.state == "draft":
        refuse("order_is_draft", "A draft is not confirmed; submit the order, then ask for its confirmation.")
    letterhead = await _letterhead(tx, page)
    draft = DocumentDraft(
        subject=_subject(page),
        paper=confirmation(page, letterhead),
        language=language or letterhead.language,
        with_prices=with_prices,
    )
    [document_id] = await request_documents(tx, [draft])
    return document_id


async def send_confirmation(tx: Tx, order_id: int, mail: PaperMail) -> int:
    """Send the confirmation of an order by e-mail as soon as it is made, and return the message.

    The letter speaks the language of the paper. With the same key it is the same message. Refused: a draft, and what
    is no address.
    """
    page = await order_page(tx, order_id)
    head = await _letterhead(tx, page)
    document_id = await request_confirmation(tx, order_id, language=mail.language, with_prices=mail.with_prices)
    subject = _subject(page)
    return await send_paper(
        tx,
        mail,
        Subject("document", document_id, subject.label, subject.account_id),
        subject=subject,
        letter="order_confirmation",
        language=mail.language or head.language,
        customer=page.header.account_name,
        sender=head.seller.name if head.seller else "",
    )


async def want_confirmations(tx: Tx, order_ids: Sequence[int]) -> None:
    """Tell of submitted orders whose customer wants the confirmation by e-mail, so that it is sent."""
    tx.emit(
        ConfirmationWanted(Subject(SUBJECT, order.id, order.number, order.account_id))
        for order in await wanting_confirmation(tx, order_ids)
    )


async def send_wanted_confirmations(tx: Tx, events: Sequence[ConfirmationWanted]) -> None:
    """Send each once, to the customer's first contact; tell where there is nobody to send it to."""
    for event in events:
        reader = await reader_of(tx, event.subject.id)
        if reader is None or wire_address(reader.address) is None:
            why = "The customer has no contact with an e-mail address; add one, then send it from the order's page."
            tx.emit(ConfirmationNotSent(event.subject, why))
            continue
        to = (Recipient(reader.address, reader.name),)
        await send_confirmation(tx, event.subject.id, PaperMail(to, key=f"order_confirmation:{event.subject.id}"))


async def request_delivery_note(tx: Tx, order_id: int, *, shipment: str, language: str | None = None) -> int:
    """Ask for the delivery note of one shipment of an order, and return the document; it never has prices."""
    page = await order_page(tx, order_id)
    found = [row for row in await stock.shipments(tx, order_ids=[order_id]) if row.number == shipment]
    if not found:
        message = f"The order has no shipment “{shipment}”; choose one of those on its page."
        refuse("shipment_unknown", message, "/shipment")
    letterhead = await _letterhead(tx, page)
    draft = DocumentDraft(
        subject=_subject(page),
        paper=delivery_note(page, found[0], letterhead),
        language=language or letterhead.language,
        with_prices=False,
    )
    [document_id] = await request_documents(tx, [draft])
    return document_id


def _subject(page: OrderPage) -> Subject:
    return Subject(SUBJECT, page.header.id, page.header.number, page.header.account_id)


async def _letterhead(tx: Tx, page: OrderPage) -> Letterhead:
    header = page.header
    return await letterhead(
        tx,
        header.account_number,
        name=header.account_name,
        currency=header.currency,
        moment=header.submitted_at or header.captured_at,
        billing_account_id=header.billing_account_id,
    )
