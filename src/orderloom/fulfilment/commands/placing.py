"""From a draft to a running plan, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from orderloom.assets.commands import create_for_order
from orderloom.assets.reads import find_installed
from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.billing.commands import arm_triggers
from orderloom.catalog.reads import effective_offers, load_catalogues
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment import store
from orderloom.fulfilment.compile import sold
from orderloom.fulfilment.events import OrderPlanned
from orderloom.fulfilment.facts import plain_facts
from orderloom.fulfilment.jeopardy import next_change
from orderloom.fulfilment.planning import Planned, find_things, plan_kept, plan_sold
from orderloom.fulfilment.reads import plan_heads
from orderloom.fulfilment.rows import NewPlan
from orderloom.fulfilment.schedule import Schedule, schedule
from orderloom.fulfilment.simulate import Simulation, Stock, choose_catalogue, simulate
from orderloom.fulfilment.types import Facts, Installed, Plan
from orderloom.orders.commands import keep_orders, place_holds
from orderloom.orders.commands import submit_orders as commit_orders
from orderloom.orders.fresh import Kept
from orderloom.orders.order import HoldDraft
from orderloom.orders.types import OrderDraft
from orderloom.parties.reads import resolve_customers
from orderloom.processes.commands import start_processes
from orderloom.stock.reads import stock_facts

ORDERS_A_PART = 50


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of a draft: the order, and its plan's first promise unless it is a draft or on hold."""

    id: int
    number: str
    state: str
    process_id: int | None = None
    promised_at: datetime | None = None
    hold: str | None = None
    warnings: tuple[Problem, ...] = ()


async def place_orders(tx: Tx, drafts: Sequence[OrderDraft], *, submit: bool = True) -> list[PlacedOrder]:
    """Write orders down, commit the customers to them and start their plans, all or nothing.

    With `submit=False` they stay drafts. An order that no rule covers, or that cannot be planned, is
    kept on hold with the reason. Returns what became of each draft, in order.
    """
    kept = await keep_orders(tx, drafts, submit=submit)
    captured = [one.captured for one in kept]
    if not submit:
        return [PlacedOrder(one.id, one.number, one.state, warnings=one.warnings) for one in captured]
    plans = await _plan_kept(tx, kept)
    return [
        PlacedOrder(
            one.id,
            one.number,
            one.state,
            process_id=plans[one.id].process_id,
            promised_at=plans[one.id].promised_at,
            hold=plans[one.id].hold,
            warnings=one.warnings,
        )
        for one in captured
    ]


async def _plan_kept(tx: Tx, kept: Sequence[Kept]) -> dict[int, Started]:
    """Plan and start orders part by part: while the database writes one part, the next is being planned."""
    orders = [sold(one.stored) for one in kept]
    catalogues = {one.stored.catalogue_version_id: one.catalogue for one in kept}
    installed = await find_things(tx, orders, catalogues)
    started: dict[int, Started] = {}
    async with AsyncExitStack() as writing:
        for first in range(0, len(orders), ORDERS_A_PART):
            planned = plan_sold(orders[first : first + ORDERS_A_PART], catalogues, installed)
            await writing.aclose()
            started |= await _carry_out(tx, planned, writing)
    return started


