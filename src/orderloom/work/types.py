"""Nouns of task lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.fields import Code, Text
from orderloom.base.parsing import strict
from orderloom.processes.types import StepId

FieldType = Literal["text", "integer", "number", "boolean", "date", "choice", "list"]


@dataclass(frozen=True, slots=True)
class FormField:
    """One thing that a task asks for; its name is the name of the output."""

    name: str
    type: FieldType = "text"
    label: str = ""
    required: bool = False
    options: tuple[str, ...] = ()
    at_least: Decimal | None = None
    at_most: Decimal | None = None


Act = Literal["remind", "add_manager", "reassign", "raise_priority"]


@strict
@dataclass(frozen=True, slots=True)
class RungDraft:
    """A rung of a queue's ladder: what happens so many working hours after a task is due, or before it (negative)."""

    hours: Annotated[Decimal, Field(ge=-10_000, le=10_000, max_digits=7, decimal_places=2)]
    act: Act


@dataclass(frozen=True, slots=True)
class QueueDraft:
    """A queue as it is set up: which team works it, and how long a task may take."""

    code: Code
    name: Text
    team_id: int | None = None
    calendar: str | None = None
    sla_hours: Annotated[Decimal | None, Field(gt=0, le=100_000, max_digits=8, decimal_places=2)] = None


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is."""

    code: str
    name: str
    team_id: int | None
    team_name: str | None
    calendar: str | None
    sla_hours: Decimal | None
    open_tasks: int
    overdue_tasks: int


@dataclass(frozen=True, slots=True)
class TaskCompletion:
    """What a person says when a task is done."""

    process_id: int
    number: int
    outputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Task:
    """A task as a list shows it."""

    process_id: int
    number: int
    key: str
    title: str
    kind: str
    state: str
    priority: int
    queue: str | None
    queue_name: str | None
    held: bool
    hold_reason: str | None
    due: datetime | None
    is_overdue: bool
    ready_at: datetime | None
    started_at: datetime | None
    user_id: int | None
    user_name: str | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    params: Mapping[str, Any]

    @property
    def id(self) -> StepId:
        """The step that the task is."""
        return StepId(self.process_id, self.number)


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks: mine, my teams', or all that the actor may see."""

    view: Literal["mine", "team", "all"] = "team"
    queue: str | None = None
    unassigned: bool = False
    overdue: bool = False
    priority: int | None = None
    subject_kind: str | None = None
    subject_id: int | None = None


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of a list; `after` continues it, None at its end."""

    tasks: tuple[Task, ...]
    after: str | None
