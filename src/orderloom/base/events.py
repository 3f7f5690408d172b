"""Events: facts in the past tense, written with the rows that they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

import msgspec

from orderloom.base.types import Subject


@dataclass(frozen=True, slots=True)
class Event:
    """A fact about a subject. A room declares its own in `events.py`, every field JSON-able.

    Values that changed are given as `before` and `after`.
    """

    subject: Subject

    def payload(self) -> dict[str, Any]:
        """What is kept beside the subject."""
        return {name: getattr(self, name) for name in _payload_names(type(self))}

    @classmethod
    def from_stored(cls, stored: StoredEvent) -> Self:
        """The event as it was emitted; fields that it has gained since take their defaults."""
        known = {name: value for name, value in stored.payload.items() if name in _payload_names(cls)}
        return msgspec.convert({"subject": stored.subject, **known}, cls, strict=False, from_attributes=True)


_payload_names_of: dict[type[Event], tuple[str, ...]] = {}
_type_names: dict[type[Event], str] = {}


def _payload_names(event: type[Event]) -> tuple[str, ...]:
    if event not in _payload_names_of:
        _payload_names_of[event] = tuple(f.name for f in fields(event) if f.name != "subject")
    return _payload_names_of[event]


def type_name(event: type[Event]) -> str:
    """How the event is called in tables and on the wire: `orders.order_submitted`."""
    if event not in _type_names:
        _type_names[event] = _spelled(event)
    return _type_names[event]


def _spelled(event: type[Event]) -> str:
    room = event.__module__.removeprefix("orderloom.").split(".")[0]
    return f"{room}.{re.sub(r'(?<!^)(?=[A-Z])', '_', event.__name__).lower()}"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as a row of `base.event`."""

    id: int
    at: datetime
    type: str
    actor_kind: str
    actor_name: str
    user_id: int | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    payload: Mapping[str, Any]

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)
