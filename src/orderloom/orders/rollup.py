"""Roll-up: the state of an item from its steps, and of a bundle or an order from its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orderloom.orders.states import TERMINAL, State

StepState = Literal["blocked", "ready", "running", "waiting", "done", "skipped", "failed", "cancelled"]
Cancellation = Literal["none", "requested", "accepted", "finished"]

_STEP_ENDS = frozenset({"done", "skipped", "failed", "cancelled"})
_STEP_STARTED = frozenset({"running", "waiting", "done", "failed"})
_ALIKE_ENDS: tuple[State, ...] = ("completed", "rejected", "cancelled", "failed")
_CANCELLATIONS: dict[Cancellation, State] = {
    "requested": "assessing_cancellation",
    "accepted": "cancelling",
    "finished": "cancelled",
}
_SEVERITY: tuple[State, ...] = (
    "held",
    "pending",
    "assessing_cancellation",
    "cancelling",
    "in_progress",
    "submitted",
    "draft",
)


@dataclass(frozen=True, slots=True)
class StepFact:
    """What a roll-up has to know of one step.

    `fallout`: somebody has to repair it; a failed step without fallout has failed for good.
    `held`: suspended by a hold. `awaits_customer`: only the customer can move it on.
    `withdrawn`: removed by the customer's own revision, which is no failure.
    """

    state: StepState
    mandatory: bool = True
    fallout: bool = False
    held: bool = False
    awaits_customer: bool = False
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class PartFact:
    """What a roll-up has to know of one child of a bundle or one item of an order."""

    state: State
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """“3 of 5”: so that a completed part inside something in progress cannot confuse."""

    done: int
    total: int


def item_state(steps: Sequence[StepFact], *, cancellation: Cancellation = "none", nothing_to_do: bool = False) -> State:
    """The state of a leaf item, over the mandatory steps of everything made for it.

    First match wins. An item without steps is held unless a rule says that there is nothing to do:
    what nobody covers is never silently complete.
    """
    if cancellation != "none":
        return _CANCELLATIONS[cancellation]
    if not steps:
        return "completed" if nothing_to_do else "held"

    kept = [step for step in steps if step.mandatory and not step.withdrawn]
    if not kept:
        return "cancelled" if any(step.withdrawn for step in steps) else "completed"
    if any(step.fallout for step in kept):
        return "held"
    return _ended_item(kept) if all(step.state in _STEP_ENDS for step in kept) else _live_item(kept)


def _ended_item(steps: Sequence[StepFact]) -> State:
    ends = {step.state for step in steps}
    if ends <= {"done", "skipped"}:
        return "completed"
    if "failed" in ends:
        return "failed"
    return "cancelled" if ends == {"cancelled"} else "partial"


def _live_item(steps: Sequence[StepFact]) -> State:
    live = [step for step in steps if step.state not in _STEP_ENDS]
    if all(step.held for step in live):
        return "held"
    moving = [step for step in live if step.state != "blocked" and not step.held]
    if moving and all(step.state == "waiting" and step.awaits_customer for step in moving):
        return "pending"
    return "in_progress" if any(step.state in _STEP_STARTED for step in steps) else "submitted"


def whole_state(parts: Sequence[PartFact]) -> State:
    """The state of a bundle over its children, or of an order over its items.

    Parts that the customer took out in a revision do not count. Ends that differ make it partial;
    while a part lives, the most severe live state shows, and a part that has begun or ended
    means that the whole has begun.
    """
    states = [part.state for part in parts if not part.withdrawn]
    if not states:
        return "cancelled"
    if all(state in TERMINAL for state in states):
        first = states[0]
        return first if first in _ALIKE_ENDS and len(set(states)) == 1 else "partial"

    live = {state for state in states if state not in TERMINAL}
    worst = min(live, key=_SEVERITY.index)
    has_begun = any(state in TERMINAL for state in states)
    return "in_progress" if worst == "submitted" and has_begun else worst


def progress(parts: Sequence[PartFact]) -> Progress:
    """How many of the parts that count are completed."""
    counted = [part for part in parts if not part.withdrawn]
    return Progress(sum(part.state == "completed" for part in counted), len(counted))
