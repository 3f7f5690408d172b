"""Who was told of a request and what came back, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from orderloom.base.transaction import Tx

SHOWN_MOST = 200


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody who was told of a step, or is to be: over which channel, and where the message stands."""

    name: str
    step: str
    round: int
    due_at: datetime
    told_at: datetime | None
    message_id: int | None
    channel: str | None
    address: str | None
    state: str | None
    said: str | None


@dataclass(frozen=True, slots=True)
class ReplyRow:
    """A reply and what became of it."""

    channel: str
    sender: str
    outcome: str
    problem: str
    at: datetime


async def told_of(tx: Tx, request_id: int) -> list[Told]:
    """Who was told of a request, from the first on; who was not, since it was decided before, is left out."""
    return await tx.all(
        """
        SELECT person.name, step.label AS step, notice.round, notice.due_at, notice.told_at, notice.message_id,
               delivery.channel, delivery.address, delivery.state, delivery.reply AS said
          FROM approvals.notice
          JOIN approvals.step ON step.request_id = notice.request_id AND step.name = notice.step
          JOIN parties.user AS person ON person.id = notice.user_id
          LEFT JOIN messages.delivery ON delivery.message_id = notice.message_id
         WHERE notice.request_id = %(id)s AND (notice.told_at IS NULL OR notice.message_id IS NOT NULL)
         ORDER BY notice.due_at, person.name, notice.round
         LIMIT %(most)s
        """,
        {"id": request_id, "most": SHOWN_MOST},
        row=Told,
    )


async def replies_to(tx: Tx, request_id: int) -> list[ReplyRow]:
    """What came back, from the first on."""
    return await tx.all(
        """
        SELECT channel, sender, outcome, problem, at
          FROM approvals.reply
         WHERE request_id = %(id)s
         ORDER BY id
         LIMIT %(most)s
        """,
        {"id": request_id, "most": SHOWN_MOST},
        row=ReplyRow,
    )
