"""Quotes themselves: locked, created, moved, and counted on with each change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString

from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter
from orderloom.quotes.quote import Head
from orderloom.quotes.states import Move

HEAD: LiteralString = """
               quote.id, quote.number, quote.account_id, quote.account_name, quote.is_template, quote.type,
               quote.channel, quote.currency, quote.state, quote.state_note, quote.lost_reason, quote.active_version,
               quote.owner_id, quote.copied_from_id, quote.time_zone, quote.valid_until, quote.expires_at, quote.stamp,
               quote.created_by, quote.created_at, quote.sent_at, quote.ended_at
"""


async def lock(tx: Tx, quote_ids: Sequence[int]) -> dict[int, Head]:
    """Lock quotes that the actor sees, in id order; those that they do not see are left out."""
    seen, params = account_filter(tx.actor, "quote.account_id")
    heads = await tx.all(
        f"""
          SELECT {HEAD}
            FROM quotes.quote
           WHERE quote.id = ANY(%(ids)s)
             AND (quote.is_template OR {seen})
        ORDER BY quote.id
             FOR UPDATE
        """,
        {"ids": list(quote_ids), **params},
        row=Head,
    )
    return {head.id: head for head in heads}


@dataclass(frozen=True, slots=True)
class NewQuote:
    """A quote, ready to be written."""

    account_id: int | None
    account_name: str
    is_template: bool
    type: str
    channel: str
    currency: str
    owner_id: int | None
    copied_from_id: int | None
    time_zone: str
    valid_until: date
    expires_at: datetime


async def insert(tx: Tx, quote: NewQuote) -> Head:
    """Write a quote down under the next number, as a draft whose first version follows."""
    return await tx.one(
        f"""
        INSERT INTO quotes.quote
               (number, account_id, account_name, is_template, type, channel, currency, owner_id, copied_from_id,
                time_zone, valid_until, expires_at, created_by)
        SELECT (SELECT base.take_numbers('quote', 1)), %(account_id)s, %(account_name)s, %(is_template)s, %(type)s,
               %(channel)s, %(currency)s, %(owner_id)s, %(copied_from_id)s, %(time_zone)s, %(valid_until)s,
               %(expires_at)s, %(created_by)s
        RETURNING {HEAD}
        """,
        {
            "account_id": quote.account_id,
            "account_name": quote.account_name,
            "is_template": quote.is_template,
            "type": quote.type,
            "channel": quote.channel,
            "currency": quote.currency,
            "owner_id": quote.owner_id,
            "copied_from_id": quote.copied_from_id,
            "time_zone": quote.time_zone,
            "valid_until": quote.valid_until,
            "expires_at": quote.expires_at,
            "created_by": tx.actor.name,
        },
        row=Head,
    )


async def move(
    tx: Tx, quote_ids: Sequence[int], move: Move, *, note: str = "", lost_reason: str | None = None
) -> list[Head]:
    """Move those that stand where the move begins; return them as they are now."""
    return await tx.all(
        f"""
           UPDATE quotes.quote
              SET state = %(after)s,
                  state_note = %(note)s,
                  lost_reason = %(lost_reason)s,
                  stamp = stamp + 1,
                  sent_at = CASE %(after)s WHEN 'sent' THEN %(now)s ELSE sent_at END,
                  ended_at = CASE WHEN %(after)s IN ('lost', 'converted') THEN %(now)s::timestamptz END
            WHERE id = ANY(%(ids)s)
              AND state = ANY(%(before)s)
        RETURNING {HEAD}
        """,
        {
            "ids": list(quote_ids),
            "before": list(move.before),
            "after": move.after,
            "note": note,
            "lost_reason": lost_reason,
            "now": tx.now,
        },
        row=Head,
    )


async def touch(
    tx: Tx, quote_id: int, *, valid_until: date, expires_at: datetime, active_version: int | None = None
) -> Head:
    """Count a change of a quote, with what its active version says of its validity."""
    return await tx.one(
        f"""
           UPDATE quotes.quote
              SET stamp = stamp + 1,
                  valid_until = %(valid_until)s,
                  expires_at = %(expires_at)s,
                  active_version = coalesce(%(active_version)s, active_version)
            WHERE id = %(id)s
        RETURNING {HEAD}
        """,
        {"id": quote_id, "valid_until": valid_until, "expires_at": expires_at, "active_version": active_version},
        row=Head,
    )


async def count_change(tx: Tx, quote_id: int) -> None:
    """Count a change that leaves the quote's own row as it is."""
    await tx.execute("UPDATE quotes.quote SET stamp = stamp + 1 WHERE id = %(id)s", {"id": quote_id})


async def due_to_expire(tx: Tx, *, limit: int) -> list[int]:
    """Offers whose last day is over; those that somebody works on are left for the next time."""
    return await tx.values(
        """
          SELECT id
            FROM quotes.quote
           WHERE state = 'sent'
             AND expires_at <= %(now)s
        ORDER BY id
           LIMIT %(limit)s
             FOR UPDATE SKIP LOCKED
        """,
        {"limit": limit, "now": tx.now},
    )
