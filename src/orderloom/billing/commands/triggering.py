"""Verbs of triggers: arm, mark their gates, release, waive, reverse; and charge what recurs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from orderloom.base.money import cent
from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.billing import rules
from orderloom.billing.events import TriggerMoved, TriggerReleased
from orderloom.billing.store import charge, trigger
from orderloom.billing.store.charge import NewCharge, Subscription
from orderloom.billing.store.trigger import Release, Trigger
from orderloom.billing.types import Armed, GateMark, Marked, Released, Reversed, TriggerDraft, UnitsComplete


async def arm_triggers(tx: Tx, drafts: Sequence[TriggerDraft]) -> Armed:
    """Arm a trigger for each price; return the new ones and those that followed a new plan.

    All or nothing. One per order item, price, action and revision: arming again changes nothing, and
    until something of it is charged it follows its draft in quantity, price and gates not met yet: one
    that was ready is armed again where the draft has a gate more. What is charged by complete unit
    follows in quantity even then, never below what was charged: what is ordered more is charged too.
    """
    if not drafts:
        return Armed((), ())
    payers = await trigger.payers(tx, [draft.billing_account_id for draft in drafts])
    refuse_if_any(_draft_problems(drafts, payers))

    inserted = await trigger.insert(tx, drafts, payers)
    new = list(inserted.values())
    old = [draft for draft in drafts if trigger.identity(draft) not in inserted]
    if not old:
        return Armed(tuple(new), ())
    known = await trigger.lock_known(tx, old)
    pairs = [(known[trigger.identity(draft)], draft) for draft in old]
    waiting = [(row.id, draft) for row, draft in pairs if row.state in ("armed", "ready") and row.released == 0]
    changed = await trigger.follow(tx, waiting, payers) if waiting else []
    await _wait_again(tx, changed)
    await _settle(tx, changed)
    begun = {row.id: draft.quantity for row, draft in pairs if row.per_unit and row.released > 0}
    resized = await trigger.resize(tx, begun) if begun else []
    return Armed(tuple(new), (*changed, *resized))


def _draft_problems(drafts: Sequence[TriggerDraft], payers: Mapping[int, trigger.Payer]) -> list[Problem]:
    problems = []
    seen = set()
    for place, draft in enumerate(drafts):
        payer = payers.get(draft.billing_account_id)
        faults = rules.draft_faults(draft, currency=payer.currency if payer else None)
        if trigger.identity(draft) in seen:
            faults.append(("price_twice", "One item has two prices of a kind; name each in “price”.", "/price"))
        seen.add(trigger.identity(draft))
        problems += [Problem(code, message, f"/{place}{pointer}") for code, message, pointer in faults]
    return problems


async def mark_gates(tx: Tx, marks: Sequence[GateMark]) -> Marked:
    """Note what became of steps; return the triggers that this made ready or waived.

    Steps that no armed trigger waits for are passed over. A counting step may be marked with each
    event; its gate is met when the count is reached.
    """
    ids = await trigger.lock_behind(tx, marks)
    if not ids:
        return Marked((), ())
    await trigger.mark_gates(tx, ids, marks)
    return await _settle(tx, ids)


async def open_gates(tx: Tx, order_id: int, steps: Sequence[str]) -> list[int]:
    """These steps are to be done anew: what waits for them waits again, unless something of it was charged.

    Return the triggers that were ready and are armed again.
    """
    if not steps:
        return []
    return await _wait_again(tx, await trigger.open_gates(tx, order_id, steps))


async def _wait_again(tx: Tx, ids: Sequence[int]) -> list[int]:
    reason = "it waits for a step more"
    gates = await trigger.gates_of(tx, ids) if ids else {}
    open_ones = [trigger_id for trigger_id in ids if rules.settle(gates[trigger_id]) == "armed"]
    moved = await trigger.move(tx, open_ones, "armed", reason=reason) if open_ones else []
    await _tell(tx, moved, before="ready", after="armed", reason=reason)
    return moved


async def _settle(tx: Tx, ids: Sequence[int]) -> Marked:
    """Move triggers of which nothing was charged to where their gates say."""
    if not ids:
        return Marked((), ())
    gates = await trigger.gates_of(tx, ids)
    ready = [trigger_id for trigger_id in ids if rules.settle(gates[trigger_id]) == "ready"]
    waived = [trigger_id for trigger_id in ids if rules.settle(gates[trigger_id]) == "waived"]
    moved = Marked(
        tuple(await trigger.move(tx, ready, "ready")),
        tuple(await trigger.move(tx, waived, "waived", reason="its step was skipped")),
    )
    await _tell(tx, moved.ready_ids, before="armed", after="ready")
    await _tell(tx, moved.waived_ids, before="armed", after="waived", reason="its step was skipped")
    return moved


async def _tell(tx: Tx, ids: Sequence[int], *, before: str, after: str, reason: str = "") -> None:
    tx.emit(
        TriggerMoved(each.subject, each.id, each.order_item_id, each.line, each.description, before, after, reason)
        for each in await trigger.lock(tx, ids)
    )


async def release_triggers(tx: Tx, trigger_ids: Sequence[int]) -> Released:
    """Charge for these triggers, each once and in full, effective on the day that its gates say.

    All or nothing: one that still waits for a gate refuses the batch. One that was released, waived
    or reversed before is passed over.
    """
    rows = await trigger.lock(tx, trigger_ids)
    gates = await trigger.gates_of(tx, [row.id for row in rows])
    refuse_if_any(
        [
            Problem("gates_open", f"Line {row.line} is not billable yet: {_open(gates[row.id])} must be done first.")
            for row in rows
            if row.state == "armed"
        ]
    )
    due = [row for row in rows if row.state == "ready" and not row.per_unit]
    return await _release(tx, {row: rules.increments(gates[row.id], row.quantity) for row in due})


def _open(gates: Sequence[rules.Gate]) -> str:
    return ", ".join(gate.step for gate in gates if gate.outcome is None)


async def release_units(tx: Tx, units: Sequence[UnitsComplete]) -> Released:
    """Charge for units that are complete beyond those released before.

    `complete` is the total: telling the same again releases nothing. Never more than was ordered. A
    trigger whose gates are open is refused.
    """
    told = {each.trigger_id: each for each in units}
    rows = await trigger.lock(tx, list(told))
    gates = await trigger.gates_of(tx, [row.id for row in rows])
    refuse_if_any(
        [
            Problem("gates_open", f"Line {row.line} is not billable yet: {_open(gates[row.id])} must be done first.")
            for row in rows
            if row.state == "armed"
        ]
    )
    due = {}
    for row in rows:
        complete = min(told[row.id].complete, row.quantity)
        if row.state == "ready" and row.per_unit and complete > row.released:
            key = f"{complete.normalize():f} complete"
            due[row] = [rules.Increment(key, complete - row.released, told[row.id].effective_at)]
    return await _release(tx, due)


async def _release(tx: Tx, due: Mapping[Trigger, Sequence[rules.Increment]]) -> Released:
    if not due:
        return Released((), (), ())
    payers = await trigger.payers(tx, [row.billing_account_id for row in due])
    releases = [
        Release(row, part, rules.effective_on(part.effective_at, ZoneInfo(payers[row.billing_account_id].time_zone)))
        for row, parts in due.items()
        for part in parts
    ]
    ids = await trigger.insert_increments(tx, releases)
    fresh = [
        (ids[(each.trigger.id, each.increment.key)], each)
        for each in releases
        if (each.trigger.id, each.increment.key) in ids
    ]
    recurring = [pair for pair in fresh if pair[1].trigger.price_kind == "recurring"]
    charges = await charge.insert_charges(tx, list(_charges_once(fresh)))
    subscriptions = await charge.insert_subscriptions(tx, recurring)
    charges += await charge_periods(tx, await charge.lock_due(tx, None, ids=subscriptions), until=None)
    _tell_released(tx, [each for _, each in fresh])
    return Released(tuple(sorted({each.trigger.id for _, each in fresh})), tuple(charges), tuple(subscriptions))


def _charges_once(fresh: Sequence[tuple[int, Release]]) -> Iterator[NewCharge]:
    """What is charged once, part by part: each costs what the sum grows by, so that all cost the net."""
    so_far = {each.trigger.id: each.trigger.released for _, each in fresh}
    for increment_id, each in fresh:
        row, part = each.trigger, each.increment
        if row.price_kind == "recurring":
            continue
        smallest = cent(row.currency)
        before = so_far[row.id]
        so_far[row.id] = before + part.quantity
        charged = rules.amount(before, row.unit_price, cent=smallest)
        share = None
        if row.allocated is not None:
            share = rules.amount(row.allocated, part.quantity / row.quantity, cent=smallest)
        yield NewCharge(
            trigger_id=row.id,
            increment_id=increment_id,
            effective_on=each.effective_on,
            quantity=part.quantity,
            unit_price=row.unit_price,
            amount=rules.amount(so_far[row.id], row.unit_price, cent=smallest) - charged,
            allocated=share,
        )


def _tell_released(tx: Tx, releases: Sequence[Release]) -> None:
    so_far = {each.trigger.id: each.trigger.released for each in releases}
    for each in releases:
        row = each.trigger
        before = so_far[row.id]
        so_far[row.id] = before + each.increment.quantity
        tx.emit(
            TriggerReleased(
                row.subject,
                row.id,
                row.order_item_id,
                row.line,
                row.description,
                before,
                so_far[row.id],
                row.quantity,
                each.effective_on,
            )
        )


async def bill_recurring(tx: Tx, until: date | None = None, *, limit: int = 1000) -> list[int]:
    """Charge, in advance, every period that begins by a day, for at most `limit` subscriptions.

    Without a day, those that have begun where the account is. Return the new charges; call again
    until there are none. Each period is charged once, whoever runs at the same moment.
    """
    return await charge_periods(tx, await charge.lock_due(tx, until, limit=limit), until=until)


async def charge_periods(tx: Tx, subscriptions: Sequence[Subscription], *, until: date | None) -> list[int]:
    """Charge the periods that are due; without a day, those that have begun where the account is."""
    charges: list[NewCharge] = []
    charged: dict[int, tuple[int, date]] = {}
    for each in subscriptions:
        today = tx.now.astimezone(ZoneInfo(each.time_zone)).date()
        periods = rules.periods_due(
            each.started_on,
            each.period,
            charged=each.periods_charged,
            until=max(until or today, each.started_on),
            ended_on=each.ended_on,
        )
        if periods:
            charged[each.id] = (periods[-1].number + 1, periods[-1].end)
        charges += [_of_period(each, period) for period in periods]
    if not charges:
        return []
    await charge.advance(tx, charged)
    return await charge.insert_charges(tx, charges)


def _of_period(each: Subscription, period: rules.BillingPeriod) -> NewCharge:
    return NewCharge(
        trigger_id=each.trigger_id,
        increment_id=each.increment_id,
        effective_on=period.start,
        quantity=each.quantity,
        unit_price=each.unit_price,
        amount=rules.amount(each.quantity, each.unit_price, cent=cent(each.currency)),
        subscription_id=each.id,
        period_start=period.start,
        period_end=period.end,
    )


async def waive_triggers(tx: Tx, trigger_ids: Sequence[int], *, reason: str) -> list[int]:
    """Give up prices of which nothing has been charged; return those that were waived."""
    rows = [row for row in await trigger.lock(tx, trigger_ids) if row.released == 0]
    moved = await trigger.move(tx, [row.id for row in rows], "waived", reason=reason)
    _tell_moved(tx, [row for row in rows if row.id in moved], after="waived", reason=reason)
    return moved


async def lock_triggers(tx: Tx, order_ids: Sequence[int]) -> None:
    """Nobody charges anything of these orders until the transaction ends, who is at it now is waited for."""
    await trigger.lock_orders(tx, order_ids)


async def reverse_items(tx: Tx, order_item_ids: Sequence[int], *, reason: str) -> Reversed:
    """Reverse every price of order items that were cancelled or failed."""
    ids = await trigger.ids_of_items(tx, order_item_ids, ["armed", "ready", "released"])
    return await reverse_triggers(tx, ids, reason=reason)


async def reverse_triggers(tx: Tx, trigger_ids: Sequence[int], *, reason: str) -> Reversed:
    """Take prices back: open charges are voided, subscriptions end today.

    What stands on an invoice stays there; those charges are returned, since each needs a credit note.
    """
    rows = await trigger.lock(tx, trigger_ids)
    moved = await trigger.move(tx, [row.id for row in rows], "reversed", reason=reason)
    await charge.end_subscriptions(tx, moved, tx.now.date())
    voided = await charge.void_charges(tx, moved)
    _tell_moved(tx, [row for row in rows if row.id in moved], after="reversed", reason=reason)
    return Reversed(tuple(moved), tuple(voided), tuple(await charge.invoiced_charges(tx, moved)))


def _tell_moved(tx: Tx, rows: Sequence[Trigger], *, after: str, reason: str) -> None:
    tx.emit(
        TriggerMoved(row.subject, row.id, row.order_item_id, row.line, row.description, row.state, after, reason)
        for row in rows
    )
