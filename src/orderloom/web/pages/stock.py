"""The stock pages: what lies where, what is to be picked, and what is on its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import Refused, refuse
from orderloom.stock import reads
from orderloom.web.answers import Page, SeeOther
from orderloom.web.api.stock import (
    Arrival,
    Parcel,
    PickListFilter,
    Picks,
    StockFilter,
    deliver_shipment,
    dispatch_shipment,
    pack_picked,
    pick_list_by_id,
    pick_lists_matching,
    shipment_by_id,
    steps_waiting_for_goods,
    take_picks,
    warehouse_codes,
)
from orderloom.web.call import Call
from orderloom.web.inputs import Paging
from orderloom.web.paging import cut, place_of
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/stock", permission="stock.read", query=StockFilter)
async def stock_page(call: Call, query: StockFilter) -> Page:
    """What each warehouse has of each SKU."""
    place = place_of(query.cursor, str, str)
    rows = await reads.available(
        call.tx,
        skus=[query.sku] if query.sku else None,
        warehouse=query.warehouse,
        after=(place[0], place[1]) if place else ("", ""),
        limit=query.limit + 1,
    )
    shown, following = cut(rows, query.limit, lambda row: (row.sku, row.warehouse))
    return Page(
        "stock/stock.html",
        {
            "rows": shown,
            "most": max([row.on_hand + row.incoming for row in shown], default=0),
            "warehouses": await warehouse_codes(call.tx),
            "query": query,
            "next": following,
        },
    )


@routes.get("/stock/shipments", permission="stock.read", query=Paging)
async def shipments_page(call: Call, query: Paging) -> Page:
    """Shipments, the newest first."""
    place = place_of(query.cursor, int)
    rows = await reads.shipments(call.tx, before=place[0] if place else None, limit=query.limit + 1)
    shown, following = cut(rows, query.limit, lambda row: (row.id,))
    return Page("stock/shipments.html", {"rows": shown, "query": query, "next": following})


@routes.get("/stock/pick-lists", permission="stock.read", query=PickListFilter)
async def pick_lists_page(call: Call, query: PickListFilter) -> Page:
    """What is to be taken from the shelf, the oldest first."""
    rows, following = await pick_lists_matching(call, query)
    return Page(
        "stock/pick_lists.html",
        {"rows": rows, "query": query, "next": following, "warehouses": await warehouse_codes(call.tx)},
    )


@routes.get("/stock/pick-lists/{list_id:int}", permission="stock.read")
async def pick_list_page(call: Call, list_id: int) -> Page:
    """One pick list: what to take, and the form to confirm it."""
    row = await pick_list_by_id(call, list_id)
    subject = (row.subject_kind, row.subject_id)
    shipments = await reads.shipments(call.tx, subject=subject)
    waiting = await steps_waiting_for_goods(call.tx, row.order_id, subject)
    return Page("stock/pick_list.html", {"row": row, "shipments": shipments, "waiting": waiting})


Typed = Annotated[Mapping[str, Annotated[str, Field(max_length=20_000)]], Field(max_length=1_000)]


@strict
@dataclass(frozen=True, slots=True)
class PicksForm:
    """Totals picked and serials, by the id of the line; serials stand one on each line."""

    picked: Typed = field(default_factory=dict)
    serials: Typed = field(default_factory=dict)

    def wish(self) -> Picks:
        """As the API takes it; a line of which nothing is picked is left out."""
        ids = [name for name, text in self.picked.items() if text.strip("0.") or self.serials.get(name)]
        if not ids:
            refuse("picks_missing", "Say of at least one line how much was picked; to confirm none is not needed.")
        lines = [
            {"pick_line_id": name, "picked": self.picked[name], "serials": self.serials.get(name, "").split()}
            for name in ids
        ]
        try:
            return parse(Picks, {"lines": lines})
        except Refused as refused:
            raise Refused([replace(problem, pointer="") for problem in refused.problems]) from None


@routes.post("/stock/pick-lists/{list_id:int}/confirm", permission="stock.write", body=PicksForm)
async def confirm_by_form(call: Call, list_id: int, body: PicksForm) -> SeeOther:
    """Confirm what was picked so far."""
    await take_picks(call, list_id, body.wish().lines)
    row = await pick_list_by_id(call, list_id)
    said = "All is picked." if row.state == "picked" else "What was picked is recorded; the rest stays open."
    return SeeOther(f"/stock/pick-lists/{list_id}", said)


@routes.post("/stock/pick-lists/{list_id:int}/pack", permission="stock.write", body=Parcel)
async def pack_by_form(call: Call, list_id: int, body: Parcel) -> SeeOther:
    """Pack what is picked."""
    made = await pack_picked(call, list_id, body)
    if not made:
        return SeeOther(f"/stock/pick-lists/{list_id}", "Everything that is picked was packed before.")
    return SeeOther(f"/stock/shipments/{made[0].id}", "The goods are packed.")


@routes.get("/stock/shipments/{shipment_id:int}", permission="stock.read")
async def shipment_page(call: Call, shipment_id: int) -> Page:
    """One shipment: what is in it, and where it is."""
    row = await shipment_by_id(call, shipment_id)
    waiting = await steps_waiting_for_goods(call.tx, row.order_id, (row.subject_kind, row.subject_id))
    return Page("stock/shipment.html", {"row": row, "waiting": waiting})


@routes.post("/stock/shipments/{shipment_id:int}/dispatch", permission="stock.write", body=Parcel)
async def dispatch_by_form(call: Call, shipment_id: int, body: Parcel) -> SeeOther:
    """Hand a shipment to the carrier."""
    await dispatch_shipment(call, shipment_id, body)
    return SeeOther(f"/stock/shipments/{shipment_id}", "The shipment is with the carrier.")


@strict
@dataclass(frozen=True, slots=True)
class ArrivalForm:
    """How much arrived of each line, by the id of the line."""

    quantity: Typed = field(default_factory=dict)


@routes.post("/stock/shipments/{shipment_id:int}/deliver", permission="stock.write", body=ArrivalForm)
async def deliver_by_form(call: Call, shipment_id: int, body: ArrivalForm) -> SeeOther:
    """Note that a shipment arrived."""
    lines = [{"shipment_line_id": name, "quantity": quantity} for name, quantity in body.quantity.items()]
    await deliver_shipment(call, shipment_id, parse(Arrival, {"lines": lines}))
    return SeeOther(f"/stock/shipments/{shipment_id}", "The delivery is recorded.")
