"""Nouns of messages: recipients, drafts, deliveries, and what a channel says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from orderloom.base.types import Subject
from orderloom.messages.letters import Written

ChannelName = Literal["email", "sms", "chat"]
DeliveryOutcome = Literal["accepted", "postponed", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets it; the address is one of the channel's. A name stands beside it where the channel has names."""

    address: str
    name: str = ""
    role: Literal["to", "cc"] = "to"


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """A message to be sent about a subject: a letter with the values that it names, and perhaps a note of ours.

    `attachments` are subjects that are files, such as documents; the message waits until each is made. `key` makes
    it once: a second draft with the same key is the first message. `links` are promised links, ways in that nobody
    else may know: their tokens are made when the message goes out. `link` is the address that stands where the letter
    has its link; `doors.py` says how it names promised ones.
    What a room has `written` by itself stands in place of the letter, which then is its name alone.
    """

    subject: Subject
    recipients: tuple[Recipient, ...]
    letter: str
    language: str = "en"
    values: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    attachments: tuple[Subject, ...] = ()
    channel: ChannelName = "email"
    key: str | None = None
    link: str = ""
    written: Written | None = None
    links: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperMail:
    """A paper by e-mail: to whom, in which language (the customer's where none is named), and with which note of ours.

    `key` sends it once, however often it is asked for.
    """

    to: tuple[Recipient, ...]
    language: str | None = None
    with_prices: bool = True
    note: str = ""
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file with a message, whole."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parcel:
    """One delivery as a channel gets it. `token` is the message's for ever, whatever attempt this is."""

    delivery_id: int
    attempt: int
    channel: str
    token: str
    recipient: Recipient
    others: tuple[Recipient, ...]
    title: str
    text: str
    html: str
    created_at: datetime
    subject: Subject
    enclosures: tuple[Enclosure, ...] = ()
    is_linked: bool = False
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """What came of an attempt; never an exception."""

    outcome: DeliveryOutcome
    code: int | None = None
    reply: str = ""


class Channel(Protocol):
    """A way to somebody: e-mail over SMTP, a folder, a provider of text messages, a chat.

    `deliver` runs outside of any transaction, may be called again for the same delivery after an attempt that was
    postponed, and answers `unknown` where it cannot tell whether the recipient has it.
    """

    async def deliver(self, parcel: Parcel) -> Delivered: ...
