"""Documents asked for, made by a worker outside of any transaction, and kept for ever."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import psycopg
import pytest

from orderloom.base.refusals import NotFound
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor, Subject
from orderloom.documents import store
from orderloom.documents.commands import request_documents
from orderloom.documents.events import DocumentRefused, DocumentRendered
from orderloom.documents.reads import document_of, documents_of, file_name, file_of
from orderloom.documents.rendering import MOST_ATTEMPTS, render_due
from orderloom.documents.types import DocumentDraft
from orderloom.documents.verify import INVARIANTS
from tests.documents import given

SUBJECT = Subject("order", 7, "SO-2026-000123")
DRAFT = DocumentDraft(SUBJECT, given.paper(lines=3))


async def asked(database: Database, *drafts: DocumentDraft) -> list[int]:
    async with transaction(database, SYSTEM) as tx:
        return await request_documents(tx, drafts or [DRAFT])


async def test_a_document_is_made_once_and_kept_byte_by_byte(database: Database) -> None:
    [document_id] = await asked(database)
    assert await render_due(database) == 1
    assert await render_due(database) == 0

    async with transaction(database, SYSTEM) as tx:
        row = await document_of(tx, document_id, kind="order", subject_id=7)
        pdf = await file_of(tx, row)
        told = await tx.values("SELECT type FROM base.event WHERE type LIKE 'documents.%%'", {})
        assert [await tx.values(invariant.sql) for invariant in INVARIANTS] == [[], []]
    assert (row.state, row.pages, row.byte_count) == ("rendered", 1, len(pdf))
    assert row.sha256 == sha256(pdf).hexdigest()
    assert pdf.startswith(b"%PDF-")
    assert told == ["documents.document_rendered"]
    assert file_name(row) == "order-confirmation-SO-2026-000123-en.pdf"


async def test_the_same_sheet_is_the_same_document_and_another_is_another(database: Database) -> None:
    first, again = await asked(database, DRAFT, DRAFT)
    [later] = await asked(database)
    german, silent = await asked(database, replace(DRAFT, language="de"), replace(DRAFT, with_prices=False))

    assert first == again == later
    assert len({first, german, silent}) == 3


async def test_a_made_document_and_its_file_are_never_changed(database: Database) -> None:
    [document_id] = await asked(database)
    await render_due(database)
    for statement in (
        "UPDATE documents.document SET language = 'de'",
        "UPDATE base.blob SET content = '\\x00'",
        "DELETE FROM base.blob",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            async with transaction(database, SYSTEM) as tx:
                await tx.execute(statement)
    with pytest.raises(psycopg.errors.CheckViolation):
        async with transaction(database, SYSTEM) as tx:
            await tx.execute("INSERT INTO base.blob (hash, content) VALUES ('\\xab', '\\xcd')")
    assert [document_id] == await asked(database)


async def test_what_cannot_be_set_is_refused_by_name_and_may_be_asked_for_again(database: Database) -> None:
    draft = DocumentDraft(SUBJECT, given.paper("Tablet \U00012000"))
    [document_id] = await asked(database, draft)
    await render_due(database)

    async with transaction(database, SYSTEM) as tx:
        row = await document_of(tx, document_id, kind="order", subject_id=7)
        with pytest.raises(NotFound, match=r"U\+12000"):
            await file_of(tx, row)
    assert row.state == "refused"
    assert await asked(database, draft) == [document_id]
    assert await render_due(database) == 1


async def test_a_document_that_keeps_stopping_its_worker_is_refused(database: Database) -> None:
    [document_id] = await asked(database)
    for _ in range(MOST_ATTEMPTS):
        async with transaction(database, SYSTEM) as tx:
            assert len(await store.claim(tx, limit=10, lease_seconds=-1)) == 1
    await render_due(database)

    async with transaction(database, SYSTEM) as tx:
        row = await document_of(tx, document_id, kind="order", subject_id=7)
    assert row.state == "refused" and "several times" in row.problem


async def test_an_attempt_that_came_back_from_the_dead_changes_nothing(tx: Tx) -> None:
    await request_documents(tx, [DRAFT])
    [slow] = await store.claim(tx, limit=1, lease_seconds=-1)
    [fast] = await store.claim(tx, limit=1, lease_seconds=60)

    assert await store.end_refused(tx, slow, problem="late") is False
    assert await store.end_refused(tx, fast, problem="no") is True
    assert await store.claim(tx, limit=1, lease_seconds=60) == []


async def test_documents_of_accounts_that_one_does_not_see_are_not_there(tx: Tx) -> None:
    [document_id] = await request_documents(tx, [DRAFT])
    tx.actor = Actor("user", "Eve", user_id=None, permissions=frozenset({"orders.read"}))

    assert await documents_of(tx, kind="order", subject_id=7) == []
    with pytest.raises(NotFound):
        await document_of(tx, document_id, kind="order", subject_id=7)


def test_events_name_what_they_are_about() -> None:
    assert DocumentRendered(SUBJECT, 1, "invoice", "de", True, 2, "ab").subject == SUBJECT
    assert DocumentRefused(SUBJECT, 1, "invoice", "de", "why").problem == "why"
