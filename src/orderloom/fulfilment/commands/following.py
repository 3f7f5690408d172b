"""Keeping up with the steps: states of items and orders, projected ends, jeopardy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from orderloom.assets.commands import abort, activate, cancel, start
from orderloom.assets.reads import by_order_item
from orderloom.base.transaction import Tx
from orderloom.fulfilment import store
from orderloom.fulfilment.charging import mark_passed_gates
from orderloom.fulfilment.commands.altering import follow_altered
from orderloom.fulfilment.commands.cancelling import finish_cancellations
from orderloom.fulfilment.events import JeopardyChanged
from orderloom.fulfilment.jeopardy import ENDED, in_order, jeopardy, next_change, project
from orderloom.fulfilment.projecting import progress_of
from orderloom.fulfilment.reads import (
    OrderStanding,
    PlanHead,
    StepStanding,
    order_standings,
    orders_to_look_at,
    plan_heads,
    standings,
)
from orderloom.fulfilment.rows import Forecast
from orderloom.fulfilment.standing import rolled_up
from orderloom.orders.commands import record_states
from orderloom.orders.order import ItemResult
from orderloom.orders.states import TERMINAL
from orderloom.processes.reads import shapes_of
from orderloom.processes.shape import Shape as Graph

Heads = Mapping[int, PlanHead]
Standings = Mapping[int, Sequence[StepStanding]]

LOOKED_AT_ONCE = 100
LATE_AGAIN = timedelta(hours=6)
"""How often the end of an order that is late already is projected anew while nothing moves."""


async def roll_up_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Write what became of items and orders, and let the installed base follow. Idempotent."""
    orders = await order_standings(tx, order_ids)
    await _roll_up(tx, orders, await plan_heads(tx, order_ids), await standings(tx, order_ids))


async def _roll_up(tx: Tx, orders: Sequence[OrderStanding], heads: Heads, steps: Standings) -> None:
    open_orders = [order for order in orders if order.state not in TERMINAL | {"draft"}]
    items: list[ItemResult] = []
    results = []
    for order in open_orders:
        if order.id in heads:
            nothing = frozenset(heads[order.id].nothing_to_do)
            parts, whole = rolled_up(order, steps.get(order.id, ()), nothing)
            items += parts
            results.append(whole)
    await record_states(tx, items=items, orders=results)
    await _follow_assets(tx, open_orders, items)


async def _follow_assets(tx: Tx, orders: Sequence[OrderStanding], items: Sequence[ItemResult]) -> None:
    """Installed products are pending from the first step on, live when complete, and end with their items."""
    before = {item.id: item.state for order in orders for item in order.items}
    moved = [item for item in items if before[item.item_id] != item.state]
    if not moved:
        return
    acting = {item.id for order in orders for item in order.items if item.acts}
    if altered := [item for item in moved if item.item_id in acting]:
        await follow_altered(tx, altered)
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
    orders = await order_standings(tx, order_ids)
    await _forecast(tx, orders, await plan_heads(tx, order_ids), await standings(tx, order_ids))


async def _forecast(tx: Tx, orders: Sequence[OrderStanding], heads: Heads, steps: Standings) -> None:
    subjects = {order.id: order.subject for order in orders if order.id in heads}
    shapes = await shapes_of(tx, [heads[order_id].process_id for order_id in subjects])
    forecasts = [
        _forecast_of(heads[order_id], shapes[heads[order_id].process_id], steps[order_id], now=tx.now)
        for order_id in subjects
    ]
    for order_id, before, after in await store.record_forecasts(tx, forecasts):
        tx.emit(JeopardyChanged(subjects[order_id], before, after))


def _forecast_of(head: PlanHead, graph: Graph, steps: Sequence[StepStanding], *, now: datetime) -> Forecast:
    shape, numbers = in_order(graph)
    progress = progress_of(numbers, steps)
    projection = project(shape, progress, start=head.planned_at, now=now)
    spare = {"forecast": head.forecast_at, "promised": head.promised_at, "projected": projection.finish}
    is_over = all(p.state in ENDED for p in progress)
    return Forecast(
        order_id=head.order_id,
        projected_at=projection.finish,
        jeopardy="none" if is_over else jeopardy(**spare),
        look_again_at=None if is_over else next_change(**spare, now=now) or now + LATE_AGAIN,
    )


async def keep_up_orders(tx: Tx, order_ids: Sequence[int]) -> None:
    """Tell billing which gates are open, end what is taken back, roll up the states, look at the dates again."""
    await store.overtake_evidence(tx, order_ids)
    await mark_passed_gates(tx, order_ids)
    await finish_cancellations(tx, order_ids)
    orders = await order_standings(tx, order_ids)
    heads = await plan_heads(tx, order_ids)
    steps = await standings(tx, order_ids)
    await _roll_up(tx, orders, heads, steps)
    await _forecast(tx, orders, heads, steps)


async def watch_forecasts(tx: Tx) -> int:
    """Look again at orders whose jeopardy would change by now if nothing moved; return how many."""
    due = await orders_to_look_at(tx, limit=LOOKED_AT_ONCE)
    if due:
        await forecast_orders(tx, due)
    return len(due)
