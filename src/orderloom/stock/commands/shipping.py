"""Verbs of the way out: pack, hand to the carrier, delivered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import NotFound, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import rules
from orderloom.stock.events import PurchaseOrderMoved, ShipmentDelivered, ShipmentPacked, ShipmentShipped, StockReceived
from orderloom.stock.store import balance, purchase, reservation, shipment
from orderloom.stock.types import Delivery, Dispatch, Packing


async def pack(tx: Tx, packings: Sequence[Packing]) -> list[int]:
    """Make shipments of what is picked and not packed, one per subject and warehouse; return them.

    Lines carry order item, bundle reference and serials. Packing again when nothing new was picked
    makes nothing.
    """
    how = {(packing.subject.kind, packing.subject.id): packing for packing in packings}
    rows = await reservation.lock_open(tx, [packing.subject for packing in packings], ["picked"])

    def destination(row: reservation.Reservation) -> tuple[str, int, int]:
        return row.subject_kind, row.subject_id, row.warehouse_id

    groups = [list(group) for _, group in groupby(sorted(rows, key=destination), key=destination)]
    if not groups:
        return []
    numbers = await take_numbers(tx, "shipment", len(groups))
    serials = await shipment.serials_of(tx, [row.id for row in rows])
    fresh = [_new(number, group[0], how) for number, group in zip(numbers, groups, strict=True)]
    lines = [
        shipment.NewLine(
            number=number, line=row.line, sku=row.sku, quantity=row.quantity, order_item_id=row.order_item_id,
            bundle=row.bundle, reservation_id=row.id, serials=serials.get(row.id, []),
        )
        for number, group in zip(numbers, groups, strict=True)
        for row in group
    ]  # fmt: skip
    ids = await shipment.insert(tx, fresh, lines)
    tx.emit(
        ShipmentPacked(
            group[0].subject,
            group[0].order_id,
            ids[number],
            number,
            tuple(
                {"order_item_id": r.order_item_id, "line": r.line, "sku": r.sku, "quantity": r.quantity} for r in group
            ),
        )
        for number, group in zip(numbers, groups, strict=True)
    )
    return [ids[number] for number in numbers]


def _new(number: str, row: reservation.Reservation, how: Mapping[tuple[str, int], Packing]) -> shipment.NewShipment:
    packing = how[(row.subject_kind, row.subject_id)]
    return shipment.NewShipment(
        number=number,
        subject=row.subject,
        order_id=row.order_id,
        warehouse_id=row.warehouse_id,
        ship_to=packing.ship_to,
        carrier=packing.carrier,
        service_level=packing.service_level,
        tracking=packing.tracking,
    )


async def dispatch(tx: Tx, dispatches: Sequence[Dispatch]) -> list[int]:
    """Hand shipments to the carrier; return those that were still here.

    Goods leave the balance, a movement is written, claims and serials are shipped.
    """
    moved = await shipment.dispatch(
        tx,
        [each.shipment_id for each in dispatches],
        carriers=[each.carrier for each in dispatches],
        tracking=[each.tracking for each in dispatches],
        at=[each.at or tx.now for each in dispatches],
    )
    if not moved:
        return []
    by_id = {each.id: each for each in moved}
    lines = await shipment.lines_of(tx, list(by_id))
    places = [(line, by_id[line.shipment_id], by_id[line.shipment_id].warehouse_id) for line in lines]
    await balance.change(
        tx,
        [
            balance.Change(line.sku, warehouse_id, on_hand=-line.quantity, reserved=-line.quantity)
            for line, _, warehouse_id in places
            if warehouse_id is not None
        ],
    )
    await balance.record(
        tx,
        [
            balance.Movement(line.sku, warehouse_id, "issue", -line.quantity, of.number, "shipment", of.id, of.number)
            for line, of, warehouse_id in places
            if warehouse_id is not None
        ],
    )
    await shipment.ship_reservations(tx, [line.reservation_id for line in lines if line.reservation_id is not None])
    tx.emit(
        ShipmentShipped(
            each.subject, each.order_id, each.id, each.number, each.carrier, each.tracking, each.shipped_at or tx.now
        )
        for each in moved
    )
    return list(by_id)


async def deliver(tx: Tx, deliveries: Sequence[Delivery]) -> list[int]:
    """Note that shipments arrived, in full or in part by line; return those that were on their way.

    A shipment from a vendor moves its purchase order along: to delivered, once enough has come for
    every line; goods for a warehouse of ours are received there. Hearing it again changes nothing.
    """
    at = {each.shipment_id: each.at or tx.now for each in deliveries}
    lines = await shipment.lines_of(tx, list(at))
    told = {line.shipment_line_id: line.quantity for each in deliveries for line in each.lines}
    refuse_if_any(_delivery_problems({line.id: line for line in lines}, told))
    if missing := at.keys() - {line.shipment_id for line in lines}:
        raise NotFound([Problem("shipment_unknown", f"There is no shipment {min(missing)}; check the number.")])

    moved = await shipment.deliver(tx, list(at), list(at.values()))
    if not moved:
        return []
    ids = [each.id for each in moved]
    arrived = {line.id: told.get(line.id, line.quantity) for line in lines if line.shipment_id in ids}
    await shipment.record_delivered(tx, ids, arrived)
    await shipment.deliver_serials(tx, ids)
    await _receive(tx, moved, [line for line in lines if line.id in arrived], arrived)
    for each in moved:
        rows = tuple(
            {
                "order_item_id": line.order_item_id,
                "line": line.line,
                "quantity": line.quantity,
                "delivered": arrived[line.id],
            }
            for line in lines
            if line.shipment_id == each.id
        )
        tx.emit(ShipmentDelivered(each.subject, each.order_id, each.id, each.number, at[each.id], rows))
    return ids


async def deliver_rests(tx: Tx, deliveries: Sequence[Delivery]) -> list[int]:
    """Note that what was missing of shipments that arrived in part has come, all of it or so much of each line.

    Quantities are what came now; more than was missing is refused. Returns the shipments that something was
    missing of. The shipment's time of delivery is that of its last part.
    """
    at = {each.shipment_id: each.at or tx.now for each in deliveries}
    missing = {line.id: line for line in await shipment.missing_lines(tx, list(at))}
    told = {line.shipment_line_id: line.quantity for each in deliveries for line in each.lines}
    refuse_if_any(_delivery_problems(missing, told))
    named = {missing[line_id].shipment_id for line_id in told}
    arrived = {
        line.id: told.get(line.id, Decimal(0)) if line.shipment_id in named else line.quantity
        for line in missing.values()
    }
    if not arrived:
        return []
    ids = sorted({line.shipment_id for line in missing.values()})
    moved = await shipment.deliver_again(tx, arrived, {shipment_id: at[shipment_id] for shipment_id in ids})
    await shipment.deliver_serials(tx, ids)
    await _receive(tx, moved, list(missing.values()), arrived)
    for each in moved:
        rows = tuple(
            {"order_item_id": line.order_item_id, "line": line.line, "quantity": line.quantity, "delivered": come}
            for line_id, come in arrived.items()
            if (line := missing[line_id]).shipment_id == each.id
        )
        tx.emit(ShipmentDelivered(each.subject, each.order_id, each.id, each.number, at[each.id], rows))
    return ids


def _delivery_problems(lines: Mapping[int, shipment.ShipmentLine], told: Mapping[int, Decimal]) -> list[Problem]:
    problems = []
    for line_id, quantity in told.items():
        line = lines.get(line_id)
        if line is None:
            problems.append(Problem("shipment_line_unknown", f"Line {line_id} is not in these shipments; reload them."))
        elif not 0 <= quantity <= line.quantity:
            problems.append(
                Problem("delivered_out_of_range", f"Of line {line.line} 0 to {line.quantity:f} can have arrived.")
            )
    return problems


async def _receive(
    tx: Tx,
    moved: Sequence[shipment.Shipment],
    lines: Sequence[shipment.ShipmentLine],
    arrived: Mapping[int, Decimal],
) -> None:
    from_vendors = {each.id: each for each in moved if each.purchase_order_id is not None}
    if not from_vendors:
        return
    orders = await purchase.lock(tx, [o for e in from_vendors.values() if (o := e.purchase_order_id) is not None])
    delivered: dict[int, Decimal] = defaultdict(Decimal)
    changes, movements = [], []
    for line in lines:
        of = from_vendors.get(line.shipment_id)
        if of is None or line.purchase_line_id is None:
            continue
        delivered[line.purchase_line_id] += arrived[line.id]
        if of.warehouse_id is not None and arrived[line.id] > 0:
            changes.append(balance.Change(line.sku, of.warehouse_id, on_hand=arrived[line.id]))
            movements.append(
                balance.Movement(
                    line.sku, of.warehouse_id, "receipt", arrived[line.id], of.number, "shipment", of.id, of.number
                )
            )
    open_before = await incoming(tx, orders)
    await purchase.add_delivered(tx, delivered)
    await balance.change(tx, [*changes, *incoming_difference(open_before, await incoming(tx, orders))])
    await balance.record(tx, movements)
    await purchase.receive_serials(tx, list(from_vendors))
    tx.emit(
        StockReceived(
            Subject("shipment", each.id, each.number),
            tuple(dict.fromkeys(move.sku for move in movements if move.subject_id == each.id)),
        )
        for each in from_vendors.values()
        if any(move.subject_id == each.id for move in movements)
    )
    await _settle(tx, orders)


async def incoming(tx: Tx, orders: Mapping[int, purchase.PurchaseOrder]) -> dict[tuple[str, int], Decimal]:
    """What is still to come to our warehouses from these purchase orders."""
    skus = {line.id: line.sku for line in await purchase.shippable_lines(tx, list(orders))}
    total: dict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for line in await purchase.lines_of(tx, list(orders)):
        warehouse_id = orders[line.purchase_order_id].warehouse_id
        if warehouse_id is not None:
            total[(skus[line.id], warehouse_id)] += max(line.quantity - line.delivered - line.closed_short, Decimal(0))
    return total


def incoming_difference(
    before: Mapping[tuple[str, int], Decimal], after: Mapping[tuple[str, int], Decimal]
) -> list[balance.Change]:
    return [
        balance.Change(sku, warehouse_id, incoming=after[(sku, warehouse_id)] - quantity)
        for (sku, warehouse_id), quantity in before.items()
    ]


async def _settle(tx: Tx, orders: Mapping[int, purchase.PurchaseOrder]) -> None:
    by_order: dict[int, list[rules.PurchasedLine]] = defaultdict(list)
    for line in await purchase.lines_of(tx, list(orders)):
        by_order[line.purchase_order_id].append(line)
    complete = [order_id for order_id, lines in by_order.items() if all(rules.is_delivered(line) for line in lines)]
    for order_id in await purchase.move(tx, complete, "delivered"):
        order = orders[order_id]
        tx.emit(PurchaseOrderMoved(order.subject, order.order_id, order.id, order.number, order.state, "delivered"))
