"""What people and higher rooms ask of the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter
from orderloom.stock.types import Arrival, Available, Delivered

PAGE = 100


async def available(
    tx: Tx,
    *,
    skus: Sequence[str] | None = None,
    warehouse: str | None = None,
    after: tuple[str, str] = ("", ""),
    limit: int = PAGE,
) -> list[Available]:
    """What each warehouse has of each SKU: on hand, reserved, free, incoming; paged by SKU and warehouse."""
    return await tx.all(
        """
        SELECT balance.sku, sku.name, sku.unit, sku.tracking, warehouse.code AS warehouse,
               warehouse.name AS warehouse_name, balance.on_hand, balance.reserved,
               balance.on_hand - balance.reserved AS free, balance.incoming
          FROM stock.balance
          JOIN stock.sku ON sku.code = balance.sku
          JOIN stock.warehouse ON warehouse.id = balance.warehouse_id
         WHERE (%(skus)s::text[] IS NULL OR balance.sku = ANY(%(skus)s))
           AND (%(warehouse)s::text IS NULL OR warehouse.code = %(warehouse)s)
           AND (balance.sku, warehouse.code) > (%(after_sku)s, %(after_warehouse)s)
         ORDER BY balance.sku, warehouse.code
         LIMIT %(limit)s
        """,
        {
            "skus": None if skus is None else list(skus),
            "warehouse": warehouse,
            "after_sku": after[0],
            "after_warehouse": after[1],
            "limit": limit,
        },
        row=Available,
    )


async def stock_facts(tx: Tx, skus: Sequence[str]) -> dict[str, dict[str, dict[str, Decimal]]]:
    """What sourcing needs, as plain values: by SKU and active warehouse, in the order to be asked.

    Each SKU asked for is a key, with no warehouse where there is none.
    """
    rows = await tx.all(
        """
        SELECT balance.sku, warehouse.code, balance.on_hand, balance.reserved, balance.incoming, warehouse.rank
          FROM stock.balance
          JOIN stock.warehouse ON warehouse.id = balance.warehouse_id AND warehouse.is_active
         WHERE balance.sku = ANY(%(skus)s)
         ORDER BY balance.sku, warehouse.rank, warehouse.code
        """,
        {"skus": list(skus)},
    )
    facts: dict[str, dict[str, dict[str, Decimal]]] = {sku: {} for sku in sorted(set(skus))}
    for sku, warehouse, on_hand, reserved, incoming, rank in rows:
        facts[sku][warehouse] = {
            "on_hand": on_hand,
            "reserved": reserved,
            "free": on_hand - reserved,
            "incoming": incoming,
            "rank": Decimal(rank),
        }
    return facts


async def free_quantities(tx: Tx, skus: Sequence[str]) -> dict[str, dict[str, Decimal]]:
    """What is free by SKU and active warehouse, in the order to be asked."""
    facts = await stock_facts(tx, skus)
    return {sku: {warehouse: row["free"] for warehouse, row in rows.items()} for sku, rows in facts.items()}


async def delivered_quantities(tx: Tx, order_ids: Sequence[int]) -> dict[int, Delivered]:
    """What has arrived of each order item, from warehouses and vendors alike, by order item.

    Items of which nothing has arrived are absent. Arrivals are in order of time, with serials.
    """
    rows = await tx.all(
        """
        SELECT shipment.order_id, shipment_line.order_item_id, shipment_line.delivered, shipment.delivered_at,
               shipment_line.serials, shipment.number
          FROM stock.shipment
          JOIN stock.shipment_line ON shipment_line.shipment_id = shipment.id
         WHERE shipment.order_id = ANY(%(orders)s)
           AND shipment.state = 'delivered'
           AND shipment_line.order_item_id IS NOT NULL
           AND shipment_line.delivered > 0
           AND (shipment.purchase_order_id IS NULL OR shipment.warehouse_id IS NULL)
         ORDER BY shipment.delivered_at, shipment_line.id
        """,
        {"orders": list(order_ids)},
    )
    arrivals: dict[tuple[int, int], list[Arrival]] = {}
    for order_id, item_id, quantity, at, serials, number in rows:
        arrivals.setdefault((order_id, item_id), []).append(Arrival(quantity, at, tuple(serials), number))
    return {
        item_id: Delivered(order_id, item_id, sum((a.quantity for a in each), Decimal(0)), each[-1].at, tuple(each))
        for (order_id, item_id), each in arrivals.items()
    }


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """A claim as a page shows it."""

    id: int
    order_id: int
    order_item_id: int
    line: str
    sku: str
    warehouse: str
    quantity: Decimal
    firmness: str
    state: str


async def claims_of_orders(tx: Tx, order_ids: Sequence[int]) -> list[ClaimRow]:
    """The claims of orders that were not released."""
    where, params = account_filter(tx.actor, "reservation.account_id")
    return await tx.all(
        f"""
        SELECT reservation.id, reservation.order_id, reservation.order_item_id, reservation.line, reservation.sku,
               warehouse.code AS warehouse, reservation.quantity, reservation.firmness, reservation.state
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
         WHERE reservation.order_id = ANY(%(orders)s)
           AND reservation.state <> 'released'
           AND {where}
         ORDER BY reservation.id
        """,
        {"orders": list(order_ids), **params},
        row=ClaimRow,
    )


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """A shipment as a page shows it, with its lines as plain values."""

    id: int
    number: str
    state: str
    order_id: int | None
    subject_kind: str
    subject_id: int
    account_id: int | None
    warehouse: str | None
    purchase_order: str | None
    ship_to: str
    carrier: str
    tracking: str
    packed_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: list[dict[str, Any]]


async def shipments(
    tx: Tx,
    *,
    order_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    subject: tuple[str, int] | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[ShipmentRow]:
    """Shipments that the actor may see, the newest first, paged by id."""
    where, params = account_filter(tx.actor, "shipment.account_id")
    return await tx.all(
        f"""
        SELECT shipment.id, shipment.number, shipment.state, shipment.order_id, shipment.subject_kind,
               shipment.subject_id, shipment.account_id, warehouse.code AS warehouse,
               purchase_order.number AS purchase_order, shipment.ship_to, shipment.carrier, shipment.tracking,
               shipment.packed_at, shipment.shipped_at, shipment.delivered_at,
               (SELECT jsonb_agg(jsonb_build_object('id', line.id, 'line', line.line, 'sku', line.sku, 'name', sku.name,
                                                    'order_item_id', line.order_item_id, 'quantity', line.quantity,
                                                    'delivered', line.delivered, 'serials', line.serials,
                                                    'bundle', line.bundle) ORDER BY line.id)
                  FROM stock.shipment_line AS line
                  JOIN stock.sku ON sku.code = line.sku
                 WHERE line.shipment_id = shipment.id) AS lines
          FROM stock.shipment
          LEFT JOIN stock.warehouse ON warehouse.id = shipment.warehouse_id
          LEFT JOIN stock.purchase_order ON purchase_order.id = shipment.purchase_order_id
         WHERE (%(orders)s::bigint[] IS NULL OR shipment.order_id = ANY(%(orders)s))
           AND (%(ids)s::bigint[] IS NULL OR shipment.id = ANY(%(ids)s))
           AND (%(subject_kind)s::text IS NULL
                OR (shipment.subject_kind = %(subject_kind)s AND shipment.subject_id = %(subject_id)s))
           AND (%(state)s::text IS NULL OR shipment.state = %(state)s)
           AND (%(before)s::bigint IS NULL OR shipment.id < %(before)s)
           AND {where}
         ORDER BY shipment.id DESC
         LIMIT %(limit)s
        """,
        {
            "orders": None if order_ids is None else list(order_ids),
            "ids": None if ids is None else list(ids),
            "subject_kind": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "state": state,
            "before": before,
            "limit": limit,
            **params,
        },
        row=ShipmentRow,
    )


@dataclass(frozen=True, slots=True)
class PickListRow:
    """A pick list as the warehouse sees it, with its lines as plain values."""

    id: int
    number: str
    state: str
    warehouse: str
    order_id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    created_at: datetime
    confirmed_by: str | None
    lines: list[dict[str, Any]]


async def pick_lists(
    tx: Tx,
    *,
    subject: tuple[str, int] | None = None,
    ids: Sequence[int] | None = None,
    warehouse: str | None = None,
    state: str | None = None,
    after: int = 0,
    limit: int = PAGE,
) -> list[PickListRow]:
    """Pick lists that the actor may see, the oldest first, paged by id."""
    where, params = account_filter(tx.actor, "pick_list.account_id")
    return await tx.all(
        f"""
        SELECT pick_list.id, pick_list.number, pick_list.state, warehouse.code AS warehouse, pick_list.order_id,
               pick_list.subject_kind, pick_list.subject_id, pick_list.subject_label, pick_list.created_at,
               pick_list.confirmed_by,
               (SELECT jsonb_agg(jsonb_build_object('id', line.id, 'line', line.line, 'sku', line.sku, 'name', sku.name,
                                                    'tracking', sku.tracking, 'order_item_id', line.order_item_id,
                                                    'quantity', line.quantity, 'picked', line.picked,
                                                    'serials', line.serials, 'is_open', line.is_open) ORDER BY line.id)
                  FROM stock.pick_line AS line
                  JOIN stock.sku ON sku.code = line.sku
                 WHERE line.pick_list_id = pick_list.id) AS lines
          FROM stock.pick_list
          JOIN stock.warehouse ON warehouse.id = pick_list.warehouse_id
         WHERE (%(subject_kind)s::text IS NULL
                OR (pick_list.subject_kind = %(subject_kind)s AND pick_list.subject_id = %(subject_id)s))
           AND (%(ids)s::bigint[] IS NULL OR pick_list.id = ANY(%(ids)s))
           AND (%(warehouse)s::text IS NULL OR warehouse.code = %(warehouse)s)
           AND (%(state)s::text IS NULL OR pick_list.state = %(state)s)
           AND pick_list.id > %(after)s
           AND {where}
         ORDER BY pick_list.id
         LIMIT %(limit)s
        """,
        {
            "subject_kind": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "ids": None if ids is None else list(ids),
            "warehouse": warehouse,
            "state": state,
            "after": after,
            "limit": limit,
            **params,
        },
        row=PickListRow,
    )


@dataclass(frozen=True, slots=True)
class PurchaseRow:
    """A purchase order as a page shows it, with its lines as plain values."""

    id: int
    number: str
    vendor: str
    state: str
    order_id: int | None
    subject_kind: str
    subject_id: int
    warehouse: str | None
    ship_to: str
    currency: str
    vendor_reference: str | None
    sent_at: datetime
    expected_at: datetime | None
    lines: list[dict[str, Any]]


async def purchase_orders(
    tx: Tx,
    *,
    order_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    number: str | None = None,
    subject: tuple[str, int] | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[PurchaseRow]:
    """Purchase orders that the actor may see, the newest first, paged by id; `open` is what has not come."""
    where, params = account_filter(tx.actor, "purchase_order.account_id")
    return await tx.all(
        f"""
        SELECT purchase_order.id, purchase_order.number, purchase_order.vendor, purchase_order.state,
               purchase_order.order_id, purchase_order.subject_kind, purchase_order.subject_id,
               warehouse.code AS warehouse, purchase_order.ship_to, purchase_order.currency,
               purchase_order.vendor_reference, purchase_order.sent_at, purchase_order.expected_at,
               (SELECT jsonb_agg(jsonb_build_object('id', line.id, 'line', line.line, 'sku', line.sku, 'name', sku.name,
                                                    'order_item_id', line.order_item_id, 'quantity', line.quantity,
                                                    'unit_cost', line.unit_cost, 'acknowledged', line.acknowledged,
                                                    'notified', line.notified, 'delivered', line.delivered,
                                                    'bundle', line.bundle,
                                                    'open', greatest(line.quantity - line.delivered
                                                                     - line.closed_short, 0)) ORDER BY line.id)
                  FROM stock.purchase_line AS line
                  JOIN stock.sku ON sku.code = line.sku
                 WHERE line.purchase_order_id = purchase_order.id) AS lines
          FROM stock.purchase_order
          LEFT JOIN stock.warehouse ON warehouse.id = purchase_order.warehouse_id
         WHERE (%(orders)s::bigint[] IS NULL OR purchase_order.order_id = ANY(%(orders)s))
           AND (%(ids)s::bigint[] IS NULL OR purchase_order.id = ANY(%(ids)s))
           AND (%(number)s::text IS NULL OR purchase_order.number = %(number)s)
           AND (%(subject_kind)s::text IS NULL
                OR (purchase_order.subject_kind = %(subject_kind)s AND purchase_order.subject_id = %(subject_id)s))
           AND (%(before)s::bigint IS NULL OR purchase_order.id < %(before)s)
           AND {where}
         ORDER BY purchase_order.id DESC
         LIMIT %(limit)s
        """,
        {
            "orders": None if order_ids is None else list(order_ids),
            "ids": None if ids is None else list(ids),
            "number": number,
            "subject_kind": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "before": before,
            "limit": limit,
            **params,
        },
        row=PurchaseRow,
    )


@dataclass(frozen=True, slots=True)
class WarehouseRow:
    """A warehouse as a page shows it."""

    id: int
    code: str
    name: str
    address: str
    rank: int
    is_active: bool


async def warehouses(tx: Tx) -> list[WarehouseRow]:
    """Every warehouse, in the order in which sourcing asks them."""
    return await tx.all(
        """
        SELECT id, code, name, address, rank, is_active
          FROM stock.warehouse
         ORDER BY rank, code
         LIMIT 1000
        """,
        row=WarehouseRow,
    )
