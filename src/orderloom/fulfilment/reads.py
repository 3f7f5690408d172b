"""Queries of fulfilment: what steps are about, plans and how they stand, an order's plan for screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.fulfilment.context import StepContext
from orderloom.parties.policy import account_filter
from orderloom.processes.types import StepId


async def contexts(tx: Tx, ids: Sequence[StepId]) -> list[StepContext]:
    """The contexts of steps of orders, by process and number; steps of other subjects are left out."""
    if not ids:
        return []
    return await tx.all(
        """
          WITH asked AS (
               SELECT *
                 FROM unnest(%(process_ids)s::bigint[], %(numbers)s::integer[]) AS asked (process_id, number))
        SELECT step.process_id, step.number, running.key AS step_key, running.kind, running.title, step.type,
               step.owner, running.partner, running.expected, running.params,
               sales_order.id AS order_id, sales_order.number AS order_number, sales_order.account_id,
               sales_order.account_name, sales_order.revision, sales_order.currency, sales_order.po_number,
               sales_order.billing_account_id,
               thing.id AS item_id, thing.key AS thing_key, thing.kind AS thing_kind, thing.spec, thing.action,
               thing.label, coalesce(thing.place, sales_order.ship_to) AS place, thing.quantity,
               thing.characteristics, thing.lines, to_jsonb(destination.*) - 'order_id' - 'address_id' AS address,
               step.order_items,
               (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object(
                                'item_id', bundle.id, 'line', bundle.line, 'product', bundle.product_code,
                                'name', bundle.product_name)), '[]')
                  FROM orders.item
                  JOIN orders.item AS bundle ON bundle.id = coalesce(item.bundle_id, item.id)
                 WHERE item.id = ANY(step.order_items)) AS bundles
          FROM asked
          JOIN fulfilment.step USING (process_id, number)
          JOIN processes.step AS running USING (process_id, number)
          JOIN orders.sales_order ON sales_order.id = step.order_id
     LEFT JOIN fulfilment.item AS thing ON thing.id = step.item_id
     LEFT JOIN orders.place AS destination ON destination.order_id = sales_order.id
           AND destination.code = coalesce(thing.place, sales_order.ship_to)
         ORDER BY step.process_id, step.number
        """,
        {"process_ids": [id_.process_id for id_ in ids], "numbers": [id_.number for id_ in ids]},
        row=StepContext,
    )


@dataclass(frozen=True, slots=True)
class WaitingEvidence:
    """Evidence that a second person has to confirm, with the step that it is about."""

    process_id: int
    number: int
    title: str
    order_number: str
    evidence: str
    outputs: dict[str, Any] | None
    recorded_by: int
    recorded_name: str
    recorded_at: datetime


async def waiting_evidence(
    tx: Tx, *, step: StepId | None = None, after: StepId | None = None, limit: int = 50
) -> list[WaitingEvidence]:
    """What waits for its confirmation about the accounts that the actor sees, by step; or what waits about one step."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
        SELECT evidence.process_id, evidence.number, step.title, sales_order.number AS order_number,
               evidence.evidence, evidence.outputs, evidence.recorded_by, evidence.recorded_name,
               evidence.recorded_at
          FROM fulfilment.evidence
          JOIN processes.step USING (process_id, number)
          JOIN orders.sales_order ON sales_order.id = evidence.order_id
         WHERE evidence.state = 'recorded'
           AND step.state NOT IN ('done', 'skipped', 'cancelled')
           AND (evidence.process_id, evidence.number) > (%(after_process)s::bigint, %(after_number)s::integer)
           AND (%(process_id)s::bigint IS NULL
                OR (evidence.process_id = %(process_id)s AND evidence.number = %(number)s))
           AND {seen}
         ORDER BY evidence.process_id, evidence.number
         LIMIT %(limit)s
        """,
        params
        | {
            "after_process": after.process_id if after else 0,
            "after_number": after.number if after else -1,
            "process_id": step.process_id if step else None,
            "number": step.number if step else None,
            "limit": min(max(limit, 1), 200),
        },
        row=WaitingEvidence,
    )


@dataclass(frozen=True, slots=True)
class PlanHead:
    """The header of a plan."""

    order_id: int
    process_id: int
    catalogue_version_id: int
    facts: dict[str, Any]
    nothing_to_do: list[int]
    planned_at: datetime
    forecast_at: datetime
    promised_at: datetime
    projected_at: datetime
    jeopardy: str


async def plan_heads(tx: Tx, order_ids: Sequence[int]) -> dict[int, PlanHead]:
    """The headers of these orders' plans; orders without one are left out."""
    rows = await tx.all(
        """
        SELECT order_id, process_id, catalogue_version_id, facts, nothing_to_do, planned_at, forecast_at, promised_at,
               projected_at, jeopardy
          FROM fulfilment.plan
         WHERE order_id = ANY(%(ids)s)
         ORDER BY order_id
        """,
        {"ids": list(order_ids)},
        row=PlanHead,
    )
    return {row.order_id: row for row in rows}


