"""The verb `demo`, and what `serve --demo` needs: the small world loaded, its partners played, its log-ins told."""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import uvloop
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import InsufficientPrivilege

from orderloom.base.migrate import migrate
from orderloom.base.refusals import refuse
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli import demo_world
from orderloom.cli.settings import database_url, read_settings, refuse_without_demo
from orderloom.gateway.commands import rotate_secret, update_partner
from orderloom.house import build_house
from orderloom.partner_simulator.world import partner_secrets

ORDERS = 300
FIRST_PORT = 8421
Told = Callable[[float, str], None]
"""Is told which share of the work is done, and a word about it."""

PORTS_TRIED = 100


def demo(chosen: argparse.Namespace) -> int:
    """Load the demo world into an empty database."""
    refuse_without_demo()
    settings = read_settings()
    if chosen.orders < 1 or chosen.orders > 5000:
        refuse("orders_absurd", "Ask for 1 to 5,000 orders of history.", "--orders")
    os.environ["ORDERLOOM_ALLOW_PRIVATE_PARTNERS"] = "1"
    with database_url(settings) as url:
        migrate(url)
        if not _is_empty(url):
            refuse("database_not_empty", "This database holds something already; the demo world needs an empty one.")
        _load(url, _master(settings.home), orders=chosen.orders)
    print("The demo world is loaded; `orderloom serve --demo` opens it.")
    return 0


def prepare(url: str, address: str, *, home: Path) -> list[str]:
    """Load the demo world where the database is empty; return the command that plays its partners.

    A world is built in a database of its own and takes the empty one's place when it is whole, so a
    run that is killed leaves the empty one. Where the partners' port is taken, they move.
    """
    master = _master(home)
    if _is_empty(url):
        _load(url, master, orders=ORDERS)
    port = asyncio.run(_settle_partners(url, master))
    return [
        sys.executable, "-m", "orderloom.partner_simulator",
        "--port", str(port), "--callback", address, "--secret-file", str(_secret_file(home)),
    ]  # fmt: skip


def print_log_ins() -> None:
    """Say who may log in, and with which password."""
    print(f"\nLog in as one of these; everybody's password is {demo_world.password()}")
    for person in demo_world.people():
        print(f"  {person.login:<32} {person.name}, {person.about}")
    print(flush=True)


def _load(url: str, master: str, *, orders: int) -> None:
    """Build the world beside the database and put it in its place."""
    from orderloom.cli.demo_build import build_world  # what builds is needed once, and takes its time to load

    name = conninfo_to_dict(url)["dbname"]
    building = f"{name}_building"
    fresh = make_conninfo(url, dbname=building, options="-c synchronous_commit=off")
    with _maintenance(url) as connection:
        try:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(building)))
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
        except InsufficientPrivilege:
            refuse("may_not_create", "The demo world needs a database user who may create databases (CREATEDB).")
        migrate(fresh)
        with _progress() as told:
            uvloop.run(build_world(fresh, master, orders=orders, told=told))
        if not _is_empty(url):
            refuse("database_not_empty", "Somebody began to use this database meanwhile; it stays as it is.")
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(str(name))))
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(building), sql.Identifier(str(name)))
        )


@contextmanager
def _maintenance(url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(make_conninfo(url, dbname="postgres"), autocommit=True) as connection:
        yield connection


def _is_empty(url: str) -> bool:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            """
            SELECT EXISTS (SELECT FROM parties.account) OR EXISTS (SELECT FROM parties.user)
                OR EXISTS (SELECT FROM catalog.version)
            """
        ).fetchone()
    return row == (False,)


def _secret_file(home: Path) -> Path:
    return home / "partners.secret"


def _master(home: Path) -> str:
    """The secret from which the partners' keys are derived; made once, readable by nobody else."""
    file = _secret_file(home)
    if not file.exists():
        home.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(32))
        fresh.rename(file)
    return file.read_text().strip()


async def _settle_partners(url: str, master: str) -> int:
    """A free port for the partners, told to the gateway with the keys that the simulator uses."""
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        known = await tx.all("SELECT code, endpoint FROM gateway.partner WHERE kind = 'system' ORDER BY code")
        port = _free_port([urlsplit(endpoint).port for _, endpoint in known])
        drafts = demo_world.partner_drafts(f"http://127.0.0.1:{port}")
        for code, _ in known:
            if code in drafts:
                await update_partner(tx, drafts[code])
        stale = await tx.values(
            """
            SELECT partner.code
              FROM gateway.partner
              JOIN gateway.secret ON secret.partner_id = partner.id
             WHERE secret.direction = 'out' AND secret.valid_until IS NULL
               AND secret.secret <> ALL (%(keys)s)
            """,
            {"keys": [partner_secrets(master, code).outgoing for code in drafts]},
        )
        for code in [code for code in stale if code in drafts]:
            keys = partner_secrets(master, code)
            await rotate_secret(tx, code, direction="out", secret=keys.outgoing, old_valid_seconds=0)
            await rotate_secret(tx, code, direction="in", secret=keys.incoming, old_valid_seconds=0)
    return port


def _free_port(wished: Sequence[int | None]) -> int:
    """The port that the partners had, or else the first free one."""
    for port in [*(port for port in wished[:1] if port), *range(FIRST_PORT, FIRST_PORT + PORTS_TRIED)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(port)
    refuse("no_port", f"No port from {FIRST_PORT} on is free for the demo's partners; end another demo.")


@contextmanager
def _progress() -> Iterator[Told]:
    """A bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        bar = progress.add_task("Running two years of orders", total=1.0)
        yield lambda share, what: progress.update(bar, completed=share, description=what)


def _lines() -> Told:
    shown = -1

    def tell(share: float, what: str) -> None:
        nonlocal shown
        if int(share * 10) > shown:
            shown = int(share * 10)
            print(f"demo world: {shown * 10:>3} %, {what}", file=sys.stderr, flush=True)

    return tell
