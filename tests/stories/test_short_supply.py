"""Goods that come in go to the orders that wait for them, by priority and age, without anybody's help."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.fulfilment.commands import PlacedOrder
from orderloom.stock.commands import deliver, notify_purchase_orders, send_purchase_orders
from orderloom.stock.types import Delivery, Notice, PurchaseDraft, PurchaseLineDraft
from tests.stories.conftest import ORDERS, Rule, Story

pytestmark = pytest.mark.slow
RESERVE = "Reserve"


async def stock(story: Story, quantity: int, *, sku: str = "STB-4", warehouse: str = "DC-East") -> None:
    """Correct what is on hand, over the API, and let the program do what follows."""
    kind = "receipt" if quantity > 0 else "adjustment"
    body = {"sku": sku, "warehouse": warehouse, "quantity": quantity, "reason": "counted", "kind": kind}
    await story.post("/api/stock/adjustments", body, who="grace")


async def no_boxes(story: Story) -> None:
    await stock(story, -60)
    await stock(story, -30, warehouse="DC-West")


def boxes(quantity: int) -> list[dict[str, Any]]:
    """The items of a triple play with so many set-top boxes."""
    items: list[dict[str, Any]] = json.loads((ORDERS / "A-triple-play.json").read_text())["items"]
    return [item | {"quantity": quantity} if item["line"] == "1.5" else item for item in items]


async def state(story: Story, order: PlacedOrder) -> str:
    return str((await story.step(order, RESERVE))["state"])


async def claimed(story: Story, order: PlacedOrder) -> dict[str, int]:
    """What an order has of set-top boxes, by warehouse."""
    rows = await story.ask(
        """
        SELECT warehouse.code, sum(quantity)::integer
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = warehouse_id
         WHERE order_id = %(id)s AND sku = 'STB-4' AND state <> 'released'
         GROUP BY warehouse.code
        """,
        id=order.id,
    )
    return dict(rows)


async def test_what_comes_in_goes_to_the_urgent_order_then_to_the_oldest(story: Story) -> None:
    story.partners()
    await no_boxes(story)
    first = await story.order("A-triple-play")
    second = await story.order("A-triple-play")
    urgent = await story.order("A-triple-play", priority="urgent")
    await story.work()
    assert [await state(story, each) for each in (first, second, urgent)] == ["failed"] * 3

    await stock(story, 2, warehouse="DC-West")

    assert [await state(story, each) for each in (first, second, urgent)] == ["done", "failed", "done"]
    moves = await story.ask(
        "SELECT reason FROM processes.step_log WHERE process_id = %(id)s AND reason LIKE '%%come in%%'",
        id=first.process_id,
    )
    assert moves == [("The goods have come in.",)]

    await stock(story, -1, sku="MDM-9")  # less of something else frees nothing
    assert await state(story, second) == "failed"
    await stock(story, 1)
    assert await state(story, second) == "done"
    story.verify()


async def test_a_part_is_kept_until_the_rest_comes_from_elsewhere(story: Story) -> None:
    story.partners()
    await no_boxes(story)
    await stock(story, 1)
    order = await story.order("A-triple-play", items=boxes(2))
    await story.work()
    assert (await state(story, order), await claimed(story, order)) == ("failed", {"DC-East": 1})
    assert "1 STB-4" in (await story.step(order, RESERVE))["error"]

    await stock(story, 1, warehouse="DC-West")

    assert (await state(story, order), await claimed(story, order)) == ("done", {"DC-East": 1, "DC-West": 1})
    story.verify()


async def test_what_a_cancelled_order_gives_back_goes_to_the_next(story: Story) -> None:
    story.partners(Rule({"refuse": 1}, partner="WMS", operation="pick", times=1))
    await no_boxes(story)
    await stock(story, 1)
    first = await story.order("A-triple-play")
    await story.work()
    second = await story.order("A-triple-play")
    await story.work()
    assert [await state(story, each) for each in (first, second)] == ["done", "failed"]

    await story.post(f"/api/orders/{first.number}/cancel", {"reason": "changed their mind"}, who="nora")

    assert [await claimed(story, each) for each in (first, second)] == [{}, {"DC-East": 1}]
    assert await state(story, second) == "done"
    story.verify()


async def test_what_is_on_hold_gets_nothing_until_it_is_released(story: Story) -> None:
    story.partners()
    await no_boxes(story)
    order = await story.order("A-triple-play")
    await story.work()
    body = {"code": "manual", "reason": "the customer is asked"}
    page = await story.post(f"/api/orders/{order.number}/holds", body, who="nora")
    [hold] = [row["id"] for row in page["holds"]]

    await stock(story, 1)
    assert (await state(story, order), await claimed(story, order)) == ("failed", {})

    await story.post(f"/api/orders/{order.number}/holds/{hold}/release", {"reason": "settled"}, who="ada")
    assert (await state(story, order), await claimed(story, order)) == ("done", {"DC-East": 1})
    story.verify()


async def test_a_pick_that_the_warehouse_refused_is_not_tried_again_by_a_receipt(story: Story) -> None:
    story.partners(Rule({"refuse": 1}, partner="WMS", operation="pick"))
    order = await story.order("A-triple-play")
    await story.work()
    before = await story.step(order, "Pick, pack")
    assert before["state"] == "failed"

    await stock(story, 5)

    after = await story.step(order, "Pick, pack")
    assert (after["state"], after["attempt"]) == ("failed", before["attempt"])


async def test_goods_that_a_vendor_delivers_to_the_warehouse_go_on(story: Story) -> None:
    story.partners()
    await no_boxes(story)
    order = await story.order("A-triple-play")
    await story.work()
    line = PurchaseLineDraft(line="1", sku="STB-4", quantity=Decimal(10))
    about = Subject("warehouse", 1, "DC-East")

    async def buy(tx: Tx) -> None:
        [bought] = await send_purchase_orders(tx, [PurchaseDraft(about, "V", "USD", (line,), warehouse="DC-East")])
        [sent] = await notify_purchase_orders(tx, [Notice(bought, "ASN-1")])
        await deliver(tx, [Delivery(sent)])

    await story.do(buy)

    assert (await state(story, order), await claimed(story, order)) == ("done", {"DC-East": 1})
    story.verify()
