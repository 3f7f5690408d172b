"""Holds: several at once, once each, released by right."""

from __future__ import annotations

import pytest

from orderloom.base.refusals import Forbidden, NotFound, Refused
from orderloom.base.types import Actor
from orderloom.orders.commands import cancel_orders, place_holds, release_holds
from orderloom.orders.events import HoldPlaced, HoldReleased
from orderloom.orders.order import HoldDraft
from orderloom.orders.reads import active_holds, hold_codes, order_page
from tests.orders import given


@pytest.fixture
async def order(tx):
    await given.world(tx)
    captured = await given.order(tx, submit=True)
    tx.events.clear()
    return captured


async def test_several_holds_stand_side_by_side_each_once(tx, order):
    item_id = order.item_ids["1"]
    drafts = [
        HoldDraft(order.id, "credit", "Over the limit"),
        HoldDraft(order.id, "address", "Which dock?", item_id=item_id),
        HoldDraft(order.id, "address", "Which dock?"),
    ]

    placed = await place_holds(tx, drafts)
    again = await place_holds(tx, drafts)

    assert [(hold.code, hold.blocks, hold.item_id) for hold in placed] == [
        ("credit", "all", None),
        ("address", "shipping", item_id),
        ("address", "shipping", None),
    ]
    assert again == []
    assert [type(event) for event in tx.events] == [HoldPlaced] * 3
    assert [hold.id for hold in await active_holds(tx, [order.id])] == [hold.id for hold in placed]


async def test_a_hold_is_released_by_whoever_has_the_right(tx, order):
    credit, manual = await place_holds(
        tx, [HoldDraft(order.id, "credit", "Over the limit"), HoldDraft(order.id, "manual", "Wait", blocks="billing")]
    )
    tx.events.clear()
    tx.actor = Actor("user", "ann", permissions=frozenset({"orders.release"}), all_accounts=True)

    with pytest.raises(Forbidden, match=r"billing\.write"):
        await release_holds(tx, [manual.id, credit.id], reason="Paid")
    assert len(await active_holds(tx, [order.id])) == 2
    assert await release_holds(tx, [manual.id], reason="Go on") == [manual]
    assert await release_holds(tx, [manual.id], reason="Go on") == []

    assert tx.events == [HoldReleased(order.subject, manual.id, "manual", "billing", "Go on", None)]
    page = await order_page(tx, order.id)
    assert [(hold.code, hold.released_by) for hold in page.holds] == [("credit", None), ("manual", "ann")]


async def test_a_released_hold_may_be_placed_again(tx, order):
    (hold,) = await place_holds(tx, [HoldDraft(order.id, "manual", "Wait")])
    await release_holds(tx, [hold.id], reason="Go on")

    (again,) = await place_holds(tx, [HoldDraft(order.id, "manual", "Wait again")])

    assert again.id != hold.id


async def test_what_is_wrong_with_a_hold_is_refused(tx, order):
    with pytest.raises(Refused) as refused:
        await place_holds(
            tx, [HoldDraft(order.id, "mood", "Bad day", item_id=0), HoldDraft(order.id, "manual", "Wait")]
        )
    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("hold_code_unknown", "/0/code"),
        ("item_unknown", "/0/item_id"),
    ]
    with pytest.raises(NotFound):
        await place_holds(tx, [HoldDraft(0, "manual", "Wait")])
    with pytest.raises(NotFound):
        await release_holds(tx, [0], reason="Go on")
    assert tx.events == []


async def test_an_order_that_has_ended_takes_no_hold(tx, order):
    draft = await given.order(tx)
    await cancel_orders(tx, [draft.id], reason="Mistake")

    with pytest.raises(Refused, match="ended"):
        await place_holds(tx, [HoldDraft(draft.id, "manual", "Wait")])


async def test_the_kinds_of_hold_are_listed(tx, order):
    assert {"credit", "manual", "uncovered"} <= {code.code for code in await hold_codes(tx)}
