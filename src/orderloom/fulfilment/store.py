"""The rows of fulfilment: plans, things, and what each step is for. The only writer of the schema."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from orderloom.base.transaction import Json, Rows, Tx
from orderloom.fulfilment.rows import Evidence, Forecast, NewPlan, NewStep, NewThing, PlanRevision
from orderloom.processes.types import StepId


async def insert_plans(tx: Tx, plans: Sequence[NewPlan], things: Sequence[NewThing], steps: Sequence[NewStep]) -> None:
    """Write plans with their things and steps, three statements for any number of orders."""
    await tx.execute(
        """
        INSERT INTO fulfilment.plan (order_id, process_id, catalogue_version_id, facts, nothing_to_do, critical_path,
               optimistic_seconds, typical_seconds, pessimistic_seconds, forecast_at, promised_at, projected_at,
               look_again_at, planned_at)
        SELECT order_id, process_id, catalogue_version_id, facts,
               nothing_to_do::bigint[], critical_path::integer[], optimistic_seconds, typical_seconds,
               pessimistic_seconds, forecast_at, promised_at, projected_at,
               look_again_at, %(now)s
          FROM unnest(%(order_id)s::bigint[], %(process_id)s::bigint[], %(catalogue_version_id)s::bigint[],
                      %(facts)s::jsonb[], %(nothing_to_do)s::text[], %(critical_path)s::text[],
                      %(optimistic_seconds)s::bigint[], %(typical_seconds)s::bigint[],
                      %(pessimistic_seconds)s::bigint[], %(forecast_at)s::timestamptz[], %(promised_at)s::timestamptz[],
                      %(projected_at)s::timestamptz[], %(look_again_at)s::timestamptz[])
               AS fresh (order_id, process_id, catalogue_version_id, facts, nothing_to_do, critical_path,
                         optimistic_seconds, typical_seconds, pessimistic_seconds, forecast_at, promised_at,
                         projected_at, look_again_at)
        """,
        {**_columns(plans, NewPlan, as_json={"facts"}, as_numbers={"nothing_to_do", "critical_path"}), "now": tx.now},
    )
    await upsert_things(tx, things)
    await insert_steps(tx, steps)


async def upsert_things(tx: Tx, things: Sequence[NewThing]) -> None:
    """Write things by key: those that are there already follow the plan, and come back if they were withdrawn."""
    if not things:
        return
    await tx.execute(
        """
        INSERT INTO fulfilment.item (order_id, position, key, kind, spec, action, label, parent_key, system, scope,
               place, quantity, characteristics, lines, sources, why, is_provisional)
        SELECT order_id, position, key, kind, spec, action, label, parent_key, system, scope,
               place, quantity, characteristics, lines, sources, why, is_provisional
          FROM json_to_recordset(%(things)s) AS fresh (
               order_id bigint, position integer, key text, kind text, spec text, action text, label text,
               parent_key text, system text, scope text, place text, quantity numeric, characteristics jsonb,
               lines jsonb, sources bigint[], why jsonb, is_provisional boolean)
            ON CONFLICT (order_id, key) DO UPDATE
           SET position = excluded.position, action = excluded.action, label = excluded.label,
               parent_key = excluded.parent_key, place = excluded.place, quantity = excluded.quantity,
               characteristics = excluded.characteristics, lines = excluded.lines, sources = excluded.sources,
               why = excluded.why, is_provisional = excluded.is_provisional, withdrawn = false
        """,
        {"things": Rows(things)},
    )


async def withdraw_things_missing(tx: Tx, order_id: int, planned: Sequence[str]) -> None:
    """Mark things that the plan no longer has."""
    await tx.execute(
        """
        UPDATE fulfilment.item
           SET withdrawn = true
         WHERE order_id = %(order_id)s AND NOT withdrawn AND key <> ALL(%(keys)s)
        """,
        {"order_id": order_id, "keys": list(planned)},
    )


async def copy_step(tx: Tx, process_id: int, number: int, copy: int) -> None:
    """Say that a new step is for the same as another one: the rest of a delivery, or what takes it back."""
    await tx.execute(
        """
        INSERT INTO fulfilment.step (process_id, number, order_id, item_id, order_items, owner, type,
               planned_start, planned_finish, slack_seconds, is_critical, why)
        SELECT process_id, %(copy)s, order_id, item_id, order_items, owner, type,
               base.now(), base.now() + (planned_finish - planned_start), NULL, false, why
          FROM fulfilment.step
         WHERE process_id = %(process_id)s AND number = %(number)s
            ON CONFLICT (process_id, number) DO NOTHING
        """,
        {"process_id": process_id, "number": number, "copy": copy},
    )


async def insert_steps(tx: Tx, steps: Sequence[NewStep]) -> None:
    """Write what steps are for; a step that is there already follows the plan.

    The thing is looked up for each step and not joined: a plan made while the table was small would read it whole.
    """
    if not steps:
        return
    await tx.execute(
        """
        INSERT INTO fulfilment.step (process_id, number, order_id, item_id, order_items, owner, type,
               planned_start, planned_finish, slack_seconds, is_critical, why)
        SELECT fresh.process_id, fresh.number, fresh.order_id,
               (SELECT id FROM fulfilment.item WHERE item.order_id = fresh.order_id AND item.key = fresh.thing_key),
               fresh.order_items, fresh.owner, fresh.type,
               fresh.planned_start, fresh.planned_finish, fresh.slack_seconds, fresh.is_critical, fresh.why
          FROM json_to_recordset(%(steps)s) AS fresh (
               process_id bigint, number integer, order_id bigint, thing_key text, order_items bigint[], owner text,
               type text, planned_start timestamptz, planned_finish timestamptz, slack_seconds bigint,
               is_critical boolean, why text)
            ON CONFLICT (process_id, number) DO UPDATE
           SET item_id = excluded.item_id, order_items = excluded.order_items,
               slack_seconds = excluded.slack_seconds, is_critical = excluded.is_critical, why = excluded.why
        """,
        {"steps": Rows(steps)},
    )


async def record_facts(tx: Tx, order_id: int, facts: Mapping[str, Any]) -> None:
    """Keep all that is known from outside with the plan."""
    await tx.execute(
        "UPDATE fulfilment.plan SET facts = %(facts)s WHERE order_id = %(order_id)s",
        {"order_id": order_id, "facts": Json(facts)},
    )


async def revise_plan(tx: Tx, plan: PlanRevision) -> None:
    """Let a plan's header follow a change of its order."""
    await tx.execute(
        """
        UPDATE fulfilment.plan
           SET revision = %(revision)s, nothing_to_do = %(nothing_to_do)s, critical_path = %(critical_path)s,
               forecast_at = %(forecast_at)s, promised_at = %(promised_at)s, projected_at = %(projected_at)s,
               look_again_at = base.now()
         WHERE order_id = %(order_id)s
        """,
        {field.name: getattr(plan, field.name) for field in fields(PlanRevision)},
    )


