"""SQL of shipments, from packing to proof of delivery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject


@dataclass(frozen=True, slots=True)
class NewShipment:
    """A shipment to be written."""

    number: str
    subject: Subject
    order_id: int | None
    warehouse_id: int | None = None
    purchase_order_id: int | None = None
    notice: str | None = None
    ship_to: str = ""
    carrier: str = ""
    service_level: str = ""
    tracking: str = ""
    state: str = "packed"
    shipped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of a shipment to be written, found by the shipment's number."""

    number: str
    line: str
    sku: str
    quantity: Decimal
    order_item_id: int | None = None
    bundle: Mapping[str, Any] | None = None
    reservation_id: int | None = None
    purchase_line_id: int | None = None
    serials: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment as a row."""

    id: int
    number: str
    state: str
    warehouse_id: int | None
    purchase_order_id: int | None
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    order_id: int | None
    carrier: str
    tracking: str
    shipped_at: datetime | None

    @property
    def subject(self) -> Subject:
        """What the goods are for."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


@dataclass(frozen=True, slots=True)
class ShipmentLine:
    """A line of a shipment as a row."""

    id: int
    shipment_id: int
    reservation_id: int | None
    purchase_line_id: int | None
    order_item_id: int | None
    line: str
    sku: str
    quantity: Decimal
    delivered: Decimal | None
    serials: list[str]


async def insert(tx: Tx, shipments: Sequence[NewShipment], lines: Sequence[NewLine]) -> dict[str, int]:
    """Write shipments with their lines; return ids by number. A vendor's notice that is known is left out."""
    rows = await tx.all(
        """
        INSERT INTO stock.shipment
               (number, subject_kind, subject_id, subject_label, account_id, order_id, warehouse_id,
                purchase_order_id, notice, ship_to, carrier, service_level, tracking, state, shipped_at, packed_at)
        SELECT *, %(now)s
          FROM unnest(%(numbers)s::text[], %(kinds)s::text[], %(ids)s::bigint[], %(labels)s::text[],
                      %(accounts)s::bigint[], %(orders)s::bigint[], %(warehouses)s::bigint[], %(purchases)s::bigint[],
                      %(notices)s::text[], %(ship_tos)s::text[], %(carriers)s::text[], %(levels)s::text[],
                      %(tracking)s::text[], %(states)s::text[], %(shipped)s::timestamptz[])
            ON CONFLICT (purchase_order_id, notice) DO NOTHING
        RETURNING number, id
        """,
        {
            "now": tx.now,
            "numbers": [each.number for each in shipments],
            "kinds": [each.subject.kind for each in shipments],
            "ids": [each.subject.id for each in shipments],
            "labels": [each.subject.label for each in shipments],
            "accounts": [each.subject.account_id for each in shipments],
            "orders": [each.order_id for each in shipments],
            "warehouses": [each.warehouse_id for each in shipments],
            "purchases": [each.purchase_order_id for each in shipments],
            "notices": [each.notice for each in shipments],
            "ship_tos": [each.ship_to for each in shipments],
            "carriers": [each.carrier for each in shipments],
            "levels": [each.service_level for each in shipments],
            "tracking": [each.tracking for each in shipments],
            "states": [each.state for each in shipments],
            "shipped": [each.shipped_at for each in shipments],
        },
    )
    ids = {number: shipment_id for number, shipment_id in rows}
    await _insert_lines(tx, [line for line in lines if line.number in ids], ids)
    return ids


async def _insert_lines(tx: Tx, lines: Sequence[NewLine], ids: Mapping[str, int]) -> None:
    await tx.execute(
        """
        INSERT INTO stock.shipment_line
               (shipment_id, line, sku, quantity, order_item_id, bundle, reservation_id, purchase_line_id, serials)
        SELECT shipment_id, line, sku, quantity, order_item_id, bundle, reservation_id, purchase_line_id,
               ARRAY(SELECT jsonb_array_elements_text(serials))
          FROM unnest(%(shipments)s::bigint[], %(lines)s::text[], %(skus)s::text[], %(quantities)s::numeric[],
                      %(items)s::bigint[], %(bundles)s::jsonb[], %(reservations)s::bigint[], %(purchases)s::bigint[],
                      %(serials)s::jsonb[])
               AS fresh (shipment_id, line, sku, quantity, order_item_id, bundle, reservation_id, purchase_line_id,
                         serials)
        """,
        {
            "shipments": [ids[line.number] for line in lines],
            "lines": [line.line for line in lines],
            "skus": [line.sku for line in lines],
            "quantities": [line.quantity for line in lines],
            "items": [line.order_item_id for line in lines],
            "bundles": [None if line.bundle is None else Json(line.bundle) for line in lines],
            "reservations": [line.reservation_id for line in lines],
            "purchases": [line.purchase_line_id for line in lines],
            "serials": [Json(list(line.serials)) for line in lines],
        },
    )


