"""The life cycle of an order and of its items, as data (TMF622 with TMF641 where that is silent)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

State = Literal[
    "draft",
    "submitted",
    "in_progress",
    "pending",
    "held",
    "assessing_cancellation",
    "cancelling",
    "rejected",
    "completed",
    "partial",
    "failed",
    "cancelled",
]

TERMINAL: frozenset[State] = frozenset({"rejected", "completed", "partial", "failed", "cancelled"})
LIVE: frozenset[State] = frozenset({"submitted", "in_progress", "pending", "held"})
CANCELLING: frozenset[State] = frozenset({"assessing_cancellation", "cancelling"})

TITLES: dict[State, str] = {
    "draft": "Draft",
    "submitted": "Submitted",
    "in_progress": "In progress",
    "pending": "Waiting for customer",
    "held": "On hold",
    "assessing_cancellation": "Cancellation requested",
    "cancelling": "Being cancelled",
    "rejected": "Rejected",
    "completed": "Completed",
    "partial": "Partly completed",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@dataclass(frozen=True, slots=True)
class Move:
    """One verb of the life cycle: where it may start, where it leads, and who may ask for it.

    A move without permission is made by the program alone, when it rolls up what became of the parts.
    """

    name: str
    before: tuple[State, ...]
    after: State
    permission: str | None = None


SUBMIT = Move("submit", ("draft",), "submitted", "orders.write")
REJECT = Move("reject", ("draft", "submitted"), "rejected", "orders.write")
START = Move("start", ("submitted",), "in_progress")
ASK = Move("ask", ("submitted", "in_progress"), "pending")
STOP = Move("stop", ("in_progress",), "held")
RESUME = Move("resume", ("pending", "held"), "in_progress")
COMPLETE = Move("complete", ("in_progress",), "completed")
END_PARTLY = Move("end_partly", ("in_progress",), "partial")
FAIL = Move("fail", ("in_progress",), "failed")
DISCARD = Move("discard", ("draft",), "cancelled", "orders.cancel")
REQUEST_CANCELLATION = Move(
    "request_cancellation",
    ("submitted", "in_progress", "pending", "held"),
    "assessing_cancellation",
    "orders.cancel",
)
ACCEPT_CANCELLATION = Move("accept_cancellation", ("assessing_cancellation",), "cancelling")
FINISH_CANCELLATION = Move("finish_cancellation", ("assessing_cancellation", "cancelling"), "cancelled")
CANCEL_PARTS = Move("cancel_parts", ("submitted", "in_progress", "pending", "held"), "cancelled")

MOVES = (
    SUBMIT,
    REJECT,
    START,
    ASK,
    STOP,
    RESUME,
    COMPLETE,
    END_PARTLY,
    FAIL,
    DISCARD,
    REQUEST_CANCELLATION,
    ACCEPT_CANCELLATION,
    FINISH_CANCELLATION,
    CANCEL_PARTS,
)
# A denied cancellation goes back to the state that was remembered, which no table can name beforehand.
DENIAL: tuple[tuple[State, State], ...] = tuple(("assessing_cancellation", state) for state in sorted(LIVE))

EDGES: frozenset[tuple[State, State]] = frozenset(
    {(before, move.after) for move in MOVES for before in move.before} | set(DENIAL)
)
# What a roll-up alone may do: it neither submits nor decides about a cancellation.
ROLL_UP_EDGES: frozenset[tuple[State, State]] = frozenset(
    (before, move.after)
    for move in (START, ASK, STOP, RESUME, COMPLETE, END_PARTLY, FAIL, CANCEL_PARTS, ACCEPT_CANCELLATION)
    for before in move.before
) | {("cancelling", "cancelled")}


def steps_between(before: State, after: State) -> tuple[State, ...] | None:
    """The states to pass through on a rolled-up way from one to the other, the last included.

    A batch of work can end an order that had not begun; its history still shows that it was in
    progress. Returns an empty way for equal states and None where no way leads.
    """
    if before == after:
        return ()
    if (before, after) in ROLL_UP_EDGES:
        return (after,)
    through: State = "in_progress"
    if (before, through) in ROLL_UP_EDGES and (through, after) in ROLL_UP_EDGES:
        return (through, after)
    return None


def moves_from(state: State) -> Sequence[Move]:
    """What a person may ask for in this state: the buttons."""
    return [move for move in MOVES if move.permission is not None and state in move.before]
