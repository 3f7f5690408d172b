"""Questions back to the requester in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orderloom.base.transaction import Tx


async def ask(tx: Tx, request_id: int, *, step: str, asked_by: int, question: str) -> bool:
    """Ask the requester something; false if a question is open already."""
    count = await tx.execute(
        """
        INSERT INTO approvals.question (request_id, step, asked_by, question)
        VALUES (%(request_id)s, %(step)s, %(asked_by)s, %(question)s)
            ON CONFLICT (request_id) WHERE answered_at IS NULL DO NOTHING
        """,
        {"request_id": request_id, "step": step, "asked_by": asked_by, "question": question},
    )
    return count == 1


async def answer(tx: Tx, request_id: int, *, answered_by: int, text: str) -> datetime | None:
    """Answer the open question; return when it was asked, none if there is none."""
    rows = await tx.values(
        """
        UPDATE approvals.question
           SET answered_by = %(answered_by)s, answer = %(answer)s, answered_at = base.now()
         WHERE request_id = %(request_id)s AND answered_at IS NULL
        RETURNING asked_at
        """,
        {"request_id": request_id, "answered_by": answered_by, "answer": text},
    )
    return rows[0] if rows else None


async def has_open_question(tx: Tx, request_ids: Sequence[int]) -> set[int]:
    """Those of these requests whose requester was asked something."""
    return set(
        await tx.values(
            """
            SELECT request_id FROM approvals.question WHERE request_id = ANY(%(ids)s) AND answered_at IS NULL
            """,
            {"ids": list(request_ids)},
        )
    )


async def open_question_by(tx: Tx, request_id: int) -> int | None:
    """Who asked the open question of a request."""
    found: int | None = await tx.value(
        "SELECT asked_by FROM approvals.question WHERE request_id = %(id)s AND answered_at IS NULL", {"id": request_id}
    )
    return found
