"""The plan follows what is found out: facts, backorders and complete kits, before anything that follows is released."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import Problem, Refused, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Finished
from orderloom.billing.commands import arm_triggers
from orderloom.catalog.reads import load_catalogues
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment import store
from orderloom.fulfilment.change import is_extra
from orderloom.fulfilment.commands.arriving import NOTICE, count_kits, open_rests
from orderloom.fulfilment.commands.holding import sync_holds
from orderloom.fulfilment.difference import Difference, Standing, difference
from orderloom.fulfilment.effects import DELIVERIES, EFFECTS, Outcome
from orderloom.fulfilment.events import FactsTold, PlanChanged
from orderloom.fulfilment.facts import facts_of, plain_facts
from orderloom.fulfilment.installing import record_serials
from orderloom.fulfilment.planning import Planned, joined, plan_again
from orderloom.fulfilment.prepared import prepare
from orderloom.fulfilment.reads import contexts, orders_of_processes, plan_heads
from orderloom.fulfilment.schedule import schedule
from orderloom.fulfilment.types import Dependency, Fact, Facts, Plan, Sourced
from orderloom.processes.commands import amend_process, skip_steps
from orderloom.processes.reads import process_graph
from orderloom.processes.types import Amendment, Edge, Node, Step, StepId


async def absorb(tx: Tx, finished: Sequence[Finished]) -> None:
    """Take what came of finished steps: write it to stock and purchases, and let the plans follow.

    Called by the engine in the transaction of the completion, before any successor is released.
    """
    orders = await orders_of_processes(tx, [step.process_id for step in finished])
    mine = [step for step in finished if step.process_id in orders]
    abouts = {about.id: about for about in await contexts(tx, [StepId(s.process_id, s.number) for s in mine])}
    outcomes: dict[str, list[Outcome]] = {}
    for step in mine:
        about = abouts.get(StepId(step.process_id, step.number))
        if about is not None and step.kind in EFFECTS:
            outcomes.setdefault(step.kind, []).append(Outcome(about, step.outputs, step.is_witnessed))
    for kind, each in outcomes.items():
        await EFFECTS[kind](tx, each)
    await _take_facts(tx, orders, [step for step in mine if step.facts])
    arrived = [one.about for kind in DELIVERIES for one in outcomes.get(kind, ())]
    if arrived:
        order_ids = sorted({about.order_id for about in arrived})
        await record_serials(tx, order_ids)
        await count_kits(tx, order_ids)
    await open_rests(tx, [*arrived, *(one.about for one in outcomes.get(NOTICE, ()))])


async def replan_orders(tx: Tx, more: Mapping[int, Facts], *, reason: str) -> None:
    """Plan orders again with more facts and write the difference: what is new, what is gone, what waits otherwise.

    Kept steps keep state and number. Refused when a step that would be gone has begun.
    """
    planned = await plan_again(tx, list(more), more=more)
    refuse_if_any([problem for one in planned.values() for problem in one.problems])
    for order_id, one in planned.items():
        assert one.plan is not None
        await store.record_facts(tx, order_id, plain_facts(one.facts))
        await _apply(tx, one, one.plan, reason=reason)


async def _keep_facts(tx: Tx, more: Mapping[int, Facts]) -> list[int]:
    """Keep facts that change no structure with the plans; return the orders whose facts call for planning again."""
    heads = await plan_heads(tx, list(more))
    catalogues = await load_catalogues(tx, [head.catalogue_version_id for head in heads.values()])
    again = []
    for order_id, head in heads.items():
        expanding = prepare(catalogues[head.catalogue_version_id]).expanding
        if more[order_id].sourced or any(fact.name in expanding for fact in more[order_id].told):
            again.append(order_id)
        else:
            await store.record_facts(tx, order_id, plain_facts(joined(facts_of(head.facts), more[order_id])))
    return again


async def _take_facts(tx: Tx, orders: Mapping[int, int], telling: Sequence[Finished]) -> None:
    """Keep the facts with the plans, and plan again where they change what must exist."""
    more: dict[int, Facts] = {}
    for step in telling:
        order_id = orders[step.process_id]
        known = more.get(order_id, Facts())
        told = tuple(
            Fact(name, value, about=step.key, source=step.key)
            for name, value in step.facts.items()
            if value is None or isinstance(value, str | bool | int | Decimal)
        )
        more[order_id] = Facts((*known.told, *told), (*known.sourced, *_sourced(step.outputs)))
    if not more:
        return
    again = await _keep_facts(tx, more)
    await replan_orders(tx, {order_id: more[order_id] for order_id in again}, reason="a finished step told something")
    abouts = await contexts(tx, [StepId(step.process_id, step.number) for step in telling])
    by_order = {about.order_id: about.order for about in abouts}
    tx.emit(
        FactsTold(by_order[order_id], {fact.name: fact.value for fact in facts.told})
        for order_id, facts in more.items()
        if order_id in by_order
    )


def _sourced(outputs: Mapping[str, Any]) -> tuple[Sourced, ...]:
    return tuple(
        Sourced(part["line"], Decimal(part["quantity"]), part["attributes"], part.get("place"))
        for part in outputs.get("sourced") or ()
    )


async def _apply(tx: Tx, one: Planned, plan: Plan, *, reason: str) -> None:
    process_id = (await plan_heads(tx, [one.sold.order.id]))[one.sold.order.id].process_id
    graph = await process_graph(tx, process_id)
    standing = [_standing(step, graph.nodes[step.number]) for step in graph.steps if not _is_extra(step)]
    keys = [step.key for step in graph.steps]
    extra = {step.number for step in graph.steps if _is_extra(step)}
    edges = [
        (Dependency(keys[e.first], keys[e.then], e.type, e.lag_seconds), e.kind)
        for e in graph.edges
        if e.first not in extra and e.then not in extra
    ]
    found = difference(standing, edges, plan)
    if found.conflicts:
        raise Refused([_conflict(graph.steps, each.key) for each in found.conflicts])
    await store.upsert_things(tx, compiling.things_of(one.sold, plan))
    if not found.is_empty:
        await _amend(tx, one, plan, found, process_id=process_id, keys=keys)
        await store.withdraw_things_missing(tx, one.sold.order.id, [thing.key for thing in plan.things])
        titles = {step.key: step.title for step in graph.steps}
        tx.emit(
            PlanChanged(
                one.sold.subject,
                reason,
                tuple(plan.steps[number].title for number in found.added),
                tuple(titles[key] for key in found.withdrawn),
            )
        )
    numbers = {key: number for number, key in enumerate(keys)}
    numbers |= {plan.steps[n].key: len(keys) + place for place, n in enumerate(found.added)}
    forecast = schedule(plan.shape, frozenset(n for n, step in enumerate(plan.steps) if step.is_born_skipped))
    await store.insert_steps(
        tx,
        compiling.steps_of(one.sold, plan, forecast, process_id=process_id, start=tx.now, numbers=numbers),
    )
    await arm_triggers(tx, compiling.trigger_drafts(one.sold, plan))
    if found.added:
        await sync_holds(tx, [one.sold.order.id])


async def _amend(tx: Tx, one: Planned, plan: Plan, found: Difference, *, process_id: int, keys: Sequence[str]) -> None:
    numbers = {key: number for number, key in enumerate(keys)}
    numbers |= {plan.steps[n].key: len(keys) + place for place, n in enumerate(found.added)}
    edges = tuple(
        Edge(numbers[edge.first], numbers[edge.then], edge.type, edge.lag_seconds, kind)
        for edge, kind in found.added_edges
    )
    removed = tuple(
        Edge(numbers[edge.first], numbers[edge.then], edge.type, edge.lag_seconds, kind)
        for edge, kind in found.removed_edges
    )
    await amend_process(
        tx,
        process_id,
        Amendment(
            steps=tuple(compiling.added_step(one.sold, plan, number) for number in found.added),
            edges=edges,
            withdraw=tuple(numbers[key] for key in found.withdrawn),
            remove_edges=removed,
            expected={numbers[c.key]: c.expected for c in found.changed if c.expected is not None},
            variables={name: value for name, value in plan.variables.items() if name not in _kit_counts(plan)},
        ),
    )
    skipped = [StepId(process_id, numbers[key]) for key in found.skipped]
    if skipped:
        await skip_steps(tx, skipped, reason="its condition is known to be false", with_right=True)


def _kit_counts(plan: Plan) -> set[str]:
    return {kits.complete_variable for kits in plan.kits}


def _is_extra(step: Step) -> bool:
    return is_extra(step.key)


def _standing(step: Step, node: Node) -> Standing:
    return Standing(
        number=step.number,
        key=step.key,
        state=step.state,
        title=step.title,
        expected=step.expected,
        mode=step.mode,
        has_undo=node.undo is not None,
        point_of_no_return=node.point_of_no_return,
    )


def _conflict(steps: Sequence[Step], key: str) -> Problem:
    title = next(step.title for step in steps if step.key == key)
    return Problem("step_begun", f"“{title}” would be gone, but it has begun; cancel its item or let it finish.")
