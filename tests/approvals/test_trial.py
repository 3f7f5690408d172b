"""A policy tried on the past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orderloom.approvals.trial import Past, try_policy
from tests.approvals.given import document, policy

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)


def past(discount: str, day: int, *needed: str) -> Past:
    return Past(day, {"discount": discount, "margin": "40"}, frozenset(needed), BEGIN + timedelta(days=day))


def test_a_stricter_limit_shows_how_many_more_decisions_it_costs() -> None:
    stricter = policy(table=document()["table"].replace("(10..30]", "(5..30]"))
    history = [past("8", 0), past("12", 7, "manager"), past("6", 14), past("40", 21, "vp"), past("2", 28)]

    trial = try_policy(stricter, history)

    assert (trial.submissions, trial.weeks) == (5, 4.0)
    assert (trial.needing_before, trial.needing_after) == (2, 4)
    assert trial.decisions_after == {"manager": 3, "vp": 1}
    assert trial.more_a_week == 0.5
    assert [(one.subject_id, one.before, one.after) for one in trial.differences] == [
        (0, (), ("manager",)),
        (14, (), ("manager",)),
    ]


def test_what_the_policy_cannot_read_is_counted_apart() -> None:
    trial = try_policy(policy(), [past('"much"', 0), past("12", 1, "manager")])

    assert (trial.submissions, trial.unreadable, trial.needing_after) == (1, 1, 1)


def test_without_history_there_is_nothing_to_say() -> None:
    trial = try_policy(policy(), [])

    assert (trial.submissions, trial.weeks, trial.more_a_week) == (0, 0.0, 0.0)
