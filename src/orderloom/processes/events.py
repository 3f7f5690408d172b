"""What the engine tells others. Nodes that do not `tell` move silently, save for failures and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class StepEvent(Event):
    """Something about one step of a process of the subject."""

    process_id: int
    number: int
    key: str
    kind: str


@dataclass(frozen=True, slots=True)
class StepStarted(StepEvent):
    """A step that tells has begun."""


@dataclass(frozen=True, slots=True)
class StepDone(StepEvent):
    """A step that tells or yields is done."""

    outputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepSkipped(StepEvent):
    """A step that tells will not run."""

    sub_reason: str


@dataclass(frozen=True, slots=True)
class StepCounted(StepEvent):
    """A counting step has counted more."""

    before: int
    after: int
    expected: int | None


@dataclass(frozen=True, slots=True)
class StepFailed(StepEvent):
    """A step stands in fallout and needs somebody."""

    error_class: str
    error: str
    partner: str | None


@dataclass(frozen=True, slots=True)
class StepRepaired(StepEvent):
    """A step has left fallout: `after` is what became of it."""

    after: str


@dataclass(frozen=True, slots=True)
class StepOverdue(StepEvent):
    """A step has not ended at its latest typical finish."""

    state: str
    wake_at: str


@dataclass(frozen=True, slots=True)
class TaskOpened(StepEvent):
    """A step waits for a person."""

    queue: str | None


@dataclass(frozen=True, slots=True)
class StepsCancelled(Event):
    """Steps were cancelled; `undo` are the steps that take back what was done."""

    process_id: int
    numbers: tuple[int, ...]
    undo: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StepsHeld(Event):
    """Steps were put on hold."""

    process_id: int
    numbers: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class StepsReleased(Event):
    """Steps are no longer on hold; messages that were kept for them may be delivered."""

    process_id: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ProcessFinished(Event):
    """Nothing mandatory is open any more; `state` is done or cancelled."""

    process_id: int
    state: str


@dataclass(frozen=True, slots=True)
class ProcessAmended(Event):
    """The plan has changed while it runs."""

    process_id: int
    added: tuple[int, ...]
    withdrawn: tuple[int, ...]
