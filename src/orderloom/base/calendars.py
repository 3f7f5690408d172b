"""Working time: hours and holidays in a time zone, and durations measured on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

LONGEST_SEARCH = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Calendar:
    """When people work: spans of local time by weekday (Monday is 0), and days off.

    Local times are read in the calendar's zone, so that days of 23 and 25 hours count as they are.
    """

    time_zone: str
    hours: tuple[tuple[tuple[time, time], ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        assert len(self.hours) == 7, "a week has seven days"
        assert any(self.hours), "a calendar without working hours would never end a wait"


ALWAYS = Calendar("UTC", (((time.min, time.max),),) * 7)
"""Every hour of every day."""


def add_working_time(start: datetime, duration: timedelta, calendar: Calendar) -> datetime:
    """The moment at which this much working time has passed since `start` (both aware)."""
    if calendar == ALWAYS:
        return start + duration
    left = duration
    for opens, closes in _spans(start, calendar):
        if closes - opens >= left:
            return (opens + left).astimezone(start.tzinfo)
        left -= closes - opens
    raise ValueError("the calendar has no working time for ten years")


def take_working_time(end: datetime, duration: timedelta, calendar: Calendar) -> datetime:
    """The last moment from which this much working time passes until `end` (both aware)."""
    if calendar == ALWAYS:
        return end - duration
    start = end - duration
    while (missing := duration - working_time_between(start, end, calendar)) > timedelta(0):
        start -= missing
        if end - start > LONGEST_SEARCH:
            raise ValueError("the calendar has no working time for ten years")
    return start


def working_time_between(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    """How much working time lies between two moments; zero when the end comes first."""
    if calendar == ALWAYS:
        return max(end - start, timedelta(0))
    total = timedelta(0)
    for opens, closes in _spans(start, calendar):
        if opens >= end:
            break
        total += min(closes, end) - opens
    return total


def _spans(start: datetime, calendar: Calendar) -> Iterator[tuple[datetime, datetime]]:
    """Working spans from `start` on, in UTC, in order."""
    zone = ZoneInfo(calendar.time_zone)
    day = start.astimezone(zone).date()
    begin = start.astimezone(UTC)
    last = day + LONGEST_SEARCH
    while day < last:
        if day not in calendar.holidays:
            for opens, closes in calendar.hours[day.weekday()]:
                first = datetime.combine(day, opens, zone).astimezone(UTC)
                until = day + timedelta(days=1) if closes == time.max else day
                final = datetime.combine(until, time.min if closes == time.max else closes, zone).astimezone(UTC)
                if final > begin:
                    yield max(first, begin), final
        day += timedelta(days=1)
