"""Facts about carrying orders out; the subject of each is the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class OrderPlanned(Event):
    """An order was compiled into a plan, and its plan runs."""

    process_id: int
    steps: int
    things: int
    promised_at: datetime


@dataclass(frozen=True, slots=True)
class PlanChanged(Event):
    """What was found out changed the plan while it runs."""

    reason: str
    added: tuple[str, ...]
    withdrawn: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JeopardyChanged(Event):
    """The order is forecast to be late, or no longer: how much of its spare time is used up."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class KitsCompleted(Event):
    """More kits of a bundle are complete."""

    line: str
    before: int
    after: int
    ordered: int


@dataclass(frozen=True, slots=True)
class FactsTold(Event):
    """A finished step told something about the order."""

    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EvidenceEvent(Event):
    """Something about the evidence for a step that billing waits for."""

    process_id: int
    number: int
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class EvidenceRecorded(EvidenceEvent):
    """Somebody said how they know that a step is done that billing waits for; somebody else has to confirm it."""

    evidence: str


@dataclass(frozen=True, slots=True)
class EvidenceConfirmed(EvidenceEvent):
    """A second person confirmed the evidence; the step is done."""

    recorded_by: str


@dataclass(frozen=True, slots=True)
class EvidenceRejected(EvidenceEvent):
    """The evidence was rejected, or withdrawn by who had recorded it; the step stays as it was."""

    recorded_by: str
    reason: str
