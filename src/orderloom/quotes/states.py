"""The life cycle of a quote, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal["draft", "sent", "accepted", "declined", "expired", "lost", "converted"]

TITLES: dict[State, str] = {
    "draft": "Draft",
    "sent": "Sent",
    "accepted": "Accepted",
    "declined": "Declined",
    "expired": "Expired",
    "lost": "Lost",
    "converted": "Converted",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One verb of the life cycle: where it may start and where it leads.

    A move without permission is made by the customer, by the clock, or by what was converted.
    """

    name: str
    before: tuple[State, ...]
    after: State
    permission: str | None = None


SEND = Move("send", ("draft",), "sent", "quotes.write")
REVISE = Move("revise", ("sent", "accepted", "declined", "expired", "lost"), "draft", "quotes.write")
ACCEPT = Move("accept", ("sent",), "accepted", "quotes.write")
DECLINE = Move("decline", ("sent",), "declined")
EXPIRE = Move("expire", ("sent",), "expired")
LOSE = Move("lose", ("draft", "sent", "declined", "expired"), "lost", "quotes.write")
CONVERT = Move("convert", ("accepted",), "converted")

MOVES = (SEND, REVISE, ACCEPT, DECLINE, EXPIRE, LOSE, CONVERT)
EDGES: frozenset[tuple[State, State]] = frozenset((before, move.after) for move in MOVES for before in move.before)
ENDED: frozenset[State] = frozenset({"lost", "converted"})


def moves_from(state: State) -> Sequence[Move]:
    """What a person may ask for in this state: the buttons."""
    return [move for move in MOVES if move.permission is not None and state in move.before]
