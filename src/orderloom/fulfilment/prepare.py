"""From plans to everything that is written when they start; pure, so that it can be done while the database writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from orderloom.assets.types import AssetDraft
from orderloom.base.types import Subject
from orderloom.billing.types import TriggerDraft
from orderloom.fulfilment import compile as compiling
from orderloom.fulfilment.facts import plain_facts
from orderloom.fulfilment.jeopardy import next_change
from orderloom.fulfilment.planning import Planned
from orderloom.fulfilment.rows import NewPlan, NewStep, NewThing
from orderloom.fulfilment.schedule import Schedule, schedule
from orderloom.fulfilment.types import Plan
from orderloom.processes.types import ProcessDraft


@dataclass(frozen=True, slots=True)
class PlanRows:
    """A plan as it is written: its process, its rows, and the drafts that other rooms take."""

    subject: Subject
    process: ProcessDraft
    head: NewPlan
    things: list[NewThing]
    steps: list[NewStep]
    assets: list[AssetDraft]
    triggers: list[TriggerDraft]
    users: list[tuple[int, str, int]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A planned order, and what to write; nothing where something stands in the way."""

    planned: Planned
    rows: PlanRows | None


def prepare(planned: Sequence[Planned], process_ids: Sequence[int], *, now: datetime) -> list[Prepared]:
    """Make the rows of these plans, which start now under the ids that were drawn for them."""
    return [
        Prepared(one, None if one.obstacle is not None else _rows(one, process_id, now))
        for one, process_id in zip(planned, process_ids, strict=True)
    ]


def _rows(one: Planned, process_id: int, now: datetime) -> PlanRows:
    plan = one.plan
    assert plan is not None
    forecast = schedule(plan.shape, frozenset(n for n, step in enumerate(plan.steps) if step.is_born_skipped))
    process = compiling.process_draft(one.sold, plan)
    begin = max([now, *(moment for moment in process.not_before if moment is not None)])
    return PlanRows(
        subject=one.sold.subject,
        process=process,
        head=_head(one, plan, forecast, process_id, begin=begin, now=now),
        things=compiling.things_of(one.sold, plan),
        steps=list(
            compiling.steps_of(one.sold, plan, forecast, process_id=process_id, start=now, numbers=plan.numbers())
        ),
        assets=compiling.asset_drafts(one.sold),
        triggers=compiling.trigger_drafts(one.sold, plan),
        users=compiling.joined_users(one.sold, plan),
    )


def _head(one: Planned, plan: Plan, forecast: Schedule, process_id: int, *, begin: datetime, now: datetime) -> NewPlan:
    wished = one.sold.order.promised_on
    promised = datetime.combine(wished, time(23, 59), now.tzinfo) if wished else forecast.promised_at(begin)
    expected = begin + timedelta(seconds=forecast.expected)
    covered = {line for thing in plan.things for line in thing.sources}
    return NewPlan(
        order_id=one.sold.order.id,
        process_id=process_id,
        catalogue_version_id=one.sold.order.catalogue_version_id,
        facts=plain_facts(one.facts),
        nothing_to_do=[item.id for item in one.sold.order.items if item.line not in covered],
        critical_path=list(forecast.critical_path),
        optimistic_seconds=forecast.optimistic,
        typical_seconds=forecast.typical,
        pessimistic_seconds=forecast.pessimistic,
        forecast_at=expected,
        promised_at=promised,
        projected_at=expected,
        look_again_at=next_change(forecast=expected, promised=promised, projected=expected, now=now),
    )
