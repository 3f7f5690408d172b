"""How a delivery moves; the table drives the SQL, the buttons and the drawn diagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

State = Literal["waiting", "queued", "sending", "sent", "refused", "exhausted", "unknown", "bounced", "cancelled"]

DELIVERY: Final[Mapping[State, tuple[State, ...]]] = {
    "waiting": ("queued", "refused", "cancelled"),
    "queued": ("sending", "cancelled"),
    "sending": ("sent", "queued", "refused", "exhausted", "unknown"),
    "sent": ("bounced",),
    "refused": ("queued", "waiting"),
    "exhausted": ("queued",),
    "unknown": ("queued", "sent", "bounced"),
    "bounced": ("queued",),
    "cancelled": (),
}
"""Waiting is for a file that is being made; unknown is for a person to decide."""

REPEATABLE: Final[tuple[State, ...]] = ("refused", "exhausted", "unknown", "bounced")
STOPPABLE: Final[tuple[State, ...]] = ("waiting", "queued")
TROUBLED: Final[tuple[State, ...]] = ("refused", "exhausted", "unknown", "bounced")

BACK_OFF_SECONDS: Final = (30, 120, 600, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""The pause after each attempt that was postponed; after the last the delivery is exhausted."""


def pause_seconds(attempt: int) -> int | None:
    """How long to wait after this attempt, the first being 1; None when it was the last."""
    return BACK_OFF_SECONDS[attempt - 1] if attempt <= len(BACK_OFF_SECONDS) else None
