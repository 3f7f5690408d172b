"""Policies, what was submitted to them, and delegations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.approvals.types import PolicyDraft
from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy with its newest version."""

    id: int
    code: str
    subject_kind: str
    is_active: bool
    number: int
    document: dict[str, Any]
    published_by: str
    published_at: datetime
    open_requests: int

    @property
    def draft(self) -> PolicyDraft:
        """The policy as it was written."""
        return parse(PolicyDraft, self.document)


async def list_policies(tx: Tx, *, code: str | None = None) -> list[PolicyRow]:
    """All policies with their newest versions, or one."""
    return await tx.all(
        """
        SELECT DISTINCT ON (policy.code) policy.id, policy.code, policy.subject_kind, policy.is_active, version.number,
               version.document, version.published_by, version.published_at,
               (SELECT count(*) FROM approvals.request
                  JOIN approvals.policy_version AS asked ON asked.id = request.version_id
                 WHERE asked.policy_id = policy.id AND request.state = 'open') AS open_requests
          FROM approvals.policy
          JOIN approvals.policy_version AS version ON version.policy_id = policy.id
         WHERE %(code)s::text IS NULL OR policy.code = %(code)s
         ORDER BY policy.code, version.number DESC
        """,
        {"code": code},
        row=PolicyRow,
    )


@dataclass(frozen=True, slots=True)
class PastSubmission:
    """What was known when somebody asked whether something needs approval."""

    id: int
    subject_id: int
    inputs: Mapping[str, str]
    needed: list[str]
    at: datetime


async def submissions(tx: Tx, kind: str, *, since: datetime, limit: int = 100_000) -> list[PastSubmission]:
    """The submissions of a kind of subject from a moment on, whose accounts the actor sees, from the oldest."""
    seen, params = account_filter(tx.actor, "account_id")
    return await tx.all(
        f"""
        SELECT id, subject_id, inputs, needed, at
          FROM approvals.submission
         WHERE subject_kind = %(kind)s AND at >= %(since)s AND ({seen})
         ORDER BY at, id
         LIMIT %(limit)s
        """,
        {**params, "kind": kind, "since": since, "limit": limit},
        row=PastSubmission,
    )


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A delegation as a list shows it."""

    id: int
    user: str
    delegate: str
    starts_at: datetime
    ends_at: datetime
    subjects: list[str]
    reason: str
    is_now: bool


async def list_delegations(tx: Tx, *, everybody: bool = False) -> list[DelegationRow]:
    """The delegations that have not ended: from and to the actor, or everybody's."""
    return await tx.all(
        """
        SELECT delegation.id, giver.name AS user, taker.name AS delegate, lower(delegation.during) AS starts_at,
               upper(delegation.during) AS ends_at, delegation.subjects, delegation.reason,
               delegation.during @> base.now() AS is_now
          FROM approvals.delegation
          JOIN parties.user AS giver ON giver.id = delegation.user_id
          JOIN parties.user AS taker ON taker.id = delegation.delegate_id
         WHERE delegation.ended_at IS NULL AND upper(delegation.during) > base.now()
           AND (%(everybody)s OR %(user_id)s IN (delegation.user_id, delegation.delegate_id))
         ORDER BY lower(delegation.during), delegation.id
         LIMIT 500
        """,
        {"everybody": everybody, "user_id": tx.actor.user_id or 0},
        row=DelegationRow,
    )


async def decides_about(tx: Tx, kind: str) -> bool:
    """Whether a policy decides about this kind of subject."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM approvals.policy WHERE subject_kind = %(kind)s AND is_active)", {"kind": kind}
        )
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the newest submission of a subject; no state: nothing was needed.

    `content` is the hash of what was shown, in hexadecimal.
    """

    subject_id: int
    number: str | None
    state: str | None
    reason: str
    content: str | None


async def newest_outcomes(tx: Tx, kind: str, subject_ids: Sequence[int]) -> dict[int, Outcome]:
    """The outcomes of the newest submissions of these subjects, of those that were submitted."""
    rows = await tx.all(
        """
        SELECT DISTINCT ON (submission.subject_id) submission.subject_id, request.number, request.state,
               coalesce(request.outcome, '') AS reason, encode(request.content_hash, 'hex') AS content
          FROM approvals.submission
          LEFT JOIN approvals.request ON request.submission_id = submission.id
         WHERE submission.subject_kind = %(kind)s AND submission.subject_id = ANY(%(ids)s)
         ORDER BY submission.subject_id, submission.id DESC
        """,
        {"kind": kind, "ids": list(subject_ids)},
        row=Outcome,
    )
    return {row.subject_id: row for row in rows}