async def what_is_undone(tx: Tx, process_id: int, numbers: Sequence[int]) -> dict[int, int]:
    """Which row each of these steps takes back."""
    rows = await tx.all(
        """
        SELECT number, (params->>'undoes')::integer
          FROM processes.step
         WHERE process_id = %(id)s AND number = ANY(%(numbers)s)
        """,
        {"id": process_id, "numbers": list(numbers)},
    )
    return dict(rows)


async def record_forecasts(tx: Tx, forecasts: Sequence[Forecast]) -> list[tuple[int, str, str]]:
    """Write forecasts; return order, jeopardy before and jeopardy after where it changed."""
    return await tx.all(
        """
          WITH fresh AS (
               SELECT *
                 FROM unnest(%(order_id)s::bigint[], %(projected_at)s::timestamptz[], %(jeopardy)s::text[],
                             %(look_again_at)s::timestamptz[])
                      AS fresh (order_id, projected_at, jeopardy, look_again_at)),
               before AS (
               SELECT plan.order_id, plan.jeopardy
                 FROM fulfilment.plan
                 JOIN fresh USING (order_id)
                ORDER BY plan.order_id
                  FOR UPDATE OF plan),
               written AS (
               UPDATE fulfilment.plan
                  SET projected_at = fresh.projected_at, jeopardy = fresh.jeopardy,
                      look_again_at = fresh.look_again_at
                 FROM fresh
                WHERE plan.order_id = fresh.order_id
            RETURNING plan.order_id, plan.jeopardy)
        SELECT order_id, before.jeopardy, written.jeopardy
          FROM before
          JOIN written USING (order_id)
         WHERE before.jeopardy <> written.jeopardy
         ORDER BY order_id
        """,
        _columns(forecasts, Forecast),
    )


