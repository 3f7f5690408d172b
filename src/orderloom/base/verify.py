"""Invariants: what must be true of the whole database at any moment, as queries that find the breach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True, slots=True)
class Invariant:
    """One promise of a room.

    `sql` returns one text column naming what breaks it and no row where all is well; the
    caller adds a LIMIT. `name` reads as a sentence that should be true.
    """

    name: str
    sql: LiteralString
