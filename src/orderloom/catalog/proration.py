"""How many periods lie in a term, by a method that the price names; leap years included."""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from orderloom.catalog.exact import ONE, Exact
from orderloom.catalog.types import Period

ProrationMethod = Literal["whole", "months", "months_and_days", "days", "days_365", "days_360"]

MONTHS: Mapping[str, int] = {"month": 1, "quarter": 3, "year": 12}
"""The periods that are made of months."""


@dataclass(frozen=True, slots=True)
class Term:
    """From the first day to the last, both included."""

    first: date
    last: date

    def __post_init__(self) -> None:
        assert self.first <= self.last, "a term does not end before it begins"


def term_of_months(first: date, months: int) -> Term:
    """The term of so many months from a day on."""
    assert months > 0
    return Term(first, months_later(first, months) - timedelta(days=1))


def months_later(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day."""
    count = day.month - 1 + months
    year, month = day.year + count // 12, count % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def periods_in(term: Term, period: Period, method: ProrationMethod) -> Exact:
    """How many periods the term is charged for.

    - `whole`: every period that has begun counts whole.
    - `months`: every month that has begun counts whole (periods of months only; else as `whole`).
    - `months_and_days`: whole months, then days over the days of the month that they lie in.
    - `days`: every day over the days of the calendar year (quarter, month) that it lies in.
    - `days_365`, `days_360`: every day over 365 or 360 (months over a twelfth of it), leap year or not.

    Weeks and days have no year to lie in: their days are counted over 7 and 1 by every method but `whole`.
    """
    days = Decimal((term.last - term.first).days + 1)
    if period in ("week", "day"):
        length = Decimal(7 if period == "week" else 1)
        return Exact(-(-days // length) if method in ("whole", "months") else days, _over(method, length))
    months = MONTHS[period]
    if method in ("whole", "months"):
        begun = _months_begun(term)
        return Exact(Decimal(-(-begun // months))) if method == "whole" else Exact(Decimal(begun), Decimal(months))
    if method == "months_and_days":
        return _months_and_days(term).times(ONE, Decimal(months))
    if method == "days":
        return _by_calendar(term, period)
    return Exact(days * 12, Decimal((365 if method == "days_365" else 360) * months))


def _over(method: ProrationMethod, length: Decimal) -> Decimal:
    return ONE if method in ("whole", "months") else length


def _months_begun(term: Term) -> int:
    months = (term.last.year - term.first.year) * 12 + term.last.month - term.first.month
    return months + 1 if months_later(term.first, months) <= term.last else months


def _months_and_days(term: Term) -> Exact:
    end = term.last + timedelta(days=1)
    whole = (end.year - term.first.year) * 12 + end.month - term.first.month
    if months_later(term.first, whole) > end:
        whole -= 1
    since = months_later(term.first, whole)
    length = Decimal((months_later(term.first, whole + 1) - since).days)
    return Exact(Decimal(whole) * length + (end - since).days, length)


def _year(day: date) -> tuple[date, int]:
    return date(day.year, 12, 31), 366 if isleap(day.year) else 365


def _quarter(day: date) -> tuple[date, int]:
    first = day.month - (day.month - 1) % 3
    lengths = [monthrange(day.year, month)[1] for month in range(first, first + 3)]
    return date(day.year, first + 2, lengths[-1]), sum(lengths)


def _month(day: date) -> tuple[date, int]:
    length = monthrange(day.year, day.month)[1]
    return date(day.year, day.month, length), length


_CALENDAR: Mapping[str, Callable[[date], tuple[date, int]]] = {"year": _year, "quarter": _quarter, "month": _month}
"""The last day of the calendar period that a day lies in, and how many days the period has."""


def _by_calendar(term: Term, period: Period) -> Exact:
    """Days over the length of the calendar period that they lie in, summed over one denominator."""
    parts: dict[int, int] = {}
    day = term.first
    while day <= term.last:
        end, length = _CALENDAR[period](day)
        upto = min(end, term.last)
        parts[length] = parts.get(length, 0) + (upto - day).days + 1
        day = upto + timedelta(days=1)
    total = Exact(Decimal(0))
    for length, count in parts.items():
        total = Exact(total.value * length + count * total.over, total.over * length)
    return total
