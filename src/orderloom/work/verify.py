"""What must be true of all task lists at any moment."""

from __future__ import annotations

from orderloom.base.verify import Invariant

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "only people's steps are assigned",
        """
        SELECT format('process %s step %s', process_id, number)
          FROM work.assignment
          JOIN processes.step USING (process_id, number)
         WHERE step.mode <> 'person'
        """,
    ),
    Invariant(
        "every open task is in a queue",
        """
        SELECT format('process %s step %s', process_id, number)
          FROM processes.step
         WHERE mode = 'person' AND state IN ('ready', 'running') AND queue IS NULL
        """,
    ),
    Invariant(
        "who has a task is who the log says took it last",
        """
        SELECT format('process %s step %s', process_id, number)
          FROM work.assignment
         CROSS JOIN LATERAL (SELECT user_id, action
                               FROM work.assignment_log
                              WHERE assignment_log.process_id = assignment.process_id
                                AND assignment_log.number = assignment.number
                              ORDER BY id DESC
                              LIMIT 1) AS last
         WHERE last.user_id <> assignment.user_id OR last.action = 'released'
        """,
    ),
)