async def orders_of_processes(tx: Tx, process_ids: Sequence[int]) -> dict[int, int]:
    """The order that each of these processes carries out."""
    rows = await tx.all(
        "SELECT process_id, order_id FROM fulfilment.plan WHERE process_id = ANY(%(ids)s)",
        {"ids": list(process_ids)},
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class Holding:
    """An open step, whether it is suspended, and the reason of a hold that says it should be."""

    number: int
    is_held: bool
    reason: str | None


async def holdings(tx: Tx, order_ids: Sequence[int]) -> dict[int, list[Holding]]:
    """The open steps of orders with the holds that block them, by process.

    A hold on an item blocks the steps that serve only it and its parts, and the parcels and bills in
    which they are; `shipping` those of shipments and purchases, `billing` those that release billing.
    None blocks what takes something back.
    """
    rows = await tx.all(
        """
        SELECT step.process_id, step.number, step.held,
               (SELECT min(hold.code || ': ' || hold.reason)
                  FROM orders.hold
            CROSS JOIN LATERAL (SELECT array_agg(item.id) AS items
                                  FROM orders.item
                                 WHERE item.order_id = hold.order_id
                                   AND hold.item_id IN (item.id, item.parent_id, item.bundle_id)) AS stopped
                 WHERE hold.order_id = about.order_id
                   AND hold.released_at IS NULL
                   AND NOT starts_with(step.key, 'undo ')
                   AND (hold.item_id IS NULL
                        OR (about.order_items <> '{}' AND about.order_items <@ stopped.items)
                        OR (about.order_items && stopped.items
                            AND (thing.kind IN ('shipment', 'purchaseOrder') OR step.kind LIKE 'billing.%%')))
                   AND CASE hold.blocks
                       WHEN 'shipping' THEN thing.kind IN ('shipment', 'purchaseOrder')
                       WHEN 'billing' THEN step.kind LIKE 'billing.%%'
                       ELSE true
                       END)
          FROM fulfilment.step AS about
          JOIN processes.step USING (process_id, number)
     LEFT JOIN fulfilment.item AS thing ON thing.id = about.item_id
         WHERE about.order_id = ANY(%(ids)s)
           AND step.state NOT IN ('done', 'skipped', 'cancelled')
         ORDER BY step.process_id, step.number
        """,
        {"ids": list(order_ids)},
    )
    found: dict[int, list[Holding]] = {}
    for process_id, number, is_held, reason in rows:
        found.setdefault(process_id, []).append(Holding(number, is_held, reason))
    return found


@dataclass(frozen=True, slots=True)
class StepStanding:
    """A step of an order's process, for roll-up and forecast."""

    order_id: int
    process_id: int
    number: int
    key: str
    title: str
    mode: str
    kind: str
    state: str
    sub_reason: str | None
    mandatory: bool
    held: bool
    expected: int | None
    order_items: list[int]
    owner: str
    ready_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    not_before: datetime | None


async def standings(tx: Tx, order_ids: Sequence[int]) -> dict[int, list[StepStanding]]:
    """The steps of orders as they stand, by order, in the order of their numbers; undo steps included."""
    rows = await tx.all(
        """
        SELECT plan.order_id, step.process_id, step.number, step.key, step.title, step.mode, step.kind, step.state,
               step.sub_reason, step.mandatory, step.held, step.expected,
               coalesce(about.order_items, '{}') AS order_items, coalesce(about.owner, 'internal') AS owner,
               step.ready_at, step.started_at, step.finished_at, step.not_before
          FROM fulfilment.plan
          JOIN processes.step USING (process_id)
     LEFT JOIN fulfilment.step AS about USING (process_id, number)
         WHERE plan.order_id = ANY(%(ids)s)
         ORDER BY plan.order_id, step.number
        """,
        {"ids": list(order_ids)},
        row=StepStanding,
    )
    found: dict[int, list[StepStanding]] = {}
    for row in rows:
        found.setdefault(row.order_id, []).append(row)
    return found


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """An item of an order, for roll-up; `acts` says that it alters an installed product."""

    id: int
    order_id: int
    line: str
    parent_id: int | None
    action: str
    state: str
    withdrawn: bool
    acts: bool = False


@dataclass(frozen=True, slots=True)
class OrderStanding:
    """An order with its items, for roll-up."""

    id: int
    number: str
    account_id: int
    state: str
    items: tuple[ItemStanding, ...] = ()

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject("order", self.id, self.number, self.account_id)


async def order_standings(tx: Tx, order_ids: Sequence[int]) -> list[OrderStanding]:
    """Orders with their items as they stand, locked so that one roll-up at a time decides."""
    orders = await tx.all(
        """
        SELECT id, number, account_id, state
          FROM orders.sales_order
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR NO KEY UPDATE
        """,
        {"ids": list(order_ids)},
    )
    items = await tx.all(
        """
        SELECT id, order_id, line, parent_id, action, state, withdrawn_in IS NOT NULL AS withdrawn,
               asset IS NOT NULL AND action NOT IN ('add', 'none') AS acts
          FROM orders.item
         WHERE order_id = ANY(%(ids)s)
         ORDER BY order_id, position
        """,
        {"ids": list(order_ids)},
        row=ItemStanding,
    )
    by_order: dict[int, list[ItemStanding]] = {}
    for item in items:
        by_order.setdefault(item.order_id, []).append(item)
    return [
        OrderStanding(id_, number, account_id, state, tuple(by_order.get(id_, ())))
        for id_, number, account_id, state in orders
    ]


async def failed_steps(tx: Tx, order_ids: Sequence[int], kind: str) -> list[StepId]:
    """The steps of a kind that stand in fallout."""
    rows = await tx.all(
        """
        SELECT step.process_id, step.number
          FROM fulfilment.plan
          JOIN processes.step USING (process_id)
         WHERE plan.order_id = ANY(%(ids)s)
           AND step.state = 'failed'
           AND step.kind = %(kind)s
         ORDER BY step.process_id, step.number
        """,
        {"ids": list(order_ids), "kind": kind},
    )
    return [StepId(*row) for row in rows]


async def short_steps(
    tx: Tx, *, skus: Sequence[str] | None = None, process_ids: Sequence[int] | None = None, limit: int = 500
) -> list[StepId]:
    """Steps in fallout, and not on hold, that may lack these goods, or of these processes: by priority, then age.

    A step that looks for sources lacks what any item of its order is; the others what their thing contains.
    """
    rows = await tx.all(
        """
        SELECT step.process_id, step.number
          FROM processes.step
          JOIN fulfilment.step AS about USING (process_id, number)
     LEFT JOIN fulfilment.item AS thing ON thing.id = about.item_id
         WHERE step.state = 'failed' AND NOT step.held AND step.error_class = 'business'
           AND step.kind IN ('stock.source', 'stock.reserve', 'stock.pick', 'stock.pick_and_ship')
           AND (%(process_ids)s::bigint[] IS NULL OR step.process_id = ANY(%(process_ids)s))
           AND (%(skus)s::text[] IS NULL
                OR EXISTS (SELECT
                             FROM jsonb_array_elements(thing.lines) AS line
                            WHERE line ->> 'sku' = ANY(%(skus)s))
                OR (step.kind = 'stock.source'
                    AND EXISTS (SELECT
                                  FROM orders.item
                                  JOIN catalog.product ON product.id = item.product_id
                                 WHERE item.order_id = about.order_id
                                   AND coalesce(product.sku, product.code) = ANY(%(skus)s))))
         ORDER BY step.priority, about.order_id, step.process_id, step.number
         LIMIT %(limit)s
        """,
        {
            "skus": None if skus is None else list(skus),
            "process_ids": None if process_ids is None else list(process_ids),
            "limit": limit,
        },
    )
    return [StepId(*row) for row in rows]


async def claimed_quantities(tx: Tx, thing_ids: Sequence[int]) -> dict[tuple[int, str, str], Decimal]:
    """What things have reserved, picked or shipped, by thing, line and warehouse.

    What was sent for a line that another product has taken since is not for that line.
    """
    rows = await tx.all(
        """
        SELECT reservation.subject_id, reservation.line, warehouse.code, sum(reservation.quantity)
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
          JOIN orders.item ON item.id = reservation.order_item_id AND item.withdrawn_in IS NULL
         WHERE reservation.subject_kind = 'fulfilment_item'
           AND reservation.subject_id = ANY(%(ids)s)
           AND reservation.state <> 'released'
         GROUP BY reservation.subject_id, reservation.line, warehouse.code
         ORDER BY reservation.subject_id, reservation.line, warehouse.code
        """,
        {"ids": list(thing_ids)},
    )
    return {(thing, line, warehouse): quantity for thing, line, warehouse, quantity in rows}


async def relying_lines(tx: Tx, item_ids: Sequence[int]) -> list[tuple[str, str]]:
    """Lines that still live and rely on one of these items without being one of them, each with what it relies on."""
    return await tx.all(
        """
        SELECT relying.line, needed.line
          FROM orders.relies_on
          JOIN orders.item AS relying ON relying.id = relies_on.item_id
          JOIN orders.item AS needed ON needed.id = relies_on.needed_id
         WHERE relies_on.needed_id = ANY(%(ids)s)
           AND relies_on.item_id <> ALL(%(ids)s)
           AND relying.withdrawn_in IS NULL
           AND relying.state NOT IN ('rejected', 'completed', 'partial', 'failed', 'cancelled')
         ORDER BY relying.position, needed.position
        """,
        {"ids": list(item_ids)},
    )


async def orders_to_look_at(tx: Tx, *, limit: int) -> list[int]:
    """Orders whose forecast is due to be made again, the longest due first; rows are locked."""
    return await tx.values(
        """
        SELECT order_id
          FROM fulfilment.plan
         WHERE look_again_at <= base.now()
         ORDER BY look_again_at
         LIMIT %(limit)s
           FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit},
    )
