"""What one person is asked: a step of a request with all that they need to decide it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject


@dataclass(frozen=True, slots=True)
class Ask:
    """A step that somebody is asked, as it stands; `is_open` says whether it still waits for anybody.

    `decided_by` tells who gave the newest verdict on the step, and `log_in` that the policy has it decided only by
    who has logged in.
    """

    request_id: int
    number: str
    step: str
    label: str
    user_id: int
    user_name: str
    login: str
    locale: str
    time_zone: str
    sees_cost: bool
    is_active: bool
    subject_kind: str
    subject_id: int
    subject_label: str
    account_id: int | None
    state: str
    outcome: str
    is_open: bool
    is_asked_back: bool
    log_in: bool
    content: str
    snapshot: dict[str, Any]
    reasons: list[dict[str, Any]]
    policy: str
    version: int
    requester: str | None
    requested_at: datetime
    due: datetime | None
    decided_by: str | None
    flag: str

    @property
    def request(self) -> Subject:
        """The request as a subject."""
        return Subject("approval", self.request_id, self.number, self.account_id)


async def asks_of(tx: Tx, wanted: Sequence[tuple[int, str, int]]) -> list[Ask]:
    """The asks of these (request, step, user), in the order in which they are named; unknown ones are left out."""
    return await tx.all(
        """
        SELECT request.id AS request_id, request.number, step.name AS step, step.label, person.id AS user_id,
               person.name AS user_name, person.login, person.locale, person.time_zone,
               EXISTS (SELECT FROM parties.user_role AS has
                         JOIN parties.role ON role.id = has.role_id
                        WHERE has.user_id = person.id AND role.permissions && '{catalog.cost,*}') AS sees_cost,
               person.is_active, request.subject_kind, request.subject_id, request.subject_label, request.account_id,
               request.state, request.outcome,
               request.state = 'open' AND step.decision IS NULL AND running.state IN ('ready', 'running') AS is_open,
               EXISTS (SELECT FROM approvals.question
                        WHERE question.request_id = request.id AND question.answered_at IS NULL) AS is_asked_back,
               CASE WHEN version.document->>'log_in_above' IS NULL THEN false
                    WHEN submission.inputs->>'amount' ~ '^-?[0-9]+([.][0-9]+)?$'
                    THEN (submission.inputs->>'amount')::numeric > (version.document->>'log_in_above')::numeric
                    ELSE true END AS log_in,
               encode(request.content_hash, 'hex') AS content, request.snapshot::jsonb AS snapshot, step.reasons,
               version.document->>'name' AS policy, version.number AS version, requester.name AS requester,
               request.requested_at, running.due,
               (SELECT decider.name FROM approvals.verdict
                  JOIN parties.user AS decider ON decider.id = verdict.decided_by
                 WHERE verdict.request_id = request.id AND verdict.step = step.name
                 ORDER BY verdict.at DESC
                 LIMIT 1) AS decided_by, submission.flag
          FROM unnest(%(request_ids)s::bigint[], %(steps)s::text[], %(user_ids)s::bigint[])
               WITH ORDINALITY AS wanted (request_id, step, user_id, place)
          JOIN approvals.request ON request.id = wanted.request_id
          JOIN approvals.step ON step.request_id = request.id AND step.name = wanted.step
          JOIN approvals.submission ON submission.id = request.submission_id
          JOIN approvals.policy_version AS version ON version.id = request.version_id
          JOIN parties.user AS person ON person.id = wanted.user_id
          LEFT JOIN parties.user AS requester ON requester.id = request.requester_id
          LEFT JOIN processes.step AS running
            ON running.process_id = request.process_id AND running.number = step.number
         ORDER BY wanted.place
        """,
        {
            "request_ids": [one for one, _, _ in wanted],
            "steps": [step for _, step, _ in wanted],
            "user_ids": [user_id for _, _, user_id in wanted],
        },
        row=Ask,
    )
