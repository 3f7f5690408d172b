"""The verb `verify`: every room's invariants over the whole database."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

import psycopg
from psycopg.rows import class_row

from orderloom.approvals.seal import Checkpoint, checkpoint_from, problems_of_seals
from orderloom.approvals.verify import CHECKPOINTS
from orderloom.base.verify import Invariant
from orderloom.cli.keys import CHECKPOINT_FILE, known_key
from orderloom.cli.settings import Settings, database_url, read_settings
from orderloom.house import rooms

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one invariant; `broken` names rows, at most twenty."""

    room: str
    name: str
    broken: tuple[str, ...]


def invariants() -> list[tuple[str, Invariant]]:
    """Every room's invariants, in the order of the rooms."""
    found: list[tuple[str, Invariant]] = []
    for room in rooms():
        if find_spec(f"orderloom.{room}.verify"):
            found += [(room, invariant) for invariant in import_module(f"orderloom.{room}.verify").INVARIANTS]
    return found


def check(url: str) -> list[Finding]:
    """Ask the database about each invariant, all in one snapshot."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        connection.execute("SET LOCAL jit = off")
        return [
            Finding(
                room,
                invariant.name,
                tuple(
                    str(row[0])
                    for row in connection.execute(f"SELECT * FROM ({invariant.sql}) AS broken LIMIT {SHOWN}")
                ),
            )
            for room, invariant in invariants()
        ]


SEALS = "every checkpoint is signed by our key and is the one that was exported"


def check_seals(url: str, settings: Settings) -> Finding:
    """Hold the checkpoints of approvals against the key and the exported file of this home, where they are here."""
    file = settings.home / CHECKPOINT_FILE
    lines = file.read_text().splitlines() if file.exists() else []
    exported: list[Checkpoint] = []
    broken: list[str] = []
    for place, line in enumerate(lines, start=1):
        try:
            exported.append(checkpoint_from(line))
        except (ValueError, KeyError, TypeError):
            broken.append(f"line {place} of {file} is no checkpoint")
    with psycopg.connect(url, row_factory=class_row(Checkpoint)) as connection:
        kept = connection.execute(CHECKPOINTS).fetchall()
    broken += problems_of_seals(kept, exported=exported, key=known_key(settings))
    return Finding("approvals", SEALS, tuple(broken[:SHOWN]))


def verify(chosen: argparse.Namespace) -> int:
    """Print a line for each invariant; 1 when one is broken."""
    settings = read_settings()
    with database_url(settings) as url:
        findings = [*check(url), check_seals(url, settings)]
    if chosen.json:
        print(json.dumps([{"room": f.room, "name": f.name, "broken": f.broken} for f in findings], indent=1))
    else:
        for finding in findings:
            print(f"{'broken' if finding.broken else 'holds '}  {finding.room}: {finding.name}")
            for row in finding.broken:
                print(f"          {row}")
    return 1 if any(finding.broken for finding in findings) else 0
