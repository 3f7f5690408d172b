"""The verbs `import` and `export`: files in, checked as a whole before anything is written; orders out."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from orderloom.base.migrate import migrate
from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.catalog.commands import PublishedPrices, import_prices, publish_prices, save_tax_rates
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.catalog.price_list import PriceDraft
from orderloom.catalog.price_rows import read_price_rows, section_of
from orderloom.catalog.text import read_values
from orderloom.cli.files import (
    Document,
    Row,
    at_row,
    documents,
    find_files,
    parsed_documents,
    parsed_rows,
    read_rows,
    read_text,
)
from orderloom.cli.garbage import look_less_for_garbage, take_short_turns
from orderloom.cli.progress import progress
from orderloom.cli.settings import database_url, read_settings
from orderloom.house import build_house
from orderloom.orders.states import State

if TYPE_CHECKING:
    from orderloom.orders.types import OrderDraft

T = TypeVar("T")

SUFFIXES = {
    "catalog": (".yaml", ".yml", ".json"),
    "orders": (".json", ".ndjson", ".yaml", ".yml"),
    "customers": (".csv",),
    "prices": (".csv", ".yaml", ".yml", ".json"),
    "stock": (".csv",),
    "tax-rates": (".csv",),
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an import did: a line for each thing that a person would count, the same in detail for programs."""

    lines: tuple[str, ...]
    details: tuple[Mapping[str, Any], ...] = ()


class _DryRun(Exception):
    """Everything was checked; take it all back."""


Loader = Callable[[Tx, Sequence[Path]], Awaitable[Loaded]]


def load(chosen: argparse.Namespace) -> int:
    """Import files of one kind, all or nothing; what is refused is told with file, path and reason.

    A dry run does the same and takes it back, so it refuses exactly what the real one would.
    """
    if chosen.what == "invoices":
        from orderloom.cli.past_invoices import load_past_invoices

        return load_past_invoices(chosen)
    if chosen.mapping or chosen.account:
        refuse("option_foreign", "--mapping and --account are for invoices; leave them out here.")
    files = find_files(chosen.files, SUFFIXES[chosen.what])
    with database_url(read_settings()) as url:
        migrate(url)
        look_less_for_garbage()
        take_short_turns()
        loaded = asyncio.run(_load(url, _LOADERS[chosen.what], files, dry_run=chosen.dry_run))
    if chosen.json:
        print(json.dumps({"dry_run": chosen.dry_run, "loaded": list(loaded.details)}, indent=1, ensure_ascii=False))
        return 0
    for line in loaded.lines:
        print(line)
    if chosen.dry_run:
        print("dry run: nothing was written")
    return 0


async def _load(url: str, loader: Loader, files: Sequence[Path], *, dry_run: bool) -> Loaded:
    loaded = Loaded(())
    async with Database(url, build_house(), size=2, loading=True) as database:
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

    results = await import_catalogues(tx, [CatalogueFile(str(file), read_text(file)) for file in files])
    return Loaded(
        tuple(
            f"{result.name}: {result.catalogue} version {result.number}" + ("" if result.is_new else ", unchanged")
            for result in results
        ),
        tuple(
            {"file": result.name, "catalogue": result.catalogue, "version": result.number, "is_new": result.is_new}
            for result in results
        ),
    )


async def _orders(tx: Tx, files: Sequence[Path]) -> Loaded:
    """Orders; one that stands in the files several times with one external id is taken once."""
    from orderloom.fulfilment.commands import PlacedOrder, import_orders
    from orderloom.orders.sameness import named_before
    from orderloom.orders.types import OrderDraft

    found, problems = documents(files)
    drafts, unparsed = parsed_documents(OrderDraft, found)
    refuse_if_any([*problems, *unparsed])
    again = named_before(drafts)
    places = [place for place in range(len(drafts)) if place not in again]
    problems = list(_other_orders(drafts, found, again))
    placed: list[PlacedOrder] = []
    with progress("Orders", len(places)) as told:
        try:
            placed = await import_orders(tx, [drafts[place] for place in places], told=told)
        except Refused as refused:
            problems += [_of_document(problem, [found[place] for place in places]) for problem in refused.problems]
    refuse_if_any(problems)
    results = dict(zip(places, placed, strict=True))
    results |= {place: replace(results[first], existing=True, warnings=()) for place, first in again.items()}
    lines: list[str] = []
    details: list[dict[str, Any]] = []
    for place, document in enumerate(found):
        order, name = results[place], document.place.removesuffix("#")
        words = [order.number, order.state, *([order.hold] if order.hold else [])]
        lines.append(f"{name}: " + ", ".join([*words, *(["there already"] if order.existing else [])]))
        lines += [f"{name}: note: {warning.message}" for warning in order.warnings]
        details.append(
            {
                "file": name,
                "order": order.number,
                "state": order.state,
                "hold": order.hold,
                "existing": order.existing,
            }
        )
    return Loaded(tuple(lines), tuple(details))


def _other_orders(
    drafts: Sequence[OrderDraft], found: Sequence[Document], again: Mapping[int, int]
) -> Iterator[Problem]:
    """Two orders under one external id: both places, and what differs."""
    from orderloom.orders.sameness import differences, handed_in, in_words

    for place, first in again.items():
        if said := differences(handed_in(drafts[first]), handed_in(drafts[place])):
            yield Problem(
                "external_id_taken",
                f"The external id {drafts[place].external_id} stands at {found[first].place.removesuffix('#')} already,"
                f" and this is another order: {in_words(said)}. Leave one of them out, or give it another id.",
                f"{found[place].place}/external_id",
            )


