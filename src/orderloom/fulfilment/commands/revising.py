"""Changing a confirmed order: preview everything that a change does, then apply it whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderloom.assets.commands import cancel as cancel_assets
from orderloom.assets.commands import create_for_order, revise_assets
from orderloom.assets.commands import terminate as terminate_assets
from orderloom.assets.reads import by_order_item
from orderloom.assets.types import AssetRevision
from orderloom.base.parsing import parse
from orderloom.base.refusals import Conflict, Problem, Refused, Stale, refuse
from orderloom.base.transaction import Tx
from orderloom.billing.commands import arm_triggers, open_gates, reverse_triggers
from orderloom.billing.reads import triggers_of_orders
from orderloom.billing.types import GateDraft, TriggerDraft
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment import store
from orderloom.fulfilment.callout import correlation_of
from orderloom.fulfilment.change import CLAIM, Amended, Fee
from orderloom.fulfilment.commands.approving import ask_approval
from orderloom.fulfilment.commands.holding import sync_holds
from orderloom.fulfilment.commands.placing import place_orders
from orderloom.fulfilment.commands.proposing import Planned, Proposal, effects_of, propose
from orderloom.fulfilment.compile import Sold, sold
from orderloom.fulfilment.events import PlanChanged
from orderloom.fulfilment.facts import plain_facts
from orderloom.fulfilment.follow_on import follow_on
from orderloom.fulfilment.rows import PlanRevision
from orderloom.fulfilment.schedule import schedule
from orderloom.gateway.commands import withdraw
from orderloom.orders.change import OPEN_STATES, Change, Preview
from orderloom.orders.commands import lock_for_change, note_preview, offer_follow_on, write_revision
from orderloom.orders.reads import change_of, previews_of
from orderloom.orders.types import OrderDraft
from orderloom.processes.commands import revise_process, skip_steps
from orderloom.processes.types import Amendment, Edge, NewStep, Node, Revised, Revision, StepId

FEE = "fee "
_AMENDS = {CLAIM: "stock.claim_anew"}


async def preview_change(tx: Tx, order_id: int, number: int) -> Preview:
    """Say what a change would do to lines, money, stock, steps and dates, and keep that the actor has seen it.

    The order stays untouched. What stands in the change's way is part of the preview, with the draft of
    the order that may be placed instead; what is wrong with the change itself is refused.
    """
    await lock_for_change(tx, order_id)
    change = await change_of(tx, order_id, number)
    if change.state not in OPEN_STATES:
        raise Conflict([Problem("change_ended", f"Change {number} is {change.state}; draft another.")])
    proposal = await propose(tx, order_id, change)
    offered = follow_on(proposal.order, proposal.revised, change=number) if proposal.refusals else None
    effects = effects_of(proposal, follow_on=offered)
    await note_preview(tx, change, proposal.order, basis=proposal.basis, effects=effects)
    return (await previews_of(tx, [change.id]))[0]


async def apply_change(tx: Tx, order_id: int, number: int, *, accept_fees: bool = False) -> Change:
    """Make the order what its last preview said: revision, plan and money together, or nothing at all.

    Refused as stale when a step has started or another change was applied since the preview; refused
    whole past a hard point of no return; past a soft one the fee must be accepted. Applying again
    changes nothing. What was done and is not wanted any more is undone by steps that follow.
    """
    change = await change_of(tx, order_id, number)
    if change.state == "applied":
        return change
    await lock_for_change(tx, order_id)
    change = await change_of(tx, order_id, number)
    if change.state == "applied":
        return change
    previews = await previews_of(tx, [change.id])
    if change.state == "withdrawn" or not previews:
        message = f"Change {number} is withdrawn; draft another." if previews else "Preview the change first."
        raise Conflict([Problem("change_not_previewed", message)])
    if change.state == "stale":
        raise _stale()
    proposal = await propose(tx, order_id, change)
    _refuse(proposal, previews[0], accept_fees=accept_fees)
    if proposal.revised.is_same:
        refuse("change_nothing", "The order is like that already; withdraw the change.")
    await _carry_out(tx, proposal, previews[0])
    await ask_approval(tx, [order_id])
    return await change_of(tx, order_id, number)


def _stale() -> Stale:
    message = "The order has moved on since the preview; preview the change again and apply that."
    return Stale([Problem("preview_stale", message)])


def _refuse(proposal: Proposal, preview: Preview, *, accept_fees: bool) -> None:
    if preview.basis != proposal.basis or preview.revision != proposal.order.revision:
        raise _stale()
    if proposal.refusals:
        raise Conflict(
            [
                *(Problem(one.code, one.message) for one in proposal.refusals),
                Problem("follow_on_offered", "The order stays as it is; the preview has a follow-on order to draft."),
            ]
        )
    if proposal.needs_acceptance and not accept_fees:
        amount = f"{proposal.fees:f} {proposal.order.currency}"
        raise Refused([Problem("fees_not_accepted", f"This costs {amount}; accept the fees to go on.", "/accept_fees")])


async def draft_follow_on(tx: Tx, order_id: int, number: int) -> Change:
    """Write down, as a draft, the order that the last preview offers in place of the change; once."""
    change = await change_of(tx, order_id, number)
    if change.follow_on_id is not None:
        return change
    previews = await previews_of(tx, [change.id])
    offered = previews[0].effects.get("follow_on") if previews else None
    if not offered or not offered.get("items"):
        refuse("follow_on_missing", "Nothing stands in the way of this change; apply it.")
    draft = parse(OrderDraft, offered)
    [placed] = await place_orders(tx, [draft], submit=False)
    await offer_follow_on(tx, change, follow_on_id=placed.id)
    return await change_of(tx, order_id, number)


async def _carry_out(tx: Tx, proposal: Proposal, preview: Preview) -> None:
    after = await write_revision(
        tx,
        proposal.change,
        proposal.order,
        proposal.revised,
        preview_id=preview.id,
        begun_anew=proposal.planned.new_work if proposal.planned else (),
    )
    await _reverse_removed(tx, proposal)
    one = sold(after)
    if proposal.planned is not None:
        await _revise_plan(tx, proposal, proposal.planned, one)
        await _revise_money(tx, proposal, proposal.planned, one)
    await _revise_assets(tx, proposal, one)
    await sync_holds(tx, [after.id])


async def _reverse_removed(tx: Tx, proposal: Proposal) -> None:
    """What is taken out is charged no more; what going back cost before stays owed."""
    gone = {item.id for item in proposal.revised.removed}
    rows = await triggers_of_orders(tx, [proposal.order.id], states=["armed", "ready", "released"])
    ids = [row.id for row in rows if row.order_item_id in gone and not row.price.startswith(FEE)]
    await reverse_triggers(tx, ids, reason=f"change {proposal.change.number}")


# -- the plan


@dataclass(frozen=True, slots=True)
class _Written:
    """Where steps stand in the process, by key, and the rows that amend others."""

    numbers: dict[str, int]
    amends: dict[int, int]
    revised: Revised


async def _revise_plan(tx: Tx, proposal: Proposal, planned: Planned, one: Sold) -> None:
    order_id, process_id, found = one.order.id, planned.head.process_id, planned.found
    await store.record_facts(tx, order_id, plain_facts(planned.facts))
    await store.upsert_things(tx, compiling.things_of(one, planned.new))
    await store.withdraw_things_missing(tx, order_id, [thing.key for thing in planned.new.things])
    written = await _revise_process(tx, proposal, planned, one)
    stopped = [correlation_of(process_id, number) for number in (*found.withdrawn, *found.taken_back)]
    await withdraw(tx, stopped, reason=proposal.change.reason)
    skipped = [StepId(process_id, written.numbers[key]) for key in found.skipped]
    if skipped:
        await skip_steps(tx, skipped, reason="its condition is known to be false", with_right=True)
    forecast = schedule(
        planned.new.shape, frozenset(n for n, step in enumerate(planned.new.steps) if step.is_born_skipped)
    )
    numbers = written.numbers
    await store.insert_steps(
        tx, compiling.steps_of(one, planned.new, forecast, process_id=process_id, start=tx.now, numbers=numbers)
    )
    for copy, number in written.amends.items():
        await store.copy_step(tx, process_id, number, copy)
    covered = {line for thing in planned.new.things for line in thing.sources}
    await store.revise_plan(
        tx,
        PlanRevision(
            order_id=order_id,
            revision=one.order.revision,
            nothing_to_do=[item.id for item in one.order.items if item.line not in covered],
            critical_path=[numbers[planned.new.steps[n].key] for n in forecast.critical_path],
            forecast_at=planned.head.forecast_at + (planned.promised_after - planned.head.promised_at),
            promised_at=planned.promised_after,
            projected_at=planned.expected_after,
        ),
    )
    titles = {step.number: step.title for step in planned.graph.steps}
    tx.emit(
        PlanChanged(
            one.subject,
            f"change {proposal.change.number}: {proposal.change.reason}",
            tuple(planned.new.steps[place].title for place in found.added),
            tuple(titles[number] for number in (*found.withdrawn, *found.taken_back)),
        )
    )


async def _revise_process(tx: Tx, proposal: Proposal, planned: Planned, one: Sold) -> _Written:
    found, new, graph = planned.found, planned.new, planned.graph
    count = len(graph.steps)
    numbers = {step.key: step.number for step in graph.steps if step.number not in found.retired}
    numbers |= {new.steps[place].key: count + index for index, place in enumerate(found.added)}
    first_amend = count + len(found.added)
    amends = tuple(_amend_step(planned, amended, proposal.order.revision + 1) for amended in found.amended)
    revision = Revision(
        amendment=Amendment(
            steps=(*(compiling.added_step(one, new, place) for place in found.added), *amends),
            edges=(*_plan_edges(planned, numbers), *_amend_edges(planned, numbers, first_amend)),
            withdraw=found.withdrawn,
            remove_edges=tuple(
                Edge(numbers[e.first], numbers[e.then], e.type, e.lag_seconds, kind) for e, kind in found.removed_edges
            ),
            expected={numbers[c.key]: c.expected for c in found.adapted if c.expected is not None},
            variables={
                name: value
                for name, value in new.variables.items()
                if name not in {kits.complete_variable for kits in new.kits}
            },
        ),
        retire=found.retired,
        take_back=found.taken_back,
        again={found.added.index(place): row for place, row in found.again.items() if row in found.taken_back},
        titles={numbers[change.key]: change.title for change in found.adapted},
    )
    revised = await revise_process(tx, graph.process_id, revision, reason=proposal.change.reason)
    copies = {first_amend + place: amended.number for place, amended in enumerate(found.amended)}
    undone = await store.what_is_undone(tx, graph.process_id, revised.undo)
    return _Written(numbers, copies | undone, revised)


def _plan_edges(planned: Planned, numbers: dict[str, int]) -> list[Edge]:
    return [
        Edge(numbers[edge.first], numbers[edge.then], edge.type, edge.lag_seconds, kind)
        for edge, kind in planned.found.added_edges
    ]


def _amend_edges(planned: Planned, numbers: dict[str, int], first: int) -> list[Edge]:
    """An amendment follows its step and those that amended it before; whoever waits for the step waits for it."""
    edges = []
    for place, amended in enumerate(planned.found.amended):
        here = first + place
        earlier = [s.number for s in planned.graph.steps if s.key.startswith(f"amend {amended.key} #") and s.is_open]
        edges += [Edge(number, here) for number in (amended.number, *earlier)]
        edges += [Edge(here, numbers[key]) for key in amended.then]
    return edges


def _amend_step(planned: Planned, amended: Amended, revision: int) -> NewStep:
    row = planned.graph.steps[amended.number]
    node = planned.graph.nodes[amended.number]
    return NewStep(
        node=Node(_AMENDS.get(node.kind, "gateway.call"), "auto", tells=True, params=dict(node.params)),
        key=f"amend {amended.key} #{revision}",
        title=amended.title,
        queue=row.queue,
        partner=row.partner,
        params={"amends": amended.number, "before": dict(amended.before), "after": dict(amended.after)},
    )


# -- the money


async def _revise_money(tx: Tx, proposal: Proposal, planned: Planned, one: Sold) -> None:
    """What is not charged yet follows the plan, what the plan has no more is reversed, fees are armed."""
    drafts = compiling.trigger_drafts(one, planned.new)
    await open_gates(tx, one.order.id, [planned.new.steps[place].key for place in planned.found.added])
    await arm_triggers(tx, drafts)
    wanted = {(draft.order_item_id, draft.price_kind, draft.price) for draft in drafts}
    rows = await triggers_of_orders(tx, [one.order.id], states=["armed", "ready"])
    stale = [
        row.id
        for row in rows
        if (row.order_item_id, row.price_kind, row.price) not in wanted and not row.price.startswith(FEE)
    ]
    await reverse_triggers(tx, stale, reason=f"change {proposal.change.number}")
    fees = [fee for fee in planned.found.fees if fee.amount > 0]
    await arm_triggers(tx, [_fee_trigger(proposal, planned, one, fee) for fee in fees])


def _fee_trigger(proposal: Proposal, planned: Planned, one: Sold, fee: Fee) -> TriggerDraft:
    """A fee falls due when what it is for has been taken back."""
    line = next((line for line in fee.lines if line in one.by_line), None) or next(iter(one.by_line))
    item = one.by_line[line]
    assert item.billing_account_id is not None
    place = one.order.places.get(item.place or one.order.ship_to or "")
    row = next(step for step in planned.graph.steps if step.key == fee.key)
    return TriggerDraft(
        order_id=one.order.id,
        order_label=one.order.number,
        order_item_id=item.id,
        line=item.line,
        description=f"Change fee: {fee.title}"[:500],
        account_id=one.order.account_id,
        billing_account_id=item.billing_account_id,
        currency=one.order.currency,
        price_kind="one_time",
        quantity=Decimal(1),
        unit_price=fee.amount,
        gates=(GateDraft(step=_fee_gate(planned, fee, row.number), decides_date=True),),
        price=f"{FEE}{fee.key}"[:200],
        action=item.action,
        revision=one.order.revision,
        unit=item.unit,
        tax_category=item.tax_code or "standard",
        tax_country=place.country if place else "",
        tax_region=place.region if place else "",
        po_number=one.order.po_number or "",
    )


def _fee_gate(planned: Planned, fee: Fee, number: int) -> str:
    node = planned.graph.nodes[number]
    if number in planned.found.taken_back and node.undo is not None:
        return f"undo was {fee.key} #{number}"
    if number in planned.found.retired:
        return f"was {fee.key} #{number}"
    return fee.key


# -- what the customer has


async def _revise_assets(tx: Tx, proposal: Proposal, one: Sold) -> None:
    gone = list((await by_order_item(tx, [item.id for item in proposal.revised.removed])).values())
    await cancel_assets(tx, gone)
    await terminate_assets(tx, dict.fromkeys(gone, tx.now))
    added = set(proposal.revised.added)
    if proposal.planned is not None:
        await create_for_order(tx, [draft for draft in compiling.asset_drafts(one) if _is_met(draft.line, one, added)])
    before = {item.line: item for item in proposal.order.items if item.withdrawn_in is None}
    await revise_assets(
        tx,
        [
            AssetRevision(
                order_item_id=item.id,
                quantity=item.quantity,
                place=item.place or one.order.ship_to or "",
                characteristics=_differences(before[item.line].characteristics, item.characteristics),
            )
            for item in one.order.items
            if item.line in proposal.revised.changed and item.line in before
        ],
    )


def _is_met(line: str, one: Sold, added: set[str]) -> bool:
    """New lines, and the bundles above them, which are known already and tie them."""
    item = one.by_line[line]
    below = {one.by_line[new].parent for new in added}
    return line in added or item.line in below


def _differences(before: Any, after: Any) -> dict[str, Any]:
    names: Sequence[str] = sorted({*before, *after})
    return {name: after.get(name) for name in names if before.get(name) != after.get(name)}
