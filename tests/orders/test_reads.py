"""The order list and what looks an order up."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from orderloom.base.refusals import NotFound
from orderloom.base.types import Actor
from orderloom.orders.commands import place_holds, record_states
from orderloom.orders.order import HoldDraft, ItemResult
from orderloom.orders.reads import OrderFilter, list_orders, open_amounts, order_id_of, order_page
from tests.orders import given


@pytest.fixture
async def world(tx):
    return await given.world(tx)


async def test_the_list_pages_by_id_newest_first(tx, world):
    ids = [(await given.order(tx)).id for _ in range(5)]

    first = await list_orders(tx, limit=2)
    second = await list_orders(tx, before=first[-1].id, limit=2)

    assert [row.id for row in (*first, *second)] == list(reversed(ids))[:4]


async def test_a_row_shows_totals_progress_and_holds(tx, world):
    order = await given.order(tx, given.KIT, submit=True)
    await record_states(tx, items=[ItemResult(order.item_ids["1.2"], "completed")])
    await place_holds(tx, [HoldDraft(order.id, "manual", "Wait")])

    (row,) = await list_orders(tx)

    assert (row.one_time_total, row.item_count, row.parts_done, row.parts_total) == (11800, 4, 1, 3)
    assert (row.hold_count, row.account_name) == (1, "Ängström & Co")


async def test_every_filter_finds_its_orders(tx, world):
    draft = await given.order(tx, po_number="PO_7", channel="web", external_id="W-1")
    kit = await given.order(tx, given.KIT, submit=True)
    await place_holds(tx, [HoldDraft(kit.id, "manual", "Wait")])

    async def found(**conditions):
        return [row.id for row in await list_orders(tx, OrderFilter(**conditions))]

    assert await found(states=["draft"]) == [draft.id]
    assert await found(states=["draft", "submitted"]) == [kit.id, draft.id]
    assert await found(account_id=world.account_id) == [kit.id, draft.id]
    assert await found(account_id=0) == []
    assert await found(text="po_7") == [draft.id]
    assert await found(text="poX7") == []
    assert await found(text="angstrom") == [kit.id, draft.id]
    assert await found(text=f" {kit.number.lower()} ") == [kit.id]
    assert await found(channel="web") == [draft.id]
    assert await found(external_id="W-1") == [draft.id]
    assert await found(product_code="PACK") == [kit.id]
    assert await found(is_on_hold=True) == [kit.id]
    assert await found(is_on_hold=False) == [draft.id]
    assert await found(captured_from=tx.now - timedelta(hours=1), captured_before=tx.now) == []


async def test_a_salesperson_sees_the_orders_of_their_teams_accounts_only(tx, world):
    order = await given.order(tx)
    team_id = await tx.value("INSERT INTO parties.team (name) VALUES ('East') RETURNING id")
    tx.actor = Actor("user", "ann", permissions=frozenset({"orders.read"}), team_ids=(team_id,))
    assert await list_orders(tx) == []
    assert await list_orders(tx, OrderFilter(text=order.number)) == []
    with pytest.raises(NotFound):
        await order_page(tx, order.id)
    with pytest.raises(NotFound):
        await order_id_of(tx, order.number)

    await tx.execute(
        "INSERT INTO parties.visible_account (team_id, account_id) VALUES (%(team)s, %(account)s)",
        {"team": team_id, "account": world.account_id},
    )

    assert [row.id for row in await list_orders(tx)] == [order.id]
    assert (await order_page(tx, order.id)).header.number == order.number
    assert await order_id_of(tx, order.number) == order.id


async def test_open_amounts_count_orders_under_way(tx, world):
    await given.order(tx)
    await given.order(tx, submit=True)
    main = await tx.value("SELECT id FROM parties.billing_account WHERE number = 'BA-1'")

    assert await open_amounts(tx, [main]) == {main: Decimal("7.5")}
