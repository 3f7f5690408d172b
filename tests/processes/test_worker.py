"""How a worker runs steps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest

from orderloom.base.refusals import Problem
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import (
    EMPTY_HOUSE,
    SYSTEM,
    Call,
    Done,
    Failed,
    Finished,
    House,
    NotNow,
    Outcome,
    SubjectKind,
    Waiting,
)
from orderloom.processes.commands import amend_process, deliver, retry_steps, run_batch, set_held, start_processes
from orderloom.processes.store.claim import claim, claim_suspect
from orderloom.processes.types import Amendment, Delivery, Edge, Message, NewStep, Node, StepId
from orderloom.processes.worker import StepWorker, run_until_quiet, sweep
from tests.processes import given

AUTO = Node("ok", "auto")
ran: list[tuple[int, int]] = []


async def ok(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    ran.extend((call.process_id, call.number) for call in calls)
    return [Done({"seen": call.key} if call.params.get("tell") else {}) for call in calls]


async def ask(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    return [Waiting(call.idempotency_key) for call in calls]


async def poison(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    ran.extend((call.process_id, call.number) for call in calls)
    if any(call.params.get("bad") for call in calls):
        raise RuntimeError("boom")
    return [Done() for _ in calls]


async def shaky(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    return [Failed("transient", "busy") if not call.params.get("fixed") else Done() for call in calls]


async def refusing(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    return [NotNow((Problem("no", "No stock; choose another warehouse."),)) for _ in calls]


async def absorb(tx: Tx, finished: Sequence[Finished]) -> None:
    """Each warehouse that was found gets a step of its own before the rest goes on."""
    for step in finished:
        new = tuple(NewStep(AUTO, f"pick {w}", f"pick {w}") for w in step.facts.get("warehouses", ()))
        edges = [e for n in range(2, 2 + len(new)) for e in (Edge(0, n), Edge(n, 1))]
        await amend_process(tx, step.process_id, Amendment(steps=new, edges=tuple(edges)))


async def source(tx: Tx, calls: Sequence[Call]) -> list[Outcome]:
    return [Done({"warehouses": ["East", "West"]}) for _ in calls]


HOUSE = replace(
    EMPTY_HOUSE,
    step_kinds=MappingProxyType(
        {"ok": ok, "ask": ask, "poison": poison, "shaky": shaky, "refusing": refusing, "source": source}
    ),
    subjects=MappingProxyType({"test": SubjectKind("test", "/tests/{id}")}),
    absorbers=MappingProxyType({"test": absorb}),
)


@pytest.fixture
def house() -> House:
    ran.clear()
    return HOUSE


@pytest.fixture
async def start(database: Database) -> AsyncIterator[Callable[..., Awaitable[list[int]]]]:
    async def starts(*drafts: Any) -> list[int]:
        async with transaction(database, SYSTEM) as tx:
            return await start_processes(tx, drafts)

    yield starts
    async with transaction(database, SYSTEM) as tx:
        assert await given.breaches(tx) == []


async def states(database: Database, id_: int) -> dict[str, str]:
    async with transaction(database, SYSTEM) as tx:
        return await given.states(tx, id_)


async def test_a_plan_runs_to_its_end_each_step_once(database: Database, start: Any) -> None:
    tells = Node("ok", "auto", tells=True, params={"tell": 1})
    draft = given.draft({"a": AUTO, "b": AUTO, "c": tells, "d": AUTO}, ["a>b", "a>c", "b>d", "c>d"])
    ids = await start(*[draft] * 30)
    assert await run_until_quiet(database) == 120
    assert sorted(ran) == sorted((id_, number) for id_ in ids for number in range(4))
    assert set((await states(database, ids[7])).values()) == {"done"}
    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM processes.process WHERE state = 'done'") == 30
        assert await tx.value("SELECT count(*) FROM base.event WHERE type = 'processes.step_done'") == 30
        assert (await given.steps_by_key(tx, ids[0]))["c"].outputs == {"seen": "c"}


async def test_a_poison_step_stops_nobody_else(database: Database, start: Any) -> None:
    bad = Node("poison", "auto", params={"bad": True})
    ids = await start(given.draft({"a": bad, "b": AUTO}, ["a>b"]), *[given.draft({"a": Node("poison", "auto")})] * 5)
    await run_until_quiet(database)
    assert await states(database, ids[0]) == {"a": "failed", "b": "blocked"}
    for id_ in ids[1:]:
        assert await states(database, id_) == {"a": "done"}


async def test_an_answer_finds_its_step(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": Node("ask", "auto"), "b": AUTO}, ["a>b"]))
    await run_until_quiet(database)
    assert await states(database, id_) == {"a": "waiting", "b": "blocked"}
    async with transaction(database, SYSTEM) as tx:
        assert await deliver(tx, [Message(f"{id_}:0", {"port": 3})]) == [Delivery.DONE]
    await run_until_quiet(database)
    assert await states(database, id_) == {"a": "done", "b": "done"}


async def test_an_answer_that_is_an_error_is_fallout_or_a_retry(database: Database, start: Any) -> None:
    ids = await start(*[given.draft({"a": Node("ask", "auto")})] * 2)
    await run_until_quiet(database)
    async with transaction(database, SYSTEM) as tx:
        await deliver(
            tx,
            [
                Message(f"{ids[0]}:0", error_class="business", error="no such line"),
                Message(f"{ids[1]}:0", error_class="transient", error="later"),
            ],
        )
    assert await states(database, ids[0]) == {"a": "failed"}
    assert await states(database, ids[1]) == {"a": "waiting"}


async def test_transient_failures_are_retried_until_that_is_exhausted(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": Node("shaky", "auto", retries_seconds=(0, 0))}))
    for _ in range(3):
        await run_batch(database, "w")
        await sweep(database)
    assert await states(database, id_) == {"a": "failed"}
    async with transaction(database, SYSTEM) as tx:
        step = (await given.steps_by_key(tx, id_))["a"]
        assert (step.error_class, step.attempt) == ("transient", 3)
        await retry_steps(tx, [StepId(id_, 0)], reason="I mended it", params={"fixed": True})
    await run_until_quiet(database)
    assert await states(database, id_) == {"a": "done"}
    async with transaction(database, SYSTEM) as tx:
        reasons = await tx.values("SELECT reason FROM processes.step_log WHERE reason IS NOT NULL")
        assert "I mended it" in reasons


async def test_a_refusal_is_fallout_with_its_sentence(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": Node("refusing", "auto")}))
    await run_until_quiet(database)
    async with transaction(database, SYSTEM) as tx:
        step = (await given.steps_by_key(tx, id_))["a"]
    assert (step.state, step.error_class, step.error) == ("failed", "business", "No stock; choose another warehouse.")


async def test_facts_are_absorbed_before_anything_that_follows_is_released(database: Database, start: Any) -> None:
    yielding = Node("source", "auto", yields=("warehouses",))
    [id_] = await start(given.draft({"source": yielding, "ship": AUTO}, ["source>ship"]))
    await run_until_quiet(database)
    assert ran[-1] == (id_, 1)
    assert await states(database, id_) == {
        "source": "done", "ship": "done", "pick East": "done", "pick West": "done",
    }  # fmt: skip


async def test_held_steps_are_not_claimed(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": AUTO, "b": AUTO}, ["a>b"]))
    async with transaction(database, SYSTEM) as tx:
        await set_held(tx, id_, None, held=True, reason="credit")
    assert await run_until_quiet(database) == 0
    async with transaction(database, SYSTEM) as tx:
        await set_held(tx, id_, None, held=False)
    assert await run_until_quiet(database) == 2


async def test_a_lost_lease_is_taken_over_and_the_old_worker_is_fenced(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": AUTO}))
    zombie = StepWorker(database, "zombie", lease_seconds=0.01)
    async with transaction(database, SYSTEM) as tx:
        zombie._claimed = await zombie._claim(tx, 10)
    await asyncio.sleep(0.05)
    async with transaction(database, SYSTEM) as tx:
        again = StepWorker(database, "again")
        assert await again._claim(tx, 10) == []  # a suspect runs alone
    await run_until_quiet(database)
    await zombie.turn()
    assert ran == [(id_, 0)]


async def test_a_step_that_kills_workers_is_parked(database: Database, start: Any) -> None:
    [id_] = await start(given.draft({"a": AUTO}))
    async with transaction(database, SYSTEM) as tx:
        await claim(tx, ["ok"], order=(0, 1, 2), limit=10, lease_seconds=0.001)
    for lost in (1, 2):
        await asyncio.sleep(0.01)
        async with transaction(database, SYSTEM) as tx:
            [suspect] = await claim_suspect(tx, ["ok"], lease_seconds=0.001)
            assert suspect.lost == lost
    await asyncio.sleep(0.01)
    await run_until_quiet(database)
    assert await states(database, id_) == {"a": "failed"}
    assert ran == []


async def test_bulk_work_is_not_starved_by_urgent_work(database: Database, start: Any) -> None:
    await start(*[given.draft({"a": AUTO}, priority="urgent")] * 40)
    [bulk] = await start(given.draft({"a": AUTO}, priority="bulk"))
    worker = StepWorker(database, "w")
    for _ in range(10):
        await worker.turn(3)
    assert (bulk, 0) in ran
