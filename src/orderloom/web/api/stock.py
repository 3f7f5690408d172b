"""The API of the warehouses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.stock import reads
from orderloom.stock.commands.keeping import adjust_stock, import_opening_stock, save_skus, save_warehouses
from orderloom.stock.commands.picking import confirm_picks
from orderloom.stock.commands.shipping import deliver, dispatch, pack
from orderloom.stock.types import (
    Adjustment,
    Available,
    DeliveredLine,
    Delivery,
    Dispatch,
    Imported,
    OpeningStock,
    Packing,
    PickedLine,
    SkuDraft,
    WarehouseDraft,
)
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, DryRun, Limit, Paging
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes
from orderloom.web.table_files import rows_of

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class StockFilter:
    """Which stock to list."""

    sku: Annotated[str, Field(max_length=100)] | None = None
    warehouse: Annotated[str, Field(max_length=100)] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


@routes.get("/stock", permission="stock.read", query=StockFilter, returns=(Rows, Available))
async def list_stock(call: Call, query: StockFilter) -> Rows:
    """What each warehouse has of each SKU: on hand, reserved, free and incoming."""
    place = place_of(query.cursor, str, str)
    rows = await reads.available(
        call.tx,
        skus=[query.sku] if query.sku else None,
        warehouse=query.warehouse,
        after=(place[0], place[1]) if place else ("", ""),
        limit=query.limit + 1,
    )
    return Rows(*cut(rows, query.limit, lambda row: (row.sku, row.warehouse)))


@routes.post("/stock/import", permission="stock.write", query=DryRun, returns=Imported, takes="text/csv")
async def import_stock(call: Call, query: DryRun) -> Imported:
    """Write opening stock from CSV: `sku`, `warehouse`, `on_hand`, `name`, `tracking`. All rows or none."""
    rows = rows_of(OpeningStock, call.content)
    return await import_opening_stock(call.tx, rows, dry_run=query.dry_run)


@routes.post("/stock/adjustments", permission="stock.write", body=Adjustment, status=204)
async def correct_stock(call: Call, body: Adjustment) -> None:
    """Correct what is on hand, by a signed quantity with its reason."""
    await adjust_stock(call.tx, [body])


@routes.post("/warehouses", permission="stock.write", body=WarehouseDraft, status=204)
async def save_warehouse(call: Call, body: WarehouseDraft) -> None:
    """Write a warehouse by its code."""
    await save_warehouses(call.tx, [body])


@routes.post("/skus", permission="stock.write", body=SkuDraft, status=204)
async def save_sku(call: Call, body: SkuDraft) -> None:
    """Write something that is kept in stock, by its code."""
    await save_skus(call.tx, [body])


@routes.get("/shipments", permission="stock.read", query=Paging, returns=(Rows, reads.ShipmentRow))
async def list_shipments(call: Call, query: Paging) -> Rows:
    """Shipments, the newest first, with their lines."""
    place = place_of(query.cursor, int)
    rows = await reads.shipments(call.tx, before=place[0] if place else None, limit=query.limit + 1)
    return Rows(*cut(rows, query.limit, lambda row: (row.id,)))


@routes.get("/purchase-orders", permission="stock.read", query=Paging, returns=(Rows, reads.PurchaseRow))
async def list_purchase_orders(call: Call, query: Paging) -> Rows:
    """Purchase orders, the newest first, with their lines."""
    place = place_of(query.cursor, int)
    rows = await reads.purchase_orders(call.tx, before=place[0] if place else None, limit=query.limit + 1)
    return Rows(*cut(rows, query.limit, lambda row: (row.id,)))


# The shelf and the dock -----------------------------------------------------------------------------------------------


@strict
@dataclass(frozen=True, slots=True)
class PickListFilter:
    """Which pick lists to show; without a state, those that are open."""

    warehouse: Annotated[str, Field(max_length=100)] | None = None
    state: Literal["open", "picked", "cancelled"] = "open"
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def pick_lists_matching(call: Call, query: PickListFilter) -> tuple[list[reads.PickListRow], str | None]:
    place = place_of(query.cursor, int)
    rows = await reads.pick_lists(
        call.tx,
        warehouse=query.warehouse,
        state=query.state,
        after=place[0] if place else 0,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.id,))


@routes.get("/pick-lists", permission="stock.read", query=PickListFilter, returns=(Rows, reads.PickListRow))
async def list_pick_lists(call: Call, query: PickListFilter) -> Rows:
    """Pick lists, the oldest first, with their lines."""
    return Rows(*await pick_lists_matching(call, query))


@routes.get("/pick-lists/{list_id:int}", permission="stock.read", returns=reads.PickListRow)
async def read_pick_list(call: Call, list_id: int) -> reads.PickListRow:
    """One pick list with its lines."""
    return await pick_list_by_id(call, list_id)


async def pick_list_by_id(call: Call, list_id: int) -> reads.PickListRow:
    found = await reads.pick_lists(call.tx, ids=[list_id])
    if not found:
        raise not_there()
    return found[0]


@strict
@dataclass(frozen=True, slots=True)
class Picks:
    """What has been taken from the shelf so far, in total, line by line; lines left out stay as they are."""

    lines: Annotated[tuple[PickedLine, ...], Field(min_length=1, max_length=1_000)]


@routes.post("/pick-lists/{list_id:int}/confirm", permission="stock.write", body=Picks, returns=reads.PickListRow)
async def confirm_pick_list(call: Call, list_id: int, body: Picks) -> reads.PickListRow:
    """Confirm what was picked, in full or in part, with serials where goods have them. Repeating it changes nothing.

    It is recorded in stock. A step that waits for the warehouse's own system goes on waiting for its answer, or for
    somebody who declares it done with evidence.
    """
    await take_picks(call, list_id, body.lines)
    return await pick_list_by_id(call, list_id)


async def take_picks(call: Call, list_id: int, lines: Sequence[PickedLine]) -> None:
    row = await pick_list_by_id(call, list_id)
    known = {line["id"] for line in row.lines}
    refuse_if_any(
        [
            Problem("pick_line_unknown", f"This line is not on {row.number}; reload the list.", f"/lines/{n}")
            for n, line in enumerate(lines)
            if line.pick_line_id not in known
        ]
    )
    await confirm_picks(call.tx, lines)


@strict
@dataclass(frozen=True, slots=True)
class Parcel:
    """How goods leave: what the carrier calls the parcel."""

    carrier: Annotated[str, Field(max_length=200)] = ""
    tracking: Annotated[str, Field(max_length=200)] = ""


@routes.post("/pick-lists/{list_id:int}/pack", permission="stock.write", body=Parcel, returns=(Rows, reads.ShipmentRow))
async def pack_pick_list(call: Call, list_id: int, body: Parcel) -> Rows:
    """Make shipments of what is picked and not packed for the thing that the list is for; none when nothing is new."""
    return Rows(await pack_picked(call, list_id, body))


async def pack_picked(call: Call, list_id: int, parcel: Parcel) -> list[reads.ShipmentRow]:
    row = await pick_list_by_id(call, list_id)
    account_id, ship_to = await call.tx.one(
        """
        SELECT pick_list.account_id, coalesce(item.place, '')
          FROM stock.pick_list
          LEFT JOIN fulfilment.item ON item.id = pick_list.subject_id
                                   AND pick_list.subject_kind = 'fulfilment_item'
         WHERE pick_list.id = %(id)s
        """,
        {"id": list_id},
    )
    subject = Subject(row.subject_kind, row.subject_id, row.subject_label, account_id)
    made = await pack(call.tx, [Packing(subject, ship_to, carrier=parcel.carrier, tracking=parcel.tracking)])
    return await reads.shipments(call.tx, ids=made) if made else []


@routes.get("/shipments/{shipment_id:int}", permission="stock.read", returns=reads.ShipmentRow)
async def read_shipment(call: Call, shipment_id: int) -> reads.ShipmentRow:
    """One shipment with its lines."""
    return await shipment_by_id(call, shipment_id)


async def shipment_by_id(call: Call, shipment_id: int) -> reads.ShipmentRow:
    found = await reads.shipments(call.tx, ids=[shipment_id])
    if not found:
        raise not_there()
    return found[0]


@routes.post("/shipments/{shipment_id:int}/dispatch", permission="stock.write", body=Parcel, returns=reads.ShipmentRow)
async def dispatch_shipment(call: Call, shipment_id: int, body: Parcel) -> reads.ShipmentRow:
    """Hand a packed shipment to the carrier: its goods leave the balance. Repeating it changes nothing."""
    await shipment_by_id(call, shipment_id)
    await dispatch(call.tx, [Dispatch(shipment_id, tracking=body.tracking or None, carrier=body.carrier or None)])
    return await shipment_by_id(call, shipment_id)


@strict
@dataclass(frozen=True, slots=True)
class ArrivedLine:
    """How much of a shipment's line arrived."""

    shipment_line_id: int
    quantity: Annotated[Decimal, Field(ge=0, le=1_000_000_000)]


