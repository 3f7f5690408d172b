"""The papers of an order: bundles, totals that are sums of lines, and nothing that is ours alone."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.documents.letterhead import Letterhead
from orderloom.documents.types import Charge, Commitment, Party
from orderloom.orders.paper import confirmation
from orderloom.orders.reads import order_page
from tests.orders import given

SELLER, CUSTOMER = Party("seller", "Weaver Inc."), Party("customer", "Ängström & Co")
LETTERHEAD = Letterhead(SELLER, CUSTOMER, "C-1", date(2026, 11, 23), "en")


async def test_a_confirmation_keeps_bundles_and_adds_up(tx: Tx) -> None:
    await given.world(tx)
    order = await given.order(tx, given.KIT, submit=True, po_number="PO-9")
    paper = confirmation(await order_page(tx, order.id), LETTERHEAD)
    [section] = paper.sections

    assert [(line.number, line.depth) for line in section.lines] == [("1", 0), ("1.1", 1), ("1.2", 1), ("1.3", 1)]
    charges = [charge for line in section.lines for charge in line.charges]
    for total in paper.totals:
        assert total.amount == sum(charge.amount for charge in charges if charge.period == total.period)
    assert all(charge != Charge(Decimal(0), Decimal(0)) for charge in charges)
    assert [fact.text for fact in paper.facts if fact.key == "po_number"] == ["PO-9"]


async def test_a_confirmation_carries_the_terms_that_bind_the_customer(tx: Tx) -> None:
    await given.world(tx)
    terms = {"minimum_months": 24, "notice_days": 30, "termination_fee": "77.70"}
    order = await given.order(tx, ({**given.KIT[0], "attributes": terms}, *given.KIT[1:]), submit=True)
    [section] = confirmation(await order_page(tx, order.id), LETTERHEAD).sections

    bound = {line.number: line.commitment for line in section.lines if line.commitment}
    assert bound == {"1": Commitment(24, 30, Decimal("77.70"))}


async def test_an_address_is_written_as_its_country_does_and_not_said_twice(tx: Tx) -> None:
    await given.world(tx)
    order = await given.order(tx, submit=True)
    paper = confirmation(await order_page(tx, order.id), LETTERHEAD)
    [ship_to] = [party for party in paper.parties if party.role == "ship_to"]

    assert ship_to.name == "Ängström & Co"
    assert ship_to.lines[:2] == ("1 Main St", "Dock 4")
    assert "BOSTON" in ship_to.lines[2]


async def test_what_the_warehouse_is_told_is_not_told_to_the_customer(tx: Tx) -> None:
    await given.world(tx)
    order = await given.order(tx, submit=True)
    await tx.execute(
        """
        UPDATE orders.item SET characteristics = '{"sku": "CB-1", "vendor": "V", "colour": "blue", "armoured": true}'
        """
    )
    paper = confirmation(await order_page(tx, order.id), LETTERHEAD)

    assert paper.sections[0].lines[0].details == ("colour blue, armoured ✓",)
