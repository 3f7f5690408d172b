"""The verbs `import` and `export`: files in, checked as a whole before anything is written; orders out."""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orderloom.base.migrate import migrate
from orderloom.base.parsing import parse, read_json
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.settings import database_url, read_settings
from orderloom.house import build_house

ORDERS_A_BATCH = 100
SUFFIXES = {
    "catalog": {".yaml", ".yml", ".json"},
    "orders": {".json", ".ndjson", ".yaml", ".yml"},
    "customers": {".csv"},
    "prices": {".csv"},
    "stock": {".csv"},
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import did: a line for each thing that a person would count."""

    lines: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...] = ()


class _DryRun(Exception):
    """Everything was checked; take it all back."""


def load(chosen: argparse.Namespace) -> int:
    """Import files of one kind; a file with a mistake is refused whole, with every mistake."""
    files = _files(chosen.files, SUFFIXES[chosen.what])
    loader = _LOADERS[chosen.what]
    with database_url(read_settings()) as url:
        migrate(url)
        loaded = asyncio.run(_load(url, loader, files, dry_run=chosen.dry_run))
    if chosen.json:
        print(json.dumps({"dry_run": chosen.dry_run, "loaded": list(loaded.details)}, indent=1, default=str))
    else:
        for line in loaded.lines:
            print(line)
        if chosen.dry_run:
            print("dry run: nothing was written")
    return 0


def export(_chosen: argparse.Namespace) -> int:
    """Write every order to standard output, one JSON object a line, in the form that `import orders` reads."""
    with database_url(read_settings()) as url:
        return asyncio.run(_export(url))


async def _export(url: str) -> int:
    from orderloom.orders.reads import export_orders

    async with Database(url, build_house(), size=2) as database, transaction(database, SYSTEM) as tx:
        async for order in export_orders(tx):
            sys.stdout.write(json.dumps(order, default=str, ensure_ascii=False) + "\n")
    return 0


async def _load(
    url: str, loader: Callable[[Tx, Sequence[Path]], Awaitable[Loaded]], files: Sequence[Path], *, dry_run: bool
) -> Loaded:
    loaded = Loaded(())
    async with Database(url, build_house(), size=2) as database:
        try:
            async with transaction(database, SYSTEM) as tx:
                loaded = await loader(tx, files)
                if dry_run:
                    raise _DryRun
        except _DryRun:
            pass
    return loaded


async def _catalogues(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.catalog.commands import CatalogueFile, import_catalogues

    results = await import_catalogues(tx, [CatalogueFile(str(file), _text(file)) for file in files])
    return Loaded(
        tuple(
            f"{result.name}: {result.catalogue} version {result.number}" + ("" if result.is_new else ", unchanged")
            for result in results
        ),
        tuple(
            {"file": result.name, "catalogue": result.catalogue, "version": result.number, "new": result.is_new}
            for result in results
        ),
    )


async def _orders(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.fulfilment.commands import place_orders
    from orderloom.orders.types import OrderDraft

    drafts: list[OrderDraft] = []
    sources: list[str] = []
    problems: list[Problem] = []
    for file in files:
        for place, value in enumerate(_documents(file)):
            try:
                drafts.append(parse(OrderDraft, value))
                sources.append(f"{file}#{place}" if file.suffix == ".ndjson" else str(file))
            except Refused as refused:
                problems += [problem.below(f"{file}#") for problem in refused.problems]
    refuse_if_any(problems)
    lines: list[str] = []
    details: list[dict[str, Any]] = []
    for start in range(0, len(drafts), ORDERS_A_BATCH):
        part = slice(start, start + ORDERS_A_BATCH)
        try:
            placed = await place_orders(tx, drafts[part])
        except Refused as refused:
            raise Refused([_of_file(problem, sources[part]) for problem in refused.problems]) from None
        for order, source in zip(placed, sources[part], strict=True):
            lines.append(f"{source}: {order.number}")
            details.append({"file": source, "order": order.number})
    return Loaded(tuple(lines), tuple(details))


def _of_file(problem: Problem, sources: Sequence[str]) -> Problem:
    """A batch's pointers begin with `/orders/{n}`; a person looks for the file instead."""
    parts = problem.pointer.split("/", 3)
    if len(parts) >= 3 and parts[1] == "orders" and parts[2].isdigit():
        rest = f"/{parts[3]}" if len(parts) > 3 else ""
        return Problem(problem.code, problem.message, f"{sources[int(parts[2])]}#{rest}")
    return problem.below(f"{sources[0]}#") if len(sources) == 1 else problem


async def _customers(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.parties.commands import import_customers

    return await _csv(tx, files, "customers", import_customers)


async def _prices(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.catalog.commands import import_prices

    return await _csv(tx, files, "prices", import_prices)


async def _stock(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.stock.commands import import_opening_stock

    return await _csv(tx, files, "stock rows", import_opening_stock)


async def _csv(
    tx: Tx, files: Sequence[Path], what: str, command: Callable[[Tx, Sequence[Mapping[str, Any]]], Awaitable[Any]]
) -> Loaded:
    lines = []
    details = []
    for file in files:
        rows = _rows(file)
        try:
            await command(tx, rows)
        except Refused as refused:
            raise Refused([problem.below(f"{file}#") for problem in refused.problems]) from None
        lines.append(f"{file}: {len(rows)} {what}")
        details.append({"file": str(file), "rows": len(rows)})
    return Loaded(tuple(lines), tuple(details))


_LOADERS: dict[str, Callable[[Tx, Sequence[Path]], Awaitable[Loaded]]] = {
    "catalog": _catalogues,
    "orders": _orders,
    "customers": _customers,
    "prices": _prices,
    "stock": _stock,
}


def _files(names: Iterable[str], suffixes: set[str]) -> list[Path]:
    """The files that are meant; of a folder those directly in it, so that `facts/` stays aside."""
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file() and file.suffix in suffixes)
            if not inside:
                refuse("folder_empty", f"{path} holds no file that ends in {' or '.join(sorted(suffixes))}.")
            found += inside
        elif path.is_file():
            found.append(path)
        else:
            refuse("file_missing", f"There is no file or folder {path}; check the name.")
    return found


def _documents(file: Path) -> Iterator[Any]:
    text = _text(file)
    if file.suffix == ".ndjson":
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                try:
                    yield read_json(line)
                except Refused as refused:
                    raise Refused([problem.below(f"{file}:{number}") for problem in refused.problems]) from None
    elif file.suffix == ".json":
        try:
            yield read_json(text)
        except Refused as refused:
            raise Refused([problem.below(f"{file}#") for problem in refused.problems]) from None
    else:
        try:
            yield yaml.safe_load(text)
        except yaml.YAMLError as error:
            refuse("yaml_malformed", f"This is not valid YAML: {error}", f"{file}#")


def _rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        reader = csv.DictReader(opened, strict=True)
        try:
            return [{k: v for k, v in row.items() if v not in (None, "")} for row in reader]
        except (csv.Error, UnicodeDecodeError) as error:
            refuse("csv_malformed", f"Line {reader.line_num} cannot be read as CSV: {error}.", f"{file}#")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); save it as UTF-8.", f"{file}#")
