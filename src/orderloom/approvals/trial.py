"""A policy tried on what was asked before: what it would have needed, of whom, how many more decisions a week; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from orderloom.approvals.policy import compiled, unfit
from orderloom.approvals.types import PolicyDraft
from orderloom.feel import evaluate

EXAMPLES = 20
_WEEK_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Past:
    """A submission of the past: what was known, and the steps that were needed then."""

    subject_id: int
    inputs: Mapping[str, str]
    needed: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """A submission that would have gone another way."""

    subject_id: int
    at: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a policy would have done; `unreadable` are submissions whose inputs it does not fit."""

    submissions: int
    weeks: float
    needing_before: int
    needing_after: int
    decisions_before: Mapping[str, int]
    decisions_after: Mapping[str, int]
    unreadable: int
    differences: tuple[Difference, ...]

    @property
    def more_a_week(self) -> float:
        """How many more decisions a week than there were."""
        more = sum(self.decisions_after.values()) - sum(self.decisions_before.values())
        return more / self.weeks if self.weeks else float(more)


def try_policy(draft: PolicyDraft, past: Iterable[Past]) -> Trial:
    """Ask a policy, published or not, what it would have needed of each submission."""
    policy = compiled(draft)
    before: dict[str, int] = {}
    after: dict[str, int] = {}
    differences: list[Difference] = []
    times: list[datetime] = []
    needing_before = needing_after = unreadable = 0
    for one in past:
        inputs = {name: evaluate(text) for name, text in one.inputs.items()}
        if unfit(draft, inputs):
            unreadable += 1
            continue
        times.append(one.at)
        needed = policy.needed(inputs).keys()
        for counts, steps in ((before, one.needed), (after, needed)):
            for step in steps:
                counts[step] = counts.get(step, 0) + 1
        needing_before += bool(one.needed)
        needing_after += bool(needed)
        if set(needed) != one.needed and len(differences) < EXAMPLES:
            differences.append(Difference(one.subject_id, one.at, tuple(sorted(one.needed)), tuple(needed)))
    span = (max(times) - min(times)).total_seconds() if times else 0
    return Trial(
        submissions=len(times),
        weeks=max(span / _WEEK_SECONDS, 1.0) if times else 0.0,
        needing_before=needing_before,
        needing_after=needing_after,
        decisions_before=dict(sorted(before.items())),
        decisions_after=dict(sorted(after.items())),
        unreadable=unreadable,
        differences=tuple(differences),
    )
