"""The messages, one message, and sending the confirmation of an order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.fields import LongText
from orderloom.base.parsing import strict
from orderloom.messages import reads
from orderloom.messages.addresses import shown_address
from orderloom.messages.commands import send_again, stop_deliveries
from orderloom.messages.states import REPEATABLE, STOPPABLE
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.documents import Language, Prices
from orderloom.web.api.messages import (
    ConfirmationWish,
    Key,
    MessageQuery,
    messages_matching,
    refuse_unmoved,
    seen_delivery,
    send_of_order,
)
from orderloom.web.call import Call
from orderloom.web.inputs import Why
from orderloom.web.pages.documents import SUBJECT_PAGES
from orderloom.web.routes import Routes

routes = Routes("page")


@strict
@dataclass(frozen=True, slots=True)
class ConfirmationForm:
    """The dialog: addresses apart by comma, semicolon or space; the key was made with the page."""

    to: Annotated[str, Field(min_length=3, max_length=2_000)]
    key: Key
    language: Language | None = None
    prices: Prices = "with"
    note: LongText = ""


@routes.get("/messages", permission="messages.read", query=MessageQuery)
async def sent_messages_page(call: Call, query: MessageQuery) -> Page:
    """What was sent to customers, the newest first, and what is in trouble."""
    rows, following = await messages_matching(call, query)
    context = {
        "rows": rows,
        "query": query,
        "next": following,
        "mail": call.settings.mail,
        "queued": await reads.queued_count(call.tx),
    }
    return Page("messages/messages.html", context)


@routes.get("/messages/{message_id:int}", permission="messages.read")
async def sent_message_page(call: Call, message_id: int) -> Page:
    """One message as it was sent, and every attempt."""
    page = await reads.message(call.tx, message_id)
    path, _ = SUBJECT_PAGES.get(page.subject_kind, ("", ""))
    context = {
        "page": page,
        "path": path.format(label=page.subject_label, id=page.subject_id),
        "mail": call.settings.mail,
        "repeatable": REPEATABLE,
        "stoppable": STOPPABLE,
    }
    return Page("messages/message.html", context)


@routes.post(
    "/messages/{message_id:int}/deliveries/{delivery_id:int}/send-again", permission="messages.write", body=Why
)
async def send_again_by_form(call: Call, message_id: int, delivery_id: int, body: Why) -> SeeOther:
    """Send a delivery once more."""
    await seen_delivery(call, message_id, delivery_id)
    refuse_unmoved(await send_again(call.tx, [delivery_id], reason=body.reason), "It is under way or has arrived.")
    return SeeOther(f"/messages/{message_id}", "The message goes out again.")


@routes.post("/messages/{message_id:int}/deliveries/{delivery_id:int}/stop", permission="messages.write", body=Why)
async def stop_by_form(call: Call, message_id: int, delivery_id: int, body: Why) -> SeeOther:
    """Stop a delivery that is queued."""
    await seen_delivery(call, message_id, delivery_id)
    refuse_unmoved(await stop_deliveries(call.tx, [delivery_id], reason=body.reason), "It is too late to stop it.")
    return SeeOther(f"/messages/{message_id}", "The message is stopped.")


@routes.post("/orders/{reference:str}/messages", permission="messages.write", body=ConfirmationForm)
async def send_by_form(call: Call, reference: str, body: ConfirmationForm) -> SeeOther:
    """Send the confirmation of an order by e-mail; pressing twice sends one."""
    to = tuple(address for address in re.split(r"[,;\s]+", body.to) if address)
    wish = ConfirmationWish(to, language=body.language, prices=body.prices, note=body.note, key=body.key)
    message_id = await send_of_order(call, reference, wish)
    page = await reads.message(call.tx, message_id)
    return SeeOther(
        f"/messages/{message_id}", f"The confirmation goes to {shown_address(page.deliveries[0]['address'])}."
    )
