"""What came back to messages that ask for a verdict, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from orderloom.base.transaction import Tx

Outcome = Literal["decided", "refused", "unclear", "not_believed", "not_a_person"]


@dataclass(frozen=True, slots=True)
class Answered:
    """A message of ours that somebody answers: its links, and the one request that it asks about, if it is one."""

    message_id: int
    links: list[int]


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply and what became of it."""

    channel: str
    sender: str
    outcome: Outcome
    problem: str
    said: str


async def answered_message(tx: Tx, tokens: Sequence[str]) -> Answered | None:
    """The newest message that asks for a verdict among those that have these tokens in their Message-ID."""
    return await tx.one_or_none(
        """
        SELECT message.id AS message_id, message.links
          FROM messages.message
         WHERE message.token = ANY(%(tokens)s::uuid[]) AND message.links <> '{}'
           AND EXISTS (SELECT FROM approvals.notice WHERE notice.message_id = message.id)
         ORDER BY message.id DESC
         LIMIT 1
        """,
        {"tokens": list(tokens)},
        row=Answered,
    )


async def add(
    tx: Tx, reply: Reply, *, digest: bytes, message_id: int, request_id: int | None, user_id: int | None
) -> None:
    """Keep what became of a reply."""
    await tx.execute(
        """
        INSERT INTO approvals.reply (digest, channel, sender, message_id, request_id, user_id, outcome, problem, said)
        VALUES (%(digest)s, %(channel)s, %(sender)s, %(message_id)s, %(request_id)s, %(user_id)s, %(outcome)s,
                %(problem)s, left(%(said)s, 2000))
        """,
        {
            "digest": digest,
            "channel": reply.channel,
            "sender": reply.sender,
            "message_id": message_id,
            "request_id": request_id,
            "user_id": user_id,
            "outcome": reply.outcome,
            "problem": reply.problem,
            "said": reply.said,
        },
    )


async def known(tx: Tx, digest: bytes) -> Reply | None:
    """What became of this very reply when it came before; nobody else takes it until this transaction ends."""
    await tx.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(name)s, 0))", {"name": f"approvals reply {digest.hex()}"}
    )
    return await tx.one_or_none(
        "SELECT channel, sender, outcome, problem, said FROM approvals.reply WHERE digest = %(digest)s",
        {"digest": digest},
        row=Reply,
    )
