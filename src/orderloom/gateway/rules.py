"""What an attempt means for its call, and what asking for the same work again means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orderloom.gateway.types import Attempt, AttemptOutcome, CallState

LONGEST_RETRY_AFTER_SECONDS = 3600.0

# The request may have had its effect, though nobody told us.
_IS_UNKNOWN = frozenset(
    {AttemptOutcome.TIMEOUT, AttemptOutcome.LOST, AttemptOutcome.NONSENSE, AttemptOutcome.LEASE_LOST}
)
_IS_HOPELESS = frozenset({AttemptOutcome.BLOCKED, AttemptOutcome.REDIRECT})
_COME_BACK_LATER = frozenset({408, 425, 429, 503})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Where a call goes after an attempt; `delay_seconds` counts for `queued`."""

    state: CallState
    delay_seconds: float = 0.0
    in_doubt: bool = False


class Asked(StrEnum):
    """What to do when work is asked for whose key is known."""

    LEAVE = "leave"  # it is under way
    TELL = "tell"  # it was answered: tell the answer again
    RESEND = "resend"  # it ended without success: send it again, same key
    REPLACE = "replace"  # it was never sent: take the new payload
    NEW_EDITION = "new_edition"  # the payload is another: send it under a new key
    REFUSE = "refuse"  # other work under a key that is in use


def outcome_of_status(status: int, *, in_doubt: bool, is_readable: bool) -> AttemptOutcome:
    """Classify a reply.

    A 409 after an attempt in doubt means that the first one is still being worked on (the
    Idempotency-Key draft of the IETF says so), hence: come back later.
    """
    if 200 <= status < 300:
        return AttemptOutcome.ANSWERED if is_readable else AttemptOutcome.NONSENSE
    if 300 <= status < 400:
        return AttemptOutcome.REDIRECT
    if status in _COME_BACK_LATER or (status == 409 and in_doubt):
        return AttemptOutcome.BUSY
    if 400 <= status < 500:
        return AttemptOutcome.REFUSED
    return AttemptOutcome.FAILED


def verdict(attempt: Attempt, *, chance: float) -> Verdict:
    """Where the call goes after this attempt.

    Answers and refusals are final. Everything else is tried again with the same key while the
    schedule lasts, except what is hopeless, and what is unknown where the operation says stop.
    A call that ends without an answer is unknown when any attempt may have arrived, else exhausted.
    `chance` between 0 and 1 spreads the waits by up to a fifth, so that calls do not come back in step.
    """
    outcome = attempt.outcome
    call = attempt.call
    if outcome is AttemptOutcome.ANSWERED:
        return Verdict(CallState.ANSWERED, in_doubt=False)
    if outcome is AttemptOutcome.REFUSED:
        return Verdict(CallState.REFUSED, in_doubt=False)

    in_doubt = call.in_doubt or outcome in _IS_UNKNOWN
    ended = Verdict(CallState.UNKNOWN if in_doubt else CallState.EXHAUSTED, in_doubt=in_doubt)
    stops = outcome in _IS_UNKNOWN and call.stop_when_unknown
    if stops or outcome in _IS_HOPELESS or call.tries > len(call.retry_seconds):
        return ended
    wait = call.retry_seconds[call.tries - 1] * (1 + 0.2 * chance)
    if attempt.retry_after_seconds is not None:
        wait = max(wait, min(attempt.retry_after_seconds, LONGEST_RETRY_AFTER_SECONDS))
    return Verdict(CallState.QUEUED, delay_seconds=wait, in_doubt=in_doubt)


def asked_again(state: CallState, *, is_same: bool, was_sent: bool) -> Asked:
    """What to do when work is asked for again under the key of a call in this state."""
    if is_same:
        if state is CallState.ANSWERED:
            return Asked.TELL
        return Asked.LEAVE if state in (CallState.QUEUED, CallState.SENDING) else Asked.RESEND
    if state in (CallState.ANSWERED, CallState.SENDING):
        return Asked.REFUSE
    return Asked.NEW_EDITION if was_sent else Asked.REPLACE
