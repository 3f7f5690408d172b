"""Purchase orders: the drop shipment, goods for our own shelves, and the vendor's invoice."""

from __future__ import annotations

from decimal import Decimal as D

import pytest

from orderloom.base.refusals import Refused
from orderloom.stock import commands, reads
from orderloom.stock.events import PurchaseOrderMoved
from orderloom.stock.types import (
    Acknowledgement,
    Delivery,
    Notice,
    NoticeLine,
    PurchaseDraft,
    PurchaseLineDraft,
    SkuDraft,
    VendorInvoiceDraft,
    VendorInvoiceLine,
)
from orderloom.stock.verify import INVARIANTS
from tests.stock import given
from tests.stock.test_reserve import assert_sound, balances


async def ordered(tx, *, warehouse: str | None = None, over: int = 0, under: int = 0) -> int:
    await commands.save_skus(tx, [SkuDraft("CLV-2", "Cleaver")])
    await given.stock(tx, {("SPL-1", "DC-East"): 1})
    line = PurchaseLineDraft(
        "1.2", "CLV-2", D(10), unit_cost=D("80.00"), order_item_id=12, bundle={"item": 10},
        over_percent=D(over), under_percent=D(under),
    )  # fmt: skip
    draft = PurchaseDraft(
        given.thing(await given.account(tx), 3), "V", "USD", (line,), order_id=1, warehouse=warehouse, ship_to="CUST-1"
    )
    first = await commands.send_purchase_orders(tx, [draft])
    assert await commands.send_purchase_orders(tx, [draft]) == first
    return first[0]


async def state(tx, order_id: int) -> tuple[str, D, D]:
    row = (await reads.purchase_orders(tx, ids=[order_id]))[0]
    return row.state, row.lines[0]["delivered"], row.lines[0]["open"]


async def test_a_drop_shipment_goes_from_order_to_proof_of_delivery(tx):
    order = await ordered(tx)

    assert await commands.acknowledge_purchase_orders(tx, [Acknowledgement(order, "V-77")]) == [order]
    assert await commands.acknowledge_purchase_orders(tx, [Acknowledgement(order, "V-77")]) == []
    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", tracking="T9")])
    assert await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", tracking="T9")]) == []
    await commands.deliver(tx, [Delivery(sent[0])])

    assert await state(tx, order) == ("delivered", 10, 0)
    assert (await reads.delivered_quantities(tx, [1]))[12].quantity == 10
    moves = [(event.before, event.after) for event in tx.events if isinstance(event, PurchaseOrderMoved)]
    assert moves == [("sent", "acknowledged"), ("acknowledged", "notified"), ("notified", "delivered")]
    await assert_sound(tx)


async def test_a_short_delivery_stays_open_until_the_rest_comes_or_is_closed(tx):
    order = await ordered(tx)
    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(6)),))])
    await commands.deliver(tx, [Delivery(sent[0])])
    assert await state(tx, order) == ("notified", 6, 4)

    assert await commands.close_purchase_orders(tx, [order], reason="discontinued") == [order]

    assert await state(tx, order) == ("closed", 6, 0)
    await assert_sound(tx)


async def test_a_second_notice_brings_the_rest(tx):
    order = await ordered(tx)
    for number, quantity in (("ASN-1", 6), ("ASN-2", 4)):
        sent = await commands.notify_purchase_orders(tx, [Notice(order, number, (NoticeLine("1.2", D(quantity)),))])
        await commands.deliver(tx, [Delivery(sent[0])])

    assert await state(tx, order) == ("delivered", 10, 0)


async def test_nine_of_ten_are_enough_within_the_tolerance(tx):
    order = await ordered(tx, under=10)
    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(9)),))])
    await commands.deliver(tx, [Delivery(sent[0])])

    assert (await state(tx, order))[0] == "delivered"


async def test_over_delivery_is_refused_beyond_the_tolerance(tx):
    order = await ordered(tx, over=10)

    with pytest.raises(Refused) as refused:
        await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(12)),))])
    assert (refused.value.problems[0].code, refused.value.problems[0].pointer) == (
        "over_delivery",
        "/0/lines/0/quantity",
    )

    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(11)),))])
    await commands.deliver(tx, [Delivery(sent[0])])
    assert (await state(tx, order))[1] == 11


