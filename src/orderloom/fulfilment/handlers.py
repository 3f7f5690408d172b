"""The kinds of automatic step: what the engine has this program do, and what it has partners asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orderloom.assets.commands import realize, set_characteristics, settle_realizations
from orderloom.assets.reads import by_order_item
from orderloom.assets.types import CharacteristicsChange
from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Call, Done, Failed, NotNow, Outcome, StepHandler, Waiting
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment.callout import correlation_of, operation_of, payload_of
from orderloom.fulfilment.charging import bill_orders
from orderloom.fulfilment.context import StepContext
from orderloom.fulfilment.effects import requirements
from orderloom.fulfilment.planning import plan_again
from orderloom.fulfilment.reads import claimed_quantities, contexts
from orderloom.fulfilment.simulate import open_demands
from orderloom.fulfilment.supply import locate
from orderloom.gateway.commands import enqueue
from orderloom.gateway.types import CallDraft
from orderloom.processes.types import StepId
from orderloom.stock import reads as stock
from orderloom.stock.commands import (
    cancel_purchase_orders,
    open_pick_lists,
    pack,
    put_back,
    release,
    reserve,
    send_purchase_orders,
)
from orderloom.stock.sourcing import Allocation, Demand, source_lots
from orderloom.stock.types import Packing, PurchaseDraft, PurchaseLineDraft, Reserved

CHANGED = "the order was cancelled or changed"
Work = Callable[[Tx, Sequence[StepContext]], Awaitable[dict[StepId, Outcome]]]
Extra = Callable[[Tx, Sequence[StepContext]], Awaitable[dict[int, Mapping[str, Any]]]]


def _handler(work: Work) -> StepHandler:
    """A handler that reads what all its steps are about in one query."""

    async def handle(tx: Tx, calls: Sequence[Call]) -> Sequence[Outcome]:
        abouts = await contexts(tx, [StepId(call.process_id, call.number) for call in calls])
        outcomes = await work(tx, abouts)
        missing = Failed("data", "Nobody knows what this step is for; complete it with evidence or cancel its item.")
        return [outcomes.get(StepId(call.process_id, call.number), missing) for call in calls]

    return handle


async def note(_tx: Tx, calls: Sequence[Call]) -> Sequence[Outcome]:
    """Work that needs nothing but to be noted."""
    return [Done() for _ in calls]


def _partner_call(extra: Extra | None = None, *, before: Work | None = None) -> StepHandler:
    """A call to the partner that the step names; its answer, now or in a message, completes the step.

    `before` prepares on our side; where it does not end well, nothing is asked of the partner.
    """

    async def work(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
        prepared = await before(tx, abouts) if before else {}
        ready = [about for about in abouts if isinstance(prepared.get(about.id, Done()), Done)]
        known = await extra(tx, ready) if extra else {}
        named = [about for about in ready if about.partner]
        await enqueue(tx, [_call(about, known.get(about.thing.id)) for about in named])
        waiting: dict[StepId, Outcome] = {about.id: Waiting(correlation_of(*about.id)) for about in named}
        nobody = {about.id: _NOBODY for about in ready if not about.partner}
        refused = {id_: outcome for id_, outcome in prepared.items() if not isinstance(outcome, Done)}
        return waiting | nobody | refused

    return _handler(work)


_NOBODY: Outcome = Failed("data", "The catalogue names no outside system here; name one, or complete the step by hand.")


def _call(about: StepContext, extra: Mapping[str, Any] | None) -> CallDraft:
    assert about.partner is not None
    body = payload_of(about, extra=extra)
    params = about.params or {}
    if "amends" in params:
        body["change"] = {"before": params["before"], "after": params["after"]}
    body |= params.get("edited", {})
    return CallDraft(
        partner=about.partner,
        operation=_operation(about),
        payload=body,
        key=correlation_of(*about.id),
        subject=about.order,
        correlation=correlation_of(*about.id),
    )


def _operation(about: StepContext) -> str:
    verb = about.step_key.split(" ", 1)[0]
    return verb if verb in ("undo", "amend") else operation_of(about.step_key)


async def _pick_lines(tx: Tx, abouts: Sequence[StepContext]) -> dict[int, Mapping[str, Any]]:
    await open_pick_lists(tx, [about.thing for about in abouts])
    found: dict[int, Mapping[str, Any]] = {}
    for about in abouts:
        rows = await stock.pick_lists(tx, subject=(about.thing.kind, about.thing.id))
        found[about.thing.id] = {"lines": [{"pick_list": row.number, **line} for row in rows for line in row.lines]}
    return found


async def _parcels(tx: Tx, abouts: Sequence[StepContext]) -> dict[int, Mapping[str, Any]]:
    await pack(tx, [Packing(about.thing, ship_to=about.place or "") for about in abouts])
    found: dict[int, Mapping[str, Any]] = {}
    for about in abouts:
        rows = await stock.shipments(tx, subject=(about.thing.kind, about.thing.id))
        found[about.thing.id] = {"shipments": [{"number": row.number, "lines": row.lines} for row in rows]}
    return found


async def _purchase(tx: Tx, abouts: Sequence[StepContext]) -> dict[int, Mapping[str, Any]]:
    drafts = [
        PurchaseDraft(
            subject=about.thing,
            vendor=str((about.characteristics or {}).get("vendor") or about.partner or ""),
            currency=about.currency,
            order_id=about.order_id,
            ship_to=about.place or "",
            lines=tuple(
                PurchaseLineDraft(
                    line=line["line"],
                    sku=line["sku"],
                    quantity=Decimal(line["quantity"]),
                    order_item_id=line["order_item_id"],
                    bundle=line["bundle"],
                )
                for line in about.lines or ()
            ),
        )
        for about in abouts
    ]
    await send_purchase_orders(tx, drafts)
    found: dict[int, Mapping[str, Any]] = {}
    for about in abouts:
        rows = await stock.purchase_orders(tx, subject=(about.thing.kind, about.thing.id))
        found[about.thing.id] = {"purchase_order": rows[0].number, "lines": rows[0].lines}
    return found


async def _reserve(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Claim what shipments need; what is short stands in fallout and names the goods."""
    needs = {about.id: requirements(about) for about in abouts}
    open_skus = sorted({each.sku for wanted in needs.values() for each in wanted if not each.warehouse})
    free = await stock.free_quantities(tx, open_skus) if open_skus else {}
    claimed = await claimed_quantities(tx, [id_ for a in abouts if (id_ := a.item_id) is not None]) if open_skus else {}
    wanted = [each.requirement for about in abouts for each in locate(needs[about.id], claimed, free)]
    reserved = await reserve(tx, wanted)
    return {about.id: _reserved(about, reserved) for about in abouts}


