"""The change drills of the worked orders: fees, characteristics that are amended or ignored, every step named."""

from __future__ import annotations

from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Rule, Story
from tests.stories.test_changes import apply, codes, drafted, effects, previewed
from tests.stories.test_worked_orders import lines

pytestmark = pytest.mark.slow
LATER = {"answer": "later", "event_seconds": [3600, 3600]}


def becomes(seen: dict[str, Any]) -> dict[str, list[str]]:
    """The steps by what becomes of them."""
    return {name: effects(seen, name) for name in dict.fromkeys(step["effect"] for step in seen["steps"])}


def swap(line: str, product: str, **more: Any) -> dict[str, Any]:
    """Another product in the place of a part of the bundle."""
    by = {"line": line, "parent": "1", "product": product, **more}
    return {"reason": f"{product} instead", "exchange": [{"line": line, "by": by}]}


async def home_under_way(story: Story) -> PlacedOrder:
    """The triple play with its hardware on the way, the line assigned and the port on."""
    story.partners(*story.silence("NP", "FSM", "CARRIER", "ACS", "IPTV"))
    order = await story.order("A-triple-play")
    await story.work()
    assert (await story.step(order, "Pick, pack"))["state"] == "done"
    return order


async def until_internet_is_active(story: Story, order: PlacedOrder) -> None:
    await story.tell(order, "Port-in request accepted")
    await story.tell(order, "Customer books appointment")
    await story.tell(order, "Delivery confirmed")
    await story.move(hours=50)
    await story.do_tasks(order, who="owen")
    await story.tell(order, "Customer connects")


async def test_a_another_modem_is_sent_and_the_fee_is_charged_once_the_first_is_called_back(story: Story) -> None:
    order = await home_under_way(story)
    path = await drafted(story, order, swap("1.4", "MODEM-PRO"))
    seen = await previewed(story, path)
    again = ["Pick, pack, hand to carrier", "Reserve modem + STB"]
    assert becomes(seen) == {"redone": again, "taken back first": again}
    assert seen["fees"] == [{"title": again[0], "lines": ["1.4", "1.5"], "amount": "15"}]
    assert seen["money"]["fees"] == "15"
    before = await story.get(f"/api/orders/{order.number}/plan")
    assert await codes(await apply(story, path, status=422)) == ["fees_not_accepted"]
    assert await story.get(f"/api/orders/{order.number}/plan") == before
    await apply(story, path, {"accept_fees": True})
    await story.work()
    assert (await story.step(order, "return label + RMA"))["state"] == "done"
    await until_internet_is_active(story, order)
    await story.tell(order, "STB registered")

    assert await story.states([order]) == ["completed"]
    billed = [line[1:4] for line in await lines(story, order)]
    assert ("Change fee: Pick, pack, hand to carrier", 1, 15) in billed
    assert ("HomeMax Triple Play", 1, 89) in billed
    story.verify()


async def test_a_a_slower_line_is_told_to_who_has_qualified_it_and_is_assigned_anew(story: Story) -> None:
    order = await home_under_way(story)
    slower = swap("1.1", "VDSL-50", role="anchor", characteristics={"downMbps": 50, "upMbps": 10})
    path = await drafted(story, order, slower)
    seen = await previewed(story, path)
    assert becomes(seen) == {
        "redone": ["Design + assign pair/port"],
        "taken back first": ["Design + assign pair/port"],
        "amended": ["Amend: Line qualification (TMF645) (down 100 to 50, up 40 to 10)"],
    }
    assert (seen["fees"], seen["refusals"], seen["kept"]) == ([], [], 19)
    await apply(story, path)
    await story.work()
    for title in ("Amend: Line qualification", "release assignment", "Design + assign pair/port"):
        assert (await story.step(order, title))["state"] == "done", title
    calls = await story.ask(
        "SELECT payload FROM gateway.call WHERE operation = 'amend' AND subject_id = %(id)s",
        id=order.id,
    )
    assert [(payload["change"]["before"], payload["change"]["after"]) for (payload,) in calls] == [
        ({"down": 100, "up": 40}, {"down": 50, "up": 10})
    ]
    await until_internet_is_active(story, order)
    await story.tell(order, "STB registered")
    assert await story.states([order]) == ["completed"]
    story.verify()


