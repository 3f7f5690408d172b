"""Temporal functions (clause 10.3.4.10, and now and today of DMN 1.4)."""

from __future__ import annotations

from decimal import Decimal

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.run import Run
from orderloom.feel.times import weekday
from orderloom.feel.values import Date, DateTime

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@builtin("day of year(date: day)")
def day_of_year(_run: Run, value: Date | DateTime) -> Decimal:
    """1 on the first of January."""
    day = _day(value)
    return Decimal(day.epoch_day() - Date(day.year, 1, 1).epoch_day() + 1)


@builtin("day of week(date: day)")
def day_of_week(_run: Run, value: Date | DateTime) -> str:
    """Its English name."""
    return _WEEKDAYS[weekday(_day(value)) - 1]


@builtin("month of year(date: day)")
def month_of_year(_run: Run, value: Date | DateTime) -> str:
    """Its English name."""
    return _MONTHS[_day(value).month - 1]


@builtin("week of year(date: day)")
def week_of_year(_run: Run, value: Date | DateTime) -> Decimal:
    """The week of ISO 8601."""
    day = _day(value)
    # The week belongs to the year that its Thursday lies in.
    thursday = day.epoch_day() + 4 - weekday(day)
    year = day.year
    for candidate in (year - 1, year, year + 1):
        if Date(candidate, 1, 1).epoch_day() <= thursday:
            year = candidate
    return Decimal((thursday - Date(year, 1, 1).epoch_day()) // 7 + 1)


@builtin("now()")
def now(run: Run) -> DateTime | None:
    """The caller's now; null if it told none."""
    return run.moment()


@builtin("today()")
def today(run: Run) -> Date | None:
    """The day of it."""
    moment = run.moment()
    return None if moment is None else moment.date


def _day(value: Date | DateTime) -> Date:
    return value.date if isinstance(value, DateTime) else value
