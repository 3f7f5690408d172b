"""Goods that come in go to the steps that stand in fallout for want of them."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx
from orderloom.fulfilment import store
from orderloom.fulfilment.effects import requirements
from orderloom.fulfilment.planning import plan_again
from orderloom.fulfilment.reads import claimed_quantities, contexts, short_steps
from orderloom.fulfilment.simulate import open_demands
from orderloom.fulfilment.supply import ShortStep, share_supply
from orderloom.processes.commands import retry_steps
from orderloom.processes.types import StepId
from orderloom.stock.commands import reserve
from orderloom.stock.reads import free_quantities

SOURCE = "stock.source"


async def supply_short_steps(
    tx: Tx, *, skus: Sequence[str] | None = None, process_ids: Sequence[int] | None = None
) -> list[StepId]:
    """Give what is free to steps that failed for want of it, and try those that have all they need again.

    Urgent orders before standard before bulk, the oldest first; one share-out at a time. Held steps get
    nothing. Looks at what these SKUs, or these processes, lack; returns the steps that go on.
    """
    await store.lock_supply(tx)
    ids = await short_steps(tx, skus=skus, process_ids=process_ids)
    if not ids:
        return []
    abouts = {about.id: about for about in await contexts(tx, ids)}
    sourcing = [abouts[id_].order_id for id_ in ids if abouts[id_].kind == SOURCE]
    plans = {order_id: one.plan for order_id, one in (await plan_again(tx, sourcing)).items()} if sourcing else {}
    waiting = []
    for id_ in ids:
        about = abouts[id_]
        plan = plans.get(about.order_id) if about.kind == SOURCE else None
        demands = tuple(open_demands(plan, "warehouse")) if plan is not None else ()
        waiting.append(ShortStep(id_, () if about.kind == SOURCE else tuple(requirements(about)), demands))
    goods = {each.sku for step in waiting for each in step.needs} | {d.goods for s in waiting for d in s.demands}
    claimed = await claimed_quantities(tx, [thing for about in abouts.values() if (thing := about.item_id) is not None])
    supply = share_supply(waiting, claimed, await free_quantities(tx, sorted(goods)))
    if supply.satisfied:
        await retry_steps(tx, supply.satisfied, reason="The goods have come in.")
    if supply.claims:
        await reserve(tx, supply.claims)
    return list(supply.satisfied)
