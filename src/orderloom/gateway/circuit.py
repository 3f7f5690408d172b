"""The circuit breaker: when a partner that does not answer is left alone, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from orderloom.gateway.types import AttemptOutcome, Circuit

LONGEST_COOL_DOWN_SECONDS = 3600.0

_SILENT = frozenset(
    {
        AttemptOutcome.FAILED,
        AttemptOutcome.UNREACHABLE,
        AttemptOutcome.TIMEOUT,
        AttemptOutcome.LOST,
    }
)
_TELLS_NOTHING = frozenset({AttemptOutcome.BLOCKED, AttemptOutcome.LEASE_LOST})


@dataclass(frozen=True, slots=True)
class Breaker:
    """The circuit of one partner.

    `times_opened` counts in a row, since it was last closed. `wait_seconds` is set where it has
    just opened: how long the partner is left alone.
    """

    partner_id: int
    circuit: str
    failures: int
    failure_limit: int
    cool_down_seconds: float
    times_opened: int
    wait_seconds: float | None = None


def after(breaker: Breaker, outcomes: Iterable[AttemptOutcome]) -> Breaker:
    """The circuit after these attempts, in the order in which they ended.

    Any reply that is not a server error closes it. Failures in a row, or one while half-open, open
    it; each time in a row it stays open twice as long, up to an hour.
    """
    for outcome in outcomes:
        breaker = _after_one(breaker, outcome)
    return breaker


def _after_one(breaker: Breaker, outcome: AttemptOutcome) -> Breaker:
    if outcome in _TELLS_NOTHING:
        return breaker
    if outcome not in _SILENT:
        return replace(breaker, circuit=Circuit.CLOSED, failures=0, times_opened=0, wait_seconds=None)

    failed = replace(breaker, failures=breaker.failures + 1)
    opens = breaker.circuit == Circuit.HALF_OPEN or (
        breaker.circuit == Circuit.CLOSED and failed.failures >= breaker.failure_limit
    )
    if not opens:
        return failed
    wait = min(breaker.cool_down_seconds * 2 ** min(breaker.times_opened, 20), LONGEST_COOL_DOWN_SECONDS)
    return replace(
        failed,
        circuit=Circuit.OPEN,
        times_opened=breaker.times_opened + 1,
        wait_seconds=wait,
    )
