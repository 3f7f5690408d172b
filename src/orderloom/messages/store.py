"""The only writer of the schema `messages`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.messages.letters import Written
from orderloom.messages.types import MessageDraft


@dataclass(frozen=True, slots=True)
class Moved:
    """A delivery that moved, with what it tells of."""

    id: int
    message_id: int
    address: str
    before: str
    after: str
    reply: str
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None

    @property
    def subject(self) -> Subject:
        return Subject(self.subject_kind, self.subject_id, self.subject_label, self.account_id)


async def add_message(tx: Tx, draft: MessageDraft, written: Written) -> int | None:
    """Write the head of a message; None where its key has been used."""
    found = await tx.value(
        """
        INSERT INTO messages.message
               (channel, subject_kind, subject_id, subject_label, account_id, letter, language, title, body, html, key,
                links, created_by)
        VALUES (%(channel)s, %(kind)s, %(id)s, %(label)s, %(account)s, %(letter)s, %(language)s, %(title)s, %(body)s,
                %(html)s, %(key)s, %(links)s, %(actor)s)
            ON CONFLICT (key) DO NOTHING
        RETURNING id
        """,
        {
            "channel": draft.channel,
            "kind": draft.subject.kind,
            "id": draft.subject.id,
            "label": draft.subject.label,
            "account": draft.subject.account_id,
            "letter": draft.letter,
            "language": draft.language,
            "title": written.title,
            "body": written.text,
            "html": written.html,
            "key": draft.key,
            "links": list(draft.links),
            "actor": tx.actor.name,
        },
    )
    return None if found is None else int(found)


async def add_attachments(tx: Tx, message_id: int, sources: Sequence[Subject]) -> None:
    """Note what goes with a message, in its order."""
    await tx.execute(
        """
        INSERT INTO messages.attachment (message_id, position, source_kind, source_id)
        SELECT %(message)s, position, kind, id
          FROM unnest(%(kinds)s::text[], %(ids)s::bigint[]) WITH ORDINALITY AS source (kind, id, position)
        """,
        {"message": message_id, "kinds": [s.kind for s in sources], "ids": [s.id for s in sources]},
    )


async def add_deliveries(tx: Tx, message_id: int, draft: MessageDraft, addresses: Sequence[str]) -> None:
    """Write one delivery for each recipient: waiting for files, or due at once."""
    await tx.execute(
        """
        INSERT INTO messages.delivery (message_id, channel, address, name, role, state)
        SELECT %(message)s, %(channel)s, address, name, role, %(state)s
          FROM unnest(%(addresses)s::text[], %(names)s::text[], %(roles)s::text[]) AS recipient (address, name, role)
            ON CONFLICT (message_id, address) DO NOTHING
        """,
        {
            "message": message_id,
            "channel": draft.channel,
            "state": "waiting" if draft.attachments else "queued",
            "addresses": list(addresses),
            "names": [recipient.name for recipient in draft.recipients],
            "roles": [recipient.role for recipient in draft.recipients],
        },
    )


@dataclass(frozen=True, slots=True)
class MissingFile:
    """A file that a waiting message has not got yet."""

    message_id: int
    position: int
    source_kind: str
    source_id: int


async def missing_files(tx: Tx, *, limit: int) -> list[MissingFile]:
    """Files that messages wait for; the messages stay locked, and those that another worker looks at are left out."""
    return await tx.all(
        """
          WITH looked_at AS (
               SELECT message.id
                 FROM messages.message
                WHERE EXISTS (SELECT FROM messages.delivery
                               WHERE delivery.message_id = message.id AND delivery.state = 'waiting')
                ORDER BY message.id
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        SELECT attachment.message_id, attachment.position, attachment.source_kind, attachment.source_id
          FROM looked_at
          JOIN messages.attachment ON attachment.message_id = looked_at.id
         WHERE attachment.file_hash IS NULL
         ORDER BY attachment.message_id, attachment.position
        """,
        {"limit": limit},
        row=MissingFile,
    )


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that is there now."""

    message_id: int
    position: int
    name: str
    media_type: str
    file_hash: bytes


async def attach(tx: Tx, files: Sequence[FoundFile]) -> None:
    """Pin files to their messages by hash."""
    await tx.execute(
        """
        UPDATE messages.attachment
           SET name = found.name, media_type = found.media_type, file_hash = found.file_hash
          FROM unnest(%(messages)s::bigint[], %(positions)s::integer[], %(names)s::text[], %(types)s::text[],
                      %(hashes)s::bytea[]) AS found (message_id, position, name, media_type, file_hash)
         WHERE attachment.message_id = found.message_id AND attachment.position = found.position
        """,
        {
            "messages": [file.message_id for file in files],
            "positions": [file.position for file in files],
            "names": [file.name for file in files],
            "types": [file.media_type for file in files],
            "hashes": [file.file_hash for file in files],
        },
    )


async def queue_complete(tx: Tx, message_ids: Sequence[int]) -> int:
    """Queue the deliveries of messages that have all their files; return how many."""
    return await tx.execute(
        """
        UPDATE messages.delivery
           SET state = 'queued', due_at = clock_timestamp(), moved_at = base.now()
         WHERE message_id = ANY(%(ids)s) AND state = 'waiting'
           AND NOT EXISTS (SELECT FROM messages.attachment
                            WHERE attachment.message_id = delivery.message_id AND attachment.file_hash IS NULL)
        """,
        {"ids": list(message_ids)},
    )


async def refuse_waiting(tx: Tx, message_ids: Sequence[int], replies: Sequence[str]) -> list[Moved]:
    """End the deliveries of messages whose file will never be made."""
    return await tx.all(
        """
        UPDATE messages.delivery
           SET state = 'refused', reply = doomed.reply, moved_at = base.now()
          FROM unnest(%(ids)s::bigint[], %(replies)s::text[]) AS doomed (id, reply)
          JOIN messages.message ON message.id = doomed.id
         WHERE delivery.message_id = doomed.id AND delivery.state = 'waiting'
        RETURNING delivery.id, delivery.message_id, delivery.address, 'waiting' AS before, delivery.state AS after,
                  delivery.reply, message.subject_kind, message.subject_id, message.subject_label, message.account_id
        """,
        {"ids": list(message_ids), "replies": list(replies)},
        row=Moved,
    )


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """A delivery that this worker sends now, with its message."""

    id: int
    attempt: int
    message_id: int
    channel: str
    address: str
    name: str
    role: str
    round: int
    token: str
    title: str
    body: str
    html: str
    links: list[int]
    created_at: datetime
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None


async def claim(tx: Tx, channels: Sequence[str], *, limit: int, lease_seconds: float) -> list[ClaimedDelivery]:
    """Lease deliveries of these channels that are due, the longest waiting first."""
    return await tx.all(
        """
          WITH due AS (
               SELECT id
                 FROM messages.delivery
                WHERE state = 'queued' AND channel = ANY(%(channels)s) AND due_at <= clock_timestamp()
                ORDER BY due_at, id
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        UPDATE messages.delivery
           SET state = 'sending', attempt = attempt + 1, round = round + 1, moved_at = base.now(),
               lease_until = clock_timestamp() + %(lease)s * interval '1 second'
          FROM due, messages.message
         WHERE delivery.id = due.id AND message.id = delivery.message_id
        RETURNING delivery.id, delivery.attempt, delivery.message_id, delivery.channel, delivery.address, delivery.name,
                  delivery.role, delivery.round, message.token::text, message.title, message.body, message.html,
                  message.links, message.created_at, message.subject_kind, message.subject_id,
                  message.subject_label, message.account_id
        """,
        {"channels": list(channels), "limit": limit, "lease": lease_seconds},
        row=ClaimedDelivery,
    )


async def reap(tx: Tx) -> list[Moved]:
    """Deliveries whose worker vanished while it was sending: nobody knows what became of them."""
    return await tx.all(
        """
          WITH lost AS (
               SELECT id
                 FROM messages.delivery
                WHERE state = 'sending' AND lease_until < clock_timestamp()
                ORDER BY id
                LIMIT 100
                  FOR UPDATE SKIP LOCKED)
        UPDATE messages.delivery
           SET state = 'unknown', lease_until = NULL, moved_at = base.now(), code = NULL,
               reply = 'The worker vanished while it was sending.'
          FROM lost, messages.message
         WHERE delivery.id = lost.id AND message.id = delivery.message_id
        RETURNING delivery.id, delivery.message_id, delivery.address, 'sending' AS before, delivery.state AS after,
                  delivery.reply, message.subject_kind, message.subject_id, message.subject_label, message.account_id
        """,
        row=Moved,
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt, and where that puts the delivery; a pause where it is tried again."""

    delivery_id: int
    attempt: int
    outcome: str
    after: str
    code: int | None
    reply: str
    pause_seconds: int = 0


async def record(tx: Tx, results: Sequence[Result]) -> list[Moved]:
    """Keep attempts and move their deliveries; one that another attempt has moved stays where it is."""
    return await tx.all(
        """
          WITH result AS (
               SELECT *
                 FROM unnest(%(ids)s::bigint[], %(attempts)s::integer[], %(outcomes)s::text[], %(after)s::text[],
                             %(codes)s::integer[], %(replies)s::text[], %(pauses)s::integer[])
                      AS result (delivery_id, attempt, outcome, after, code, reply, pause)),
               kept AS (
               INSERT INTO messages.attempt (delivery_id, number, outcome, code, reply)
               SELECT delivery_id, attempt, outcome, code, reply
                 FROM result
                   ON CONFLICT (delivery_id, number) DO NOTHING)
        UPDATE messages.delivery
           SET state = result.after, lease_until = NULL, code = result.code, reply = result.reply,
               moved_at = base.now(), due_at = clock_timestamp() + result.pause * interval '1 second'
          FROM result, messages.message
         WHERE delivery.id = result.delivery_id AND delivery.attempt = result.attempt AND delivery.state = 'sending'
           AND message.id = delivery.message_id
        RETURNING delivery.id, delivery.message_id, delivery.address, 'sending' AS before, delivery.state AS after,
                  delivery.reply, message.subject_kind, message.subject_id, message.subject_label, message.account_id
        """,
        {
            "ids": [result.delivery_id for result in results],
            "attempts": [result.attempt for result in results],
            "outcomes": [result.outcome for result in results],
            "after": [result.after for result in results],
            "codes": [result.code for result in results],
            "replies": [result.reply[:2000] for result in results],
            "pauses": [result.pause_seconds for result in results],
        },
        row=Moved,
    )


async def move(tx: Tx, delivery_ids: Sequence[int], *, before: Sequence[str], after: str, reply: str) -> list[Moved]:
    """Move deliveries by hand; those that stand elsewhere stay. Queued ones are due at once, in a new round."""
    return await tx.all(
        """
          WITH wanted AS (
               SELECT id, state
                 FROM messages.delivery
                WHERE id = ANY(%(ids)s) AND state = ANY(%(before)s)
                ORDER BY id
                  FOR UPDATE)
        UPDATE messages.delivery
           SET state = CASE WHEN %(after)s = 'queued'
                             AND EXISTS (SELECT FROM messages.attachment
                                          WHERE attachment.message_id = message.id AND attachment.file_hash IS NULL)
                            THEN 'waiting' ELSE %(after)s END,
               moved_at = base.now(), due_at = clock_timestamp(), code = NULL, reply = %(reply)s,
               round = CASE %(after)s WHEN 'queued' THEN 0 ELSE round END
          FROM wanted, messages.message
         WHERE delivery.id = wanted.id AND message.id = delivery.message_id
        RETURNING delivery.id, delivery.message_id, delivery.address, wanted.state AS before, delivery.state AS after,
                  delivery.reply, message.subject_kind, message.subject_id, message.subject_label, message.account_id
        """,
        {"ids": list(delivery_ids), "before": list(before), "after": after, "reply": reply[:2000]},
        row=Moved,
    )
