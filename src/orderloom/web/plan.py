"""The plan of an order as pages and API show it: steps with their state, dependencies, counts and moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter
from orderloom.processes.reads import edges_of
from orderloom.processes.types import Edge
from orderloom.web.plan_graph import GraphEdge, GraphStep, PlacedGraph, place, with_dead_branches

LANES = {
    "internal": "Us",
    "partner": "Partner",
    "vendor": "Vendor",
    "carrier": "Carrier",
    "customer": "Customer",
}
ICONS = {
    "auto": "gear",
    "callout": "link",
    "event": "clock",
    "timer": "clock",
    "manual": "person",
    "appointment": "person",
    "milestone": "flag",
}
OPEN = {"ready", "running", "waiting", "failed"}
STEP_LIMIT = 100_000
DRAWN_MOST = 400


@dataclass(frozen=True, slots=True)
class PlanHeader:
    """An order's plan as a whole. `jeopardy` is none, watch, risk or late."""

    process_id: int
    revision: int
    planned_at: datetime
    promised_at: datetime
    projected_at: datetime
    jeopardy: str
    optimistic_seconds: int
    typical_seconds: int
    pessimistic_seconds: int


@dataclass(frozen=True, slots=True)
class PlanStep:
    """A step with what it is for and how it stands. `why` says which rule put it into the plan.

    `evidence_by` recorded evidence that the step is done, which waits for a second person to confirm it.
    """

    process_id: int
    number: int
    key: str
    title: str
    kind: str
    mode: str
    type: str
    owner: str
    state: str
    sub_reason: str | None
    held: bool
    hold_reason: str | None
    mandatory: bool
    queue: str | None
    partner: str | None
    expected: int | None
    counted: int
    attempt: int
    due: datetime | None
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    error_class: str | None
    error: str | None
    planned_start: datetime | None
    planned_finish: datetime | None
    slack_seconds: int | None
    is_critical: bool
    why: str
    thing: str | None
    order_items: list[int]
    evidence_by: str | None

    @property
    def tone(self) -> str:
        """Which colour its state has."""
        if self.state in ("done", "skipped", "cancelled"):
            return "done" if self.state == "done" else "cancelled"
        if self.held:
            return "held"
        return {"failed": "fallout", "waiting": "others", "blocked": "waiting"}.get(self.state, self.state)

    @property
    def lane(self) -> str:
        return LANES.get(self.owner, "Us")


@dataclass(frozen=True, slots=True)
class OrderPlan:
    """The plan of one order."""

    header: PlanHeader
    steps: list[PlanStep]
    edges: list[Edge]

    def graph(self) -> PlacedGraph | None:
        """Its picture; None when there are too many steps to be told apart."""
        if len(self.steps) > DRAWN_MOST:
            return None
        critical = {step.number for step in self.steps if step.is_critical}
        steps = [
            GraphStep(
                number=step.number,
                lane=step.lane,
                title=step.title,
                note=step.partner or step.queue or "",
                tone=step.tone,
                icon=ICONS.get(step.type, "gear"),
                critical=step.is_critical,
                faded=step.state in ("skipped", "cancelled"),
                path=f"/steps/{step.process_id}/{step.number}",
            )
            for step in self.steps
        ]
        edges = [
            GraphEdge(edge.first, edge.then, edge.type, critical=edge.first in critical and edge.then in critical)
            for edge in self.edges
        ]
        return place(steps, with_dead_branches(steps, edges), lanes=list(LANES.values()))

    def waiting_for(self, most: int = 3) -> list[PlanStep]:
        """The open steps that matter most: fallout first, then the critical path, then what is due."""
        open_steps = [step for step in self.steps if step.state in OPEN and step.mandatory]
        return sorted(
            open_steps, key=lambda step: (step.state != "failed", not step.is_critical, step.planned_finish is None)
        )[:most]

    def counts(self) -> dict[int, dict[str, int]]:
        """How many steps of each order item there are in each colour of state, by item id."""
        found: dict[int, dict[str, int]] = {}
        for step in self.steps:
            for item_id in step.order_items:
                tones = found.setdefault(item_id, {})
                tones[step.tone] = tones.get(step.tone, 0) + 1
        return found


