"""Projections from actual times, and the levels of jeopardy."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orderloom.fulfilment.jeopardy import Progress, in_order, jeopardy, next_change, project
from orderloom.fulfilment.plan import build_plan
from orderloom.fulfilment.schedule import schedule
from orderloom.processes.shape import shape_of
from orderloom.processes.types import Edge, Node
from tests.fulfilment.worlds import catalogue_of, order

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
A = "A-triple-play"


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


@pytest.fixture
def plan():
    return build_plan(catalogue_of(A), order(A))


def test_steps_that_were_added_later_stand_before_those_that_wait_for_them():
    node = Node("pass", "auto", hours=(0.0, 1.0, 2.0))
    graph = shape_of([node, replace(node, mandatory=False), node], [Edge(0, 1), Edge(2, 1), Edge(0, 2)])
    shape, numbers = in_order(graph)
    assert numbers == (0, 2, 1)
    assert [(edge.first, edge.then) for edge in shape.edges] == [(0, 2), (1, 2), (0, 1)]
    assert [node.mandatory for node in shape.nodes] == [True, True, False]


def test_no_order_is_born_late(plan):
    fresh = [Progress("blocked") for _ in plan.steps]
    projection = project(plan.shape, fresh, start=START, now=START)
    forecast = schedule(plan.shape)
    assert abs(projection.finish - START - timedelta(seconds=forecast.expected)) < timedelta(seconds=30)
    assert projection.finish < forecast.promised_at(START)


def test_a_step_that_never_moves_moves_the_end(plan):
    sync = next(n for n, s in enumerate(plan.steps) if s.template.name == "sync")
    steps = [Progress("done", START, START, START + hours(1)) for _ in range(sync)]
    steps += [Progress("waiting", started_at=START + hours(1))]
    steps += [Progress("blocked") for _ in plan.steps[sync + 1 :]]
    ends = [project(plan.shape, steps, start=START, now=START + hours(days * 24)) for days in (1, 10, 20, 30)]
    assert ends[0].critical_step == sync
    assert ends[1].finish < ends[2].finish < ends[3].finish
    assert ends[3].finish - ends[2].finish == timedelta(days=10)


def test_a_finished_plan_ends_when_it_ended(plan):
    steps = [Progress("done", START, START, START + hours(n)) for n in range(len(plan.steps))]
    projection = project(plan.shape, steps, start=START, now=START + hours(900))
    assert projection.finish == START + hours(len(plan.steps) - 1)
    assert projection.critical_step is None


def test_optional_steps_decide_nothing():
    plan = build_plan(catalogue_of("B-wholesale-kit"), order("B-wholesale-kit"))
    steps = [Progress("done", START, START, START + hours(1)) for _ in plan.steps]
    match = next(n for n, s in enumerate(plan.steps) if s.template.name == "match")
    steps[match] = Progress("ready", ready_at=START)
    assert project(plan.shape, steps, start=START, now=START + hours(500)).finish == START + hours(1)


@pytest.mark.parametrize(
    ("projected", "level"),
    [
        (0, "none"),
        (4, "none"),
        (5, "low"),
        (7, "low"),
        (7.5, "medium"),
        (9.9, "medium"),
        (10, "medium"),
        (10.1, "high"),
    ],
)
def test_levels_follow_the_slack_used(projected, level):
    forecast = START + hours(100)
    assert jeopardy(forecast=forecast, promised=forecast + hours(10), projected=forecast + hours(projected)) == level


def test_a_promise_before_the_forecast_is_in_jeopardy_at_once():
    assert jeopardy(forecast=START + hours(9), promised=START + hours(5), projected=START + hours(9)) == "high"


def test_the_next_look_is_when_the_level_would_change():
    forecast = START + hours(100)
    promised = forecast + hours(10)
    look = next_change(forecast=forecast, promised=promised, projected=forecast + hours(2), now=START)
    assert look == START + hours(3) + timedelta(seconds=1)
    assert next_change(forecast=forecast, promised=promised, projected=promised + hours(1), now=START) is None
