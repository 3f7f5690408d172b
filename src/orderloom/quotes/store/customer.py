"""What customers do with an offer: their links, questions and answers."""

from __future__ import annotations

from datetime import datetime

from orderloom.base.transaction import Tx


async def insert_link(
    tx: Tx, quote_id: int, *, expires_at: datetime, token_hash: bytes | None = None, promised_id: int | None = None
) -> int:
    """Keep a way in, by the digest of its token, or by a promised link whose token is made when it is sent."""
    link_id: int = await tx.value(
        """
        INSERT INTO quotes.link (quote_id, token_hash, promised_id, made_by, expires_at)
        VALUES (%(quote_id)s, %(token_hash)s, %(promised_id)s, %(by)s, %(expires_at)s)
     RETURNING id
        """,
        {
            "quote_id": quote_id,
            "token_hash": token_hash,
            "promised_id": promised_id,
            "by": tx.actor.name,
            "expires_at": expires_at,
        },
    )
    return link_id


async def end_links(tx: Tx, quote_id: int) -> int:
    """Close every way in to a quote; return how many were open."""
    return await tx.execute(
        """
        UPDATE quotes.link
           SET ended_at = %(now)s
         WHERE quote_id = %(quote_id)s
           AND ended_at IS NULL
           AND expires_at > %(now)s
        """,
        {"quote_id": quote_id, "now": tx.now},
    )


async def insert_question(tx: Tx, quote_id: int, version: int, *, asked_by: str, text: str) -> int:
    """Keep a question."""
    question_id: int = await tx.value(
        """
        INSERT INTO quotes.question (quote_id, version, asked_by, text)
        VALUES (%(quote_id)s, %(version)s, %(asked_by)s, %(text)s)
     RETURNING id
        """,
        {"quote_id": quote_id, "version": version, "asked_by": asked_by, "text": text},
    )
    return question_id


async def open_questions(tx: Tx, quote_id: int) -> int:
    """How many questions wait for an answer."""
    count: int = await tx.value(
        "SELECT count(*) FROM quotes.question WHERE quote_id = %(quote_id)s AND answered_at IS NULL",
        {"quote_id": quote_id},
    )
    return count


async def answer_question(tx: Tx, quote_id: int, question_id: int, *, answer: str) -> bool:
    """Keep an answer; False where the question has one, or is none of this quote."""
    return bool(
        await tx.execute(
            """
            UPDATE quotes.question
               SET answer = %(answer)s, answered_by = %(by)s, answered_at = %(now)s
             WHERE id = %(id)s
               AND quote_id = %(quote_id)s
               AND answered_at IS NULL
            """,
            {"id": question_id, "quote_id": quote_id, "answer": answer, "by": tx.actor.name, "now": tx.now},
        )
    )


async def insert_acceptance(
    tx: Tx,
    quote_id: int,
    version: int,
    *,
    name: str,
    by_customer: bool,
    note: str,
    chosen: list[str],
    link_id: int | None,
) -> None:
    """Keep who said yes to which version, with which options."""
    await tx.execute(
        """
        INSERT INTO quotes.acceptance (quote_id, version, name, by_customer, note, chosen, link_id, recorded_by)
        VALUES (%(quote_id)s, %(version)s, %(name)s, %(by_customer)s, %(note)s, %(chosen)s, %(link_id)s, %(by)s)
        """,
        {
            "quote_id": quote_id,
            "version": version,
            "name": name,
            "by_customer": by_customer,
            "note": note,
            "chosen": chosen,
            "link_id": link_id,
            "by": tx.actor.name,
        },
    )
