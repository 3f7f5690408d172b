"""The inbox: messages of partners, once each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.base.types import Subject
from orderloom.gateway.types import Message


@dataclass(frozen=True, slots=True)
class Gate:
    """What is needed to tell whether a message is genuine."""

    partner_id: int
    secrets: Sequence[str]
    now: float


@dataclass(frozen=True, slots=True)
class Origin:
    """The call that a correlation came from, as far as it is known."""

    call_id: int
    partner_id: int
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message after it was written; `deliveries` above one: it was here before."""

    id: int
    state: str
    deliveries: int


@dataclass(frozen=True, slots=True)
class MovedMessage:
    """A message that a person or a room above has moved."""

    id: int
    partner: str
    message_id: str
    type: str
    correlation: str | None
    subject_kind: str | None
    subject_id: int | None
    subject_label: str | None
    account_id: int | None

    @property
    def subject(self) -> Subject:
        """What it is about; the message itself, while that is not known."""
        if self.subject_kind is None or self.subject_id is None or self.subject_label is None:
            return message_subject(self.id, self.message_id)
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


def message_subject(row_id: int, message_id: str) -> Subject:
    """A message as the subject of a fact."""
    return Subject("gateway.message", row_id, message_id)


async def gate(tx: Tx, partner_code: str) -> Gate | None:
    """The keys that a partner's messages may be signed with, and the real time."""
    return await tx.one_or_none(
        """
        SELECT partner.id AS partner_id,
               ARRAY(SELECT secret
                       FROM gateway.secret
                      WHERE secret.partner_id = partner.id AND direction = 'in'
                        AND (valid_until IS NULL OR valid_until > clock_timestamp())
                      ORDER BY secret.id DESC) AS secrets,
               extract(epoch FROM clock_timestamp())::double precision AS now
          FROM gateway.partner
         WHERE code = %(code)s AND kind = 'system'
        """,
        {"code": partner_code},
        row=Gate,
    )


async def count_turned_away(tx: Tx, partner_id: int, reason: str) -> None:
    """Count a message that was not believed; one row a partner, day and reason."""
    await tx.execute(
        """
        INSERT INTO gateway.turned_away (partner_id, day, reason)
        VALUES (%(partner_id)s, (clock_timestamp() AT TIME ZONE 'UTC')::date, %(reason)s)
            ON CONFLICT (partner_id, day, reason) DO UPDATE
           SET times = turned_away.times + 1, last_at = clock_timestamp()
        """,
        {"partner_id": partner_id, "reason": reason},
    )


async def origins(tx: Tx, correlation: str, *, partner_id: int) -> list[Origin]:
    """The latest calls that carried this correlation, those of the partner first."""
    return await tx.all(
        """
        SELECT id AS call_id, partner_id, subject_kind, subject_id, subject_label, account_id
          FROM gateway.call
         WHERE correlation = %(correlation)s
         ORDER BY (partner_id = %(partner_id)s) DESC, id DESC
         LIMIT 1
        """,
        {"correlation": correlation, "partner_id": partner_id},
        row=Origin,
    )


async def add_message(
    tx: Tx, *, partner_id: int, message_id: str, kind: str, correlation: str | None, outputs: Mapping[str, Any],
    origin: Origin | None, state: str, reason: str, sent_at_seconds: int,
) -> Arrived:  # fmt: skip
    """Write a message, or count another delivery of one that is known by its id."""
    return await tx.one(
        """
        INSERT INTO gateway.message (partner_id, message_id, type, correlation, outputs, call_id, subject_kind,
                                     subject_id, subject_label, account_id, state, reason, sent_at, ended_at)
        VALUES (%(partner_id)s, %(message_id)s, %(kind)s, %(correlation)s, %(outputs)s, %(call_id)s,
                %(subject_kind)s, %(subject_id)s, %(subject_label)s, %(account_id)s, %(state)s, %(reason)s,
                to_timestamp(%(sent_at)s), CASE WHEN %(state)s = 'rejected' THEN base.now() END)
            ON CONFLICT (partner_id, message_id) DO UPDATE
           SET deliveries = message.deliveries + 1
     RETURNING id, state, deliveries
        """,
        {
            "partner_id": partner_id,
            "message_id": message_id,
            "kind": kind,
            "correlation": correlation,
            "outputs": Json(outputs),
            "call_id": origin.call_id if origin else None,
            "subject_kind": origin.subject_kind if origin else None,
            "subject_id": origin.subject_id if origin else None,
            "subject_label": origin.subject_label if origin else None,
            "account_id": origin.account_id if origin else None,
            "state": state,
            "reason": reason,
            "sent_at": sent_at_seconds,
        },
        row=Arrived,
    )