async def serials_of(tx: Tx, reservation_ids: Sequence[int]) -> dict[int, list[str]]:
    """The serials picked for each claim."""
    rows = await tx.all(
        """
        SELECT reservation_id, array_agg(serial ORDER BY serial)
          FROM stock.serial
         WHERE reservation_id = ANY(%(ids)s)
         GROUP BY reservation_id
        """,
        {"ids": list(reservation_ids)},
    )
    return {reservation_id: serials for reservation_id, serials in rows}


async def dispatch(
    tx: Tx,
    ids: Sequence[int],
    *,
    carriers: Sequence[str | None],
    tracking: Sequence[str | None],
    at: Sequence[datetime],
) -> list[Shipment]:
    """Hand packed shipments to the carrier; return those that were still here."""
    return await tx.all(
        """
          WITH told AS (
               SELECT *
                 FROM unnest(%(ids)s::bigint[], %(carriers)s::text[], %(tracking)s::text[], %(at)s::timestamptz[])
                      AS told (id, carrier, tracking, at)),
               moved AS (
               UPDATE stock.shipment
                  SET state = 'shipped',
                      carrier = coalesce(told.carrier, shipment.carrier),
                      tracking = coalesce(told.tracking, shipment.tracking),
                      shipped_at = told.at
                 FROM told
                WHERE shipment.id = told.id
                  AND shipment.state = 'packed'
            RETURNING shipment.*)
        SELECT id, number, state, warehouse_id, purchase_order_id, subject_kind, subject_id, subject_label, account_id,
               order_id, carrier, tracking, shipped_at
          FROM moved
         ORDER BY id
        """,
        {"ids": list(ids), "carriers": list(carriers), "tracking": list(tracking), "at": list(at)},
        row=Shipment,
    )


async def deliver(tx: Tx, ids: Sequence[int], at: Sequence[datetime]) -> list[Shipment]:
    """Mark shipments on their way as delivered; return those that were."""
    return await tx.all(
        """
          WITH moved AS (
               UPDATE stock.shipment
                  SET state = 'delivered', delivered_at = told.at
                 FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS told (id, at)
                WHERE shipment.id = told.id
                  AND shipment.state = 'shipped'
            RETURNING shipment.*)
        SELECT id, number, state, warehouse_id, purchase_order_id, subject_kind, subject_id, subject_label, account_id,
               order_id, carrier, tracking, shipped_at
          FROM moved
         ORDER BY id
        """,
        {"ids": list(ids), "at": list(at)},
        row=Shipment,
    )


async def missing_lines(tx: Tx, shipment_ids: Sequence[int]) -> list[ShipmentLine]:
    """Lines of delivered shipments that arrived in part, locked; their quantity is what is missing."""
    return await tx.all(
        """
        SELECT line.id, line.shipment_id, line.reservation_id, line.purchase_line_id, line.order_item_id, line.line,
               line.sku, line.quantity - line.delivered AS quantity, line.delivered, line.serials
          FROM stock.shipment_line AS line
          JOIN stock.shipment ON shipment.id = line.shipment_id
         WHERE shipment.id = ANY(%(ids)s)
           AND shipment.state = 'delivered'
           AND line.delivered < line.quantity
         ORDER BY line.shipment_id, line.id
           FOR UPDATE
        """,
        {"ids": list(shipment_ids)},
        row=ShipmentLine,
    )


