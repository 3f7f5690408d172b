"""Conversion and boolean functions (clauses 10.3.4.1 and 10.3.4.2)."""

from __future__ import annotations

import re
from decimal import Decimal

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.literal import text_of_value
from orderloom.feel.operators import number_of, opposite, same
from orderloom.feel.run import Run
from orderloom.feel.times import make_date, make_time, read_date, read_date_time, read_duration, read_time
from orderloom.feel.values import SECOND, Date, DateTime, Days, Months, Time, zone_named

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")


@builtin("number(from: text, grouping separator: any, decimal separator: any)")
def number(run: Run, text: str, grouping: object, decimal: object) -> Decimal | None:
    """The number that a text spells with these separators, each of which may be null."""
    if grouping not in (None, " ", ",", ".") or decimal not in (None, ",", ".") or (grouping and grouping == decimal):
        return None
    run.spend(len(text) >> 3)
    if isinstance(grouping, str):
        text = text.replace(grouping, "")
    if isinstance(decimal, str) and decimal != ".":
        if "." in text:
            return None
        text = text.replace(decimal, ".")
    return number_of(text) if _NUMBER.fullmatch(text) else None


@builtin("string(from: any)")
def string(run: Run, value: object) -> str | None:
    """The canonical text of a value; null of null."""
    return None if value is None else text_of_value(run, value)


@builtin("not(negand: any)")
def negation(_run: Run, value: object) -> bool | None:
    """Null of what is no truth value."""
    return opposite(value[0] if isinstance(value, list) and len(value) == 1 else value)


@builtin("is(value1: any, value2: any)")
def is_same(run: Run, left: object, right: object) -> bool:
    """Whether both are the same element of the semantic domain."""
    return same(left, right, run)


@builtin("date(from: any)")
def date(_run: Run, value: object) -> Date | None:
    """From a text or a date and time."""
    value = _single(value)
    if isinstance(value, str):
        return read_date(value)
    if isinstance(value, DateTime):
        return value.date
    return value if isinstance(value, Date) else None


@builtin("date(year: number, month: number, day: number)")
def date_of_parts(_run: Run, year: Decimal, month: Decimal, day: Decimal) -> Date | None:
    """From its parts."""
    parts = _integers(year, month, day)
    return None if parts is None else make_date(*parts)


@builtin("time(from: any)")
def time(_run: Run, value: object) -> Time | None:
    """From a text or a date and time; a date is midnight in Greenwich."""
    value = _single(value)
    if isinstance(value, str):
        return read_time(value)
    if isinstance(value, DateTime):
        return value.time
    if isinstance(value, Date):
        return Time(0, 0)
    return value if isinstance(value, Time) else None


@builtin("time(hour: number, minute: number, second: number, offset?: days)")
def time_of_parts(
    _run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: Days | None = None
) -> Time | None:
    """From its parts; the offset is a duration."""
    parts = _integers(hour, minute)
    if parts is None or not 0 <= second < 60 or (offset is not None and offset.nanoseconds % SECOND):
        return None
    nanoseconds = int(second * SECOND)
    return make_time(parts[0], parts[1], nanoseconds, offset=None if offset is None else offset.nanoseconds // SECOND)


@builtin("date and time(from: any)")
def date_and_time(_run: Run, value: object) -> DateTime | None:
    """From a text; a date is midnight in Greenwich."""
    value = _single(value)
    if isinstance(value, str):
        day = read_date(value)
        return read_date_time(value) if day is None else DateTime(day, Time(0))
    if isinstance(value, Date):
        return DateTime(value, Time(0, 0))
    return value if isinstance(value, DateTime) else None


@builtin("date and time(date: day, time: time)")
def date_with_time(_run: Run, day: Date | DateTime, time_of_day: Time) -> DateTime:
    """The day of the one, the time and zone of the other."""
    return DateTime(day.date if isinstance(day, DateTime) else day, time_of_day)


@builtin(
    "date and time(year: number, month: number, day: number, hour: number, minute: number, second: number,"
    " offset?: any)"
)
def date_and_time_of_parts(  # noqa: PLR0917 - the standard passes them by position
    _run: Run,
    year: Decimal,
    month: Decimal,
    day: Decimal,
    hour: Decimal,
    minute: Decimal,
    second: Decimal,
    offset: object = None,
) -> DateTime | None:
    """From its parts; the offset is a duration, a number of hours, or the name of a zone."""
    on = date_of_parts(_run, year, month, day)
    zone: str | None = None
    if isinstance(offset, str):
        zone, offset = offset, None
        if zone_named(zone) is None:
            return None
    elif isinstance(offset, Decimal):
        offset = Days(int(offset * 3600) * SECOND)
    if on is None or not (offset is None or isinstance(offset, Days)):
        return None
    at = time_of_parts(_run, hour, minute, second, offset)
    if not isinstance(at, Time):
        return None
    return DateTime(on, Time(at.nanoseconds, None, zone) if zone else at)  # type: ignore[arg-type]


@builtin("duration(from: any)")
def duration(_run: Run, value: object) -> Days | Months | None:
    """From a text."""
    value = _single(value)
    if isinstance(value, str):
        return read_duration(value)
    return value if isinstance(value, Days | Months) else None


@builtin("years and months duration(from: day, to: day)")
def years_and_months(_run: Run, start: Date | DateTime, end: Date | DateTime) -> Months:
    """The whole months between two days."""
    first = start.date if isinstance(start, DateTime) else start
    last = end.date if isinstance(end, DateTime) else end
    count = (last.year - first.year) * 12 + last.month - first.month
    if count > 0 and last.day < first.day:
        count -= 1
    elif count < 0 and last.day > first.day:
        count += 1
    return Months(count)


def _single(value: object) -> object:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _integers(*numbers: Decimal) -> list[int] | None:
    if any(number != number.to_integral_value() or abs(number) > 10**10 for number in numbers):
        return None
    return [int(number) for number in numbers]
