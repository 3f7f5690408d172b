"""Random graphs and histories on a real PostgreSQL, compared step by step with a small model.

The model keeps no counters. After each command it asks of every step, again and again until nothing
changes, what the rules of the house say about it, from the states of its predecessors alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderloom.base.transaction import Tx
from orderloom.base.types import EMPTY_HOUSE, SYSTEM
from orderloom.processes.commands import (
    amend_process,
    cancel_steps,
    complete_steps,
    complete_with_evidence,
    fail_steps,
    retry_steps,
    set_held,
    skip_steps,
    start_steps,
)
from orderloom.processes.types import Amendment, Completion, Edge, Failure, NewStep, Node, StepId
from tests.processes import given as builders

ENDED = ("done", "skipped", "cancelled")
MODES = ("person", "person", "event", "pass")


@dataclass
class Model:
    """What the rules say, without counters."""

    modes: list[str]
    edges: list[tuple[int, int, str]]
    state: list[str] = field(default_factory=list)
    started: list[bool] = field(default_factory=list)
    held: list[bool] = field(default_factory=list)
    finishing: list[bool] = field(default_factory=list)
    early: list[bool] = field(default_factory=list)
    by_revision: list[bool] = field(default_factory=list)
    sent: list[bool] = field(default_factory=list)

    def __post_init__(self) -> None:
        for column in (self.started, self.held, self.finishing, self.early, self.by_revision, self.sent):
            column.extend([False] * len(self.modes))
        self.state.extend(["blocked"] * len(self.modes))
        self.settle()

    def grow(self, mode: str) -> None:
        self.modes.append(mode)
        self.state.append("blocked")
        for column in (self.started, self.held, self.finishing, self.early, self.by_revision, self.sent):
            column.append(False)

    def satisfied(self, n: int) -> bool:
        """Whether the step has ended in a way that lets its successors go on; what it has sent stays sent."""
        if self.state[n] == "done" or self.sent[n]:
            return True
        well = self.state[n] == "skipped" or (self.state[n] == "cancelled" and self.by_revision[n])
        return well and not self.misses(n, "FS", "SS") and not self.misses(n, "FF", "SF")

    def begun(self, n: int) -> bool:
        return self.satisfied(n) or (self.started[n] and self.state[n] not in ("failed", "cancelled"))

    def misses(self, n: int, finish: str, start: str) -> bool:
        """Whether an edge into the step of one of these types (from a finish, from a start) is still open."""
        return any(
            not (self.satisfied(first) if type_ == finish else self.begun(first))
            for first, then, type_ in self.edges
            if then == n and type_ in (finish, start)
        )

    def settle(self) -> None:
        changed = True
        while changed:
            before = (list(self.state), list(self.started), list(self.finishing))
            for n in range(len(self.modes)):
                self.look_at(n)
            changed = before != (self.state, self.started, self.finishing)

    def look_at(self, n: int) -> None:
        self.sent[n] = self.state[n] in ("skipped", "cancelled") and self.satisfied(n)
        blocked = self.misses(n, "FS", "SS")
        if self.state[n] == "ready" and blocked and not self.started[n]:
            self.state[n] = "blocked"
        if self.state[n] == "blocked" and not blocked and not self.held[n]:
            if self.early[n] or self.modes[n] == "pass":
                self.complete(n)
            elif self.modes[n] == "event":
                self.state[n], self.started[n] = "waiting", True
            else:
                self.state[n] = "ready"
        if self.finishing[n] and not self.misses(n, "FF", "SF"):
            self.state[n], self.finishing[n] = "done", False

    def complete(self, n: int) -> None:
        self.started[n] = True
        self.state[n], self.finishing[n] = "waiting", True
        self.look_at(n)


actions = st.sampled_from(
    ["complete", "complete", "complete", "start", "fail", "retry", "skip", "hold", "free", "cancel", "remove",
     "evidence", "amend"]
)  # fmt: skip


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    count = draw(st.integers(4, 9))
    modes = draw(st.lists(st.sampled_from(MODES), min_size=count, max_size=count))
    pairs = [(a, b) for b in range(count) for a in range(b)]
    chosen = draw(st.lists(st.sampled_from(pairs), min_size=count - 1, max_size=16, unique=True))
    types = st.sampled_from(["FS", "FS", "FS", "SS", "FF", "SF"])
    return modes, [(a, b, draw(types)) for a, b in chosen]


def fits(model: Model, action: str, n: int) -> bool:
    """Whether the action may be tried on the step."""
    state, held = model.state[n], model.held[n]
    match action:
        case "complete":
            return state in ("ready", "running", "waiting", "failed", "blocked") and not (held and state != "running")
        case "start":
            return state == "ready" and not held and model.modes[n] == "person"
        case "fail":
            return state in ("ready", "running", "waiting")
        case "retry" | "evidence":
            return state == "failed"
        case "skip":
            return state in ("blocked", "ready", "waiting", "failed")
        case "free":
            return held and state not in ENDED
        case "amend":
            return True
        case _:
            return state not in ENDED and not (action == "hold" and held)


async def act(tx: Tx, id_: int, model: Model, action: str, n: int, extra: tuple[int, int]) -> None:
    """Do it to both, where it is allowed."""
    step, state = StepId(id_, n), model.state[n]
    match action:
        case "complete":
            await complete_steps(tx, [Completion(id_, n)])
            if state == "blocked":
                model.early[n] = True
            elif not model.finishing[n]:
                model.complete(n)
        case "start":
            await start_steps(tx, [step])
            model.state[n], model.started[n] = "running", True
        case "fail":
            await fail_steps(tx, [Failure(id_, n, "business", "no")])
            model.state[n], model.finishing[n] = "failed", False
        case "retry":
            await retry_steps(tx, [step], reason="again")
            model.state[n], model.started[n], model.early[n] = "blocked", False, False
        case "skip":
            await skip_steps(tx, [step], reason="x", with_right=True)
            model.state[n], model.finishing[n] = "skipped", False
        case "hold":
            await set_held(tx, id_, [n], held=True, reason="x")
            model.held[n] = True
        case "free":
            await set_held(tx, id_, [n], held=False)
            model.held[n] = False
        case "cancel" | "remove":
            await cancel_steps(tx, [step], reason="x", by_revision=action == "remove")
            model.state[n], model.by_revision[n], model.finishing[n] = "cancelled", action == "remove", False
        case "evidence":
            await complete_with_evidence(tx, [step], evidence="seen")
            model.complete(n)
        case "amend":
            await amend(tx, id_, model, n, extra[0] % len(model.modes))
    model.settle()


async def amend(tx: Tx, id_: int, model: Model, after: int, before: int) -> None:
    """Add a step that follows one, and precedes another that has not begun."""
    new = len(model.modes)
    edges = [(after, new, "FS")]
    untouched = model.state[before] in ("blocked", "ready") and not model.started[before]
    if before > after and before < len(model.modes) and untouched:
        edges.append((new, before, "FS"))
    if len(edges) > 1 and reaches(model.edges, before, after):
        edges.pop()
    await amend_process(
        tx,
        id_,
        Amendment(steps=(NewStep(Node("do", "person"), f"new {new}", "new"),), edges=tuple(Edge(*e) for e in edges)),
    )  # type: ignore[arg-type]
    model.grow("person")
    model.edges.extend(edges)


def reaches(edges: list[tuple[int, int, str]], start: int, goal: int) -> bool:
    return start == goal or any(reaches(edges, then, goal) for first, then, _ in edges if first == start)


async def run(url: str, graph: tuple[list[str], list[tuple[int, int, str]]], history: list[Any]) -> None:
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
    try:
        cursor = await connection.execute("BEGIN; SELECT base.now()")
        cursor.nextset()
        row = await cursor.fetchone()
        assert row is not None
        tx = Tx(connection, SYSTEM, EMPTY_HOUSE, row[0])
        modes, edges = graph
        nodes = {f"s{n}": Node("do", mode) for n, mode in enumerate(modes)}  # type: ignore[arg-type]
        id_ = await builders.process(tx, nodes, [(f"s{a}>s{b}", t) for a, b, t in edges])
        model = Model(list(modes), list(edges))
        assert list((await builders.states(tx, id_)).values()) == model.state
        for action, place, extra in history:
            fitting = [n for n in range(len(model.modes)) if fits(model, action, n)]
            if fitting:
                n = fitting[place % len(fitting)]
                await act(tx, id_, model, action, n, extra)
                assert list((await builders.states(tx, id_)).values()) == model.state, (action, n)
        assert await builders.breaches(tx) == []
    finally:
        await connection.close()


steps = st.tuples(actions, st.integers(0, 99), st.tuples(st.integers(0, 99), st.integers(0, 99)))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs(), history=st.lists(steps, min_size=10, max_size=30))
def test_every_history_is_what_the_model_says(template_url: str, graph: Any, history: Any) -> None:
    asyncio.run(run(template_url, graph, history))


@pytest.mark.slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(graph=graphs(), history=st.lists(steps, min_size=10, max_size=30))
def test_every_one_of_many_histories_is_what_the_model_says(template_url: str, graph: Any, history: Any) -> None:
    asyncio.run(run(template_url, graph, history))