async def order_plan(tx: Tx, order_id: int) -> OrderPlan | None:
    """The plan of an order that the actor has been shown to see; None before it is planned."""
    header = await tx.one_or_none(
        """
        SELECT process_id, revision, planned_at, promised_at, projected_at, jeopardy, optimistic_seconds,
               typical_seconds, pessimistic_seconds
          FROM fulfilment.plan
         WHERE order_id = %(id)s
        """,
        {"id": order_id},
        row=PlanHeader,
    )
    if header is None:
        return None
    steps = await plan_steps(tx, header.process_id)
    return OrderPlan(header, steps, await edges_of(tx, header.process_id))


async def plan_steps(tx: Tx, process_id: int, numbers: Sequence[int] | None = None) -> list[PlanStep]:
    """The steps of a process, all or these, in the order of their numbers."""
    return await tx.all(
        """
        SELECT step.process_id, step.number, step.key, step.title, step.kind, step.mode,
               coalesce(planned.type, step.mode) AS type, coalesce(planned.owner, 'internal') AS owner, step.state,
               step.sub_reason, step.held, step.hold_reason, step.mandatory, step.queue, step.partner, step.expected,
               step.counted, step.attempt, step.due, step.ready_at, step.started_at, step.finished_at,
               step.error_class, step.error, planned.planned_start, planned.planned_finish, planned.slack_seconds,
               coalesce(planned.is_critical, false) AS is_critical, coalesce(planned.why, '') AS why,
               item.label AS thing, coalesce(planned.order_items, '{}') AS order_items,
               evidence.recorded_name AS evidence_by
          FROM processes.step
          LEFT JOIN fulfilment.step AS planned USING (process_id, number)
          LEFT JOIN fulfilment.item ON item.id = planned.item_id
          LEFT JOIN fulfilment.evidence ON evidence.process_id = step.process_id AND evidence.number = step.number
           AND evidence.state = 'recorded'
         WHERE step.process_id = %(process_id)s
           AND (%(numbers)s::integer[] IS NULL OR step.number = ANY(%(numbers)s))
         ORDER BY step.number
         LIMIT %(limit)s
        """,
        {"process_id": process_id, "numbers": None if numbers is None else list(numbers), "limit": STEP_LIMIT},
        row=PlanStep,
    )


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of an order's timeline: a fact, or a move of a step."""

    at: datetime
    source: str
    what: str
    title: str
    actor_name: str
    detail: str


async def order_timeline(tx: Tx, order_id: int, process_id: int | None, *, limit: int = 200) -> list[Happening]:
    """Facts about an order and moves of its steps in one line, the latest first."""
    return await tx.all(
        """
        SELECT at, source, what, title, actor_name, detail
          FROM ((SELECT event.at, 'fact' AS source, event.type AS what, '' AS title, event.actor_name,
                        coalesce(event.payload ->> 'reason', event.payload ->> 'error',
                                 CASE WHEN jsonb_typeof(event.payload -> 'after') = 'string'
                                      THEN replace(concat_ws(' → ', event.payload ->> 'before',
                                                             event.payload ->> 'after'), '_', ' ')
                                 END, '') AS detail, event.id
                   FROM base.event
                  WHERE event.subject_kind = 'order' AND event.subject_id = %(order_id)s
                    AND event.type NOT LIKE 'processes.step%%'
                  ORDER BY event.id DESC
                  LIMIT %(limit)s)
                 UNION ALL
                (SELECT moved.at, 'step', moved.to_state, step.title, moved.actor_name,
                        coalesce(moved.evidence, moved.error, moved.reason, ''), moved.id
                   FROM processes.step_log AS moved
                   JOIN processes.step USING (process_id, number)
                  WHERE moved.process_id = %(process_id)s
                  ORDER BY moved.id DESC
                  LIMIT %(limit)s)) AS happening
         ORDER BY at DESC, source, id DESC
         LIMIT %(limit)s
        """,
        {"order_id": order_id, "process_id": process_id, "limit": limit},
        row=Happening,
    )


