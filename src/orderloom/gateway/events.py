"""Facts of the wire. The subject is that of the call or message, so the room above finds its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class CallAnswered(Event):
    """A partner took a call and answered. Status 202 means that the result comes as a message.

    `reply` is left out when it is longer than an event may carry; `reads.replies` has it whole.
    """

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    status: int
    reply: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CallRefused(Event):
    """A partner's business said no (4xx)."""

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    status: int
    reply: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class CallUnknown(Event):
    """Nobody knows whether the partner did what a call asked; never success, a person decides."""

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    outcome: str
    problem: str


@dataclass(frozen=True, slots=True)
class CallExhausted(Event):
    """A call never arrived: its attempts are used up, or its address is not allowed."""

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    outcome: str
    problem: str


@dataclass(frozen=True, slots=True)
class CallCancelled(Event):
    """A call was withdrawn; no attempt follows."""

    call_id: int
    correlation: str | None
    partner: str
    operation: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallResent(Event):
    """A person sent an ended call again."""

    call_id: int
    partner: str
    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class MessageReceived(Event):
    """A partner told us something, genuine and new. Match it to what waits for its correlation."""

    message_id: int
    partner: str
    type: str
    correlation: str | None


@dataclass(frozen=True, slots=True)
class MessageDismissed(Event):
    """A person put a message aside."""

    message_id: int
    partner: str
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerRegistered(Event):
    """An outside system is known."""

    endpoint: str


@dataclass(frozen=True, slots=True)
class PartnerChanged(Event):
    """The address or limits of a partner are others now."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PartnerSwitched(Event):
    """A person took a partner off line or put it back; its calls wait meanwhile."""

    before: bool
    after: bool
    reason: str


@dataclass(frozen=True, slots=True)
class PartnerCircuitMoved(Event):
    """A partner stopped answering, is being tried, or answers again."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SecretRotated(Event):
    """A partner has a new key; the old one holds for a while."""

    direction: str


@dataclass(frozen=True, slots=True)
class WebhookRegistered(Event):
    """Somebody wants to be told facts."""

    url: str
    event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookChanged(Event):
    """A webhook was switched on or off."""

    before: bool
    after: bool
