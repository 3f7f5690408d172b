"""Call-backs that come early, twice, late, forged or for somebody else; holds of every kind; partners that are away."""

from __future__ import annotations

import time
from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Story
from tests.stories.test_worked_orders import lines

pytestmark = pytest.mark.slow
SYNC = "Customer connects"


async def state(story: Story, order: PlacedOrder) -> str:
    return str((await story.get(f"/api/orders/{order.number}"))["header"]["state"])


async def hold(story: Story, order: PlacedOrder, code: str, **more: Any) -> int:
    """Place a hold over the API; return its id."""
    body = {"code": code, "reason": f"a reason for {code}", **more}
    page = await story.post(f"/api/orders/{order.number}/holds", body, who="nora")
    return int(max(row["id"] for row in page["holds"] if row["code"] == code))


async def release(story: Story, order: PlacedOrder, hold_id: int, who: str = "ada") -> None:
    await story.post(f"/api/orders/{order.number}/holds/{hold_id}/release", {"reason": "it is settled"}, who=who)


async def test_a_call_back_that_comes_early_takes_effect_when_its_step_opens(story: Story) -> None:
    story.partners(*story.silence("ACS"))
    order = await story.order("A-triple-play")
    await story.work()
    assert (await story.step(order, SYNC))["state"] == "blocked"

    answer = await story.tell(order, SYNC, device="early")

    assert answer.status_code == 200
    assert (await story.step(order, SYNC))["state"] == "blocked"
    await story.move(hours=49)
    await story.do_tasks(order)
    assert (await story.step(order, SYNC))["state"] == "done"
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_the_same_call_back_twice_counts_once(story: Story) -> None:
    story.partners(*story.silence("MDM"))
    order = await story.order("C-saas-hardware")
    await story.work()
    await story.move(days=4)
    await story.do_tasks(order)
    number = (await story.step(order, "Terminals S1"))["number"]

    for _ in range(3):
        answer = await story.send("MDM", f"{order.process_id}:{number}", {"device": "t1"}, message_id="m-1")
        assert answer.status_code == 200
    await story.work()

    assert (await story.step(order, "Terminals S1"))["counted"] == 1
    await story.tell(order, "Terminals S1")
    assert (await story.step(order, "Terminals S1"))["counted"] == 2
    assert await story.ask("SELECT deliveries FROM gateway.message WHERE message_id = 'm-1'") == [(3,)]


async def test_a_late_call_back_for_a_finished_step_changes_nothing(story: Story) -> None:
    story.partners(*story.silence("ACS"))
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    await story.do_tasks(order)
    await story.tell(order, SYNC)
    billed = await lines(story, order)

    assert (await story.tell(order, SYNC)).status_code == 200
    assert (await story.tell(order, SYNC, error="it broke")).status_code == 200

    assert await lines(story, order) == billed
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_call_backs_that_are_not_genuine_are_turned_away_and_counted(story: Story) -> None:
    story.partners(*story.silence("ACS"))
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    await story.do_tasks(order)
    correlation = f"{order.process_id}:{(await story.step(order, SYNC))['number']}"

    forged = await story.send("ACS", correlation, {}, signed_by="NTE")
    stale = await story.send("ACS", correlation, {}, timestamp=time.time() - 3600)
    foreign = await story.send("NTE", correlation, {})
    nobody = await story.send("NOBODY", correlation, {})
    await story.work()

    assert [answer.status_code for answer in (forged, stale, foreign, nobody)] == [401, 401, 401, 401]
    assert all(answer.content == b"" or "Traceback" not in answer.text for answer in (forged, stale, foreign, nobody))
    assert (await story.step(order, SYNC))["state"] == "waiting"
    counted = await story.ask("SELECT reason, times FROM gateway.turned_away ORDER BY reason")
    assert counted == [("foreign", 1), ("forged", 1), ("stale", 1)]
    assert await story.ask("SELECT count(*) FROM gateway.message WHERE correlation = %(c)s", c=correlation) == [(0,)]


async def test_a_call_back_that_nobody_waits_for_is_kept_and_a_person_says_what_it_is_about(story: Story) -> None:
    story.partners(*story.silence("ACS"))
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    await story.do_tasks(order)

    assert (await story.send("ACS", "999999:1", {"device": "lost"})).status_code == 200
    await story.work()
    [kept] = (await story.get("/api/messages", who="cato", state="unmatched"))["items"]
    assert "Nothing is known" in kept["reason"] or "no step" in kept["reason"]

    correlation = f"{order.process_id}:{(await story.step(order, SYNC))['number']}"
    body = {"correlation": correlation, "reason": "the customer told us on the telephone"}
    await story.post(f"/api/messages/{kept['id']}/assign", body, who="cato")

    assert (await story.step(order, SYNC))["state"] == "done"
    assert (await story.get("/api/messages", who="cato", state="unmatched"))["items"] == []


async def test_a_call_back_during_a_hold_is_kept_and_takes_effect_after_it(story: Story) -> None:
    story.partners(*story.silence("CARRIER"))
    order = await story.order("A-triple-play")
    await story.work()
    hold_id = await hold(story, order, "manual")

    assert (await story.tell(order, "Delivery confirmed")).status_code == 200

    assert (await story.step(order, "Delivery confirmed"))["state"] == "waiting"
    [kept] = (await story.get("/api/messages", who="cato", state="unmatched"))["items"]
    assert "on hold" in kept["reason"]
    await release(story, order, hold_id)
    assert (await story.step(order, "Delivery confirmed"))["state"] == "done"
    assert await story.ask("SELECT state FROM stock.shipment") == [("delivered",)]
    story.verify()


