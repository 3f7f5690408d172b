"""What people and higher rooms ask of messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, LiteralString

from orderloom.base.blobs import blobs
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.messages.doors import closed
from orderloom.messages.states import TROUBLED
from orderloom.messages.types import Enclosure, Recipient
from orderloom.parties.policy import account_filter

PAGE = 100
ATTEMPTS_SHOWN = 1_000


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list; `deliveries` and `attachments` are plain values."""

    id: int
    channel: str
    subject_kind: str
    subject_id: int
    subject_label: str
    letter: str
    language: str
    title: str
    created_by: str
    created_at: datetime
    deliveries: list[dict[str, Any]]
    attachments: list[dict[str, Any]]


_ROW: LiteralString = """message.id, message.channel, message.subject_kind, message.subject_id, message.subject_label,
               message.letter, message.language, message.title, message.created_by, message.created_at,
               (SELECT jsonb_agg(jsonb_build_object('id', delivery.id, 'address', delivery.address,
                                                    'name', delivery.name, 'role', delivery.role,
                                                    'state', delivery.state, 'attempt', delivery.attempt,
                                                    'code', delivery.code, 'reply', delivery.reply)
                                 ORDER BY delivery.id)
                  FROM messages.delivery
                 WHERE delivery.message_id = message.id) AS deliveries,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('position', attachment.position, 'name', attachment.name,
                                                             'source_kind', attachment.source_kind,
                                                             'source_id', attachment.source_id)
                                          ORDER BY attachment.position), '[]')
                  FROM messages.attachment
                 WHERE attachment.message_id = message.id) AS attachments"""


async def messages(
    tx: Tx,
    *,
    subject: tuple[str, int] | None = None,
    state: str | None = None,
    troubled: bool = False,
    before: int | None = None,
    limit: int = PAGE,
) -> list[MessageRow]:
    """Messages that the actor sees, the newest first, paged by id: of a subject, in a state, or in trouble."""
    where, params = account_filter(tx.actor, "message.account_id")
    return await tx.all(
        f"""
        SELECT {_ROW}
          FROM messages.message
         WHERE (%(kind)s::text IS NULL OR (message.subject_kind = %(kind)s AND message.subject_id = %(subject_id)s))
           AND (%(states)s::text[] IS NULL
                OR message.id IN (SELECT delivery.message_id
                                    FROM messages.delivery
                                   WHERE delivery.state = ANY(%(states)s)))
           AND (%(before)s::bigint IS NULL OR message.id < %(before)s)
           AND {where}
         ORDER BY message.id DESC
         LIMIT %(limit)s
        """,
        {
            "kind": subject[0] if subject else None,
            "subject_id": subject[1] if subject else None,
            "states": list(TROUBLED) if troubled else [state] if state else None,
            "before": before,
            "limit": limit,
            **params,
        },
        row=MessageRow,
    )


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt of a delivery, and what the channel said."""

    delivery_id: int
    address: str
    number: int
    at: datetime
    outcome: str
    code: int | None
    reply: str


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One message, whole, with every attempt of every delivery."""

    id: int
    channel: str
    subject_kind: str
    subject_id: int
    subject_label: str
    letter: str
    language: str
    title: str
    body: str
    html: str
    token: str
    created_by: str
    created_at: datetime
    deliveries: list[dict[str, Any]]
    attachments: list[dict[str, Any]]
    attempts: list[AttemptRow] = field(default_factory=list)


async def message(tx: Tx, message_id: int) -> MessagePage:
    """One message, without its links; refuses (404) what does not exist or the actor does not see."""
    where, params = account_filter(tx.actor, "message.account_id")
    found = await tx.one_or_none(
        f"""
        SELECT {_ROW}, message.body, message.html, message.token::text
          FROM messages.message
         WHERE message.id = %(id)s
           AND {where}
        """,
        {"id": message_id, **params},
        row=MessagePage,
    )
    if found is None:
        raise NotFound([Problem("message_unknown", "There is no such message that you may see; look in the list.")])
    attempts = await _attempts(tx, message_id)
    return replace(found, body=closed(found.body), html=closed(found.html), attempts=attempts)


async def _attempts(tx: Tx, message_id: int) -> list[AttemptRow]:
    return await tx.all(
        """
        SELECT delivery.id AS delivery_id, delivery.address, attempt.number, attempt.at, attempt.outcome, attempt.code,
               attempt.reply
          FROM messages.delivery
          JOIN messages.attempt ON attempt.delivery_id = delivery.id
         WHERE delivery.message_id = %(id)s
         ORDER BY attempt.at, delivery.id, attempt.number
         LIMIT %(limit)s
        """,
        {"id": message_id, "limit": ATTEMPTS_SHOWN},
        row=AttemptRow,
    )


async def queued_count(tx: Tx) -> int:
    """How many deliveries of the accounts that the actor sees are queued."""
    where, params = account_filter(tx.actor, "message.account_id")
    found = await tx.value(
        f"""
        SELECT count(*)
          FROM messages.delivery
          JOIN messages.message ON message.id = delivery.message_id
         WHERE delivery.state = 'queued'
           AND {where}
        """,
        params,
    )
    return int(found or 0)


async def recipients_of(tx: Tx, message_ids: Sequence[int]) -> dict[int, list[Recipient]]:
    """Everybody whom messages are addressed to, in the order in which they were named."""
    rows = await tx.all(
        """
        SELECT message_id, address, name, role
          FROM messages.delivery
         WHERE message_id = ANY(%(ids)s)
         ORDER BY id
        """,
        {"ids": list(message_ids)},
    )
    found: dict[int, list[Recipient]] = defaultdict(list)
    for message_id, address, name, role in rows:
        found[message_id].append(Recipient(address, name, role))
    return found


async def enclosures_of(tx: Tx, message_ids: Sequence[int]) -> dict[int, list[Enclosure]]:
    """The files of messages, whole, in their order."""
    rows = await tx.all(
        """
        SELECT message_id, name, media_type, file_hash
          FROM messages.attachment
         WHERE message_id = ANY(%(ids)s) AND file_hash IS NOT NULL
         ORDER BY message_id, position
        """,
        {"ids": list(message_ids)},
    )
    contents = await blobs(tx, [bytes(row[3]) for row in rows])
    found: dict[int, list[Enclosure]] = defaultdict(list)
    for message_id, name, media_type, file_hash in rows:
        found[message_id].append(Enclosure(name, media_type, contents[bytes(file_hash)]))
    return found


async def message_with_key(tx: Tx, key: str) -> int | None:
    """The message that has this key, if there is one; whoever knows the key has been let through."""
    found: int | None = await tx.value("SELECT id FROM messages.message WHERE key = %(key)s", {"key": key})
    return found


async def delivery_ids(tx: Tx, *, token: str, address: str) -> list[int]:
    """The delivery of the message with this token to this address, however its letters are cased."""
    return await tx.values(
        """
        SELECT delivery.id
          FROM messages.message
          JOIN messages.delivery ON delivery.message_id = message.id
         WHERE message.token = %(token)s::uuid AND lower(delivery.address) = lower(%(address)s)
        """,
        {"token": token, "address": address},
    )
