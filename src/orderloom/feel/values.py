"""The values of FEEL that Python has no class for, and the ways in and out of the language.

Inside, a number is a `Decimal`, a text a `str`, a list a `list`, a context a `dict`; dates, times and durations are
the classes below, which know years up to nine digits, nanoseconds and named zones. `outward` gives back `datetime`'s
own class wherever that can hold the value, and `inward` takes both.
"""

from __future__ import annotations

import datetime as std
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache, total_ordering
from zoneinfo import ZoneInfo

from orderloom.feel.limits import FeelLimit

MAX_VALUES = 100_000
SECOND = 1_000_000_000
DAY = 86_400 * SECOND
_EPOCH = 719_468  # days from 0000-03-01 to 1970-01-01
_ORDINAL_EPOCH = 719_163  # date(1970, 1, 1).toordinal()


@total_ordering
@dataclass(frozen=True, slots=True)
class Months:
    """A years and months duration; negative counts go back."""

    count: int

    def __lt__(self, other: Months) -> bool:
        return self.count < other.count


@total_ordering
@dataclass(frozen=True, slots=True)
class Days:
    """A days and time duration in nanoseconds, where a `timedelta` is too coarse or too small."""

    nanoseconds: int

    def __lt__(self, other: Days) -> bool:
        return self.nanoseconds < other.nanoseconds


@dataclass(frozen=True, slots=True, order=True)
class Date:
    """A day of the proleptic Gregorian calendar; the year may be negative or have nine digits."""

    year: int
    month: int
    day: int

    def epoch_day(self) -> int:
        """Days since 1970-01-01."""
        year = self.year - (self.month <= 2)
        era, of_era = divmod(year, 400)
        of_year = (153 * ((self.month + 9) % 12) + 2) // 5 + self.day - 1
        return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - _EPOCH


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day: nanoseconds since midnight, and an offset in seconds or the name of a zone, if any."""

    nanoseconds: int
    offset: int | None = None
    zone: str | None = None
    _instant: int | None = field(default=None, init=False, compare=False, repr=False)

    @property
    def is_local(self) -> bool:
        return self.offset is None and self.zone is None

    def offset_on(self, day: Date | None) -> int:
        """Seconds east of Greenwich; a zone alone is taken as on 1970-01-01."""
        return zone_offset(self.zone, day, self.nanoseconds) if self.zone is not None else self.offset or 0

    def instant(self) -> int:
        """Nanoseconds since midnight in Greenwich."""
        if self._instant is None:
            found = self.nanoseconds - self.offset_on(None) * SECOND
            object.__setattr__(self, "_instant", found)
            return found
        return self._instant


@dataclass(frozen=True, slots=True)
class DateTime:
    """A day and a time of it."""

    date: Date
    time: Time
    _instant: int | None = field(default=None, init=False, compare=False, repr=False)

    def instant(self) -> int:
        """Nanoseconds since 1970-01-01 in Greenwich, or in local time where there is no zone."""
        if self._instant is None:
            found = self.date.epoch_day() * DAY + self.time.nanoseconds - self.time.offset_on(self.date) * SECOND
            object.__setattr__(self, "_instant", found)
            return found
        return self._instant


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends, each included or not; an end that is none is open."""

    low: object
    high: object
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Callee:
    """A function: the names of its parameters, the types that they want, and what it does with their values."""

    parameters: tuple[str, ...]
    call: Callable[..., object]
    types: tuple[object, ...] = ()
    name: str = "function"
    result: object = None


Temporal = Date | Time | DateTime | Days | Months