async def lock_open_messages(
    tx: Tx, *, correlations: Sequence[str] | None = None, ids: Sequence[int] | None = None
) -> list[Message]:
    """Messages that nobody has acted on, locked, in the order in which they came."""
    return await tx.all(
        """
        SELECT message.id, partner.code AS partner, message.type, message.correlation, message.outputs,
               message.received_at
          FROM gateway.message
          JOIN gateway.partner ON partner.id = message.partner_id
         WHERE state IN ('received', 'unmatched')
           AND (message.correlation = ANY(%(correlations)s) OR message.id = ANY(%(ids)s))
         ORDER BY message.id
         LIMIT 1000
           FOR NO KEY UPDATE OF message
        """,
        {"correlations": list(correlations or []), "ids": list(ids or [])},
        row=Message,
    )


async def move_messages(tx: Tx, ids: Sequence[int], *, state: str, reason: str) -> list[MovedMessage]:
    """Give open messages another state; those that were open and stood otherwise."""
    return await tx.all(
        """
          WITH asked AS (
               SELECT id FROM gateway.message
                WHERE id = ANY(%(ids)s) AND state IN ('received', 'unmatched') AND state <> %(state)s
                ORDER BY id
                  FOR NO KEY UPDATE)
        UPDATE gateway.message
           SET state = %(state)s, reason = %(reason)s,
               ended_at = CASE WHEN %(state)s IN ('matched', 'rejected') THEN base.now() END
          FROM asked, gateway.partner
         WHERE message.id = asked.id AND partner.id = message.partner_id
     RETURNING message.id, partner.code AS partner, message_id, type, correlation, subject_kind, subject_id,
               subject_label, account_id
        """,
        {"ids": list(ids), "state": state, "reason": reason},
        row=MovedMessage,
    )


async def assign_message(tx: Tx, message_id: int, *, correlation: str, reason: str) -> MovedMessage | None:
    """Give an open message the correlation that a person found; None when it is not open."""
    return await tx.one_or_none(
        """
        UPDATE gateway.message
           SET correlation = %(correlation)s, reason = %(reason)s, state = 'received',
               call_id = coalesce(known.call_id, message.call_id),
               subject_kind = coalesce(known.subject_kind, message.subject_kind),
               subject_id = coalesce(known.subject_id, message.subject_id),
               subject_label = coalesce(known.subject_label, message.subject_label),
               account_id = coalesce(known.account_id, message.account_id)
          FROM gateway.partner
     LEFT JOIN LATERAL (SELECT id AS call_id, subject_kind, subject_id, subject_label, account_id
                          FROM gateway.call
                         WHERE correlation = %(correlation)s AND call.partner_id = partner.id
                         ORDER BY id DESC
                         LIMIT 1) AS known ON true
         WHERE message.id = %(message_id)s AND state IN ('received', 'unmatched')
           AND partner.id = message.partner_id
     RETURNING message.id, partner.code AS partner, message_id, type, message.correlation, message.subject_kind,
               message.subject_id, message.subject_label, message.account_id
        """,
        {"message_id": message_id, "correlation": correlation, "reason": reason},
        row=MovedMessage,
    )
