"""What a change would make of an order and its plan: everything that a preview shows and an application writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.billing.commands import lock_triggers
from orderloom.billing.reads import TriggerRow, taxed_as, triggers_of_orders
from orderloom.billing.taxing import foreseen
from orderloom.billing.types import TriggerDraft
from orderloom.catalog.reads import load_catalogue, tax_rates
from orderloom.catalog.types import Catalogue
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment.change import Assessment, Refusal, assess, has_begun
from orderloom.fulfilment.change_picture import picture_of, standing_of
from orderloom.fulfilment.compile import Sold, sold
from orderloom.fulfilment.facts import facts_of
from orderloom.fulfilment.foresee import basis_of, dates_of, money_of, step_effects, stock_effects
from orderloom.fulfilment.jeopardy import Progress, project
from orderloom.fulfilment.plan import plan_or_problems
from orderloom.fulfilment.reads import PlanHead, plan_heads
from orderloom.fulfilment.refit import refit
from orderloom.fulfilment.remainder import close_remainders
from orderloom.fulfilment.simulate import open_demands
from orderloom.fulfilment.types import Facts, Plan, Sourced
from orderloom.orders.change import Change, ChangeDraft
from orderloom.orders.commands import revised_order
from orderloom.orders.reads import StoredItem, StoredOrder, stored_orders
from orderloom.orders.revise import PriceMove, Revised
from orderloom.orders.revisions import compare, content_of, plain
from orderloom.orders.states import TERMINAL
from orderloom.processes.reads import ProcessGraph, process_graph
from orderloom.processes.types import State, Step
from orderloom.stock.reads import stock_facts
from orderloom.stock.sourcing import source_lots

ENDED_BADLY = TERMINAL - {"completed"}
"""What is complete may still be changed until it is billed; what has failed or is gone may not."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The plan before and after a change, with the process that carries it out."""

    head: PlanHead
    graph: ProcessGraph
    old: Plan
    new: Plan
    facts: Facts
    found: Assessment
    expected_before: datetime
    expected_after: datetime

    @property
    def new_work(self) -> frozenset[str]:
        """The lines that steps serve which are added, done anew or amended."""
        lines = {line for place in self.found.added for line in self.new.steps[place].lines}
        places = self.new.numbers()
        amended = {line for one in self.found.amended for line in self.new.steps[places[one.key]].lines}
        return frozenset(lines | amended)

    @property
    def promised_after(self) -> datetime:
        """The promise moves with what the customer asks for, never forward."""
        later = self.expected_after - self.expected_before
        return self.head.promised_at + later if later.total_seconds() > 0 else self.head.promised_at


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change laid over an order as it stands now; without `planned` the order has no plan yet."""

    change: Change
    order: StoredOrder
    revised: Revised
    planned: Planned | None
    basis: str
    refusals: tuple[Refusal, ...]
    money_before: Mapping[str, Any]
    money_after: Mapping[str, Any]

    @property
    def fees(self) -> Decimal:
        """What going back over soft points of no return costs."""
        found = self.planned.found.fees if self.planned else ()
        return sum((fee.amount for fee in found), Decimal(0))

    @property
    def needs_acceptance(self) -> bool:
        """Whether a soft point of no return is passed, so that somebody must accept what that costs."""
        return bool(self.planned and self.planned.found.fees)


async def propose(tx: Tx, order_id: int, change: Change) -> Proposal:
    """Lay a change over its order, plan and charges as they are now, all locked until the end; writes nothing.

    Refuses what is wrong with the change itself. What stands in its way on the order's side, such as a
    point of no return, is part of the proposal.
    """
    [order] = await stored_orders(tx, [order_id])
    head = (await plan_heads(tx, [order_id])).get(order_id)
    draft = parse(ChangeDraft, {**change.wishes, "reason": change.reason})
    graph = await process_graph(tx, head.process_id) if head else None
    catalogue = await load_catalogue(tx, order.catalogue_version_id)
    old = _plan(catalogue, sold(order), facts_of(head.facts)) if head else None
    if old is not None and graph is not None:
        draft = close_remainders(draft, order, old, graph)
    revised = await revised_order(tx, order, draft)
    refuse_if_any(revised.problems)
    planned = None
    if head is not None and graph is not None and old is not None:
        planned = await _planned(tx, catalogue, order, revised, head, graph, old)
    await lock_triggers(tx, [order_id])
    triggers = await triggers_of_orders(tx, [order_id])
    before = compiling.trigger_drafts(sold(order), planned.old) if planned else []
    after = compiling.trigger_drafts(sold(revised.order), planned.new) if planned else []
    return Proposal(
        change=change,
        order=order,
        revised=revised,
        planned=planned,
        basis=basis_of(order.revision, graph.steps if graph else ()),
        refusals=(*_line_refusals(order, revised, triggers), *(planned.found.refusals if planned else ())),
        money_before=await _money(tx, before),
        money_after=await _money(tx, after),
    )


def _plan(catalogue: Catalogue, one: Sold, facts: Facts) -> Plan:
    """The plan of an order; what stands in its way is refused, a line that no rule covers too."""
    found = plan_or_problems(catalogue, one.order, facts, check_items=False)
    refuse_if_any([Problem(problem.code, problem.message) for problem in found.problems])
    assert found.plan is not None
    return found.plan


async def _planned(  # noqa: PLR0917 - everything that is known of both sides
    tx: Tx,
    catalogue: Catalogue,
    order: StoredOrder,
    revised: Revised,
    head: PlanHead,
    graph: ProcessGraph,
    old: Plan,
) -> Planned:
    """Plan the changed order with the facts that still hold, until none of them falls any more."""
    one, known = sold(revised.order), facts_of(head.facts)
    firmness = _firmness(old, graph)
    forgotten: frozenset[str] = frozenset()
    while True:
        facts = refit(known, one.order.items, forgotten=forgotten, firmness=firmness, old=old)
        new = _plan(catalogue, one, facts)
        refuse_if_any([Problem(hold.code, hold.message) for hold in new.holds])
        facts, new = await _sourced(tx, catalogue, one, facts, new, graph)
        found = assess(graph, old, new, currency=order.currency)
        if found.forgotten <= forgotten or not any(fact.about in found.forgotten for fact in facts.told):
            break
        forgotten |= found.forgotten
    before = _expected(old, graph.steps, {}, head, tx.now)
    again = {new.steps[place].key for place in found.again}
    after = _expected(new, graph.steps, again, head, tx.now)
    return Planned(head, graph, old, new, facts, found, before, after)


def _firmness(plan: Plan, graph: ProcessGraph) -> dict[str, int]:
    """How many steps of each thing have begun."""
    begun = {step.key for step in graph.steps if has_begun(step)}
    counts: dict[str, int] = {}
    for step in plan.steps:
        if step.thing is not None and step.key in begun:
            key = plan.things[step.thing].key
            counts[key] = counts.get(key, 0) + 1
    return counts


async def _sourced(  # noqa: PLR0917
    tx: Tx, catalogue: Catalogue, one: Sold, facts: Facts, plan: Plan, graph: ProcessGraph
) -> tuple[Facts, Plan]:
    """Where sourcing is over, what the change adds is sourced now; what nobody has waits at the first warehouse."""
    demands = open_demands(plan, "warehouse")
    done = {step.key for step in graph.steps if step.state == State.DONE}
    tellers = {step.key for step in plan.steps if "warehouse" in step.template.yields}
    if not demands or not tellers & done:
        return facts, plan
    levels = await stock_facts(tx, sorted({demand.goods for demand in demands}))
    free = {sku: {warehouse: row["free"] for warehouse, row in rows.items()} for sku, rows in levels.items()}
    warehouses = list(dict.fromkeys(warehouse for rows in levels.values() for warehouse in rows))
    if not warehouses:
        return facts, plan
    missing = {(demand.line, demand.place): demand.quantity for demand in demands}
    parts = []
    for part in source_lots(demands, free, warehouses):
        missing[part.line, part.place] -= part.quantity
        parts.append(Sourced(part.line, part.quantity, part.attributes, part.place))
    parts += [
        Sourced(line, quantity, {"warehouse": warehouses[0]}, place)
        for (line, place), quantity in missing.items()
        if quantity > 0
    ]
    more = replace(facts, sourced=tuple(_together([*facts.sourced, *parts])))
    return more, _plan(catalogue, one, more)


def _together(parts: Sequence[Sourced]) -> list[Sourced]:
    found: dict[tuple[str, str | None, tuple[tuple[str, str], ...]], Sourced] = {}
    for part in parts:
        key = (part.line, part.place, tuple(sorted(part.attributes.items())))
        found[key] = replace(part, quantity=part.quantity + (found[key].quantity if key in found else 0))
    return list(found.values())


def _expected(plan: Plan, steps: Sequence[Step], again: Any, head: PlanHead, now: datetime) -> datetime:
    by_key = {step.key: step for step in steps if step.key not in again}
    progress = [
        Progress(s.state, s.ready_at, s.started_at, s.finished_at, s.not_before) if s else Progress("blocked")
        for s in (by_key.get(step.key) for step in plan.steps)
    ]
    return project(plan.shape, progress, start=head.planned_at, now=now).finish


async def _money(tx: Tx, drafts: Sequence[TriggerDraft]) -> dict[str, Any]:
    """What the charges would come to with tax, each payer as it is taxed."""
    payers = await taxed_as(tx, sorted({draft.billing_account_id for draft in drafts}))
    countries = {draft.tax_country or payers[draft.billing_account_id].country for draft in drafts}
    on = tx.now.date()
    table = await tax_rates(tx, countries, first=on, last=on)
    return money_of(
        charge
        for payer_id, payer in sorted(payers.items())
        for charge in foreseen([draft for draft in drafts if draft.billing_account_id == payer_id], table, payer, on=on)
    )


def _line_refusals(order: StoredOrder, revised: Revised, triggers: Sequence[TriggerRow]) -> list[Refusal]:
    """Lines that have ended, and lines that are billed, are past changing."""
    after = {item.line: item for item in revised.order.items}
    removed = {item.line for item in revised.removed}
    released: dict[int, list[TriggerRow]] = {}
    for row in triggers:
        if row.released > 0 and row.state != "reversed":
            released.setdefault(row.order_item_id, []).append(row)
    refusals = []
    for item in order.items:
        if item.withdrawn_in is not None or (item.line not in removed and item.line not in revised.changed):
            continue
        kept = after.get(item.line) if item.line not in removed else None
        if item.state in ENDED_BADLY and _substance(item) != (_substance(kept) if kept else None):
            message = f"Line {item.line} is {item.state}; order a return or a change of what is installed."
            refusals.append(Refusal("item_ended", message, (item.line,)))
        elif not all(_may_differ(item, kept, row) for row in released.get(item.id, ())):
            message = f"Line {item.line} is billed; order a return or a change of what is installed."
            refusals.append(Refusal("billed", message, (item.line,)))
    return refusals


def _substance(item: StoredItem) -> tuple[object, ...]:
    """What is delivered and paid for; a wished date is not."""
    return (
        item.quantity,
        item.characteristics,
        item.place,
        item.ship_groups,
        item.one_time,
        item.recurring,
        item.billing_account_id,
    )


def _may_differ(item: StoredItem, kept: StoredItem | None, row: TriggerRow) -> bool:
    """What is billed by complete unit may still be cut to no less than was billed; a date may always change."""
    if kept is None:
        return False
    if row.per_unit and kept.quantity >= row.released:
        return (item.one_time, item.billing_account_id) == (kept.one_time, kept.billing_account_id)
    return _substance(item) == _substance(kept)


def effects_of(proposal: Proposal, *, follow_on: Mapping[str, Any] | None) -> dict[str, Any]:
    """The proposal in plain values: what a person sees before anything is applied."""
    planned = proposal.planned
    fees = planned.found.fees if planned else ()
    return {
        "revision": proposal.order.revision + 1,
        "currency": proposal.order.currency,
        "lines": [
            {"line": one.line, "field": one.field, "before": one.before, "after": one.after}
            for one in compare(content_of(proposal.order), content_of(proposal.revised.order))
        ],
        "prices": [_price_effect(move) for move in proposal.revised.moves],
        "needs": [{"right": need.right, "message": need.message} for need in proposal.revised.needs],
        "money": {
            "before": proposal.money_before,
            "after": proposal.money_after,
            "fees": plain(proposal.fees),
        },
        "steps": step_effects(planned.found, planned.graph.steps, planned.new) if planned else [],
        "kept": len(planned.found.kept) if planned else 0,
        "plan": picture_of(planned.found, planned.graph, planned.old, planned.new) if planned else None,
        "standing": standing_of(planned.graph.steps) if planned else {},
        "stock": stock_effects(planned.old, planned.new) if planned else [],
        "dates": dates_of(
            planned.expected_before,
            planned.expected_after,
            promised=planned.head.promised_at,
            promised_after=planned.promised_after,
        )
        if planned
        else {},
        "fees": [{"title": fee.title, "lines": list(fee.lines), "amount": plain(fee.amount)} for fee in fees],
        "refusals": [{"code": one.code, "message": one.message, "lines": list(one.lines)} for one in proposal.refusals],
        "follow_on": dict(follow_on) if follow_on else None,
    }


def _price_effect(move: PriceMove) -> dict[str, Any]:
    return {
        "line": move.line,
        "product": move.product,
        "kind": move.kind,
        "period": move.period,
        "quantity_before": plain(move.quantity_before),
        "quantity_after": plain(move.quantity_after),
        "net_before": plain(move.net_before),
        "net_after": plain(move.net_after),
        "why": list(move.why),
    }
