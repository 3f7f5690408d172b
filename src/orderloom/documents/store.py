"""The only writer of the schema `documents`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.documents.types import ClaimedDocument, DocumentDraft, Kind, Rendered, Sheet


async def add(
    tx: Tx, drafts: Sequence[DocumentDraft], sheets: Sequence[Sheet], hashes: Sequence[bytes], *, template: str
) -> list[int]:
    """Write requests and return the document of each; a refused one is asked for anew."""
    rows = await tx.all(
        """
          WITH wanted AS (
               SELECT *
                 FROM unnest(%(kinds)s::text[], %(ids)s::bigint[], %(labels)s::text[], %(accounts)s::bigint[],
                             %(papers)s::text[], %(numbers)s::text[], %(languages)s::text[], %(prices)s::boolean[],
                             %(sheets)s::jsonb[], %(hashes)s::bytea[])
                      WITH ORDINALITY AS draft (subject_kind, subject_id, subject_label, account_id, kind, number,
                                                language, with_prices, sheet, sheet_hash, place)),
               written AS (
               INSERT INTO documents.document
                      (subject_kind, subject_id, subject_label, account_id, kind, number, language, with_prices,
                       sheet, sheet_hash, template, requested_by)
               SELECT DISTINCT ON (subject_kind, subject_id, sheet_hash)
                      subject_kind, subject_id, subject_label, account_id, kind, number, language, with_prices,
                      sheet, sheet_hash, %(template)s, %(actor)s
                 FROM wanted
                   ON CONFLICT (subject_kind, subject_id, sheet_hash, template) DO UPDATE
                  SET state = CASE document.state WHEN 'refused' THEN 'requested' ELSE document.state END,
                      attempt = CASE document.state WHEN 'refused' THEN 0 ELSE document.attempt END,
                      ended_at = CASE document.state WHEN 'refused' THEN NULL ELSE document.ended_at END,
                      problem = ''
            RETURNING id, subject_kind, subject_id, sheet_hash)
        SELECT written.id
          FROM wanted
          JOIN written USING (subject_kind, subject_id, sheet_hash)
         ORDER BY wanted.place
        """,
        {
            "kinds": [draft.subject.kind for draft in drafts],
            "ids": [draft.subject.id for draft in drafts],
            "labels": [draft.subject.label for draft in drafts],
            "accounts": [draft.subject.account_id for draft in drafts],
            "papers": [draft.paper.kind for draft in drafts],
            "numbers": [draft.paper.number for draft in drafts],
            "languages": [str(sheet["language"]) for sheet in sheets],
            "prices": [draft.with_prices for draft in drafts],
            "sheets": [Json(dict(sheet)) for sheet in sheets],
            "hashes": list(hashes),
            "template": template,
            "actor": tx.actor.name,
        },
    )
    return [document_id for (document_id,) in rows]


@dataclass(frozen=True, slots=True)
class _Claimed:
    id: int
    attempt: int
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    kind: Kind
    number: str
    sheet: dict[str, Any]
    requested_at: datetime


async def claim(tx: Tx, *, limit: int, lease_seconds: float) -> list[ClaimedDocument]:
    """Lease requested documents for this worker, the oldest first; each claim counts as an attempt."""
    rows = await tx.all(
        """
          WITH due AS (
               SELECT id
                 FROM documents.document
                WHERE state = 'requested'
                  AND (lease_until IS NULL OR lease_until < clock_timestamp())
                ORDER BY id
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        UPDATE documents.document
           SET attempt = attempt + 1, lease_until = clock_timestamp() + %(lease)s * interval '1 second'
          FROM due
         WHERE document.id = due.id
        RETURNING document.id, attempt, subject_kind, subject_id, subject_label, account_id, kind, number, sheet,
                  requested_at
        """,
        {"limit": limit, "lease": lease_seconds},
        row=_Claimed,
    )
    return [
        ClaimedDocument(
            id=row.id,
            attempt=row.attempt,
            subject=Subject(row.subject_kind, row.subject_id, row.subject_label, row.account_id),
            kind=row.kind,
            number=row.number,
            sheet=row.sheet,
            requested_at=row.requested_at,
        )
        for row in rows
    ]


async def end_rendered(tx: Tx, document: ClaimedDocument, rendered: Rendered, *, file_hash: bytes) -> bool:
    """Note the PDF, unless another attempt has ended the document; return whether it was noted."""
    return bool(
        await tx.execute(
            """
            UPDATE documents.document
               SET state = 'rendered', file_hash = %(hash)s, pages = %(pages)s, byte_count = %(bytes)s,
                   render_ms = %(ms)s, ended_at = base.now(), lease_until = NULL
             WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'requested'
            """,
            {
                "id": document.id,
                "attempt": document.attempt,
                "hash": file_hash,
                "pages": rendered.pages,
                "bytes": len(rendered.pdf),
                "ms": round(rendered.seconds * 1000, 1),
            },
        )
    )


async def end_refused(tx: Tx, document: ClaimedDocument, *, problem: str) -> bool:
    """Note why there will be no PDF, unless another attempt has ended the document; return whether it was noted."""
    return bool(
        await tx.execute(
            """
            UPDATE documents.document
               SET state = 'refused', problem = %(problem)s, ended_at = base.now(), lease_until = NULL
             WHERE id = %(id)s AND attempt = %(attempt)s AND state = 'requested'
            """,
            {"id": document.id, "attempt": document.attempt, "problem": problem[:2000]},
        )
    )
