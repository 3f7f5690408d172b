"""The demo catalogues generate the worked orders exactly: things, steps, dependencies, charges, figures."""

from __future__ import annotations

import pytest

from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.schedule import schedule
from orderloom.fulfilment.types import Plan
from tests.fulfilment.oracles import ORACLES, Oracle
from tests.fulfilment.worlds import FACTS, catalogue_of, order, titled_edges


@pytest.fixture(params=ORACLES, ids=lambda oracle: oracle.order)
def oracle(request: pytest.FixtureRequest) -> Oracle:
    return request.param


@pytest.fixture
def plan(oracle: Oracle) -> Plan:
    return build_plan(catalogue_of(oracle.order), order(oracle.order), FACTS[oracle.order])


def test_the_order_decomposes_into_its_things(oracle, plan):
    found = [(t.spec.name, t.spec.kind, t.label, " ".join(t.sources)) for t in plan.things]
    assert sorted(found) == sorted(oracle.things)


def test_the_plan_has_exactly_its_steps(oracle, plan):
    found = [
        (
            step.title,
            step.template.type,
            tuple(round(h, 4) for h in node.hours),
            step.template.owner,
            step.template.system or "",
            step.template.queue or "",
            node.point_of_no_return,
            node.mandatory,
        )
        for step, node in zip(plan.steps, plan.shape.nodes, strict=True)
    ]
    assert sorted(found) == sorted(oracle.steps)


def test_the_plan_has_exactly_its_dependencies(oracle, plan):
    assert titled_edges(plan) == sorted(oracle.edges)


def test_charges_wait_for_their_gates(oracle, plan):
    titles = {step.key: step.title for step in plan.steps}
    found = [(c.line, c.rule.type, c.rule.amount, sorted(titles[g] for g in c.gates)) for c in plan.charges]
    assert sorted(found) == sorted((line, kind, amount, sorted(gates)) for line, kind, amount, gates in oracle.charges)


def test_the_forecast_has_the_worked_figures(oracle, plan):
    forecast = schedule(plan.shape)
    days = tuple(round(s / 86_400, 1) for s in (forecast.optimistic, forecast.typical, forecast.pessimistic))
    assert days == oracle.days
    assert forecast.optimistic < forecast.typical < forecast.expected < forecast.promise < forecast.pessimistic


def test_the_critical_path_is_the_worked_one(oracle, plan):
    forecast = schedule(plan.shape)
    assert tuple(plan.steps[n].title for n in forecast.critical_path) == oracle.critical_path
    outside = sum(
        forecast.finishes[n] - forecast.starts[n]
        for n in forecast.critical_path
        if plan.steps[n].template.owner != "internal"
    )
    assert round(outside / 3600) == oracle.outside_hours
    assert all(forecast.slack[n] == 0 for n in forecast.critical_path)


def test_nothing_is_held_or_warned_of(plan):
    assert not plan.holds
    assert not plan.warnings


def test_the_truck_roll_asks_for_the_line_status(oracle, plan):
    asked = {
        step.template.name: node.when for step, node in zip(plan.steps, plan.shape.nodes, strict=True) if node.when
    }
    expected = {"book": 'lineStatus != "jumpered"', "visit": 'lineStatus != "jumpered"'}
    assert asked == (expected if oracle.order.startswith("A") else {})


def test_kit_milestones_wait_for_the_count_of_complete_kits(oracle, plan):
    waits = {s.template.name: n.wait_for for s, n in zip(plan.steps, plan.shape.nodes, strict=True) if n.wait_for}
    if oracle.order.startswith("B"):
        assert waits == {"firstKits": "complete_kits_1 >= 1", "allKits": "complete_kits_1 >= ordered_kits_1"}
        assert plan.variables == {"complete_kits_1": 0, "ordered_kits_1": 10}
        assert plan.kits[0].per_kit == {"1.1": 1, "1.2": 1, "1.3": 3}
    else:
        assert not waits


def test_counting_steps_know_how_many(oracle, plan):
    counts = {step.title: step.expected for step in plan.steps if step.expected is not None}
    assert (
        counts
        == {
            "A-triple-play": {"STB registered": 1},
            "B-wholesale-kit": {"Activate calibration per delivered serial": 10},
            "C-saas-hardware": {"Terminals S1 enrolled (4/4)": 4, "Terminals S2 enrolled (2/2)": 2},
        }[oracle.order]
    )


def test_deemed_acceptance_completes_its_sibling(oracle, plan):
    pairs = [
        (plan.steps[e.first].template.name, plan.steps[e.then].template.name)
        for e in plan.shape.edges
        if e.kind == "completes"
    ]
    assert pairs == ([("deemed", "accept")] if oracle.order.startswith("C") else [])


def test_without_deemed_acceptance_the_worst_case_is_ten_days_later(oracle, plan):
    if not oracle.order.startswith("C"):
        return
    deemed = next(n for n, step in enumerate(plan.steps) if step.template.name == "deemed")
    forecast = schedule(plan.shape, frozenset({deemed}))
    assert round(forecast.pessimistic / 86_400, 1) == 46.2
