"""The verb `import invoices`: a history of invoices from a file, with an account of every row."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from orderloom.base.migrate import migrate
from orderloom.base.parsing import parse
from orderloom.base.refusals import refuse
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.text import read_values
from orderloom.cli.files import read_text
from orderloom.cli.garbage import look_less_for_garbage
from orderloom.cli.settings import database_url, read_settings
from orderloom.house import build_house
from orderloom.insight.account import ACCOUNT_HEAD, account_line
from orderloom.insight.commands import Progress, import_history
from orderloom.insight.mapping import REASONS
from orderloom.insight.reads.imports import whole_account
from orderloom.insight.sheets import csv_file, xlsx_file
from orderloom.insight.types import FileMapping, ImportReport


def load_past_invoices(chosen: argparse.Namespace) -> int:
    """Import invoice histories, each file whole or not at all, and tell what became of the rows."""
    if not chosen.mapping:
        refuse(
            "mapping_missing", "Say with --mapping FILE.yaml where the invoices come from; `source: name` is enough."
        )
    if chosen.account and len(chosen.files) > 1:
        refuse("account_of_many", "--account takes the rows of one file; import the files one by one.")
    mapping = parse(FileMapping, read_values(read_text(Path(chosen.mapping)), chosen.mapping))
    files = [Path(name) for name in chosen.files]
    account = Path(chosen.account) if chosen.account else None
    with database_url(read_settings()) as url:
        migrate(url)
        look_less_for_garbage()
        reports = asyncio.run(_load(url, files, mapping, dry_run=chosen.dry_run, account=account))
    if chosen.json:
        told = [asdict(report) for report in reports]
        print(json.dumps({"dry_run": chosen.dry_run, "loaded": told}, indent=1, ensure_ascii=False))
        return 0
    for report in reports:
        print("\n".join(_lines(report)))
    if chosen.dry_run:
        print("dry run: no invoice was written")
    return 0


async def _load(
    url: str, files: Sequence[Path], mapping: FileMapping, *, dry_run: bool, account: Path | None
) -> list[ImportReport]:
    reports = []
    async with Database(url, build_house(), size=2) as database:
        for file in files:
            with _bar(file.name) as told:
                async with transaction(database, SYSTEM) as tx:
                    report = await import_history(tx, file, mapping, dry_run=dry_run, told=told)
                    if account is not None:
                        _write(account, await _account(tx, report, account.suffix))
            reports.append(report)
    return reports


def _write(file: Path, content: bytes) -> None:
    try:
        file.write_bytes(content)
    except OSError as error:
        refuse("account_unwritable", f"The account cannot be written there: {error.strerror}.", str(file))


@contextmanager
def _bar(what: str) -> Iterator[Callable[[Progress], None]]:
    """A bar on a terminal; elsewhere silence."""
    if not sys.stderr.isatty():
        yield lambda _progress: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[said]}"), TimeElapsedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as shown:
        bar = shown.add_task(what, total=1.0, said="")
        yield lambda progress: shown.update(
            bar, completed=progress.share, said=f"{progress.stage}, {progress.rows:,} rows"
        )


async def _account(tx: Tx, report: ImportReport, suffix: str) -> bytes:
    rows = [
        account_line(row.row, row.outcome, row.number, row.reasons, row.cells)
        async for row in whole_account(tx, report.id)
    ]
    return xlsx_file(ACCOUNT_HEAD, rows, title="Account") if suffix == ".xlsx" else csv_file(ACCOUNT_HEAD, rows)


def _lines(report: ImportReport) -> list[str]:
    """What a person wants to know, in the order in which they ask."""
    if not report.is_new:
        return [f"{report.file}: the same rows were imported before (import {report.id}); nothing changed"]
    lines = [f"{report.file}: {report.rows:,} rows in {report.seconds:.1f} s (import {report.id})"]
    lines += [f"  {outcome:<10} {count:>9,}" for outcome, count in sorted(report.outcomes.items())]
    lines += [f"  {kind.replace('_', ' ') + 's':<13} {count:>6,}" for kind, count in report.documents.items()]
    lines += [f"  {count:>9,} rows: {REASONS.get(reason, reason)}" for reason, count in report.reasons.items()]
    return lines
