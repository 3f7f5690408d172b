"""A real PostgreSQL for the tests: one embedded server, a migrated template, a copy for whoever commits."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from orderloom.base.embedded import embedded_server
from orderloom.base.migrate import migrate
from orderloom.base.transaction import Database, Tx
from orderloom.base.types import SYSTEM, House

ROOT = Path(__file__).parent.parent


def pytest_configure(config: pytest.Config) -> None:
    """Generated examples are the same in every run, except in `make soak`, which is there to find new ones."""
    settings.register_profile("same", derandomize=True)
    if "soak" not in config.getoption("-m").replace("not soak", ""):
        settings.load_profile("same")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for the server, so that `make check` can leave it out."""
    for item in items:
        if "server_url" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of a server for tests; `{}` stands for the database."""
    named = os.environ.get("ORDERLOOM_TEST_SERVER_URL")
    if named:
        yield named
        return
    fast = [("fsync", "off"), ("full_page_writes", "off"), ("synchronous_commit", "off")]
    with embedded_server(ROOT / ".orderloom" / "test", settings=fast) as server:
        yield server.url("{}")


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated, movable database that tests are copied from."""
    name = f"template_{os.getpid()}"
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        migrate(server_url.format(name))
        with psycopg.connect(server_url.format(name), autocommit=True) as inside:
            inside.execute("UPDATE base.clock SET movable = true")
        yield name
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def template_url(server_url: str, template: str) -> str:
    return server_url.format(template)


@contextmanager
def copied(server_url: str, template: str, name: str) -> Iterator[str]:
    """A copy of the migrated database, for as long as it is needed; its address."""
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        connection.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        yield server_url.format(name)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def database_url(server_url: str, template: str) -> Iterator[str]:
    """A fresh migrated database for one test that commits."""
    with copied(server_url, template, f"test_{os.getpid()}_{os.urandom(4).hex()}") as url:
        yield url


@pytest.fixture(scope="session")
def scratch_url(server_url: str, template: str) -> Iterator[str]:
    """A database for all transactions that are rolled back; what they draw from sequences stays in it."""
    with copied(server_url, template, f"scratch_{os.getpid()}") as url:
        yield url


@pytest.fixture(scope="session")
def house() -> House:
    """The whole house, wired as in production."""
    from orderloom.house import build_house

    return build_house()


@pytest.fixture
async def database(database_url: str, house: House) -> AsyncIterator[Database]:
    """An open pool on a fresh database."""
    async with Database(database_url, house) as opened:
        yield opened


@pytest.fixture
async def tx(scratch_url: str, house: House) -> AsyncIterator[Tx]:
    """A transaction of the program itself that is rolled back when the test is over."""
    connection = await psycopg.AsyncConnection.connect(scratch_url, autocommit=True)
    await connection.execute("SET timezone = 'UTC'; SET jit = off; BEGIN")
    cursor = await connection.execute("SELECT base.now()")
    row = await cursor.fetchone()
    now = row[0] if row else datetime.now(UTC)
    try:
        yield Tx(connection, SYSTEM, house, now)
    finally:
        await connection.close()
