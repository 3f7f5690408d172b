"""An order that a policy wants approved stands still until it is, and goes on by itself."""

from __future__ import annotations

from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Story

pytestmark = pytest.mark.slow

POLICY = {
    "code": "orders",
    "name": "Large orders",
    "subject": "order",
    "inputs": [{"name": "amount", "worse": "higher"}, {"name": "currency", "type": "string"}],
    "table": (
        "table: Large orders\nhit policy: C\ninputs:\n- {expression: amount, type: number}\n"
        "outputs:\n- {name: step, type: string}\nnotes: [why]\nrules:\n- ['> 100', desk, more than a hundred]\n"
    ),
    "steps": [{"name": "desk", "who": [{"role": "approver"}], "hours": 4}],
}


async def asked(story: Story) -> dict[str, Any]:
    (row,) = (await story.get("/api/approvals", who="priya"))["items"]
    return dict(row)


async def decide(story: Story, verdict: str, **more: Any) -> None:
    row = await asked(story)
    body = {"verdict": verdict, "content": row["content"], **more}
    await story.post(f"/api/approvals/{row['id']}/verdict", body, who="priya")


async def holds(story: Story, order: PlacedOrder) -> list[tuple[str, str]]:
    page = await story.get(f"/api/orders/{order.number}")
    return [(hold["code"], hold["reason"]) for hold in page["holds"] if hold["released_at"] is None]


async def publish(story: Story, **changes: Any) -> None:
    client = await story.as_user("ada")
    answer = await client.put("/api/approval-policies", json=POLICY | changes)
    assert answer.status_code == 200, answer.text


async def test_an_order_waits_for_its_approval_and_then_runs_to_its_end(story: Story) -> None:
    await publish(story)
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    request = await asked(story)
    assert order.hold == f"Waits for approval, {request['number']}."
    assert set((await story.steps(order)).values()) <= {"blocked", "ready"}
    assert request["subject_label"] == order.number

    await decide(story, "approve")

    assert await holds(story, order) == []
    await story.finish(order)
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_refused_order_says_by_whom_and_why(story: Story) -> None:
    await publish(story)
    order = await story.order("A-triple-play")
    await story.work()

    number = (await asked(story))["number"]
    await decide(story, "reject", comment="They owe us for last year.")
    await story.move(hours=49)

    reason = f"{number} was rejected: They owe us for last year."
    assert await holds(story, order) == [("approval_refused", reason)]
    assert set((await story.steps(order)).values()) <= {"blocked", "ready"}
    story.verify()


async def test_a_small_order_asks_nobody_and_is_kept_for_trials(story: Story) -> None:
    policy = POLICY["table"]
    assert isinstance(policy, str)
    await publish(story, table=policy.replace("> 100", "> 100000"))

    order = await story.order("A-triple-play")
    await story.work()

    assert order.hold is None
    assert (await story.get("/api/approvals", who="priya"))["items"] == []
    assert await story.ask("SELECT needed FROM approvals.submission") == [([],)]
    stricter = await story.post("/api/approval-policies/try", POLICY)
    assert (stricter["needing_before"], stricter["needing_after"]) == (0, 1)


async def test_without_a_policy_nothing_is_asked_or_kept(story: Story) -> None:
    order = await story.order("A-triple-play")

    assert order.hold is None
    assert await story.ask("SELECT count(*) FROM approvals.submission") == [(0,)]
