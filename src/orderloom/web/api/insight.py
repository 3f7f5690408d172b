"""The API of past invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import CurrencyCode
from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse
from orderloom.insight.figures import Figure
from orderloom.insight.reads import imports as import_reads
from orderloom.insight.reads import ledger
from orderloom.insight.reads.figures import FIGURES, Ask, figure, usual_slice
from orderloom.insight.reads.sums import Slice, Span, spans
from orderloom.insight.types import ImportReport, Search
from orderloom.web.answers import Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, Limit
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.problems import not_there
from orderloom.web.routes import Routes

routes = Routes("api", "/api/insight")
Id = Annotated[int, Field(ge=1)]
Words = Annotated[str, Field(max_length=200)]
Country = Annotated[str, Field(max_length=60)]


@strict
@dataclass(frozen=True, slots=True)
class LedgerQuery:
    """Which documents to find; `text` is a part of a number, a customer, a product or its description."""

    text: Words = ""
    number: Words = ""
    customer_id: Id | None = None
    product_id: Id | None = None
    country: Country | None = None
    kind: Literal["invoice", "credit_note", "adjustment", "write_off"] | None = None
    currency: CurrencyCode | None = None
    source: Words | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    day_from: date | None = None
    day_to: date | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT

    def search(self) -> Search:
        return Search(
            self.text, self.number, self.customer_id, self.product_id, self.country, self.kind, self.currency,
            self.source, self.amount_from, self.amount_to, self.day_from, self.day_to,
        )  # fmt: skip


@strict
@dataclass(frozen=True, slots=True)
class FigureQuery:
    """What of the ledger a figure is about; movers compare the last whole months with those before or a year before."""

    currency: CurrencyCode | None = None
    since: date | None = None
    until: date | None = None
    period: Literal["week", "month"] = "month"
    customer_id: Id | None = None
    product_id: Id | None = None
    country: Country | None = None
    months: Annotated[int, Field(ge=1, le=24)] = 3
    against: Literal["before", "year"] = "before"


async def ask_of(call: Call, query: FigureQuery, *, most: int | None = None) -> tuple[Ask | None, list[Span]]:
    """What is asked, with what is usual where nothing is said; None where there is no ledger."""
    known = await spans(call.tx)
    if not known:
        return None, known
    span = next((one for one in known if one.currency == query.currency), known[0])
    usual = usual_slice(span)
    since, until = query.since or usual.day_from, query.until or usual.day_to
    if since > until:
        refuse("days_turned", "The first day lies behind the last; turn them.", "/since")
    currency = query.currency or span.currency
    part = Slice(currency, since, until, query.customer_id, query.product_id, query.country)
    return Ask(part, span, query.period, query.months, query.against, most), known


async def documents_matching(call: Call, query: LedgerQuery) -> tuple[list[ledger.DocumentRow], str | None]:
    place = place_of(query.cursor, date, int)
    rows = await ledger.documents(
        call.tx, query.search(), before=(place[0], place[1]) if place else None, limit=query.limit + 1
    )
    return cut(rows, query.limit, lambda row: (row.issued_on, row.id))


@routes.get("/invoices", permission="insight.read", query=LedgerQuery, returns=(Rows, ledger.DocumentRow))
async def find_documents(call: Call, query: LedgerQuery) -> Rows:
    """Past invoices, credit notes, adjustments and write-offs, the latest first."""
    return Rows(*await documents_matching(call, query))


@dataclass(frozen=True, slots=True)
class WholeDocument:
    """A document with its lines; `next` is the position after which there are more."""

    document: ledger.DocumentPage
    lines: list[ledger.LineRow]
    next: int | None = None


@strict
@dataclass(frozen=True, slots=True)
class After:
    """Behind which line to go on."""

    after: Annotated[int, Field(ge=0)] = 0
    limit: Limit = LIMIT


@routes.get("/invoices/{document_id:int}", permission="insight.read", query=After, returns=WholeDocument)
async def read_document(call: Call, document_id: int, query: After) -> WholeDocument:
    """One past invoice with its lines."""
    return await document_by_id(call, document_id, query)


async def document_by_id(call: Call, document_id: int, query: After) -> WholeDocument:
    found = await ledger.document(call.tx, document_id)
    if found is None:
        raise not_there()
    lines = await ledger.lines_of(call.tx, document_id, after=query.after, limit=query.limit + 1)
    more = lines[query.limit - 1].position if len(lines) > query.limit else None
    return WholeDocument(found, lines[: query.limit], more)


@routes.get("/figures/{name:str}", permission="insight.read", query=FigureQuery, returns=Figure)
async def read_figure(call: Call, name: str, query: FigureQuery) -> Figure:
    """A figure whole: its question, its columns, its rows and their total."""
    return await figure_by_name(call, name, query)


async def figure_by_name(call: Call, name: str, query: FigureQuery) -> Figure:
    ask, _ = await ask_of(call, query)
    if name not in FIGURES or ask is None:
        raise not_there()
    return await figure(call.tx, name, ask)


@strict
@dataclass(frozen=True, slots=True)
class ImportsQuery:
    """Which imports to list."""

    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def imports_matching(call: Call, query: ImportsQuery) -> tuple[list[import_reads.ImportRecord], str | None]:
    place = place_of(query.cursor, int)
    rows = await import_reads.imports(call.tx, before=place[0] if place else None, limit=query.limit + 1)
    return cut(rows, query.limit, lambda row: (row.id,))


@routes.get("/imports", permission="insight.write", query=ImportsQuery, returns=(Rows, import_reads.ImportRecord))
async def read_imports(call: Call, query: ImportsQuery) -> Rows:
    """What was imported or tried, the latest first."""
    return Rows(*await imports_matching(call, query))


@routes.get("/imports/{import_id:int}", permission="insight.write", returns=ImportReport)
async def read_import(call: Call, import_id: int) -> ImportReport:
    """What an import did, or would do: rows by outcome and by reason."""
    return import_reads.report_of(await import_by_id(call, import_id), is_new=False)


async def import_by_id(call: Call, import_id: int) -> import_reads.ImportRecord:
    record = await import_reads.import_record(call.tx, import_id)
    if record is None:
        raise not_there()
    return record


@strict
@dataclass(frozen=True, slots=True)
class AccountQuery:
    """Which rows of an account to list."""

    outcome: Literal["imported", "merged", "corrected", "unchanged", "refused"] | None = None
    reason: Annotated[str, Field(max_length=60)] | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def account_matching(
    call: Call, import_id: int, query: AccountQuery
) -> tuple[list[import_reads.AccountRow], str | None]:
    place = place_of(query.cursor, int)
    rows = await import_reads.account_rows(
        call.tx,
        import_id,
        outcome=query.outcome,
        reason=query.reason,
        after=place[0] if place else 0,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.row,))


@routes.get(
    "/imports/{import_id:int}/rows",
    permission="insight.write",
    query=AccountQuery,
    returns=(Rows, import_reads.AccountRow),
)
async def read_account(call: Call, import_id: int, query: AccountQuery) -> Rows:
    """What became of each row of a file, and why."""
    await import_by_id(call, import_id)
    return Rows(*await account_matching(call, import_id, query))
