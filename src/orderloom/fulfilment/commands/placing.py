"""From a draft to a running plan, in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime

from orderloom.assets.commands import create_for_order, join_realizations
from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.billing.commands import arm_triggers
from orderloom.catalog.reads import effective_offers, load_catalogues
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment import store
from orderloom.fulfilment.commands.approving import ask_approval
from orderloom.fulfilment.commands.holding import sync_holds
from orderloom.fulfilment.compile import Sold, sold
from orderloom.fulfilment.events import OrderPlanned
from orderloom.fulfilment.planning import Planned, find_things, installed_of, plan_kept, plan_sold
from orderloom.fulfilment.prepare import PlanRows, Prepared, prepare
from orderloom.fulfilment.reads import plan_heads
from orderloom.fulfilment.simulate import Simulation, Stock, choose_catalogue, simulate
from orderloom.fulfilment.types import Facts, Installed
from orderloom.orders.commands import keep_orders, place_holds
from orderloom.orders.commands import submit_orders as commit_orders
from orderloom.orders.compose import Agreed
from orderloom.orders.fresh import Kept
from orderloom.orders.order import FirstOrder, HoldDraft
from orderloom.orders.reads import active_holds
from orderloom.orders.types import OrderDraft
from orderloom.parties.reads import resolve_customers
from orderloom.processes.commands import draw_process_ids, start_processes
from orderloom.stock.reads import stock_facts

ORDERS_A_PART = 50


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of a draft: the order, and its plan's first promise unless it is a draft or on hold.

    `existing`: the same draft has made this order before, and nothing was done now.
    """

    id: int
    number: str
    state: str
    process_id: int | None = None
    promised_at: datetime | None = None
    hold: str | None = None
    warnings: tuple[Problem, ...] = ()
    existing: bool = False


async def place_orders(
    tx: Tx, drafts: Sequence[OrderDraft], *, submit: bool = True, agreed: Sequence[Agreed] = ()
) -> list[PlacedOrder]:
    """Write orders down, commit the customers to them and start their plans, all or nothing.

    With `submit=False` they stay drafts. An order that no rule covers, or that cannot be planned, is
    kept on hold with the reason. A draft that has made an order before, under the same external id, is
    that order. Prices that are `agreed`, by line for each draft, stand as they are. Returns what became of each
    draft, in order.
    """
    kept = await keep_orders(tx, drafts, submit=submit, agreed=agreed)
    if not submit:
        return await conclude(tx, kept, {})
    plans = await plans_for(tx, kept)
    if plans.count <= ORDERS_A_PART:
        return await conclude(tx, kept, await _carry_out(tx, plans.part(0)))
    planner = ThreadPoolExecutor(max_workers=1)
    try:
        return await conclude(tx, kept, await carry_out_parts(tx, plans.begin(planner)))
    finally:
        planner.shutdown(wait=False, cancel_futures=True)


async def conclude(tx: Tx, kept: Sequence[Kept | FirstOrder], started: Mapping[int, Started]) -> list[PlacedOrder]:
    """What plans that were just started ask of others, and what became of each order."""
    waiting = {
        order_id: replace(started[order_id], hold=reason)
        for order_id, reason in (await ask_approval(tx, list(started))).items()
    }
    if in_need := [one.captured.id for one in kept if isinstance(one, Kept) and one.waits_for_rights and started]:
        await sync_holds(tx, in_need)
    firsts = [one.id for one in kept if isinstance(one, FirstOrder)]
    known = await _as_they_stand(tx, firsts) if firsts else {}
    return [_placed(one, {**started, **waiting, **known}) for one in kept]


async def _as_they_stand(tx: Tx, order_ids: Sequence[int]) -> dict[int, Started]:
    """The plans that run already, and the holds on orders."""
    heads = await plan_heads(tx, order_ids)
    holds = {hold.order_id: hold.reason for hold in reversed(await active_holds(tx, order_ids))}
    return {
        order_id: Started(
            heads[order_id].process_id if order_id in heads else None,
            heads[order_id].promised_at if order_id in heads else None,
            hold=holds.get(order_id),
        )
        for order_id in order_ids
    }


