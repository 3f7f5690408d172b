"""Seals the logs of approvals from time to time and exports the checkpoints into a file beside the key."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from orderloom.approvals.commands import seal_logs
from orderloom.approvals.commands.sealing import HEADS_MOST
from orderloom.approvals.seal import checkpoint_from
from orderloom.approvals.store.checkpoint import after
from orderloom.base.transaction import Database, in_transaction
from orderloom.base.types import SYSTEM

EXPORTED_A_TURN = 1_000


@dataclass(frozen=True, slots=True)
class Seal:
    """The key that signs, and the file that the checkpoints go to, one line of JSON each."""

    key: bytes
    file: Path

    def __repr__(self) -> str:
        return f"Seal({self.file})"


async def seal_and_export(database: Database, seal: Seal) -> int:
    """Seal what is new, then add to the file what it has not; return how many logs were sealed."""
    done = 0
    while True:
        covered = await in_transaction(database, SYSTEM, lambda tx: seal_logs(tx, key=seal.key))
        done += covered
        if covered < HEADS_MOST:
            break
    while True:
        last = await asyncio.to_thread(_last, seal.file)
        fresh = await in_transaction(database, SYSTEM, partial(after, number=last, limit=EXPORTED_A_TURN))
        if not fresh:
            return done
        await asyncio.to_thread(_append, seal.file, "".join(one.as_line() + "\n" for one in fresh))


def _last(file: Path) -> int:
    """The number of the last checkpoint in the file."""
    if not file.exists():
        return 0
    with file.open("rb") as content:
        lines = [line for line in content if line.endswith(b"\n")]
    return checkpoint_from(lines[-1].decode()).number if lines else 0


def _append(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as content:
        content.write(text)
