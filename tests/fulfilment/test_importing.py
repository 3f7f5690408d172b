"""Many orders in one transaction: batch after batch at once, all of them or none."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_orders import order_stream
from orderloom.cli.demo_world import load_world, stream_customers
from orderloom.cli.verify import check
from orderloom.fulfilment.commands import import_orders, importing, place_orders, placing
from orderloom.orders.types import OrderDraft

ORDERS = 60


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "ORDERS_A_BATCH", 16)
    monkeypatch.setattr(placing, "ORDERS_A_PART", 5)


def drafts() -> list[OrderDraft]:
    """Homes, trade and shops of the demo, no two alike."""
    stream = order_stream(stream_customers(), until=datetime(2026, 11, 1, tzinfo=UTC), count=ORDERS)
    return [wanted.draft for wanted in stream]


async def shapes(tx: Tx) -> list[tuple[Any, ...]]:
    """What each order has become, without ids, numbers and moments."""
    return await tx.all(
        """
        SELECT external_id, sales_order.state, one_time_total, recurring_totals, item_count,
               plan.promised_at - plan.planned_at, plan.critical_path,
               (SELECT array_agg(step.state || ' ' || step.key ORDER BY number)
                  FROM processes.step WHERE step.process_id = plan.process_id),
               (SELECT array_agg(item.key || item.quantity ORDER BY position)
                  FROM fulfilment.item WHERE item.order_id = sales_order.id),
               (SELECT array_agg(type ORDER BY event.id) FROM base.event
                 WHERE subject_kind = 'order' AND subject_id = sales_order.id),
               (SELECT array_agg(line || price_kind || unit_price ORDER BY trigger.id)
                  FROM billing.trigger WHERE trigger.order_id = sales_order.id)
          FROM orders.sales_order
     LEFT JOIN fulfilment.plan ON plan.order_id = sales_order.id
         ORDER BY sales_order.id
        """
    )


async def load(tx: Tx) -> None:
    await load_world(tx, partners_url="http://127.0.0.1:9", master="m")


async def test_orders_in_batches_become_what_they_become_one_by_one(database: Database, tx: Tx):
    await load(tx)
    for draft in drafts():
        await place_orders(tx, [draft])
    await tx.flush_events()

    told: list[int] = []
    async with transaction(database, SYSTEM) as other:
        await load(other)
        placed = await import_orders(other, drafts(), told=told.append)

    async with transaction(database, SYSTEM) as other:
        assert await shapes(other) == await shapes(tx)
        assert [one.number for one in placed] == await other.values("SELECT number FROM orders.sales_order ORDER BY id")
    assert told == [16, 16, 16, 12]
    assert [finding for finding in check(database.url) if finding.broken] == []


async def test_an_import_that_is_sent_again_finds_its_orders(tx: Tx):
    await load(tx)
    first = await import_orders(tx, drafts()[:40])
    again = await import_orders(tx, drafts())

    assert [one.number for one in again[:40]] == [one.number for one in first]
    assert [one.existing for one in again] == [True] * 40 + [False] * 20


async def test_a_refusal_names_the_orders_of_every_batch(tx: Tx):
    await load(tx)
    bad = [replace(draft, customer="nobody") if place in (5, 20, 59) else draft for place, draft in enumerate(drafts())]

    with pytest.raises(Refused) as refused:
        await import_orders(tx, bad)
    assert [problem.pointer for problem in refused.value.problems] == [
        "/orders/5/customer", "/orders/20/customer", "/orders/59/customer",
    ]  # fmt: skip
    with pytest.raises(Refused) as refused:
        await import_orders(tx, bad[20:21])
    assert [problem.pointer for problem in refused.value.problems] == ["/customer"]
    with pytest.raises(Refused) as refused:
        await import_orders(tx, [*bad[6:22], bad[59]])
    assert [problem.pointer for problem in refused.value.problems] == ["/orders/14/customer", "/orders/16/customer"]


async def test_what_fails_while_other_batches_are_under_way_is_told_itself_and_leaves_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    carried_out = 0
    as_ever = importing.carry_out_parts

    async def failing(tx: Tx, parts: Sequence[Any]) -> Any:
        nonlocal carried_out
        carried_out += 1
        if carried_out == 2:
            await tx.execute("SELECT 1 / 0")
        return await as_ever(tx, parts)

    monkeypatch.setattr(importing, "carry_out_parts", failing)
    with pytest.raises(Exception, match="division by zero"):
        async with transaction(database, SYSTEM) as tx:
            await load(tx)
            await import_orders(tx, drafts())

    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM orders.sales_order") == 0
    assert [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ == "_end"] == []  # type: ignore[union-attr]


async def test_an_import_that_is_called_off_stops_what_is_under_way(database: Database):
    async def work() -> None:
        async with transaction(database, SYSTEM) as tx:
            await load(tx)
            await import_orders(tx, drafts(), told=lambda more: importing_task.cancel() and None)

    importing_task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await importing_task

    async with transaction(database, SYSTEM) as tx:
        assert await tx.value("SELECT count(*) FROM orders.sales_order") == 0
