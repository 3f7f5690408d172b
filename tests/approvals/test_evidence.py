"""Evidence: what was shown, who, when, and a log that cannot be changed unseen, not even by who owns the database."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderloom.approvals.content import chained
from orderloom.approvals.reads import request_page
from orderloom.approvals.seal import Checkpoint, checkpoint_from, problems_of_seals, sealed
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM
from orderloom.cli.keys import CHECKPOINT_FILE, FILE
from orderloom.cli.settings import read_settings
from orderloom.cli.verify import check, check_seals
from orderloom.worker.sealing import Seal, seal_and_export
from tests.approvals.cast import enter, offer, say, submit

KEY = bytes(range(32))


@pytest.fixture
async def home(tmp_path: Path, database: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with its key, and a database with two requests that were decided and sealed."""
    monkeypatch.setenv("ORDERLOOM_HOME", str(tmp_path))
    (tmp_path / FILE).write_text(KEY.hex())
    async with transaction(database, SYSTEM) as tx:
        cast = await enter(tx)
    for number in (1, 2):
        async with transaction(database, SYSTEM) as tx:
            found = await submit(tx, cast.sue, offer(subject=number))
            await say(tx, cast.max, found.request_id or 0, comment="fine")
        await seal_and_export(database, Seal(KEY, tmp_path / CHECKPOINT_FILE))
    return tmp_path


def broken(database_url: str) -> list[str]:
    findings = [*check(database_url), check_seals(database_url, read_settings())]
    return [row for finding in findings if finding.room == "approvals" for row in finding.broken]


async def test_an_untouched_database_has_nothing_wrong(home: Path, database_url: str) -> None:
    assert broken(database_url) == []
    lines = (home / CHECKPOINT_FILE).read_text().splitlines()
    assert [checkpoint_from(line).number for line in lines] == [1, 2]
    assert KEY.hex() not in "".join(lines)