async def deliver_again(tx: Tx, arrived: Mapping[int, Decimal], at: Mapping[int, datetime]) -> list[Shipment]:
    """Add what came of each line, and move the time of delivery of their shipments; return those."""
    await tx.execute(
        """
        UPDATE stock.shipment_line
           SET delivered = shipment_line.delivered + come.quantity
          FROM unnest(%(lines)s::bigint[], %(quantities)s::numeric[]) AS come (id, quantity)
         WHERE shipment_line.id = come.id
        """,
        {"lines": list(arrived), "quantities": list(arrived.values())},
    )
    return await tx.all(
        """
           UPDATE stock.shipment
              SET delivered_at = told.at
             FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS told (id, at)
            WHERE shipment.id = told.id
        RETURNING shipment.id, number, state, warehouse_id, purchase_order_id, subject_kind, subject_id, subject_label,
                  account_id, order_id, carrier, tracking, shipped_at
        """,
        {"ids": list(at), "at": list(at.values())},
        row=Shipment,
    )


async def cancel(tx: Tx, subjects: Sequence[Subject]) -> list[Shipment]:
    """Take apart what stands packed for these subjects."""
    return await tx.all(
        """
        UPDATE stock.shipment
           SET state = 'cancelled'
         WHERE (subject_kind, subject_id) IN (SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]))
           AND state = 'packed'
        RETURNING id, number, state, warehouse_id, purchase_order_id, subject_kind, subject_id, subject_label,
                  account_id, order_id, carrier, tracking, shipped_at
        """,
        {"kinds": [s.kind for s in subjects], "ids": [s.id for s in subjects]},
        row=Shipment,
    )


async def lines_of(tx: Tx, shipment_ids: Sequence[int]) -> list[ShipmentLine]:
    """The lines of these shipments."""
    return await tx.all(
        """
        SELECT id, shipment_id, reservation_id, purchase_line_id, order_item_id, line, sku, quantity, delivered, serials
          FROM stock.shipment_line
         WHERE shipment_id = ANY(%(ids)s)
         ORDER BY shipment_id, id
        """,
        {"ids": list(shipment_ids)},
        row=ShipmentLine,
    )


async def record_delivered(tx: Tx, shipment_ids: Sequence[int], quantities: Mapping[int, Decimal]) -> None:
    """Write how much of each line arrived: what was told, else all of it."""
    await tx.execute(
        """
        UPDATE stock.shipment_line
           SET delivered = coalesce(told.quantity, shipment_line.quantity)
          FROM stock.shipment_line AS line
          LEFT JOIN unnest(%(lines)s::bigint[], %(quantities)s::numeric[]) AS told (id, quantity) ON told.id = line.id
         WHERE line.shipment_id = ANY(%(ids)s)
           AND shipment_line.id = line.id
        """,
        {"ids": list(shipment_ids), "lines": list(quantities), "quantities": list(quantities.values())},
    )


async def ship_reservations(tx: Tx, ids: Sequence[int]) -> None:
    """The claims behind shipped lines are fulfilled, and their serials have left."""
    await tx.execute(
        """
          WITH shipped AS (
               UPDATE stock.reservation
                  SET state = 'shipped', changed_at = %(now)s
                WHERE id = ANY(%(ids)s)
                  AND state = 'picked'
            RETURNING id)
        UPDATE stock.serial
           SET state = 'shipped', warehouse_id = NULL
          FROM shipped
         WHERE serial.reservation_id = shipped.id
        """,
        {"ids": list(ids), "now": tx.now},
    )


async def deliver_serials(tx: Tx, shipment_ids: Sequence[int]) -> None:
    """The units in these shipments have arrived; a line that came in part keeps its units shipped."""
    await tx.execute(
        """
        UPDATE stock.serial
           SET state = 'delivered'
          FROM stock.shipment_line
         WHERE shipment_line.shipment_id = ANY(%(ids)s)
           AND shipment_line.delivered = shipment_line.quantity
           AND serial.sku = shipment_line.sku
           AND serial.serial = ANY(shipment_line.serials)
           AND serial.state = 'shipped'
        """,
        {"ids": list(shipment_ids)},
    )


async def notices(tx: Tx, purchase_order_ids: Sequence[int]) -> list[tuple[int, str]]:
    """The vendors' notices that are known, with their purchase orders."""
    rows = await tx.all(
        """
        SELECT purchase_order_id, notice
          FROM stock.shipment
         WHERE purchase_order_id = ANY(%(ids)s)
        """,
        {"ids": list(purchase_order_ids)},
    )
    return [(order_id, notice) for order_id, notice in rows]
