"""Nouns of approvals: policies as they are written, requests as they stand, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.fields import Code, LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.types import Subject

Worse = Literal["higher", "lower", "changed"]
InputType = Literal["number", "string", "boolean", "date", "list<number>", "list<string>"]
VerdictKind = Literal["approve", "reject"]
Channel = Literal["page", "api", "email", "sms", "chat"]

StepName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9 _-]{0,59}$")]
Hours = Annotated[Decimal, Field(gt=0, le=10_000, max_digits=7, decimal_places=2)]


class State(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    RECALLED = "recalled"
    VOID = "void"


@strict
@dataclass(frozen=True, slots=True)
class WhoDraft:
    """Whom a step asks; exactly one of these is given.

    `person` is a login, `role` a code, `team` and `lead` the name of a team, `manager` a level above the requester (1
    is their own manager), `owner` the owner of the account, `expression` FEEL over the inputs that gives logins.
    """

    person: Annotated[str, Field(max_length=254)] | None = None
    role: Code | None = None
    team: Text | None = None
    lead: Text | None = None
    manager: Annotated[int, Field(ge=1, le=20)] | None = None
    owner: bool = False
    expression: Annotated[str, Field(max_length=2_000)] | None = None


@strict
@dataclass(frozen=True, slots=True)
class StepDraft:
    """A step: whom it asks and how many of them must agree (0: all of them).

    With `veto` one refusal refuses; without, refusals count only once too few are left to agree. `hours` are working
    hours of the queue's calendar until it is due.
    """

    name: StepName
    who: Annotated[tuple[WhoDraft, ...], Field(min_length=1, max_length=20)]
    label: Text | None = None
    needed: Annotated[int, Field(ge=0, le=100)] = 1
    veto: bool = True
    hours: Hours | None = None


@strict
@dataclass(frozen=True, slots=True)
class InputDraft:
    """A value that the table reads, and in which direction it gets worse after it was approved."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9 _]{0,59}$")]
    type: InputType = "number"
    worse: Worse = "changed"
    label: Text | None = None


Flow = tuple[StepName | tuple[StepName | tuple[StepName, ...], ...], ...]
"""A sequence of steps; a list in it runs in parallel, and a list in that in sequence again."""


@strict
@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """A policy as people write it.

    `table` is a decision table as YAML or CSV whose output names the steps that are needed; of several matching rules
    all steps are. `flow` arranges them, all steps in sequence if it is empty. Above `log_in_above` (of the input
    `amount`) a verdict asks for a log-in, whatever message it came from.
    """

    code: Code
    name: Text
    subject: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    inputs: Annotated[tuple[InputDraft, ...], Field(min_length=1, max_length=50)]
    table: Annotated[str, Field(max_length=100_000)]
    steps: Annotated[tuple[StepDraft, ...], Field(min_length=1, max_length=50)]
    flow: Flow = ()
    log_in_above: Annotated[Decimal, Field(ge=0, max_digits=19, decimal_places=6)] | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """A subject that asks whether it needs approval.

    `inputs` are what policies read. `identity` (parties, currency, terms) counts as an input of every rule. `shown` is
    what the people asked will see; with the others it makes the content that a verdict is for. `requesters` are the
    users who asked or edited: none of them may decide.
    """

    subject: Subject
    inputs: Mapping[str, object]
    identity: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, Any] = field(default_factory=dict)
    requesters: tuple[int, ...] = ()
    account_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that matched: what it says, what people noted beside it, and the inputs that it read, as FEEL literals."""

    rule: int
    text: str
    note: str
    read: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who may decide a step, and how they came to it."""

    user_id: int
    name: str
    via: str
    login: str = ""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as a request would have it; `kept_from` is the request whose verdict still holds."""

    name: str
    label: str
    needed: int
    veto: bool
    hours: Decimal | None
    reasons: tuple[Reason, ...]
    candidates: tuple[Candidate, ...]
    after: tuple[str, ...] = ()
    kept_from: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What submitting would ask for; no steps: nothing is needed."""

    policy: str | None
    version: int | None
    steps: tuple[PlannedStep, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether anybody has to decide."""
        return any(step.kept_from is None for step in self.steps)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a submission; `state` is none where nothing was needed."""

    subject: Subject
    request_id: int | None
    number: str | None
    state: State | None


@strict
@dataclass(frozen=True, slots=True)
class VerdictDraft:
    """A person's verdict on a step, for the content whose hash they were shown (hexadecimal)."""

    verdict: VerdictKind
    content: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    step: StepName | None = None
    comment: LongText = ""


@strict
@dataclass(frozen=True, slots=True)
class RemarkDraft:
    """A question, an answer or a reason."""

    text: Annotated[str, Field(min_length=1, max_length=10_000)]


@strict
@dataclass(frozen=True, slots=True)
class ApproverDraft:
    """One more to ask, or another instead; people go by login."""

    login: Annotated[str, Field(min_length=3, max_length=254)]
    reason: Annotated[str, Field(min_length=1, max_length=2_000)]
    step: StepName | None = None


@strict
@dataclass(frozen=True, slots=True)
class DelegationDraft:
    """Somebody decides for somebody from one moment until another; all kinds of subject if none are named."""

    delegate: Annotated[str, Field(min_length=3, max_length=254)]
    starts_at: datetime
    ends_at: datetime
    subjects: Annotated[tuple[Code, ...], Field(max_length=20)] = ()
    reason: Annotated[str, Field(max_length=2_000)] = ""
    user: Annotated[str, Field(min_length=3, max_length=254)] | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """What a verdict did: to its step, and to the request."""

    request_id: int
    step: str
    is_step_decided: bool
    state: State
