"""The API of the catalogue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.catalog import reads
from orderloom.catalog.commands import CatalogueFile, Imported, ImportedPrices, import_catalogues, import_prices
from orderloom.catalog.price_list import PriceDraft
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, DryRun, Limit, Search
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.routes import Routes
from orderloom.web.table_files import rows_of

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class ProductQuery:
    """Which products to list."""

    text: Search | None = None
    kind: Annotated[str, Field(max_length=40)] | None = None
    catalogue: Annotated[str, Field(max_length=100)] | None = None
    is_bundle: bool | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT

    def wanted(self) -> reads.ProductFilter:
        return reads.ProductFilter(self.text, self.kind, self.catalogue, self.is_bundle)


@routes.get("/products", permission="catalog.read", query=ProductQuery, returns=(Rows, reads.ProductRow))
async def list_products(call: Call, query: ProductQuery) -> Rows:
    """Products and bundles by code, with their standard price."""
    place = place_of(query.cursor, str)
    rows = await reads.list_products(call.tx, query.wanted(), after=place[0] if place else None, limit=query.limit + 1)
    return Rows(*cut(rows, query.limit, lambda row: (row.code,)))


@routes.get("/products/{product_id:int}", permission="catalog.read", returns=reads.ProductPage)
async def read_product(call: Call, product_id: int) -> reads.ProductPage:
    """One product with its parts, where it is used, its prices and the versions that sell it."""
    return await reads.product_page(call.tx, product_id)


@strict
@dataclass(frozen=True, slots=True)
class CatalogueImport:
    """How to read the body: `name` tells YAML from JSON and stands in problems."""

    name: Annotated[str, Field(max_length=200)] = "catalogue.yaml"


@routes.post(
    "/catalogues/import",
    permission="catalog.write",
    query=CatalogueImport,
    returns=Imported,
    status=201,
    takes="application/yaml",
)
async def import_catalogue(call: Call, query: CatalogueImport) -> Answer:
    """Publish a catalogue from YAML (or JSON, with a `name` that ends in .json); unchanged content changes nothing."""
    try:
        text = call.content.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); send UTF-8.")
    [imported] = await import_catalogues(call.tx, [CatalogueFile(query.name, text)])
    return Answer(imported, status=201 if imported.is_new else 200)


@routes.post("/prices/import", permission="catalog.write", query=DryRun, returns=ImportedPrices, takes="text/csv")
async def import_price_rows(call: Call, query: DryRun) -> ImportedPrices:
    """Put prices into the standard list from CSV, each for its own period; all rows or none."""
    return await import_prices(call.tx, rows_of(PriceDraft, call.content), dry_run=query.dry_run)
