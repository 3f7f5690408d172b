"""Facts of messages; each is about what the message is about."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class MessageQueued(Event):
    """A message is to be sent."""

    message_id: int
    channel: str
    letter: str
    title: str
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DeliveryMoved(Event):
    """A delivery was sent, refused or bounced, was given up, has an unknown outcome, or was stopped or repeated."""

    message_id: int
    delivery_id: int
    address: str
    before: str
    after: str
    reply: str = ""
