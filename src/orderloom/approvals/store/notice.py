"""Who is to be told that a step waits for them, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Notice:
    """Somebody who is to be told of a step; `round` counts the reminders."""

    request_id: int
    step: str
    user_id: int
    round: int


async def add(tx: Tx, asks: Sequence[tuple[int, str]], *, reminds: bool = False) -> int:
    """Tell all who may decide these open steps (request, name) now, those too who decide for them; return how many.

    Who asked for it is not told. A first notice is written once, a reminder as often as this is called.
    """
    return await tx.execute(
        """
          WITH RECURSIVE asked AS (
               SELECT candidate.request_id, candidate.step, candidate.user_id, request.subject_kind,
                      request.requesters, 0 AS depth
                 FROM unnest(%(request_ids)s::bigint[], %(steps)s::text[]) AS wanted (request_id, step)
                 JOIN approvals.candidate USING (request_id, step)
                 JOIN approvals.request ON request.id = candidate.request_id AND request.state = 'open'
                WHERE candidate.is_active
                  AND NOT EXISTS (SELECT FROM approvals.verdict
                                   WHERE verdict.request_id = candidate.request_id AND verdict.step = candidate.step
                                     AND verdict.candidate_id = candidate.user_id)
                UNION
               SELECT asked.request_id, asked.step, delegation.delegate_id, asked.subject_kind, asked.requesters,
                      asked.depth + 1
                 FROM asked
                 JOIN approvals.delegation ON delegation.user_id = asked.user_id
                WHERE delegation.ended_at IS NULL AND delegation.during @> base.now() AND asked.depth < 10
                  AND (delegation.subjects = '{}' OR asked.subject_kind = ANY(delegation.subjects)))
        INSERT INTO approvals.notice (request_id, step, user_id, round)
        SELECT DISTINCT asked.request_id, asked.step, asked.user_id,
               CASE WHEN %(reminds)s THEN 1 + coalesce((SELECT max(earlier.round) FROM approvals.notice AS earlier
                                                         WHERE earlier.request_id = asked.request_id
                                                           AND earlier.step = asked.step
                                                           AND earlier.user_id = asked.user_id), -1) ELSE 0 END
          FROM asked
          JOIN parties.user AS person ON person.id = asked.user_id AND person.is_active
         WHERE NOT asked.user_id = ANY(asked.requesters)
            ON CONFLICT DO NOTHING
        """,
        {"request_ids": [one for one, _ in asks], "steps": [name for _, name in asks], "reminds": reminds},
    )


async def claim(tx: Tx, *, limit: int) -> list[Notice]:
    """The notices that are due, told from now on; one worker at a time, so that nobody gets two messages for one."""
    return await tx.all(
        """
          WITH due AS (
               SELECT request_id, step, user_id, round
                 FROM approvals.notice
                WHERE told_at IS NULL AND due_at <= base.now()
                  AND pg_try_advisory_xact_lock(hashtextextended('approvals notices', 0))
                ORDER BY user_id, request_id
                LIMIT %(limit)s
                  FOR UPDATE SKIP LOCKED)
        UPDATE approvals.notice
           SET told_at = base.now()
          FROM due
         WHERE (notice.request_id, notice.step, notice.user_id, notice.round)
             = (due.request_id, due.step, due.user_id, due.round)
        RETURNING notice.request_id, notice.step, notice.user_id, notice.round
        """,
        {"limit": limit},
        row=Notice,
    )


async def set_message(tx: Tx, notices: Sequence[Notice], message_id: int) -> None:
    """Say in which message these were told."""
    await tx.execute(
        """
        UPDATE approvals.notice
           SET message_id = %(message_id)s
          FROM unnest(%(request_ids)s::bigint[], %(steps)s::text[], %(user_ids)s::bigint[], %(rounds)s::integer[])
               AS told (request_id, step, user_id, round)
         WHERE (notice.request_id, notice.step, notice.user_id, notice.round)
             = (told.request_id, told.step, told.user_id, told.round)
        """,
        {
            "message_id": message_id,
            "request_ids": [one.request_id for one in notices],
            "steps": [one.step for one in notices],
            "user_ids": [one.user_id for one in notices],
            "rounds": [one.round for one in notices],
        },
    )
