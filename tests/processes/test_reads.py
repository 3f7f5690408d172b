"""What screens and alarms see of processes."""

from __future__ import annotations

from datetime import timedelta

from orderloom.base.transaction import Tx
from orderloom.processes.commands import cancel_steps, complete_steps, fail_steps, set_priority, set_task_dues
from orderloom.processes.events import StepOverdue
from orderloom.processes.reads import (
    edges_of,
    list_fallout,
    processes_of,
    states_of,
    step_history,
    steps_of,
    without_progress,
)
from orderloom.processes.types import Completion, Edge, Failure, Node, StepId
from orderloom.processes.worker import notice_overdue
from tests.processes import given
from tests.processes.given import breaches

PERSON = Node("do", "person")


async def test_a_process_is_read_with_its_steps_edges_and_history(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "SS", 60)])
    await complete_steps(tx, [Completion(id_, 0, {"n": 1}, "seen")])
    assert id_ in [p.id for p in await processes_of(tx, "test", 1)]
    assert [s.key for s in await steps_of(tx, id_)] == ["a", "b"]
    assert await edges_of(tx, id_) == [Edge(0, 1, "SS", 60)]
    [first] = await step_history(tx, id_, 0)
    assert (first.from_state, first.to_state, first.outputs, first.evidence) == ("ready", "done", {"n": 1}, "seen")
    assert len(await step_history(tx, id_)) == 2
    assert await states_of(tx, [id_]) == {id_: {"done": 1, "waiting": 1}}


async def test_fallout_is_listed_by_partner_and_class(tx: Tx) -> None:
    ids = [await given.process(tx, {"a": PERSON}, partners=(partner,)) for partner in ("WMS", "WMS", "SQ")]
    await fail_steps(tx, [Failure(id_, 0, "data", f"bad {id_}") for id_ in ids])
    assert [f.process_id for f in await list_fallout(tx)] == ids
    assert [f.process_id for f in await list_fallout(tx, partner="WMS", limit=1)] == ids[:1]
    assert [f.process_id for f in await list_fallout(tx, partner="WMS", after=StepId(ids[0], 0))] == ids[1:2]
    assert await list_fallout(tx, error_class="business") == []


async def test_what_never_moves_is_noticed(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": Node("do", "person", hours=(1, 2, 3)), "b": PERSON}, ["a>b"])
    assert await notice_overdue(tx) == 0
    assert await without_progress(tx, longer_than=timedelta(hours=1)) == []
    tx.now += timedelta(hours=3)
    assert await notice_overdue(tx) == 1
    assert await notice_overdue(tx) == 0
    assert [event.key for event in tx.events if isinstance(event, StepOverdue)] == ["a"]
    [still] = await without_progress(tx, longer_than=timedelta(hours=1))
    assert (still.process_id, still.ready) == (id_, 1)


async def test_priority_and_due_dates_reach_the_steps(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON})
    await set_priority(tx, id_, "urgent")
    assert await set_task_dues(tx, {StepId(id_, 0): tx.now}) == 1
    [step] = await steps_of(tx, id_)
    assert step.due == tx.now
    await cancel_steps(tx, [StepId(id_, 0)], reason="x")
    assert await set_task_dues(tx, {StepId(id_, 0): tx.now}) == 0
    assert await breaches(tx) == []
