"""Dates, times and durations: read from text, printed, and taken apart; DMN 1.3, clauses 10.3.2.3.4 to 10.3.2.3.9."""

from __future__ import annotations

import re
from decimal import Decimal

from orderloom.feel.values import DAY, SECOND, Date, DateTime, Days, Months, Temporal, Time, days_in_month, zone_named

MAX_YEAR = 999_999_999
MAX_OFFSET = 14 * 3600
_DATE = r"(?P<year>-?(?:[1-9][0-9]{4,8}|[0-9]{4}))-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})"
_TIME = (
    r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<below>[0-9]+))?"
    r"(?:(?P<utc>[zZ])|(?P<sign>[+-])(?P<hours>[0-9]{2}):(?P<minutes>[0-9]{2})(?::(?P<seconds>[0-9]{2}))?"
    r"|@(?P<zone>[A-Za-z0-9_+/-]+))?"
)
_A_DATE = re.compile(_DATE)
_A_TIME = re.compile(_TIME)
_A_DATE_TIME = re.compile(f"{_DATE}T{_TIME}")
_MONTHS = re.compile(r"(?P<sign>-?)P(?=[0-9])(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?")
_DAYS = re.compile(
    r"(?P<sign>-?)P(?=[0-9T])(?:(?P<days>[0-9]+)D)?(?:T(?=[0-9])(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?"
    r"(?:(?P<seconds>[0-9]+)(?:\.(?P<below>[0-9]+))?S)?)?"
)
_DIGITS = 24
"""A component of a duration with more digits than this is no duration."""


def temporal(text: str) -> Temporal | None:
    """The value of @"...": a date, a time, a date and time or a duration; null if it is none of them."""
    return read_date(text) or read_time(text) or read_date_time(text) or read_duration(text)


def read_date(text: str) -> Date | None:
    """`2017-01-31`; years of up to nine digits, and before Christ."""
    match = _A_DATE.fullmatch(text)
    return _date(match) if match else None


def read_time(text: str) -> Time | None:
    """`13:20:00`, `13:20:00.123+02:00`, `13:20:00Z`, `13:20:00@Europe/Paris`."""
    match = _A_TIME.fullmatch(text)
    return _time(match) if match else None


def read_date_time(text: str) -> DateTime | None:
    """A date and a time with `T` between them."""
    match = _A_DATE_TIME.fullmatch(text)
    if match is None:
        return None
    day, time = _date(match), _time(match)
    return DateTime(day, time) if day is not None and time is not None else None


def read_duration(text: str) -> Days | Months | None:
    """`P1DT2H`, `-PT0.5S`, `P1Y2M`; years and months never stand with days."""
    if len(text) > 5 * _DIGITS:
        return None
    if match := _MONTHS.fullmatch(text):
        count = int(match["years"] or 0) * 12 + int(match["months"] or 0)
        return Months(-count if match["sign"] else count)
    if match := _DAYS.fullmatch(text):
        seconds = sum(int(match[part] or 0) * size for part, size in _SIZES)
        total = seconds * SECOND + int((match["below"] or "0")[:9].ljust(9, "0"))
        return Days(-total if match["sign"] else total)
    return None


_SIZES = (("days", 86_400), ("hours", 3600), ("minutes", 60), ("seconds", 1))


def make_date(year: int, month: int, day: int) -> Date | None:
    """The day of a calendar that has it, else null."""
    if abs(year) <= MAX_YEAR and 1 <= month <= 12 and 1 <= day <= days_in_month(year, month):
        return Date(year, month, day)
    return None


def make_time(hour: int, minute: int, nanoseconds: int, *, offset: int | None, zone: str | None = None) -> Time | None:
    """The time of day, or null if a part is out of bounds; `nanoseconds` are those of the minute."""
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= nanoseconds < 60 * SECOND):
        return None
    if offset is not None and abs(offset) > MAX_OFFSET:
        return None
    return Time((hour * 3600 + minute * 60) * SECOND + nanoseconds, offset, zone)


def printed(value: Temporal) -> str:
    """The canonical text, which reads as the same value."""
    match value:
        case Date(year, month, day):
            return f"{'-' if year < 0 else ''}{abs(year):04}-{month:02}-{day:02}"
        case Time():
            return _printed_time(value)
        case DateTime(day, time):
            return f"{printed(day)}T{_printed_time(time)}"
        case Months(count):
            years, months = divmod(abs(count), 12)
            parts = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
            return f"{'-' if count < 0 else ''}P{parts}"
        case Days(nanoseconds):
            return _printed_days(nanoseconds)


