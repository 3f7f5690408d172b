"""The plan of an order over time: planned outline, actual fill, projected hatching, slack, today and the promise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from orderloom.fulfilment.projecting import ProjectedStep
from orderloom.web.plan import PlanStep

NAMES, WIDTH, ROW, HEAD = 250, 1180, 26, 44
LETTERS_MOST = 32
TICKS_MOST = 9
THIN = 2.0
"""A bar that lasts no time is still seen."""
EVERY = tuple(timedelta(hours=hours) for hours in (1, 3, 6, 12, 24, 48, 7 * 24, 14 * 24, 28 * 24, 91 * 24, 365 * 24))


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of time as it lies in the picture."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class GanttRow:
    """A step with its stretches: as planned, as it went so far, as it will go on, and what it may lose."""

    step: PlanStep
    y: int
    label: str
    planned: Bar | None
    actual: Bar | None
    projected: Bar | None
    slack: Bar | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment of the time line."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Gantt:
    """The picture as a whole; `now` and `promise` are places in it."""

    rows: list[GanttRow]
    ticks: list[Tick]
    now: float | None
    promise: float
    height: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose dates they are."""

    zone: ZoneInfo
    locale: str


class _Line:
    """The time line: where a moment lies."""

    def __init__(self, first: datetime, last: datetime) -> None:
        spare = max((last - first) * 0.03, timedelta(minutes=10))
        self.first, self.last = first - spare, last + spare

    def at(self, moment: datetime) -> float:
        return NAMES + (WIDTH - NAMES) * ((moment - self.first) / (self.last - self.first))

    def bar(self, begin: datetime | None, end: datetime | None) -> Bar | None:
        if begin is None or end is None:
            return None
        return Bar(self.at(begin), max(self.at(max(begin, end)) - self.at(begin), THIN))


def gantt(
    steps: Sequence[PlanStep], coming: Sequence[ProjectedStep], *, promised: datetime, now: datetime, reader: Reader
) -> Gantt:
    """Place the steps, the earliest first; equal plans at the same moment give equal pictures."""
    still = {one.number: one for one in coming}
    is_open = bool(still)
    moments = [promised, *([now] if is_open else []), *(one.finish for one in coming)]
    moments += [
        moment
        for step in steps
        for moment in (step.planned_start, step.planned_finish, step.started_at, step.finished_at)
        if moment
    ]
    line = _Line(min(moments), max(moments))
    ordered = sorted(steps, key=lambda step: (_begin(step, still, promised), step.number))
    return Gantt(
        rows=[_row(step, place, line, still.get(step.number), now) for place, step in enumerate(ordered)],
        ticks=_ticks(line, reader),
        now=line.at(now) if is_open else None,
        promise=line.at(promised),
        height=HEAD + ROW * len(ordered) + 8,
    )


def _begin(step: PlanStep, still: Mapping[int, ProjectedStep], otherwise: datetime) -> datetime:
    """When a step began, or will begin; ended branches stand where they were planned."""
    coming = still[step.number].start if step.number in still and step.state == "blocked" else None
    return step.started_at or step.ready_at or step.finished_at or coming or step.planned_start or otherwise


def _row(step: PlanStep, place: int, line: _Line, coming: ProjectedStep | None, now: datetime) -> GanttRow:
    began = step.started_at or step.ready_at or step.finished_at
    slack = None
    if step.planned_finish is not None and step.slack_seconds and coming is not None:
        end = min(step.planned_finish + timedelta(seconds=step.slack_seconds), line.last)
        slack = line.bar(step.planned_finish, end)
    return GanttRow(
        step=step,
        y=HEAD + ROW * place,
        label=step.title if len(step.title) <= LETTERS_MOST else step.title[: LETTERS_MOST - 1].rstrip() + "…",
        planned=line.bar(step.planned_start, step.planned_finish),
        actual=line.bar(began, step.finished_at or now)
        if began and step.state not in ("skipped", "cancelled")
        else None,
        projected=line.bar(coming.start, coming.finish) if coming else None,
        slack=slack,
    )


def _ticks(line: _Line, reader: Reader) -> list[Tick]:
    """Round moments of the reader's clock, as many as can be read beside each other."""
    span = line.last - line.first
    every = next((one for one in EVERY if span / one <= TICKS_MOST), EVERY[-1])
    begin = line.first.astimezone(reader.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    ticks = []
    for count in range(int(span / every) + int(timedelta(days=1) / every) + 2):
        moment = begin + every * count
        if line.first <= moment <= line.last:
            ticks.append(Tick(line.at(moment), _label(moment, reader)))
    return ticks


def _label(moment: datetime, reader: Reader) -> str:
    if moment.hour or moment.minute:
        return str(format_time(moment, "HH:mm", locale=reader.locale))
    return str(format_date(moment, "d MMM", locale=reader.locale))
