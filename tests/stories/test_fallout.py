"""What goes wrong in a triple play, and what people do about it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Rule, Story

pytestmark = pytest.mark.slow
REFUSE = Rule({"refuse": 1}, partner="NTE", operation="test", times=1)


async def line_test_reached(story: Story, *rules: Rule) -> PlacedOrder:
    """A triple play whose line is being tested; what the test says is in the rules."""
    story.partners(*rules)
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    assert await story.do_tasks(order, who="owen") == ["Truck roll: jumper + premises visit"]
    return order


async def items(story: Story, order: PlacedOrder) -> dict[str, str]:
    """The states of an order's items by line, and of the order as line 0."""
    page = await story.get(f"/api/orders/{order.number}")
    return {"0": page["header"]["state"]} | {item["line"]: item["state"] for item in page["items"]}


async def repair(story: Story, order: PlacedOrder, title: str, verb: str, **body: Any) -> Any:
    step = await story.step(order, title)
    path = f"/api/fallout/{step['process_id']}/{step['number']}/{verb}"
    return await story.post(path, body, who="nora")


async def charges(story: Story) -> list[Any]:
    return await story.ask("SELECT amount FROM billing.charge WHERE state <> 'voided' ORDER BY amount DESC")


async def done_undos(story: Story, order: PlacedOrder) -> list[str]:
    """The titles of the steps that took something back, in the order in which they were done."""
    rows = await story.ask(
        """
        SELECT step.title
          FROM processes.step
          JOIN processes.step_log USING (process_id, number)
         WHERE step.process_id = %(id)s AND step.key LIKE 'undo %%' AND step_log.to_state = 'done'
         ORDER BY step_log.id
        """,
        id=order.process_id,
    )
    return [row[0] for row in rows]


async def test_a_refused_line_test_holds_its_item_and_nothing_is_charged(story: Story) -> None:
    order = await line_test_reached(story, REFUSE)

    step = await story.step(order, "Line test")
    assert (step["state"], step["error_class"]) == ("failed", "business")
    assert "NTE cannot do test" in step["error"]
    [fallout] = (await story.get("/api/fallout", who="nora"))["items"]
    assert fallout["title"].startswith("Line test")
    found = await items(story, order)
    assert (found["0"], found["1"], found["1.1"]) == ("held", "held", "held")
    assert (found["1.2"], found["1.3"], found["1.5"]) == ("in_progress", "in_progress", "completed")
    assert (await story.step(order, "Port-in"))["state"] == "done"
    for waiting in ("Enable multicast", "Create SIP", "MILESTONE all", "Release billing"):
        assert (await story.step(order, waiting))["state"] == "blocked"
    await story.move(days=3)
    assert await charges(story) == []
    story.verify()


async def test_retrying_with_edited_data_asks_the_partner_anew_and_the_order_ends(story: Story) -> None:
    order = await line_test_reached(story, REFUSE)

    await repair(story, order, "Line test", "retry", reason="lower profile", params={"edited": {"profile": "50/10"}})

    assert (await story.step(order, "Line test"))["state"] == "done"
    [(payload, edition)] = await story.ask("SELECT payload, edition FROM gateway.call WHERE operation = 'test'")
    assert (payload["profile"], edition) == ("50/10", 2)
    assert await story.states([order]) == ["completed"]
    assert [amount for (amount,) in await charges(story)] == [89, 49, 0, 0]
    story.verify()


async def test_an_answer_that_makes_no_sense_is_asked_for_again_and_the_work_done_once(story: Story) -> None:
    order = await line_test_reached(story, Rule({"nonsense": 1}, partner="NTE", operation="test", times=1))
    assert (await story.step(order, "Line test"))["state"] == "waiting"

    await asyncio.sleep(2.5)  # the gateway's own schedule is in real time
    await story.work()

    [effect] = [e for (partner, _), e in story.simulator.effects.items() if partner == "NTE"]
    assert (effect.requests, effect.count) == (2, 1)
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_an_unknown_outcome_is_fallout_and_never_success(story: Story) -> None:
    story.partners(Rule({"nonsense": 1}, partner="PSP", operation="authorise", times=1), *story.silence("PS"))
    order = await story.order("C-saas-hardware")  # of a payment nobody wants a second one
    await story.work()

    step = await story.step(order, "Authorise payment")
    assert (step["state"], step["error_class"]) == ("failed", "unknown")
    assert "may or may not have done it" in step["error"]
    assert (await story.step(order, "Create tenant"))["state"] == "blocked"
    assert await charges(story) == []

    await repair(story, order, "Authorise payment", "retry", reason="they have it, the key makes it one")
    assert (await story.step(order, "Authorise payment"))["state"] == "done"
    [effect] = [e for (partner, _), e in story.simulator.effects.items() if partner == "PSP"]
    assert (effect.requests, effect.count) == (2, 1)
    story.verify()


