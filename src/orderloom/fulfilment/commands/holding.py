"""Holds: a stop on an order or item suspends its steps in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx
from orderloom.fulfilment.reads import Holding, failed_steps, holdings
from orderloom.orders.commands import follow_catalogues, place_holds
from orderloom.orders.commands import release_holds as lift_holds
from orderloom.orders.order import Hold, HoldDraft
from orderloom.processes.commands import retry_steps, set_held


async def hold_orders(tx: Tx, drafts: Sequence[HoldDraft]) -> list[Hold]:
    """Put stops on orders or items and suspend what they block; return those that did not stand already."""
    placed = await place_holds(tx, drafts)
    await sync_holds(tx, [hold.order_id for hold in placed])
    return placed


async def release_holds(tx: Tx, hold_ids: Sequence[int], *, reason: str) -> list[Hold]:
    """Lift stops and let go on what no other stop blocks; return those that still stood.

    An order that was held because it could not be planned is planned again, by the catalogue as it
    is now.
    """
    released = await lift_holds(tx, hold_ids, reason=reason)
    order_ids = [hold.order_id for hold in released]
    again = [hold.order_id for hold in released if hold.code in ("uncovered", "unplanned")]
    if again:
        from orderloom.fulfilment.commands.placing import plan_orders

        await follow_catalogues(tx, again)
        await plan_orders(tx, again)
    await sync_holds(tx, order_ids)
    await _check_credit_again(tx, released)
    return released


async def _check_credit_again(tx: Tx, released: Sequence[Hold]) -> None:
    """A released credit hold excuses the order, which the check that placed it has to see."""
    orders = [hold.order_id for hold in released if hold.code == "credit"]
    steps = await failed_steps(tx, orders, "orders.credit_check") if orders else []
    if steps:
        await retry_steps(tx, steps, reason="the credit hold was released")


async def sync_holds(tx: Tx, order_ids: Sequence[int]) -> None:
    """Make the suspended steps of orders what their holds say they should be."""
    for process_id, rows in (await holdings(tx, order_ids)).items():
        wanted = [row for row in rows if row.reason is not None and not row.is_held]
        freed = [row for row in rows if row.reason is None and row.is_held]
        for reason in dict.fromkeys(row.reason for row in wanted):
            await set_held(tx, process_id, _numbers(wanted, reason), held=True, reason=reason)
        if freed:
            await set_held(tx, process_id, [row.number for row in freed], held=False)


def _numbers(rows: Sequence[Holding], reason: str | None) -> list[int]:
    return [row.number for row in rows if row.reason == reason]
