"""The moves of a step as data: from which states each verb may take it."""

from __future__ import annotations

from orderloom.processes.types import State

B, R, U, W, D, S, F, C = State

MOVES: dict[str, tuple[frozenset[State], State]] = {
    "open": (frozenset({B, W}), R),
    "block": (frozenset({R, W}), B),
    "start": (frozenset({R}), U),
    "wait": (frozenset({B, R, U}), W),
    "complete": (frozenset({B, R, U, W, F}), D),
    "skip": (frozenset({B, R, W, F}), S),
    "fail": (frozenset({B, R, U, W}), F),
    "retry": (frozenset({F}), R),
    "cancel": (frozenset({B, R, U, W, F}), C),
    "withdraw": (frozenset({B, R, U, W, F}), S),
}

OPEN = frozenset({B, R, U, W, F})
ENDED = frozenset({D, S, C})

# Why a step waits, was skipped or was cancelled.
WAITS = ("event", "timer", "lag", "condition", "reply", "retry", "finish", "count")
SKIPS = ("condition", "right", "choice", "dead")
CANCELS = ("cancelled", "revision")


def may(verb: str, state: State) -> bool:
    """Whether the verb can take a step that is in this state."""
    return state in MOVES[verb][0]
