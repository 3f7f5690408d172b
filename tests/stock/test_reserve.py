"""Claims on stock: first come, first served, never more than there is."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal as D

import psycopg
import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.stock import commands, reads
from orderloom.stock.events import StockReceived, StockReleased, StockReserved, StockShort
from orderloom.stock.types import Adjustment, OpeningStock, Requirement, WarehouseDraft
from orderloom.stock.verify import INVARIANTS
from tests.stock import given


async def balances(tx) -> dict[tuple[str, str], tuple[D, D]]:
    return {(row.sku, row.warehouse): (row.on_hand, row.reserved) for row in await reads.available(tx)}


async def assert_sound(tx) -> None:
    for invariant in INVARIANTS:
        assert await tx.values(invariant.sql) == [], invariant.name


async def test_reserving_claims_what_is_free_and_tells_what_is_short(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6, ("SPL-1", "DC-West"): 4})
    thing = given.thing(await given.account(tx))

    reserved = await commands.reserve(tx, [given.requirement(thing, "SPL-1", 8)])

    assert len(reserved.reservation_ids) == 1
    assert [short.missing for short in reserved.short] == [2]
    assert await balances(tx) == {("SPL-1", "DC-East"): (6, 6), ("SPL-1", "DC-West"): (4, 0)}
    assert [type(event) for event in tx.events] == [StockReceived, StockReceived, StockReserved, StockShort]
    assert tx.events[2].lines[0]["quantity"] == 6
    await assert_sound(tx)


async def test_reserving_again_changes_nothing_and_more_claims_the_difference(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})
    thing = given.thing()
    await commands.reserve(tx, [given.requirement(thing, "SPL-1", 2)])

    again = await commands.reserve(tx, [given.requirement(thing, "SPL-1", 2)])
    more = await commands.reserve(tx, [given.requirement(thing, "SPL-1", 5)])

    assert again.reservation_ids == ()
    assert len(more.reservation_ids) == 1
    assert await balances(tx) == {("SPL-1", "DC-East"): (6, 5)}


async def test_the_same_sku_on_two_lines_is_two_claims(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})
    thing = given.thing()

    await commands.reserve(
        tx,
        [
            given.requirement(thing, "SPL-1", 2, item=11, line="1.1"),
            given.requirement(thing, "SPL-1", 3, item=21, line="2.1"),
        ],
    )

    claims = await reads.claims_of_orders(tx, [1])
    assert [(claim.order_item_id, claim.quantity) for claim in claims] == [(11, 2), (21, 3)]


async def test_an_unknown_sku_is_short_and_a_broken_requirement_is_refused(tx):
    thing = given.thing()

    reserved = await commands.reserve(tx, [given.requirement(thing, "NONE", 1)])
    assert reserved.short[0].missing == 1

    with pytest.raises(Refused) as refused:
        await commands.reserve(tx, [given.requirement(thing, "NONE", 0), given.requirement(thing, "NONE", 1)])
    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("quantity_not_positive", "/0/quantity"),
        ("requirement_twice", "/1"),
    ]


async def test_releasing_gives_back_and_telling_twice_does_nothing(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})
    thing = given.thing()
    await commands.reserve(tx, [given.requirement(thing, "SPL-1", 4)])

    released = await commands.release(tx, [thing], reason="order cancelled")
    again = await commands.release(tx, [thing], reason="order cancelled")

    assert (len(released), again) == (1, [])
    assert await balances(tx) == {("SPL-1", "DC-East"): (6, 0)}
    assert isinstance(tx.events[-1], StockReleased)
    await assert_sound(tx)


async def test_a_soft_claim_expires_unless_it_was_made_firm(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})
    soon, later = given.thing(number=1), given.thing(number=2)
    for thing in (soon, later):
        claim = given.requirement(thing, "SPL-1", 2)
        await commands.reserve(
            tx,
            [
                Requirement(
                    thing, 1, claim.order_item_id, "1.1", "SPL-1", "DC-East", D(2),
                    firmness="soft", expires_at=tx.now - timedelta(hours=1),
                )
            ],
        )  # fmt: skip

    assert await commands.harden(tx, [later]) == 1
    assert len(await commands.release_expired(tx)) == 1
    assert await balances(tx) == {("SPL-1", "DC-East"): (6, 2)}


async def test_a_count_below_what_is_reserved_is_refused(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})
    await commands.reserve(tx, [given.requirement(given.thing(), "SPL-1", 4)])

    with pytest.raises(Refused) as refused:
        await commands.adjust_stock(tx, [Adjustment("SPL-1", "DC-East", D(-3), "breakage")])
    assert refused.value.problems[0].code == "stock_reserved"

    await commands.adjust_stock(tx, [Adjustment("SPL-1", "DC-East", D(-2), "breakage")])
    assert await balances(tx) == {("SPL-1", "DC-East"): (4, 4)}
    await assert_sound(tx)


async def test_opening_stock_names_every_bad_row_and_writes_nothing(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})

    with pytest.raises(Refused) as refused:
        await commands.import_opening_stock(
            tx,
            [
                OpeningStock("CLV-2", "DC-East", D(1), "Cleaver"),
                OpeningStock("WHAT", "DC-East", D(1)),
                OpeningStock("SPL-1", "DC-Moon", D(1)),
                OpeningStock("SPL-1", "DC-East", D(1)),
            ],
        )

    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("sku_unknown", "/1/sku"),
        ("warehouse_unknown", "/2/warehouse"),
        ("stock_opened", "/3/on_hand"),
    ]
    assert await balances(tx) == {("SPL-1", "DC-East"): (6, 0)}


async def test_a_dry_run_writes_no_stock(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})

    imported = await commands.import_opening_stock(tx, [OpeningStock("CON-3", "DC-East", D(3), "Pack")], dry_run=True)

    assert imported.is_dry_run
    assert ("CON-3", "DC-East") not in await balances(tx)


async def test_stock_facts_list_warehouses_in_the_order_to_be_asked(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6, ("SPL-1", "DC-West"): 4})
    await commands.reserve(tx, [given.requirement(given.thing(), "SPL-1", 1)])

    facts = await reads.stock_facts(tx, ["SPL-1", "NONE"])

    assert {sku: {w: row["free"] for w, row in by.items()} for sku, by in facts.items()} == {
        "NONE": {},
        "SPL-1": {"DC-East": 5, "DC-West": 4},
    }


async def test_warehouses_are_saved_once_and_listed_by_rank(tx):
    drafts = [WarehouseDraft("W", "West", rank=2), WarehouseDraft("E", "East", "1 Dock Road", rank=1)]

    assert [await commands.save_warehouses(tx, drafts) for _ in range(2)] == [2, 0]
    assert [(row.code, row.address) for row in await reads.warehouses(tx)] == [("E", "1 Dock Road"), ("W", "")]


async def test_the_ledger_cannot_be_rewritten(tx):
    await given.stock(tx, {("SPL-1", "DC-East"): 6})

    with pytest.raises(psycopg.errors.RestrictViolation):
        async with tx.savepoint():
            await tx.execute("UPDATE stock.movement SET quantity = 7")


async def test_eight_connections_never_sell_the_same_unit_twice(database_url, house):
    async with Database(database_url, house, size=8) as database:
        await in_transaction(database, SYSTEM, lambda tx: given.stock(tx, {("A", "E"): 50, ("B", "E"): 50}))

        async def buyer(number: int) -> D:
            got = D(0)
            for turn in range(10):
                thing = given.thing(number=number * 100 + turn)
                skus = ("A", "B") if number % 2 else ("B", "A")
                wanted = [given.requirement(thing, sku, 2, warehouse="E", item=i) for i, sku in enumerate(skus)]
                reserved = await in_transaction(database, SYSTEM, lambda tx, w=wanted: commands.reserve(tx, w))
                got += sum(r.quantity for r in wanted) - sum(s.missing for s in reserved.short)
                if turn % 5 == 4:
                    ids = await in_transaction(
                        database, SYSTEM, lambda tx, t=thing: commands.release(tx, [t], reason="changed their mind")
                    )
                    got -= 2 * len(ids)
            return got

        sold = sum(await asyncio.gather(*(buyer(number) for number in range(8))))

        async def look(tx):
            await assert_sound(tx)
            return await balances(tx)

        after = await in_transaction(database, SYSTEM, look)
        assert sum(reserved for _, reserved in after.values()) == sold
        assert all(reserved <= on_hand for on_hand, reserved in after.values())
        assert sold <= 100
