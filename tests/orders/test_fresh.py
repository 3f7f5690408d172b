"""An order need not be read back after it was written."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from orderloom.base.parsing import parse_json
from orderloom.base.transaction import Tx
from orderloom.cli.demo_world import load_world
from orderloom.orders.commands import keep_orders
from orderloom.orders.reads import stored_orders
from orderloom.orders.types import OrderDraft

ORDERS = Path(__file__).parent.parent.parent / "demo" / "orders"


@pytest.mark.parametrize("name", ["A-triple-play", "B-wholesale-kit", "C-saas-hardware"])
async def test_a_fresh_order_is_what_reading_it_back_gives(tx: Tx, name: str):
    await load_world(tx, partners_url="http://127.0.0.1:9", master="fresh")
    order = json.loads((ORDERS / f"{name}.json").read_text())
    order["attributes"] = {"whole": 100, "part": 1.5, "flag": True}
    order["items"][0]["quantity"] = "1E+1" if name == "B-wholesale-kit" else order["items"][0].get("quantity", 1)

    kept = await keep_orders(tx, [parse_json(OrderDraft, json.dumps(order))], submit=True)

    read = await stored_orders(tx, [one.captured.id for one in kept])
    assert [one.stored for one in kept] == read
    spelled = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
    assert [spelled(one.stored) for one in kept] == [spelled(one) for one in read]
