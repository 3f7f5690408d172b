"""Each invariant of engine and task lists finds what breaks it."""

from __future__ import annotations

import pytest

from orderloom.base.transaction import Tx
from orderloom.processes.commands import cancel_steps, complete_steps, fail_steps, skip_steps
from orderloom.processes.types import Completion, Failure, Node, StepId
from orderloom.processes.verify import INVARIANTS
from orderloom.work.verify import INVARIANTS as WORK_INVARIANTS
from tests.processes import given

PERSON = Node("do", "person")
MEMBER = Node("hear", "event", choice=1)
HISTORY = "INSERT INTO processes.step_log (process_id, number, attempt, from_state, to_state, actor_kind, actor_name)"

BREAKS = {
    "the counters of every step equal what its predecessors have sent": (
        "UPDATE processes.step SET pending = 2 WHERE key = 'b'"
    ),
    "no step is done before the steps that it follows": (
        "UPDATE processes.step SET state = 'done', token = true, finished_at = base.now() WHERE key = 'b'"
    ),
    "a step that misses nothing and is not held is not blocked": (
        "UPDATE processes.step SET pending = 0 WHERE key = 'b'"
    ),
    "a step that has not started and misses a token is blocked": (
        "UPDATE processes.step SET pending = 1 WHERE key = 'a'"
    ),
    "every step that has ended well has sent its token": ("UPDATE processes.step SET token = NULL WHERE key = 'done'"),
    "a failed step, or one that was cancelled otherwise, has sent nothing": (
        "UPDATE processes.step SET token = true WHERE key = 'failed'"
    ),
    "every process with an open mandatory step runs, and wakes": (
        "UPDATE processes.process SET state = 'done', finished_at = base.now()"
    ),
    "a process whose mandatory steps have all ended is finished": (
        "UPDATE processes.step SET mandatory = false WHERE state NOT IN ('done', 'skipped', 'cancelled')"
    ),
    "every open step will be noticed: its process wakes no later than its latest typical finish": (
        "UPDATE processes.process SET wake_at = 'infinity'"
    ),
    "no step's key is used twice in its process": "UPDATE processes.step SET key = 'a' WHERE key = 'b'",
    "the log tells how every step that has ended, failed or waits came there": "DELETE FROM processes.step_log",
    "a step is logged as done once": f"{HISTORY} SELECT process_id, number, 0, 'ready', 'done', 'x', 'x'"
    " FROM processes.step WHERE key = 'done'",
    "at most one member of a choice set is done": (
        "UPDATE processes.step SET state = 'done', sub_reason = NULL WHERE choice = 1"
    ),
}


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda i: i.name)
async def test_a_breach_is_found(tx: Tx, invariant: object) -> None:
    nodes = {"a": PERSON, "b": PERSON, "done": PERSON, "failed": PERSON, "x": MEMBER, "y": MEMBER, "skipped": PERSON}
    id_ = await given.process(tx, {**nodes, "gone": PERSON}, ["a>b"])
    await complete_steps(tx, [Completion(id_, 2), Completion(id_, 4)])
    await fail_steps(tx, [Failure(id_, 3, "data", "bad")])
    await skip_steps(tx, [StepId(id_, 6)], reason="x", with_right=True)
    await cancel_steps(tx, [StepId(id_, 7)], reason="x")
    assert await given.breaches(tx) == []
    await tx.execute(BREAKS[invariant.name])  # type: ignore[attr-defined]
    assert any(breach.startswith(invariant.name) for breach in await given.breaches(tx))  # type: ignore[attr-defined]


async def test_breaches_of_task_lists_are_found(tx: Tx) -> None:
    id_ = await given.process(tx, {"a": PERSON, "b": Node("hear", "event")})
    user = await tx.value("INSERT INTO parties.user (login, name) VALUES ('a@example.com', 'A') RETURNING id")
    for number in (0, 1):
        await tx.execute(
            "INSERT INTO work.assignment (process_id, number, user_id) VALUES (%(id)s, %(number)s, %(user)s)",
            {"id": id_, "number": number, "user": user},
        )
    await tx.execute("UPDATE processes.step SET queue = NULL WHERE process_id = %(id)s", {"id": id_})
    await tx.execute(
        "INSERT INTO work.assignment_log (process_id, number, action, user_id, actor_name)"
        " VALUES (%(id)s, 0, 'released', %(user)s, 'A')",
        {"id": id_, "user": user},
    )
    for invariant in WORK_INVARIANTS:
        assert len(await tx.values(invariant.sql)) == 1
