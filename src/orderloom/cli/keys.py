"""The key that lies outside of the database: one-time links and signatures follow from it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from orderloom.base.refusals import refuse
from orderloom.cli.settings import Settings
from orderloom.messages.addresses import wire_address
from orderloom.messages.doors import Doors
from orderloom.worker.sealing import Seal

VARIABLE = "ORDERLOOM_KEY"
FILE = "key"
CHECKPOINT_FILE = "approval-checkpoints.jsonl"


def read_key(settings: Settings) -> bytes:
    """The 256 bits of ORDERLOOM_KEY, or of the file `key` in the home, which is made when there is none."""
    given = os.environ.get(VARIABLE, "").strip()
    return _from_hex(given, VARIABLE) if given else _from_file(settings.home / FILE)


def known_key(settings: Settings) -> bytes | None:
    """The key, if there is one already."""
    there = os.environ.get(VARIABLE, "").strip() or (settings.home / FILE).exists()
    return read_key(settings) if there else None


def seal_of(settings: Settings) -> Seal:
    """What the logs of approvals are signed with, and where the checkpoints are exported to."""
    return Seal(read_key(settings), settings.home / CHECKPOINT_FILE)


def doors_of(settings: Settings) -> Doors | None:
    """Where people find the program, for the links of messages; None where nobody has said it."""
    address = settings.public_url or settings.address
    reply_to = wire_address(settings.reply_to) if settings.reply_to else ""
    if reply_to is None:
        message = f"ORDERLOOM_REPLY_TO is “{settings.reply_to}”; give an address such as answers@example.com."
        refuse("reply_to_absurd", message)
    return Doors(address, read_key(settings), reply_to) if address else None


def _from_file(path: Path) -> bytes:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _from_hex(path.read_text().strip(), str(path))
    key = secrets.token_hex(32)
    with os.fdopen(descriptor, "w") as file:
        file.write(key + "\n")
    return bytes.fromhex(key)


def _from_hex(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        refuse("key_absurd", f"{where} must have 64 hexadecimal digits, as `openssl rand -hex 32` prints them.")
    return key
