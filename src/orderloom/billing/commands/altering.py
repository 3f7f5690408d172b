"""Verbs of what recurs once it is charged: it ends, stops for a while, costs less, or goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from orderloom.base.money import cent
from orderloom.base.transaction import Tx
from orderloom.billing import rules
from orderloom.billing.altering import ChargedPeriod, credits
from orderloom.billing.commands.triggering import charge_periods
from orderloom.billing.store import altering as store
from orderloom.billing.store import charge
from orderloom.billing.store.altering import Alterable, Successor
from orderloom.billing.store.charge import NewCharge
from orderloom.billing.types import Alteration, Altered, Foreseen


async def alter_recurring(tx: Tx, alterations: Sequence[Alteration]) -> Altered:
    """Let what recurs end, stop, cost less or go on in full; give back what was charged for days not used.

    Doing it again changes nothing: what has ended stays so, what rests rests, and a charge is given back once.
    What is resumed starts a period of its own on that day.
    """
    done = Altered()
    for one in alterations:
        found = await store.lock_alterable(
            tx, one.order_item_ids, bundle_ids=one.order_item_ids if one.with_parts else ()
        )
        due = [each for each in found if _moves(each, one)]
        if due:
            done = _together(done, await _alter(tx, one, due))
    return done


async def foresee_recurring(tx: Tx, alterations: Sequence[Alteration]) -> list[Foreseen]:
    """What alterations would do if they were made on their day, with what is charged by now; writes nothing."""
    foreseen = []
    for one in alterations:
        found = await store.lock_alterable(
            tx, one.order_item_ids, bundle_ids=one.order_item_ids if one.with_parts else ()
        )
        due = [each for each in found if _moves(each, one)]
        charged = await store.charged_periods(tx, [each.id for each in due if each.state == "active"])
        days = {each.id: one.on or _day(each, one) for each in due}
        after = {each.continues_id: each.unit_price for each in _successors(due, days, one)}
        for each in due:
            back = [-given.amount for given in _given_back(each, charged.get(each.id, ()), days[each.id], one)]
            foreseen.append(
                Foreseen(
                    order_item_id=each.order_item_id,
                    description=each.description,
                    quantity=each.quantity,
                    unit_price=each.unit_price,
                    currency=each.currency,
                    period=each.period,
                    outcome=one.outcome,
                    on=days[each.id],
                    back=sum(back, rules.ZERO),
                    price_after=after.get(each.id),
                )
            )
    return foreseen


def _moves(each: Alterable, one: Alteration) -> bool:
    match one.outcome:
        case "end":
            return True
        case "stop" | "reduce":
            return each.state == "active" and each.full_price is None
        case "resume":
            return each.state == "suspended" or each.full_price is not None


async def _alter(tx: Tx, one: Alteration, due: Sequence[Alterable]) -> Altered:
    days = {each.id: _day(each, one) for each in due}
    running = [each for each in due if each.state == "active"]
    for each in running:  # whoever charges periods may be late; what was used is charged first
        await charge_periods(tx, [each], until=days[each.id] - timedelta(days=1))
    charged = await store.charged_periods(tx, [each.id for each in running])
    given = [back for each in running for back in _given_back(each, charged.get(each.id, ()), days[each.id], one)]
    credit_ids = await charge.insert_charges(tx, given) if given else []
    if one.outcome == "stop":
        await store.pause(tx, days)
    else:
        await store.end(tx, days)
    following = list(_successors(due, days, one))
    successors = await store.continue_with(tx, following) if following else []
    await charge_periods(tx, await charge.lock_due(tx, None, ids=successors), until=None)
    return Altered(tuple(days), tuple(successors), tuple(credit_ids))


def _day(each: Alterable, one: Alteration) -> date:
    day = rules.effective_on(one.at, ZoneInfo(each.time_zone))
    return max(each.started_on, min(day, one.on) if one.on is not None else day)


def _given_back(each: Alterable, charged: Sequence[ChargedPeriod], on: date, one: Alteration) -> Iterator[NewCharge]:
    price, smallest = each.quantity * each.unit_price, cent(each.currency)
    for back in credits(charged, on=on, price=price, period=each.period, method=one.method, cent=smallest):
        yield NewCharge(
            trigger_id=each.trigger_id,
            increment_id=each.increment_id,
            effective_on=on,
            quantity=rules.ONE,
            unit_price=-back.amount,
            amount=-back.amount,
            subscription_id=each.id,
            period_start=back.start,
            period_end=back.end,
            adjusts_id=back.charge_id,
        )


def _successors(due: Sequence[Alterable], days: dict[int, date], one: Alteration) -> Iterator[Successor]:
    for each in due:
        full = each.unit_price if each.full_price is None else each.full_price
        if one.outcome == "reduce" and one.price is not None:
            yield Successor(each.id, days[each.id], min(one.price, full), full)
        elif one.outcome == "resume":
            yield Successor(each.id, days[each.id], full)


def _together(one: Altered, other: Altered) -> Altered:
    return Altered(
        (*one.subscription_ids, *other.subscription_ids),
        (*one.successor_ids, *other.successor_ids),
        (*one.credit_ids, *other.credit_ids),
    )