async def test_a_purchase_for_a_warehouse_is_incoming_and_then_on_hand(tx):
    order = await ordered(tx, warehouse="DC-East")
    assert [row.incoming for row in await reads.available(tx, skus=["CLV-2"])] == [10]

    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(6)),))])
    await commands.deliver(tx, [Delivery(sent[0])])

    row = (await reads.available(tx, skus=["CLV-2"]))[0]
    assert (row.on_hand, row.incoming) == (6, 4)
    assert await reads.delivered_quantities(tx, [1]) == {}
    await commands.close_purchase_orders(tx, [order], reason="enough")
    assert (await balances(tx))[("CLV-2", "DC-East")] == (6, 0)
    await assert_sound(tx)


async def test_cancelling_is_possible_until_something_was_sent(tx):
    order = await ordered(tx)
    await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1")])

    assert await commands.cancel_purchase_orders(tx, [order], reason="changed") == []
    assert (await state(tx, order))[0] == "notified"


async def test_the_vendors_invoice_is_matched_three_ways(tx):
    order = await ordered(tx)
    sent = await commands.notify_purchase_orders(tx, [Notice(order, "ASN-1", (NoticeLine("1.2", D(6)),))])
    await commands.deliver(tx, [Delivery(sent[0])])

    good = await commands.record_vendor_invoice(
        tx, VendorInvoiceDraft(order, "I-1", "USD", (VendorInvoiceLine("1.2", D(6), D("80.00")),))
    )
    bad = await commands.record_vendor_invoice(
        tx, VendorInvoiceDraft(order, "I-2", "USD", (VendorInvoiceLine("1.2", D(4), D("80.00")),))
    )

    assert (good.state, bad.state) == ("matched", "differs")
    assert [(d.kind, d.expected) for d in bad.differences] == [("quantity", 0)]
    assert await commands.accept_vendor_invoices(tx, [bad.vendor_invoice_id], reason="on its way") == [
        bad.vendor_invoice_id
    ]
    with pytest.raises(Refused) as refused:
        await commands.record_vendor_invoice(
            tx, VendorInvoiceDraft(order, "I-1", "USD", (VendorInvoiceLine("1.2", D(1), D("80.00")),))
        )
    assert refused.value.problems[0].code == "vendor_invoice_twice"


@pytest.mark.parametrize(
    ("breach", "name"),
    [
        ("INSERT INTO stock.movement (sku, warehouse_id, kind, quantity, actor_name)"
         " SELECT sku, warehouse_id, 'adjustment', 1, 'nobody' FROM stock.balance LIMIT 1",
         "stock on hand is the sum of its movements"),
        ("ALTER TABLE stock.balance DROP CONSTRAINT never_below_zero, DROP CONSTRAINT never_oversold;"
         "UPDATE stock.balance SET on_hand = -1", "stock is never below zero and never oversold"),
        ("UPDATE stock.balance SET on_hand = 5, reserved = 1", "reserved stock is the sum of the claims on it"),
        ("UPDATE stock.balance SET incoming = 1", "incoming stock is what is open on purchase orders to us"),
        ("UPDATE stock.purchase_line SET notified = 1, delivered = 1",
         "what was delivered on a purchase line is the sum of its shipments"),
    ],
)  # fmt: skip
async def test_verify_finds_what_is_broken(tx, breach, name):
    await ordered(tx)
    await assert_sound(tx)

    await tx.connection.execute(breach)

    broken = {invariant.name for invariant in INVARIANTS if await tx.values(invariant.sql)}
    assert name in broken


async def test_verify_finds_broken_shipments(tx):
    from tests.stock.test_ship import shipped

    await shipped(tx)
    await tx.execute("UPDATE stock.reservation SET state = 'picked'")
    await tx.execute("UPDATE stock.shipment_line SET delivered = 1")
    await tx.execute("UPDATE stock.sku SET tracking = 'serial'")

    broken = {invariant.name for invariant in INVARIANTS if await tx.values(invariant.sql)}
    assert {
        "a shipment that left has shipped every claim in it",
        "a line is delivered in numbers when its shipment is, and not before",
        "serial-tracked goods that left a warehouse have a serial for each unit",
    } <= broken


async def test_verify_finds_a_serial_on_two_shipments(tx):
    from tests.stock.test_ship import shipped

    await shipped(tx, 2)
    await tx.execute("UPDATE stock.shipment_line SET serials = '{S1,S1}'")

    broken = {invariant.name for invariant in INVARIANTS if await tx.values(invariant.sql)}
    assert "a serial number stands on one shipment only" in broken
