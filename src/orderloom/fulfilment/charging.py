"""The billing gate: charges are released when every step before them is complete, and invoiced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.billing import reads as billing
from orderloom.billing.commands import (
    alter_recurring,
    issue_invoices,
    mark_gates,
    release_triggers,
    release_units,
)
from orderloom.billing.rules import KitArrival, next_kits
from orderloom.billing.types import GateMark, Released, UnitsComplete
from orderloom.fulfilment.altered import alteration_of
from orderloom.fulfilment.altered_reads import altering_items
from orderloom.fulfilment.billing_reads import billable_triggers, passed_gates, switching_items
from orderloom.fulfilment.planning import Planned, plan_again
from orderloom.stock.reads import delivered_quantities
from orderloom.stock.types import Delivered


async def mark_passed_gates(tx: Tx, order_ids: Sequence[int]) -> None:
    """Tell billing which gates stand open now, by the steps as they are; telling again changes nothing."""
    marks = [
        GateMark(order_id=row.order_id, step=row.step, at=row.at, outcome="skipped" if row.is_skipped else "met")
        for row in await passed_gates(tx, order_ids)
    ]
    if marks:
        await mark_gates(tx, marks)


async def bill_orders(tx: Tx, order_ids: Sequence[int]) -> dict[int, list[str]]:
    """Release what is ready in these orders and not on hold, and invoice it; numbers of the new invoices by order."""
    await mark_passed_gates(tx, order_ids)
    await switch_charges(tx, await release_triggers(tx, await billable_triggers(tx, order_ids)))
    await release_complete_kits(tx, order_ids)
    issued = await issue_invoices(tx, order_ids=order_ids)
    numbers: dict[int, list[str]] = {}
    for row in await billing.invoices(tx, ids=issued) if issued else ():
        if row.order_id is not None:
            numbers.setdefault(row.order_id, []).append(row.number)
    return numbers


async def switch_charges(tx: Tx, released: Released) -> None:
    """A changed or moved product is charged anew from a day on: what was charged for it before ends that day."""
    if not released.subscription_ids:
        return
    days = await switching_items(tx, released.subscription_ids)
    items = await altering_items(tx, list(days)) if days else []
    altered = [alteration for item in items if (alteration := alteration_of(item, at=tx.now, on=days[item.id]))]
    if altered:
        await alter_recurring(tx, altered)


async def release_complete_kits(tx: Tx, order_ids: Sequence[int]) -> bool:
    """Charge for the kits that are complete beyond those charged before; say whether there were any."""
    due = frozenset(await billable_triggers(tx, order_ids, per_unit=True))
    if not due:
        return False
    triggers = [row for row in await billing.triggers_of_orders(tx, order_ids, states=["ready"]) if row.id in due]
    planned = await plan_again(tx, sorted({row.order_id for row in triggers}))
    delivered = await delivered_quantities(tx, list(planned))
    units = []
    for row in triggers:
        per_kit = per_kit_of(planned[row.order_id]).get(row.order_item_id)
        if per_kit is None:
            continue
        found = next_kits(arrivals_of(delivered, per_kit), per_kit, ordered=row.quantity, released=row.released)
        if found is not None:
            units.append(UnitsComplete(row.id, found.complete, found.effective_at))
    if not units:
        return False
    return bool((await release_units(tx, units)).trigger_ids)


def per_kit_of(one: Planned) -> dict[int, dict[int, Decimal]]:
    """The delivered goods of one kit by order item, for each bundle that is counted in kits."""
    if one.plan is None:
        return {}
    ids = {line: item.id for line, item in one.sold.by_line.items()}
    return {ids[kits.line]: {ids[line]: quantity for line, quantity in kits.per_kit.items()} for kits in one.plan.kits}


def arrivals_of(delivered: Mapping[int, Delivered], per_kit: Mapping[int, Decimal]) -> list[KitArrival]:
    """What arrived of the parts of a kit, arrival by arrival."""
    return [
        KitArrival(item_id, arrival.quantity, arrival.at)
        for item_id in per_kit
        if item_id in delivered
        for arrival in delivered[item_id].arrivals
    ]
