"""The worker's part: claim documents, make them outside any transaction, keep what came of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog

from orderloom.base.blobs import keep_blobs
from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, Tx, in_transaction
from orderloom.base.types import SYSTEM
from orderloom.documents import store
from orderloom.documents.events import DocumentRefused, DocumentRendered
from orderloom.documents.render import render
from orderloom.documents.types import ClaimedDocument, Rendered

MOST_ATTEMPTS = 3
DOCUMENTS_A_TURN = 10
LEASE_SECONDS = 120
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Made:
    """What came of one document: a PDF, or why there is none."""

    document: ClaimedDocument
    rendered: Rendered | None
    problem: str = ""


async def render_due(database: Database, *, limit: int = DOCUMENTS_A_TURN) -> int:
    """Make the documents that were asked for, at most `limit`; return how many were taken in hand.

    A worker that dies loses its lease, and another makes the document. One whose making brings its worker down
    `MOST_ATTEMPTS` times is refused.
    """

    async def claim(tx: Tx) -> list[ClaimedDocument]:
        return await store.claim(tx, limit=limit, lease_seconds=LEASE_SECONDS)

    claimed = await in_transaction(database, SYSTEM, claim)
    for document in claimed:
        made = await _make(document)

        async def keep(tx: Tx, made: Made = made) -> None:
            await keep_made(tx, made)

        await in_transaction(database, SYSTEM, keep)
    return len(claimed)


async def _make(document: ClaimedDocument) -> Made:
    if document.attempt > MOST_ATTEMPTS:
        return Made(document, None, "Making it stopped the worker several times; tell whoever runs the program.")
    try:
        return Made(document, await asyncio.to_thread(render, document.sheet, at=document.requested_at))
    except Refused as refused:
        return Made(document, None, " ".join(problem.message for problem in refused.problems))
    except Exception as error:
        _log.exception("document not made", document=document.id)
        return Made(document, None, f"Making it failed: {type(error).__name__}; tell whoever runs the program.")


async def keep_made(tx: Tx, made: Made) -> None:
    """Keep the PDF, or the reason why there is none, and tell of it once."""
    document, rendered = made.document, made.rendered
    sheet = document.sheet
    if rendered is None:
        if await store.end_refused(tx, document, problem=made.problem):
            tx.emit(DocumentRefused(document.subject, document.id, document.kind, sheet["language"], made.problem))
        return
    [file_hash] = await keep_blobs(tx, [rendered.pdf])
    if await store.end_rendered(tx, document, rendered, file_hash=file_hash):
        tx.emit(
            DocumentRendered(
                document.subject,
                document.id,
                document.kind,
                sheet["language"],
                sheet["with_prices"],
                rendered.pages,
                file_hash.hex(),
            )
        )
