"""Imports and what became of their rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.insight.types import ImportReport

PAGE = 100
FETCHED = 10_000


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """An import as a page shows it; `outcomes` and `reasons` count rows."""

    id: int
    file: str
    source: str
    state: str
    mapping: dict[str, Any]
    row_count: int
    outcomes: dict[str, int]
    reasons: dict[str, Any]
    seconds: Decimal
    made_by: str
    made_at: datetime


async def imports(tx: Tx, *, before: int | None = None, limit: int = PAGE) -> list[ImportRecord]:
    """What was imported or tried, the latest first."""
    return await tx.all(
        """
        SELECT id, file, source, state, mapping, row_count, outcomes, reasons, seconds, made_by, made_at
          FROM insight.history_import
         WHERE %(before)s::bigint IS NULL OR id < %(before)s
         ORDER BY id DESC
         LIMIT %(limit)s
        """,
        {"before": before, "limit": limit},
        row=ImportRecord,
    )


async def import_record(tx: Tx, import_id: int) -> ImportRecord | None:
    """One import."""
    return await tx.one_or_none(
        """
        SELECT id, file, source, state, mapping, row_count, outcomes, reasons, seconds, made_by, made_at
          FROM insight.history_import
         WHERE id = %(id)s
        """,
        {"id": import_id},
        row=ImportRecord,
    )


def report_of(record: ImportRecord, *, is_new: bool) -> ImportReport:
    """The report that the import gave."""
    return ImportReport(
        id=record.id,
        file=record.file,
        source=record.source,
        state=record.state,
        rows=record.row_count,
        outcomes=record.outcomes,
        reasons=record.reasons["rows"],
        documents=record.reasons["documents"],
        is_new=is_new,
        seconds=float(record.seconds),
    )


async def finished_import(tx: Tx, *, source: str, content: str) -> ImportReport | None:
    """The import that brought exactly this content before, if there was one."""
    record = await tx.one_or_none(
        """
        SELECT id, file, source, state, mapping, row_count, outcomes, reasons, seconds, made_by, made_at
          FROM insight.history_import
         WHERE source = %(source)s AND content = %(content)s AND state = 'imported'
        """,
        {"source": source, "content": content},
        row=ImportRecord,
    )
    return None if record is None else report_of(record, is_new=False)


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What became of a row, and why; `cells` is what stood there, of those that were refused."""

    row: int
    outcome: str
    reasons: list[str]
    number: str
    cells: list[str] | None


async def account_rows(
    tx: Tx, import_id: int, *, outcome: str | None = None, reason: str | None = None, after: int = 0, limit: int = PAGE
) -> list[AccountRow]:
    """Rows of the account in the order of the file."""
    return await tx.all(
        """
        SELECT row, outcome, reasons, number, cells
          FROM insight.import_row
         WHERE import_id = %(import)s
           AND row > %(after)s
           AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
           AND (%(reason)s::text IS NULL OR %(reason)s = ANY(reasons))
         ORDER BY row
         LIMIT %(limit)s
        """,
        {"import": import_id, "outcome": outcome, "reason": reason, "after": after, "limit": limit},
        row=AccountRow,
    )


async def whole_account(
    tx: Tx, import_id: int, *, outcome: str | None = None, reason: str | None = None
) -> AsyncIterator[AccountRow]:
    """Every row of the account, read in parts."""
    after = 0
    while True:
        rows = await account_rows(tx, import_id, outcome=outcome, reason=reason, after=after, limit=FETCHED)
        for row in rows:
            yield row
        if len(rows) < FETCHED:
            return
        after = rows[-1].row
