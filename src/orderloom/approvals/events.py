"""Facts about approvals; the subject of each is what the approval is about."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class PolicyPublished(Event):
    """A policy has a new version; its subject is the policy."""

    number: int


@dataclass(frozen=True, slots=True)
class PolicyRetired(Event):
    """A policy is asked no more."""


@dataclass(frozen=True, slots=True)
class ApprovalRequested(Event):
    """Somebody asks for approval."""

    request_id: int
    number: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApprovalAsked(Event):
    """A step of the chain is open: these users are asked."""

    request_id: int
    number: str
    step: str
    user_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VerdictGiven(Event):
    """Somebody has approved or refused a step."""

    request_id: int
    number: str
    step: str
    verdict: str
    user_id: int
    channel: str


@dataclass(frozen=True, slots=True)
class ApprovalDecided(Event):
    """A request has ended; `after` is approved, rejected, recalled or void, and the subject moves on."""

    request_id: int
    number: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class QuestionAsked(Event):
    """Somebody who is to decide asks the requester; the clock stands still."""

    request_id: int
    number: str
    question: str


@dataclass(frozen=True, slots=True)
class QuestionAnswered(Event):
    """The question is answered; the clock runs again."""

    request_id: int
    number: str
    answer: str


@dataclass(frozen=True, slots=True)
class ApproverChanged(Event):
    """Somebody else is asked, or one more."""

    request_id: int
    number: str
    step: str
    before: int | None
    after: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class DelegationMade(Event):
    """Somebody decides for somebody, for a time; its subject is the giver."""

    delegation_id: int
    delegate_id: int
    starts_at: str
    ends_at: str


@dataclass(frozen=True, slots=True)
class DelegationEnded(Event):
    """A delegation was ended before its time."""

    delegation_id: int
