"""Roll-up: tables of examples from the reference, and what must hold for any parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.orders.rollup import PartFact, Progress, StepFact, item_state, progress, whole_state
from orderloom.orders.states import EDGES, LIVE, TERMINAL, TITLES, moves_from, steps_between

DONE, SKIPPED, FAILED, CANCELLED = (StepFact(s) for s in ("done", "skipped", "failed", "cancelled"))
BLOCKED, READY, RUNNING = (StepFact(s) for s in ("blocked", "ready", "running"))
CUSTOMER = StepFact("waiting", awaits_customer=True)
PARTNER = StepFact("waiting")
FALLOUT = StepFact("failed", fallout=True)
OPTIONAL = StepFact("blocked", mandatory=False)
REMOVED = StepFact("cancelled", withdrawn=True)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([BLOCKED, READY], "submitted"),
        ([BLOCKED, RUNNING], "in_progress"),
        ([DONE, BLOCKED], "in_progress"),
        ([DONE, PARTNER], "in_progress"),
        ([DONE, CUSTOMER, BLOCKED], "pending"),
        ([DONE, CUSTOMER, READY], "in_progress"),
        ([DONE, CUSTOMER, PARTNER], "in_progress"),
        ([DONE, FALLOUT, RUNNING], "held"),
        ([StepFact("failed", mandatory=False, fallout=True), DONE], "completed"),
        ([DONE, StepFact("ready", held=True), StepFact("blocked", held=True)], "held"),
        ([DONE, StepFact("ready", held=True), RUNNING], "in_progress"),
        ([DONE, SKIPPED], "completed"),
        ([DONE, OPTIONAL], "completed"),
        ([DONE, FAILED], "failed"),
        ([FAILED, CANCELLED], "failed"),
        ([CANCELLED, CANCELLED], "cancelled"),
        ([DONE, CANCELLED], "partial"),
        ([DONE, REMOVED], "completed"),
        ([REMOVED], "cancelled"),
        ([], "held"),
    ],
)
def test_an_item_is_what_its_mandatory_steps_have_come_to(steps, state):
    assert item_state(steps) == state


@pytest.mark.parametrize(
    ("cancellation", "state"),
    [("requested", "assessing_cancellation"), ("accepted", "cancelling"), ("finished", "cancelled")],
)
def test_a_cancellation_comes_before_everything_else(cancellation, state):
    assert item_state([DONE, FALLOUT], cancellation=cancellation) == state


def test_an_item_with_nothing_to_do_by_rule_is_completed():
    assert item_state([], nothing_to_do=True) == "completed"


@pytest.mark.parametrize(
    ("states", "state"),
    [
        (["completed", "completed"], "completed"),
        (["failed", "failed"], "failed"),
        (["cancelled"], "cancelled"),
        (["rejected", "rejected"], "rejected"),
        (["partial", "partial"], "partial"),
        (["completed", "failed"], "partial"),
        (["completed", "cancelled"], "partial"),
        (["completed", "in_progress"], "in_progress"),
        (["completed", "submitted"], "in_progress"),
        (["submitted", "submitted"], "submitted"),
        (["in_progress", "pending"], "pending"),
        (["held", "pending", "completed"], "held"),
        (["cancelling", "in_progress"], "cancelling"),
        (["in_progress", "submitted"], "in_progress"),
    ],
)
def test_a_whole_is_what_its_parts_have_come_to(states, state):
    assert whole_state([PartFact(part) for part in states]) == state


def test_an_option_that_the_customer_took_out_is_no_failure():
    parts = [PartFact("completed"), PartFact("cancelled", withdrawn=True)]

    assert whole_state(parts) == "completed"
    assert progress(parts) == Progress(done=1, total=1)


STATES = st.sampled_from(sorted(set(TITLES) - {"draft"}))
STEPS = st.builds(
    StepFact,
    state=st.sampled_from(["blocked", "ready", "running", "waiting", "done", "skipped", "failed", "cancelled"]),
    mandatory=st.booleans(),
    fallout=st.booleans(),
    held=st.booleans(),
    awaits_customer=st.booleans(),
    withdrawn=st.booleans(),
)


@given(st.lists(STEPS, min_size=1))
def test_a_completed_item_has_no_mandatory_step_that_is_open_failed_or_cancelled(steps):
    if item_state(steps) == "completed":
        assert all(s.state in ("done", "skipped") for s in steps if s.mandatory and not s.withdrawn)


@given(st.lists(STEPS), st.randoms())
def test_the_order_of_steps_does_not_matter(steps, random):
    shuffled = list(steps)
    random.shuffle(shuffled)

    assert item_state(shuffled) == item_state(steps)


@given(st.lists(st.builds(PartFact, state=STATES, withdrawn=st.booleans()), min_size=1))
def test_a_whole_ends_exactly_when_every_part_that_counts_has_ended(parts):
    counted = [part.state for part in parts if not part.withdrawn]

    assert (whole_state(parts) in TERMINAL) == all(state in TERMINAL for state in counted)
    if whole_state(parts) == "completed":
        assert set(counted) == {"completed"}


@given(st.lists(st.builds(PartFact, state=STATES), min_size=1, max_size=8), st.integers(1, 7))
def test_grouping_parts_into_a_bundle_never_makes_an_unfinished_order_complete(parts, cut):
    bundle = [PartFact(whole_state(parts[:cut])), *parts[cut:]]

    assert (whole_state(bundle) == "completed") == (whole_state(parts) == "completed")


def test_every_rolled_up_way_follows_the_table_and_end_states_are_never_left():
    for before in TITLES:
        for after in TITLES:
            way = steps_between(before, after)
            for hop in zip((before, *(way or ())), way or (), strict=False):
                assert hop in EDGES
            if before in TERMINAL:
                assert way in (None, ()), before
    assert steps_between("submitted", "completed") == ("in_progress", "completed")
    assert all(steps_between(a, b) is not None for a in LIVE - {"submitted"} for b in TERMINAL - {"rejected"})


def test_a_person_may_submit_a_draft_and_ask_to_cancel_what_lives():
    assert [move.name for move in moves_from("draft")] == ["submit", "reject", "discard"]
    assert [move.name for move in moves_from("in_progress")] == ["request_cancellation"]
    assert moves_from("completed") == []
