"""From the shelf to the customer: picks, shipments, proof of delivery."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal as D

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.types import Subject
from orderloom.stock import commands, reads
from orderloom.stock.events import GoodsPicked, ShipmentDelivered, ShipmentShipped
from orderloom.stock.types import DeliveredLine, Delivery, Dispatch, Packing, PickedLine
from tests.stock import given
from tests.stock.test_reserve import assert_sound, balances


async def opened(tx, quantity: int = 6, *, tracking: str = "none") -> tuple[Subject, reads.PickListRow]:
    await given.stock(tx, {("SPL-1", "DC-East"): 10}, tracking={"SPL-1": tracking})
    thing = given.thing(await given.account(tx))
    await commands.reserve(tx, [given.requirement(thing, "SPL-1", quantity)])
    await commands.open_pick_lists(tx, [thing])
    return thing, (await reads.pick_lists(tx, subject=(thing.kind, thing.id)))[0]


async def shipped(tx, quantity: int = 6) -> tuple[Subject, reads.ShipmentRow]:
    thing, pick_list = await opened(tx, quantity)
    await commands.confirm_picks(tx, [PickedLine(pick_list.lines[0]["id"], D(quantity))])
    ids = await commands.pack(tx, [Packing(thing, ship_to="CUST-1", carrier="DHL")])
    await commands.dispatch(tx, [Dispatch(ids[0], tracking="T-1")])
    return thing, (await reads.shipments(tx, ids=ids))[0]


async def test_a_pick_list_is_opened_once(tx):
    thing, pick_list = await opened(tx)

    assert await commands.open_pick_lists(tx, [thing]) == []
    assert pick_list.number.startswith("PL-")
    assert [(line["line"], line["quantity"], line["is_open"]) for line in pick_list.lines] == [("1.1", 6, True)]


async def test_a_partial_pick_leaves_the_rest_open(tx):
    _thing, pick_list = await opened(tx)
    line = pick_list.lines[0]["id"]

    await commands.confirm_picks(tx, [PickedLine(line, D(4))])
    moves = await commands.confirm_picks(tx, [PickedLine(line, D(4))])

    assert [(move.picked, move.open_quantity) for move in moves] == [(4, 2)]
    assert sum(isinstance(event, GoodsPicked) for event in tx.events) == 1
    claims = await reads.claims_of_orders(tx, [1])
    assert sorted((claim.state, claim.quantity) for claim in claims) == [("active", 2), ("picked", 4)]

    await commands.confirm_picks(tx, [PickedLine(line, D(6))])
    assert (await reads.pick_lists(tx, ids=[pick_list.id]))[0].state == "picked"
    assert await balances(tx) == {("SPL-1", "DC-East"): (10, 6)}
    await assert_sound(tx)


async def test_what_is_not_on_the_shelf_is_closed_short(tx):
    _, pick_list = await opened(tx)
    await commands.confirm_picks(tx, [PickedLine(pick_list.lines[0]["id"], D(4))])

    assert len(await commands.close_picks_short(tx, [pick_list.id], reason="shelf empty")) == 1

    assert await balances(tx) == {("SPL-1", "DC-East"): (10, 4)}
    assert (await reads.pick_lists(tx, ids=[pick_list.id]))[0].state == "picked"


async def test_a_pick_is_refused_with_every_problem(tx):
    _, pick_list = await opened(tx, tracking="serial")
    line = pick_list.lines[0]["id"]

    with pytest.raises(Refused) as refused:
        await commands.confirm_picks(tx, [PickedLine(line, D(7), ("A", "A")), PickedLine(0, D(1))])

    assert {p.code for p in refused.value.problems} == {
        "picked_too_much",
        "serials_missing",
        "pick_line_unknown",
        "serial_twice",
    }


async def test_serials_are_captured_once(tx):
    thing, pick_list = await opened(tx, 2, tracking="serial")
    line = pick_list.lines[0]["id"]
    await commands.confirm_picks(tx, [PickedLine(line, D(1), ("S1",))])
    await commands.confirm_picks(tx, [PickedLine(line, D(2), ("S1", "S2"))])
    ids = await commands.pack(tx, [Packing(thing)])

    shipment = (await reads.shipments(tx, ids=ids))[0]
    assert sorted(serial for each in shipment.lines for serial in each["serials"]) == ["S1", "S2"]
    await assert_sound(tx)

    other = given.thing(number=2)
    await commands.reserve(tx, [given.requirement(other, "SPL-1", 1)])
    await commands.open_pick_lists(tx, [other])
    second = (await reads.pick_lists(tx, subject=(other.kind, other.id)))[0]
    with pytest.raises(Refused) as refused:
        async with tx.savepoint():
            await commands.confirm_picks(tx, [PickedLine(second.lines[0]["id"], D(1), ("S1",))])
    assert refused.value.problems[0].code == "serial_taken"


async def test_shipping_takes_goods_out_of_stock_once(tx):
    _, shipment = await shipped(tx)

    again = await commands.dispatch(tx, [Dispatch(shipment.id, tracking="T-2")])

    assert again == []
    assert (shipment.state, shipment.tracking, shipment.carrier) == ("shipped", "T-1", "DHL")
    assert shipment.lines[0]["bundle"]["role"] == "splicer"
    assert await balances(tx) == {("SPL-1", "DC-East"): (4, 0)}
    assert sum(isinstance(event, ShipmentShipped) for event in tx.events) == 1
    await assert_sound(tx)


async def test_delivery_counts_from_when_it_really_was(tx):
    _, shipment = await shipped(tx)
    at = tx.now - timedelta(days=1)

    assert await reads.delivered_quantities(tx, [1]) == {}
    assert await commands.deliver(tx, [Delivery(shipment.id, at)]) == [shipment.id]
    assert await commands.deliver(tx, [Delivery(shipment.id)]) == []

    delivered = (await reads.delivered_quantities(tx, [1]))[11]
    assert (delivered.quantity, delivered.last_at) == (6, at)
    assert isinstance(tx.events[-1], ShipmentDelivered)
    await assert_sound(tx)


async def test_a_line_may_arrive_in_part(tx):
    _, shipment = await shipped(tx)
    line = shipment.lines[0]["id"]

    with pytest.raises(Refused):
        await commands.deliver(tx, [Delivery(shipment.id, lines=(DeliveredLine(line, D(7)),))])
    await commands.deliver(tx, [Delivery(shipment.id, lines=(DeliveredLine(line, D(5)),))])

    assert (await reads.delivered_quantities(tx, [1]))[11].quantity == 5


async def test_partial_shipments_add_up(tx):
    thing, pick_list = await opened(tx)
    line = pick_list.lines[0]["id"]
    for total in (4, 6):
        await commands.confirm_picks(tx, [PickedLine(line, D(total))])
        ids = await commands.pack(tx, [Packing(thing)])
        await commands.dispatch(tx, [Dispatch(ids[0])])
        await commands.deliver(tx, [Delivery(ids[0])])

    assert [a.quantity for a in (await reads.delivered_quantities(tx, [1]))[11].arrivals] == [4, 2]
    await assert_sound(tx)


async def test_putting_back_undoes_pick_and_packing_but_keeps_the_claim(tx):
    thing, pick_list = await opened(tx, 2, tracking="serial")
    await commands.confirm_picks(tx, [PickedLine(pick_list.lines[0]["id"], D(2), ("S1", "S2"))])
    await commands.pack(tx, [Packing(thing)])

    await commands.put_back(tx, [thing], reason="order changed")

    assert await balances(tx) == {("SPL-1", "DC-East"): (10, 2)}
    assert [claim.state for claim in await reads.claims_of_orders(tx, [1])] == ["active"]
    assert (await reads.shipments(tx))[0].state == "cancelled"
    await assert_sound(tx)

    await commands.open_pick_lists(tx, [thing])
    fresh = (await reads.pick_lists(tx, state="open"))[0]
    await commands.confirm_picks(tx, [PickedLine(fresh.lines[0]["id"], D(2), ("S1", "S2"))])
    assert len(await commands.pack(tx, [Packing(thing)])) == 1
    await assert_sound(tx)


async def test_an_actor_without_the_account_sees_nothing(tx):
    from orderloom.base.types import Actor

    _, shipment = await shipped(tx)
    tx.actor = Actor("user", "Sales", user_id=1, team_ids=(1,))

    assert await reads.shipments(tx, ids=[shipment.id]) == []
    assert await reads.pick_lists(tx) == []
    assert await reads.claims_of_orders(tx, [1]) == []


async def test_releasing_takes_back_the_pick_list_and_what_stands_packed(tx):
    thing, pick_list = await opened(tx)
    await commands.confirm_picks(tx, [PickedLine(pick_list.lines[0]["id"], D(4))])
    await commands.pack(tx, [Packing(thing)])

    assert len(await commands.release(tx, [thing], reason="order cancelled")) == 2

    assert await balances(tx) == {("SPL-1", "DC-East"): (10, 0)}
    assert (await reads.shipments(tx))[0].state == "cancelled"
    assert await reads.pick_lists(tx, state="open") == []
    await assert_sound(tx)


async def test_a_thousand_lines_are_reserved_at_once(tx):
    await given.stock(tx, {(f"SKU-{n}", "DC-East"): 5 for n in range(1000)})
    thing = given.thing()

    reserved = await commands.reserve(
        tx, [given.requirement(thing, f"SKU-{n}", 6, item=n, line=f"1.{n}") for n in range(1000)]
    )

    assert (len(reserved.reservation_ids), len(reserved.short)) == (1000, 1000)
    await assert_sound(tx)
