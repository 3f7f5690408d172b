"""The order of steps, and what verdicts mean together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.approvals.chain import arranged, named, standing
from orderloom.approvals.types import Flow, VerdictKind

FLOW: Flow = ("a", ("b", ("c", "d"), "e"), "f")


def test_steps_in_a_list_follow_one_another_and_lists_within_run_beside() -> None:
    assert arranged(FLOW, set("abcdef")) == {
        "a": (), "b": ("a",), "c": ("a",), "d": ("c",), "e": ("a",), "f": ("b", "d", "e"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("wanted", "after"),
    [
        ("af", {"a": (), "f": ("a",)}),
        ("df", {"d": (), "f": ("d",)}),
        ("abd", {"a": (), "b": ("a",), "d": ("a",)}),
        ("f", {"f": ()}),
        ("", {}),
    ],
)
def test_what_is_not_wanted_is_passed_over(wanted: str, after: dict[str, tuple[str, ...]]) -> None:
    assert arranged(FLOW, set(wanted)) == after


@given(st.sets(st.sampled_from("abcdef")))
def test_steps_follow_only_what_stands_before_them_and_none_is_lost(wanted: set[str]) -> None:
    after = arranged(FLOW, wanted)

    order = named(FLOW)
    assert set(after) == wanted
    assert all(order.index(first) < order.index(then) for then, firsts in after.items() for first in firsts)


@pytest.mark.parametrize(
    ("verdicts", "candidates", "needed", "veto", "expected"),
    [
        ("", 3, 1, True, "open"),
        ("y", 3, 1, True, "approved"),
        ("n", 3, 1, True, "rejected"),
        ("n", 3, 1, False, "open"),
        ("nn", 3, 2, False, "rejected"),
        ("ny", 3, 2, False, "open"),
        ("nyy", 3, 2, False, "approved"),
        ("yy", 3, 0, True, "open"),
        ("yyy", 3, 0, True, "approved"),
        ("yn", 2, 0, False, "rejected"),
    ],
)
def test_a_quorum_is_reached_or_out_of_reach(
    verdicts: str, candidates: int, needed: int, veto: bool, expected: str
) -> None:
    given_verdicts: dict[int, VerdictKind] = {n: "approve" if v == "y" else "reject" for n, v in enumerate(verdicts)}

    assert standing(given_verdicts, candidates=candidates, needed=needed, veto=veto) == expected


@given(st.lists(st.sampled_from(["approve", "reject"]), max_size=6), st.integers(0, 6), st.booleans())
def test_once_everybody_has_spoken_a_step_is_decided(said: list[VerdictKind], needed: int, veto: bool) -> None:
    candidates = len(said)

    result = standing(dict(enumerate(said)), candidates=candidates, needed=needed, veto=veto)

    assert result != "open"
