"""Kits that come in parts, from one warehouse or two, from a vendor who sends too little, from stock that is short."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import ORDERS, Rule, Story
from tests.stories.test_worked_orders import day, lines, taken_from_stock

pytestmark = pytest.mark.slow


def kits(quantity: int) -> list[dict[str, Any]]:
    """The items of the kit order for another number of kits."""
    items: list[dict[str, Any]] = json.loads((ORDERS / "B-wholesale-kit.json").read_text())["items"]
    return [{**item, "quantity": item["quantity"] // 10 * quantity} for item in items]


async def titles(story: Story, order: PlacedOrder) -> dict[str, str]:
    """The steps of an order with their states, without those that a new plan has withdrawn."""
    plan = await story.get(f"/api/orders/{order.number}/plan")
    return {step["title"]: step["state"] for step in plan["steps"] if step["sub_reason"] != "revision"}


async def test_six_of_ten_cleavers_bill_six_kits_and_the_rest_bills_the_others(story: Story) -> None:
    story.partners(*story.silence("VENDOR", "CARRIER"))
    order = await story.order("B-wholesale-kit")
    await story.work()
    await story.tell(order, "Delivered East")
    await story.tell(order, "Delivered West")
    await story.tell(order, "Vendor acknowledges PO")
    await story.move(hours=40)
    await story.tell(order, "Vendor ASN", shipment="ASN-1", lines=[{"line": "1.2", "quantity": 6}])
    await story.move(hours=40)
    first = await story.now() - timedelta(hours=30)
    await story.tell(order, "Drop-ship delivered", at=first.isoformat())

    kits_billed = ("1", "Splice Starter Kit", 6, 7080, day(first))
    assert kits_billed in await lines(story, order)
    assert (await story.step(order, "Release billing"))["state"] == "waiting"
    rests = {title: state for title, state in (await titles(story, order)).items() if "rest" in title}
    assert rests == {
        "Vendor ASN received (rest: 4 CLV-2)": "waiting",
        "Drop-ship delivered (POD) (rest: 4 CLV-2)": "blocked",
    }
    assert await story.states([order]) == ["in_progress"]
    story.verify()

    await story.move(hours=100)
    await story.tell(order, "Vendor ASN received (rest: 4 CLV-2)", shipment="ASN-2")
    second = await story.now()
    await story.tell(order, "Drop-ship delivered (POD) (rest: 4 CLV-2)")

    assert ("1", "Splice Starter Kit", 4, 4720, day(second)) in await lines(story, order)
    assert kits_billed in await lines(story, order)
    assert await story.states([order]) == ["completed"]
    [(quantity, released)] = await story.ask("SELECT quantity, released FROM billing.trigger WHERE line = '1'")
    assert (quantity, released) == (10, 10)
    story.verify()


async def test_a_parcel_that_arrives_in_two_parts_bills_the_kits_that_are_complete(story: Story) -> None:
    story.partners(*story.silence("CARRIER"))
    order = await story.order("B-wholesale-kit")
    await story.work()
    await story.tell(order, "Delivered East")
    await story.tell(order, "Delivered West")
    await story.tell(order, "Drop-ship delivered", lines=[{"line": "1.2", "quantity": 7}])
    assert [(line, quantity) for line, _, quantity, *_ in await lines(story, order) if line == "1"] == [("1", 7)]
    await story.tell(order, "Drop-ship delivered (POD) (rest")

    assert [quantity for line, _, quantity, *_ in await lines(story, order) if line == "1"] == [7, 3]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_evidence_for_a_half_picked_step_takes_what_was_confirmed_and_the_rest_stays_open(story: Story) -> None:
    story.partners(*story.silence("CARRIER"), Rule({"refuse": 1}, partner="WMS", operation="pick", times=1))
    order = await story.order("B-wholesale-kit")
    await story.work()
    [failed] = (await story.get("/api/fallout", who="nora"))["items"]
    [picks] = (await story.get("/api/pick-lists", who="grace", state="open"))["items"]
    by_line = {line["line"]: line for line in picks["lines"]}
    wanted = by_line["1.1"]["quantity"]
    first = [f"half-{number}" for number in range(2)]
    await confirm(story, picks, by_line["1.1"], 2, first)
    for line in by_line.values():
        if line["line"] != "1.1":
            await confirm(story, picks, line, line["quantity"], [])

    path = f"/api/fallout/{failed['process_id']}/{failed['number']}"
    await story.post(f"{path}/complete", {"evidence": "two splicers stand at the door"}, who="nora")
    await story.post(f"{path}/evidence/confirm", who="ada")

    assert (await story.step(order, failed["title"]))["state"] == "done"
    claims = "SELECT state, sum(quantity) FROM stock.reservation WHERE sku = 'SPL-1' GROUP BY state ORDER BY state"
    left = wanted - 2
    assert dict(await story.ask(claims)) == {"active": left, "shipped": 10 - left}
    for parcel in ("Delivered East", "Delivered West"):
        await story.tell(order, parcel)
    await story.tell(order, "Drop-ship delivered")
    assert [quantity for line, _, quantity, *_ in await lines(story, order) if line == "1"] == [10 - left]
    rest = [title for title in await titles(story, order) if f"(rest: {left} SPL-1)" in title]
    assert len(rest) == 1

    await confirm(story, picks, by_line["1.1"], wanted, [*first, *(f"rest-{number}" for number in range(left))])
    [shipment] = (await story.post(f"/api/pick-lists/{picks['id']}/pack", {}, who="grace"))["items"]
    await story.post(f"/api/shipments/{shipment['id']}/dispatch", {}, who="grace")
    await story.tell(order, rest[0])

    assert [quantity for line, _, quantity, *_ in await lines(story, order) if line == "1"] == [10 - left, left]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def confirm(story: Story, picks: Any, line: Any, picked: int, serials: list[str]) -> None:
    """Somebody in the warehouse confirms what was picked of a line so far."""
    body = {"lines": [{"pick_line_id": line["id"], "picked": picked, "serials": serials}]}
    await story.post(f"/api/pick-lists/{picks['id']}/confirm", body, who="grace")


async def test_more_than_was_ordered_is_fallout_and_nothing_is_taken_over(story: Story) -> None:
    story.partners(*story.silence("VENDOR", "CARRIER"))
    order = await story.order("B-wholesale-kit")
    await story.work()
    await story.tell(order, "Vendor acknowledges PO")

    await story.tell(order, "Vendor ASN", shipment="ASN-1", lines=[{"line": "1.2", "quantity": 12}])

    step = await story.step(order, "Vendor ASN")
    assert (step["state"], "At most 10 of line 1.2" in step["error"]) == ("failed", True)
    assert await story.ask("SELECT notified FROM stock.purchase_line") == [(0,)]
    path = f"/api/fallout/{step['process_id']}/{step['number']}"
    lines = {"lines": [{"line": "1.2", "quantity": 10}], "shipment": "ASN-1"}
    await story.post(f"{path}/complete", {"evidence": "the vendor says ten", "outputs": lines}, who="nora")
    assert await story.ask("SELECT notified FROM stock.purchase_line") == [(0,)]
    await story.post(f"{path}/evidence/confirm", who="ada")
    assert await story.ask("SELECT notified FROM stock.purchase_line") == [(10,)]
    story.verify()


async def test_an_answer_that_cannot_be_is_fallout_and_delays_nobody(story: Story) -> None:
    told = {"lines": [{"line": "1.1", "sku": "SPL-1", "quantity": "six", "serials": []}]}
    story.partners(Rule({"outputs": told}, partner="WMS", operation="pick", times=1))
    order = await story.order("B-wholesale-kit")
    await story.work()

    other = await story.order("A-triple-play")
    await story.work()

    fallout = (await story.get("/api/fallout", who="nora"))["items"]
    assert {"“six” is no quantity; ask the partner to send a number."} == {step["error"] for step in fallout}
    assert {step["subject_label"] for step in fallout} == {order.number}
    assert (await story.step(other, "Pick, pack"))["state"] == "done"
    assert await story.ask("SELECT count(*) FROM base.job WHERE state = 'dead'") == [(0,)]
    story.verify()


async def test_all_kits_come_from_one_warehouse_where_it_has_enough(story: Story) -> None:
    story.partners()
    order = await story.order("B-wholesale-kit", items=kits(6))
    await story.work()

    assert not any("West" in title for title in await titles(story, order))
    assert await taken_from_stock(story) == {("SPL-1", "DC-East"): 6, ("CON-3", "DC-East"): 18}
    assert ("1", "Splice Starter Kit", 6, 7080, day(await story.now())) in await lines(story, order)
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_short_stock_is_fallout_that_names_the_goods_and_goes_on_when_they_come_in(story: Story) -> None:
    story.partners()
    order = await story.order("B-wholesale-kit", items=kits(20))  # there are 14 splicers
    await story.work()

    step = await story.step(order, "Source order")
    assert (step["state"], "6 SPL-1" in step["error"]) == ("failed", True)
    assert await lines(story, order) == []
    assert await taken_from_stock(story) == {}
    assert (await story.get(f"/api/orders/{order.number}"))["header"]["state"] == "held"

    correction = {"sku": "SPL-1", "warehouse": "DC-West", "quantity": 6, "reason": "a pallet has come in"}
    await story.post("/api/stock/adjustments", correction, who="grace")

    assert await taken_from_stock(story) == {
        ("SPL-1", "DC-East"): 6,
        ("SPL-1", "DC-West"): 14,
        ("CON-3", "DC-East"): 60,
    }
    assert [quantity for line, _, quantity, *_ in await lines(story, order) if line == "1"] == [20]
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_two_orders_never_claim_the_same_goods(story: Story) -> None:
    story.partners()
    first = await story.order("B-wholesale-kit")
    second = await story.order("B-wholesale-kit", items=kits(5))
    await story.work()

    assert await story.states([first]) == ["completed"]
    assert (await story.get(f"/api/orders/{second.number}"))["header"]["state"] == "held"
    assert await story.ask("SELECT count(*) FROM stock.balance WHERE on_hand < reserved") == [(0,)]
    story.verify()


async def test_a_purchase_order_is_withdrawn_with_the_order(story: Story) -> None:
    story.partners(*story.silence("VENDOR", "CARRIER"), Rule({"refuse": 1}, partner="CARRIER", operation="ship"))
    order = await story.order("B-wholesale-kit")
    await story.work()

    await story.post(f"/api/orders/{order.number}/cancel", {"reason": "the project is off"}, who="nora")

    assert await story.states([order]) == ["cancelled"]
    assert await story.ask("SELECT state FROM stock.purchase_order") == [("cancelled",)]
    assert await story.ask("SELECT sum(reserved), sum(on_hand) FROM stock.balance WHERE sku = 'SPL-1'") == [(0, 14)]
    assert await lines(story, order) == []
    story.verify()


async def test_a_shipped_parcel_is_a_hard_point_of_no_return(story: Story) -> None:
    story.partners(*story.silence("VENDOR", "CARRIER"))
    order = await story.order("B-wholesale-kit")
    await story.work()

    codes = await story.refused(f"/api/orders/{order.number}/cancel", {"reason": "moved"}, who="nora", status=409)

    assert codes == ["past_point_of_no_return", "past_point_of_no_return", "not_cancelled"]
    assert await story.states([order]) == ["in_progress"]
