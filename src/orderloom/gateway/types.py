"""Nouns of the gateway: partners, calls, attempts, messages, webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field

from orderloom.base.types import Subject

BODY_CAP = 16_384
"""Characters of a request or reply that an attempt keeps, and that an event carries."""

REPLY_LIMIT = 262_144
"""Bytes of a reply or message that are read at all."""


class CallState(StrEnum):
    """Where a call stands; the moves between them are in `states.py`."""

    QUEUED = "queued"
    SENDING = "sending"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"


class AttemptOutcome(StrEnum):
    """How one attempt ended."""

    ANSWERED = "answered"  # 2xx with a body that could be read
    REFUSED = "refused"  # 4xx: the partner's business says no
    NONSENSE = "nonsense"  # 2xx whose body is no JSON object, or is too long
    BUSY = "busy"  # 408, 425, 429, 503: come back later
    FAILED = "failed"  # another 5xx
    UNREACHABLE = "unreachable"  # not sent: name, connection or TLS failed
    BLOCKED = "blocked"  # not sent: the address is not allowed
    REDIRECT = "redirect"  # 3xx, never followed
    TIMEOUT = "timeout"  # sent, no reply in time
    LOST = "lost"  # sent, the connection broke before the reply
    LEASE_LOST = "lease_lost"  # the worker vanished while sending


class Circuit(StrEnum):
    """Whether a partner is being called: closed yes, open no, half-open one call to try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class MessageState(StrEnum):
    """Where a message stands."""

    RECEIVED = "received"  # its correlation is known; somebody above will match it
    MATCHED = "matched"
    UNMATCHED = "unmatched"  # early, or nobody knows what it is about; a person sees it
    REJECTED = "rejected"  # signed but unusable, or dismissed by a person


PartnerCode = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,39}$")]
Url = Annotated[str, Field(pattern=r"^https?://", max_length=2000)]
Seconds = Annotated[float, Field(ge=0, le=604_800)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class PartnerDraft:
    """An outside system as it is registered or changed.

    `retry_seconds` is the wait after each failed attempt; when it is used up, the call is
    exhausted. `stop_when_unknown` names operations that are not sent again when the outcome of
    an attempt is unknown: a person looks first. All others are sent again with the same key.
    """

    code: PartnerCode
    name: Annotated[str, Field(min_length=1, max_length=200)]
    endpoint: Url
    rate_per_second: Annotated[float, Field(ge=0.001, le=10_000)] = 50
    max_in_flight: Annotated[int, Field(ge=1, le=1000)] = 10
    timeout_seconds: Annotated[float, Field(ge=0.05, le=300)] = 30
    retry_seconds: Annotated[tuple[Seconds, ...], Field(max_length=20)] = (5, 30, 120, 600, 3600)
    stop_when_unknown: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    failure_limit: Annotated[int, Field(ge=1, le=1000)] = 5
    cool_down_seconds: Annotated[float, Field(ge=0.01, le=3600)] = 30


@dataclass(frozen=True, slots=True)
class PartnerSecrets:
    """The keys of a partner, shown once: `outgoing` signs our calls, `incoming` its messages."""

    outgoing: str
    incoming: str


@dataclass(frozen=True, slots=True)
class CallDraft:
    """Work that a partner is asked to do.

    `key` names the work, unique for the partner and independent of attempts. `payload` is the body
    as it goes out, with the references that the caller puts in. `path` is appended to the
    partner's endpoint; without it, the operation's name is.
    """

    partner: str
    operation: str
    payload: Mapping[str, Any]
    key: str
    subject: Subject
    correlation: str | None = None
    path: str | None = None
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ClaimedCall:
    """A call that this worker may send now, with all that sending needs."""

    id: int
    attempt: int
    tries: int
    partner_id: int
    partner: str
    operation: str
    url: str
    body: str
    key: str
    edition: int
    correlation: str | None
    timeout_seconds: float
    retry_seconds: Sequence[float]
    stop_when_unknown: bool
    in_doubt: bool
    started_at: datetime
    secrets: Sequence[str]

    @property
    def wire_key(self) -> str:
        """The Idempotency-Key that the partner sees: a changed payload is other work."""
        return self.key if self.edition == 1 else f"{self.key}/{self.edition}"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What happened when a call was sent."""

    call: ClaimedCall
    outcome: AttemptOutcome
    duration_ms: float
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str = ""
    status: int | None = None
    reply_headers: Mapping[str, str] = field(default_factory=dict)
    reply_body: str = ""
    reply: Mapping[str, Any] | None = None  # where it is a JSON object that could be read
    retry_after_seconds: float | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the partner is answered: 200 also for a message that was delivered before."""

    status: int
    message_id: str
    is_duplicate: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message that nobody has acted on yet, locked for whoever asked."""

    id: int
    partner: str
    type: str
    correlation: str | None
    outputs: Mapping[str, Any]
    received_at: datetime


@dataclass(frozen=True, slots=True)
class WebhookDraft:
    """A wish to be told facts. `event_types` are names like `orders.order_submitted`."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    url: Url
    event_types: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class RegisteredWebhook:
    """A webhook and its secret, which is shown this once."""

    id: int
    secret: str
