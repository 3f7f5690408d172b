"""Orders go out as they were sold and come back in as they went out."""

from __future__ import annotations

from orderloom.base.parsing import parse
from orderloom.base.transaction import Json
from orderloom.base.types import Actor
from orderloom.orders.commands import capture_orders
from orderloom.orders.reads import export as export_module
from orderloom.orders.reads import export_orders
from orderloom.orders.types import OrderDraft
from tests.orders import given

RICH = {
    "external_id": "E-1",
    "channel": "shop",
    "priority": "urgent",
    "po_number": "PO-7",
    "bill_to": "S1",
    "ship_to": "SITE",
    "requested_on": "2027-01-31",
    "note": "Ring twice",
    "attributes": {"campaign": "spring", "rank": 3, "gift": False},
    "credits": [{"payee": "ann@x.example", "percent": 60}, {"payee": "bob@x.example", "percent": 40}],
    "places": [{"code": "SITE", "country": "US", "lines": ["3 Far Rd"], "city": "Reno", "postal_code": "89501"}],
}
ITEMS = (
    {**given.KIT[0], "price": {"one_time": "1000.50", "reason": "Frame contract"}, "gl_account": "4000"},
    {
        **given.KIT[1],
        "credits": [{"payee": "bob@x.example", "percent": 100}],
        "ship_groups": [
            {"place": "S2", "quantity": 4, "requested_on": "2027-02-01", "method": "air"},
            {"place": "SITE", "quantity": 6},
        ],
    },
    *given.KIT[2:],
    {"line": "2", "product": "LINE", "place": "S2", "characteristics": {"down": 100, "note": "loft"}},
)


async def _exported(tx, **wanted):
    return [order async for order in export_orders(tx, **wanted)]


async def test_an_order_that_is_exported_and_imported_elsewhere_is_exported_the_same_again(tx):
    await given.world(tx)
    await given.order(tx, ITEMS, **RICH)
    (first,) = await _exported(tx)

    elsewhere = {**first, "external_id": "E-2"}
    await capture_orders(tx, [parse(OrderDraft, elsewhere)])
    _, second = await _exported(tx)
    assert second == elsewhere


async def test_everything_that_was_said_is_exported(tx):
    await given.world(tx)
    await given.order(tx, ITEMS, **RICH)
    (exported,) = await _exported(tx)

    said = parse(OrderDraft, {"customer": "C-1", "items": list(ITEMS), **RICH})
    read = parse(OrderDraft, exported)
    for name in ("customer", "external_id", "channel", "priority", "po_number", "bill_to", "ship_to", "requested_on",
                 "note", "attributes", "credits", "places"):  # fmt: skip
        assert getattr(read, name) == getattr(said, name), name
    for one, other in zip(read.items, said.items, strict=True):
        for name in ("line", "product", "parent", "quantity", "characteristics", "relies_on", "ship_groups", "credits"):
            assert getattr(one, name) == getattr(other, name), (one.line, name)
    assert read.items[0].price == said.items[0].price


async def test_a_list_price_is_exported_as_it_was_sold(tx):
    await given.world(tx)
    await given.order(tx)
    await tx.execute("UPDATE catalog.price SET one_time = 99 WHERE one_time = 2.50")
    (exported,) = await _exported(tx)

    price = exported["items"][0]["price"]
    assert price["one_time"] == 2.5
    assert price["reason"].startswith("List price of ")


async def test_pages_join_without_a_gap_and_states_choose(tx, monkeypatch):
    monkeypatch.setattr(export_module, "ORDERS_A_PAGE", 2)
    await given.world(tx)
    for number in range(5):
        await given.order(tx, external_id=f"X-{number}", submit=number == 3)

    assert [order["external_id"] for order in await _exported(tx)] == [f"X-{number}" for number in range(5)]
    assert [order["external_id"] for order in await _exported(tx, states=["submitted"])] == ["X-3"]


async def test_withdrawn_items_stay_behind(tx):
    await given.world(tx)
    await given.order(tx, (*given.KIT, {"line": "2", "product": "CABLE", "quantity": 2}))
    await tx.execute("UPDATE orders.item SET withdrawn_in = 2 WHERE line = '2'")
    (exported,) = await _exported(tx)
    assert [item["line"] for item in exported["items"]] == ["1", "1.1", "1.2", "1.3"]


async def test_nobody_exports_what_they_do_not_see(tx):
    await given.world(tx)
    await given.order(tx)
    tx.actor = Actor("user", "Nobody", permissions=frozenset({"orders.read"}))
    assert await _exported(tx) == []


async def test_a_null_that_was_said_stays_said(tx):
    await given.world(tx)
    await given.order(tx)
    await tx.execute("UPDATE orders.item SET attributes = %(said)s", {"said": Json({"colour": None})})
    (exported,) = await _exported(tx)
    assert exported["items"][0]["attributes"] == {"colour": None}
