"""What must be asked again after a change: compared with what was approved, never with the edit before; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from orderloom.approvals.types import InputDraft, Reason, Worse
from orderloom.feel import evaluate


def still_holds(now: Iterable[Reason], approved: Iterable[Reason], inputs: Iterable[InputDraft]) -> bool:
    """Whether an approval covers all rules that ask now.

    It covers a rule that asked then too, in the same words, if no input that the rule reads has become worse.
    """
    directions = {one.name: one.worse for one in inputs}
    earlier = {reason.text: reason for reason in approved}
    return all(
        reason.text in earlier and not _worse_inputs(reason.read, earlier[reason.text].read, directions)
        for reason in now
    )


def worsened(now: Iterable[Reason], approved: Iterable[Reason], inputs: Iterable[InputDraft]) -> list[str]:
    """The names of the inputs because of which approved rules ask again."""
    directions = {one.name: one.worse for one in inputs}
    earlier = {reason.text: reason for reason in approved}
    names = [
        name
        for reason in now
        if reason.text in earlier
        for name in _worse_inputs(reason.read, earlier[reason.text].read, directions)
    ]
    return list(dict.fromkeys(names))


def _worse_inputs(now: Mapping[str, str], then: Mapping[str, str], directions: Mapping[str, Worse]) -> list[str]:
    if now.keys() != then.keys():
        return sorted(now.keys() ^ then.keys())
    return [name for name in now if _is_worse(now[name], then[name], directions.get(name, "changed"))]


def _is_worse(now: str, then: str, direction: Worse) -> bool:
    if now == then:
        return False
    if direction == "changed":
        return True
    ours, theirs = _number(now), _number(then)
    if ours is None or theirs is None:
        return True
    return ours > theirs if direction == "higher" else ours < theirs


def _number(text: str) -> Decimal | None:
    """A number, or of a list of numbers none: such a list has no direction."""
    value = evaluate(text)
    return value if isinstance(value, Decimal) else None