def property_of(value: Temporal, name: str) -> object:
    """A property by its name in the standard (Table 65), else null."""
    match value:
        case Months(count):
            years, months = divmod(abs(count), 12)
            return _signed({"years": years, "months": months}.get(name), count)
        case Days(nanoseconds):
            return _part_of_days(nanoseconds, name)
        case Date():
            return _part_of_date(value, name)
        case Time():
            return _part_of_time(value, None, name)
        case DateTime(day, time):
            found = _part_of_date(day, name)
            return _part_of_time(time, day, name) if found is None else found


def weekday(day: Date) -> int:
    """1 on Monday to 7 on Sunday."""
    return (day.epoch_day() + 3) % 7 + 1


def _date(match: re.Match[str]) -> Date | None:
    if match["year"].startswith("-0000"):
        return None
    return make_date(int(match["year"]), int(match["month"]), int(match["day"]))


def _time(match: re.Match[str]) -> Time | None:
    nanoseconds = int(match["second"]) * SECOND + int((match["below"] or "0")[:9].ljust(9, "0"))
    offset, zone = None, match["zone"]
    if match["utc"]:
        offset = 0
    elif match["sign"]:
        if int(match["minutes"]) > 59 or int(match["seconds"] or 0) > 59:
            return None
        offset = int(match["hours"]) * 3600 + int(match["minutes"]) * 60 + int(match["seconds"] or 0)
        offset = -offset if match["sign"] == "-" else offset
    if zone is not None and zone_named(zone) is None:
        return None
    return make_time(int(match["hour"]), int(match["minute"]), nanoseconds, offset=offset, zone=zone)


def _printed_time(value: Time) -> str:
    seconds, below = divmod(value.nanoseconds, SECOND)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{_fraction(below)}"
    if value.zone is not None:
        return f"{text}@{value.zone}"
    if value.offset is None:
        return text
    if value.offset == 0:
        return f"{text}Z"
    size = abs(value.offset)
    tail = f":{size % 60:02}" if size % 60 else ""
    return f"{text}{'-' if value.offset < 0 else '+'}{size // 3600:02}:{size // 60 % 60:02}{tail}"


def _printed_days(nanoseconds: int) -> str:
    size = abs(nanoseconds)
    days, rest = divmod(size, DAY)
    seconds, below = divmod(rest, SECOND)
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    time = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or below or not (days or time):
        time += f"{seconds}{_fraction(below)}S"
    day = f"{days}D" if days else ""
    return f"{'-' if nanoseconds < 0 else ''}P{day}{'T' + time if time else ''}"


def _fraction(below: int) -> str:
    return f".{below:09}".rstrip("0") if below else ""


def _signed(count: int | None, sign: int) -> Decimal | None:
    return None if count is None else Decimal(-count if sign < 0 else count)


def _part_of_days(nanoseconds: int, name: str) -> Decimal | None:
    size = abs(nanoseconds)
    seconds = size // SECOND
    if name == "seconds":
        exact = Decimal(seconds % 60) + Decimal(size % SECOND) / SECOND
        return -exact if nanoseconds < 0 else exact
    parts = {"days": size // DAY, "hours": seconds // 3600 % 24, "minutes": seconds // 60 % 60}
    return _signed(parts.get(name), nanoseconds)


def _part_of_date(value: Date, name: str) -> Decimal | None:
    match name:
        case "year":
            return Decimal(value.year)
        case "month":
            return Decimal(value.month)
        case "day":
            return Decimal(value.day)
        case "weekday":
            return Decimal(weekday(value))
    return None


def _part_of_time(value: Time, day: Date | None, name: str) -> object:
    seconds = value.nanoseconds // SECOND
    match name:
        case "hour":
            return Decimal(seconds // 3600)
        case "minute":
            return Decimal(seconds // 60 % 60)
        case "second":
            return Decimal(seconds % 60) + Decimal(value.nanoseconds % SECOND) / SECOND
        case "time offset":
            return None if value.is_local else Days(value.offset_on(day) * SECOND)
        case "timezone":
            return value.zone
    return None
