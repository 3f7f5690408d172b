"""What waits for a person, as small numbers in the rail."""

from __future__ import annotations

from orderloom.approvals.reads import count_waiting
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter

MOST = 100
"""Counting ends here, so that a rail is as cheap with a million tasks as with ten."""


async def waiting_counts(tx: Tx) -> dict[str, str]:
    """How much waits behind each place of the rail, by its path; places with nothing are absent.

    Tasks are those of the actor and of their teams; fallout is what failed of the accounts that they see. Both are read
    from partial indexes of what is open, and no further than to “99+”.
    """
    counted = {}
    if tx.actor.may("work.do"):
        counted["/tasks"] = await open_tasks(tx)
    counted["/approvals"] = await count_waiting(tx)
    if tx.actor.may("fulfilment.repair"):
        counted["/fallout"] = await failed_steps(tx)
    return {path: str(count) if count < MOST else f"{MOST - 1}+" for path, count in counted.items() if count}


async def open_tasks(tx: Tx) -> int:
    found: int = await tx.value(
        """
        SELECT count(*)
          FROM ((SELECT step.process_id, step.number
                   FROM work.queue
                  CROSS JOIN LATERAL (SELECT process_id, number
                                        FROM processes.step
                                       WHERE step.queue = queue.code
                                         AND step.mode = 'person' AND step.state IN ('ready', 'running')
                                       LIMIT %(most)s) AS step
                  WHERE queue.team_id = ANY(%(teams)s)
                  LIMIT %(most)s)
                 UNION
                (SELECT step.process_id, step.number
                   FROM work.assignment
                   JOIN processes.step USING (process_id, number)
                  WHERE assignment.user_id = %(user_id)s
                    AND step.mode = 'person' AND step.state IN ('ready', 'running')
                  LIMIT %(most)s)
                  LIMIT %(most)s) AS task
        """,
        {"teams": list(tx.actor.team_ids), "user_id": tx.actor.user_id, "most": MOST},
    )
    return found


async def failed_steps(tx: Tx) -> int:
    where, params = account_filter(tx.actor, "process.account_id")
    found: int = await tx.value(
        f"""
        SELECT count(*)
          FROM (SELECT
                  FROM processes.step
                  JOIN processes.process ON process.id = step.process_id
                 WHERE step.state = 'failed' AND {where}
                 LIMIT %(most)s) AS failed
        """,
        {"most": MOST, **params},
    )
    return found