async def test_what_somebody_saw_done_releases_billing_once_a_second_person_confirms_it(story: Story) -> None:
    order = await line_test_reached(story, REFUSE)
    step = await story.step(order, "Line test")
    path = f"/api/fallout/{step['process_id']}/{step['number']}"

    assert await story.refused(f"{path}/complete", {"evidence": ""}, who="nora") != []
    assert await story.refused(f"{path}/skip", {"reason": "no need"}, who="nora") == ["mandatory"]
    assert await story.refused(f"{path}/complete", {"evidence": "x"}, who="maya", status=403) == ["permission_missing"]
    assert await story.refused(f"{path}/evidence/confirm", who="nora", status=404) == ["evidence_missing"]
    told = await story.post(f"{path}/complete", {"evidence": "Report 4711 of the technician"}, who="nora")

    assert (told["state"], told["evidence_by"]) == ("failed", "Nora Fitzgerald")
    assert (await story.states([order]), await charges(story)) == (["held"], [])
    [listed] = (await story.get("/api/evidence", who="nora"))["items"]
    assert (listed["evidence"], listed["order_number"]) == ("Report 4711 of the technician", order.number)
    more = {"evidence": "And another report"}
    assert await story.refused(f"{path}/complete", more, who="ada", status=409) == ["evidence_waits"]
    assert await story.refused(f"{path}/evidence/confirm", who="nora", status=403) == ["own_evidence"]
    assert await story.refused(f"{path}/evidence/confirm", who="maya", status=403) == ["permission_missing"]

    page = path.removeprefix("/api")
    assert "Withdraw evidence" in (await (await story.as_user("nora")).get(page)).text
    assert "Confirm, the step is done" in (await (await story.as_user("ada")).get(page)).text
    assert "Report 4711" in (await (await story.as_user("ada")).get("/fallout")).text

    await story.post(f"{path}/evidence/reject", {"reason": "which report?"}, who="ada")
    assert (await story.step(order, "Line test"))["evidence_by"] is None
    await story.post(f"{path}/complete", {"evidence": "Report 4711, attached to the ticket"}, who="nora")
    await story.post(f"{path}/evidence/confirm", who="ada")

    assert await story.states([order]) == ["completed"]
    [(evidence, name)] = await story.ask(
        "SELECT evidence, actor_name FROM processes.step_log WHERE process_id = %(id)s AND evidence IS NOT NULL",
        id=order.process_id,
    )
    assert "Report 4711, attached" in evidence
    assert ("recorded by Nora Fitzgerald" in evidence, name) == (True, "Ada Whitlock")
    facts = await story.ask(
        "SELECT type, actor_name FROM base.event WHERE type LIKE 'fulfilment.evidence%%' ORDER BY id"
    )
    assert [(type_.removeprefix("fulfilment.evidence_"), who.split()[0]) for type_, who in facts] == [
        ("recorded", "Nora"), ("rejected", "Ada"), ("recorded", "Nora"), ("confirmed", "Ada"),
    ]  # fmt: skip
    story.verify()


async def test_evidence_is_not_needed_any_more_when_the_step_ends_without_it(story: Story) -> None:
    order = await line_test_reached(story, REFUSE)
    step = await story.step(order, "Line test")
    path = f"/api/fallout/{step['process_id']}/{step['number']}"
    await story.post(f"{path}/complete", {"evidence": "Report 4711 of the technician"}, who="nora")

    await story.post(f"{path}/retry", {"reason": "they test again"}, who="ada")

    assert (await story.step(order, "Line test"))["state"] == "done"
    assert await story.ask("SELECT state FROM fulfilment.evidence") == [("overtaken",)]
    assert await story.refused(f"{path}/evidence/confirm", who="ada", status=404) == ["evidence_missing"]
    story.verify()


async def test_a_failed_option_is_cancelled_and_the_rest_of_the_bundle_goes_on(story: Story) -> None:
    order = await line_test_reached(story, Rule({"refuse": 1}, partner="IPTV", operation="enable"))
    assert (await items(story, order))["1.2"] == "held"

    await repair(story, order, "Enable multicast", "cancel", reason="no television at this address")

    found = await items(story, order)
    assert (found["1.2"], found["1.1"], found["1.3"], found["0"]) == ("cancelled", "completed", "completed", "partial")
    assert [amount for (amount,) in await charges(story)] == [89, 49, 0, 0]
    assets = dict(await story.ask("SELECT line, state FROM assets.asset"))
    assert (assets["1.2"], assets["1.1"]) == ("cancelled", "active")
    story.verify()


