"""How steps release each other."""

from __future__ import annotations

from orderloom.base.transaction import Tx
from orderloom.processes.commands import complete_steps, start_steps
from orderloom.processes.types import Completion, Delivery, Node, StepId
from tests.processes import given

PERSON = Node("do", "person")


async def test_a_finished_step_releases_its_successor(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, ["a>b"])
    assert await given.states(tx, id_) == {"a": "ready", "b": "blocked"}
    assert await complete_steps(tx, [Completion(id_, 0)]) == [Delivery.DONE]
    assert await given.states(tx, id_) == {"a": "done", "b": "ready"}
    assert await complete_steps(tx, [Completion(id_, 0)]) == [Delivery.DUPLICATE]


async def test_start_and_finish_dependencies(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": PERSON}, [("a>b", "SS"), ("a>b", "FF")])
    assert await given.states(tx, id_) == {"a": "ready", "b": "blocked"}
    await start_steps(tx, [StepId(id_, 0)])
    assert await given.states(tx, id_) == {"a": "running", "b": "ready"}
    await complete_steps(tx, [Completion(id_, 1)])
    assert await given.states(tx, id_) == {"a": "running", "b": "waiting"}
    await complete_steps(tx, [Completion(id_, 0)])
    assert await given.states(tx, id_) == {"a": "done", "b": "done"}
