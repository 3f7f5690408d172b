"""The API of messages: what was sent, what became of it, and sending the confirmation of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.fields import LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Conflict, Problem
from orderloom.messages import reads
from orderloom.messages.commands import record_bounces, send_again, stop_deliveries, take_bounce
from orderloom.messages.states import State
from orderloom.messages.types import Recipient
from orderloom.orders.commands import send_confirmation
from orderloom.web.answers import Answer, Rows
from orderloom.web.api.documents import Language, Prices, order_owner
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
class ConfirmationWish:
    """The confirmation of an order by e-mail; a key of one's own makes it one message, however often asked for."""

    to: Annotated[tuple[Address, ...], Field(min_length=1, max_length=20)]
    language: Language | None = None
    prices: Prices = "with"
    note: LongText = ""
    key: Key | None = None


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


async def send_of_order(call: Call, reference: str, wish: ConfirmationWish) -> int:
    """Send the confirmation of an order; the key counts for this order alone."""
    owner = await order_owner(call, reference)
    return await send_confirmation(
        call.tx,
        owner.id,
        to=[Recipient(address) for address in wish.to],
        language=wish.language,
        with_prices=wish.prices == "with",
        note=wish.note,
        key=f"order:{owner.id}:{wish.key}" if wish.key else None,
    )


async def seen_delivery(call: Call, message_id: int, delivery_id: int) -> reads.MessagePage:
    """The message of a delivery; 404 where the actor does not see it."""
    page = await reads.message(call.tx, message_id)
    if delivery_id not in {delivery["id"] for delivery in page.deliveries}:
        raise not_there()
    return page


def refuse_unmoved(moved: list[int], what: str) -> None:
    if not moved:
        raise Conflict([Problem("delivery_moved_on", f"{what} Look where it stands now.")])


@routes.get("/sent-messages", permission="messages.read", query=MessageQuery, returns=(Rows, reads.MessageRow))
async def read_messages(call: Call, query: MessageQuery) -> Rows:
    """Messages with their deliveries, the newest first."""
    return Rows(*await messages_matching(call, query))


@routes.get("/sent-messages/{message_id:int}", permission="messages.read", returns=reads.MessagePage)
async def read_message(call: Call, message_id: int) -> reads.MessagePage:
    """One message with every attempt of every delivery."""
    return await reads.message(call.tx, message_id)


@routes.post(
    "/sent-messages/{message_id:int}/deliveries/{delivery_id:int}/send-again",
    permission="messages.write",
    body=Why,
    returns=reads.MessagePage,
)
async def send_delivery_again(call: Call, message_id: int, delivery_id: int, body: Why) -> reads.MessagePage:
    """Send once more what was refused, bounced, given up or has an unknown outcome, with the same Message-ID."""
    await seen_delivery(call, message_id, delivery_id)
    refuse_unmoved(await send_again(call.tx, [delivery_id], reason=body.reason), "It is under way or has arrived.")
    return await reads.message(call.tx, message_id)


@routes.post(
    "/sent-messages/{message_id:int}/deliveries/{delivery_id:int}/stop",
    permission="messages.write",
    body=Why,
    returns=reads.MessagePage,
)
async def stop_delivery(call: Call, message_id: int, delivery_id: int, body: Why) -> reads.MessagePage:
    """Do not send what is still queued."""
    await seen_delivery(call, message_id, delivery_id)
    refuse_unmoved(await stop_deliveries(call.tx, [delivery_id], reason=body.reason), "It is too late to stop it.")
    return await reads.message(call.tx, message_id)


@routes.post(
    "/sent-messages/{message_id:int}/deliveries/{delivery_id:int}/bounce",
    permission="messages.write",
    body=Bounce,
    returns=reads.MessagePage,
)
async def bounce_delivery(call: Call, message_id: int, delivery_id: int, body: Bounce) -> reads.MessagePage:
    """Note that what was sent came back."""
    await seen_delivery(call, message_id, delivery_id)
    refuse_unmoved(await record_bounces(call.tx, [delivery_id], reply=body.reply), "It was not sent.")
    return await reads.message(call.tx, message_id)


@dataclass(frozen=True, slots=True)
class Bounced:
    """The deliveries that a returned mail told of."""

    delivery_ids: list[int]


@routes.post("/bounces", permission="messages.write", returns=Bounced, takes="message/rfc822", body_bytes=1_000_000)
async def take_returned_mail(call: Call) -> Bounced:
    """Hand in a mail that came back, whole, as the mail server got it; what it tells of counts as bounced."""
    return Bounced(await take_bounce(call.tx, call.content))


@routes.get("/orders/{reference:str}/messages", permission="messages.read", returns=(Rows, reads.MessageRow))
async def read_order_messages(call: Call, reference: str) -> Rows:
    """The messages about an order, the newest first."""
    owner = await order_owner(call, reference)
    return Rows(await reads.messages(call.tx, subject=(owner.kind, owner.id)))


@routes.post(
    "/orders/{reference:str}/messages",
    permission="messages.write",
    body=ConfirmationWish,
    returns=reads.MessagePage,
    status=202,
)
async def send_order_confirmation(call: Call, reference: str, body: ConfirmationWish) -> Answer:
    """Send the confirmation of an order by e-mail as soon as it is made."""
    message_id = await send_of_order(call, reference, body)
    return Answer(await reads.message(call.tx, message_id), status=202, location=f"/api/sent-messages/{message_id}")
