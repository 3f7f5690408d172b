"""The moves of a call: what may become what. SQL tests the old state, so this table is the law."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from orderloom.gateway.types import CallState


@dataclass(frozen=True, slots=True)
class Move:
    """One verb: from these states to that one."""

    verb: str
    old: tuple[CallState, ...]
    new: CallState

    @property
    def old_states(self) -> list[str]:
        """The states it may start from, as SQL takes them."""
        return [str(state) for state in self.old]


CLAIM = Move("claim", (CallState.QUEUED,), CallState.SENDING)
CANCEL = Move(
    "cancel", (CallState.QUEUED, CallState.REFUSED, CallState.UNKNOWN, CallState.EXHAUSTED), CallState.CANCELLED
)
RESEND = Move(
    "resend", (CallState.REFUSED, CallState.UNKNOWN, CallState.EXHAUSTED, CallState.CANCELLED), CallState.QUEUED
)
# An attempt may end after its lease did: as long as no other attempt has begun, its answer counts.
LATE = (CallState.QUEUED, CallState.UNKNOWN)

MOVES: Mapping[str, Move] = MappingProxyType({move.verb: move for move in (CLAIM, CANCEL, RESEND)})
