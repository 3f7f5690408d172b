"""What must be true of all processes at any moment."""

from __future__ import annotations

from orderloom.base.verify import Invariant

# What each step has sent along each of its edges, from the states alone.
_EDGES = """
      WITH edge AS (
           SELECT process.id AS process_id, (edge.value->>'first')::integer AS first,
                  (edge.value->>'then')::integer AS "then", edge.value->>'type' AS type, edge.value->>'kind' AS kind
             FROM processes.process
             JOIN processes.definition ON definition.id = process.definition_id
            CROSS JOIN LATERAL jsonb_array_elements(definition.graph->'edges') AS edge (value)),
           sent AS (
           SELECT edge.*, step.token, step.state AS first_state, step.mode AS first_mode,
                  CASE WHEN edge.type IN ('FS', 'FF') THEN step.token IS NOT NULL
                       ELSE step.token IS NOT NULL
                            OR (step.started_at IS NOT NULL AND step.state NOT IN ('failed', 'cancelled'))
                   END AS delivered,
                  edge.kind = 'gateway' AND step.token IS TRUE
                  AND (step.chosen IS NULL OR edge."then" = ANY(step.chosen)) AS live
             FROM edge
             JOIN processes.step ON step.process_id = edge.process_id AND step.number = edge.first)
"""

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "the counters of every step equal what its predecessors have sent",
        _EDGES
        + """
        SELECT format('process %s step %s: counts %s/%s/%s, should be %s/%s/%s', step.process_id, step.number,
                      step.pending, step.pending_finish, step.live, should.pending, should.pending_finish, should.live)
          FROM processes.step
          LEFT JOIN (SELECT process_id, "then" AS number,
                            count(*) FILTER (WHERE NOT delivered AND type IN ('FS', 'SS')) AS pending,
                            count(*) FILTER (WHERE NOT delivered AND type IN ('FF', 'SF')) AS pending_finish,
                            count(*) FILTER (WHERE live) AS live
                       FROM sent
                      WHERE kind <> 'completes'
                      GROUP BY process_id, "then") AS should USING (process_id, number)
         WHERE (step.pending, step.pending_finish, step.live)
               <> (coalesce(should.pending, 0), coalesce(should.pending_finish, 0), coalesce(should.live, 0))
        """,
    ),
    Invariant(
        "no step is done before the steps that it follows",
        _EDGES
        + """
        SELECT format('process %s step %s is done, but step %s is %s', sent.process_id, sent."then", sent.first,
                      sent.first_state)
          FROM sent
          JOIN processes.step ON step.process_id = sent.process_id AND step.number = sent."then"
         WHERE sent.kind <> 'completes' AND NOT sent.delivered AND sent.type = 'FS' AND step.state = 'done'
        """,
    ),
    Invariant(
        "a step that misses nothing and is not held is not blocked",
        """
        SELECT format('process %s step %s', process_id, number)
          FROM processes.step
         WHERE state = 'blocked' AND pending = 0 AND NOT held
        """,
    ),
    Invariant(
        "a step that has not started and misses a token is blocked",
        """
        SELECT format('process %s step %s is %s', process_id, number, state)
          FROM processes.step
         WHERE pending > 0 AND started_at IS NULL AND state IN ('ready', 'waiting')
        """,
    ),
    Invariant(
        "every step that has ended well has sent its token",
        """
        SELECT format('process %s step %s is %s', process_id, number, state)
          FROM processes.step
         WHERE token IS NULL
           AND (state = 'done'
                OR (pending = 0 AND pending_finish = 0
                    AND (state = 'skipped' OR (state = 'cancelled' AND sub_reason = 'revision'))))
        """,
    ),
    Invariant(
        "a failed step, or one that was cancelled otherwise, has sent nothing",
        """
        SELECT format('process %s step %s is %s', process_id, number, state)
          FROM processes.step
         WHERE token IS NOT NULL
           AND (state NOT IN ('done', 'skipped', 'cancelled') OR (state = 'cancelled' AND sub_reason <> 'revision'))
        """,
    ),
    Invariant(
        "every process with an open mandatory step runs, and wakes",
        """
        SELECT format('process %s is %s', process.id, process.state)
          FROM processes.process
         WHERE (process.state <> 'running' OR process.wake_at IS NULL)
           AND EXISTS (SELECT
                         FROM processes.step
                        WHERE step.process_id = process.id AND step.mandatory
                          AND step.state NOT IN ('done', 'skipped', 'cancelled'))
        """,
    ),
    Invariant(
        "a process whose mandatory steps have all ended is finished",
        """
        SELECT format('process %s', process.id)
          FROM processes.process
         WHERE process.state = 'running'
           AND NOT EXISTS (SELECT
                             FROM processes.step
                            WHERE step.process_id = process.id AND step.mandatory
                              AND step.state NOT IN ('done', 'skipped', 'cancelled'))
        """,
    ),
    Invariant(
        "every open step will be noticed: its process wakes no later than its latest typical finish",
        """
        SELECT format('process %s step %s', step.process_id, step.number)
          FROM processes.step
          JOIN processes.process ON process.id = step.process_id AND process.state = 'running'
         WHERE step.state NOT IN ('done', 'skipped', 'cancelled') AND step.wake_at > base.now()
           AND process.wake_at > step.wake_at
        """,
    ),
    Invariant(
        "no step's key is used twice in its process",
        """
        SELECT format('process %s key %s', process_id, key)
          FROM processes.step
         GROUP BY process_id, key
        HAVING count(*) > 1
        """,
    ),
    Invariant(
        "the log tells how every step that has ended, failed or waits came there",
        """
        SELECT format('process %s step %s is %s, the log says %s', step.process_id, step.number, step.state,
                      coalesce(last.to_state, 'nothing'))
          FROM processes.step
          LEFT JOIN LATERAL (SELECT to_state
                               FROM processes.step_log
                              WHERE step_log.process_id = step.process_id AND step_log.number = step.number
                              ORDER BY id DESC
                              LIMIT 1) AS last ON true
         WHERE (step.state IN ('done', 'skipped', 'cancelled', 'failed', 'waiting')
                AND last.to_state IS DISTINCT FROM step.state)
            OR (step.state IN ('blocked', 'ready', 'running') AND last.to_state IN ('done', 'skipped', 'cancelled'))
        """,
    ),
    Invariant(
        "a step is logged as done once",
        """
        SELECT format('process %s step %s', process_id, number)
          FROM processes.step_log
         WHERE from_state <> 'done' AND to_state = 'done'
         GROUP BY process_id, number
        HAVING count(*) > 1
        """,
    ),
    Invariant(
        "at most one member of a choice set is done",
        """
        SELECT format('process %s choice %s', process_id, choice)
          FROM processes.step
         WHERE choice IS NOT NULL AND state = 'done'
         GROUP BY process_id, choice
        HAVING count(*) > 1
        """,
    ),
)
