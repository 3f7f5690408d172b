"""Decisions about whole orders: not taken at all, or cancelled once somebody has said yes."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import Conflict, Problem
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands.cancelling import carry_out_cancellations, end_assets, take_back
from orderloom.fulfilment.commands.following import roll_up_orders
from orderloom.fulfilment.reads import order_standings
from orderloom.orders import commands as orders


async def request_cancellations(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Ask for cancellations that somebody else decides about; meanwhile the orders are carried on.

    Drafts are gone at once. Asking again changes nothing. Returns the orders whose state moved.
    """
    wanted = await orders.cancel_orders(tx, order_ids, reason=reason)
    return [*wanted.cancelled, *wanted.requested]


async def accept_cancellations(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Grant cancellations that were asked for: from here on as `cancel_orders`, and refused as it is."""
    await _refuse_unless_requested(tx, order_ids)
    await carry_out_cancellations(tx, order_ids, reason=reason)
    return list(order_ids)


async def deny_cancellations(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Say no to cancellations that were asked for: the orders go on from where they stand by now."""
    await _refuse_unless_requested(tx, order_ids)
    denied = await orders.deny_cancellations(tx, order_ids, reason=reason)
    await roll_up_orders(tx, denied)
    return denied


async def _refuse_unless_requested(tx: Tx, order_ids: Sequence[int]) -> None:
    asked = {order.id for order in await order_standings(tx, order_ids) if order.state == "assessing_cancellation"}
    if asked != set(order_ids):
        raise Conflict([Problem("not_requested", "Nobody waits for this decision; load the order again.")])


async def reject_orders(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[int]:
    """Refuse to take these orders, for good, while nothing has begun; return those that were not rejected before."""
    rejected = await orders.reject_orders(tx, order_ids, reason=reason)
    for order_id in rejected:
        await take_back(tx, order_id, reason=reason)
    await end_assets(tx, [item.id for order in await order_standings(tx, rejected) for item in order.items])
    return rejected
