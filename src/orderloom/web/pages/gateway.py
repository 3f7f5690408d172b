"""The partners: how they are, their calls with what went over the wire, and messages that nobody waits for."""

from __future__ import annotations

from orderloom.base.refusals import NotFound, Problem
from orderloom.gateway import reads
from orderloom.gateway.commands import close_circuit, resend, set_online
from orderloom.gateway.inbox import assign_message, dismiss_messages
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.gateway import (
    Assignment,
    CallQuery,
    MessageQuery,
    Switch,
    calls_matching,
    messages_matching,
    seen_call,
    seen_message,
)
from orderloom.web.call import Call
from orderloom.web.inputs import Why
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/partners", permission="gateway.read")
async def partners_page(call: Call) -> Page:
    """Outside systems and how they have been doing."""
    return Page(
        "gateway/partners.html",
        {
            "partners": await reads.partner_list(call.tx),
            "webhooks": await reads.webhook_list(call.tx),
            "open_messages": await reads.open_message_count(call.tx),
        },
    )


@routes.get("/partners/messages", permission="gateway.read", query=MessageQuery)
async def messages_page(call: Call, query: MessageQuery) -> Page:
    """Messages, at first those that nobody has acted on."""
    rows, following = await messages_matching(call, query)
    return Page("gateway/messages.html", {"rows": rows, "query": query, "next": following})


@routes.post("/partners/messages/{message_id:int}/assign", permission="gateway.write", body=Assignment)
async def assign_by_form(call: Call, message_id: int, body: Assignment) -> SeeOther:
    """Say what a message is about."""
    await seen_message(call, message_id)
    await assign_message(call.tx, message_id, correlation=body.correlation, reason=body.reason)
    return SeeOther("/partners/messages", "The message is told again as if it had just come.")


@routes.post("/partners/messages/{message_id:int}/dismiss", permission="gateway.write", body=Why)
async def dismiss_by_form(call: Call, message_id: int, body: Why) -> SeeOther:
    """Put a message aside."""
    await seen_message(call, message_id)
    await dismiss_messages(call.tx, [message_id], reason=body.reason)
    return SeeOther("/partners/messages", "The message is put aside.")


@routes.get("/partners/calls/{call_id:int}", permission="gateway.read")
async def call_page(call: Call, call_id: int) -> Page:
    """One call with its attempts."""
    return Page("gateway/call.html", {"page": await seen_call(call, call_id)})


@routes.post("/partners/calls/{call_id:int}/resend", permission="gateway.write", body=Why)
async def resend_by_form(call: Call, call_id: int, body: Why) -> SeeOther:
    """Send a call again that ended without success."""
    await seen_call(call, call_id)
    sent = await resend(call.tx, [call_id], reason=body.reason)
    return SeeOther(
        f"/partners/calls/{call_id}",
        "The call goes out again." if sent else "It was under way already; nothing changed.",
    )


@routes.get("/partners/{partner:str}", permission="gateway.read", query=CallQuery)
async def partner_page(call: Call, partner: str, query: CallQuery) -> Page:
    """One outside system and its calls."""
    found = await reads.partner_list(call.tx, codes=[partner])
    if not found:
        raise NotFound([Problem("partner_unknown", "There is no such partner; look in the list.")])
    query = CallQuery(partner, query.state, query.cursor, query.limit)
    rows, following = await calls_matching(call, query)
    return Page("gateway/partner.html", {"partner": found[0], "rows": rows, "query": query, "next": following})


@routes.post("/partners/{partner:str}/switch", permission="gateway.write", body=Switch)
async def switch_by_form(call: Call, partner: str, body: Switch) -> SeeOther:
    """Stop or resume the calls to a partner."""
    await set_online(call.tx, [partner], body.online, reason=body.reason)
    return SeeOther(f"/partners/{partner}", "Calls go out again." if body.online else "Calls wait until it is back.")


@routes.post("/partners/{partner:str}/circuit", permission="gateway.write")
async def close_circuit_by_form(call: Call, partner: str) -> SeeOther:
    """Call a partner again at once."""
    await close_circuit(call.tx, [partner])
    return SeeOther(f"/partners/{partner}", "Calls go out again.")
