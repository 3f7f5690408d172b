"""Billing what no step of the plan bills; what cannot be invoiced waits on hold, with its reason, until it can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from orderloom.base.transaction import Tx
from orderloom.billing.commands import issue_what_is_taxed, release_triggers
from orderloom.fulfilment.billing_reads import (
    billable_triggers,
    billing_steps_taxed_now,
    open_orders,
    orders_taxed_now,
    standing_holds,
)
from orderloom.fulfilment.charging import mark_passed_gates, release_complete_kits, switch_charges
from orderloom.fulfilment.commands.holding import hold_orders, release_holds
from orderloom.orders.order import HoldDraft
from orderloom.processes.commands import retry_steps

TAX: Final = "tax"
KNOWN_NOW: Final = "the tax rate is known now"


async def bill_without_a_step(tx: Tx, order_ids: Sequence[int]) -> None:
    """Release and invoice what waits for no billing step: charges with gates of their own, and complete kits."""
    await mark_passed_gates(tx, order_ids)
    ready = await billable_triggers(tx, order_ids, without_a_step=True)
    if ready:
        await switch_charges(tx, await release_triggers(tx, ready))
    await release_complete_kits(tx, order_ids)
    await invoice_or_hold(tx, order_ids)


async def bill_the_rest(tx: Tx, order_ids: Sequence[int]) -> None:
    """Release and invoice whatever is ready in orders whose plan is carried out."""
    await mark_passed_gates(tx, order_ids)
    await switch_charges(tx, await release_triggers(tx, await billable_triggers(tx, order_ids)))
    await release_complete_kits(tx, order_ids)
    await invoice_or_hold(tx, order_ids)


async def invoice_or_hold(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Invoice what is charged of orders; one whose tax rate is missing is put on hold for billing, with the reason.

    An order that has ended takes no hold: what it owes waits in the list of what is not invoiced. Once the rate
    is there the hold is lifted. Returns the new invoices.
    """
    issued = await issue_what_is_taxed(tx, order_ids)
    reasons = {one.order_id: one.problem for one in reversed(issued.untaxed)}
    open_ids = await open_orders(tx, list(reasons))
    await hold_orders(tx, [HoldDraft(order_id, TAX, reasons[order_id][:200]) for order_id in open_ids])
    return list(issued.invoice_ids)


async def bill_what_is_taxed_now(tx: Tx) -> int:
    """Invoice what could not be for want of a tax rate that is there now, lift its hold, try its billing step again.

    At most a batch; return how many orders and steps went on. Whoever adds the rate need do nothing else.
    """
    orders = await orders_taxed_now(tx)
    await release_holds(tx, await standing_holds(tx, orders, TAX), reason=KNOWN_NOW)
    await invoice_or_hold(tx, orders)
    steps = await billing_steps_taxed_now(tx)
    await retry_steps(tx, steps, reason=KNOWN_NOW)
    return len(orders) + len(steps)
