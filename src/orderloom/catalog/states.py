"""The life of a catalogue version, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VersionState = Literal["draft", "published", "retired"]


@dataclass(frozen=True, slots=True)
class Move:
    """One verb: where it may start, where it leads, and the permission it takes."""

    name: str
    before: tuple[VersionState, ...]
    after: VersionState
    permission: str = "catalog.write"


PUBLISH = Move("publish", ("draft",), "published")
RETIRE = Move("retire", ("draft", "published"), "retired")
MOVES = (PUBLISH, RETIRE)
TITLES: dict[VersionState, str] = {"draft": "Draft", "published": "Published", "retired": "Retired"}
