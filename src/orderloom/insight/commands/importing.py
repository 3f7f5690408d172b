"""Importing past invoices: read, understood, written whole or not at all, and every row accounted for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from orderloom.base.money import is_currency
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.insight.events import HistoryImported
from orderloom.insight.mapping import FIELDS, REASONS, REFUSING, country_of, places_of, with_columns
from orderloom.insight.reads.imports import finished_import
from orderloom.insight.store import history, staging, summary
from orderloom.insight.tables import open_table
from orderloom.insight.types import BILLING, FileMapping, ImportReport

ROWS_MOST = 5_000_000
DIGEST_BLOCK = 1 << 20
STAGES = {
    "reading": 0.0, "understanding": 0.08, "comparing": 0.25, "writing": 0.38, "summing": 0.68, "accounting": 0.87,
    "done": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, how many rows were read, and which share of the work lies behind."""

    stage: str
    rows: int
    share: float


Told = Callable[[Progress], None]


async def import_history(
    tx: Tx, file: Path, mapping: FileMapping, *, name: str = "", dry_run: bool = False, told: Told = lambda _: None
) -> ImportReport:
    """Import the invoices of a file and account for each of its rows; a dry run writes the account only.

    All or nothing. The same content with the same mapping again changes nothing and returns the first
    report. Rows that cannot be taken are refused one by one, with reasons; a file that cannot be read, or
    of which more rows than the mapping allows would be refused, is refused whole.
    """
    _refuse_bad_mapping(mapping)
    await history.lock_ledger(tx)
    with open_table(file) as table:
        places = places_of(table.head, mapping)
        mapping = with_columns(mapping, table.head, places)
        content = _digest(file, mapping)
        finished = await finished_import(tx, source=mapping.source, content=content)
        if finished is not None:
            return finished
        await staging.prepare(tx, mapping)
        order = [places.get(field, -1) for field in FIELDS]
        count = await staging.copy_rows(
            tx,
            _numbered(table.rows, order, width=len(table.head)),
            told=lambda rows: told(Progress("reading", rows, STAGES["understanding"] * table.share())),
        )
    if count > ROWS_MOST:
        refuse("too_many_rows", f"A file may have {ROWS_MOST} rows; split it.")
    await _understand(tx, mapping, count, told=told)
    return await _finish(tx, mapping, count, name or file.name, content, dry_run=dry_run, told=told)


def _tell(told: Told, stage: str, rows: int) -> None:
    told(Progress(stage, rows, STAGES[stage]))


def _refuse_bad_mapping(mapping: FileMapping) -> None:
    problems = []
    if mapping.source == BILLING or mapping.source.startswith(f"{BILLING}:"):
        message = "“billing” means our own invoices; give the source another name."
        problems.append(Problem("source_reserved", message, "/source"))
    if mapping.currency is not None and not is_currency(mapping.currency):
        message = f"“{mapping.currency}” is no currency of ISO 4217."
        problems.append(Problem("currency_unknown", message, "/currency"))
    try:
        ZoneInfo(mapping.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"“{mapping.time_zone}” is no time zone; write one as Europe/London."
        problems.append(Problem("time_zone_unknown", message, "/time_zone"))
    refuse_if_any(problems)


def _digest(file: Path, mapping: FileMapping) -> str:
    """What tells one import from another: the bytes of the file and how they are read."""
    digest = hashlib.sha256(msgspec.json.encode(mapping, order="deterministic"))
    with file.open("rb") as content:
        while block := content.read(DIGEST_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _numbered(rows: Iterator[list[str]], order: Sequence[int], *, width: int) -> Iterator[list[str]]:
    """The cells in the order of the fields, behind the row's number below the head and what is wrong with its shape."""
    last = max(order)
    for number, cells in enumerate(rows, start=1):
        shape = "cells_too_many" if len(cells) > width and any(cells[width:]) else ""
        whole = cells if len(cells) > last else [*cells, *[""] * (last + 1 - len(cells))]
        yield [str(number), shape, *[whole[place] if place >= 0 else "" for place in order]]


async def _understand(tx: Tx, mapping: FileMapping, count: int, *, told: Told) -> None:
    _tell(told, "understanding", count)
    countries = {said: country_of(said, mapping) for said in await staging.countries_said(tx)}
    await staging.read_words(tx, mapping, countries)
    await staging.judge(tx, mapping)
    _tell(told, "comparing", count)
    await staging.weigh_documents(tx, mapping)
    await staging.settle_rows(tx, mapping)


async def _finish(
    tx: Tx, mapping: FileMapping, rows: int, name: str, content: str, *, dry_run: bool, told: Told
) -> ImportReport:
    counted = {
        "outcomes": {one.name: one.count for one in await staging.count_outcomes(tx)},
        "reasons": {one.name: one.count for one in await staging.count_reasons(tx)},
        "documents": {one.name: one.count for one in await staging.count_documents(tx)},
    }
    _refuse_hopeless(mapping, rows, counted["outcomes"].get("refused", 0), counted["reasons"])
    state = "tried" if dry_run else "imported"
    await history.delete_tried(tx, source=mapping.source, content=content)
    import_id = await history.insert_import(
        tx, file=name, mapping=mapping, told=counted, content=content, state=state, rows=rows
    )
    if not dry_run:
        _tell(told, "writing", rows)
        await _write(tx, mapping, import_id, rows, told=told)
        subject = Subject("history_import", import_id, name)
        refused = counted["outcomes"].get("refused", 0)
        tx.emit(HistoryImported(subject, name, mapping.source, rows, rows - refused, refused))
    _tell(told, "accounting", rows)
    await history.insert_account(tx, import_id)
    seconds = await history.set_seconds(tx, import_id)
    _tell(told, "done", rows)
    return ImportReport(
        id=import_id, file=name, source=mapping.source, state=state, rows=rows, is_new=True, seconds=seconds, **counted
    )


def _refuse_hopeless(mapping: FileMapping, rows: int, refused: int, reasons: dict[str, int]) -> None:
    if refused * 100 <= mapping.most_refused * rows:
        return
    worst = sorted((reason for reason in reasons if reason in REFUSING), key=lambda reason: -reasons[reason])[:5]
    raise Refused(
        [
            Problem("too_many_refused", f"{reasons[reason]} of {rows} rows: {REASONS[reason]}", f"/rows/{reason}")
            for reason in worst
        ]
    )


async def _write(tx: Tx, mapping: FileMapping, import_id: int, rows: int, *, told: Told) -> None:
    await summary.make_touched(tx)
    before = await history.written_documents(tx, mapping)
    await summary.touch(tx, before)
    await history.gather_lines(tx, mapping)
    await history.write_customers(tx, mapping)
    await history.write_products(tx)
    await history.resolve_products(tx)
    await history.delete_replaced(tx)
    await history.write_documents(tx, mapping, import_id)
    await history.write_lines(tx, mapping)
    await history.total_added(tx)
    _tell(told, "summing", rows)
    await summary.touch(tx, await history.written_documents(tx, mapping))
    await summary.sum_up(tx)
