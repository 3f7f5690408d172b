"""The rows of fulfilment before they are written, and evidence as it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class NewPlan:
    """The header of a plan, ready to be written."""

    order_id: int
    process_id: int
    catalogue_version_id: int
    facts: Mapping[str, Any]
    nothing_to_do: list[int]
    critical_path: list[int]
    optimistic_seconds: int
    typical_seconds: int
    pessimistic_seconds: int
    forecast_at: datetime
    promised_at: datetime
    projected_at: datetime
    look_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewThing:
    """A thing that must exist, ready to be written. `sources` are ids of order items."""

    order_id: int
    position: int
    key: str
    kind: str
    spec: str
    action: str
    label: str
    parent_key: str | None
    system: str | None
    scope: str
    place: str | None
    quantity: Decimal
    characteristics: Mapping[str, Any]
    lines: list[Mapping[str, Any]]
    sources: list[int]
    why: list[str]
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class NewStep:
    """What a step is for, ready to be written; `thing_key` names its thing within the order."""

    process_id: int
    number: int
    order_id: int
    thing_key: str | None
    order_items: list[int]
    owner: str
    type: str
    planned_start: datetime
    planned_finish: datetime
    slack_seconds: int | None
    is_critical: bool
    why: str


@dataclass(frozen=True, slots=True)
class PlanRevision:
    """What a change makes of a plan's header."""

    order_id: int
    revision: int
    nothing_to_do: list[int]
    critical_path: list[int]
    forecast_at: datetime
    promised_at: datetime
    projected_at: datetime


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of an order now."""

    order_id: int
    projected_at: datetime
    jeopardy: str
    look_again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What somebody says about a step that billing waits for, until somebody else confirms it."""

    id: int
    process_id: int
    number: int
    evidence: str
    outputs: Mapping[str, Any] | None
    recorded_by: int
    recorded_name: str
    recorded_at: datetime
