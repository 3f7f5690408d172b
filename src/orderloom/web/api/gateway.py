"""The API of the wire: partners, their calls and messages, and webhooks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from litestar.response import Response
from pydantic import AwareDatetime, Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.base.transaction import transaction
from orderloom.base.types import Actor
from orderloom.gateway import reads
from orderloom.gateway.commands import (
    cancel,
    close_circuit,
    register_partner,
    resend,
    rotate_secret,
    set_online,
    update_partner,
)
from orderloom.gateway.inbox import assign_message, dismiss_messages, receive
from orderloom.gateway.types import PartnerDraft, PartnerSecrets, RegisteredWebhook, WebhookDraft
from orderloom.gateway.webhooks import register_webhook, replay_deliveries, replay_events, set_webhook_active
from orderloom.parties.policy import account_filter
from orderloom.web.answers import Rows, encoder
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit, Paging, Why, WhyText
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.problems import not_there
from orderloom.web.routes import PUBLIC, Routes

if TYPE_CHECKING:
    from litestar import Request

    from orderloom.web.app import Web

MESSAGE_BYTES = 1_000_000
routes = Routes("api", "/api")

CallStateName = Literal["queued", "sending", "answered", "refused", "unknown", "exhausted", "cancelled"]
MessageStateName = Literal["received", "matched", "unmatched", "rejected"]


@routes.post("/gateway/{partner:str}/messages", permission=PUBLIC, kind="raw", body_bytes=MESSAGE_BYTES)
async def take_message(web: Web, request: Request[Any, Any, Any], partner: str) -> Response[Any]:
    """Take in a message that a partner signed (Standard Webhooks 1.0); a second delivery has no effect.

    Open to everybody because the signature is the proof: 401 without a good one.
    """
    body = await request.body()
    async with transaction(web.database, Actor("partner", partner[:40])) as tx:
        receipt = await receive(tx, partner, request.headers, body)
    answer = {"id": receipt.message_id, "is_duplicate": receipt.is_duplicate}
    return Response(encoder.encode(answer), status_code=receipt.status, media_type="application/json")


# Partners -------------------------------------------------------------------------------------------------------------


@routes.get("/partners", permission="gateway.read", returns=(Rows, reads.PartnerHealth))
async def list_partners(call: Call) -> Rows:
    """Outside systems with how they have been doing in the last day."""
    return Rows(await reads.partner_list(call.tx))


@routes.post(
    "/partners", permission="gateway.write", body=PartnerDraft, returns=PartnerSecrets, status=201, told_once=True
)
async def add_partner(call: Call, body: PartnerDraft) -> PartnerSecrets:
    """Register an outside system; its keys are told this once."""
    return await register_partner(call.tx, body)


@routes.put("/partners/{partner:str}", permission="gateway.write", body=PartnerDraft, status=204)
async def change_partner(call: Call, partner: str, body: PartnerDraft) -> None:
    """Change an outside system; the code in the path and in the body are the same."""
    if partner != body.code:
        refuse("code_differs", "A partner keeps its code; send the one that stands in the path.", "/code")
    await update_partner(call.tx, body)


@strict
@dataclass(frozen=True, slots=True)
class Switch:
    """Whether calls go out; calls of a partner that is offline wait."""

    online: bool
    reason: WhyText


@routes.put("/partners/{partner:str}/online", permission="gateway.write", body=Switch, status=204)
async def switch_partner(call: Call, partner: str, body: Switch) -> None:
    """Stop or resume the calls to a partner."""
    await set_online(call.tx, [partner], body.online, reason=body.reason)


@routes.post("/partners/{partner:str}/circuit/close", permission="gateway.write", status=204)
async def close_partner_circuit(call: Call, partner: str) -> None:
    """Call a partner again at once that was left alone after failures."""
    await close_circuit(call.tx, [partner])


@strict
@dataclass(frozen=True, slots=True)
class Rotation:
    """Which key to replace: `out` signs our calls, `in` the partner's messages."""

    direction: Literal["in", "out"]


@routes.post("/partners/{partner:str}/secrets", permission="gateway.write", body=Rotation, status=201, told_once=True)
async def rotate_partner_secret(call: Call, partner: str, body: Rotation) -> dict[str, str]:
    """Give a partner a new key, told this once; the old one holds for a day."""
    return {"secret": await rotate_secret(call.tx, partner, direction=body.direction)}


# Calls ----------------------------------------------------------------------------------------------------------------


