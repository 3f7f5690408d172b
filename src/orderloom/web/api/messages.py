"""The API of messages: what was sent, what became of it, and sending papers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.fields import LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Conflict, Problem
from orderloom.base.transaction import Tx
from orderloom.billing.commands import send_invoice
from orderloom.messages import reads
from orderloom.messages.commands import record_bounces, send_again, stop_deliveries, take_bounce
from orderloom.messages.states import State
from orderloom.messages.types import PaperMail, Recipient
from orderloom.orders.commands import send_confirmation
from orderloom.parties.policy import require
from orderloom.quotes.commands import send_offer
from orderloom.web.answers import Answer, Rows
from orderloom.web.api.documents import PAPERS, Language, Owner, Papers, Prices, named
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Why
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api")
Address = Annotated[str, Field(min_length=3, max_length=320)]
Key = Annotated[str, Field(min_length=8, max_length=200)]


@strict
@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages to list: all, those with a delivery in a state, or those in trouble."""

    state: State | None = None
    troubled: bool = False
    cursor: Cursor | None = None
    limit: Limit = LIMIT


@strict
@dataclass(frozen=True, slots=True)
class MailWish:
    """A paper by e-mail: an order's confirmation, an invoice, or a quote that this sends to its customer.

    A key of one's own makes it one message, however often it is asked for. `link` puts a way in for the customer into
    the mail of a quote; other papers have none.
    """

    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    language: Language | None = None
    prices: Prices = "with"
    note: LongText = ""
    key: Key | None = None
    link: bool = False

    def mail(self, owner: Owner) -> PaperMail:
        """The same for the rooms; the key counts for this owner alone."""
        key = f"{owner.kind}:{owner.id}:{self.key}" if self.key else None
        to = tuple(Recipient(address) for address in self.to)
        return PaperMail(to, self.language, self.prices == "with", self.note, key)


@strict
@dataclass(frozen=True, slots=True)
class Bounce:
    """That a delivery came back, and what the returning server said."""

    reply: Text


async def messages_matching(call: Call, query: MessageQuery) -> tuple[list[reads.MessageRow], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.messages(
        call.tx,
        state=query.state,
        troubled=query.troubled,
        before=place[0] if place else None,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.id,))


async def mail_order(call: Call, owner: Owner, wish: MailWish) -> int:
    """Send the confirmation of an order."""
    return await send_confirmation(call.tx, owner.id, wish.mail(owner))


async def mail_invoice(call: Call, owner: Owner, wish: MailWish) -> int:
    """Send an invoice."""
    return await send_invoice(call.tx, owner.id, wish.mail(owner))


async def mail_quote(call: Call, owner: Owner, wish: MailWish, *, seen: int | None = None) -> int:
    """Send a quote; what is a draft is offered by it, which takes the right to."""
    require(call.actor, "quotes.write")
    return await send_offer(call.tx, owner.id, wish.mail(owner), linked=wish.link, seen=seen)


SENDERS: Mapping[str, Callable[[Call, Owner, MailWish], Awaitable[int]]] = {
    "order": mail_order,
    "invoice": mail_invoice,
    "quote": mail_quote,
}


async def moved(
    call: Call, message_id: int, delivery_id: int, move: Callable[[Tx, Sequence[int]], Awaitable[list[int]]], why: str
) -> reads.MessagePage:
    """Move one delivery of a message, and return the message as it is then.

    Refused (404) where the actor does not see it, and for the reason given where it stands elsewhere.
    """
    page = await reads.message(call.tx, message_id)
    if delivery_id not in {delivery["id"] for delivery in page.deliveries}:
        raise not_there()
    if not await move(call.tx, [delivery_id]):
        raise Conflict([Problem("delivery_moved_on", f"{why} Look where it stands now.")])
    return await reads.message(call.tx, message_id)


@routes.get("/sent-messages", permission="messages.read", query=MessageQuery, returns=(Rows, reads.MessageRow))
async def read_messages(call: Call, query: MessageQuery) -> Rows:
    """Messages with their deliveries, the newest first."""
    return Rows(*await messages_matching(call, query))


@routes.get("/sent-messages/{message_id:int}", permission="messages.read", returns=reads.MessagePage)
async def read_message(call: Call, message_id: int) -> reads.MessagePage:
    """One message with every attempt of every delivery."""
    return await reads.message(call.tx, message_id)


DELIVERY = "/sent-messages/{message_id:int}/deliveries/{delivery_id:int}"


@routes.post(DELIVERY + "/send-again", permission="messages.write", body=Why, returns=reads.MessagePage)
async def send_delivery_again(call: Call, message_id: int, delivery_id: int, body: Why) -> reads.MessagePage:
    """Send once more what was refused, bounced, given up or has an unknown outcome, with the same Message-ID."""
    return await moved(
        call, message_id, delivery_id, partial(send_again, reason=body.reason), "It is under way or has arrived."
    )


@routes.post(DELIVERY + "/stop", permission="messages.write", body=Why, returns=reads.MessagePage)
async def stop_delivery(call: Call, message_id: int, delivery_id: int, body: Why) -> reads.MessagePage:
    """Do not send what is still queued."""
    return await moved(
        call, message_id, delivery_id, partial(stop_deliveries, reason=body.reason), "It is too late to stop it."
    )


@routes.post(DELIVERY + "/bounce", permission="messages.write", body=Bounce, returns=reads.MessagePage)
async def bounce_delivery(call: Call, message_id: int, delivery_id: int, body: Bounce) -> reads.MessagePage:
    """Note that what was sent came back."""
    return await moved(call, message_id, delivery_id, partial(record_bounces, reply=body.reply), "It was not sent.")


@dataclass(frozen=True, slots=True)
class Bounced:
    """The deliveries that a returned mail told of."""

    delivery_ids: list[int]


@routes.post("/bounces", permission="messages.write", returns=Bounced, takes="message/rfc822", body_bytes=1_000_000)
async def take_returned_mail(call: Call) -> Bounced:
    """Hand in a mail that came back, whole, as the mail server got it; what it tells of counts as bounced."""
    return Bounced(await take_bounce(call.tx, call.content))


def offer(papers: Papers) -> None:
    """Have the messages about one kind of thing listed, and its paper sent."""
    at, words = papers.path + "/messages", papers.words

    async def listed(call: Call, **where: Any) -> Rows:
        owner = await papers.owner(call, **where)
        return Rows(await reads.messages(call.tx, subject=(owner.kind, owner.id)))

    async def sent(call: Call, body: MailWish, **where: Any) -> Answer:
        message_id = await SENDERS[papers.kind](call, await papers.owner(call, **where), body)
        return Answer(await reads.message(call.tx, message_id), status=202, location=f"/api/sent-messages/{message_id}")

    routes.get(at, permission="messages.read", returns=(Rows, reads.MessageRow))(
        named(listed, f"read_{papers.kind}_messages", f"The messages about {words}, the newest first.")
    )
    routes.post(at, permission="messages.write", body=MailWish, returns=reads.MessagePage, status=202)(
        named(sent, f"send_{papers.kind}_by_mail", f"Send the paper of {words} by e-mail as soon as it is made.")
    )


for _papers in PAPERS:
    offer(_papers)