def _of_document(problem: Problem, documents: Sequence[Document]) -> Problem:
    """Pointers begin with `/orders/{n}` when there are several; a person looks for the file instead."""
    parts = problem.pointer.split("/", 3)
    if len(documents) > 1 and len(parts) >= 3 and parts[1] == "orders" and parts[2].isdigit():
        rest = f"/{parts[3]}" if len(parts) > 3 else ""
        return Problem(problem.code, problem.message, documents[int(parts[2])].place + rest)
    return problem.below(documents[0].place) if len(documents) == 1 else problem


async def _customers(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.parties.commands import import_customers
    from orderloom.parties.customer_rows import read_customer_rows

    lines = []
    details = []
    for file, rows in _tables(files):
        customers, problems = read_customer_rows([row.cells for row in rows])
        refuse_if_any([problem.below(f"{file}#") for problem in problems])
        with progress("Customers", len(rows)) as told:
            try:
                outcome = await import_customers(tx, customers)
            except Refused as refused:
                raise Refused([problem.below(f"{file}#") for problem in refused.problems]) from None
            told(len(rows))
        lines.append(f"{file}: {outcome.created} new, {outcome.changed} changed, {outcome.unchanged} unchanged")
        details.append(
            {
                "file": str(file),
                "created": outcome.created,
                "changed": outcome.changed,
                "unchanged": outcome.unchanged,
            }
        )
    return Loaded(tuple(lines), tuple(details))


async def _prices(tx: Tx, files: Sequence[Path]) -> Loaded:
    """Standard prices, and everything else that decides a price: the columns of a table say which."""
    lines = []
    details: list[dict[str, Any]] = []
    for file in files:
        if file.suffix == ".csv":
            rows = read_rows(file)
            section = section_of([name for row in rows for name in row.cells])
            if section is None:
                imported = await _with_lines(import_prices(tx, parsed_rows(PriceDraft, rows, file)), rows, file)
                lines.append(f"{file}: {imported.rows} prices, {imported.changed} products changed")
                details.append({"file": str(file), "rows": imported.rows, "products_changed": imported.changed})
                continue
            published = await _with_lines(_published_rows(tx, rows, section), rows, file)
        else:
            published = await _published_file(tx, file)
        lines.append(f"{file}: {published.rules} rules, {published.published} published")
        lines += [f"{file}: {change}" for change in published.changes]
        details.append(
            {
                "file": str(file),
                "rules": published.rules,
                "published": published.published,
                "changes": list(published.changes),
            }
        )
    return Loaded(tuple(lines), tuple(details))


async def _published_file(tx: Tx, file: Path) -> PublishedPrices:
    try:
        return await publish_prices(tx, parse(PricesDraft, read_values(read_text(file), file.name)))
    except Refused as refused:
        raise Refused([problem.below(f"{file}#") for problem in refused.problems]) from None


async def _published_rows(tx: Tx, rows: Sequence[Row], section: str) -> PublishedPrices:
    table = read_price_rows([row.cells for row in rows], section)
    try:
        return await publish_prices(tx, table.draft)
    except Refused as refused:
        raise Refused(table.at_rows(refused.problems)) from None


async def _stock(tx: Tx, files: Sequence[Path]) -> Loaded:
    from orderloom.stock.commands import import_opening_stock
    from orderloom.stock.types import OpeningStock

    lines = []
    details = []
    for file, rows in _tables(files):
        drafts = parsed_rows(OpeningStock, rows, file)
        outcome = await _with_lines(import_opening_stock(tx, drafts), rows, file)
        lines.append(f"{file}: {outcome.rows} rows of opening stock")
        details.append({"file": str(file), "rows": outcome.rows})
    return Loaded(tuple(lines), tuple(details))


async def _tax_rates(tx: Tx, files: Sequence[Path]) -> Loaded:
    lines = []
    details = []
    for file, rows in _tables(files):
        drafts = parsed_rows(TaxRateDraft, rows, file)
        new = await _with_lines(save_tax_rates(tx, drafts), rows, file)
        lines.append(f"{file}: {len(drafts)} tax rates, {new} of them new")
        details.append({"file": str(file), "rows": len(drafts), "new": new})
    return Loaded(tuple(lines), tuple(details))


def _tables(files: Sequence[Path]) -> list[tuple[Path, list[Row]]]:
    return [(file, read_rows(file)) for file in files]


async def _with_lines(work: Awaitable[T], rows: Sequence[Row], file: Path) -> T:
    try:
        return await work
    except Refused as refused:
        raise Refused([at_row(problem, rows, file) for problem in refused.problems]) from None


_LOADERS: dict[str, Loader] = {
    "catalog": _catalogues,
    "orders": _orders,
    "customers": _customers,
    "prices": _prices,
    "stock": _stock,
    "tax-rates": _tax_rates,
}


def export(chosen: argparse.Namespace) -> int:
    """Write orders to standard output, one JSON object a line, in the form that `import orders` reads."""
    with database_url(read_settings()) as url:
        migrate(url)
        return asyncio.run(_export(url, chosen.state or ()))


async def _export(url: str, states: Sequence[State]) -> int:
    from orderloom.orders.reads import export_orders

    encoder = msgspec.json.Encoder(decimal_format="number")
    async with Database(url, build_house(), size=2) as database, transaction(database, SYSTEM) as tx:
        async for order in export_orders(tx, states=states):
            sys.stdout.write(encoder.encode(order).decode() + "\n")
    return 0