async def test_several_holds_stand_at_once_and_the_last_release_lets_the_order_go(story: Story) -> None:
    story.partners()
    order = await story.order("A-triple-play")
    first = await hold(story, order, "manual")
    second = await hold(story, order, "export")
    third = await hold(story, order, "manual", line="1.2")
    await story.work()
    assert await state(story, order) == "held"
    before = await story.steps(order)

    await release(story, order, first)
    assert (await story.step(order, "Line qualification"))["state"] == "done"
    assert (await story.step(order, "Pick, pack"))["held"] is True
    assert await story.ask("SELECT sum(reserved) FROM stock.balance") == [(0,)]
    await release(story, order, second)
    assert (await story.step(order, "Pick, pack"))["state"] == "done"
    await story.move(hours=49)
    await story.do_tasks(order)
    television = await story.step(order, "Enable multicast")
    assert (television["held"], television["state"]) == (True, "blocked")
    assert (await story.step(order, "Create SIP"))["state"] == "done"
    await release(story, order, third)

    assert set(before.values()) == {"ready", "blocked"}
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_billing_hold_lets_everything_happen_but_the_bill(story: Story) -> None:
    story.partners()
    order = await story.order("B-wholesale-kit")
    hold_id = await hold(story, order, "dispute")
    await story.work()

    assert (await story.step(order, "MILESTONE all kits"))["state"] == "done"
    assert await lines(story, order) == []
    assert await story.ask("SELECT count(*) FROM billing.charge") == [(0,)]
    await release(story, order, hold_id, who="billie")

    assert [line[:3] for line in await lines(story, order)] == [
        ("1", "Splice Starter Kit", 10),
        ("1.4", "2-year calibration plan", 10),
    ]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_who_may_not_release_a_hold_is_told_whom_to_ask(story: Story) -> None:
    order = await story.order("A-triple-play")
    hold_id = await hold(story, order, "dispute")
    path = f"/api/orders/{order.number}/holds/{hold_id}/release"

    assert await story.refused(path, {"reason": "sell it"}, who="maya", status=403) == ["hold_right_missing"]
    assert await story.refused(path, {"reason": "not mine"}, who="jonas", status=404) != []
    await release(story, order, hold_id, who="billie")


async def test_over_the_credit_limit_the_order_waits_for_the_one_who_may_release_it(story: Story) -> None:
    story.partners()
    order = await story.order("B-wholesale-kit", customer="omalley")  # may owe 60,000
    await story.work()
    assert await state(story, order) == "completed"
    expensive = [{"line": "1", "product": "ENCLOSURE", "quantity": 40}]  # 136,000 more
    big = await story.order("B-wholesale-kit", customer="omalley", items=expensive)
    await story.work()

    page = await story.get(f"/api/orders/{big.number}")
    [credit] = page["holds"]
    assert (page["header"]["state"], credit["code"], credit["release_permission"]) == (
        "held",
        "credit",
        "billing.write",
    )
    assert "over its limit of 60000" in credit["reason"]
    assert await story.ask("SELECT count(*) FROM stock.purchase_order WHERE order_id = %(id)s", id=big.id) == [(0,)]
    path = f"/api/orders/{big.number}/holds/{credit['id']}/release"
    assert await story.refused(path, {"reason": "go on"}, who="maya", status=403) == ["hold_right_missing"]

    await release(story, big, credit["id"], who="billie")

    assert await state(story, big) == "completed"
    assert len(await lines(story, big)) == 1
    story.verify()


async def test_a_partner_that_is_off_line_is_not_called_and_the_order_goes_on_when_it_is_back(story: Story) -> None:
    story.partners()
    switch = {"online": False, "reason": "maintenance tonight"}
    answer = await (await story.as_user("cato")).put("/api/partners/NTE/online", json=switch)
    assert answer.status_code == 204
    order = await story.order("A-triple-play")
    await story.work()
    await story.move(hours=49)
    await story.do_tasks(order)

    assert (await story.step(order, "Line test"))["state"] == "waiting"
    assert [key for partner, key in story.simulator.effects if partner == "NTE"] == []
    await (await story.as_user("cato")).put(
        "/api/partners/NTE/online", json={"online": True, "reason": "maintenance is over"}
    )
    await story.work()

    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_an_order_cancelled_while_its_partner_is_away_is_not_asked_for_later(story: Story) -> None:
    story.partners()
    cato = await story.as_user("cato")
    await cato.put("/api/partners/SQ/online", json={"online": False, "reason": "maintenance tonight"})
    order = await story.order("A-triple-play")
    await story.work()

    await story.post(f"/api/orders/{order.number}/cancel", {"reason": "changed their mind"}, who="nora")
    await cato.put("/api/partners/SQ/online", json={"online": True, "reason": "maintenance is over"})
    await story.work()

    assert await story.states([order]) == ["cancelled"]
    assert [key for partner, key in story.simulator.effects if partner == "SQ"] == []
    story.verify()
