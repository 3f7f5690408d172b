"""Steps that are taken out leave what they stood between joined."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orderloom.fulfilment.joining import bypassed


def test_predecessors_are_joined_to_successors():
    edges = {(0, 1, "FS"): (60, "a"), (1, 2, "FS"): (30, "b"), (1, 3, "SS"): (0, "c"), (0, 3, "FS"): (0, "d")}
    assert bypassed(edges, [1]) == {(0, 2, "FS"): (60, "a"), (0, 3, "FS"): (60, "a")}


def test_a_step_that_takes_no_time_starts_when_it_finishes():
    assert bypassed({(0, 1, "SS"): (0, "a"), (1, 2, "FF"): (0, "b")}, [1]) == {(0, 2, "SF"): (0, "a")}


def test_a_chain_of_absent_steps_is_bypassed_whole():
    edges = {(n, n + 1, "FS"): (0, "x") for n in range(5)}
    assert set(bypassed(edges, [3, 1, 2, 4])) == {(0, 5, "FS")}


def reachable(edges, start):
    found, pending = set(), [start]
    while pending:
        current = pending.pop()
        for first, then, _ in edges:
            if first == current and then not in found:
                found.add(then)
                pending.append(then)
    return found


@given(
    st.sets(st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda p: p[0] < p[1])), st.sets(st.integers(0, 7))
)
def test_what_came_before_still_comes_before(pairs, absent):
    edges = {(first, then, "FS"): (0, "x") for first, then in pairs}
    after = bypassed(dict(edges), sorted(absent))
    for number in set(range(8)) - absent:
        assert reachable(after, number) == reachable(edges, number) - absent
