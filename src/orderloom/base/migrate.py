"""Migrations: numbered SQL files, applied once each, in order, forward only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

import psycopg

from orderloom.base.refusals import refuse

LOCK_TIMEOUT = "5s"
_ONE_AT_A_TIME = 0x0DE12100


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number, its name and what it does."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Tells whether a file was changed after it was applied."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations() -> list[Migration]:
    """The migrations that this version of the program brings, in order."""
    found = []
    for path in files("orderloom").joinpath("migrations").iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", path.name)
        if match and path.name != "schema.sql":
            found.append(Migration(int(match[1]), match[2], path.read_text("utf-8")))
    found.sort(key=lambda migration: migration.number)
    assert len({m.number for m in found}) == len(found), "two migrations share a number"
    return found


def migrate(url: str, migrations: Sequence[Migration] | None = None, *, told: Callable[[str], object] = str) -> int:
    """Bring a database to this version of the program; return how many migrations were applied.

    Each runs in a transaction of its own under a lock timeout, so that a busy table makes it fail
    and be run again rather than stop the program. A file changed after it was applied, or a database
    that is newer than the program, is refused. Two runs at once wait for each other.
    """
    migrations = shipped_migrations() if migrations is None else migrations
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        connection.execute("CREATE SCHEMA IF NOT EXISTS base")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS base.migration (number integer PRIMARY KEY, name text NOT NULL,"
            " checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        applied = {
            number: (name, checksum)
            for number, name, checksum in connection.execute("SELECT number, name, checksum FROM base.migration")
        }
        _refuse_mismatch(migrations, applied)
        missing = [migration for migration in migrations if migration.number not in applied]
        for migration in missing:
            told(f"{migration.number:04} {migration.name}")
            _apply(connection, migration)
        if missing and connection.execute("SELECT to_regproc('base.add_months_to_all')").fetchone() != (None,):
            connection.execute(
                "SELECT base.add_months_to_all(base.now()::date, (base.now() + interval '62 days')::date)"
            )
    return len(missing)


def _refuse_mismatch(migrations: Sequence[Migration], applied: dict[int, tuple[str, str]]) -> None:
    known = {migration.number: migration for migration in migrations}
    for number, (name, checksum) in applied.items():
        if number not in known:
            refuse(
                "database_newer",
                f"The database has migration {number:04} {name}, which this program lacks; update it.",
            )
        if known[number].checksum != checksum:
            refuse(
                "migration_changed",
                f"Migration {number:04} {name} was changed after it was applied here; restore the file,"
                " or start from an empty database (`make clean-data` for the embedded one).",
            )


def _apply(connection: psycopg.Connection[tuple[object, ...]], migration: Migration) -> None:
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO base.migration (number, name, checksum) VALUES (%s, %s, %s)",
            [migration.number, migration.name, migration.checksum],
        )
