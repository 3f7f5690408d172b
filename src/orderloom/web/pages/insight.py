"""Past invoices: what they say, which there are, and how they came in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

from orderloom.insight.account import ACCOUNT_HEAD, account_line
from orderloom.insight.figures import Figure
from orderloom.insight.mapping import REASONS
from orderloom.insight.reads import imports as import_reads
from orderloom.insight.reads import ledger
from orderloom.insight.reads.figures import Ask, end_of_month, figure, trends
from orderloom.insight.reads.sums import beside_sales
from orderloom.insight.sheets import csv_file, xlsx_file
from orderloom.web.answers import Page, Sent
from orderloom.web.api.insight import (
    AccountQuery,
    After,
    FigureQuery,
    ImportsQuery,
    LedgerQuery,
    account_matching,
    ask_of,
    document_by_id,
    documents_matching,
    figure_by_name,
    import_by_id,
    imports_matching,
)
from orderloom.web.call import Call
from orderloom.web.charts import drawn
from orderloom.web.paging import with_query
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes
from orderloom.web.table_files import sent_file

routes = Routes("page")
SHOWN = 12
MOVERS = 8
QUIET = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure on a page: where its rows lead, how it is drawn, and where it can be had as a file."""

    figure: Figure
    links: list[str]
    drawing: str
    path: str

    def file(self, suffix: str) -> str:
        path, _, query = self.path.partition("?")
        return f"{path}.{suffix}" + (f"?{query}" if query else "")


def shown(call: Call, made: Figure, query: FigureQuery) -> Shown:
    said = said_of(query)
    return Shown(
        made,
        [link_of(made, key, query) for key in made.keys],
        drawn(made, locale=call.visitor.locale, period=query.period),
        with_query(f"/insight/files/{made.name}", said),
    )


def said_of(query: FigureQuery, **changed: Any) -> dict[str, Any]:
    """The query as it stands in an address; what is usual is left out."""
    usual = asdict(FigureQuery())
    said = {**asdict(query), **changed}
    return {name: value for name, value in said.items() if value is not None and value != usual[name]}


def link_of(made: Figure, key: Any, query: FigureQuery) -> str:
    """Where a row leads: to the documents behind a period, or to what it is about."""
    if key is None or made.key_of == "none":
        return ""
    if made.key_of == "customer":
        return f"/insight/customers/{key}"
    if made.key_of == "product":
        return f"/insight/products/{key}"
    if made.key_of == "pair":
        return with_query("/insight/invoices", {"customer_id": key[0], "product_id": key[1]})
    about: dict[str, Any] = {"currency": made.currency, "customer_id": query.customer_id}
    about |= {"product_id": query.product_id, "country": query.country}
    if made.key_of == "country":
        about |= {"country": key, "day_from": query.since, "day_to": query.until}
        return with_query("/insight/invoices", about) if key else ""
    last = key + timedelta(days=6) if query.period == "week" else end_of_month(key)
    return with_query("/insight/invoices", {**about, "day_from": key, "day_to": last})


async def figures_page(
    call: Call, query: FigureQuery, template: str, names: Mapping[str, int | None], **more: Any
) -> Page:
    """A page of figures, each with so many rows of its ranking."""
    ask, known = await ask_of(call, query)
    found = []
    if ask is not None:
        for name, most in names.items():
            made = await figure(call.tx, name, Ask(ask.part, ask.span, ask.period, ask.months, ask.against, most))
            found.append(shown(call, made, query))
    return Page(f"insight/{template}.html", {"ask": ask, "query": query, "spans": known, "shown": found, **more})


@routes.get("/insight", permission="insight.read", query=FigureQuery)
async def trends_page(call: Call, query: FigureQuery) -> Page:
    """What was sold, to whom and where, over time."""
    ask, known = await ask_of(call, query, most=SHOWN)
    found = [] if ask is None else [shown(call, made, query) for made in await trends(call.tx, ask)]
    about = {
        "customer": await ledger.customer(call.tx, query.customer_id) if query.customer_id else None,
        "product": await ledger.product(call.tx, query.product_id) if query.product_id else None,
        "beside": [] if ask is None else await beside_sales(call.tx, ask.part),
        "countries": await ledger.countries(call.tx),
    }
    return Page("insight/trends.html", {"ask": ask, "query": query, "spans": known, "shown": found, **about})


@routes.get("/insight/movers", permission="insight.read", query=FigureQuery)
async def movers_page(call: Call, query: FigureQuery) -> Page:
    """What grew and what fell."""
    return await figures_page(call, query, "movers", {"product-movers": MOVERS, "customer-movers": MOVERS})


@routes.get("/insight/seasons", permission="insight.read", query=FigureQuery)
async def seasons_page(call: Call, query: FigureQuery) -> Page:
    """When most is sold."""
    return await figures_page(call, query, "seasons", {"seasons": None, "weekdays": None})


