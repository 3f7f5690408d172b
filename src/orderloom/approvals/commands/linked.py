"""A verdict by a one-time link: the token stands for the person, for exactly one step and one content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orderloom.approvals.commands.deciding import decide_requests
from orderloom.approvals.commands.telling import LINK, LIST_LINK
from orderloom.approvals.reads.ask import Ask, asks_of
from orderloom.approvals.types import Channel, Decided, VerdictDraft, VerdictKind
from orderloom.base.refusals import Conflict, Forbidden, NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.parties.commands import link_behind, links_within, use_found
from orderloom.parties.store.link import FoundLink


@dataclass(frozen=True, slots=True)
class Linked:
    """What a link leads to. `is_good` says that it still decides; `content` is the hash that it was made for."""

    ask: Ask
    token: str
    is_used: bool
    is_over: bool
    content: str

    @property
    def is_good(self) -> bool:
        """Whether a verdict by it would be taken now, as far as the link goes."""
        ask = self.ask
        return ask.is_open and not (self.is_used or self.is_over or ask.is_asked_back) and self.content == ask.content


async def read_link(tx: Tx, token: str) -> Linked:
    """What the link of this token leads to; nothing is decided or used up. 404 for any other token."""
    return await linked_by(tx, await link_behind(tx, token, LINK), token)


async def linked_by(tx: Tx, link: FoundLink, token: str = "") -> Linked:
    """What a link leads to that was found, by its token or by the message that it stands in."""
    if link.purpose != LINK or link.subject_id is None or link.user_id is None:
        raise _nothing()
    asks = await asks_of(tx, [(link.subject_id, str(link.params["step"]), link.user_id)])
    return _linked(asks[0], token, link.used_at is not None, link.is_over, link.params)


async def read_list_link(tx: Tx, token: str) -> list[Linked]:
    """What the list of this token leads to, each with a token of its own; nothing is decided or used up."""
    outer = await link_behind(tx, token, LIST_LINK)
    if outer.is_over:
        raise _nothing()
    inner = await links_within(tx, token, outer)
    wanted = [(one.link.subject_id or 0, str(one.link.params["step"]), one.link.user_id or 0) for one in inner]
    asks = await asks_of(tx, wanted)
    assert len(asks) == len(inner), "a step of a request stays"
    return [
        _linked(ask, one.token, one.link.used_at is not None, one.link.is_over, one.link.params)
        for ask, one in zip(asks, inner, strict=True)
    ]


async def decide_by_link(
    tx: Tx,
    token: str,
    *,
    verdict: VerdictKind,
    comment: str = "",
    channel: Channel = "email",
    visitor_id: int | None = None,
) -> Decided:
    """Give the verdict of the person that the link was made for; a verdict that is refused leaves the link good.

    Refused: a link that is unknown, over or used (404), a person who is gone (403), and where the policy wants a
    log-in, anybody but the very person logged in, as `visitor_id` (403). The rest is refused as any verdict would be.
    """
    link = await link_behind(tx, token, LINK)
    return await decide_by_found(tx, link, verdict=verdict, comment=comment, channel=channel, visitor_id=visitor_id)


async def decide_by_found(
    tx: Tx,
    link: FoundLink,
    *,
    verdict: VerdictKind,
    comment: str = "",
    channel: Channel = "email",
    visitor_id: int | None = None,
) -> Decided:
    """The same by a link that was found by the message that it stands in."""
    found = await linked_by(tx, link)
    ask = found.ask
    if not ask.is_active:
        raise Forbidden([Problem("user_inactive", "You cannot decide any more; somebody else is asked.")])
    if ask.log_in and visitor_id != ask.user_id:
        raise Forbidden([Problem("log_in_needed", _LOG_IN)])
    if found.is_used:
        said = f"You have used this link; {ask.number} is {ask.state}."
        raise Conflict([Problem("link_used", f"{said} If something has changed since, there is a newer message.")])
    await use_found(tx, link)
    tx.actor = Actor("user", ask.user_name, ask.user_id)
    draft = VerdictDraft(verdict, found.content, ask.step, comment)
    (decided,) = await decide_requests(tx, [(ask.request_id, draft)], channel=channel)
    return decided


_LOG_IN = "The amount is above what may be decided without logging in; log in as yourself, then decide."


def _linked(ask: Ask, token: str, is_used: bool, is_over: bool, params: Mapping[str, Any]) -> Linked:
    return Linked(ask, token, is_used=is_used, is_over=is_over, content=str(params["content"]))


def _nothing() -> NotFound:
    return NotFound([Problem("link_unknown", "There is nothing behind this link; ask for a new one.")])