@strict
@dataclass(frozen=True, slots=True)
class CallQuery:
    """Which calls to list."""

    partner: Annotated[str, Field(max_length=60)] | None = None
    state: CallStateName | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def calls_matching(call: Call, query: CallQuery) -> tuple[list[reads.CallLine], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.call_list(
        call.tx,
        partner=query.partner,
        states=[query.state] if query.state else None,
        before_id=place[0] if place else None,
        limit=query.limit + 1,
        seen=account_filter(call.actor, "account_id"),
    )
    return cut(rows, query.limit, lambda row: (row.id,))


async def seen_call(call: Call, call_id: int) -> reads.CallPage:
    """A call, if the actor sees its account; otherwise there is no such call (404)."""
    return await reads.call_page(call.tx, call_id, seen=account_filter(call.actor, "account_id"))


@routes.get("/calls", permission="gateway.read", query=CallQuery, returns=(Rows, reads.CallLine))
async def list_calls(call: Call, query: CallQuery) -> Rows:
    """Calls to partners about the accounts that you see, the latest first."""
    return Rows(*await calls_matching(call, query))


@routes.get("/calls/{call_id:int}", permission="gateway.read", returns=reads.CallPage)
async def read_call(call: Call, call_id: int) -> reads.CallPage:
    """One call with what went over the wire."""
    return await seen_call(call, call_id)


@routes.post("/calls/{call_id:int}/resend", permission="gateway.write", body=Why)
async def resend_call(call: Call, call_id: int, body: Why) -> dict[str, list[int]]:
    """Send a call again that ended without success, under the same key."""
    await seen_call(call, call_id)
    return {"resent": await resend(call.tx, [call_id], reason=body.reason)}


@routes.post("/calls/{call_id:int}/cancel", permission="gateway.write", body=Why)
async def cancel_call(call: Call, call_id: int, body: Why) -> dict[str, list[int]]:
    """Give up a call."""
    await seen_call(call, call_id)
    return {"cancelled": await cancel(call.tx, [call_id], reason=body.reason)}


# Messages -------------------------------------------------------------------------------------------------------------


@strict
@dataclass(frozen=True, slots=True)
class MessageQuery:
    """Which messages to list; without a state, those that nobody has acted on."""

    partner: Annotated[str, Field(max_length=60)] | None = None
    state: MessageStateName | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def messages_matching(call: Call, query: MessageQuery) -> tuple[list[reads.MessageLine], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.inbox_list(
        call.tx,
        partner=query.partner,
        states=[query.state] if query.state else ("received", "unmatched"),
        before_id=place[0] if place else None,
        limit=query.limit + 1,
        seen=account_filter(call.actor, "account_id"),
    )
    return cut(rows, query.limit, lambda row: (row.id,))


async def seen_message(call: Call, message_id: int) -> reads.MessageLine:
    """A message, if the actor sees its account; one about nobody is for those who see everything."""
    found = await reads.inbox_list(
        call.tx, states=None, ids=[message_id], seen=account_filter(call.actor, "account_id")
    )
    if not found:
        raise not_there()
    return found[0]


@routes.get("/messages", permission="gateway.read", query=MessageQuery, returns=(Rows, reads.MessageLine))
async def list_messages(call: Call, query: MessageQuery) -> Rows:
    """Messages of partners about the accounts that you see, the latest first."""
    return Rows(*await messages_matching(call, query))


@strict
@dataclass(frozen=True, slots=True)
class Assignment:
    """What a message is about, as a person says."""

    correlation: Annotated[str, Field(min_length=1, max_length=200)]
    reason: WhyText


@routes.post("/messages/{message_id:int}/assign", permission="gateway.write", body=Assignment, status=204)
async def assign_to(call: Call, message_id: int, body: Assignment) -> None:
    """Say what a message is about; it is then told as if it had just come."""
    await seen_message(call, message_id)
    await assign_message(call.tx, message_id, correlation=body.correlation, reason=body.reason)


@routes.post("/messages/{message_id:int}/dismiss", permission="gateway.write", body=Why)
async def dismiss(call: Call, message_id: int, body: Why) -> dict[str, list[int]]:
    """Put a message aside."""
    await seen_message(call, message_id)
    return {"dismissed": await dismiss_messages(call.tx, [message_id], reason=body.reason)}


# Webhooks -------------------------------------------------------------------------------------------------------------


@routes.get("/webhooks", permission="gateway.read", query=Paging, returns=(Rows, reads.WebhookLine))
async def list_webhooks(call: Call, query: Paging) -> Rows:
    """Who is told which facts."""
    place = place_of(query.cursor, int)
    rows = await reads.webhook_list(call.tx, after_id=place[0] if place else 0, limit=query.limit + 1)
    return Rows(*cut(rows, query.limit, lambda row: (row.id,)))


@routes.post(
    "/webhooks", permission="gateway.write", body=WebhookDraft, returns=RegisteredWebhook, status=201, told_once=True
)
async def add_webhook(call: Call, body: WebhookDraft) -> RegisteredWebhook:
    """Tell these facts to this address from now on; the secret is told this once."""
    return await register_webhook(call.tx, body)


@strict
@dataclass(frozen=True, slots=True)
class Active:
    """Whether a webhook is told facts."""

    active: bool


@routes.put("/webhooks/{webhook_id:int}/active", permission="gateway.write", body=Active, status=204)
async def switch_webhook(call: Call, webhook_id: int, body: Active) -> None:
    """Stop or resume telling a webhook."""
    await set_webhook_active(call.tx, webhook_id, body.active)


@strict
@dataclass(frozen=True, slots=True)
class Replay:
    """Which facts to tell again."""

    since: AwareDatetime
    until: AwareDatetime
    reason: WhyText


@routes.post("/webhooks/{webhook_id:int}/replay", permission="gateway.write", body=Replay)
async def replay_webhook(call: Call, webhook_id: int, body: Replay) -> dict[str, int]:
    """Tell a webhook the facts of some time again."""
    told = await replay_events(call.tx, webhook_id, since=body.since, until=body.until, reason=body.reason)
    return {"told": told}


@routes.post("/deliveries/{call_id:int}/replay", permission="gateway.write", body=Why)
async def replay_delivery(call: Call, call_id: int, body: Why) -> dict[str, list[int]]:
    """Deliver one fact to its webhook again."""
    await seen_call(call, call_id)
    return {"replayed": await replay_deliveries(call.tx, [call_id], reason=body.reason)}
