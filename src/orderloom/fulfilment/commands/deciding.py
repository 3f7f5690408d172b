"""Decisions about whole orders: not taken at all, or cancelled once somebody has said yes."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import Conflict, Problem
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands.cancelling import carry_out_cancellations, end_assets, take_back
from orderloom.fulfilment.commands.following import roll_up_orders
from orderloom.fulfilment.reads import order_standings, plan_heads
from orderloom.orders import commands as orders
from orderloom.orders.order import HeaderEdit


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


async def edit_header(tx: Tx, order_id: int, fields: HeaderEdit, *, version: int | None) -> int:
    """Overwrite header fields of an order that is not released to work yet; return the header's new version.

    Refused once a plan carries the order out, which was made with them: that takes a change (409). Refused
    (412) when the header has changed since `version` was read; None stands for any.
    """
    standing = await order_standings(tx, [order_id])
    planned = await plan_heads(tx, [order_id])
    if planned or any(order.state not in ("draft", "submitted", "held") for order in standing):
        message = "The order is released, its plan goes by these fields; propose a change of the order instead."
        raise Conflict([Problem("order_released", message)])
    return await orders.update_header(tx, order_id, fields, version=version)
