"""The plan over time: what lies where in the picture."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderloom.fulfilment.projecting import ProjectedStep
from orderloom.web.plan import PlanStep
from orderloom.web.plan_gantt import NAMES, TICKS_MOST, WIDTH, Reader, gantt

NOON = datetime(2026, 3, 28, 12, tzinfo=UTC)
READER = Reader(ZoneInfo("Europe/Berlin"), "en")
STEP = PlanStep(
    process_id=1, number=0, key="a", title="Survey the site", kind="work.task", mode="person", type="manual",
    owner="internal", state="blocked", sub_reason=None, held=False, hold_reason=None, mandatory=True, queue=None,
    partner=None, expected=None, counted=0, attempt=0, due=None, ready_at=None, started_at=None, finished_at=None,
    error_class=None, error=None, planned_start=NOON, planned_finish=NOON + timedelta(hours=4), slack_seconds=3600,
    is_critical=False, why="", thing=None, order_items=[], evidence_by=None,
)  # fmt: skip


def hours(count):
    return NOON + timedelta(hours=count)


def picture(steps, coming=(), *, promised=24, now=2):
    return gantt(steps, coming, promised=hours(promised), now=hours(now), reader=READER)


def test_what_ran_late_is_filled_beyond_its_outline_and_what_follows_is_hatched_behind_it():
    late = replace(STEP, state="running", started_at=hours(1))
    then = replace(STEP, number=1, planned_start=hours(4), planned_finish=hours(6), slack_seconds=7200)
    made = picture([then, late], [ProjectedStep(0, hours(8), hours(9)), ProjectedStep(1, hours(9), hours(11))], now=8)
    first, second = made.rows

    assert [row.step.number for row in made.rows] == [0, 1]
    assert first.actual.x + first.actual.width > first.planned.x + first.planned.width
    assert first.projected.x == made.now
    assert abs(first.actual.x + first.actual.width - made.now) < 0.01
    assert second.actual is None
    assert second.projected.x >= first.projected.x + first.projected.width - 0.01
    assert abs(second.slack.x - (second.planned.x + second.planned.width)) < 0.01
    assert made.promise > second.projected.x + second.projected.width


def test_what_has_ended_shows_neither_today_nor_what_is_to_come():
    done = replace(STEP, state="done", started_at=hours(0), finished_at=hours(3))
    made = picture([done], now=500)

    assert made.now is None
    assert made.rows[0].projected is made.rows[0].slack is None
    assert made.rows[0].actual.width < made.rows[0].planned.width


def test_what_was_skipped_was_never_done():
    skipped = replace(STEP, state="skipped", finished_at=hours(3))

    assert picture([skipped]).rows[0].actual is None


def test_the_days_of_the_line_begin_at_the_readers_midnight_also_when_the_clock_is_changed():
    made = picture([replace(STEP, planned_finish=hours(60))], promised=70)

    assert [tick.label for tick in made.ticks if ":" not in tick.label] == ["29 Mar", "30 Mar", "31 Mar"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(-900, 900), st.integers(0, 900), st.integers(0, 500)), min_size=1, max_size=5),
    st.integers(-900, 900), st.integers(-900, 900),
)  # fmt: skip
def test_everything_lies_inside_the_picture_and_the_line_can_be_read(spans, promised, now):
    steps = [
        replace(
            STEP, number=number, planned_start=hours(begin), planned_finish=hours(begin + last), slack_seconds=slack
        )
        for number, (begin, last, slack) in enumerate(spans)
    ]
    coming = [ProjectedStep(step.number, hours(now), hours(now) + timedelta(hours=3)) for step in steps]
    made = picture(steps, coming, promised=promised, now=now)

    bars = [bar for row in made.rows for bar in (row.planned, row.projected, row.slack) if bar]
    assert all(bar.x >= NAMES and bar.x + bar.width <= WIDTH + 2.01 for bar in bars)
    assert all(NAMES <= place <= WIDTH for place in (made.now, made.promise))
    assert len(made.ticks) <= TICKS_MOST + 1
    assert sorted({row.step.number for row in made.rows}) == list(range(len(steps)))
