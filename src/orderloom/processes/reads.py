"""Processes and steps as screens, programs and alarms see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter, require
from orderloom.processes.shape import Shape
from orderloom.processes.store import process as store
from orderloom.processes.store.step import COLUMNS, fetch_all
from orderloom.processes.types import Edge, Node, Step, StepId


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it stands."""

    id: int
    definition_id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    priority: int
    state: str
    variables: Mapping[str, Any]
    started_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Fallout:
    """A failed step, as the list of those who repair shows it."""

    process_id: int
    number: int
    key: str
    title: str
    kind: str
    partner: str | None
    error_class: str
    error: str | None
    attempt: int
    mandatory: bool
    held: bool
    params: Mapping[str, Any] | None
    failed_at: datetime | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a step's history."""

    id: int
    at: datetime
    process_id: int
    number: int
    attempt: int
    from_state: str
    to_state: str
    sub_reason: str | None
    actor_kind: str
    actor_name: str
    user_id: int | None
    reason: str | None
    error_class: str | None
    error: str | None
    evidence: str | None
    outputs: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Standstill:
    """A process in which nothing has moved for long."""

    process_id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    last_moved_at: datetime
    ready: int
    waiting: int
    failed: int


async def processes_of(tx: Tx, subject_kind: str, subject_id: int) -> list[Process]:
    """The processes of a subject that the caller may see, oldest first."""
    return await tx.all(
        """
        SELECT id, definition_id, subject_kind, subject_id, subject_label, account_id, priority, state, variables,
               started_at, finished_at
          FROM processes.process
         WHERE subject_kind = %(kind)s AND subject_id = %(id)s
         ORDER BY id
         LIMIT 1000
        """,
        {"kind": subject_kind, "id": subject_id},
        row=Process,
    )


async def steps_of(tx: Tx, process_id: int) -> list[Step]:
    """Every step of a process, by number."""
    return await tx.all(
        f"""
        SELECT {COLUMNS}
          FROM processes.step
         WHERE process_id = %(id)s
         ORDER BY number
        """,
        {"id": process_id},
        row=Step,
    )


async def edges_of(tx: Tx, process_id: int) -> list[Edge]:
    """The dependencies of a process, as its definition orders them."""
    return await tx.all(
        """
        SELECT (edge->>'first')::integer AS first, (edge->>'then')::integer AS "then", edge->>'type' AS type,
               (edge->>'lag_seconds')::integer AS lag_seconds, edge->>'kind' AS kind, edge->>'when' AS "when"
          FROM processes.process
          JOIN processes.definition ON definition.id = process.definition_id
         CROSS JOIN LATERAL jsonb_array_elements(definition.graph->'edges') WITH ORDINALITY AS edges (edge, place)
         WHERE process.id = %(id)s
         ORDER BY place
        """,
        {"id": process_id},
        row=Edge,
    )