def _reserved(about: StepContext, reserved: Reserved) -> Outcome:
    short = [each for each in reserved.short if each.requirement.subject == about.thing]
    if not short:
        return Done()
    goods = ", ".join(f"{each.missing:f} {each.requirement.sku}" for each in short)
    return NotNow((Problem("stock_short", f"Stock is short of {goods}; the step goes on when they have come in."),))


async def _source(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Find out which warehouse serves which part of each order, from what is free now."""
    planned = await plan_again(tx, [about.order_id for about in abouts])
    demands = {order_id: open_demands(one.plan, "warehouse") if one.plan else [] for order_id, one in planned.items()}
    free = await stock.free_quantities(tx, sorted({each.goods for listed in demands.values() for each in listed}))
    warehouses = list(dict.fromkeys(warehouse for row in free.values() for warehouse in row))
    outcomes: dict[StepId, Outcome] = {}
    for about in abouts:
        wanted = demands.get(about.order_id, [])
        found = source_lots(wanted, free, warehouses)
        goods = {each.line: each.goods for each in wanted}
        for part in found:
            free[goods[part.line]][part.warehouse] -= part.quantity
        outcomes[about.id] = _sourced(wanted, found)
    return outcomes


def _sourced(wanted: Sequence[Demand], found: Sequence[Allocation]) -> Outcome:
    missing = {(each.line, each.place): each.quantity for each in wanted}
    for part in found:
        missing[part.line, part.place] -= part.quantity
    goods = {each.line: each.goods for each in wanted}
    short = ", ".join(f"{quantity:f} {goods[line]}" for (line, _), quantity in missing.items() if quantity > 0)
    if short:
        return NotNow((Problem("stock_short", f"No warehouse has {short}; the step goes on when they have come in."),))
    parts = [
        {
            "line": part.line,
            "quantity": str(part.quantity),
            "attributes": dict(part.attributes),
            "place": part.place,
        }
        for part in found
    ]
    return Done({"warehouse": ", ".join(sorted({part.warehouse for part in found})), "sourced": parts})


async def _write_assets(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Write the installed base: services and resources with those who share them."""
    await write_realizations(tx, [about.order_id for about in abouts])
    return {about.id: Done() for about in abouts}


async def write_realizations(tx: Tx, order_ids: Sequence[int]) -> None:
    """Write what stands behind the installed products of orders. Writing again changes nothing."""
    planned = await plan_again(tx, order_ids)
    drafts = [
        draft for one in planned.values() if one.plan for draft in compiling.realization_drafts(one.sold, one.plan)
    ]
    if drafts:
        await realize(tx, drafts)
    await settle_realizations(
        tx, [draft for one in planned.values() if one.plan for draft in compiling.settled_drafts(one.sold, one.plan)]
    )


async def _entitle(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Activate an entitlement for each delivered serial of the goods that it stands for."""
    delivered = await stock.delivered_quantities(tx, [about.order_id for about in abouts])
    assets = await by_order_item(tx, [item for about in abouts for item in about.order_items])
    changes = []
    outcomes: dict[StepId, Outcome] = {}
    for about in abouts:
        serials = [
            serial
            for item in about.order_items
            if item in delivered
            for arrival in delivered[item].arrivals
            for serial in arrival.serials
        ]
        entitled = [assets[item] for item in about.order_items if item in assets and item not in delivered]
        changes += [CharacteristicsChange(asset, {}, tuple(serials)) for asset in entitled]
        outcomes[about.id] = Done({"serials": serials, "count": len(serials)})
    await set_characteristics(tx, changes)
    return outcomes


async def _bill(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Release the charges whose gates are all met, and invoice them."""
    invoices = await bill_orders(tx, [about.order_id for about in abouts])
    return {about.id: Done({"invoices": invoices.get(about.order_id, [])}) for about in abouts}


async def _claim_anew(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    """Claim what shipments need now and give back the rest, in one go, so that nobody else comes in between."""
    await release(tx, [about.thing for about in abouts], reason=CHANGED)
    return await _reserve(tx, abouts)


async def _unreserve(tx: Tx, abouts: Sequence[StepContext]) -> dict[StepId, Outcome]:
    await release(tx, [about.thing for about in abouts], reason=CHANGED)
    return {about.id: Done() for about in abouts}


async def _cancel_purchase(tx: Tx, abouts: Sequence[StepContext]) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for about in abouts:
        rows = await stock.purchase_orders(tx, subject=(about.thing.kind, about.thing.id))
        await cancel_purchase_orders(tx, [row.id for row in rows], reason=CHANGED)
        found[about.thing.id] = {"purchase_orders": [row.number for row in rows]}
    return found


async def _shelve(tx: Tx, abouts: Sequence[StepContext]) -> dict[int, Mapping[str, Any]]:
    things = [about.thing for about in abouts]
    await put_back(tx, things, reason=CHANGED)
    await release(tx, things, reason=CHANGED)
    return {}


STEP_KINDS: Mapping[str, StepHandler] = {
    "fulfilment.note": note,
    "gateway.call": _partner_call(),
    "stock.source": _handler(_source),
    "stock.reserve": _handler(_reserve),
    "stock.claim_anew": _handler(_claim_anew),
    "stock.unreserve": _handler(_unreserve),
    "stock.pick": _partner_call(_pick_lines, before=_reserve),
    "stock.pick_and_ship": _partner_call(_pick_lines, before=_reserve),
    "stock.put_back": _partner_call(_shelve),
    "stock.ship": _partner_call(_parcels),
    "purchase.send": _partner_call(_purchase),
    "purchase.cancel": _partner_call(_cancel_purchase),
    "assets.write": _handler(_write_assets),
    "assets.entitle": _handler(_entitle),
    "billing.release": _handler(_bill),
}
