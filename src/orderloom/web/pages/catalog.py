"""The products, and one product."""

from __future__ import annotations

from orderloom.catalog import reads
from orderloom.web.answers import Page
from orderloom.web.api.catalog import ProductQuery
from orderloom.web.call import Call
from orderloom.web.paging import cut, place_of
from orderloom.web.routes import Routes

routes = Routes("page")


@routes.get("/products", permission="catalog.read", query=ProductQuery)
async def products_page(call: Call, query: ProductQuery) -> Page:
    """What is sold."""
    place = place_of(query.cursor, str)
    rows = await reads.list_products(call.tx, query.wanted(), after=place[0] if place else None, limit=query.limit + 1)
    shown, following = cut(rows, query.limit, lambda row: (row.code,))
    return Page("catalog/products.html", {"rows": shown, "query": query, "next": following})


@routes.get("/products/{product_id:int}", permission="catalog.read")
async def product_page(call: Call, product_id: int) -> Page:
    """One product: its parts, prices and versions."""
    return Page("catalog/product.html", {"page": await reads.product_page(call.tx, product_id)})
