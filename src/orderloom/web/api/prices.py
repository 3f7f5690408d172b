"""The API of prices: try one, read what is published, publish more."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.parsing import parse, strict
from orderloom.base.refusals import Refused
from orderloom.catalog import reads
from orderloom.catalog.commands import PublishedPrices, publish_prices, save_tax_rates
from orderloom.catalog.margin_walk import By
from orderloom.catalog.price_asked import PricesAsked
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.catalog.price_rows import read_price_rows, section_of
from orderloom.catalog.price_rules import RuleKind
from orderloom.catalog.priced import Margin, Margins, Priced
from orderloom.catalog.text import read_values
from orderloom.orders.reads import MarginWalk, WalkFilter, margin_walk_of
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, DryRun, Limit, Search
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.routes import Routes
from orderloom.web.table_files import cells_of

routes = Routes("api", "/api")

Shown = Annotated[str, Field(max_length=400)]


@routes.post("/prices/try", permission="catalog.read", body=PricesAsked, returns=dict[str, Any])
async def try_prices(call: Call, body: PricesAsked) -> dict[str, Any]:
    """What lines would cost a customer, with every step from list to net; nothing is written.

    Cost and margin stand in the answer of those alone who hold `catalog.cost`.
    """
    return document_of(await reads.try_prices(call.tx, body))


def document_of(priced: Priced) -> dict[str, Any]:
    """A price as programs read it. Without the right to see cost there is no field for it."""
    found: dict[str, Any] = {
        "currency": priced.currency,
        "on": priced.on,
        "lines": priced.lines,
        "totals": priced.totals,
        "taxes": priced.taxes,
        "needs": priced.needs,
    }
    if priced.margins is not None:
        found["margins"] = _margins(priced.margins)
    return found


def _margins(margins: Margins) -> dict[str, Any]:
    return {
        "lines": [{"line": line, "kind": kind, **_margin(each)} for (line, kind), each in margins.lines.items()],
        "totals": [
            {"kind": kind, "period": period, **_margin(each)} for (kind, period), each in margins.totals.items()
        ],
    }


def _margin(margin: Margin) -> dict[str, Any]:
    return {**asdict(margin), "amount": margin.amount, "percent": margin.percent}


@strict
@dataclass(frozen=True, slots=True)
class RuleQuery:
    """Which price rules to list; `text` is looked for in their codes."""

    kind: RuleKind | Literal[""] = ""
    text: Search | None = None
    price_list: Shown | None = None
    product: Shown | None = None
    in_force: bool = False
    cursor: Cursor | None = None
    limit: Limit = LIMIT

    def wanted(self) -> reads.RuleFilter:
        return reads.RuleFilter(
            self.kind or None, self.text, self.price_list or None, self.product or None, self.in_force
        )


async def rules_of(call: Call, query: RuleQuery) -> tuple[list[reads.RuleRow], str | None]:
    """One page of rules and the cursor of the next."""
    place = place_of(query.cursor, str, str)
    after = (str(place[0]), str(place[1])) if place else None
    rows = await reads.list_rules(call.tx, query.wanted(), after=after, limit=query.limit + 1)
    return cut(rows, query.limit, lambda row: (row.kind, row.code))


@routes.get("/prices/rules", permission="catalog.read", query=RuleQuery, returns=(Rows, reads.RuleRow))
async def list_rules(call: Call, query: RuleQuery) -> Rows:
    """Price lists, their prices, contracts, promotions and whatever else decides a price, each as it is now."""
    return Rows(*await rules_of(call, query))


@routes.get("/prices/rules/{rule_id:int}", permission="catalog.read", returns=reads.RulePage)
async def read_rule(call: Call, rule_id: int) -> reads.RulePage:
    """One price rule with all its versions; of a list also its prices."""
    return await reads.rule_page(call.tx, rule_id)


@strict
@dataclass(frozen=True, slots=True)
class PricesFile(DryRun):
    """How to read the body: `name` tells YAML, JSON and CSV apart."""

    name: Annotated[str, Field(max_length=200, pattern=r"\.(yaml|yml|json|csv)$")] = "prices.yaml"


@strict
@dataclass(frozen=True, slots=True)
class TaxRates:
    """Tax rates by country, region and category, each from a day on."""

    rates: Annotated[tuple[TaxRateDraft, ...], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True, slots=True)
class SavedRates:
    """How many of them are new."""

    new: int


@routes.post("/tax-rates", permission="catalog.write", body=TaxRates, returns=SavedRates)
async def write_tax_rates(call: Call, body: TaxRates) -> SavedRates:
    """Write tax rates; each ends the one before it. What waited for one of them is invoiced within a minute"""
    return SavedRates(await save_tax_rates(call.tx, body.rates))


@routes.post(
    "/prices/publish",
    permission="catalog.write",
    query=PricesFile,
    returns=PublishedPrices,
    takes="application/yaml",
)
async def publish(call: Call, query: PricesFile) -> PublishedPrices:
    """Publish price lists and everything else that decides a price, from YAML, JSON or CSV: all of it or nothing."""
    if not query.name.endswith(".csv"):
        draft = parse(PricesDraft, read_values(call.content, query.name))
        return await publish_prices(call.tx, draft, dry_run=query.dry_run)
    cells = cells_of(call.content)
    rows = [{name: cell.strip() for name, cell in row.items() if cell and cell.strip()} for row in cells]
    table = read_price_rows(rows, section_of(list(cells[0]) if cells else []) or "prices")
    try:
        return await publish_prices(call.tx, table.draft, dry_run=query.dry_run)
    except Refused as refused:
        raise Refused(table.at_rows(refused.problems)) from None


@strict
@dataclass(frozen=True, slots=True)
class WalkQuery:
    """Which quotes and orders, and by what their losses are told."""

    by: By = "kind"
    of: Literal["both", "quotes", "orders"] = "both"
    since: date | Literal[""] | None = None
    until: date | Literal[""] | None = None
    channel: Shown | None = None
    customer: Shown | None = None

    def wanted(self) -> WalkFilter:
        days = self.since or None, self.until or None
        return WalkFilter(self.of, *days, self.channel or None, self.customer or None)


@routes.get("/prices/walk", permission="catalog.cost", query=WalkQuery, returns=MarginWalk)
async def walk(call: Call, query: WalkQuery) -> MarginWalk:
    """Where the margin went over quotes and orders: from list to net by kind of step, rule, reason, person or product.

    The steps sum to the net to the cent. A quote that became an order is told once, as that order.
    """
    return await margin_walk_of(call.tx, query.wanted(), by=query.by)
