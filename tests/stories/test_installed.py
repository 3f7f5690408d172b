"""What customers do with what they have, over HTTP: television off, moved, suspended and resumed, faster internet."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderloom.fulfilment.commands import PlacedOrder
from tests.stories.conftest import Story

pytestmark = pytest.mark.slow


async def installed(story: Story, order: PlacedOrder) -> dict[str, dict[str, Any]]:
    """What an order has brought, by product code."""
    rows = (await story.get("/api/assets", order_id=order.id))["items"]
    return {row["product_code"]: row for row in rows}


async def act(story: Story, act: str, *assets: str, **wishes: Any) -> PlacedOrder:
    """Place the order for an act; partners and steps stand still."""
    placed = await story.post("/api/assets/orders", {"act": act, "assets": assets, **wishes}, then_work=False)
    return PlacedOrder(placed["id"], placed["number"], placed["state"], placed["process_id"], hold=placed["hold"])


async def living(story: Story, spec: str) -> int:
    [(count,)] = await story.ask(
        "SELECT count(*) FROM assets.realization WHERE spec = %(spec)s AND state <> 'terminated'", spec=spec
    )
    return int(count)


async def home(story: Story) -> tuple[PlacedOrder, dict[str, dict[str, Any]]]:
    story.partners()
    order = await story.order("A-triple-play")
    await story.finish(order)
    assert await story.states([order]) == ["completed"]
    return order, await installed(story, order)


async def test_television_off_leaves_the_port_and_internet_off_takes_it(story: Story) -> None:
    order, has = await home(story)
    television, bundle = has["IPTV-FAMILY"]["number"], has["HOMEMAX-3"]["number"]
    assert await living(story, "DSLAMPort") == 1

    preview = await story.post("/api/assets/preview", {"act": "disconnect", "assets": [television]})
    stays = {thing["label"]: thing["needed_by"] for thing in preview["things"] if thing["action"] == "none"}
    assert sorted(stays["DSLAMPort"]) == sorted(has[code]["number"] for code in ("VDSL-100", "VOICE-PORT"))
    assert [step["title"] for step in preview["steps"]] == ["Validate + credit check", "Remove TV entitlement"]

    off = await act(story, "disconnect", television)
    codes = await story.refused("/api/assets/orders", {"act": "disconnect", "assets": [bundle]}, status=409)
    assert codes == ["asset_taken"]
    await story.finish(off)
    assert await story.states([off]) == ["completed"]
    assert "Turn off DSLAM port" not in await story.steps(off)
    assert (await living(story, "DSLAMPort"), await living(story, "RFS-MulticastProfile")) == (1, 0)
    assert (await installed(story, order))["IPTV-FAMILY"]["state"] == "terminated"
    story.verify()

    rest = await act(story, "disconnect", bundle)
    await story.move(days=31)
    await story.finish(rest)
    assert await story.states([rest]) == ["completed"]
    assert (await story.steps(rest))["Turn off DSLAM port"] == "done"
    assert await living(story, "DSLAMPort") == 0
    assert {row["state"] for row in (await installed(story, order)).values()} == {"terminated"}
    story.verify()


async def paid(story: Story) -> list[tuple[str, str, Decimal, str, str]]:
    """Subscriptions as they stand: what, how it is, what a unit costs, since when and until when."""
    return [
        (description, state, price, str(started), str(ended))
        for description, state, price, started, ended in await story.ask(
            """
            SELECT trigger.description, subscription.state, subscription.unit_price, subscription.started_on,
                   coalesce(subscription.ended_on, subscription.paused_on)
              FROM billing.subscription
              JOIN billing.trigger ON trigger.id = subscription.trigger_id
             WHERE subscription.unit_price > 0
             ORDER BY subscription.id
            """
        )
    ]


async def today(story: Story) -> str:
    [(day,)] = await story.ask("SELECT (base.now() AT TIME ZONE 'America/Chicago')::date::text")
    return str(day)


async def given_back(story: Story) -> list[Decimal]:
    return [
        -amount
        for (amount,) in await story.ask("SELECT amount FROM billing.charge WHERE adjusts_id IS NOT NULL ORDER BY id")
    ]


async def test_leaving_within_the_minimum_term_costs_its_fee_after_the_notice(story: Story) -> None:
    _, has = await home(story)
    await story.move(days=5)
    bundle = has["HOMEMAX-3"]["number"]
    preview = await story.post("/api/assets/preview", {"act": "disconnect", "assets": [bundle]})
    assert (preview["notice_days"], preview["is_at_once"]) == (30, False)
    money = {line["kind"]: Decimal(line["amount"]) for line in preview["money"] if Decimal(line["amount"])}
    assert (money["ends"], money["fee"]) == (Decimal(89), Decimal(89))

    rest = await act(story, "disconnect", bundle, reason="moves abroad")
    await story.work()
    assert (await story.steps(rest))["Close internet access"] == "waiting"
    await story.move(days=15)
    assert (await story.steps(rest))["Close internet access"] == "waiting"
    await story.move(days=16)
    await story.clockwork()
    await story.finish(rest)
    [(_, state, _, _, ended)] = await paid(story)
    assert (state, ended) == ("ended", preview["on"])
    fees = [
        (line["description"], Decimal(line["net"]))
        for invoice in (await story.get("/api/invoices", order_id=rest.id))["items"]
        for line in (await story.get(f"/api/invoices/{invoice['id']}"))["lines"]
    ]
    assert ("Termination fee: HomeMax Triple Play", Decimal(89)) in fees
    assert sum(await given_back(story)) > 0
    story.verify()


async def test_a_move_switches_over_once_and_keeps_number_price_and_tenure(story: Story) -> None:
    order, has = await home(story)
    bundle = has["HOMEMAX-3"]
    await story.move(days=40)
    await story.clockwork()
    assert await story.refused("/api/assets/orders", {"act": "move", "assets": [bundle["number"]]}) == ["place_missing"]
    part = {"act": "move", "assets": [has["IPTV-FAMILY"]["number"]], "place": "ADDR-7"}
    assert "part_of_bundle" in await story.refused("/api/assets/orders", part)

    there = {"code": "NEW-HOME", "country": "US", "lines": ["12 Alder Court"], "city": "Duluth", "region": "MN"}
    moved = await act(story, "move", bundle["number"], address=there)
    steps = await story.steps(moved)
    assert "Assign number from pool" not in steps
    assert "Move the number to the new line" in steps
    assert not any(title.startswith(("Pick", "Send a return label")) for title in steps)
    await story.finish(moved)
    assert await story.states([moved]) == ["completed"]
    now = await installed(story, moved)
    assert {(row["state"], row["place"]) for row in now.values()} == {("active", "NEW-HOME")}
    assert now["MODEM-VDSL"]["serials"] == has["MODEM-VDSL"]["serials"] != []
    assert now["HOMEMAX-3"]["replaces"] == bundle["number"]
    assert {row["state"] for row in (await installed(story, order)).values()} == {"terminated"}
    [old, new] = [row for row in await paid(story) if row[2] == 89]
    assert (old[1], new[1], old[4]) == ("ended", "active", new[3])
    assert await living(story, "DSLAMPort") == 1
    story.verify()

    off = await act(story, "disconnect", now["IPTV-FAMILY"]["number"])
    await story.finish(off)
    assert await living(story, "RFS-MulticastProfile") == 0
    story.verify()


async def test_suspended_for_non_payment_and_resumed(story: Story) -> None:
    order, has = await home(story)
    bundle = has["HOMEMAX-3"]["number"]
    await story.move(days=10)
    barred = await act(story, "suspend", bundle, reason="two invoices are overdue")
    await story.finish(barred)
    assert {row["state"] for row in (await installed(story, order)).values()} == {"suspended"}
    assert (await story.steps(barred))["Bar internet access"] == "done"
    assert await living(story, "DSLAMPort") == 1
    [(_, state, _, _, paused)] = await paid(story)
    assert (state, paused) == ("suspended", await today(story))
    [back] = await given_back(story)
    assert 0 < back < 89
    story.verify()
    assert await story.refused("/api/assets/orders", {"act": "suspend", "assets": [bundle]}) == ["asset_state"]

    await story.move(days=45)
    await story.clockwork()
    assert len(await paid(story)) == 1
    again = await act(story, "resume", bundle)
    await story.finish(again)
    assert {row["state"] for row in (await installed(story, order)).values()} == {"active"}
    [_, (_, state, price, started, _)] = await paid(story)
    assert (state, price, started) == ("active", Decimal(89), await today(story))
    story.verify()


async def test_faster_internet_changes_profile_and_price_from_its_day_on(story: Story) -> None:
    story.partners()
    order = await story.order("A-triple-play", items=[{"line": "1", "product": "NET-FLEX"}])
    await story.finish(order)
    has = (await installed(story, order))["NET-FLEX"]
    await story.move(days=12)
    wishes = {
        "characteristics": {"downMbps": 250},
        "price": {"recurring": 59, "period": "month", "reason": "list of the faster line"},
    }
    preview = await story.post("/api/assets/preview", {"act": "modify", "assets": [has["number"]], **wishes})
    kinds = {line["kind"]: Decimal(line["amount"]) for line in preview["money"]}
    assert (kinds["ends"], kinds["starts"], kinds["back"] < 0) == (Decimal(45), Decimal(59), True)
    faster = await act(story, "modify", has["number"], **wishes)
    assert (await story.steps(faster)).keys() >= {
        "Check the line for 250/40 Mbit/s",
        "Change the profile to VDSL2-250/40",
    }
    await story.finish(faster)
    page = await story.get(f"/api/assets/{has['number']}")
    assert page["asset"]["characteristics"] == {"downMbps": 250}
    profile = [one["characteristics"] for one in page["realizations"][str(has["id"])] if one["spec"] == "RFS-DSLLine"]
    assert profile == [{"profile": "VDSL2-250/40"}]
    assert [(row["action"], row["order_number"]) for row in page["orders"]] == [("modify", faster.number)]
    [old, new] = await paid(story)
    assert (old[1], new[1:3], old[4]) == ("ended", ("active", Decimal(59)), new[3])
    story.verify()
