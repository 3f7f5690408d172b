"""Working time on calendars with zones, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.base.calendars import ALWAYS, Calendar, add_working_time, working_time_between

OFFICE = Calendar(
    "Europe/Berlin",
    (((time(9), time(12)), (time(13), time(17))),) * 5 + ((), ()),
    frozenset({date(2026, 12, 25)}),
)
FRIDAY_NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)  # 12:00 in Berlin


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (FRIDAY_NOON, 4, datetime(2026, 11, 20, 16, 0, tzinfo=UTC)),
        (FRIDAY_NOON, 5, datetime(2026, 11, 23, 9, 0, tzinfo=UTC)),
        (datetime(2026, 12, 24, 16, 0, tzinfo=UTC), 1, datetime(2026, 12, 28, 9, 0, tzinfo=UTC)),
    ],
)
def test_a_duration_skips_nights_weekends_and_holidays(start: datetime, hours: int, end: datetime) -> None:
    assert add_working_time(start, timedelta(hours=hours), OFFICE) == end


def test_a_day_of_23_hours_has_23_hours() -> None:
    berlin_days = Calendar("Europe/Berlin", (((time.min, time.max),),) * 7)
    start, end = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert working_time_between(start, end, berlin_days) == timedelta(hours=23)


@given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 60))
def test_adding_and_measuring_agree(start_minutes: int, duration_minutes: int) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=start_minutes)
    duration = timedelta(minutes=duration_minutes)
    for calendar in (OFFICE, ALWAYS):
        end = add_working_time(start, duration, calendar)
        assert working_time_between(start, end, calendar) == duration