@routes.get("/insight/silent", permission="insight.read", query=FigureQuery)
async def silent_page(call: Call, query: FigureQuery) -> Page:
    """Who went silent, and what is not bought any more."""
    return await figures_page(call, query, "silent", {"silent": QUIET, "lapsed": QUIET})


@routes.get("/insight/customers/{customer_id:int}", permission="insight.read")
async def past_of_customer(call: Call, customer_id: int) -> Page:
    """What one customer bought, and what not any more."""
    found = await ledger.customer(call.tx, customer_id)
    if found is None:
        raise not_there()
    query = FigureQuery(customer_id=customer_id)
    return await figures_page(
        call, query, "customer", {"revenue": None, "products": SHOWN, "lapsed": SHOWN}, customer=found
    )


@routes.get("/insight/products/{product_id:int}", permission="insight.read")
async def past_of_product(call: Call, product_id: int) -> Page:
    """How one product sold, and to whom."""
    found = await ledger.product(call.tx, product_id)
    if found is None:
        raise not_there()
    query = FigureQuery(product_id=product_id)
    return await figures_page(
        call, query, "product", {"revenue": None, "quantity": None, "buyers": SHOWN, "countries": SHOWN}, product=found
    )


@routes.get("/insight/files/{name:str}", permission="insight.read", query=FigureQuery)
async def figure_file(call: Call, name: str, query: FigureQuery) -> Sent:
    """A figure whole as CSV or XLSX."""
    stem, _, suffix = name.rpartition(".")
    if suffix not in {"csv", "xlsx"}:
        raise not_there()
    made = await figure_by_name(call, stem, query)
    head = [f"{column.title} ({made.currency})" if column.kind == "money" else column.title for column in made.columns]
    rows = [*made.rows, *([made.total] if made.total else [])]
    return sent_file(name, xlsx_file(head, rows, title=stem) if suffix == "xlsx" else csv_file(head, rows))


@routes.get("/insight/invoices", permission="insight.read", query=LedgerQuery)
async def past_invoices_page(call: Call, query: LedgerQuery) -> Page:
    """Past invoices, found."""
    rows, following = await documents_matching(call, query)
    about = {
        "customer": await ledger.customer(call.tx, query.customer_id) if query.customer_id else None,
        "product": await ledger.product(call.tx, query.product_id) if query.product_id else None,
    }
    said = {name: value for name, value in asdict(query).items() if name not in ("cursor", "limit")}
    return Page(
        "insight/invoices.html",
        {
            "rows": rows,
            "next": following,
            "query": query,
            "said": said,
            "totals": await ledger.totals(call.tx, query.search()),
            "countries": await ledger.countries(call.tx),
            **about,
        },
    )


@routes.get("/insight/invoices/{document_id:int}", permission="insight.read", query=After)
async def past_invoice_page(call: Call, document_id: int, query: After) -> Page:
    """One past invoice with its lines."""
    return Page("insight/invoice.html", {"page": await document_by_id(call, document_id, query), "query": query})


@routes.get("/insight/imports", permission="insight.write", query=ImportsQuery)
async def imports_page(call: Call, query: ImportsQuery) -> Page:
    """Where past invoices come in, and what came in before."""
    rows, following = await imports_matching(call, query)
    return Page("insight/imports.html", {"rows": rows, "next": following, "query": query})


@routes.get("/insight/imports/{import_id:int}", permission="insight.write", query=AccountQuery)
async def import_page(call: Call, import_id: int, query: AccountQuery) -> Page:
    """What became of the rows of one file."""
    record = await import_by_id(call, import_id)
    rows, following = await account_matching(call, import_id, query)
    return Page(
        "insight/import.html", {"record": record, "rows": rows, "next": following, "query": query, "sentences": REASONS}
    )


@routes.get("/insight/imports/{import_id:int}/{name:str}", permission="insight.write", query=AccountQuery)
async def account_file(call: Call, import_id: int, name: str, query: AccountQuery) -> Sent:
    """The account of an import as CSV or XLSX, whole or those rows that are meant."""
    await import_by_id(call, import_id)
    if name not in {"account.csv", "account.xlsx"}:
        raise not_there()
    rows = [
        account_line(row.row, row.outcome, row.number, row.reasons, row.cells)
        async for row in account_of(call, import_id, query)
    ]
    return sent_file(name, xlsx_file(ACCOUNT_HEAD, rows) if name.endswith("xlsx") else csv_file(ACCOUNT_HEAD, rows))


def account_of(call: Call, import_id: int, query: AccountQuery) -> AsyncIterator[import_reads.AccountRow]:
    return import_reads.whole_account(call.tx, import_id, outcome=query.outcome, reason=query.reason)