async def step_history(tx: Tx, process_id: int, number: int | None = None, *, limit: int = 500) -> list[Entry]:
    """What was done to a step, or to all steps of a process, the last first."""
    return await tx.all(
        """
        SELECT id, at, process_id, number, attempt, from_state, to_state, sub_reason, actor_kind, actor_name, user_id,
               reason, error_class, error, evidence, outputs
          FROM processes.step_log
         WHERE process_id = %(process_id)s AND (%(number)s::integer IS NULL OR number = %(number)s)
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        {"process_id": process_id, "number": number, "limit": limit},
        row=Entry,
    )


async def list_fallout(
    tx: Tx,
    *,
    partner: str | None = None,
    error_class: str | None = None,
    kind: str | None = None,
    after: StepId | None = None,
    limit: int = 50,
) -> list[Fallout]:
    """Failed steps of the accounts that the actor sees, by process and number; `after` is the last one seen."""
    require(tx.actor, "fulfilment.repair")
    seen, params = account_filter(tx.actor, "process.account_id")
    return await tx.all(
        f"""
        SELECT step.process_id, step.number, step.key, step.title, step.kind, step.partner, step.error_class,
               step.error,
               step.attempt, step.mandatory, step.held, step.params, last.at AS failed_at,
               process.subject_kind, process.subject_id, process.subject_label, process.account_id
          FROM processes.step
          JOIN processes.process ON process.id = step.process_id
          LEFT JOIN LATERAL (SELECT at
                               FROM processes.step_log
                              WHERE step_log.process_id = step.process_id AND step_log.number = step.number
                                AND to_state = 'failed'
                              ORDER BY id DESC
                              LIMIT 1) AS last ON true
         WHERE step.state = 'failed'
           AND (step.process_id, step.number) > (%(after_process)s::bigint, %(after_number)s::integer)
           AND (%(partner)s::text IS NULL OR step.partner = %(partner)s)
           AND (%(error_class)s::text IS NULL OR step.error_class = %(error_class)s)
           AND (%(kind)s::text IS NULL OR step.kind = %(kind)s)
           AND {seen}
         ORDER BY step.process_id, step.number
         LIMIT %(limit)s
        """,
        params
        | {
            "after_process": after.process_id if after else 0,
            "after_number": after.number if after else -1,
            "partner": partner,
            "error_class": error_class,
            "kind": kind,
            "limit": min(max(limit, 1), 200),
        },
        row=Fallout,
    )


async def without_progress(tx: Tx, *, longer_than: timedelta, after: int = 0, limit: int = 50) -> list[Standstill]:
    """Running processes in which no step has moved for so long, by id; `after` is the last one seen."""
    seen, params = account_filter(tx.actor, "process.account_id")
    return await tx.all(
        f"""
        SELECT process.id AS process_id, process.subject_kind, process.subject_id, process.subject_label,
               coalesce(last.at, process.started_at) AS last_moved_at, open.ready, open.waiting, open.failed
          FROM processes.process
          LEFT JOIN LATERAL (SELECT max(at) AS at
                               FROM processes.step_log
                              WHERE step_log.process_id = process.id) AS last ON true
         CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE step.state IN ('ready', 'running')) AS ready,
                                    count(*) FILTER (WHERE step.state = 'waiting') AS waiting,
                                    count(*) FILTER (WHERE step.state = 'failed') AS failed
                               FROM processes.step
                              WHERE step.process_id = process.id) AS open
         WHERE process.state = 'running' AND process.id > %(after)s
           AND coalesce(last.at, process.started_at) < %(before)s
           AND {seen}
         ORDER BY process.id
         LIMIT %(limit)s
        """,
        params | {"after": after, "before": tx.now - longer_than, "limit": min(max(limit, 1), 200)},
        row=Standstill,
    )


async def states_of(tx: Tx, process_ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """How many steps of each process stand in each state."""
    counted: dict[int, dict[str, int]] = {id_: {} for id_ in process_ids}
    for process_id, state, number in await tx.all(
        """
        SELECT process_id, state, count(*)
          FROM processes.step
         WHERE process_id = ANY(%(ids)s)
         GROUP BY process_id, state
        """,
        {"ids": list(process_ids)},
    ):
        counted[process_id][state] = number
    return counted


@dataclass(frozen=True, slots=True)
class ProcessGraph:
    """A process with its whole graph: node, step and number belong together by place."""

    process_id: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    steps: tuple[Step, ...]
    variables: Mapping[str, Any]


async def process_graph(tx: Tx, process_id: int) -> ProcessGraph:
    """The graph of a process as it stands, locked until the transaction ends, since it is about to be changed."""
    running = await store.lock(tx, [process_id])
    if process_id not in running:
        raise NotFound([Problem("unknown_process", "There is no such process; reload the page.")])
    here = running[process_id]
    steps = await fetch_all(tx, process_id)
    return ProcessGraph(process_id, here.shape.nodes, here.shape.edges, tuple(steps), dict(here.variables))


async def shapes_of(tx: Tx, process_ids: Sequence[int]) -> dict[int, Shape]:
    """The graphs of processes as they stand; those that do not exist are left out."""
    rows = await tx.all(
        """
        SELECT id, definition_id
          FROM processes.process
         WHERE id = ANY(%(ids)s)
        """,
        {"ids": list(process_ids)},
    )
    await store.remember(tx, {definition_id for _, definition_id in rows})
    return {id_: store.known(definition_id) for id_, definition_id in rows}


async def steps_by_id(tx: Tx, ids: Sequence[StepId]) -> list[Step]:
    """These steps as they stand; those that do not exist are left out."""
    return await tx.all(
        f"""
        SELECT {COLUMNS}
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN processes.step USING (process_id, number)
         ORDER BY process_id, number
        """,
        {"process_ids": [id_.process_id for id_ in ids], "numbers": [id_.number for id_ in ids]},
        row=Step,
    )