async def test_a_part_without_which_its_bundle_is_none_is_not_cancelled_by_itself(story: Story) -> None:
    story.partners(Rule({"refuse": 1}, partner="VENDOR"))
    order = await story.order("B-wholesale-kit")
    await story.work()
    step = await story.step(order, "Send vendor PO")
    assert step["state"] == "failed"
    path = f"/api/fallout/{step['process_id']}/{step['number']}/cancel"

    answer = await (await story.as_user("nora")).post(path, json={"reason": "no cleavers any more"})

    [problem] = answer.json()["problems"]
    assert (answer.status_code, problem["code"]) == (422, "bundle_broken")
    assert "Line 1 would be no whole bundle any more" in problem["message"]
    assert await story.ask("SELECT count(*) FROM orders.item WHERE state = 'cancelled'") == [(0,)]
    assert await story.ask("SELECT state FROM billing.trigger WHERE line = '1'") == [("armed",)]
    story.verify()


async def test_what_others_rely_on_is_not_cancelled_by_itself(story: Story) -> None:
    order = await line_test_reached(story, REFUSE)
    step = await story.step(order, "Line test")

    codes = await story.refused(
        f"/api/fallout/{step['process_id']}/{step['number']}/cancel", {"reason": "too slow"}, who="nora"
    )

    assert codes == ["relied_on", "relied_on", "bundle_broken"]  # television and telephone, and the bundle itself
    assert (await story.step(order, "Line test"))["state"] == "failed"


async def test_cancelling_takes_back_what_is_done_the_last_first(story: Story) -> None:
    jumpered = Rule({"outputs": {"lineStatus": "jumpered"}}, partner="SQ", operation="qualify")
    story.partners(jumpered, *story.silence("NP"))  # television and telephone come on, the number does not follow
    order = await story.order("A-triple-play")
    await story.work()
    for done in ("Enable multicast", "Create SIP"):
        assert (await story.step(order, done))["state"] == "done"
    assert (await story.step(order, "Port-in"))["state"] == "waiting"

    await story.post(f"/api/orders/{order.number}/cancel", {"reason": "moved away"}, who="nora")

    assert await story.states([order]) == ["cancelled"]
    undone = await done_undos(story, order)
    assert sorted(undone) == sorted(
        ["remove entitlement", "delete account", "shut port", "release assignment", "return label + RMA", "unreserve"]
    )
    assert max(undone.index("remove entitlement"), undone.index("delete account")) < undone.index("shut port")
    assert undone.index("shut port") < undone.index("release assignment")
    assert undone.index("return label + RMA") < undone.index("unreserve")
    calls = await story.ask(
        "SELECT payload ->> 'title' FROM gateway.call WHERE operation = 'undo' AND state = 'answered'"
    )
    assert ("return label + RMA",) in calls
    assert await charges(story) == []
    assert {state for (state,) in await story.ask("SELECT state FROM billing.trigger")} == {"reversed", "waived"}
    assert dict(await story.ask("SELECT line, state FROM assets.asset ORDER BY line")) == {
        "1": "cancelled", "1.1": "terminated", "1.2": "terminated", "1.3": "cancelled", "1.4": "terminated",
        "1.5": "terminated",
    }  # fmt: skip
    story.verify()


async def test_a_late_cancellation_is_refused_and_the_order_goes_on_untouched(story: Story) -> None:
    story.partners()
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    visit = await story.step(order, "Truck roll")
    await story.post(f"/api/tasks/{visit['process_id']}/{visit['number']}/start", who="owen")
    before = await story.ask("SELECT number, state, attempt FROM processes.step ORDER BY number")
    standing = await items(story, order)

    codes = await story.refused(f"/api/orders/{order.number}/cancel", {"reason": "too late"}, who="nora", status=409)

    assert codes == ["past_point_of_no_return", "not_cancelled"]
    assert await story.ask("SELECT number, state, attempt FROM processes.step ORDER BY number") == before
    assert await items(story, order) == standing
    await story.do_tasks(order, who="owen")
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_what_nobody_is_going_to_tell_is_fallout_and_asked_for_again_it_goes_on(story: Story) -> None:
    story.partners(Rule({"refuse": 1}, operation="expect", times=1))
    order = await story.order("C-saas-hardware")
    await story.work()

    [failed] = (await story.get("/api/fallout", who="nora"))["items"]
    assert failed["error_class"] == "business"

    await repair(story, order, failed["title"], "retry", reason="they know of it now")
    assert (await story.step(order, failed["title"]))["state"] == "done"
    story.verify()
