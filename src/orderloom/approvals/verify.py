"""What must be true of the room's rows at any moment."""

from __future__ import annotations

from orderloom.base.verify import Invariant

INVARIANTS = (
    Invariant(
        "every log of an approval is an unbroken chain of hashes",
        """
        SELECT request.number || ': entry ' || entry.number || ' does not follow from the one before'
          FROM (SELECT request_id, number, entry, hash,
                       lag(hash, 1, decode(repeat('00', 32), 'hex'))
                       OVER (PARTITION BY request_id ORDER BY number) AS before,
                       row_number() OVER (PARTITION BY request_id ORDER BY number) AS place
                  FROM approvals.entry) AS entry
          JOIN approvals.request ON request.id = entry.request_id
         WHERE entry.hash <> sha256(entry.before || convert_to(entry.entry, 'UTF8'))
            OR entry.number <> entry.place
         UNION ALL
        SELECT request.number || ' has no log'
          FROM approvals.request
         WHERE NOT EXISTS (SELECT FROM approvals.entry WHERE entry.request_id = request.id)
        """,
    ),
    Invariant(
        "every verdict stands in the log as it was given",
        """
        SELECT request.number || ': the verdict on ' || verdict.step || ' is not the one in the log'
          FROM approvals.verdict
          JOIN approvals.request ON request.id = verdict.request_id
         WHERE NOT EXISTS (SELECT FROM approvals.entry
                            WHERE entry.request_id = verdict.request_id
                              AND entry.entry::jsonb @> jsonb_build_object(
                                  'kind', 'verdict', 'step', verdict.step, 'verdict', verdict.verdict,
                                  'comment', verdict.comment, 'candidate_id', verdict.candidate_id,
                                  'user_id', verdict.decided_by, 'content', encode(verdict.content_hash, 'hex')))
        """,
    ),
    Invariant(
        "every verdict is for the content that its request shows",
        """
        SELECT request.number || ': a verdict on ' || verdict.step || ' is for other content'
          FROM approvals.verdict
          JOIN approvals.request ON request.id = verdict.request_id
         WHERE verdict.content_hash <> request.content_hash
        """,
    ),
    Invariant(
        "who asks never decides",
        """
        SELECT request.number || ': ' || person.name || ' asked and decided'
          FROM approvals.verdict
          JOIN approvals.request ON request.id = verdict.request_id
          JOIN parties.user AS person ON person.id = verdict.decided_by
         WHERE verdict.decided_by = ANY(request.requesters) OR verdict.candidate_id = ANY(request.requesters)
        """,
    ),
    Invariant(
        "what is approved was approved in every step",
        """
        SELECT request.number || ': ' || step.name || ' is ' || coalesce(step.decision, 'undecided')
          FROM approvals.request
          JOIN approvals.step ON step.request_id = request.id
         WHERE request.state = 'approved' AND coalesce(step.decision, '') NOT IN ('approved', 'kept', 'overridden')
         UNION ALL
        SELECT request.number || ': ' || step.name || ' has too few approvals'
          FROM approvals.request
          JOIN approvals.step ON step.request_id = request.id
         WHERE step.decision = 'approved'
           AND (SELECT count(*) FROM approvals.verdict
                 WHERE verdict.request_id = step.request_id AND verdict.step = step.name
                   AND verdict.verdict = 'approve') < greatest(step.needed, 1)
        """,
    ),
    Invariant(
        "a request that has ended asks nobody",
        """
        SELECT request.number || ': ' || step.name || ' is still asked'
          FROM approvals.request
          JOIN approvals.step ON step.request_id = request.id
          JOIN processes.step AS running
            ON running.process_id = request.process_id AND running.number = step.number
         WHERE request.state <> 'open' AND (step.decision IS NULL OR running.state IN ('blocked', 'ready', 'running'))
        """,
    ),
    Invariant(
        "an open request has somebody to decide it",
        """
        SELECT request.number || ': nobody is left to decide ' || step.name
          FROM approvals.request
          JOIN approvals.step ON step.request_id = request.id
         WHERE request.state = 'open' AND step.decision IS NULL
           AND NOT EXISTS (SELECT FROM approvals.candidate
                            WHERE candidate.request_id = step.request_id AND candidate.step = step.name
                              AND candidate.is_active)
        """,
    ),
    Invariant(
        "what a request shows is what was asked, to the byte",
        """
        SELECT request.number || ' shows something else than was asked'
          FROM approvals.request
          JOIN approvals.entry ON entry.request_id = request.id AND entry.number = 1
         WHERE entry.entry::jsonb->>'content'
               IS DISTINCT FROM encode(sha256(convert_to(request.snapshot, 'UTF8')), 'hex')
        """,
    ),
    Invariant(
        "every log is as the checkpoints say",
        """
        SELECT 'request ' || (head->>0) || ': entry ' || (head->>1) || ' is not the one of checkpoint '
               || checkpoint.number
          FROM approvals.checkpoint
         CROSS JOIN LATERAL jsonb_array_elements(checkpoint.body::jsonb->'heads') AS head
          LEFT JOIN approvals.entry
            ON entry.request_id = (head->>0)::bigint AND entry.number = (head->>1)::integer
         WHERE encode(entry.hash, 'hex') IS DISTINCT FROM head->>2
        """,
    ),
)

CHECKPOINTS = "SELECT number, body, hash, signature FROM approvals.checkpoint ORDER BY number"
"""What `orderloom verify` holds against the key and the exported file, both outside of the database."""
