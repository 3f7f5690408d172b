"""From moved calls to the facts about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from orderloom.base.events import Event
from orderloom.gateway.events import CallAnswered, CallExhausted, CallRefused, CallUnknown
from orderloom.gateway.store.call import MovedCall
from orderloom.gateway.types import BODY_CAP, CallState


def facts_of(calls: Iterable[MovedCall], *, problems: Mapping[int, str] | None = None) -> list[Event]:
    """What is to be told about calls that ended.

    Deliveries to webhooks are not told: a webhook that listens to everything would be told of its
    own deliveries for ever.
    """
    told = problems or {}
    found = [_fact(call, told.get(call.id, "")) for call in calls if call.partner_kind == "system"]
    return [fact for fact in found if fact is not None]


def _fact(call: MovedCall, problem: str) -> Event | None:
    shared = (call.subject, call.id, call.correlation, call.partner, call.operation)
    if call.state == CallState.ANSWERED:
        return CallAnswered(*shared, call.status or 0, _capped(call.reply))
    if call.state == CallState.REFUSED:
        return CallRefused(*shared, call.status or 0, _capped(call.reply))
    if call.state == CallState.UNKNOWN:
        return CallUnknown(*shared, call.outcome or "", problem)
    if call.state == CallState.EXHAUSTED:
        return CallExhausted(*shared, call.outcome or "", problem)
    return None


def _capped(reply: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    if reply is None or len(msgspec.json.encode(reply)) > BODY_CAP:
        return None
    return reply
