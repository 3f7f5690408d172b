"""What is forgotten of the wire, in short batches."""

from __future__ import annotations

from datetime import timedelta

from orderloom.base.transaction import Tx


async def forget_bodies(tx: Tx, *, keep: timedelta, limit: int) -> int:
    """Empty headers and bodies of attempts that ended longer ago than `keep`, of calls that have ended."""
    return await tx.execute(
        """
        UPDATE gateway.attempt
           SET request_headers = '{}', request_body = '', reply_headers = '{}', reply_body = '',
               forgotten_at = clock_timestamp()
         WHERE (call_id, number) = ANY(
               SELECT attempt.call_id, attempt.number
                 FROM gateway.attempt
                 JOIN gateway.call ON call.id = attempt.call_id
                WHERE attempt.forgotten_at IS NULL
                  AND attempt.ended_at < clock_timestamp() - %(keep)s
                  AND call.state NOT IN ('queued', 'sending')
                ORDER BY attempt.ended_at
                LIMIT %(limit)s
                  FOR UPDATE OF attempt SKIP LOCKED)
        """,
        {"keep": keep, "limit": limit},
    )
