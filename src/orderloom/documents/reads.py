"""What people and higher rooms ask of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import LiteralString

from orderloom.base.blobs import blobs
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import SubjectFile
from orderloom.documents.types import Sheet
from orderloom.parties.policy import account_filter

PAGE = 100


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document as a page shows it; `sha256` is the hash of its PDF, in hexadecimal."""

    id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    kind: str
    number: str
    language: str
    with_prices: bool
    template: str
    state: str
    problem: str
    pages: int | None
    byte_count: int | None
    render_ms: Decimal | None
    sha256: str | None
    requested_by: str
    requested_at: datetime
    ended_at: datetime | None


_COLUMNS: LiteralString = """document.id, document.subject_kind, document.subject_id, document.subject_label,
               document.kind, document.number, document.language, document.with_prices, document.template,
               document.state, document.problem, document.pages, document.byte_count, document.render_ms,
               encode(document.file_hash, 'hex') AS sha256, document.requested_by, document.requested_at,
               document.ended_at"""


async def documents_of(tx: Tx, *, kind: str, subject_id: int, limit: int = PAGE) -> list[DocumentRow]:
    """The documents of one subject that the actor sees, the newest first."""
    where, params = account_filter(tx.actor, "document.account_id")
    return await tx.all(
        f"""
        SELECT {_COLUMNS}
          FROM documents.document
         WHERE document.subject_kind = %(kind)s AND document.subject_id = %(id)s
           AND {where}
         ORDER BY document.id DESC
         LIMIT %(limit)s
        """,
        {"kind": kind, "id": subject_id, "limit": limit, **params},
        row=DocumentRow,
    )


async def document_of(tx: Tx, document_id: int, *, kind: str, subject_id: int) -> DocumentRow:
    """One document of a subject; refuses (404) what is not there or the actor does not see."""
    where, params = account_filter(tx.actor, "document.account_id")
    found = await tx.one_or_none(
        f"""
        SELECT {_COLUMNS}
          FROM documents.document
         WHERE document.id = %(id)s
           AND document.subject_kind = %(kind)s AND document.subject_id = %(subject_id)s
           AND {where}
        """,
        {"id": document_id, "kind": kind, "subject_id": subject_id, **params},
        row=DocumentRow,
    )
    if found is None:
        raise NotFound([Problem("document_unknown", "There is no such document; look in the list of what it is of.")])
    return found


async def find_document(tx: Tx, document_id: int) -> DocumentRow | None:
    """A document by its id alone, if it is of an account that the actor sees; its subject decides on the rest."""
    where, params = account_filter(tx.actor, "document.account_id")
    return await tx.one_or_none(
        f"""
        SELECT {_COLUMNS}
          FROM documents.document
         WHERE document.id = %(id)s
           AND {where}
        """,
        {"id": document_id, **params},
        row=DocumentRow,
    )


async def file_of(tx: Tx, document: DocumentRow) -> bytes:
    """The PDF of a rendered document, byte by byte what its hash says; refuses (404) one that is not made yet."""
    if document.sha256 is None:
        message = document.problem or "The document is still being made; try again in a moment."
        raise NotFound([Problem("document_not_made", message)])
    file_hash = bytes.fromhex(document.sha256)
    return (await blobs(tx, [file_hash]))[file_hash]


def file_name(document: DocumentRow) -> str:
    """What the file is called when it is saved, in ASCII."""
    number = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in document.number)
    prices = "" if document.with_prices or document.kind == "delivery_note" else "-without-prices"
    return f"{document.kind.replace('_', '-')}-{number}-{document.language}{prices}.pdf"


async def sheet_of(tx: Tx, document_id: int) -> Sheet:
    """What a document says, as texts, for whoever has seen the document."""
    found = await tx.value("SELECT sheet FROM documents.document WHERE id = %(id)s", {"id": document_id})
    assert isinstance(found, dict)
    return found


async def files_of(tx: Tx, document_ids: Sequence[int]) -> list[SubjectFile]:
    """Documents as files for whoever sends them; the caller has seen to it that they may be sent."""
    rows = await tx.all(
        f"""
        SELECT {_COLUMNS}
          FROM documents.document
         WHERE document.id = ANY(%(ids)s)
        """,
        {"ids": list(document_ids)},
        row=DocumentRow,
    )
    return [
        SubjectFile(
            row.id,
            name=file_name(row),
            media_type="application/pdf",
            file_hash=bytes.fromhex(row.sha256) if row.sha256 else None,
            problem=row.problem,
        )
        for row in rows
    ]
