"""The verb `simulate`: plan an order without side effects and say why."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console

from orderloom.base.parsing import parse_json
from orderloom.base.refusals import Problem, Refused, refuse
from orderloom.fulfilment.files import read_folder
from orderloom.fulfilment.picture import picture
from orderloom.fulfilment.simulate import Simulation, as_json, choose_catalogue
from orderloom.fulfilment.simulate import simulate as simulate_order
from orderloom.orders.types import OrderDraft

WIDTH = 160


def simulate(chosen: argparse.Namespace) -> int:
    """Plan one order file; with `--catalog` from files alone, otherwise with the database's catalogues and stock."""
    draft = _draft(chosen.order)
    try:
        result = _from_files(draft, Path(chosen.catalog)) if chosen.catalog else _from_database(draft)
    except Refused as refused:
        raise Refused([_in_file(problem, chosen.order) for problem in refused.problems]) from None
    if chosen.json:
        print(json.dumps(as_json(result), indent=2, ensure_ascii=False))
    else:
        width = None if sys.stdout.isatty() else WIDTH
        Console(width=width, highlight=False).print(picture(result))
    return 0


def _in_file(problem: Problem, name: str) -> Problem:
    """A problem of the order, with the name of its file; one of a catalogue names its own."""
    is_of_order = problem.pointer.startswith("/") and "#" not in problem.pointer
    return problem.below(f"{name}#") if is_of_order or not problem.pointer else problem


def _from_files(draft: OrderDraft, path: Path) -> Simulation:
    folder = read_folder(path)
    catalogue = choose_catalogue(folder.catalogues, draft, draft.catalogue)
    return simulate_order(catalogue, draft, folder.facts, folder.stock)


def _from_database(draft: OrderDraft) -> Simulation:
    import asyncio

    from orderloom.base.migrate import migrate
    from orderloom.base.transaction import Database, transaction
    from orderloom.base.types import SYSTEM
    from orderloom.cli.settings import database_url, read_settings
    from orderloom.fulfilment.commands import simulate_order as simulate_in_database
    from orderloom.house import build_house

    async def ask(url: str) -> Simulation:
        async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
            return await simulate_in_database(tx, draft)

    with database_url(read_settings()) as url:
        migrate(url)
        return asyncio.run(ask(url))


def _draft(name: str) -> OrderDraft:
    try:
        body = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        refuse("file_unreadable", f"The file cannot be read: {error.strerror}.", name)
    try:
        return parse_json(OrderDraft, body)
    except Refused as refused:
        raise Refused([Problem(p.code, p.message, f"{name}#{p.pointer}") for p in refused.problems]) from None
