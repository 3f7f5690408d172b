"""Verbs of claims: reserve, harden, release, put back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import rules
from orderloom.stock.events import ShipmentCancelled, StockReleased, StockReserved, StockShort
from orderloom.stock.store import balance, reservation, shipment
from orderloom.stock.types import Requirement, Reserved


async def reserve(tx: Tx, requirements: Sequence[Requirement]) -> Reserved:
    """Claim stock for requirements; return the new claims and what stays short.

    First come, first served in the order given, in one go under locks: never more than is free,
    whoever else reserves. Requiring the same again changes nothing; requiring more claims the
    difference. Requiring less gives nothing back: release does. An unknown SKU is simply short.
    """
    refuse_if_any(_problems(requirements))
    places = sorted({(each.sku, each.warehouse) for each in requirements})
    balances = await balance.lock(tx, places)
    shares = rules.share_out(
        requirements,
        held=await reservation.held(tx, requirements),
        free={place: row.on_hand - row.reserved for place, row in balances.items()},
    )
    ids: list[int] = []
    if shares.grants:
        warehouse_ids = {row.warehouse: row.warehouse_id for row in balances.values()}
        ids = await reservation.insert(tx, shares.grants, warehouse_ids)
        await balance.change(
            tx,
            [
                balance.Change(g.requirement.sku, warehouse_ids[g.requirement.warehouse], reserved=g.quantity)
                for g in shares.grants
            ],
        )
    tx.emit(
        StockReserved(s, o, lines) for s, o, lines in _by_subject((g.requirement, g.quantity) for g in shares.grants)
    )
    tx.emit(StockShort(s, o, lines) for s, o, lines in _by_subject((x.requirement, x.missing) for x in shares.short))
    return Reserved(tuple(ids), shares.short)


def _problems(requirements: Sequence[Requirement]) -> list[Problem]:
    problems = []
    seen = set()
    for place, each in enumerate(requirements):
        identity = (each.subject.kind, each.subject.id, each.order_item_id, each.line, each.sku, each.warehouse)
        if identity in seen:
            problems.append(Problem("requirement_twice", "Add up the quantities of one requirement.", f"/{place}"))
        if each.quantity <= 0:
            problems.append(Problem("quantity_not_positive", "Require more than nothing.", f"/{place}/quantity"))
        if (each.firmness == "soft") != (each.expires_at is not None):
            problems.append(
                Problem(
                    "expiry_missing",
                    "A soft claim needs a time when it expires, a hard one has none.",
                    f"/{place}/expires_at",
                )
            )
        seen.add(identity)
    return problems


def _by_subject(
    parts: Iterable[tuple[Requirement, Any]],
) -> list[tuple[Subject, int, tuple[Mapping[str, Any], ...]]]:
    grouped: dict[tuple[Subject, int], list[Mapping[str, Any]]] = {}
    for each, quantity in parts:
        line = {"order_item_id": each.order_item_id, "line": each.line, "sku": each.sku, "warehouse": each.warehouse}
        grouped.setdefault((each.subject, each.order_id), []).append({**line, "quantity": quantity})
    return [(subject, order_id, tuple(lines)) for (subject, order_id), lines in grouped.items()]


async def harden(tx: Tx, subjects: Sequence[Subject]) -> int:
    """Make the soft claims of these subjects firm; return how many were still alive."""
    return await reservation.harden(tx, subjects)


async def release(tx: Tx, subjects: Sequence[Subject], *, reason: str) -> list[int]:
    """Give back what these subjects have claimed and not shipped; return the claims that ended.

    Picked goods count as put back; what stands packed is taken apart. What has left stays shipped.
    """
    tx.emit(
        ShipmentCancelled(each.subject, each.order_id, each.id, each.number)
        for each in await shipment.cancel(tx, subjects)
    )
    rows = await reservation.lock_open(tx, subjects, ["active", "picked"])
    return await release_rows(tx, rows, reason=reason)


async def release_expired(tx: Tx, *, limit: int = 500) -> list[int]:
    """Give back soft claims whose time is over, at most `limit`; return them."""
    return await release_rows(tx, await reservation.expired(tx, limit=limit), reason="the soft claim expired")


async def release_rows(tx: Tx, rows: Sequence[reservation.Reservation], *, reason: str) -> list[int]:
    """Give back these locked claims."""
    if not rows:
        return []
    ids = [row.id for row in rows]
    pick_lists = await reservation.pick_lists_of_reservations(tx, ids)
    await reservation.release(tx, ids)
    await balance.change(tx, [balance.Change(row.sku, row.warehouse_id, reserved=-row.quantity) for row in rows])
    await reservation.settle_pick_lists(tx, pick_lists)
    ordered = sorted(rows, key=lambda row: (row.subject_kind, row.subject_id, row.order_id, row.id))
    for _, group in groupby(ordered, key=lambda row: (row.subject_kind, row.subject_id, row.order_id)):
        given = list(group)
        tx.emit(StockReleased(given[0].subject, given[0].order_id, tuple(_line(row) for row in given), reason))
    return ids


def _line(row: reservation.Reservation) -> Mapping[str, Any]:
    return {
        "order_item_id": row.order_item_id,
        "line": row.line,
        "sku": row.sku,
        "warehouse": row.warehouse,
        "quantity": row.quantity,
    }


async def put_back(tx: Tx, subjects: Sequence[Subject], *, reason: str) -> Reserved:
    """Undo picks and packing: the goods go back to the shelf and stay claimed for the same requirements."""
    tx.emit(
        ShipmentCancelled(each.subject, each.order_id, each.id, each.number)
        for each in await shipment.cancel(tx, subjects)
    )
    picked = await reservation.lock_open(tx, subjects, ["picked"])
    if not picked:
        return Reserved(())
    await balance.lock(tx, sorted({(row.sku, row.warehouse) for row in picked}))
    await release_rows(tx, picked, reason=reason)
    grants = [rules.Grant(_requirement(row), row.quantity) for row in picked]
    ids = await reservation.insert(tx, grants, {row.warehouse: row.warehouse_id for row in picked})
    await balance.change(tx, [balance.Change(row.sku, row.warehouse_id, reserved=row.quantity) for row in picked])
    tx.emit(StockReserved(s, o, lines) for s, o, lines in _by_subject((g.requirement, g.quantity) for g in grants))
    return Reserved(tuple(ids))


def _requirement(row: reservation.Reservation) -> Requirement:
    return Requirement(
        subject=row.subject,
        order_id=row.order_id,
        order_item_id=row.order_item_id,
        line=row.line,
        sku=row.sku,
        warehouse=row.warehouse,
        quantity=row.quantity,
        bundle=row.bundle,
    )
