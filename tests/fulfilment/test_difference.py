"""The difference by key: facts that arrive, conflicts, and that planning late equals planning early."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from orderloom.fulfilment.difference import Standing, difference, thing_changes
from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.types import Dependency, Fact, Facts
from tests.fulfilment.worlds import SPLIT, catalogue_of, changed, keyed_edges, order, without

A, B = "A-triple-play", "B-wholesale-kit"


def standing_of(plan, states=None):
    """The rows that a plan leaves, with some states."""
    states = states or {}
    steps = [
        Standing(
            number,
            step.key,
            states.get(step.key, "blocked"),
            step.title,
            step.expected,
            node.mode,
            node.undo is not None,
            node.point_of_no_return,
        )
        for number, (step, node) in enumerate(zip(plan.steps, plan.shape.nodes, strict=True))
    ]
    keys = [step.key for step in plan.steps]
    edges = [(Dependency(keys[e.first], keys[e.then], e.type, e.lag_seconds), e.kind) for e in plan.shape.edges]
    return steps, edges


def test_a_plan_does_not_differ_from_itself():
    plan = build_plan(catalogue_of(B), order(B), SPLIT)
    assert difference(*standing_of(plan), plan).is_empty


def test_planning_late_equals_planning_early():
    late = build_plan(catalogue_of(B), order(B))
    early = build_plan(catalogue_of(B), order(B), SPLIT)
    changes = difference(*standing_of(late, {"order/credit": "done", "order/source": "done"}), early)
    assert not changes.conflicts
    keys = ({step.key for step in late.steps} - set(changes.withdrawn)) | {
        early.steps[number].key for number in changes.added
    }
    assert keys == {step.key for step in early.steps}
    edges = {edge for edge in keyed_edges(late) if edge[0] in keys and edge[1] in keys}
    edges -= {(d.first, d.then, d.type, d.lag_seconds, kind) for d, kind in changes.removed_edges}
    edges |= {(d.first, d.then, d.type, d.lag_seconds, kind) for d, kind in changes.added_edges}
    assert edges == keyed_edges(early)


def test_a_fact_skips_steps_that_have_not_started():
    old = build_plan(catalogue_of(A), order(A))
    told = Facts(told=(Fact("lineStatus", "jumpered", "CFS-BroadbandAccess/1.1/qualify"),))
    changes = difference(*standing_of(old), build_plan(catalogue_of(A), order(A), told))
    assert set(changes.skipped) == {"TruckRoll/ADDR-7/book", "TruckRoll/ADDR-7/visit"}
    assert not (changes.added or changes.withdrawn or changes.conflicts)


def test_steps_that_started_are_conflicts_in_reverse_order():
    old = build_plan(catalogue_of(A), order(A))
    states = {
        "CFS-Voice/1.3": "done",
        "RFS-SIPAccount/CFS-Voice/1.3/create": "done",
        "TelephoneNumber/CFS-Voice/1.3/accepted": "waiting",
        "TelephoneNumber/CFS-Voice/1.3/cutOver": "running",
    }
    changes = difference(*standing_of(old, states), build_plan(catalogue_of(A), without(order(A), "1.3")))
    assert not changes.withdrawn
    conflicts = {c.key.rsplit("/", 1)[1]: (c.state, c.point_of_no_return, c.is_refused) for c in changes.conflicts}
    assert conflicts == {
        "cutOver": ("running", "hard", True),
        "accepted": ("waiting", "none", False),
        "create": ("done", "none", False),
    }
    numbers = [old.number_of(c.key) for c in changes.conflicts]
    assert numbers == sorted(numbers, reverse=True)


def test_an_event_is_past_return_when_it_came_and_not_before():
    waiting = Standing(1, "k", "waiting", mode="event", point_of_no_return="hard")
    assert not waiting.is_past_return
    assert replace(waiting, state="done").is_past_return
    assert replace(waiting, mode="auto").is_past_return


def test_a_changed_quantity_changes_count_and_contents():
    old = build_plan(catalogue_of(A), order(A))
    new = build_plan(catalogue_of(A), changed(order(A), "1.5", lambda i: replace(i, quantity=Decimal(2))))
    changes = difference(*standing_of(old), new)
    assert [(c.key, c.expected) for c in changes.changed] == [("CFS-IPTV/1.2/registered", 2)]
    things = thing_changes({thing.key: thing for thing in old.things}, new)
    assert [thing.key for thing in things.changed] == ["ShippingOrder/ADDR-7"]
    assert not (things.added or things.withdrawn)
