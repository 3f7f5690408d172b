"""What comes back when something that recurs ends within a period that was charged in advance. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from orderloom.billing.types import Period
from orderloom.catalog.proration import ProrationMethod, Term, periods_in


@dataclass(frozen=True, slots=True)
class ChargedPeriod:
    """A period that was charged, from its first day to the day after its last."""

    charge_id: int
    start: date
    end: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Credit:
    """What comes back of a charge, for the days from `start` to before `end`."""

    charge_id: int
    start: date
    end: date
    amount: Decimal


def credits(
    charged: Sequence[ChargedPeriod],
    *,
    on: date,
    price: Decimal,
    period: Period,
    method: ProrationMethod,
    cent: Decimal,
) -> Iterator[Credit]:
    """What comes back of periods when nothing is owed from a day on.

    What was used costs the price of so many periods as the method counts in it, never more than was charged.
    """
    for each in charged:
        if each.end <= on or each.amount <= 0:
            continue
        used = Decimal(0)
        if each.start < on:
            share = periods_in(Term(each.start, on - timedelta(days=1)), period, method)
            used = min(each.amount, share.times(price).rounded(cent))
        if used < each.amount:
            yield Credit(each.charge_id, max(on, each.start), each.end, each.amount - used)
