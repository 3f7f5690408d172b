"""The page behind the link of a message that asks for approval: GET reads, POST decides, and nothing else ever does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from orderloom.approvals.commands import decide_by_link, read_link, read_list_link
from orderloom.approvals.commands.linked import Linked
from orderloom.approvals.shown import Shown, shown_of
from orderloom.base.parsing import strict
from orderloom.base.refusals import NotFound, Problem, Refused
from orderloom.web.answers import Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.dispatch import refuse_foreign
from orderloom.web.pages.offers import NO_ORIGIN
from orderloom.web.routes import PUBLIC, Routes

routes = Routes("page")
DECIDE = "/decide/{token:str}"


@strict
@dataclass(frozen=True, slots=True)
class LinkVerdict:
    """A verdict as the form of the page sends it; `back` is the list that it stands on."""

    verdict: Literal["approve", "reject"]
    comment: Annotated[str, Field(max_length=10_000)] = ""
    back: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,100}$")] | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a link leads to as the page shows it. `barrier` says who has to log in first, if anybody."""

    linked: Linked
    shown: Shown
    barrier: Literal["", "log in", "somebody else"]


@routes.get(DECIDE, permission=PUBLIC)
async def link_page(call: Call, token: str) -> Page:
    """What waits for the reader's verdict: one request, or the list of several."""
    return await _page(call, token)


@routes.post(DECIDE, permission=PUBLIC, body=LinkVerdict)
async def decide_behind_link(call: Call, token: str, body: LinkVerdict) -> Page | SeeOther:
    """Approve or refuse as the person whom the message was sent to."""
    refuse_foreign({name: value for name, value in call.headers.items() if (name, value) != NO_ORIGIN})
    actor = call.tx.actor
    try:
        async with call.tx.savepoint():
            await decide_by_link(
                call.tx, token, verdict=body.verdict, comment=body.comment, visitor_id=call.actor.user_id
            )
    except Refused as refused:
        call.tx.actor = actor
        page = await _page(call, body.back or token, problems=refused.problems, status=refused.status)
        return page
    said = "Approved. Thank you." if body.verdict == "approve" else "Refused; who asked reads your reason."
    return SeeOther(f"/decide/{body.back or token}", said)


async def _page(call: Call, token: str, *, problems: tuple[Problem, ...] = (), status: int = 200) -> Page:
    context = {"token": token, "problems": problems, "typed": call.form}
    try:
        seen = _seen(call, await read_link(call.tx, token))
        return Page("approvals/decide.html", {**context, "seen": seen, "ask": seen.linked.ask}, status=status)
    except NotFound:
        pass
    try:
        rows = [_seen(call, linked) for linked in await read_list_link(call.tx, token)]
        return Page("approvals/decide_list.html", {**context, "rows": rows}, status=status)
    except NotFound:
        return Page("approvals/no_link.html", status=404)


def _seen(call: Call, linked: Linked) -> Seen:
    ask = linked.ask
    barrier: Literal["", "log in", "somebody else"] = ""
    if ask.log_in and call.actor.user_id != ask.user_id:
        barrier = "somebody else" if call.visitor.signed_in else "log in"
    shown = shown_of(ask.snapshot, ask.reasons, may_see_cost=ask.sees_cost, locale=ask.locale)
    return Seen(linked, shown, barrier)
