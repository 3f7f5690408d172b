"""Definitions and processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.processes.shape import Shape, shape_from
from orderloom.processes.types import PRIORITIES, ProcessDraft

_shapes: dict[int, Shape] = {}
MOST_SHAPES = 4096


@dataclass(slots=True)
class Running:
    """A process whose row is locked by this transaction."""

    id: int
    definition_id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    priority: int
    state: str
    started_at: datetime
    variables: dict[str, Any]

    @property
    def subject(self) -> Subject:
        """What the process is about."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)

    @property
    def shape(self) -> Shape:
        """Its graph; `lock` has made sure that it is remembered."""
        return _shapes[self.definition_id]


async def lock(tx: Tx, process_ids: Sequence[int]) -> dict[int, Running]:
    """Lock these processes in order, so that this transaction alone moves their steps."""
    rows = await tx.all(
        """
        SELECT id, definition_id, subject_kind, subject_id, subject_label, account_id, priority, state, started_at,
               variables
          FROM processes.process
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR NO KEY UPDATE
        """,
        {"ids": sorted(set(process_ids))},
        row=Running,
    )
    await remember(tx, {row.definition_id for row in rows})
    return {row.id: row for row in rows}


async def remember(tx: Tx, definition_ids: set[int]) -> None:
    """Fetch the graphs that this program does not know yet. An id is made of content, so none ever changes."""
    missing = [id_ for id_ in definition_ids if id_ not in _shapes]
    if not missing:
        return
    rows = await tx.all(
        "SELECT id, graph::text FROM processes.definition WHERE id = ANY(%(ids)s)",
        {"ids": missing},
    )
    if len(_shapes) + len(rows) > MOST_SHAPES:
        for stale in list(_shapes)[: MOST_SHAPES // 2]:
            if stale not in definition_ids:
                del _shapes[stale]
    for id_, graph in rows:
        _shapes[id_] = _canonical(id_, graph)


def known(definition_id: int) -> Shape:
    """A graph that `remember` has made sure of."""
    return _shapes[definition_id]


def _canonical(definition_id: int, graph: str) -> Shape:
    # jsonb orders keys its own way, so the text must be brought into canonical form before it is hashed.
    shape = shape_from(graph)
    assert shape.id == definition_id, "a definition is named after its content"
    return shape


async def insert_definitions(tx: Tx, shapes: Sequence[Shape]) -> None:
    """Store the graphs that are new; equal ones share a row."""
    known = set(
        await tx.values(
            "SELECT id FROM processes.definition WHERE id = ANY(%(ids)s)", {"ids": [shape.id for shape in shapes]}
        )
    )
    fresh = {shape.id: shape for shape in shapes if shape.id not in known}
    if fresh:
        await tx.execute(
            """
            INSERT INTO processes.definition (id, hash, graph)
            SELECT id, hash, graph::jsonb
              FROM unnest(%(ids)s::bigint[], %(hashes)s::bytea[], %(graphs)s::text[]) AS fresh (id, hash, graph)
             ORDER BY id
                ON CONFLICT (hash) DO NOTHING
            """,
            {
                "ids": list(fresh),
                "hashes": [shape.hash for shape in fresh.values()],
                "graphs": [shape.graph.decode() for shape in fresh.values()],
            },
        )
    for shape in shapes:
        _shapes[shape.id] = shape


async def draw_ids(tx: Tx, count: int) -> list[int]:
    """Ids for processes to come."""
    return await tx.values(
        """
        SELECT nextval(pg_get_serial_sequence('processes.process', 'id'))
          FROM generate_series(1, %(count)s)
        """,
        {"count": count},
    )


async def insert_processes(tx: Tx, ids: Sequence[int], drafts: Sequence[ProcessDraft], shapes: Sequence[Shape]) -> None:
    """One row for each draft, under the id that was drawn for it, and the graphs that are new; equal ones share a row.

    Nobody asks first which graphs are new: that would be one more thing to wait for with each order.
    """
    distinct = {shape.id: shape for shape in shapes}
    _shapes.update(distinct)
    await tx.execute(
        """
          WITH graphs AS (
               INSERT INTO processes.definition (id, hash, graph)
               SELECT id, hash, graph::jsonb
                 FROM unnest(%(graph_ids)s::bigint[], %(hashes)s::bytea[], %(graphs)s::text[])
                      AS fresh (id, hash, graph)
                WHERE NOT EXISTS (SELECT FROM processes.definition WHERE definition.id = fresh.id)
                ORDER BY id
                   ON CONFLICT (hash) DO NOTHING)
        INSERT INTO processes.process (id, definition_id, subject_kind, subject_id, subject_label, account_id, priority,
                                       variables, started_at, wake_at)
        OVERRIDING SYSTEM VALUE
        SELECT id, definition_id, subject_kind, subject_id, subject_label, account_id, priority, variables,
               %(now)s, %(now)s + wake_seconds * interval '1 second'
          FROM unnest(%(ids)s::bigint[], %(definition_ids)s::bigint[], %(subject_kinds)s::text[],
                      %(subject_ids)s::bigint[], %(subject_labels)s::text[], %(account_ids)s::bigint[],
                      %(priorities)s::smallint[], %(variables)s::jsonb[], %(wake_seconds)s::bigint[])
               AS draft (id, definition_id, subject_kind, subject_id, subject_label, account_id, priority,
                         variables, wake_seconds)
        """,
        {
            "graph_ids": list(distinct),
            "hashes": [shape.hash for shape in distinct.values()],
            "graphs": [shape.graph.decode() for shape in distinct.values()],
            "ids": list(ids),
            "definition_ids": [shape.id for shape in shapes],
            "subject_kinds": [draft.subject.kind for draft in drafts],
            "subject_ids": [draft.subject.id for draft in drafts],
            "subject_labels": [draft.subject.label for draft in drafts],
            "account_ids": [draft.subject.account_id for draft in drafts],
            "priorities": [PRIORITIES.index(draft.priority) for draft in drafts],
            "variables": [Json(dict(draft.variables)) for draft in drafts],
            "wake_seconds": [min(shape.wake_seconds, default=0) for shape in shapes],
            "now": tx.now,
        },
    )


async def add_variables(tx: Tx, facts: Mapping[int, Mapping[str, Any]]) -> None:
    """Add these facts to the variables of their processes."""
    await tx.execute(
        """
        UPDATE processes.process
           SET variables = process.variables || fresh.facts
          FROM unnest(%(ids)s::bigint[], %(facts)s::jsonb[]) AS fresh (id, facts)
         WHERE process.id = fresh.id
        """,
        {"ids": list(facts), "facts": [Json(dict(told)) for told in facts.values()]},
    )


async def set_definition(tx: Tx, process_id: int, shape: Shape, wake_at: datetime) -> None:
    """Point an amended process to its new graph; a finished one runs again."""
    await tx.execute(
        """
        UPDATE processes.process
           SET definition_id = %(definition_id)s, state = 'running', finished_at = NULL,
               wake_at = least(wake_at, %(wake_at)s)
         WHERE id = %(id)s
        """,
        {"id": process_id, "definition_id": shape.id, "wake_at": wake_at},
    )


async def finish(tx: Tx, process_ids: Sequence[int]) -> list[tuple[Any, ...]]:
    """Finish those processes in which nothing mandatory is open; return id and end state of each."""
    return await tx.all(
        """
           UPDATE processes.process
              SET state = CASE WHEN EXISTS (SELECT
                                              FROM processes.step
                                             WHERE step.process_id = process.id AND step.mandatory
                                               AND step.state = 'cancelled' AND step.sub_reason <> 'revision')
                               THEN 'cancelled' ELSE 'done' END,
                  finished_at = %(now)s, wake_at = NULL
            WHERE id = ANY(%(ids)s) AND state = 'running'
              AND NOT EXISTS (SELECT
                                FROM processes.step
                               WHERE step.process_id = process.id AND step.mandatory
                                 AND step.state NOT IN ('done', 'skipped', 'cancelled'))
        RETURNING id, state
        """,
        {"ids": list(process_ids), "now": tx.now},
    )


async def set_priority(tx: Tx, process_id: int, priority: int) -> None:
    """Move a process and its open steps to another class."""
    await tx.execute(
        """
          WITH changed AS (UPDATE processes.process SET priority = %(priority)s WHERE id = %(id)s)
        UPDATE processes.step
           SET priority = %(priority)s
         WHERE process_id = %(id)s AND state NOT IN ('done', 'skipped', 'cancelled')
        """,
        {"id": process_id, "priority": priority},
    )


async def postpone_wake(tx: Tx, process_ids: Sequence[int]) -> None:
    """Wake these processes again when the next of their open steps is late, and daily while one is."""
    await tx.execute(
        """
        UPDATE processes.process
           SET wake_at = least(%(now)s + interval '1 day',
                               (SELECT min(step.wake_at)
                                  FROM processes.step
                                 WHERE step.process_id = process.id AND step.wake_at > %(now)s
                                   AND step.state NOT IN ('done', 'skipped', 'cancelled')))
         WHERE id = ANY(%(ids)s) AND state = 'running'
        """,
        {"ids": list(process_ids), "now": tx.now},
    )
