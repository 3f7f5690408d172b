"""A server, a database and the small world to measure on; and a web process in front of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import uvloop
from psycopg import sql

from orderloom.base.embedded import Server, embedded_server
from orderloom.base.migrate import migrate
from orderloom.base.transaction import Database, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.demo_world import load_world
from orderloom.house import build_house
from orderloom.parties.commands import create_key
from orderloom.parties.types import KeyDraft

ROOT = Path(__file__).parent.parent
FAR = 1_000_000_000
"""Identities of what transactions write begin here, so that no id is that of something it refers to."""
TRANSACTIONAL = ("orders", "fulfilment", "processes", "billing", "assets", "base", "gateway", "stock", "work")


@contextmanager
def bench_server() -> Iterator[Server]:
    """A server of its own with durable settings: nothing is faster here than where people use it."""
    with embedded_server(ROOT / ".orderloom" / "bench", settings=[("max_wal_size", "8GB")]) as server:
        yield server


@contextmanager
def bench_database(server: Server, name: str) -> Iterator[str]:
    """A fresh migrated database, dropped in the end; yields its address."""
    name = f"bench_{name}_{os.getpid()}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            migrate(server.url(name))
            yield server.url(name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def furnish(url: str) -> str:
    """Load the small world without orders; return an API key that may do everything."""
    return uvloop.run(_furnish(url))


async def _furnish(url: str) -> str:
    async with Database(url, build_house(), size=1) as database, transaction(database, SYSTEM) as tx:
        await load_world(tx, partners_url="http://127.0.0.1:9", master="bench")
        owner = await tx.value(
            """
                SELECT user_role.user_id
                  FROM parties.user_role
                  JOIN parties.role ON role.id = user_role.role_id
                 WHERE '*' = ANY(role.permissions) OR 'admin' = ANY(role.permissions)
                 ORDER BY 1
                 LIMIT 1
                """
        )
        key = await create_key(tx, KeyDraft("bench", ("*",)), user_id=owner)
    set_identities_apart(url)
    return key.key


def set_identities_apart(url: str) -> None:
    """Let each table of what transactions write draw its ids from a range of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        sequences = connection.execute(
            """
            SELECT format('%%I.%%I', n.nspname, s.relname)
              FROM pg_class AS s
              JOIN pg_namespace AS n ON n.oid = s.relnamespace
              JOIN pg_depend AS d ON d.objid = s.oid AND d.deptype = 'i'
             WHERE s.relkind = 'S' AND n.nspname = ANY(%s)
             ORDER BY s.oid
            """,
            [list(TRANSACTIONAL)],
        ).fetchall()
        for place, (name,) in enumerate(sequences, start=1):
            connection.execute("SELECT setval(%s::regclass, %s)", [name, FAR * place])
        connection.execute("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class Web:
    """A running web process."""

    port: int
    process: subprocess.Popen[bytes]


@contextmanager
def web_process(url: str) -> Iterator[Web]:
    """One web process as `orderloom serve` runs it, without a worker, stopped in the end."""
    port = free_port()
    command = [sys.executable, "-m", "orderloom.cli", "serve", "--workers", "0", "--port", str(port)]
    environment = os.environ | {"ORDERLOOM_DATABASE_URL": url}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    ) as process:
        try:
            wait_for(port, process)
            yield Web(port, process)
        finally:
            process.terminate()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "the web process died"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the web process did not open its port")


class Meter:
    """Processor time, in seconds, of the database server and of other processes since the last look."""

    def __init__(self, url: str, *others: int) -> None:
        with psycopg.connect(url) as connection:
            self._server = int(_stat(connection.info.backend_pid)[1])
        self._others = others
        self._last = self._now()

    def look(self) -> tuple[float, float]:
        """Seconds of the server with all its backends, and of the other processes."""
        before, self._last = self._last, self._now()
        return self._last[0] - before[0], self._last[1] - before[1]

    def _now(self) -> tuple[float, float]:
        tick = os.sysconf("SC_CLK_TCK")
        server = sum(int(field) for field in _stat(self._server)[11:15])
        for process_id in (int(name) for name in os.listdir("/proc") if name.isdigit()):
            with suppress(OSError):
                fields = _stat(process_id)
                if int(fields[1]) == self._server:
                    server += int(fields[11]) + int(fields[12])
        others = sum(int(field) for process_id in self._others for field in _stat(process_id)[11:13])
        return server / tick, others / tick


def processor_seconds(process_id: int) -> float:
    """The processor time of one process since it began."""
    return sum(int(field) for field in _stat(process_id)[11:13]) / os.sysconf("SC_CLK_TCK")


def _stat(process_id: int) -> list[str]:
    """The fields of a process from its state on (proc(5)); its parent is at 1, its times from 11."""
    return Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()


def demo_order(name: str = "A-triple-play") -> dict[str, Any]:
    """One of the worked orders."""
    order: dict[str, Any] = json.loads((ROOT / "demo" / "orders" / f"{name}.json").read_text())
    return order


def resident_megabytes(process_ids: Sequence[int]) -> float:
    """The memory that these processes hold, in MB (10^6), shared pages counted once each (PSS)."""
    total = 0
    for process_id in process_ids:
        for line in Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total / 1e6
