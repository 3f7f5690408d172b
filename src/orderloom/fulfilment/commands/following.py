"""Keeping up with the steps: states of items and orders, projected ends, jeopardy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from orderloom.assets.commands import abort, activate, cancel, start
from orderloom.assets.reads import by_order_item
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.fulfilment import store
from orderloom.fulfilment.charging import mark_passed_gates
from orderloom.fulfilment.commands.cancelling import finish_cancellations
from orderloom.fulfilment.events import JeopardyChanged
from orderloom.fulfilment.jeopardy import Progress, jeopardy, next_change, project
from orderloom.fulfilment.planning import plan_again
from orderloom.fulfilment.reads import OrderStanding, order_standings, orders_to_look_at, plan_heads, standings
from orderloom.fulfilment.rows import Forecast
from orderloom.fulfilment.standing import rolled_up
from orderloom.orders.commands import record_states
from orderloom.orders.order import ItemResult
from orderloom.orders.states import TERMINAL

LOOKED_AT_ONCE = 100
LATE_AGAIN = timedelta(hours=6)
"""How often the end of an order that is late already is projected anew while nothing moves."""


async def roll_up_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Write what became of items and orders, and let the installed base follow. Idempotent."""
    orders = [order for order in await order_standings(tx, order_ids) if order.state not in TERMINAL | {"draft"}]
    ids = [order.id for order in orders]
    heads = await plan_heads(tx, ids)
    steps = await standings(tx, ids)
    items: list[ItemResult] = []
    results = []
    for order in orders:
        if order.id in heads:
            nothing = frozenset(heads[order.id].nothing_to_do)
            parts, whole = rolled_up(order, steps.get(order.id, ()), nothing)
            items += parts
            results.append(whole)
    await record_states(tx, items=items, orders=results)
    await _follow_assets(tx, orders, items)


async def _follow_assets(tx: Tx, orders: Sequence[OrderStanding], items: Sequence[ItemResult]) -> None:
    """Installed products are pending from the first step on, live when complete, and end with their items."""
    before = {item.id: item.state for order in orders for item in order.items}
    moved = [item for item in items if before[item.item_id] != item.state]
    if not moved:
        return
    assets = await by_order_item(tx, [item.item_id for item in moved])
    by_state: dict[str, list[int]] = {}
    for item in moved:
        if item.item_id in assets:
            by_state.setdefault(item.state, []).append(assets[item.item_id])
    begun = [
        asset
        for state, ids in by_state.items()
        if state in ("in_progress", "pending", "held", "completed")
        for asset in ids
    ]
    if begun:
        await start(tx, begun)
    if done := by_state.get("completed"):
        await activate(tx, dict.fromkeys(done, tx.now))
    if cancelled := by_state.get("cancelled"):
        await cancel(tx, cancelled)
    if failed := by_state.get("failed"):
        await abort(tx, failed)


async def forecast_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Project when orders will end as things stand, and tell whose jeopardy has changed."""
    heads = await plan_heads(tx, order_ids)
    planned = await plan_again(tx, list(heads))
    steps = await standings(tx, list(heads))
    forecasts = []
    subjects: dict[int, Subject] = {}
    for order_id, one in planned.items():
        if one.plan is None:
            continue
        subjects[order_id] = one.sold.subject
        head = heads[order_id]
        by_key = {step.key: step for step in steps[order_id]}
        progress = [
            Progress(s.state, s.ready_at, s.started_at, s.finished_at, s.not_before) if s else Progress("blocked")
            for s in (by_key.get(step.key) for step in one.plan.steps)
        ]
        projection = project(one.plan.shape, progress, start=head.planned_at, now=tx.now)
        spare = {"forecast": head.forecast_at, "promised": head.promised_at, "projected": projection.finish}
        is_over = all(p.state in ("done", "skipped", "cancelled") for p in progress)
        forecasts.append(
            Forecast(
                order_id=order_id,
                projected_at=projection.finish,
                jeopardy="none" if is_over else jeopardy(**spare),
                look_again_at=None if is_over else next_change(**spare, now=tx.now) or tx.now + LATE_AGAIN,
            )
        )
    for order_id, before, after in await store.record_forecasts(tx, forecasts):
        tx.emit(JeopardyChanged(subjects[order_id], before, after))


async def keep_up_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Tell billing which gates are open, end what is taken back, roll up the states, look at the dates again."""
    await store.overtake_evidence(tx, order_ids)
    await mark_passed_gates(tx, order_ids)
    await finish_cancellations(tx, order_ids)
    await roll_up_orders(tx, order_ids)
    await forecast_orders(tx, order_ids)


async def watch_forecasts(tx: Tx) -> int:
    """Look again at orders whose jeopardy would change by now if nothing moved; return how many."""
    due = await orders_to_look_at(tx, limit=LOOKED_AT_ONCE)
    if due:
        await forecast_orders(tx, due)
    return len(due)