async def lock_supply(tx: Tx) -> None:
    """Let one share-out of goods run at a time, until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('fulfilment.supply', 0))")


async def record_evidence(
    tx: Tx, step: StepId, *, order_id: int, evidence: str, outputs: Mapping[str, Any] | None
) -> Evidence | None:
    """Keep what the actor says about a step until somebody else confirms it; None while other evidence waits."""
    return await tx.one_or_none(
        """
        INSERT INTO fulfilment.evidence (process_id, number, order_id, evidence, outputs, recorded_by, recorded_name)
        VALUES (%(process_id)s, %(number)s, %(order_id)s, %(evidence)s, %(outputs)s, %(user_id)s, %(name)s)
            ON CONFLICT (process_id, number) WHERE state = 'recorded' DO NOTHING
     RETURNING id, process_id, number, evidence, outputs, recorded_by, recorded_name, recorded_at
        """,
        {
            "process_id": step.process_id,
            "number": step.number,
            "order_id": order_id,
            "evidence": evidence,
            "outputs": None if outputs is None else Json(dict(outputs)),
            "user_id": tx.actor.user_id,
            "name": tx.actor.name,
        },
        row=Evidence,
    )


async def lock_evidence(tx: Tx, step: StepId) -> Evidence | None:
    """The evidence about a step that waits for its confirmation, locked."""
    return await tx.one_or_none(
        """
        SELECT id, process_id, number, evidence, outputs, recorded_by, recorded_name, recorded_at
          FROM fulfilment.evidence
         WHERE process_id = %(process_id)s AND number = %(number)s AND state = 'recorded'
           FOR UPDATE
        """,
        {"process_id": step.process_id, "number": step.number},
        row=Evidence,
    )


async def decide_evidence(tx: Tx, evidence_id: int, *, state: str, reason: str = "") -> None:
    """Write what the actor makes of evidence that was locked: confirmed or rejected."""
    await tx.execute(
        """
        UPDATE fulfilment.evidence
           SET state = %(state)s, decided_by = %(user_id)s, decided_at = base.now(), reason = %(reason)s
         WHERE id = %(id)s AND state = 'recorded'
        """,
        {"id": evidence_id, "state": state, "user_id": tx.actor.user_id, "reason": reason},
    )


async def overtake_evidence(tx: Tx, order_ids: Sequence[int]) -> None:
    """Evidence that waits about steps that have ended meanwhile is not needed any more."""
    await tx.execute(
        """
        UPDATE fulfilment.evidence
           SET state = 'overtaken', decided_at = base.now()
          FROM processes.step
         WHERE evidence.order_id = ANY(%(ids)s) AND evidence.state = 'recorded'
           AND step.process_id = evidence.process_id AND step.number = evidence.number
           AND step.state IN ('done', 'skipped', 'cancelled')
        """,
        {"ids": list(order_ids)},
    )


def _columns(
    rows: Sequence[Any],
    kind: type[Any],
    *,
    as_json: Collection[str] = (),
    as_numbers: Collection[str] = (),
) -> dict[str, list[Any]]:
    """The rows as one array for each field; a list of numbers within a row travels as PostgreSQL spells it."""
    columns: dict[str, list[Any]] = {}
    for field in fields(kind):
        values = map(attrgetter(field.name), rows)
        if field.name in as_json:
            columns[field.name] = list(map(Json, values))
        elif field.name in as_numbers:
            columns[field.name] = [f"{{{','.join(map(str, numbers))}}}" for numbers in values]
        else:
            columns[field.name] = list(values)
    return columns
