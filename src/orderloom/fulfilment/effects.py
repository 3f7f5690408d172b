"""What finished steps change in stock, in purchase orders and in the plan, before anything that follows is released.

Each effect may be applied twice: what is picked, shipped or delivered already stays as it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from orderloom.base.refusals import refuse
from orderloom.base.transaction import Tx
from orderloom.fulfilment.context import StepContext
from orderloom.stock import reads as stock
from orderloom.stock.commands import (
    acknowledge_purchase_orders,
    confirm_picks,
    deliver,
    deliver_rests,
    dispatch,
    notify_purchase_orders,
    open_pick_lists,
    pack,
)
from orderloom.stock.reads import PickListRow, PurchaseRow, ShipmentRow
from orderloom.stock.types import (
    Acknowledgement,
    DeliveredLine,
    Delivery,
    Dispatch,
    Notice,
    NoticeLine,
    Packing,
    PickedLine,
    Requirement,
)

MOST_GOODS = 1_000_000_000
FIRST_YEAR, LAST_YEAR = 2000, 2200


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished step with what came of it."""

    about: StepContext
    outputs: Mapping[str, Any]
    is_witnessed: bool = False

    @property
    def at(self) -> datetime | None:
        """When it really happened, where the one who told us says so and it can be true; without a zone, in UTC."""
        told = self.outputs.get("at")
        try:
            at = datetime.fromisoformat(told) if isinstance(told, str) else None
        except ValueError:
            return None
        if at is None or not FIRST_YEAR <= at.year <= LAST_YEAR:
            return None
        return at if at.tzinfo else at.replace(tzinfo=UTC)


