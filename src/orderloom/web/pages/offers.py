"""The customer's page of an offer, behind an unguessable link: read, ask, choose, say yes or no. A GET never acts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem, Refused, refuse
from orderloom.base.types import Actor
from orderloom.quotes import commands
from orderloom.quotes.quote import TotalRow
from orderloom.quotes.reads import QuotePage, StoredVersion, quote_behind, quote_page
from orderloom.quotes.rules import chosen_lines, pick_problems, subtotals, totals_of
from orderloom.quotes.types import AcceptanceDraft, Choice
from orderloom.web.answers import Page, SeeOther
from orderloom.web.call import Call
from orderloom.web.dispatch import refuse_foreign
from orderloom.web.pages.quotes import charges_by_line, depths
from orderloom.web.routes import PUBLIC, Routes

routes = Routes("page")
OFFER = "/offers/{token:str}"
Name = Annotated[str, Field(min_length=2, max_length=200)]
Words = Annotated[str, Field(min_length=3, max_length=5_000)]
NO_ORIGIN = ("origin", "null")
"""What browsers say of where a form comes from when its page tells no other site its address, as ours does."""
Code = Annotated[str, Field(max_length=100)]


@dataclass(frozen=True, slots=True)
class Offer:
    """What the link leads to: the quote, the version that its customer sees, and the link itself."""

    page: QuotePage
    link_id: int

    @property
    def shown(self) -> StoredVersion:
        return self.page.shown


@strict
@dataclass(frozen=True, slots=True)
class AcceptForm:
    """A yes: to which version, by whom, with which options, and the tick."""

    version: Annotated[int, Field(ge=1)]
    name: Name
    agree: bool = False
    choosing: bool = False
    pick: Mapping[Code, Code] = field(default_factory=dict)
    alternative: Mapping[Code, Code] = field(default_factory=dict)


@strict
@dataclass(frozen=True, slots=True)
class DeclineForm:
    """A no, with its reason."""

    version: Annotated[int, Field(ge=1)]
    name: Name
    reason: Words


@strict
@dataclass(frozen=True, slots=True)
class QuestionForm:
    """A question."""

    name: Name
    text: Words


async def offer_behind(call: Call, token: str) -> Offer | None:
    """The offer that a token leads to. What is wrong, old or expired takes the same way and finds nothing."""
    found = await quote_behind(call.tx, commands.digest_of(token))
    if found is None:
        return None
    quote_id, link_id = found
    call.tx.actor = Actor("customer", "Customer", all_accounts=True)
    page = await quote_page(call.tx, quote_id)
    if page.head.state == "draft" and page.head.active_version > 1:
        page = await quote_page(call.tx, quote_id, version=page.head.active_version - 1)
    call.tx.actor = Actor("customer", page.head.account_name, all_accounts=True)
    return Offer(page, link_id)


def nothing_there() -> Page:
    """The one answer to every link that does not hold."""
    return Page("quotes/no_offer.html", status=404)


def picked_from(arguments: Mapping[str, str]) -> list[str] | None:
    """The options of the address or of a form; none where nobody chose yet."""
    if "choosing" not in arguments:
        return None
    picked = [name.removeprefix("pick.") for name in arguments if name.startswith("pick.")]
    return picked + [line for name, line in arguments.items() if name.startswith("alternative.")]


def shown_page(
    call: Call,
    token: str,
    offer: Offer,
    picked: list[str] | None,
    *,
    problems: tuple[Problem, ...] = (),
    status: int = 200,
) -> Page:
    """The offer with what the chosen options come to."""
    lines, head = offer.shown.lines, offer.page.head
    if picked is not None and pick_problems(lines, picked):
        problems = problems or tuple(pick_problems(lines, picked))
        picked = None
    chosen = chosen_lines(lines, picked)
    totals: tuple[TotalRow, ...] = totals_of(offer.shown.charges, chosen)
    is_open = head.state == "sent" and head.expires_at > call.tx.now
    context: dict[str, Any] = {
        "home": f"/offers/{token}",
        "page": offer.page,
        "head": head,
        "version": offer.shown.version,
        "lines": lines,
        "chosen": chosen,
        "money": charges_by_line(offer.shown),
        "subtotals": {one.line: one for one in subtotals(lines, offer.shown.charges)},
        "depths": depths(offer.shown),
        "totals": totals,
        "is_open": is_open,
        "is_over": head.state == "expired" or (head.state == "sent" and not is_open),
        "free": any(line.parent is None and (line.is_optional or line.alternative) for line in lines),
        "problems": problems,
        "typed": call.form or call.arguments,
    }
    return Page("quotes/offer.html", context, status=status)


@routes.get(OFFER, permission=PUBLIC)
async def offer_page(call: Call, token: str) -> Page:
    """The offer, as its customer sees it."""
    offer = await offer_behind(call, token)
    if offer is None:
        return nothing_there()
    return shown_page(call, token, offer, picked_from(call.arguments))


async def acted(call: Call, token: str, act: Callable[[Offer], Awaitable[object]], *, said: str) -> Page | SeeOther:
    """Do what a customer asks; where the world says no, show the offer as it is now, with the reason."""
    refuse_foreign({name: value for name, value in call.headers.items() if (name, value) != NO_ORIGIN})
    offer = await offer_behind(call, token)
    if offer is None:
        return nothing_there()
    try:
        async with call.tx.savepoint():
            await act(offer)
    except Refused as refused:
        fresh = await offer_behind(call, token) or offer
        return shown_page(call, token, fresh, picked_from(call.form), problems=refused.problems, status=refused.status)
    return SeeOther(f"/offers/{token}", said)


@routes.post(OFFER + "/accept", permission=PUBLIC, body=AcceptForm)
async def accept_offer(call: Call, token: str, body: AcceptForm) -> Page | SeeOther:
    """Say yes to the version that was read, with the options that were chosen."""

    async def act(offer: Offer) -> None:
        if not body.agree:
            refuse("tick_missing", "Tick that you accept the offer, then accept it again.", "/agree")
        picked = picked_from(call.form)
        choice = None if picked is None else Choice(tuple(picked))
        draft = AcceptanceDraft(body.version, body.name, choice)
        await commands.accept_quote(call.tx, offer.page.head.id, draft, link_id=offer.link_id, by_customer=True)

    return await acted(call, token, act, said="Thank you, the offer is accepted. We will be in touch.")


@routes.post(OFFER + "/decline", permission=PUBLIC, body=DeclineForm)
async def decline_offer(call: Call, token: str, body: DeclineForm) -> Page | SeeOther:
    """Say no, with the reason."""

    async def act(offer: Offer) -> None:
        await commands.decline_quote(
            call.tx, offer.page.head.id, version=body.version, name=body.name, reason=body.reason
        )

    return await acted(call, token, act, said="We have noted that you decline the offer. Thank you for telling us why.")


@routes.post(OFFER + "/ask", permission=PUBLIC, body=QuestionForm)
async def ask_about_offer(call: Call, token: str, body: QuestionForm) -> Page | SeeOther:
    """Ask something; the answer will stand on this page."""

    async def act(offer: Offer) -> None:
        await commands.ask_question(call.tx, offer.page.head.id, asked_by=body.name, text=body.text)

    return await acted(call, token, act, said="Your question is with us; the answer will stand on this page.")