def _placed(one: Kept | FirstOrder, plans: Mapping[int, Started]) -> PlacedOrder:
    order = one.captured if isinstance(one, Kept) else one
    plan = plans.get(order.id, NOT_STARTED)
    return PlacedOrder(
        order.id,
        order.number,
        order.state,
        process_id=plan.process_id,
        promised_at=plan.promised_at,
        hold=plan.hold,
        warnings=one.captured.warnings if isinstance(one, Kept) else (),
        existing=isinstance(one, FirstOrder),
    )


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans to be made, part by part and without the database, so that it can write one part while the next is made."""

    orders: Sequence[Sold]
    catalogues: Mapping[int, Catalogue]
    installed: Mapping[int, tuple[Installed, ...]]
    process_ids: Sequence[int]
    now: datetime

    @property
    def count(self) -> int:
        """How many."""
        return len(self.orders)

    def part(self, first: int) -> Sequence[Prepared]:
        """Make the plans of one part."""
        part = slice(first, first + ORDERS_A_PART)
        planned = plan_sold(self.orders[part], self.catalogues, self.installed)
        return prepare(planned, self.process_ids[part], now=self.now)

    def begin(self, planner: ThreadPoolExecutor) -> list[Future[Sequence[Prepared]]]:
        """Have all parts made in another thread."""
        return [planner.submit(self.part, first) for first in range(0, self.count, ORDERS_A_PART)]


async def plans_for(tx: Tx, kept: Sequence[Kept | FirstOrder]) -> Plans:
    """What it takes to plan the orders that were just written."""
    fresh = [one for one in kept if isinstance(one, Kept)]
    orders = [sold(one.stored) for one in fresh]
    catalogues = {one.stored.catalogue_version_id: one.catalogue for one in fresh}
    installed = await find_things(tx, orders, catalogues) if orders else {}
    return Plans(orders, catalogues, installed, await draw_process_ids(tx, len(orders)) if orders else [], tx.now)


async def carry_out_parts(tx: Tx, parts: Sequence[Future[Sequence[Prepared]]]) -> dict[int, Started]:
    """Start the plans of each part once they are made."""
    started: dict[int, Started] = {}
    for part in parts:
        started |= await _carry_out(tx, await asyncio.wrap_future(part))
    return started


async def submit_orders(tx: Tx, order_ids: Sequence[int]) -> list[int]:
    """Commit the customers to drafts and start their plans; return those that were still drafts."""
    submitted = await commit_orders(tx, order_ids)
    await plan_orders(tx, submitted)
    await ask_approval(tx, submitted)
    return submitted


@dataclass(frozen=True, slots=True)
class Started:
    """A plan that runs, or the hold that keeps it from running."""

    process_id: int | None
    promised_at: datetime | None
    hold: str | None = None


NOT_STARTED = Started(None, None)


async def plan_orders(tx: Tx, order_ids: Sequence[int]) -> dict[int, Started]:
    """Plan submitted orders that have no plan yet and start what can be done; by order id.

    Planning an order again changes nothing. What cannot be planned is put on hold with the reason.
    """
    known = await plan_heads(tx, order_ids)
    started = {id_: Started(head.process_id, head.promised_at) for id_, head in known.items()}
    planned = await plan_kept(tx, [id_ for id_ in order_ids if id_ not in known])
    process_ids = await draw_process_ids(tx, len(planned))
    return started | await _carry_out(tx, prepare(planned, process_ids, now=tx.now))


async def _carry_out(tx: Tx, prepared: Sequence[Prepared]) -> dict[int, Started]:
    held = await _hold(tx, [one.planned for one in prepared if one.rows is None])
    return held | await _start(tx, [one.rows for one in prepared if one.rows is not None])


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


async def _start(tx: Tx, starting: Sequence[PlanRows]) -> dict[int, Started]:
    if not starting:
        return {}
    async with tx.pipeline():  # what reads comes first and last, so that nothing waits for the writing between
        await create_for_order(tx, [draft for rows in starting for draft in rows.assets])
        await start_processes(tx, [rows.process for rows in starting], ids=[rows.head.process_id for rows in starting])
        await store.insert_plans(
            tx,
            [rows.head for rows in starting],
            [thing for rows in starting for thing in rows.things],
            [step for rows in starting for step in rows.steps],
        )
        await arm_triggers(tx, [draft for rows in starting for draft in rows.triggers])
    if users := [user for rows in starting for user in rows.users]:
        await join_realizations(tx, users)
    tx.emit(
        OrderPlanned(rows.subject, rows.head.process_id, len(rows.steps), len(rows.things), rows.head.promised_at)
        for rows in starting
    )
    return {rows.head.order_id: Started(rows.head.process_id, rows.head.promised_at) for rows in starting}


async def simulate_order(tx: Tx, draft: OrderDraft) -> Simulation:
    """Plan a draft as if it were placed now, with the stock that is free and what the customer has; writes nothing."""
    offers = await effective_offers(tx, [item.product for item in draft.items], at=tx.now)
    versions = sorted({offer.version_id for found in offers.values() for offer in found})
    catalogues = await load_catalogues(tx, versions)
    catalogue = choose_catalogue(list(catalogues.values()), draft, draft.catalogue)
    customers = await resolve_customers(tx, [draft.customer])
    facts = Facts()
    if draft.customer in customers:
        account_id = customers[draft.customer].account_id
        found = await installed_of(tx, {account_id: (catalogue, draft.items)}, with_lock=False)
        facts = Facts(installed=found.get(account_id, ()))
    skus = sorted({product.sku or product.code for product in catalogue.products.values()})
    levels = await stock_facts(tx, skus)
    free = {sku: {warehouse: row["free"] for warehouse, row in rows.items()} for sku, rows in levels.items()}
    warehouses = tuple(dict.fromkeys(warehouse for rows in levels.values() for warehouse in rows))
    return simulate(catalogue, draft, facts, Stock(warehouses, free))