async def test_what_was_shown_who_how_and_by_which_rule_stand_in_the_log(home: Path, database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        request_id, snapshot, content = await tx.one(
            "SELECT id, snapshot, encode(content_hash, 'hex') FROM approvals.request ORDER BY id LIMIT 1"
        )
        log = [entry.entry for entry in (await request_page(tx, request_id)).log]

    assert hashlib.sha256(snapshot.encode()).hexdigest() == content == log[0]["content"] == log[1]["content"]
    assert (log[0]["policy"], log[0]["version"], log[0]["rules"]) == ("discounts", 1, {"manager": [1]})
    assert (log[1]["kind"], log[1]["actor"], log[1]["channel"]) == ("verdict", "Max", "page")


async def _flip(tx: Tx) -> None:
    await tx.execute("UPDATE approvals.entry SET entry = replace(entry, 'fine', 'Fine') WHERE number = 2")


async def _delete(tx: Tx) -> None:
    await tx.execute(
        """
        DELETE FROM approvals.entry
         WHERE number = 2 AND request_id = (SELECT min(id) FROM approvals.request)
        """
    )


async def _swap(tx: Tx) -> None:
    await tx.execute(
        """
        UPDATE approvals.entry
           SET entry = other.entry, hash = other.hash
          FROM approvals.entry AS other
         WHERE entry.request_id = other.request_id AND entry.number IN (1, 2) AND other.number = 3 - entry.number
        """
    )


async def _truncate(tx: Tx) -> None:
    """Take the end of a log away, with what it tells of: the chain that is left is whole."""
    await tx.execute("DELETE FROM approvals.entry WHERE number > 1")
    await tx.execute("DELETE FROM approvals.verdict")
    await tx.execute("UPDATE approvals.step SET decision = 'overridden'")


async def _rewrite(tx: Tx) -> None:
    """Write a log anew from its beginning, with hashes that fit, and everything else so that it agrees."""
    for (request_id,) in await tx.all("SELECT id FROM approvals.request"):
        texts = await tx.values(
            "SELECT replace(entry, 'fine', 'sure') FROM approvals.entry WHERE request_id = %(id)s ORDER BY number",
            {"id": request_id},
        )
        for number, (text, hashed) in enumerate(zip(texts, chained(texts), strict=True), start=1):
            await tx.execute(
                """
                UPDATE approvals.entry SET entry = %(text)s, hash = %(hash)s
                 WHERE request_id = %(id)s AND number = %(number)s
                """,
                {"text": text, "hash": hashed, "id": request_id, "number": number},
            )
    await tx.execute("UPDATE approvals.verdict SET comment = replace(comment, 'fine', 'sure')")


async def _rewrite_and_seal_again(tx: Tx) -> None:
    """The same, with checkpoints that fit, signed by a key of the forger's own."""
    await _rewrite(tx)
    await _seal_again(tx, key=bytes(32))


async def _seal_again(tx: Tx, *, key: bytes) -> None:
    await tx.execute("ALTER TABLE approvals.checkpoint DISABLE TRIGGER USER")
    await tx.execute("DELETE FROM approvals.checkpoint")
    await tx.execute("DELETE FROM approvals.covered")
    heads = await tx.all(
        """
        SELECT DISTINCT ON (request_id) request_id, number, encode(hash, 'hex')
          FROM approvals.entry ORDER BY request_id, number DESC
        """
    )
    forged = sealed(None, heads, at=tx.now, key=key, whole={"requests": 2, "verdicts": 2})
    await tx.execute(
        "INSERT INTO approvals.checkpoint VALUES (%(number)s, %(body)s, %(hash)s, %(signature)s)",
        {"number": 1, "body": forged.body, "hash": forged.hash, "signature": forged.signature},
    )


async def _drop_last_checkpoint(tx: Tx) -> None:
    await tx.execute("ALTER TABLE approvals.checkpoint DISABLE TRIGGER USER")
    await tx.execute("DELETE FROM approvals.checkpoint WHERE number = 2")


async def _show_something_else(tx: Tx) -> None:
    await tx.execute(
        """
        UPDATE approvals.request
           SET snapshot = replace(snapshot, '900', '901'),
               content_hash = sha256(convert_to(replace(snapshot, '900', '901'), 'UTF8'))
        """
    )
    await tx.execute("UPDATE approvals.verdict SET content_hash = request.content_hash FROM approvals.request "
                     "WHERE request.id = verdict.request_id")  # fmt: skip


TAMPERING: dict[str, tuple[Callable[[Tx], Awaitable[None]], str]] = {
    "a flipped byte": (_flip, "does not follow from the one before"),
    "a deleted row": (_delete, "entry 3 does not follow from the one before"),
    "swapped rows": (_swap, "does not follow from the one before"),
    "a truncated chain": (_truncate, "is not the one of checkpoint"),
    "a chain that was written anew": (_rewrite, "is not the one of checkpoint"),
    "a chain and checkpoints that were written anew": (_rewrite_and_seal_again, "is not signed by our key"),
    "a missing checkpoint": (_drop_last_checkpoint, "checkpoint 2 was exported and is missing"),
    "another content": (_show_something_else, "shows something else than was asked"),
}


@pytest.mark.parametrize("name", TAMPERING)
async def test_verify_finds(name: str, home: Path, database: Database, database_url: str) -> None:
    tamper, said = TAMPERING[name]
    async with transaction(database, SYSTEM) as tx:
        await tamper(tx)

    found = broken(database_url)

    assert any(said in row for row in found), found


async def test_even_with_the_key_the_exported_file_tells(home: Path, database: Database, database_url: str) -> None:
    async with transaction(database, SYSTEM) as tx:
        await _rewrite(tx)
        await _seal_again(tx, key=KEY)

    assert broken(database_url) == [
        "checkpoint 1 was exported and is another in the database",
        "checkpoint 2 was exported and is missing in the database",
    ]


async def test_a_checkpoint_is_refused_to_be_changed_by_the_way(home: Path, database: Database) -> None:
    with pytest.raises(Exception, match="checkpoint"):
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("UPDATE approvals.checkpoint SET body = body")


async def test_without_news_nothing_is_sealed(home: Path, database: Database) -> None:
    assert await seal_and_export(database, Seal(KEY, home / CHECKPOINT_FILE)) == 0
    assert len((home / CHECKPOINT_FILE).read_text().splitlines()) == 2


def test_a_changed_body_or_signature_is_found_without_a_database() -> None:
    one = sealed(None, [(1, 1, "00")], at=datetime(2026, 1, 1, tzinfo=UTC), key=KEY, whole={})
    assert problems_of_seals([one], exported=[checkpoint_from(one.as_line())], key=KEY) == []

    told = json.loads(one.body) | {"heads": [[1, 1, "ff"]]}
    body = json.dumps(told)
    forged = Checkpoint(1, body, hashlib.sha256(body.encode()).digest(), one.signature)

    assert problems_of_seals([forged]) == ["checkpoint 1 is not signed by our key"]