async def test_a_another_pack_amends_the_entitlement_and_only_the_record_of_the_service(story: Story) -> None:
    order = await home_under_way(story)
    await until_internet_is_active(story, order)
    sport = swap("1.2", "IPTV-SPORT", relies_on=["1.1", "1.5"], characteristics={"pack": "sport"})
    path = await drafted(story, order, sport)
    seen = await previewed(story, path)
    assert becomes(seen) == {"amended": ["Amend: Enable multicast + TV entitlement (pack family to sport)"]}
    assert (seen["fees"], seen["refusals"], seen["kept"]) == ([], [], 20)
    await apply(story, path)
    await story.work()
    await story.tell(order, "STB registered")

    assert await story.states([order]) == ["completed"]
    packs = await story.ask(
        """
        SELECT spec, characteristics ->> 'pack' FROM fulfilment.item
         WHERE order_id = %(id)s AND characteristics ? 'pack' ORDER BY spec
        """,
        id=order.id,
    )
    assert packs == [("CFS-IPTV", "sport"), ("RFS-MulticastProfile", "sport")]
    story.verify()


async def kits_under_way(story: Story, *silent: Rule) -> PlacedOrder:
    """The kits with the purchase order acknowledged."""
    story.partners(*story.silence("VENDOR", "CARRIER"), *silent)
    order = await story.order("B-wholesale-kit")
    await story.work()
    await story.tell(order, "Vendor acknowledges PO", vendorOrder="VO-1")
    return order


async def test_b_two_kits_less_before_they_are_shipped_cost_the_vendors_fee(story: Story) -> None:
    order = await kits_under_way(story, Rule(LATER, partner="WMS", operation="pick"))
    path = await drafted(story, order, {"reason": "eight are enough", "lines": [{"line": "1", "quantity": 8}]})
    seen = await previewed(story, path)
    assert seen["refusals"] == []
    again = [
        "Pick/pack East, capture serials", "Pick/pack West, capture serials", "Reserve DC-East", "Reserve DC-West",
        "Send vendor PO", "Vendor acknowledges PO",
    ]  # fmt: skip
    assert becomes(seen) == {"redone": again, "taken back first": again}
    assert [(fee["title"], fee["amount"]) for fee in seen["fees"]] == [("Vendor acknowledges PO", "40")]
    assert (seen["money"]["before"]["one_time"], seen["money"]["after"]["one_time"]) == ("11800", "9440")
    assert [(row["sku"], row["from"], row["before"], row["after"]) for row in seen["stock"]] == [
        ("CLV-2", "V", "10", "8"),
        ("CON-3", "DC-East", "30", "24"),
        ("SPL-1", "DC-West", "4", "2"),
    ]
    await apply(story, path, {"accept_fees": True})
    story.partners()
    await story.work()
    await story.tell(order, "Vendor ASN received", shipment="ASN-1")
    await story.tell(order, "Drop-ship delivered")
    await story.finish(order)

    assert await story.states([order]) == ["completed"]
    billed = [line[1:4] for line in await lines(story, order)]
    assert ("Splice Starter Kit", 8, 9440) in billed
    assert ("Change fee: Vendor acknowledges PO", 1, 40) in billed
    story.verify()


async def test_b_once_the_goods_are_shipped_fewer_kits_are_refused_and_a_return_is_offered(story: Story) -> None:
    order = await kits_under_way(story)
    assert (await story.step(order, "Manifest + ship East"))["state"] == "done"
    path = await drafted(story, order, {"reason": "eight are enough", "lines": [{"line": "1", "quantity": 8}]})
    seen = await previewed(story, path)
    assert {one["code"] for one in seen["refusals"]} == {"past_point_of_no_return"}
    assert "follow_on_offered" in await codes(await apply(story, path, status=409))
    change = await story.post(f"{path}/follow-on")
    returned = await story.get(f"/api/orders/{change['follow_on']}")
    assert [(item["line"], item["action"], float(item["quantity"])) for item in returned["items"]] == [
        ("1", "delete", 2),
        ("1.1", "delete", 2),
        ("1.2", "delete", 2),
        ("1.3", "delete", 6),
        ("1.4", "delete", 2),
    ]
    story.verify()
