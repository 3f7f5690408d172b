"""Verbs about the database as a whole: migrate, backup, restore; and its schema in SQL."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from orderloom.base import migrate as migrations
from orderloom.base.embedded import find_binaries
from orderloom.base.refusals import refuse
from orderloom.cli.settings import database_url, read_settings


def migrate(_chosen: argparse.Namespace) -> int:
    """Apply what is missing."""
    with database_url(read_settings()) as url:
        applied = migrations.migrate(url, told=lambda name: print(f"applied {name}"))
        print(f"{applied} migrations applied" if applied else "the database is up to date")
    return 0


def fresh_schema(url: str) -> str:
    """The schema that the migrations make in an empty database of this server, in SQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS orderloom_schema WITH (FORCE)")
        connection.execute("CREATE DATABASE orderloom_schema")
        try:
            fresh = make_conninfo(url, dbname="orderloom_schema")
            migrations.migrate(fresh)
            return dump_schema(fresh)
        finally:
            connection.execute("DROP DATABASE orderloom_schema WITH (FORCE)")


def backup(chosen: argparse.Namespace) -> int:
    """Write a consistent copy of the whole database, while the program runs, and check that it can be read."""
    target = Path(chosen.file)
    if target.exists():
        refuse("backup_exists", f"{target} exists already; name another file.")
    if not target.absolute().parent.is_dir():
        refuse("folder_missing", f"There is no folder {target.parent}; make it, or name another.")
    with database_url(read_settings()) as url:
        unfinished = target.with_name(target.name + ".unfinished")
        _pg("pg_dump", "--format=custom", "--no-owner", f"--file={unfinished}", f"--dbname={url}")
        _pg("pg_restore", "--list", str(unfinished))
        unfinished.rename(target)
    print(f"{target}: {target.stat().st_size:,} bytes")
    return 0


def restore(chosen: argparse.Namespace) -> int:
    """Read a backup into an empty database, all of it or nothing."""
    if not Path(chosen.file).exists():
        refuse("backup_missing", f"There is no file {chosen.file}.")
    with database_url(read_settings()) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            if connection.execute("SELECT to_regclass('base.migration')").fetchone() != (None,):
                refuse(
                    "database_not_empty",
                    "This database is not empty; restore into an empty one (another ORDERLOOM_HOME or database).",
                )
        _pg("pg_restore", "--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={url}", chosen.file)
        applied = migrations.migrate(url)
    print(f"restored from {chosen.file}" + (f", {applied} newer migrations applied" if applied else ""))
    return 0


def dump_schema(url: str) -> str:
    """The schema in SQL, the same text for the same schema."""
    dumped = _pg("pg_dump", "--schema-only", "--no-owner", "--no-privileges", f"--dbname={url}")
    kept = [
        line
        for line in dumped.splitlines()
        if not re.match(r"(--|SET |SELECT pg_catalog\.set_config|\\(un)?restrict)", line)
    ]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip()
    return "-- The readable truth of the database, dumped from what the migrations make (make schema).\n\n" + text


def _pg(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [str(find_binaries() / program), *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        refuse("postgresql_failed", f"{program} failed: {done.stderr.strip()[-2000:]}")
    sys.stderr.write(done.stderr)
    return done.stdout
