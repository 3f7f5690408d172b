"""Pure decisions of billing: complete kits, what a trigger releases and from when, periods, amounts."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Final, Literal

from orderloom.billing.types import Period, TriggerDraft

ZERO = Decimal(0)
NO_RATE: Final = "There is no rate for the tax category"
ONE = Decimal(1)


def complete_kits(delivered: Mapping[int, Decimal], per_kit: Mapping[int, Decimal]) -> Decimal:
    """How many whole kits can be made of what arrived: the least of floor(delivered / per kit) over the goods.

    `per_kit` names delivered goods only; a service in the kit does not count. A kit without goods
    has no complete unit.
    """
    if not per_kit:
        return ZERO
    assert all(quantity > 0 for quantity in per_kit.values())
    return min(
        (delivered.get(item, ZERO) / quantity).to_integral_value(ROUND_FLOOR) for item, quantity in per_kit.items()
    )


@dataclass(frozen=True, slots=True)
class KitArrival:
    """A quantity of one part of a kit that arrived at a time."""

    item: int
    quantity: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class KitsComplete:
    """How many kits are complete in total, and when the last of them became so."""

    complete: Decimal
    effective_at: datetime


def next_kits(
    arrivals: Sequence[KitArrival], per_kit: Mapping[int, Decimal], *, ordered: Decimal, released: Decimal
) -> KitsComplete | None:
    """The kits that are complete beyond those released, effective with the arrival that completed the last."""
    delivered: dict[int, Decimal] = {}
    found: KitsComplete | None = None
    reached = released
    for arrival in sorted(arrivals, key=lambda each: (each.at, each.item)):
        delivered[arrival.item] = delivered.get(arrival.item, ZERO) + arrival.quantity
        complete = min(complete_kits(delivered, per_kit), ordered)
        if complete > reached:
            reached = complete
            found = KitsComplete(complete, arrival.at)
    return found


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate of a trigger as it stands."""

    step: str
    decides_date: bool
    waives: bool
    quantity: Decimal | None
    outcome: Literal["met", "skipped"] | None
    met_at: datetime | None


@dataclass(frozen=True, slots=True)
class Increment:
    """A quantity to be released at once, effective at a time."""

    key: str
    quantity: Decimal
    effective_at: datetime


TriggerState = Literal["armed", "ready", "waived"]


def settle(gates: Sequence[Gate]) -> TriggerState:
    """Where a trigger stands that nothing has been released of: waived by a skipped gate, ready, or armed."""
    if any(gate.waives and gate.outcome == "skipped" for gate in gates):
        return "waived"
    return "ready" if all(gate.outcome is not None for gate in gates) else "armed"


def increments(gates: Sequence[Gate], quantity: Decimal) -> list[Increment]:
    """What a ready trigger releases: all of it at once, or a part for each gate that stands for one.

    The effective date is that of the latest gate that decides it and was not skipped; where none
    does, that of the latest gate. Where the gate of a part was skipped, all is released at once.
    """
    assert settle(gates) == "ready", "no charge before its gates"
    deciding = [gate for gate in gates if gate.decides_date and gate.outcome == "met"]
    parts = [gate for gate in deciding if gate.quantity is not None]
    if parts and sum((gate.quantity or ZERO for gate in parts), ZERO) == quantity:
        return [
            Increment(gate.step, gate.quantity or ZERO, gate.met_at)
            for gate in sorted(parts, key=lambda gate: gate.step)
            if gate.met_at is not None
        ]
    moments = [gate.met_at for gate in deciding or gates if gate.met_at is not None]
    return [Increment("all", quantity, max(moments))]


def effective_on(moment: datetime, zone: tzinfo) -> date:
    """The day of a moment where the account is."""
    return moment.astimezone(zone).date()


def amount(quantity: Decimal, unit_price: Decimal, *, cent: Decimal) -> Decimal:
    """Quantity times price, rounded once."""
    return (quantity * unit_price).quantize(cent, rounding=ROUND_HALF_UP)


def period_start(started_on: date, number: int, period: Period) -> date:
    """The first day of the nth period (from 0): the same day of a later month, or the month's last day.

    Counted from the first day, so that a subscription of the 31st returns to the 31st.
    """
    months = started_on.month - 1 + number * (12 if period == "year" else 1)
    year, month = started_on.year + months // 12, months % 12 + 1
    return date(year, month, min(started_on.day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """One period of a subscription, from its first day to the day after its last."""

    number: int
    start: date
    end: date


def periods_due(
    started_on: date, period: Period, *, charged: int, until: date, ended_on: date | None = None, limit: int = 120
) -> list[BillingPeriod]:
    """The periods not charged yet that begin by a day (charged in advance), at most `limit` at once."""
    due = []
    for number in range(charged, charged + limit):
        start = period_start(started_on, number, period)
        if start > until or (ended_on is not None and start >= ended_on):
            break
        due.append(BillingPeriod(number, start, period_start(started_on, number + 1, period)))
    return due


def no_rate(country: str, category: str, day: date) -> str:
    """What to say, and do, about a tax rate that is not there."""
    return f"{NO_RATE} “{category}” in “{country}” on {day}; add it, and it is invoiced."


def draft_faults(draft: TriggerDraft, *, currency: str | None) -> list[tuple[str, str, str]]:
    """What is wrong with a draft: code, sentence, pointer. `currency` is the billing account's, if it is known."""
    faults = []
    if currency is None:
        faults.append(("billing_account_unknown", "Choose a billing account that exists.", "/billing_account_id"))
    elif draft.currency != currency:
        message = f"The billing account is kept in {currency}, the price is in {draft.currency}; choose one currency."
        faults.append(("currency_mismatch", message, "/currency"))
    if not draft.gates:
        message = f"The price of line {draft.line} has no gate; name the steps that must be done before it is charged."
        faults.append(("gate_missing", message, "/gates"))
    if len({gate.step for gate in draft.gates}) < len(draft.gates):
        faults.append(("gate_twice", "Name each gate once.", "/gates"))
    parts = [gate.quantity for gate in draft.gates if gate.quantity is not None]
    if parts and sum(parts, ZERO) != draft.quantity:
        message = f"The gates stand for {sum(parts, ZERO):f} units, the line has {draft.quantity:f}; make them agree."
        faults.append(("gate_quantities", message, "/gates"))
    if draft.quantity <= 0:
        faults.append(("quantity_not_positive", "Charge for more than nothing.", "/quantity"))
    if (draft.price_kind == "recurring") != (draft.period is not None):
        faults.append(("period_missing", "A recurring price needs a period, the others have none.", "/period"))
    return faults
