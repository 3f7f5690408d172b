"""What happened in task lists."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class TaskAssigned(Event):
    """A task has been given to somebody, or taken by them."""

    process_id: int
    number: int
    title: str
    before: int | None
    after: int


@dataclass(frozen=True, slots=True)
class TaskReleased(Event):
    """A task has been given back."""

    process_id: int
    number: int
    title: str
    before: int
    reason: str


@dataclass(frozen=True, slots=True)
class TaskEscalated(Event):
    """A rung of the ladder was reached: `act` says what was done, `user_ids` who was told or got it."""

    process_id: int
    number: int
    title: str
    act: str
    place: int
    user_ids: tuple[int, ...]
