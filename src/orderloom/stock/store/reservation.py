"""SQL of reservations, pick lists and serial numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.stock.rules import Grant, PickTarget
from orderloom.stock.types import Requirement


@dataclass(frozen=True, slots=True)
class Reservation:
    """A claim as a row."""

    id: int
    sku: str
    warehouse_id: int
    warehouse: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    order_id: int
    order_item_id: int
    line: str
    bundle: Mapping[str, Any] | None
    quantity: Decimal
    firmness: str
    expires_at: datetime | None
    state: str

    @property
    def subject(self) -> Subject:
        """What the goods are for."""
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


async def held(tx: Tx, requirements: Sequence[Requirement]) -> list[Decimal]:
    """What each requirement has reserved, picked or shipped already, in the same order."""
    return await tx.values(
        """
        SELECT coalesce(sum(reservation.quantity), 0)
          FROM unnest(%(subject_kinds)s::text[], %(subject_ids)s::bigint[], %(items)s::bigint[], %(lines)s::text[],
                      %(skus)s::text[], %(warehouses)s::text[])
               WITH ORDINALITY AS wanted (subject_kind, subject_id, order_item_id, line, sku, warehouse, place)
          LEFT JOIN (stock.reservation JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id)
            ON reservation.subject_kind = wanted.subject_kind
           AND reservation.subject_id = wanted.subject_id
           AND reservation.order_item_id = wanted.order_item_id
           AND reservation.line = wanted.line
           AND reservation.sku = wanted.sku
           AND warehouse.code = wanted.warehouse
           AND reservation.state <> 'released'
         GROUP BY wanted.place
         ORDER BY wanted.place
        """,
        {
            "subject_kinds": [wanted.subject.kind for wanted in requirements],
            "subject_ids": [wanted.subject.id for wanted in requirements],
            "items": [wanted.order_item_id for wanted in requirements],
            "lines": [wanted.line for wanted in requirements],
            "skus": [wanted.sku for wanted in requirements],
            "warehouses": [wanted.warehouse for wanted in requirements],
        },
    )


async def insert(tx: Tx, grants: Sequence[Grant], warehouse_ids: Mapping[str, int]) -> list[int]:
    """Write claims; the caller has locked the balances and changes them in the same transaction."""
    wanted = [grant.requirement for grant in grants]
    return await tx.values(
        """
        INSERT INTO stock.reservation
               (sku, warehouse_id, subject_kind, subject_id, subject_label, account_id, order_id, order_item_id,
                line, bundle, quantity, firmness, expires_at)
        SELECT *
          FROM unnest(%(skus)s::text[], %(warehouses)s::bigint[], %(subject_kinds)s::text[], %(subject_ids)s::bigint[],
                      %(subject_labels)s::text[], %(accounts)s::bigint[], %(orders)s::bigint[], %(items)s::bigint[],
                      %(lines)s::text[], %(bundles)s::jsonb[], %(quantities)s::numeric[], %(firmness)s::text[],
                      %(expires)s::timestamptz[])
        RETURNING id
        """,
        {
            "skus": [each.sku for each in wanted],
            "warehouses": [warehouse_ids[each.warehouse] for each in wanted],
            "subject_kinds": [each.subject.kind for each in wanted],
            "subject_ids": [each.subject.id for each in wanted],
            "subject_labels": [each.subject.label for each in wanted],
            "accounts": [each.subject.account_id for each in wanted],
            "orders": [each.order_id for each in wanted],
            "items": [each.order_item_id for each in wanted],
            "lines": [each.line for each in wanted],
            "bundles": [None if each.bundle is None else Json(each.bundle) for each in wanted],
            "quantities": [grant.quantity for grant in grants],
            "firmness": [each.firmness for each in wanted],
            "expires": [each.expires_at for each in wanted],
        },
    )


async def lock_open(tx: Tx, subjects: Sequence[Subject], states: Sequence[str]) -> list[Reservation]:
    """Lock what these subjects hold in these states, in id order, leaving out what stands packed."""
    return await tx.all(
        """
        SELECT reservation.id, reservation.sku, reservation.warehouse_id, warehouse.code AS warehouse,
               reservation.subject_kind, reservation.subject_id, reservation.subject_label, reservation.account_id,
               reservation.order_id, reservation.order_item_id, reservation.line, reservation.bundle,
               reservation.quantity, reservation.firmness, reservation.expires_at, reservation.state
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
         WHERE (reservation.subject_kind, reservation.subject_id)
               IN (SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]))
           AND reservation.state = ANY(%(states)s)
           AND NOT EXISTS (SELECT 1
                             FROM stock.shipment_line
                             JOIN stock.shipment ON shipment.id = shipment_line.shipment_id
                            WHERE shipment_line.reservation_id = reservation.id
                              AND shipment.state <> 'cancelled')
         ORDER BY reservation.id
           FOR UPDATE OF reservation
        """,
        {"kinds": [s.kind for s in subjects], "ids": [s.id for s in subjects], "states": list(states)},
        row=Reservation,
    )


async def expired(tx: Tx, *, limit: int) -> list[Reservation]:
    """Lock soft claims whose time is over; those that another worker has are left to it."""
    return await tx.all(
        """
        SELECT reservation.id, reservation.sku, reservation.warehouse_id, warehouse.code AS warehouse,
               reservation.subject_kind, reservation.subject_id, reservation.subject_label, reservation.account_id,
               reservation.order_id, reservation.order_item_id, reservation.line, reservation.bundle,
               reservation.quantity, reservation.firmness, reservation.expires_at, reservation.state
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
         WHERE reservation.state = 'active'
           AND reservation.firmness = 'soft'
           AND reservation.expires_at <= %(now)s
         ORDER BY reservation.id
         LIMIT %(limit)s
           FOR UPDATE OF reservation SKIP LOCKED
        """,
        {"now": tx.now, "limit": limit},
        row=Reservation,
    )


async def release(tx: Tx, ids: Sequence[int]) -> None:
    """End claims, and whatever pick line was open for them."""
    await tx.execute(
        """
          WITH released AS (
               UPDATE stock.reservation
                  SET state = 'released', changed_at = %(now)s
                WHERE id = ANY(%(ids)s)
                  AND state IN ('active', 'picked')
            RETURNING id),
               closed AS (
               UPDATE stock.pick_line
                  SET is_open = false
                 FROM released
                WHERE pick_line.reservation_id = released.id
                  AND pick_line.is_open
            RETURNING pick_line.id)
        UPDATE stock.serial
           SET state = 'in_stock', reservation_id = NULL, order_item_id = NULL
          FROM released
         WHERE serial.reservation_id = released.id
        """,
        {"ids": list(ids), "now": tx.now},
    )


async def harden(tx: Tx, subjects: Sequence[Subject]) -> int:
    """Make soft claims firm; return how many were soft and still alive."""
    return await tx.execute(
        """
        UPDATE stock.reservation
           SET firmness = 'hard', expires_at = NULL, changed_at = %(now)s
         WHERE (subject_kind, subject_id) IN (SELECT * FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]))
           AND firmness = 'soft'
           AND state = 'active'
        """,
        {"kinds": [s.kind for s in subjects], "ids": [s.id for s in subjects], "now": tx.now},
    )


async def split(tx: Tx, parts: Mapping[int, Decimal]) -> dict[int, int]:
    """Mark parts of active claims as picked; return by claim the id of the row that is picked now.

    A claim picked in full changes its state; of one picked in part, the picked part becomes a row of
    its own and the rest stays active.
    """
    rows = await tx.all(
        """
          WITH part AS (
               SELECT id, quantity FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[]) AS part (id, quantity)),
               whole AS (
               UPDATE stock.reservation
                  SET state = 'picked', changed_at = %(now)s
                 FROM part
                WHERE reservation.id = part.id
                  AND reservation.state = 'active'
                  AND reservation.quantity = part.quantity
            RETURNING reservation.id AS source, reservation.id),
               rest AS (
               UPDATE stock.reservation
                  SET quantity = reservation.quantity - part.quantity, changed_at = %(now)s
                 FROM part
                WHERE reservation.id = part.id
                  AND reservation.state = 'active'
                  AND reservation.quantity > part.quantity
            RETURNING reservation.*, part.quantity AS picked),
               fresh AS (
               INSERT INTO stock.reservation
                      (sku, warehouse_id, subject_kind, subject_id, subject_label, account_id, order_id, order_item_id,
                       line, bundle, quantity, firmness, expires_at, state, split_from_id)
               SELECT sku, warehouse_id, subject_kind, subject_id, subject_label, account_id, order_id, order_item_id,
                      line, bundle, picked, 'hard', NULL, 'picked', id
                 FROM rest
            RETURNING split_from_id AS source, id)
        SELECT source, id FROM whole
         UNION ALL
        SELECT source, id FROM fresh
        """,
        {"ids": list(parts), "quantities": list(parts.values()), "now": tx.now},
    )
    return {source: new for source, new in rows}


async def insert_pick_lists(
    tx: Tx, numbers: Sequence[str], groups: Sequence[Sequence[Reservation]]
) -> list[tuple[int, str]]:
    """Open a pick list for each group of claims of one subject and warehouse."""
    rows = await tx.all(
        """
        INSERT INTO stock.pick_list
               (number, warehouse_id, subject_kind, subject_id, subject_label, account_id, order_id)
        SELECT *
          FROM unnest(%(numbers)s::text[], %(warehouses)s::bigint[], %(kinds)s::text[], %(ids)s::bigint[],
                      %(labels)s::text[], %(accounts)s::bigint[], %(orders)s::bigint[])
        RETURNING id, number
        """,
        {
            "numbers": list(numbers),
            "warehouses": [group[0].warehouse_id for group in groups],
            "kinds": [group[0].subject_kind for group in groups],
            "ids": [group[0].subject_id for group in groups],
            "labels": [group[0].subject_label for group in groups],
            "accounts": [group[0].account_id for group in groups],
            "orders": [group[0].order_id for group in groups],
        },
    )
    by_number = {number: list_id for list_id, number in rows}
    lines = [(by_number[number], line) for number, group in zip(numbers, groups, strict=True) for line in group]
    await tx.execute(
        """
        INSERT INTO stock.pick_line (pick_list_id, reservation_id, sku, order_item_id, line, quantity)
        SELECT *
          FROM unnest(%(lists)s::bigint[], %(reservations)s::bigint[], %(skus)s::text[], %(items)s::bigint[],
                      %(lines)s::text[], %(quantities)s::numeric[])
        """,
        {
            "lists": [list_id for list_id, _ in lines],
            "reservations": [line.id for _, line in lines],
            "skus": [line.sku for _, line in lines],
            "items": [line.order_item_id for _, line in lines],
            "lines": [line.line for _, line in lines],
            "quantities": [line.quantity for _, line in lines],
        },
    )
    return [(by_number[number], number) for number in numbers]


async def without_pick_line(tx: Tx, reservation_ids: Sequence[int]) -> set[int]:
    """Which of these claims nobody has been told to pick."""
    return set(
        await tx.values(
            """
            SELECT id
              FROM unnest(%(ids)s::bigint[]) AS wanted (id)
             WHERE NOT EXISTS (SELECT 1 FROM stock.pick_line
                                WHERE pick_line.reservation_id = wanted.id AND pick_line.is_open)
            """,
            {"ids": list(reservation_ids)},
        )
    )


async def lock_pick_lines(tx: Tx, ids: Sequence[int]) -> dict[int, PickTarget]:
    """Lock pick lines of lists that are not cancelled, with their claims, in id order."""
    rows = await tx.all(
        """
        SELECT pick_line.id, pick_line.pick_list_id, pick_line.reservation_id, pick_line.sku, sku.tracking,
               pick_list.warehouse_id, pick_line.order_item_id, pick_line.quantity, pick_line.picked,
               pick_line.serials, pick_line.is_open
          FROM stock.pick_line
          JOIN stock.pick_list ON pick_list.id = pick_line.pick_list_id AND pick_list.state <> 'cancelled'
          JOIN stock.sku ON sku.code = pick_line.sku
          JOIN stock.reservation ON reservation.id = pick_line.reservation_id
         WHERE pick_line.id = ANY(%(ids)s)
         ORDER BY pick_line.id
           FOR UPDATE OF pick_line, reservation
        """,
        {"ids": list(ids)},
        row=PickTarget,
    )
    return {row.id: row for row in rows}


async def record_picks(tx: Tx, ids: Sequence[int], picked: Sequence[Decimal], serials: Sequence[Sequence[str]]) -> None:
    """Write the totals picked; a line that is complete closes."""
    await tx.execute(
        """
        UPDATE stock.pick_line
           SET picked = told.picked,
               serials = ARRAY(SELECT jsonb_array_elements_text(told.serials)),
               is_open = told.picked < pick_line.quantity
          FROM unnest(%(ids)s::bigint[], %(picked)s::numeric[], %(serials)s::jsonb[]) AS told (id, picked, serials)
         WHERE pick_line.id = told.id
        """,
        {"ids": list(ids), "picked": list(picked), "serials": [Json(list(each)) for each in serials]},
    )


@dataclass(frozen=True, slots=True)
class PickListMove:
    """A pick list with what is picked of it and what is open."""

    id: int
    number: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    order_id: int
    picked: Decimal
    open_quantity: Decimal


async def settle_pick_lists(tx: Tx, ids: Sequence[int]) -> list[PickListMove]:
    """Close the lists that have no open line, and tell how far each of these is."""
    await tx.execute(
        """
        UPDATE stock.pick_list
           SET state = CASE WHEN EXISTS (SELECT 1 FROM stock.pick_line
                                          WHERE pick_line.pick_list_id = pick_list.id AND pick_line.picked > 0)
                            THEN 'picked' ELSE 'cancelled' END,
               confirmed_at = %(now)s,
               confirmed_by = %(actor)s
         WHERE id = ANY(%(ids)s)
           AND state = 'open'
           AND NOT EXISTS (SELECT 1 FROM stock.pick_line
                            WHERE pick_line.pick_list_id = pick_list.id AND pick_line.is_open)
        """,
        {"ids": list(ids), "now": tx.now, "actor": tx.actor.name},
    )
    return await tx.all(
        """
        SELECT pick_list.id, pick_list.number, pick_list.subject_kind, pick_list.subject_id, pick_list.subject_label,
               pick_list.account_id, pick_list.order_id, sum(pick_line.picked) AS picked,
               coalesce(sum(pick_line.quantity - pick_line.picked) FILTER (WHERE pick_line.is_open), 0) AS open_quantity
          FROM stock.pick_list
          JOIN stock.pick_line ON pick_line.pick_list_id = pick_list.id
         WHERE pick_list.id = ANY(%(ids)s)
         GROUP BY pick_list.id
         ORDER BY pick_list.id
        """,
        {"ids": list(ids)},
        row=PickListMove,
    )


async def pick_lists_of_reservations(tx: Tx, reservation_ids: Sequence[int]) -> list[int]:
    """The lists on which these claims stand."""
    return await tx.values(
        "SELECT DISTINCT pick_list_id FROM stock.pick_line WHERE reservation_id = ANY(%(ids)s) ORDER BY 1",
        {"ids": list(reservation_ids)},
    )


async def open_reservations_of_lists(tx: Tx, pick_list_ids: Sequence[int]) -> list[int]:
    """The claims whose pick lines are still open on these lists."""
    return await tx.values(
        "SELECT reservation_id FROM stock.pick_line WHERE pick_list_id = ANY(%(ids)s) AND is_open ORDER BY 1",
        {"ids": list(pick_list_ids)},
    )


@dataclass(frozen=True, slots=True)
class SerialTaken:
    """A unit that left a shelf."""

    sku: str
    serial: str
    warehouse_id: int
    order_item_id: int
    reservation_id: int


async def take_serials(tx: Tx, units: Sequence[SerialTaken]) -> set[tuple[str, str]]:
    """Mark units as picked; a serial not known before is recorded. Return those that could be taken."""
    rows = await tx.all(
        """
        INSERT INTO stock.serial (sku, serial, state, warehouse_id, order_item_id, reservation_id)
        SELECT sku, serial, 'picked', warehouse_id, order_item_id, reservation_id
          FROM unnest(%(skus)s::text[], %(serials)s::text[], %(warehouses)s::bigint[], %(items)s::bigint[],
                      %(reservations)s::bigint[]) AS unit (sku, serial, warehouse_id, order_item_id, reservation_id)
         ORDER BY sku, serial
            ON CONFLICT (sku, serial) DO UPDATE
           SET state = 'picked', order_item_id = excluded.order_item_id, reservation_id = excluded.reservation_id
         WHERE serial.state = 'in_stock'
           AND serial.warehouse_id = excluded.warehouse_id
        RETURNING sku, serial
        """,
        {
            "skus": [unit.sku for unit in units],
            "serials": [unit.serial for unit in units],
            "warehouses": [unit.warehouse_id for unit in units],
            "items": [unit.order_item_id for unit in units],
            "reservations": [unit.reservation_id for unit in units],
        },
    )
    return {(sku, serial) for sku, serial in rows}


async def lock_reservations(tx: Tx, ids: Sequence[int]) -> list[Reservation]:
    """Lock these claims, in id order."""
    return await tx.all(
        """
        SELECT reservation.id, reservation.sku, reservation.warehouse_id, warehouse.code AS warehouse,
               reservation.subject_kind, reservation.subject_id, reservation.subject_label, reservation.account_id,
               reservation.order_id, reservation.order_item_id, reservation.line, reservation.bundle,
               reservation.quantity, reservation.firmness, reservation.expires_at, reservation.state
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
         WHERE reservation.id = ANY(%(ids)s)
         ORDER BY reservation.id
           FOR UPDATE OF reservation
        """,
        {"ids": list(ids)},
        row=Reservation,
    )
