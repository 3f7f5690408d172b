"""Orders that end before their time: rejected, cancelled once somebody has said yes, given up, ended in part."""

from __future__ import annotations

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Rule, Story
from tests.stories.test_changes import STAGED_LATER
from tests.stories.test_fallout import charges, done_undos, items, line_test_reached, repair

pytestmark = pytest.mark.slow


async def state(story: Story, order: PlacedOrder) -> str:
    found: str = (await story.get(f"/api/orders/{order.number}"))["header"]["state"]
    return found


async def test_a_seller_asks_for_a_cancellation_and_the_manager_grants_it(story: Story) -> None:
    story.partners(STAGED_LATER)
    order = await story.order("C-saas-hardware")
    await story.work()
    asked = f"/api/orders/{order.number}/cancellation"

    await story.post(asked, {"reason": "the shop burnt down"}, who="jonas")
    assert await state(story, order) == "assessing_cancellation"
    await story.refused(f"{asked}/accept", {"reason": "of course"}, who="jonas", status=403)
    await story.post(f"{asked}/accept", {"reason": "confirmed by phone"}, who="nora")

    assert await state(story, order) == "cancelled"
    assert "suspend + delete tenant" in await done_undos(story, order)
    assert await charges(story) == []
    await story.refused(f"{asked}/deny", {"reason": "too late"}, who="nora", status=409)
    story.verify()


async def test_an_order_goes_on_while_its_cancellation_is_assessed_and_ends_when_it_is_denied(story: Story) -> None:
    order = await story.order("B-wholesale-kit")
    asked = f"/api/orders/{order.number}/cancellation"
    await story.post(asked, {"reason": "found it cheaper"}, who="maya", then_work=False)
    assert await state(story, order) == "assessing_cancellation"

    for _ in range(40):
        await story.move(days=1)
        await story.do_tasks(order)
    steps = await story.steps(order)
    assert set(steps.values()) <= {"done", "skipped", "cancelled"}
    assert await state(story, order) == "assessing_cancellation"

    await story.post(f"{asked}/deny", {"reason": "the goods are with the customer"}, who="nora")
    assert await state(story, order) == "completed"
    assert {found for found in (await items(story, order)).values()} == {"completed"}
    story.verify()


async def test_an_order_is_rejected_while_nothing_has_begun_and_not_later(story: Story) -> None:
    placed = await story.post("/api/orders", COURSE, who="maya", then_work=False)
    path = f"/api/orders/{placed['number']}"
    assert (await story.get(path))["header"]["state"] == "submitted"

    rejected = await story.post(f"{path}/reject", {"reason": "the trainer has left us"}, who="maya")

    assert (rejected["header"]["state"], rejected["header"]["state_reason"]) == ("rejected", "the trainer has left us")
    assert [item["state"] for item in rejected["items"]] == ["rejected"]
    assert (await story.get("/api/tasks", who="helen"))["items"] == []
    begun = await story.order("A-triple-play")
    await story.work()
    assert await story.refused(f"/api/orders/{begun.number}/reject", {"reason": "too late"}) == ["state_wrong"]
    story.verify()


COURSE = {
    "customer": "harbourline",
    "items": [{"line": "1", "product": "Splicing course (one day)", "place": "CUST-1"}],
}


async def test_what_we_cannot_deliver_fails_for_good_and_the_rest_completes(story: Story) -> None:
    order = await line_test_reached(story, Rule({"refuse": 1}, partner="IPTV", operation="enable", times=1))
    assert (await story.step(order, "Enable multicast"))["state"] == "failed"

    await repair(story, order, "Enable multicast", "fail", reason="no capacity in this street")

    story.partners()
    await story.finish(order)
    found = await items(story, order)
    assert (found["1.2"], found["1.1"], found["0"]) == ("failed", "completed", "partial")
    story.verify()
