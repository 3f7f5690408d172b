"""The three worked orders, from the customer's order to the invoice, as everybody who works on them sees it."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Rule, Story

NEW_YORK = ZoneInfo("America/New_York")
pytestmark = pytest.mark.slow


async def test_a_triple_play_is_billed_once_everything_is_live(story: Story) -> None:
    story.partners(*story.silence("NP", "FSM", "CARRIER", "ACS", "IPTV"))
    order = await story.order("A-triple-play", who="maya")
    await story.work()
    await story.move(hours=20)
    await story.tell(order, "Port-in request accepted")
    await story.tell(order, "Customer books appointment")
    await story.move(hours=30)
    await story.tell(order, "Delivery confirmed", at=(await story.now() - timedelta(hours=3)).isoformat())
    assert await story.do_tasks(order, who="owen") == []  # the appointment is 48 hours after its booking
    await story.move(hours=18)
    assert await story.do_tasks(order, who="owen") == ["Truck roll: jumper + premises visit"]
    visited = await story.now()
    await story.move(hours=40)
    await story.tell(order, "Customer connects")
    assert (await story.step(order, "MILESTONE Internet active"))["state"] == "done"
    assert await lines(story, order) == []  # television is not on yet, and the bundle is billed together
    await story.move(hours=30)
    await story.tell(order, "STB registered")
    live = await story.now()

    assert await story.states([order]) == ["completed"]
    assert await lines(story, order) == [
        ("1", "HomeMax Triple Play", 1, 89, day(live)),
        ("1.4", "VDSL modem (rental)", 1, 0, day(live)),
        ("1.5", "Set-top box (rental)", 1, 0, day(live)),
        ("1.6", "Technician install", 1, 49, day(visited)),
    ]
    assert await taken_from_stock(story) == {("MDM-9", "DC-East"): 1, ("STB-4", "DC-East"): 1}
    assets = await installed(story, order)
    assert {asset["state"] for asset in assets.values()} == {"active"}
    assert [len(assets[line]["serials"]) for line in ("1.4", "1.5")] == [1, 1]
    assert await realized(story) == {
        "CFS-BroadbandAccess": ["1.1"], "RFS-DSLLine": ["1.1"], "DSLAMPort": ["1.1", "1.2", "1.3"],
        "CopperPair": ["1.1"], "SubscriberSession(IP,PPP)": ["1.1"], "CFS-IPTV": ["1.2"],
        "RFS-MulticastProfile": ["1.2"], "CFS-Voice": ["1.3"], "RFS-SIPAccount": ["1.3"], "TelephoneNumber": ["1.3"],
    }  # fmt: skip
    await the_bundle_is_named_everywhere(story, order, "HomeMax Triple Play")
    told = await facts_told(story, order)
    assert told["fulfilment.order_planned"] == told["billing.invoice_issued"] == told["stock.shipment_delivered"] == 1
    assert told["billing.trigger_released"] == told["billing.trigger_moved"] == 4
    assert told["fulfilment.facts_told"] == 1
    assert told["processes.step_failed"] == 0
    story.verify()


async def test_the_visit_is_neither_made_nor_charged_where_the_line_is_jumpered(story: Story) -> None:
    story.partners(Rule({"outputs": {"lineStatus": "jumpered"}}, partner="SQ", operation="qualify"))
    order = await story.order("A-triple-play")
    await story.work()

    assert await story.states([order]) == ["completed"]
    assert (await story.step(order, "Truck roll"))["state"] == "skipped"
    assert (await story.step(order, "Customer books"))["state"] == "skipped"
    assert [line[1] for line in await lines(story, order)] == [
        "HomeMax Triple Play",
        "VDSL modem (rental)",
        "Set-top box (rental)",
    ]
    assert await story.ask("SELECT line, state FROM billing.trigger WHERE state <> 'released'") == [("1.6", "waived")]
    story.verify()


async def test_b_ten_kits_are_billed_when_the_vendor_has_delivered_the_last_part(story: Story) -> None:
    story.partners(*story.silence("VENDOR", "CARRIER"))
    order = await story.order("B-wholesale-kit", who="luis")
    await story.work()
    assert await story.do_tasks(order) == []
    await story.move(hours=48)
    await story.tell(order, "Delivered East")
    await story.tell(order, "Vendor acknowledges PO", vendorOrder="VO-1")
    await story.move(hours=24)
    await story.tell(order, "Delivered West")
    entitled = await story.now()
    await story.move(hours=24)
    await story.tell(order, "Vendor ASN received", shipment="ASN-1", trackingNumber="1Z1")
    assert (await story.step(order, "MILESTONE first complete kits"))["state"] != "done"
    assert await lines(story, order) == []
    await story.move(hours=72)
    arrived = await story.now() - timedelta(days=2)
    await story.tell(order, "Drop-ship delivered", at=arrived.isoformat())

    assert await story.states([order]) == ["completed"]
    assert await lines(story, order) == [
        ("1", "Splice Starter Kit", 10, 11800, day(arrived)),
        ("1.4", "2-year calibration plan", 10, 0, day(entitled)),
    ]
    assert await taken_from_stock(story) == {
        ("SPL-1", "DC-East"): 6,
        ("SPL-1", "DC-West"): 4,
        ("CON-3", "DC-East"): 30,
    }
    assets = await installed(story, order)
    assert {asset["state"] for asset in assets.values()} == {"active"}
    assert len(assets["1.1"]["serials"]) == 10
    assert sorted(assets["1.4"]["serials"]) == sorted(assets["1.1"]["serials"])
    purchases = await story.ask(
        "SELECT vendor, state, line, quantity, delivered FROM stock.purchase_order"
        " JOIN stock.purchase_line ON purchase_order_id = purchase_order.id"
    )
    assert purchases == [("V", "delivered", "1.2", 10, 10)]
    await the_bundle_is_named_everywhere(story, order, "Splice Starter Kit")
    told = await facts_told(story, order)
    assert told["fulfilment.kits_completed"] == told["billing.invoice_issued"] == told["fulfilment.plan_changed"] == 1
    assert told["stock.shipment_delivered"] == 3
    story.verify()


async def test_the_match_of_the_vendors_invoice_does_not_hold_back_the_customers(story: Story) -> None:
    order = await story.order("B-wholesale-kit")
    await story.work()

    assert len(await lines(story, order)) == 2
    task = await story.step(order, "3-way match")
    assert (task["state"], task["mandatory"], task["queue"]) == ("ready", False, "accounts-payable")
    assert await story.do_tasks(order, who="stefan") == ["3-way match vendor invoice"]
    assert (await story.step(order, "3-way match"))["state"] == "done"


async def test_c_each_part_is_effective_on_its_own_day_and_billed_at_acceptance(story: Story) -> None:
    story.partners(*story.silence("ESIGN", "SAAS", "CARRIER", "MDM", "PS", "PORTAL"))
    order = await story.order("C-saas-hardware", who="jonas")
    await story.work()
    await story.move(hours=24)
    await story.tell(order, "Contract e-signature")
    assert (await story.step(order, "Create tenant"))["state"] == "done"
    assert (await story.step(order, "Grant licences"))["state"] == "waiting"  # an hour after the tenant's start
    await story.move(hours=2)
    assert (await story.step(order, "Grant licences"))["state"] == "done"
    await story.tell(order, "Admin invited + first login")
    await story.tell(order, "Book onboarding")
    await story.move(hours=46)
    first_site = await story.now()
    await story.tell(order, "Delivered S1")
    await story.move(hours=30)
    second_site = await story.now()
    await story.tell(order, "Delivered S2")
    assert await story.do_tasks(order, who="helen") == ["Hold onboarding session"]
    session = await story.now()
    for _ in range(4):
        await story.tell(order, "Terminals S1 enrolled")
    await story.tell(order, "Terminals S2 enrolled")
    assert (await story.step(order, "Terminals S2 enrolled"))["counted"] == 1
    assert (await story.step(order, "Acceptance"))["state"] == "blocked"
    await story.tell(order, "Terminals S2 enrolled")
    await story.move(hours=50)
    assert await lines(story, order) == []
    await story.tell(order, "Acceptance", acceptedBy="E. Feld")
    accepted = await story.now()

    assert await story.states([order]) == ["completed"]
    assert (await story.step(order, "TIMER deemed"))["state"] == "skipped"
    assert await lines(story, order) == [
        ("1", "POS Complete 24m", 1, 0, None),
        ("1.1", "SaaS tenant", 1, 120, day(accepted)),
        ("1.2", "Terminal licence", 6, 90, day(accepted)),
        ("1.3", "Terminal lease", 4, 88, day(first_site)),
        ("1.3", "Terminal lease", 2, 44, day(second_site)),
        ("1.4", "Onboarding session", 1, 300, day(session)),
    ]
    assert await taken_from_stock(story) == {("TRM-6", "DC-East"): 6}
    assets = await installed(story, order)
    assert {asset["state"] for asset in assets.values()} == {"active"}
    assert len(assets["1.3"]["serials"]) == 6
    await the_bundle_is_named_everywhere(story, order, "POS Complete 24m")
    told = await facts_told(story, order)
    assert told["processes.step_counted"] == 6
    assert told["stock.shipment_delivered"] == 2
    story.verify()


async def test_a_customer_who_never_signs_accepts_by_time_but_not_before_all_is_ready(story: Story) -> None:
    story.partners(*story.silence("MDM", "PORTAL"))
    order = await story.order("C-saas-hardware")
    await story.work()
    await story.move(days=4)
    assert await story.do_tasks(order) == ["Hold onboarding session"]
    await story.move(days=11)
    assert (await story.step(order, "TIMER deemed"))["state"] == "done"
    assert (await story.step(order, "Acceptance"))["state"] == "blocked"
    for _ in range(4):
        await story.tell(order, "Terminals S1 enrolled")
    await story.tell(order, "Terminals S2 enrolled")
    assert await lines(story, order) == []
    await story.tell(order, "Terminals S2 enrolled")

    accept = await story.step(order, "Acceptance")
    assert (accept["state"], await story.states([order])) == ("done", ["completed"])
    tenant = (await lines(story, order))[1]
    assert tenant == ("1.1", "SaaS tenant", 1, 120, day(await story.now()))
    story.verify()


def day(moment: datetime) -> date:
    """The day where these customers are."""
    return moment.astimezone(NEW_YORK).date()


async def lines(story: Story, order: PlacedOrder) -> list[tuple[str, str, Any, Any, date | None]]:
    """The invoice lines of an order as the API shows them: line, description, quantity, net, effective date."""
    found = []
    for row in reversed((await story.get("/api/invoices", who="billie", order_id=order.id))["items"]):
        page = await story.get(f"/api/invoices/{row['id']}", who="billie")
        for line in page["lines"]:
            effective = date.fromisoformat(line["effective_on"]) if line["effective_on"] else None
            found.append((line["line"], line["description"], line["quantity"], line["net"], effective))
    return found


async def taken_from_stock(story: Story) -> dict[tuple[str, str], int]:
    """What left the warehouses, by SKU and warehouse."""
    rows = await story.ask(
        """
        SELECT movement.sku, warehouse.code, -sum(movement.quantity)
          FROM stock.movement
          JOIN stock.warehouse ON warehouse.id = movement.warehouse_id
         WHERE movement.kind = 'issue'
         GROUP BY movement.sku, warehouse.code
        """
    )
    return {(sku, warehouse): int(quantity) for sku, warehouse, quantity in rows}


async def installed(story: Story, order: PlacedOrder) -> dict[str, dict[str, Any]]:
    """The installed products of an order by line."""
    rows = await story.ask("SELECT line, state, serials FROM assets.asset WHERE order_id = %(id)s", id=order.id)
    return {line: {"state": state, "serials": serials} for line, state, serials in rows}


async def realized(story: Story) -> dict[str, list[str]]:
    """The services and resources that live, with the lines that use them."""
    rows = await story.ask(
        """
        SELECT realization.spec, array_agg(asset.line ORDER BY asset.line)
          FROM assets.realization
          JOIN assets.realization_user ON realization_user.realization_id = realization.id
          JOIN assets.asset ON asset.id = realization_user.asset_id
         WHERE realization.state = 'active'
         GROUP BY realization.id
        """
    )
    return {spec: used for spec, used in rows}


async def the_bundle_is_named_everywhere(story: Story, order: PlacedOrder, name: str) -> None:
    """On every call to a partner, every shipment line and every invoice line of a part."""
    calls = await story.ask("SELECT operation, payload FROM gateway.call WHERE subject_id = %(id)s", id=order.id)
    assert calls
    for operation, payload in calls:
        assert [bundle["name"] for bundle in payload["bundles"]] == [name], operation
        assert payload["order"]["number"] == order.number
        assert payload["order"]["revision"] == 1
        assert payload["correlation"].startswith(f"{order.process_id}:")
    parts = await story.ask("SELECT line, bundle FROM stock.shipment_line")
    parts += await story.ask("SELECT line, bundle FROM billing.invoice_line WHERE line <> '1'")
    parts += await story.ask("SELECT line, bundle FROM stock.purchase_line")
    assert parts
    for line, bundle in parts:
        assert (bundle["line"], bundle["name"]) == ("1", name), line
        assert bundle["quantity_per_bundle"] > 0


async def facts_told(story: Story, order: PlacedOrder) -> Counter[str]:
    """How often each kind of event was told since the order came."""
    rows = await story.ask(
        """
        SELECT type, count(*)
          FROM base.event
         WHERE id > (SELECT min(id) FROM base.event WHERE type = 'orders.order_submitted')
         GROUP BY type
        """
    )
    return Counter(dict(rows))