def date_of(epoch_day: int) -> Date:
    """The day that lies so many days after 1970-01-01."""
    era, of_era = divmod(epoch_day + _EPOCH, 146_097)
    year_of_era = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + 3 if shifted < 10 else shifted - 9
    return Date(year_of_era + era * 400 + (month <= 2), month, of_year - (153 * shifted + 2) // 5 + 1)


def days_in_month(year: int, month: int) -> int:
    """28 to 31."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


@lru_cache(maxsize=256)
def zone_named(name: str) -> ZoneInfo | None:
    """The zone of the IANA data base, or none."""
    if not name.replace("/", "").replace("_", "").replace("-", "").replace("+", "").isalnum():
        return None
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def zone_offset(name: str, day: Date | None, nanoseconds: int, *, is_utc: bool = False) -> int:
    """Seconds east of Greenwich at a time of a day, which is local or that of Greenwich."""
    # Years that `datetime` cannot hold follow the rules of its nearest year.
    near = (min(max(day.year, 2), 9998), day.month, day.day) if day else (1970, 1, 1)
    return _offset(name, near, nanoseconds // SECOND, is_utc=is_utc)


@lru_cache(maxsize=4096)
def _offset(name: str, day: tuple[int, int, int], seconds: int, *, is_utc: bool) -> int:
    zone = zone_named(name)
    if zone is None:
        return 0
    year, month, of_month = day
    of_month = min(of_month, days_in_month(year, month))
    parts = (year, month, of_month, seconds // 3600, seconds // 60 % 60, seconds % 60)
    local = std.datetime(*parts, tzinfo=std.UTC).astimezone(zone) if is_utc else std.datetime(*parts, tzinfo=zone)
    return round((local.utcoffset() or std.timedelta()).total_seconds())


def inward(value: object) -> object:  # noqa: PLR0911 - one return for each kind of value
    """A value of the outside as FEEL knows it: a float as the decimal that it prints, an unknown thing as its text."""
    kind = value.__class__
    if kind in _OWN:
        return value
    if kind is int:
        return Decimal(value)  # type: ignore[arg-type]
    if kind is Decimal:
        assert isinstance(value, Decimal)
        return value if value.is_finite() else None
    if isinstance(value, float):
        return inward(Decimal(repr(float(value))))
    if isinstance(value, Mapping):
        return {str(key): inward(inner) for key, inner in value.items()}
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes):
        return [inward(inner) for inner in value]
    if kind is Range:
        assert isinstance(value, Range)
        return Range(inward(value.low), inward(value.high), value.low_included, value.high_included)
    return _temporal_inward(value)


def _temporal_inward(value: object) -> object:
    if isinstance(value, std.datetime):
        return DateTime(Date(value.year, value.month, value.day), _time_inward(value.timetz()))
    if isinstance(value, std.date):
        return Date(value.year, value.month, value.day)
    if isinstance(value, std.time):
        return _time_inward(value)
    if isinstance(value, std.timedelta):
        return Days((value.days * 86_400 + value.seconds) * SECOND + value.microseconds * 1000)
    if isinstance(value, int):
        return Decimal(int(value))
    return str(value)


def _time_inward(value: std.time) -> Time:
    nanoseconds = (value.hour * 3600 + value.minute * 60 + value.second) * SECOND + value.microsecond * 1000
    if isinstance(value.tzinfo, ZoneInfo) and value.tzinfo.key:
        return Time(nanoseconds, None, value.tzinfo.key)
    offset = value.utcoffset()
    return Time(nanoseconds, None if offset is None else round(offset.total_seconds()))


def outward(value: object, room: list[int] | None = None) -> object:
    """A value of FEEL for the outside: `datetime`'s own classes wherever they can hold it.

    Lists that hold one list many times come out unfolded, which is bounded too.
    """
    kind = value.__class__
    if kind is str or kind is Decimal or kind is bool or value is None:
        return value
    if isinstance(value, list | dict):
        room = [MAX_VALUES] if room is None else room
        room[0] -= len(value) + 1
        if room[0] < 0:
            raise FeelLimit("items", f"A value has at most {MAX_VALUES} values within.")
        if isinstance(value, list):
            return [outward(inner, room) for inner in value]
        return {key: outward(inner, room) for key, inner in value.items()}
    if isinstance(value, Range):
        return Range(outward(value.low), outward(value.high), value.low_included, value.high_included)
    return _temporal_outward(value)


def _temporal_outward(value: object) -> object:
    if isinstance(value, Date):
        return std.date(value.year, value.month, value.day) if 1 <= value.year <= 9999 else value
    if isinstance(value, Time):
        return value if value.nanoseconds % 1000 else _time_outward(value)
    if isinstance(value, DateTime):
        if value.time.nanoseconds % 1000 or not 1 <= value.date.year <= 9999:
            return value
        day = std.date(value.date.year, value.date.month, value.date.day)
        return std.datetime.combine(day, _time_outward(value.time))
    if isinstance(value, Days) and value.nanoseconds % 1000 == 0 and abs(value.nanoseconds) < 999_999_999 * DAY:
        return std.timedelta(microseconds=value.nanoseconds // 1000)
    return value


def _time_outward(value: Time) -> std.time:
    seconds, below = divmod(value.nanoseconds, SECOND)
    zone: std.tzinfo | None = None
    if value.zone is not None:
        zone = zone_named(value.zone)
    elif value.offset is not None:
        zone = std.timezone(std.timedelta(seconds=value.offset)) if value.offset else std.UTC
    return std.time(seconds // 3600, seconds // 60 % 60, seconds % 60, below // 1000, tzinfo=zone)


_OWN = frozenset({type(None), bool, str, Date, Time, DateTime, Days, Months, Callee})