def _told_lines(outputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The lines that a partner told of; whatever else stands in their place says nothing."""
    lines = outputs.get("lines")
    if not isinstance(lines, list):
        return []
    return [line for line in lines if isinstance(line, Mapping) and isinstance(line.get("line"), str)]


def _serials(line: Mapping[str, Any]) -> tuple[str, ...]:
    told = line.get("serials")
    return tuple(str(serial)[:100] for serial in told if serial) if isinstance(told, list) else ()


def _text(outputs: Mapping[str, Any], *names: str) -> str:
    """The first of these that a partner told, where it is a text or a number."""
    told = next((outputs[name] for name in names if outputs.get(name)), "")
    return str(told)[:200] if isinstance(told, str | int | Decimal) else ""


Effect = Callable[[Tx, Sequence[Outcome]], Awaitable[None]]


def requirements(about: StepContext) -> list[Requirement]:
    """What a shipment takes from its warehouse; a thing that names none has to be sourced first."""
    warehouse = str((about.characteristics or {}).get("warehouse") or "")
    return [
        Requirement(
            subject=about.thing,
            order_id=about.order_id,
            order_item_id=line["order_item_id"],
            line=line["line"],
            sku=line["sku"],
            warehouse=warehouse or str(line.get("warehouse") or ""),
            quantity=Decimal(line["quantity"]),
            bundle=line["bundle"],
        )
        for line in about.lines or ()
        if line["kind"] == "good"
    ]


async def picked(tx: Tx, finished: Sequence[Outcome]) -> None:
    """Take over what the warehouse picked; a reply without lines means all that was listed.

    Where a person declares the step done and a part of the list is confirmed, only that part is picked:
    the rest stays open on the list, and the step for the rest of the delivery waits for it.
    """
    await open_pick_lists(tx, [one.about.thing for one in finished])
    picks: list[PickedLine] = []
    for one in finished:
        lists = await stock.pick_lists(tx, subject=(one.about.thing.kind, one.about.thing.id))
        half = one.is_witnessed and any(line["picked"] > 0 for row in lists for line in row.lines)
        picks += _picks(lists, one.outputs, as_confirmed=half)
    if picks:
        await confirm_picks(tx, picks)


def _picks(lists: Sequence[PickListRow], outputs: Mapping[str, Any], *, as_confirmed: bool) -> list[PickedLine]:
    """What is picked in total, line by line; a line that nobody tells of stays as confirmed, or is picked whole."""
    told = {(line.get("line"), line.get("sku")): line for line in _told_lines(outputs)}
    picks = []
    for row in lists:
        for line in row.lines:
            if not line["is_open"]:
                continue
            answer = told.get((line["line"], line["sku"]), {})
            untold = line["picked"] if as_confirmed else line["quantity"]
            quantity = min(_quantity(answer.get("quantity", untold)), Decimal(line["quantity"]))
            if quantity <= 0 or (as_confirmed and quantity == line["picked"]):
                continue
            known = dict.fromkeys((*line["serials"], *_serials(answer)))
            serials = tuple(known)[: int(quantity)] if line["tracking"] == "serial" else ()
            picks.append(PickedLine(line["id"], quantity, serials))
    return picks


def _quantity(told: object) -> Decimal:
    """A quantity as a partner tells it; what is no number of goods is refused."""
    try:
        quantity = Decimal(str(told))
    except ArithmeticError:
        quantity = Decimal("NaN")
    if not quantity.is_finite() or not 0 <= quantity <= MOST_GOODS:
        refuse("quantity_malformed", f"“{str(told)[:40]}” is no quantity; ask the partner to send a number.")
    return quantity


async def shipped(tx: Tx, finished: Sequence[Outcome]) -> None:
    """Hand the packed goods to the carrier: they leave the warehouse's balance."""
    await pack(tx, [Packing(one.about.thing, ship_to=one.about.place or "") for one in finished])
    dispatches = []
    for one in finished:
        for shipment in await _shipments(tx, one.about, "packed"):
            tracking = _text(one.outputs, "trackingNumber", "tracking") or None
            carrier = _text(one.outputs, "carrier") or None
            dispatches.append(Dispatch(shipment.id, tracking=tracking, carrier=carrier, at=one.at))
    if dispatches:
        await dispatch(tx, dispatches)


async def picked_and_shipped(tx: Tx, finished: Sequence[Outcome]) -> None:
    """Both at once, where the warehouse hands over to the carrier itself."""
    await picked(tx, finished)
    await shipped(tx, finished)


async def delivered(tx: Tx, finished: Sequence[Outcome]) -> None:
    """Goods arrived, in full or in part; the step for a rest also brings what was missing of earlier shipments."""
    deliveries = []
    rests = []
    for one in finished:
        if " rest " in one.about.step_key:
            for shipment in await _shipments(tx, one.about, "delivered"):
                rests.append(Delivery(shipment.id, at=one.at, lines=_arrived(shipment, one.outputs, is_rest=True)))
        for shipment in await _shipments(tx, one.about, "shipped"):
            deliveries.append(Delivery(shipment.id, at=one.at, lines=_arrived(shipment, one.outputs)))
    if rests:
        await deliver_rests(tx, rests)
    if deliveries:
        await deliver(tx, deliveries)


def _arrived(shipment: ShipmentRow, outputs: Mapping[str, Any], *, is_rest: bool = False) -> tuple[DeliveredLine, ...]:
    """What was told of a shipment's lines, at most what was on its way."""
    told = {line.get("line"): line for line in _told_lines(outputs)}
    on_its_way = {
        line["id"]: Decimal(line["quantity"]) - (Decimal(line["delivered"] or 0) if is_rest else Decimal(0))
        for line in shipment.lines
    }
    return tuple(
        DeliveredLine(line["id"], min(_quantity(told[line["line"]]["quantity"]), on_its_way[line["id"]]))
        for line in shipment.lines
        if line["line"] in told and "quantity" in told[line["line"]] and on_its_way[line["id"]] > 0
    )


async def _shipments(tx: Tx, about: StepContext, state: str) -> list[ShipmentRow]:
    return await stock.shipments(tx, subject=(about.thing.kind, about.thing.id), state=state)


async def _purchases(tx: Tx, about: StepContext) -> list[PurchaseRow]:
    """What was bought for the thing: the order that stands, or the last where all were cancelled."""
    rows = await stock.purchase_orders(tx, subject=(about.thing.kind, about.thing.id))
    return [row for row in rows if row.state != "cancelled"] or rows[:1]


async def acknowledged(tx: Tx, finished: Sequence[Outcome]) -> None:
    """The vendor accepted our purchase order."""
    told = [
        Acknowledgement(purchase.id, vendor_reference=_text(one.outputs, "vendorOrder"))
        for one in finished
        for purchase in await _purchases(tx, one.about)
    ]
    if told:
        await acknowledge_purchase_orders(tx, told)


async def notified(tx: Tx, finished: Sequence[Outcome]) -> None:
    """The vendor sent goods to the customer (ASN)."""
    notices = [
        Notice(
            purchase.id,
            notice=_text(one.outputs, "shipment") or f"ASN {one.about.step_key}"[:200],
            lines=_noticed(purchase, one.outputs),
            carrier=_text(one.outputs, "carrier"),
            tracking=_text(one.outputs, "trackingNumber"),
            at=one.at,
        )
        for one in finished
        for purchase in await _purchases(tx, one.about)
    ]
    if notices:
        await notify_purchase_orders(tx, notices)


def _noticed(purchase: PurchaseRow, outputs: Mapping[str, Any]) -> tuple[NoticeLine, ...]:
    told = {line.get("line"): line for line in _told_lines(outputs)}
    return tuple(
        NoticeLine(
            line["line"],
            _quantity(told[line["line"]]["quantity"]),
            tuple(str(serial) for serial in told[line["line"]].get("serials") or ()),
        )
        for line in purchase.lines
        if line["line"] in told and _quantity(told[line["line"]].get("quantity", 0)) > 0
    )


EFFECTS: Mapping[str, Effect] = {
    "stock.pick": picked,
    "stock.ship": shipped,
    "stock.pick_and_ship": picked_and_shipped,
    "stock.deliver": delivered,
    "purchase.acknowledge": acknowledged,
    "purchase.notify": notified,
    "purchase.deliver": delivered,
}
DELIVERIES = frozenset({"stock.deliver", "purchase.deliver"})