async def submit_orders(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Commit the customers to drafts and start their plans; return those that were still drafts."""
    submitted = await commit_orders(tx, order_ids)
    await plan_orders(tx, submitted)
    return submitted


@dataclass(frozen=True, slots=True)
class Started:
    """A plan that runs, or the hold that keeps it from running."""

    process_id: int | None
    promised_at: datetime | None
    hold: str | None = None


async def plan_orders(tx: Tx, order_ids: Sequence[int]) -> dict[int, Started]:
    """Plan submitted orders that have no plan yet and start what can be done; by order id.

    Planning an order again changes nothing. What cannot be planned is put on hold with the reason.
    """
    known = await plan_heads(tx, order_ids)
    started = {id_: Started(head.process_id, head.promised_at) for id_, head in known.items()}
    planned = await plan_kept(tx, [id_ for id_ in order_ids if id_ not in known])
    async with AsyncExitStack() as writing:
        return started | await _carry_out(tx, planned, writing)


async def _carry_out(tx: Tx, planned: Sequence[Planned], writing: AsyncExitStack) -> dict[int, Started]:
    held = await _hold(tx, [one for one in planned if one.obstacle is not None])
    return held | await _start(tx, [one for one in planned if one.obstacle is None], writing)


async def _hold(tx: Tx, planned: Sequence[Planned]) -> dict[int, Started]:
    if not planned:
        return {}
    drafts = []
    for one in planned:
        assert one.obstacle is not None
        code, reason = one.obstacle
        drafts.append(HoldDraft(order_id=one.sold.order.id, code=code, reason=reason[:500]))
    await place_holds(tx, drafts)
    return {draft.order_id: Started(None, None, hold=draft.reason) for draft in drafts}


async def _start(tx: Tx, planned: Sequence[Planned], writing: AsyncExitStack) -> dict[int, Started]:
    """Start the processes and write the plans; the last rows are on their way until `writing` is closed."""
    if not planned:
        return {}
    ready = [(one, one.plan) for one in planned if one.plan is not None]
    process_ids = await start_processes(tx, [compiling.process_draft(one.sold, plan) for one, plan in ready])
    heads = []
    things = []
    steps = []
    for (one, plan), process_id in zip(ready, process_ids, strict=True):
        forecast = schedule(plan.shape, born_skipped(plan))
        heads.append(_head(tx, one, plan, forecast, process_id))
        things += compiling.things_of(one.sold, plan)
        steps += compiling.steps_of(
            one.sold, plan, forecast, process_id=process_id, start=tx.now, numbers=plan.numbers()
        )
    await writing.enter_async_context(tx.pipeline())
    await create_for_order(tx, [draft for one, _ in ready for draft in compiling.asset_drafts(one.sold)])
    await arm_triggers(tx, [draft for one, plan in ready for draft in compiling.trigger_drafts(one.sold, plan)])
    await store.insert_plans(tx, heads, things, steps)
    tx.emit(
        OrderPlanned(one.sold.subject, head.process_id, len(plan.steps), len(plan.things), head.promised_at)
        for (one, plan), head in zip(ready, heads, strict=True)
    )
    return {head.order_id: Started(head.process_id, head.promised_at) for head in heads}


def born_skipped(plan: Plan) -> frozenset[int]:
    """The steps whose condition is known to be false already."""
    return frozenset(number for number, step in enumerate(plan.steps) if step.is_born_skipped)


def _head(tx: Tx, one: Planned, plan: Plan, forecast: Schedule, process_id: int) -> NewPlan:
    wished = one.sold.order.promised_on
    promised = datetime.combine(wished, time(23, 59), tx.now.tzinfo) if wished else forecast.promised_at(tx.now)
    expected = tx.now + timedelta(seconds=forecast.expected)
    covered = {line for thing in plan.things for line in thing.sources}
    return NewPlan(
        order_id=one.sold.order.id,
        process_id=process_id,
        catalogue_version_id=one.sold.order.catalogue_version_id,
        facts=plain_facts(one.facts),
        nothing_to_do=[item.id for item in one.sold.order.items if item.line not in covered],
        critical_path=list(forecast.critical_path),
        optimistic_seconds=forecast.optimistic,
        typical_seconds=forecast.typical,
        pessimistic_seconds=forecast.pessimistic,
        forecast_at=expected,
        promised_at=promised,
        projected_at=expected,
        look_again_at=next_change(forecast=expected, promised=promised, projected=expected, now=tx.now),
    )


async def simulate_order(tx: Tx, draft: OrderDraft) -> Simulation:
    """Plan a draft as if it were placed now, with the stock that is free and what the customer has; writes nothing."""
    offers = await effective_offers(tx, [item.product for item in draft.items], at=tx.now)
    versions = sorted({offer.version_id for found in offers.values() for offer in found})
    catalogues = await load_catalogues(tx, versions)
    catalogue = choose_catalogue(list(catalogues.values()), draft, draft.catalogue)
    customers = await resolve_customers(tx, [draft.customer])
    facts = Facts()
    if draft.customer in customers:
        rows = await find_installed(tx, [customers[draft.customer].account_id])
        facts = Facts(installed=tuple(Installed(row.spec, row.place or None, row.key) for row in rows))
    skus = sorted({product.sku or product.code for product in catalogue.products.values()})
    levels = await stock_facts(tx, skus)
    free = {sku: {warehouse: row["free"] for warehouse, row in rows.items()} for sku, rows in levels.items()}
    warehouses = tuple(dict.fromkeys(warehouse for rows in levels.values() for warehouse in rows))
    return simulate(catalogue, draft, facts, Stock(warehouses, free))
