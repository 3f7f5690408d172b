"""The stock page: what lies where, and what is on its way."""

from __future__ import annotations

from orderloom.stock import reads
from orderloom.web.answers import Page
from orderloom.web.api.stock import StockFilter, warehouse_codes
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