@dataclass(frozen=True, slots=True)
class StepOwner:
    """Which order a step belongs to, for whoever may see it."""

    process_id: int
    number: int
    subject_kind: str
    subject_id: int
    subject_label: str
    params: Mapping[str, Any] | None
    outputs: Mapping[str, Any] | None


async def seen_step(tx: Tx, process_id: int, number: int) -> StepOwner:
    """The step, if the actor sees its account; otherwise there is no such step (404)."""
    where, params = account_filter(tx.actor, "process.account_id")
    found = await tx.one_or_none(
        f"""
        SELECT step.process_id, step.number, process.subject_kind, process.subject_id, process.subject_label,
               step.params, step.outputs
          FROM processes.step
          JOIN processes.process ON process.id = step.process_id
         WHERE step.process_id = %(process_id)s AND step.number = %(number)s
           AND {where}
        """,
        {"process_id": process_id, "number": number, **params},
        row=StepOwner,
    )
    if found is None:
        raise NotFound([Problem("step_unknown", "There is no such step that you may see; look at the order's plan.")])
    return found


@dataclass(frozen=True, slots=True)
class FalloutGroup:
    """How many failed steps there are for one partner and error class."""

    partner: str | None
    error_class: str
    steps: int


async def fallout_groups(tx: Tx) -> list[FalloutGroup]:
    """Fallout by partner and error class, the most first."""
    where, params = account_filter(tx.actor, "process.account_id")
    return await tx.all(
        f"""
        SELECT step.partner, step.error_class, count(*)::integer AS steps
          FROM processes.step
          JOIN processes.process ON process.id = step.process_id
         WHERE step.state = 'failed' AND {where}
         GROUP BY step.partner, step.error_class
         ORDER BY steps DESC, step.partner, step.error_class
         LIMIT 100
        """,
        params,
        row=FalloutGroup,
    )


async def calls_of_step(tx: Tx, process_id: int, number: int) -> list[int]:
    """The calls that went out for a step, the latest first."""
    return await tx.values(
        "SELECT id FROM gateway.call WHERE correlation = %(correlation)s ORDER BY id DESC LIMIT 5",
        {"correlation": f"{process_id}:{number}"},
    )


@dataclass(frozen=True, slots=True)
class Quantities:
    """How far the goods of an order item are."""

    order_item_id: int
    reserved: Decimal
    shipped: Decimal
    delivered: Decimal


async def item_quantities(tx: Tx, order_id: int) -> dict[int, Quantities]:
    """Reserved, shipped and delivered quantities by order item; items without goods are absent."""
    rows = await tx.all(
        """
        SELECT order_item_id, sum(reserved) AS reserved, sum(shipped) AS shipped, sum(delivered) AS delivered
          FROM (SELECT order_item_id, quantity AS reserved, 0 AS shipped, 0 AS delivered
                  FROM stock.reservation
                 WHERE order_id = %(id)s AND state <> 'released'
                 UNION ALL
                SELECT line.order_item_id, 0, line.quantity, line.delivered
                  FROM stock.shipment
                  JOIN stock.shipment_line AS line ON line.shipment_id = shipment.id
                 WHERE shipment.order_id = %(id)s AND shipment.state IN ('shipped', 'delivered')
                   AND line.order_item_id IS NOT NULL) AS moved
         GROUP BY order_item_id
        """,
        {"id": order_id},
        row=Quantities,
    )
    return {row.order_item_id: row for row in rows}