@strict
@dataclass(frozen=True, slots=True)
class Arrival:
    """When a shipment arrived, now if nothing is said, and how much of which line; of the others all of it."""

    at: AwareDatetime | None = None
    lines: Annotated[tuple[ArrivedLine, ...], Field(max_length=1_000)] = ()


@routes.post("/shipments/{shipment_id:int}/deliver", permission="stock.write", body=Arrival, returns=reads.ShipmentRow)
async def deliver_shipment(call: Call, shipment_id: int, body: Arrival) -> reads.ShipmentRow:
    """Note that a shipment on its way arrived, in full or in part. Repeating it changes nothing."""
    await shipment_by_id(call, shipment_id)
    lines = tuple(DeliveredLine(line.shipment_line_id, line.quantity) for line in body.lines)
    await deliver(call.tx, [Delivery(shipment_id, at=body.at, lines=lines)])
    return await shipment_by_id(call, shipment_id)


@dataclass(frozen=True, slots=True)
class WaitingStep:
    """A step that has not ended, of the thing that goods are for."""

    process_id: int
    number: int
    title: str
    state: str
    held: bool
    waits_for: str
    order: str


async def steps_waiting_for_goods(tx: Tx, order_id: int | None, subject: tuple[str, int]) -> list[WaitingStep]:
    """The steps of this thing that are under way; what is recorded in stock does not end them."""
    return await tx.all(
        """
        SELECT step.process_id, step.number, step.title, step.state, step.held,
               coalesce(partner.name, step.partner, queue.name, step.queue, '') AS waits_for,
               process.subject_label AS "order"
          FROM fulfilment.step AS planned
          JOIN processes.step USING (process_id, number)
          JOIN processes.process ON process.id = step.process_id
          LEFT JOIN gateway.partner ON partner.code = step.partner
          LEFT JOIN work.queue ON queue.code = step.queue
         WHERE planned.order_id = %(order_id)s
           AND %(kind)s = 'fulfilment_item' AND planned.item_id = %(id)s
           AND step.state IN ('ready', 'running', 'waiting', 'failed')
         ORDER BY step.number
         LIMIT 20
        """,
        {"order_id": order_id, "kind": subject[0], "id": subject[1]},
        row=WaitingStep,
    )


async def warehouse_codes(tx: Tx) -> list[str]:
    return await tx.values("SELECT code FROM stock.warehouse ORDER BY rank, code LIMIT 200")
