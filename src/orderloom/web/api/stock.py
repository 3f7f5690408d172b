"""The API of the warehouses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.transaction import Tx
from orderloom.stock import reads
from orderloom.stock.commands.keeping import adjust_stock, import_opening_stock, save_skus, save_warehouses
from orderloom.stock.types import Adjustment, Available, Imported, OpeningStock, SkuDraft, WarehouseDraft
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, DryRun, Limit, Paging
from orderloom.web.paging import LIMIT, cut, place_of
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


async def warehouse_codes(tx: Tx) -> list[str]:
    return await tx.values("SELECT code FROM stock.warehouse ORDER BY rank, code LIMIT 200")
