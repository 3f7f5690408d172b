"""What customers do by their link: find the offer, ask, say yes or no."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from orderloom.base.refusals import Conflict, NotFound, Problem, refuse
from orderloom.base.transaction import Tx
from orderloom.parties.commands import LinkDraft, promise_links
from orderloom.quotes.commands.writing import lock_quote
from orderloom.quotes.events import QuoteQuestionAnswered, QuoteQuestionAsked
from orderloom.quotes.quote import Head
from orderloom.quotes.store import customer as store
from orderloom.quotes.store import quote as quotes
from orderloom.quotes.types import OFFER_LINK

TOKEN_BYTES = 32
LINK_DAYS = 90
QUESTIONS_MOST = 20


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A way in; the token is told once and kept nowhere."""

    token: str
    expires_at: datetime


async def make_link(tx: Tx, quote_id: int, *, days: int = LINK_DAYS) -> MadeLink:
    """A new unguessable way in for the customer, in place of every older one."""
    head = await _lock_shown(tx, quote_id)
    await store.end_links(tx, head.id)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = tx.now + timedelta(days=days)
    await store.insert_link(tx, head.id, token_hash=digest_of(token), expires_at=expires_at)
    return MadeLink(token, expires_at)


async def promise_link(tx: Tx, quote_id: int) -> int:
    """A way in for the customer beside those that there are, as a promised link whose token a message tells."""
    head = await _lock_shown(tx, quote_id)
    lifetime = timedelta(days=LINK_DAYS)
    (promised_id,) = await promise_links(tx, [LinkDraft(OFFER_LINK, subject=head.subject, lifetime=lifetime)])
    await store.insert_link(tx, head.id, promised_id=promised_id, expires_at=tx.now + lifetime)
    return promised_id


async def _lock_shown(tx: Tx, quote_id: int) -> Head:
    head = await lock_quote(tx, quote_id)
    if head.state not in ("sent", "accepted", "converted", "declined"):
        raise Conflict([Problem("quote_not_sent", f"{head.number} is {head.state}; send it before it is shown.")])
    return head


async def end_links(tx: Tx, quote_id: int) -> int:
    """Close every way in to a quote; return how many were open."""
    head = await lock_quote(tx, quote_id)
    return await store.end_links(tx, head.id)


def digest_of(token: str) -> bytes:
    """What is kept of a token. Of a wrong one, too, it is worked out, so that both take as long."""
    return sha256(token.encode("utf-8", "replace")).digest()


async def ask_question(tx: Tx, quote_id: int, *, asked_by: str, text: str) -> int:
    """Keep a customer's question about the active version; refused while too many wait for an answer."""
    head = await lock_quote(tx, quote_id)
    if await store.open_questions(tx, head.id) >= QUESTIONS_MOST:
        refuse("questions_too_many", "Your questions wait for an answer; we will be in touch before you ask more.")
    question_id = await store.insert_question(tx, head.id, head.active_version, asked_by=asked_by, text=text)
    await quotes.count_change(tx, head.id)
    tx.emit(QuoteQuestionAsked(head.subject, question_id, asked_by))
    return question_id


async def answer_question(tx: Tx, quote_id: int, question_id: int, *, answer: str) -> None:
    """Keep our answer, which the customer sees on their page; refuses (404) a question that waits for none."""
    head = await lock_quote(tx, quote_id)
    if not await store.answer_question(tx, head.id, question_id, answer=answer):
        raise NotFound([Problem("question_unknown", "There is no such question without an answer; look again.")])
    await quotes.count_change(tx, head.id)
    tx.emit(QuoteQuestionAnswered(head.subject, question_id))
