"""Webhooks: who is told which facts, and what was told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderloom.base.events import StoredEvent
from orderloom.base.transaction import Tx
from orderloom.gateway.store.call import MovedCall
from orderloom.gateway.types import WebhookDraft


@dataclass(frozen=True, slots=True)
class KnownWebhook:
    """A webhook as commands need it."""

    id: int
    partner_id: int
    partner: str
    active: bool
    event_types: Sequence[str]
    account_id: int | None


async def next_webhook_id(tx: Tx) -> int:
    """The id that a webhook will have, so that its partner can be named after it."""
    found: int = await tx.value("SELECT nextval(pg_get_serial_sequence('gateway.webhook', 'id'))")
    return found


async def add_webhook(tx: Tx, webhook_id: int, partner_id: int, draft: WebhookDraft) -> None:
    """Insert."""
    await tx.execute(
        """
        INSERT INTO gateway.webhook (id, partner_id, event_types, account_id, created_by)
        OVERRIDING SYSTEM VALUE
        VALUES (%(id)s, %(partner_id)s, %(event_types)s::text[], %(account_id)s, %(created_by)s)
        """,
        {
            "id": webhook_id,
            "partner_id": partner_id,
            "event_types": list(draft.event_types),
            "account_id": draft.account_id,
            "created_by": tx.actor.name,
        },
    )


async def webhooks(tx: Tx, ids: Sequence[int]) -> list[KnownWebhook]:
    """Those that exist."""
    return await tx.all(
        """
        SELECT webhook.id, partner_id, partner.code AS partner, active, event_types, account_id
          FROM gateway.webhook
          JOIN gateway.partner ON partner.id = webhook.partner_id
         WHERE webhook.id = ANY(%(ids)s)
         ORDER BY webhook.id
        """,
        {"ids": list(ids)},
        row=KnownWebhook,
    )


async def set_active(tx: Tx, webhook_id: int, *, active: bool) -> bool:
    """Switch; whether it stood the other way."""
    moved = await tx.execute(
        "UPDATE gateway.webhook SET active = %(active)s WHERE id = %(id)s AND active <> %(active)s",
        {"id": webhook_id, "active": active},
    )
    return moved == 1


async def events_between(
    tx: Tx, webhook: KnownWebhook, *, since: datetime, until: datetime, after_id: int, limit: int
) -> list[StoredEvent]:
    """The facts of a span that a webhook wants, oldest first, a page at a time."""
    return await tx.all(
        """
        SELECT id, at, type, actor_kind, actor_name, user_id, subject_kind, subject_id, subject_label, account_id,
               payload
          FROM base.event
         WHERE at >= %(since)s AND at < %(until)s AND id > %(after_id)s
           AND (type = ANY(%(types)s) OR '*' = ANY(%(types)s))
           AND (%(account_id)s::bigint IS NULL OR account_id = %(account_id)s)
         ORDER BY id
         LIMIT %(limit)s
        """,
        {
            "since": since,
            "until": until,
            "after_id": after_id,
            "types": list(webhook.event_types),
            "account_id": webhook.account_id,
            "limit": limit,
        },
        row=StoredEvent,
    )


async def requeue_deliveries(tx: Tx, call_ids: Sequence[int], *, reason: str) -> list[MovedCall]:
    """Put ended deliveries of webhooks back in the queue, answered ones too."""
    return await tx.all(
        """
          WITH asked AS (
               SELECT call.id
                 FROM gateway.call
                 JOIN gateway.partner ON partner.id = call.partner_id
                WHERE call.id = ANY(%(ids)s) AND partner.kind = 'webhook' AND call.state NOT IN ('queued', 'sending')
                ORDER BY call.id
                  FOR NO KEY UPDATE OF call)
        UPDATE gateway.call
           SET state = 'queued', tries = 0, outcome = NULL, status = NULL, reply = NULL, ended_at = NULL,
               reason = %(reason)s, next_attempt_at = clock_timestamp()
          FROM asked, gateway.partner
         WHERE call.id = asked.id AND partner.id = call.partner_id
     RETURNING new.id, partner.code AS partner, partner.kind AS partner_kind, new.operation, new.correlation,
               new.state, old.state AS before, new.subject_kind, new.subject_id, new.subject_label, new.account_id,
               new.outcome, new.status, new.reply
        """,
        {"ids": list(call_ids), "reason": reason},
        row=MovedCall,
    )
