"""What the warehouse does over the API and on its pages."""

import re
from decimal import Decimal

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.stock import commands
from tests.stock import given

TO_PICK = {"ROUTER": 3, "CABLE": 5}


@pytest.fixture
async def listed(database):
    """A pick list with serials and without; returns its id."""
    async with transaction(database, SYSTEM) as tx:
        stocked = {(sku, "DC-East"): 10 for sku in TO_PICK}
        await given.stock(tx, stocked, tracking={"ROUTER": "serial"})
        thing = given.thing(await given.account(tx))
        wanted = [
            given.requirement(thing, sku, quantity, item=n, line=f"1.{n}")
            for n, (sku, quantity) in enumerate(TO_PICK.items(), 1)
        ]
        await commands.reserve(tx, wanted)
        [list_id] = await commands.open_pick_lists(tx, [thing])
        return list_id


@pytest.fixture
async def keeper(as_role):
    return await as_role("warehouse")


async def lines_of(client, list_id):
    return {line["sku"]: line for line in (await client.get(f"/api/pick-lists/{list_id}")).json()["lines"]}


async def confirm(client, list_id, **picked):
    lines = await lines_of(client, list_id)
    told = [
        {
            "pick_line_id": lines[sku]["id"],
            "picked": quantity,
            "serials": [f"{sku}-{n}" for n in range(quantity)] if sku == "ROUTER" else [],
        }
        for sku, quantity in picked.items()
    ]
    return await client.post(f"/api/pick-lists/{list_id}/confirm", json={"lines": told})


async def test_part_of_a_list_is_confirmed_and_the_rest_stays_open(keeper, listed):
    first = await confirm(keeper, listed, ROUTER=2)
    again = await confirm(keeper, listed, ROUTER=2)
    [row] = (await keeper.get("/api/pick-lists")).json()["items"]
    last = await confirm(keeper, listed, ROUTER=3, CABLE=5)

    assert (first.status_code, first.json()["state"]) == (200, "open")
    assert again.json() == first.json()
    assert row["id"] == listed
    assert last.json()["state"] == "picked"
    assert (await keeper.get("/api/pick-lists")).json()["items"] == []
    assert len((await keeper.get("/api/pick-lists?state=picked")).json()["items"]) == 1


async def test_goods_with_serials_are_not_confirmed_without(keeper, listed):
    line = (await lines_of(keeper, listed))["ROUTER"]
    answer = await keeper.post(
        f"/api/pick-lists/{listed}/confirm", json={"lines": [{"pick_line_id": line["id"], "picked": 1}]}
    )

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["code"] == "serials_missing"


async def test_a_line_of_another_list_is_refused(keeper, listed):
    answer = await keeper.post(
        f"/api/pick-lists/{listed}/confirm", json={"lines": [{"pick_line_id": 999_999, "picked": 1}]}
    )

    assert answer.json()["problems"][0]["pointer"] == "/lines/0"


async def test_picked_goods_are_packed_handed_over_and_arrive_in_part(keeper, listed):
    await confirm(keeper, listed, ROUTER=3, CABLE=5)
    [made] = (await keeper.post(f"/api/pick-lists/{listed}/pack", json={})).json()["items"]
    again = await keeper.post(f"/api/pick-lists/{listed}/pack", json={})
    at = f"/api/shipments/{made['id']}"
    sent = await keeper.post(f"{at}/dispatch", json={"carrier": "Swift", "tracking": "SW-1"})
    cable = next(line for line in made["lines"] if line["sku"] == "CABLE")
    arrived = await keeper.post(f"{at}/deliver", json={"lines": [{"shipment_line_id": cable["id"], "quantity": 4}]})
    stock = {row["sku"]: row for row in (await keeper.get("/api/stock")).json()["items"]}

    assert again.json()["items"] == []
    assert (sent.json()["state"], sent.json()["tracking"]) == ("shipped", "SW-1")
    assert arrived.json()["state"] == "delivered"
    assert {line["sku"]: Decimal(str(line["delivered"])) for line in arrived.json()["lines"]} == {
        "ROUTER": 3,
        "CABLE": 4,
    }
    assert Decimal(str(stock["ROUTER"]["on_hand"])) == 7
    assert Decimal(str(stock["ROUTER"]["reserved"])) == 0


async def test_the_pages_of_the_warehouse_do_the_same(browser_of, listed):
    keeper = await browser_of("warehouse")
    home = f"/stock/pick-lists/{listed}"
    page = (await keeper.get(home)).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]
    router, cable = re.findall(r'name="picked\.(\d+)"', page)
    picked = {f"picked.{router}": "1", f"serials.{router}": "R-1\n", f"picked.{cable}": "0"}
    told = await keeper.post(f"{home}/confirm", data={"csrf": csrf, **picked})
    packed = await keeper.post(f"{home}/pack", data={"csrf": csrf})
    shipment = packed.headers["location"]
    sent = await keeper.post(f"{shipment}/dispatch", data={"csrf": csrf, "carrier": "Swift"})
    line = re.search(r'name="quantity\.(\d+)"', (await keeper.get(shipment)).text)[1]
    arrived = await keeper.post(f"{shipment}/deliver", data={"csrf": csrf, f"quantity.{line}": "1"})

    assert [answer.status_code for answer in (told, packed, sent, arrived)] == [303] * 4
    assert "Delivered" in (await keeper.get(shipment)).text
    assert "0 of 2" in (await keeper.get("/stock/pick-lists")).text


async def test_who_may_only_look_at_stock_confirms_nothing(as_role, listed):
    technician = await as_role("technician")

    assert (await technician.get(f"/api/pick-lists/{listed}")).status_code == 200
    assert (await confirm(technician, listed, CABLE=1)).status_code == 403
