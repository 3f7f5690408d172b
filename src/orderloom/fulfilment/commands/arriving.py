"""What goods that come in mean for the plan: steps for the rest of what came in part, complete kits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.billing.rules import complete_kits
from orderloom.fulfilment import store
from orderloom.fulfilment.charging import per_kit_of
from orderloom.fulfilment.commands.holding import sync_holds
from orderloom.fulfilment.context import StepContext
from orderloom.fulfilment.events import KitsCompleted
from orderloom.fulfilment.kits import kits_without
from orderloom.fulfilment.planning import plan_again
from orderloom.fulfilment.reads import plan_heads
from orderloom.processes.commands import amend_process, set_variables
from orderloom.processes.conditions import holds
from orderloom.processes.reads import ProcessGraph, process_graph
from orderloom.processes.types import Amendment, Edge, NewStep
from orderloom.stock.reads import delivered_quantities, purchase_orders, shipments

NOTICE = "purchase.notify"
ENTITLE = "assets.entitle"
Line = Mapping[str, Any]


async def open_rests(tx: Tx, finished: Sequence[StepContext]) -> None:
    """Where a notice or a delivery was partial, a step of its own opens for what is still to come.

    Whoever needs all of it waits for that step too. Call it when complete kits are counted.
    """
    for about in finished:
        missing = await (_not_notified(tx, about) if about.kind == NOTICE else _not_delivered(tx, about))
        if missing:
            await _open_rest(tx, about, missing)


async def _not_notified(tx: Tx, about: StepContext) -> list[Line]:
    """What the vendor has not sent yet of a purchase order that still stands."""
    rows = await purchase_orders(tx, subject=(about.thing.kind, about.thing.id))
    sent = {line["line"]: Decimal(line["notified"]) for row in rows for line in row.lines}
    return [] if any(row.state in ("closed", "cancelled") for row in rows) else _missing(about, sent)


async def _not_delivered(tx: Tx, about: StepContext) -> list[Line]:
    brought: dict[str, Decimal] = {}
    for shipment in await shipments(tx, subject=(about.thing.kind, about.thing.id), state="delivered"):
        for line in shipment.lines:
            brought[line["line"]] = brought.get(line["line"], Decimal(0)) + Decimal(line["delivered"])
    return _missing(about, brought)


def _missing(about: StepContext, come: Mapping[str, Decimal]) -> list[Line]:
    still = {line["line"]: Decimal(line["quantity"]) - come.get(line["line"], Decimal(0)) for line in about.lines or ()}
    return [
        {**line, "quantity": still[line["line"]]}
        for line in about.lines or ()
        if line["kind"] == "good" and still[line["line"]] > 0
    ]


async def _open_rest(tx: Tx, about: StepContext, missing: Sequence[Line]) -> None:
    graph = await process_graph(tx, about.process_id)
    stem = about.step_key.split(" rest ")[0]
    count = sum(step.key.startswith(f"{stem} rest ") for step in graph.steps)
    plan = (await plan_again(tx, [about.order_id]))[about.order_id].plan
    lacking = {line["line"]: line["quantity"] for line in missing}
    possible = {kits.complete_variable: kits_without(kits, lacking) for kits in (plan.kits if plan else ())}
    goods = ", ".join(f"{line['quantity']:f} {line['sku']}" for line in missing)
    rest = NewStep(
        node=replace(graph.nodes[about.number], yields=()),
        key=f"{stem} rest {count + 1}",
        title=f"{about.title.split(' (rest')[0]} (rest: {goods})",
        partner=about.partner,
        params={"lines": list(missing)},
    )
    edges = (*_into_rest(graph, about), *_out_of_rest(graph, about, possible))
    added = await amend_process(tx, about.process_id, Amendment(steps=(rest,), edges=edges))
    await store.copy_step(tx, about.process_id, about.number, added[0])
    await sync_holds(tx, [about.order_id])


def _into_rest(graph: ProcessGraph, about: StepContext) -> list[Edge]:
    """The rest arrives after the vendor's notice of it, while that is still to come."""
    if about.kind == NOTICE:
        return []
    thing = about.step_key.rsplit("/", 1)[0]
    return [
        Edge(step.number, len(graph.steps))
        for step in graph.steps
        if step.kind == NOTICE and step.is_open and step.key.startswith(f"{thing}/") and " rest " in step.key
    ]


def _out_of_rest(graph: ProcessGraph, about: StepContext, possible: Mapping[str, int]) -> list[Edge]:
    """Whoever cannot do without the rest: milestones of more kits than can be made, the entitlement of each serial."""
    return [
        Edge(len(graph.steps), edge.then, edge.type)
        for edge in graph.edges
        if edge.first == about.number
        and edge.kind == "plan"
        and graph.steps[edge.then].mandatory
        and graph.steps[edge.then].state == "blocked"
        and _needs_rest(graph, edge.then, possible)
    ]


def _needs_rest(graph: ProcessGraph, number: int, possible: Mapping[str, int]) -> bool:
    """`possible` are the kits that can be complete without the rest, by the variable that counts them."""
    node = graph.nodes[number]
    if node.wait_for is None:
        return node.kind == ENTITLE
    return holds(node.wait_for, {**graph.variables, **possible}) is not True


async def count_kits(tx: Tx, order_ids: Sequence[int]) -> None:
    """Tell the processes how many kits are complete now, and charge for those that are billable."""
    planned = await plan_again(tx, order_ids)
    heads = await plan_heads(tx, order_ids)
    delivered = await delivered_quantities(tx, order_ids)
    for order_id, one in planned.items():
        if one.plan is None or not one.plan.kits:
            continue
        per_kit = per_kit_of(one)
        process_id = heads[order_id].process_id
        before = (await process_graph(tx, process_id)).variables
        counts = {}
        for kits in one.plan.kits:
            parts = per_kit[one.sold.by_line[kits.line].id]
            have = {item: delivered[item].quantity for item in parts if item in delivered}
            count = int(min(complete_kits(have, parts), kits.quantity))
            known = int(before.get(kits.complete_variable, 0))
            if count > known:
                counts[kits.complete_variable] = count
                tx.emit(KitsCompleted(one.sold.subject, kits.line, known, count, int(kits.quantity)))
        if counts:
            await set_variables(tx, process_id, counts)
