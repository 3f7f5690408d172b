"""The order in which steps ask, and what verdicts mean together; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal

from orderloom.approvals.types import Flow, VerdictKind

Standing = Literal["open", "approved", "rejected"]


def named(flow: Flow) -> list[str]:
    """The steps that a flow names, in reading order; one named twice comes twice."""
    found: list[str] = []
    for part in flow:
        found += [part] if isinstance(part, str) else named(part)
    return found


def arranged(flow: Flow, wanted: Collection[str]) -> dict[str, tuple[str, ...]]:
    """For each wanted step the wanted ones that it follows; what is not wanted is passed over.

    The outermost list is a sequence, a list in it runs in parallel, a list in that is a sequence, and so on.
    """
    after: dict[str, tuple[str, ...]] = {}
    _arrange(flow, wanted, (), after, is_sequence=True)
    return after


def _arrange(
    flow: Sequence[object],
    wanted: Collection[str],
    before: tuple[str, ...],
    after: dict[str, tuple[str, ...]],
    *,
    is_sequence: bool,
) -> tuple[str, ...]:
    """Arrange one list behind these steps; return the steps that whatever follows it must wait for."""
    ends: tuple[str, ...] = ()
    at = before
    for part in flow:
        if isinstance(part, str):
            if part not in wanted:
                continue
            after[part] = at
            last: tuple[str, ...] = (part,)
        else:
            assert isinstance(part, tuple)
            last = _arrange(part, wanted, at, after, is_sequence=not is_sequence)
            if last == at:
                continue
        if is_sequence:
            at = last
        else:
            ends += last
    return at if is_sequence else (ends or before)


def standing(verdicts: Mapping[int, VerdictKind], *, candidates: int, needed: int, veto: bool) -> Standing:
    """What the verdicts of a step's candidates mean: `needed` of them must agree, 0 meaning all.

    With `veto` one refusal refuses; without, the step is refused once too few are left to agree.
    """
    quorum = needed or candidates
    approvals = sum(verdict == "approve" for verdict in verdicts.values())
    refusals = len(verdicts) - approvals
    if veto and refusals:
        return "rejected"
    if approvals >= quorum:
        return "approved"
    return "rejected" if candidates - refusals < quorum else "open"
