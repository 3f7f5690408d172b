"""Steps: born, moved, given tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from orderloom.base.transaction import Json, Rows, Tx
from orderloom.processes.rules import Delta, Intent
from orderloom.processes.types import Step, StepId

COLUMNS: LiteralString = """
       step.process_id, step.number, step.key, step.title, step.kind, step.mode, step.state, step.sub_reason,
       step.pending, step.pending_finish, step.live, step.token, step.mandatory, step.held, step.hold_reason,
       step.queue, step.partner, step.expected, step.counted, step.attempt, step.retries, step.not_before,
       step.finish_after, step.due, step.wake_at, step.retry_at, step.correlation, step.chosen,
       step.error_class, step.error, step.choice, step.arrived, step.outputs, step.params, step.ready_at,
       step.started_at, step.finished_at
"""


@dataclass(frozen=True, slots=True)
class Birth:
    """A step as it is inserted."""

    process_id: int
    number: int
    pending: int
    pending_finish: int
    live: int
    priority: int
    choice: int | None
    expected: int | None
    mandatory: bool
    wake_at: datetime
    not_before: datetime | None
    finish_after: datetime | None
    ready_at: datetime | None
    finished_at: datetime | None
    state: str
    mode: str
    kind: str
    key: str
    title: str
    queue: str | None
    partner: str | None
    sub_reason: str | None
    params: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Move:
    """A step before and after, and the words for the log."""

    before: Step
    after: Step
    intent: Intent


async def insert(tx: Tx, births: Sequence[Birth]) -> None:
    """Insert steps as they are born.

    COPY would take the database half of the time, but no other statement can be under way beside it.
    """
    await tx.execute(
        """
        INSERT INTO processes.step (process_id, number, pending, pending_finish, live, priority, choice, expected,
               mandatory, wake_at, not_before, finish_after, ready_at, finished_at, state, mode, kind, key, title,
               queue, partner, sub_reason, params)
        SELECT process_id, number, pending, pending_finish, live, priority, choice, expected,
               mandatory, wake_at, not_before, finish_after, ready_at, finished_at, state, mode, kind, key, title,
               queue, partner, sub_reason, params
          FROM json_to_recordset(%(births)s) AS fresh (
               process_id bigint, number integer, pending integer, pending_finish integer, live integer,
               priority smallint, choice integer, expected integer, mandatory boolean, wake_at timestamptz,
               not_before timestamptz, finish_after timestamptz, ready_at timestamptz, finished_at timestamptz,
               state text, mode text, kind text, key text, title text, queue text, partner text, sub_reason text,
               params jsonb)
        """,
        {"births": Rows(births)},
    )


async def fetch(tx: Tx, ids: Sequence[StepId]) -> dict[StepId, Step]:
    """These steps, of processes that are locked."""
    rows = await tx.all(
        f"""
        SELECT {COLUMNS}
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
          JOIN processes.step USING (process_id, number)
         ORDER BY process_id, number
           FOR NO KEY UPDATE OF step
        """,
        {"process_ids": [id_.process_id for id_ in ids], "numbers": [id_.number for id_ in ids]},
        row=Step,
    )
    return {row.id: row for row in rows}


async def fetch_all(tx: Tx, process_id: int) -> list[Step]:
    """Every step of a locked process, by number."""
    return await tx.all(
        f"""
        SELECT {COLUMNS}
          FROM processes.step
         WHERE process_id = %(id)s
         ORDER BY number
           FOR NO KEY UPDATE
        """,
        {"id": process_id},
        row=Step,
    )


async def apply(tx: Tx, moves: Sequence[Move]) -> None:
    """Write these moves and their log; each step must still be where the move found it."""
    moved = await tx.value(
        """
          WITH move AS (
               SELECT *
                 FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(from_states)s::text[],
                             %(states)s::text[], %(sub_reasons)s::text[], %(tokens)s::boolean[],
                             %(dues)s::timestamptz[], %(retry_ats)s::timestamptz[], %(correlations)s::text[],
                             %(error_classes)s::text[], %(errors)s::text[], %(chosen)s::text[],
                             %(outputs)s::jsonb[], %(params)s::jsonb[], %(arrived)s::jsonb[],
                             %(retries)s::smallint[], %(counted)s::integer[], %(ready_ats)s::timestamptz[],
                             %(started_ats)s::timestamptz[],
                             %(finished_ats)s::timestamptz[], %(logged)s::boolean[], %(reasons)s::text[],
                             %(evidence)s::text[])
                   AS move (process_id, number, from_state, state, sub_reason, token, due, retry_at, correlation,
                            error_class, error, chosen, outputs, params, arrived, retries, counted, ready_at,
                            started_at, finished_at, logged, reason, evidence)),
               moved AS (
               UPDATE processes.step
                  SET state = move.state, sub_reason = move.sub_reason, token = move.token, due = move.due,
                      retry_at = move.retry_at, correlation = move.correlation, error_class = move.error_class,
                      error = move.error, chosen = move.chosen::integer[], outputs = move.outputs,
                      params = move.params, arrived = move.arrived, retries = move.retries, counted = move.counted,
                      ready_at = move.ready_at, started_at = move.started_at, finished_at = move.finished_at,
                      lease_until = NULL,
                      lost = CASE WHEN move.state IN ('blocked', 'ready') THEN 0 ELSE step.lost END
                 FROM move
                WHERE step.process_id = move.process_id AND step.number = move.number
                  AND step.state = move.from_state
            RETURNING step.process_id, step.number, step.attempt),
               logged AS (
               INSERT INTO processes.step_log (at, process_id, ready_at, started_at, user_id, number, attempt,
                                               from_state, to_state, sub_reason, actor_kind, actor_name, reason,
                                               error_class, error, evidence, outputs)
               SELECT %(now)s, process_id, move.ready_at, move.started_at, %(user_id)s, number, moved.attempt,
                      move.from_state, move.state, move.sub_reason, %(actor_kind)s, %(actor_name)s, move.reason,
                      move.error_class, move.error, move.evidence,
                      CASE WHEN move.state = 'done' AND pg_column_size(move.outputs) < 2000 THEN move.outputs END
                 FROM moved
                 JOIN move USING (process_id, number)
                WHERE move.logged)
        SELECT count(*) FROM moved
        """,
        _move_columns(tx, moves),
    )
    assert moved == len(moves), "a step moved although its process was locked"


def _move_columns(tx: Tx, moves: Sequence[Move]) -> dict[str, Any]:
    after = [move.after for move in moves]
    return {
        "process_ids": [step.process_id for step in after],
        "numbers": [step.number for step in after],
        "from_states": [move.before.state for move in moves],
        "states": [step.state for step in after],
        "sub_reasons": [step.sub_reason for step in after],
        "tokens": [step.token for step in after],
        "dues": [step.due for step in after],
        "retry_ats": [step.retry_at for step in after],
        "correlations": [step.correlation for step in after],
        "error_classes": [step.error_class for step in after],
        "errors": [step.error and step.error[:4000] for step in after],
        "chosen": [None if step.chosen is None else "{" + ",".join(map(str, step.chosen)) + "}" for step in after],
        "outputs": [_json(step.outputs) for step in after],
        "params": [_json(step.params) for step in after],
        "arrived": [_json(step.arrived) for step in after],
        "retries": [step.retries for step in after],
        "counted": [step.counted for step in after],
        "ready_ats": [step.ready_at for step in after],
        "started_ats": [step.started_at for step in after],
        "finished_ats": [step.finished_at for step in after],
        "logged": [_is_logged(move) for move in moves],
        "reasons": [move.intent.reason for move in moves],
        "evidence": [move.intent.evidence for move in moves],
        "now": tx.now,
        "user_id": tx.actor.user_id,
        "actor_kind": tx.actor.kind,
        "actor_name": tx.actor.name,
    }


def _json(value: Any) -> Any:
    return None if value is None else Json(value)


def _is_logged(move: Move) -> bool:
    derived = move.before.state == "blocked" and move.after.state in ("blocked", "ready")
    moved = move.before.state != move.after.state and not derived
    return (move.intent.logged and moved) or move.intent.verb == "retry"


async def deliver(tx: Tx, deltas: Sequence[tuple[int, Delta, bool]]) -> list[Step]:
    """Count tokens in (or out) and return the steps about which something is to be decided now.

    One entry for each step: its process, the change, and whether it becomes ready without further
    thought when nothing is missing. A step that has not started goes back to blocked when it misses
    a token again.
    """
    return await tx.all(
        f"""
          WITH delta AS (
               SELECT *
                 FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(starts)s::integer[],
                             %(finishes)s::integer[], %(lives)s::integer[], %(not_before)s::timestamptz[],
                             %(finish_after)s::timestamptz[], %(arrived)s::jsonb[], %(opens)s::boolean[])
                   AS delta (process_id, number, starts, finishes, lives, not_before, finish_after, arrived, opens)),
               touched AS (
               UPDATE processes.step
                  SET pending = step.pending - delta.starts,
                      pending_finish = step.pending_finish - delta.finishes,
                      live = step.live + delta.lives,
                      not_before = greatest(step.not_before, delta.not_before),
                      finish_after = greatest(step.finish_after, delta.finish_after),
                      arrived = coalesce(step.arrived, delta.arrived),
                      state = CASE WHEN delta.opens AND step.state = 'blocked' AND step.pending = delta.starts
                                        AND NOT step.held AND step.arrived IS NULL
                                        AND coalesce(greatest(step.not_before, delta.not_before) <= %(now)s, true)
                                   THEN 'ready'
                                   WHEN delta.starts < 0 AND step.started_at IS NULL
                                        AND step.state IN ('ready', 'waiting')
                                   THEN 'blocked'
                                   ELSE step.state END,
                      lease_until = CASE WHEN delta.starts >= 0 THEN step.lease_until END,
                      sub_reason = CASE WHEN delta.starts < 0 AND step.started_at IS NULL AND step.state = 'waiting'
                                        THEN NULL ELSE step.sub_reason END,
                      due = CASE WHEN delta.starts < 0 AND step.started_at IS NULL AND step.state = 'waiting'
                                 THEN NULL ELSE step.due END,
                      retry_at = CASE WHEN delta.starts < 0 AND step.started_at IS NULL AND step.state = 'waiting'
                                      THEN NULL ELSE step.retry_at END,
                      ready_at = CASE WHEN delta.opens AND step.state = 'blocked' AND step.pending = delta.starts
                                           AND NOT step.held
                                      THEN coalesce(step.ready_at, %(now)s) ELSE step.ready_at END
                 FROM delta
                WHERE step.process_id = delta.process_id AND step.number = delta.number
            RETURNING {COLUMNS}, delta.arrived IS NOT NULL AS has_arrived)
        SELECT {COLUMNS}
          FROM touched AS step
         WHERE (step.state = 'blocked' AND step.pending = 0 AND NOT step.held)
            OR (step.state = 'waiting' AND step.sub_reason = 'finish' AND step.pending_finish = 0)
            OR (step.state IN ('skipped', 'cancelled') AND step.token IS NULL
                AND step.pending = 0 AND step.pending_finish = 0)
            OR (has_arrived AND step.state IN ('ready', 'running', 'waiting') AND NOT step.held)
        """,
        {
            "process_ids": [process_id for process_id, _, _ in deltas],
            "numbers": [delta.then for _, delta, _ in deltas],
            "starts": [delta.start for _, delta, _ in deltas],
            "finishes": [delta.finish for _, delta, _ in deltas],
            "lives": [delta.live for _, delta, _ in deltas],
            "not_before": [delta.not_before for _, delta, _ in deltas],
            "finish_after": [delta.finish_after for _, delta, _ in deltas],
            "arrived": [_json(delta.arrived) for _, delta, _ in deltas],
            "opens": [opens for _, _, opens in deltas],
            "now": tx.now,
        },
        row=Step,
    )


async def open_rivals(tx: Tx, ids: Sequence[StepId]) -> list[Step]:
    """Those of these steps that have not ended."""
    return [step for step in (await fetch(tx, ids)).values() if step.is_open]


async def waiting_for_data(tx: Tx, process_ids: Sequence[int]) -> list[Step]:
    """The open steps of these processes that wait until a condition on their variables is true."""
    return await tx.all(
        f"""
        SELECT {COLUMNS}
          FROM processes.step
         WHERE process_id = ANY(%(ids)s) AND state = 'waiting' AND sub_reason = 'condition' AND NOT held
         ORDER BY process_id, number
        """,
        {"ids": list(process_ids)},
        row=Step,
    )


async def set_held(tx: Tx, process_id: int, numbers: Sequence[int] | None, reason: str | None) -> list[int]:
    """Hold open steps (a reason) or release held ones (None); return the numbers that changed."""
    return await tx.values(
        """
           UPDATE processes.step
              SET held = %(reason)s::text IS NOT NULL, hold_reason = %(reason)s, lease_until = NULL
            WHERE process_id = %(id)s AND (%(numbers)s::integer[] IS NULL OR number = ANY(%(numbers)s))
              AND held = (%(reason)s::text IS NULL)
              AND state NOT IN ('done', 'skipped', 'cancelled')
        RETURNING number
        """,
        {"id": process_id, "numbers": None if numbers is None else list(numbers), "reason": reason},
    )


async def log_born_skipped(tx: Tx, ids: Sequence[StepId]) -> None:
    """Note that these steps were skipped when their process began."""
    await tx.execute(
        """
        INSERT INTO processes.step_log (at, process_id, number, attempt, from_state, to_state, sub_reason, user_id,
                                        actor_kind, actor_name)
        SELECT %(now)s, process_id, number, 0, 'blocked', 'skipped', 'condition', %(user_id)s, %(actor_kind)s,
               %(actor_name)s
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS skipped (process_id, number)
        """,
        {
            "now": tx.now,
            "user_id": tx.actor.user_id,
            "actor_kind": tx.actor.kind,
            "actor_name": tx.actor.name,
            "process_ids": [id_.process_id for id_ in ids],
            "numbers": [id_.number for id_ in ids],
        },
    )


async def log(tx: Tx, steps: Sequence[Step], *, reason: str) -> None:
    """Note something about steps that does not move them, such as a hold."""
    await tx.execute(
        """
        INSERT INTO processes.step_log (at, process_id, ready_at, started_at, user_id, number, attempt, from_state,
                                        to_state, sub_reason, actor_kind, actor_name, reason)
        SELECT %(now)s, process_id, ready_at, started_at, %(user_id)s, number, attempt, state, state, sub_reason,
               %(actor_kind)s, %(actor_name)s, %(reason)s
          FROM processes.step
          JOIN unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS noted (process_id, number)
         USING (process_id, number)
        """,
        {
            "now": tx.now,
            "user_id": tx.actor.user_id,
            "actor_kind": tx.actor.kind,
            "actor_name": tx.actor.name,
            "reason": reason,
            "process_ids": [step.process_id for step in steps],
            "numbers": [step.number for step in steps],
        },
    )


@dataclass(frozen=True, slots=True)
class Recount:
    """Counters of a step, and the lags of tokens that came with an amendment."""

    number: int
    pending: int
    pending_finish: int
    live: int
    not_before: datetime | None
    finish_after: datetime | None


async def set_counters(tx: Tx, process_id: int, recounts: Sequence[Recount]) -> None:
    """Write counters that an amendment has changed.

    A step that has not started and now misses something goes back to blocked.
    """
    await tx.execute(
        """
          WITH fresh AS (
               SELECT fresh.*, fresh.pending > 0 AND step.started_at IS NULL AND step.state IN ('ready', 'waiting')
                      AS goes_back
                 FROM unnest(%(numbers)s::integer[], %(pendings)s::integer[], %(finishes)s::integer[],
                             %(lives)s::integer[], %(not_before)s::timestamptz[], %(finish_after)s::timestamptz[])
                   AS fresh (number, pending, pending_finish, live, not_before, finish_after)
                 JOIN processes.step ON step.process_id = %(id)s AND step.number = fresh.number)
        UPDATE processes.step
           SET pending = fresh.pending, pending_finish = fresh.pending_finish, live = fresh.live,
               not_before = greatest(step.not_before, fresh.not_before),
               finish_after = greatest(step.finish_after, fresh.finish_after),
               state = CASE WHEN fresh.goes_back THEN 'blocked' ELSE step.state END,
               lease_until = CASE WHEN fresh.goes_back THEN NULL ELSE step.lease_until END,
               sub_reason = CASE WHEN fresh.goes_back THEN NULL ELSE step.sub_reason END,
               due = CASE WHEN fresh.goes_back THEN NULL ELSE step.due END,
               retry_at = CASE WHEN fresh.goes_back THEN NULL ELSE step.retry_at END
          FROM fresh
         WHERE step.process_id = %(id)s AND step.number = fresh.number
        """,
        {
            "id": process_id,
            "numbers": [recount.number for recount in recounts],
            "pendings": [recount.pending for recount in recounts],
            "finishes": [recount.pending_finish for recount in recounts],
            "lives": [recount.live for recount in recounts],
            "not_before": [recount.not_before for recount in recounts],
            "finish_after": [recount.finish_after for recount in recounts],
        },
    )


async def set_expected(tx: Tx, process_id: int, expected: dict[int, int]) -> None:
    """Change how much open counting steps count to."""
    await tx.execute(
        """
        UPDATE processes.step
           SET expected = fresh.expected
          FROM unnest(%(numbers)s::integer[], %(expected)s::integer[]) AS fresh (number, expected)
         WHERE step.process_id = %(id)s AND step.number = fresh.number
           AND step.state NOT IN ('done', 'skipped', 'cancelled')
        """,
        {"id": process_id, "numbers": list(expected), "expected": list(expected.values())},
    )


async def retire(tx: Tx, process_id: int, numbers: Sequence[int]) -> None:
    """Take the keys from these steps, so that steps of the same content can be added anew."""
    if not numbers:
        return
    await tx.execute(
        """
        UPDATE processes.step
           SET key = left('was ' || key, 980) || ' #' || number
         WHERE process_id = %(id)s AND number = ANY(%(numbers)s) AND NOT starts_with(key, 'was ')
        """,
        {"id": process_id, "numbers": list(numbers)},
    )


async def rename(tx: Tx, process_id: int, titles: Mapping[int, str]) -> None:
    """Call steps otherwise."""
    if not titles:
        return
    await tx.execute(
        """
        UPDATE processes.step
           SET title = fresh.title
          FROM unnest(%(numbers)s::integer[], %(titles)s::text[]) AS fresh (number, title)
         WHERE step.process_id = %(id)s AND step.number = fresh.number
        """,
        {"id": process_id, "numbers": list(titles), "titles": list(titles.values())},
    )


async def raise_priority(tx: Tx, ids: Sequence[StepId]) -> int:
    """Put these open steps one priority further ahead."""
    return await tx.execute(
        """
        UPDATE processes.step
           SET priority = greatest(priority - 1, 0)
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS wanted (process_id, number)
         WHERE step.process_id = wanted.process_id AND step.number = wanted.number
           AND step.state IN ('ready', 'running')
        """,
        {"process_ids": [id_.process_id for id_ in ids], "numbers": [id_.number for id_ in ids]},
    )


async def set_due(tx: Tx, ids: Sequence[StepId], dues: Sequence[datetime | None]) -> int:
    """Set when these tasks are due."""
    return await tx.execute(
        """
        UPDATE processes.step
           SET due = fresh.due
          FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[], %(dues)s::timestamptz[])
               AS fresh (process_id, number, due)
         WHERE step.process_id = fresh.process_id AND step.number = fresh.number
           AND step.mode = 'person' AND step.state IN ('ready', 'running')
        """,
        {"process_ids": [id_.process_id for id_ in ids], "numbers": [id_.number for id_ in ids], "dues": list(dues)},
    )
