"""Verbs towards vendors: send, acknowledged, notified, close, cancel, and the match of their invoice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from decimal import Decimal

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import NotFound, Problem, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import rules
from orderloom.stock.commands.shipping import incoming, incoming_difference
from orderloom.stock.events import PurchaseOrderMoved, PurchaseOrderSent, ShipmentShipped, VendorInvoiceMatched
from orderloom.stock.store import balance, purchase, shipment
from orderloom.stock.types import (
    Acknowledgement,
    Matched,
    MatchState,
    Notice,
    NoticeLine,
    PurchaseDraft,
    VendorInvoiceDraft,
)


async def send_purchase_orders(tx: Tx, drafts: Sequence[PurchaseDraft]) -> list[int]:
    """Order from vendors; return the purchase orders, one per draft in the same order.

    One per vendor and subject: sending again returns the one that is there, unless that was cancelled.
    With a warehouse the goods count as incoming there; without, the vendor ships to the customer.
    """
    await balance.adopt_skus(tx, [line.sku for draft in drafts for line in draft.lines])
    warehouses = await balance.warehouse_ids(tx, [draft.warehouse for draft in drafts if draft.warehouse])
    unknown = set(await balance.unknown_skus(tx, [line.sku for draft in drafts for line in draft.lines]))
    refuse_if_any([p for i, draft in enumerate(drafts) for p in _draft_problems(f"/{i}", draft, unknown, warehouses)])

    known = await purchase.known(tx, drafts)
    fresh = {_identity(draft): draft for draft in drafts if _identity(draft) not in known}
    if fresh:
        numbers = await take_numbers(tx, "purchase_order", len(fresh))
        ids = await purchase.insert(tx, list(fresh.values()), numbers, warehouses)
        await _expect(tx, list(fresh.values()), warehouses)
        for number, (identity, draft) in zip(numbers, fresh.items(), strict=True):
            known[identity] = ids[number]
            tx.emit(PurchaseOrderSent(draft.subject, draft.order_id, ids[number], number, draft.vendor))
    return [known[_identity(draft)] for draft in drafts]


def _identity(draft: PurchaseDraft) -> tuple[str, str, int]:
    return draft.vendor, draft.subject.kind, draft.subject.id


def _draft_problems(
    pointer: str, draft: PurchaseDraft, unknown: set[str], warehouses: Mapping[str, int]
) -> list[Problem]:
    problems = []
    if not draft.lines:
        problems.append(Problem("lines_missing", "Order at least one line from the vendor.", f"{pointer}/lines"))
    if len({line.line for line in draft.lines}) < len(draft.lines):
        problems.append(Problem("line_twice", "Give each line a name of its own.", f"{pointer}/lines"))
    if draft.warehouse and draft.warehouse not in warehouses:
        message = f"There is no active warehouse {draft.warehouse}; create it first."
        problems.append(Problem("warehouse_unknown", message, f"{pointer}/warehouse"))
    for place, line in enumerate(draft.lines):
        if line.sku in unknown:
            message = f"There is no SKU {line.sku}; create it first."
            problems.append(Problem("sku_unknown", message, f"{pointer}/lines/{place}/sku"))
        if line.quantity <= 0:
            message = "Order more than nothing."
            problems.append(Problem("quantity_not_positive", message, f"{pointer}/lines/{place}/quantity"))
    return problems


async def _expect(tx: Tx, drafts: Sequence[PurchaseDraft], warehouses: Mapping[str, int]) -> None:
    changes = [
        balance.Change(line.sku, warehouses[draft.warehouse], incoming=line.quantity)
        for draft in drafts
        if draft.warehouse
        for line in draft.lines
    ]
    await balance.ensure_balances(tx, [(change.sku, change.warehouse_id) for change in changes])
    await balance.change(tx, changes)


async def acknowledge_purchase_orders(tx: Tx, told: Sequence[Acknowledgement]) -> list[int]:
    """Note that vendors accepted; return the purchase orders that were waiting for it."""
    orders = await _lock(tx, [each.purchase_order_id for each in told])
    moved = await purchase.move(tx, list(orders), "acknowledged")
    await purchase.record_acknowledgements(tx, [each for each in told if each.purchase_order_id in moved])
    _tell(tx, orders, moved, "acknowledged")
    return moved


async def notify_purchase_orders(tx: Tx, notices: Sequence[Notice]) -> list[int]:
    """Note what vendors have sent (ASN), each as a shipment on its way; return the new shipments.

    A notice that is known is passed over. More than the tolerance allows is refused, as is a notice
    for a purchase order that is closed or cancelled, or one without serials for serial-tracked goods.
    """
    orders = await _lock(tx, [notice.purchase_order_id for notice in notices])
    lines = await purchase.lines_of(tx, list(orders))
    goods = {line.id: line for line in await purchase.shippable_lines(tx, list(orders))}
    known = set(await shipment.notices(tx, list(orders)))
    fresh = [notice for notice in notices if (notice.purchase_order_id, notice.notice) not in known]
    if not fresh:
        return []
    sent = [
        _sent(notice, [line for line in lines if line.purchase_order_id == notice.purchase_order_id])
        for notice in fresh
    ]
    refuse_if_any(
        [
            p
            for i, n in enumerate(fresh)
            for p in _notice_problems(f"/{i}", orders[n.purchase_order_id], sent=sent[i], lines=lines, goods=goods)
        ]
    )

    numbers = await take_numbers(tx, "shipment", len(fresh))
    ids = await _write_notices(tx, fresh, sent, numbers=numbers, orders=orders, lines=lines, goods=goods)
    moved = await purchase.move(
        tx, [n.purchase_order_id for n in fresh if orders[n.purchase_order_id].state != "notified"], "notified"
    )
    _tell(tx, orders, moved, "notified")
    for number, notice in zip(numbers, fresh, strict=True):
        order = orders[notice.purchase_order_id]
        at = notice.at or tx.now
        tx.emit(
            ShipmentShipped(order.subject, order.order_id, ids[number], number, notice.carrier, notice.tracking, at)
        )
    return [ids[number] for number in numbers]


def _sent(notice: Notice, lines: Sequence[rules.PurchasedLine]) -> tuple[NoticeLine, ...]:
    """The lines of a notice; without any, all that has not been sent yet."""
    if notice.lines:
        return notice.lines
    return tuple(
        NoticeLine(line.line, line.quantity - line.notified) for line in lines if line.quantity > line.notified
    )


def _notice_problems(
    pointer: str,
    order: purchase.PurchaseOrder,
    *,
    sent: Sequence[NoticeLine],
    lines: Sequence[rules.PurchasedLine],
    goods: Mapping[int, purchase.PurchaseLine],
) -> list[Problem]:
    problems = []
    if order.state not in ("sent", "acknowledged", "notified"):
        message = f"{order.number} is {order.state}; nothing can be sent for it any more."
        problems.append(Problem("purchase_order_over", message, pointer))
    if not sent:
        problems.append(Problem("notice_empty", f"All of {order.number} has been sent already.", f"{pointer}/lines"))
    known = {line.line: line for line in lines if line.purchase_order_id == order.id}
    total: dict[str, Decimal] = defaultdict(Decimal)
    for place, line in enumerate(sent):
        where = f"{pointer}/lines/{place}"
        ordered = known.get(line.line)
        if ordered is None:
            problems.append(Problem("line_unknown", f"{order.number} has no line {line.line}.", f"{where}/line"))
            continue
        total[line.line] += line.quantity
        limit = rules.notice_limit(ordered)
        if line.quantity <= 0:
            problems.append(Problem("quantity_not_positive", "Send more than nothing.", f"{where}/quantity"))
        if ordered.notified + total[line.line] > limit:
            message = (
                f"At most {limit:f} of line {line.line} may be sent in all, {ordered.notified:f} are; refuse the rest"
                " or raise the tolerance."
            )
            problems.append(Problem("over_delivery", message, f"{where}/quantity"))
        if goods[ordered.id].tracking == "serial" and line.serials and len(line.serials) != line.quantity:
            message = f"Give {line.quantity:f} serials for line {line.line}, not {len(line.serials)}."
            problems.append(Problem("serials_missing", message, f"{where}/serials"))
    return problems


async def _write_notices(
    tx: Tx,
    notices: Sequence[Notice],
    sent: Sequence[Sequence[NoticeLine]],
    *,
    numbers: Sequence[str],
    orders: Mapping[int, purchase.PurchaseOrder],
    lines: Sequence[rules.PurchasedLine],
    goods: Mapping[int, purchase.PurchaseLine],
) -> dict[str, int]:
    ids_of = {(line.purchase_order_id, line.line): line.id for line in lines}
    fresh, rows = [], []
    notified: dict[int, Decimal] = defaultdict(Decimal)
    for number, notice, parts in zip(numbers, notices, sent, strict=True):
        order = orders[notice.purchase_order_id]
        fresh.append(
            shipment.NewShipment(
                number=number, subject=order.subject, order_id=order.order_id, warehouse_id=order.warehouse_id,
                purchase_order_id=order.id, notice=notice.notice, ship_to=order.ship_to, carrier=notice.carrier,
                tracking=notice.tracking, state="shipped", shipped_at=notice.at or tx.now,
            )
        )  # fmt: skip
        for part in parts:
            line = goods[ids_of[(order.id, part.line)]]
            notified[line.id] += part.quantity
            rows.append(
                shipment.NewLine(
                    number=number, line=line.line, sku=line.sku, quantity=part.quantity, bundle=line.bundle,
                    order_item_id=line.order_item_id, purchase_line_id=line.id, serials=part.serials,
                )
            )  # fmt: skip
    units = [(row.sku, serial, row.order_item_id) for row in rows for serial in row.serials]
    new = await purchase.record_serials(tx, units)
    refuse_if_any(
        [
            Problem("serial_taken", f"Serial {serial} of {sku} is known already; ask the vendor to check the notice.")
            for sku, serial, _ in units
            if (sku, serial) not in new
        ]
    )
    await purchase.add_notified(tx, notified)
    return await shipment.insert(tx, fresh, rows)


async def close_purchase_orders(tx: Tx, ids: Sequence[int], *, reason: str) -> list[int]:
    """End purchase orders with what has come; what is still open will not come. Return those that ended."""
    orders = await _lock(tx, ids)
    open_before = await incoming(tx, orders)
    moved = await purchase.move(tx, list(orders), "closed")
    await purchase.close_short(tx, moved)
    await balance.change(tx, incoming_difference(open_before, await incoming(tx, orders)))
    _tell(tx, orders, moved, "closed", reason)
    return moved


async def cancel_purchase_orders(tx: Tx, ids: Sequence[int], *, reason: str) -> list[int]:
    """Withdraw purchase orders of which nothing has been sent; return those that could be."""
    orders = await _lock(tx, ids)
    open_before = await incoming(tx, orders)
    moved = await purchase.move(tx, list(orders), "cancelled")
    await purchase.close_short(tx, moved)
    await balance.change(tx, incoming_difference(open_before, await incoming(tx, orders)))
    _tell(tx, orders, moved, "cancelled", reason)
    return moved


async def _lock(tx: Tx, ids: Sequence[int]) -> dict[int, purchase.PurchaseOrder]:
    orders = await purchase.lock(tx, ids)
    if missing := set(ids) - orders.keys():
        raise NotFound(
            [
                Problem("purchase_order_unknown", f"There is no purchase order {i}; check the number.")
                for i in sorted(missing)
            ]
        )
    return orders


def _tell(
    tx: Tx, orders: Mapping[int, purchase.PurchaseOrder], moved: Sequence[int], state: str, reason: str = ""
) -> None:
    tx.emit(
        PurchaseOrderMoved(o.subject, o.order_id, o.id, o.number, o.state, state, reason)
        for o in (orders[order_id] for order_id in moved)
    )


async def record_vendor_invoice(tx: Tx, draft: VendorInvoiceDraft) -> Matched:
    """Compare a vendor's invoice with order and delivery, and keep it with what differs.

    An invoice number that this vendor used before is refused.
    """
    order = (await _lock(tx, [draft.purchase_order_id]))[draft.purchase_order_id]
    lines = await purchase.lines_of(tx, [order.id])
    differences = rules.match(lines, draft.lines, ordered_currency=order.currency, invoice_currency=draft.currency)
    state: MatchState = "differs" if differences else "matched"
    invoice_id = await purchase.insert_invoice(
        tx,
        draft,
        vendor=order.vendor,
        state=state,
        differences=differences,
        line_ids={line.line: line.id for line in lines},
    )
    if invoice_id is None:
        message = f"{order.vendor} has used the invoice number {draft.number} before; check for a double."
        refuse("vendor_invoice_twice", message, "/number")
    subject = Subject("vendor_invoice", invoice_id, draft.number, order.account_id)
    found = tuple(asdict(difference) for difference in differences)
    tx.emit(VendorInvoiceMatched(subject, order.id, draft.number, None, state, found))
    return Matched(invoice_id, state, tuple(differences))


async def accept_vendor_invoices(tx: Tx, ids: Sequence[int], *, reason: str) -> list[int]:
    """Accept invoices although they differ; return those that did."""
    accepted = await purchase.accept_invoices(tx, ids)
    tx.emit(
        VendorInvoiceMatched(
            Subject("vendor_invoice", row.id, row.number, row.account_id),
            row.purchase_order_id,
            row.number,
            "differs",
            "accepted",
            (),
            reason,
        )
        for row in accepted
    )
    return [row.id for row in accepted]
