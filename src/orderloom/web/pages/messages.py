"""The messages, one message, and sending papers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.fields import LongText
from orderloom.base.parsing import strict
from orderloom.messages import reads
from orderloom.messages.addresses import shown_address
from orderloom.messages.commands import send_again, stop_deliveries
from orderloom.messages.states import REPEATABLE, STOPPABLE
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.documents import PAPERS, Language, Papers, Prices, named
from orderloom.web.api.messages import SENDERS, Key, MailWish, MessageQuery, mail_quote, messages_matching, moved
from orderloom.web.call import Call
from orderloom.web.inputs import Why
from orderloom.web.routes import Routes

routes = Routes("page")


@strict
@dataclass(frozen=True, slots=True)
class MailForm:
    """The dialog: addresses apart by comma, semicolon or space; the key was made with the page."""

    to: Annotated[str, Field(min_length=3, max_length=2_000)]
    key: Key
    language: Language | None = None
    prices: Prices = "with"
    note: LongText = ""
    link: bool = False
    stamp: Annotated[int, Field(ge=1)] | None = None

    @property
    def wish(self) -> MailWish:
        """What it asks for, as the API does."""
        to = tuple(address for address in re.split(r"[,;\s]+", self.to) if address)
        return MailWish(to, self.language, self.prices, self.note, self.key, self.link)


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
    papers = next((one for one in PAPERS if one.kind == page.subject_kind), None)
    context = {
        "page": page,
        "path": papers.page_of(label=page.subject_label, subject_id=page.subject_id) if papers else "",
        "mail": call.settings.mail,
        "repeatable": REPEATABLE,
        "stoppable": STOPPABLE,
    }
    return Page("messages/message.html", context)


DELIVERY = "/messages/{message_id:int}/deliveries/{delivery_id:int}"


@routes.post(DELIVERY + "/send-again", permission="messages.write", body=Why)
async def send_again_by_form(call: Call, message_id: int, delivery_id: int, body: Why) -> SeeOther:
    """Send a delivery once more."""
    await moved(
        call, message_id, delivery_id, partial(send_again, reason=body.reason), "It is under way or has arrived."
    )
    return SeeOther(f"/messages/{message_id}", "The message goes out again.")


@routes.post(DELIVERY + "/stop", permission="messages.write", body=Why)
async def stop_by_form(call: Call, message_id: int, delivery_id: int, body: Why) -> SeeOther:
    """Stop a delivery that is queued."""
    await moved(
        call, message_id, delivery_id, partial(stop_deliveries, reason=body.reason), "It is too late to stop it."
    )
    return SeeOther(f"/messages/{message_id}", "The message is stopped.")


def offer(papers: Papers) -> None:
    """Have the paper of one kind of thing sent from its page."""

    async def sent(call: Call, body: MailForm, **where: Any) -> SeeOther:
        owner = await papers.owner(call, **where)
        if papers.kind == "quote":
            message_id = await mail_quote(call, owner, body.wish, seen=body.stamp)
        else:
            message_id = await SENDERS[papers.kind](call, owner, body.wish)
        page = await reads.message(call.tx, message_id)
        return SeeOther(f"/messages/{message_id}", f"It goes to {shown_address(page.deliveries[0]['address'])}.")

    routes.post(papers.path + "/messages", permission="messages.write", body=MailForm)(
        named(
            sent,
            f"send_{papers.kind}_by_form",
            f"Send the paper of {papers.words} by e-mail; pressing twice sends one.",
        )
    )


for _papers in PAPERS:
    offer(_papers)
