"""Policies and delegations in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.transaction import Json, Tx


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """The newest version of a policy."""

    policy_id: int
    code: str
    subject_kind: str
    is_active: bool
    version_id: int
    number: int
    document: Mapping[str, Any]


async def newest(tx: Tx, *, codes: Sequence[str] = (), kinds: Sequence[str] = ()) -> list[StoredPolicy]:
    """The newest versions of policies by their codes, and of the active ones by their kinds of subject."""
    return await tx.all(
        """
        SELECT DISTINCT ON (policy.id) policy.id AS policy_id, policy.code, policy.subject_kind, policy.is_active,
               version.id AS version_id, version.number, version.document
          FROM approvals.policy
          JOIN approvals.policy_version AS version ON version.policy_id = policy.id
         WHERE policy.code = ANY(%(codes)s)
            OR (policy.is_active AND policy.subject_kind = ANY(%(kinds)s))
         ORDER BY policy.id, version.number DESC
        """,
        {"codes": list(codes), "kinds": list(kinds)},
        row=StoredPolicy,
    )


async def versions(tx: Tx, ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """The documents of these versions."""
    return dict(
        await tx.all("SELECT id, document FROM approvals.policy_version WHERE id = ANY(%(ids)s)", {"ids": list(ids)})
    )


async def put_policies(tx: Tx, rows: Sequence[tuple[str, str]]) -> None:
    """Add policies by (code, kind of subject), or say what an existing one is about; they are active then."""
    await tx.execute(
        """
        INSERT INTO approvals.policy (code, subject_kind)
        SELECT code, kind FROM unnest(%(codes)s::text[], %(kinds)s::text[]) AS fresh (code, kind)
            ON CONFLICT (code) DO UPDATE
           SET subject_kind = excluded.subject_kind, is_active = true
        """,
        {"codes": [code for code, _ in rows], "kinds": [kind for _, kind in rows]},
    )


async def add_versions(tx: Tx, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """Publish documents by the codes of their policies; return the numbers of their versions."""
    return dict(
        await tx.all(
            """
              WITH added AS (
                   INSERT INTO approvals.policy_version (policy_id, number, document, published_by)
                   SELECT policy.id,
                          1 + coalesce((SELECT max(number) FROM approvals.policy_version AS earlier
                                         WHERE earlier.policy_id = policy.id), 0),
                          fresh.document, %(by)s
                     FROM unnest(%(codes)s::text[], %(documents)s::jsonb[]) AS fresh (code, document)
                     JOIN approvals.policy USING (code)
                RETURNING policy_id, number)
            SELECT policy.code, added.number
              FROM added
              JOIN approvals.policy ON policy.id = added.policy_id
            """,
            {
                "codes": list(documents),
                "documents": [Json(document) for document in documents.values()],
                "by": tx.actor.name,
            },
        )
    )


async def retire_policies(tx: Tx, codes: Sequence[str]) -> list[str]:
    """Stop asking these policies; return those that were asked."""
    return await tx.values(
        """
        UPDATE approvals.policy SET is_active = false WHERE code = ANY(%(codes)s) AND is_active RETURNING code
        """,
        {"codes": list(codes)},
    )


@dataclass(frozen=True, slots=True)
class NewDelegation:
    """A delegation to write down."""

    user_id: int
    delegate_id: int
    starts_at: datetime
    ends_at: datetime
    subjects: tuple[str, ...]
    reason: str


async def circles(tx: Tx, one: NewDelegation) -> list[str]:
    """The names of those through whom a delegation would come back to its giver while it holds, in their order."""
    return await tx.values(
        """
          WITH RECURSIVE onward AS (
               SELECT delegate_id, ARRAY[%(user_id)s, user_id] AS path
                 FROM approvals.delegation
                WHERE user_id = %(delegate_id)s AND ended_at IS NULL AND during && %(during)s::tstzrange
                UNION ALL
               SELECT next.delegate_id, onward.path || next.user_id
                 FROM onward
                 JOIN approvals.delegation AS next ON next.user_id = onward.delegate_id
                WHERE next.ended_at IS NULL AND next.during && %(during)s::tstzrange
                  AND next.user_id <> ALL (onward.path))
        SELECT person.name
          FROM (SELECT path FROM onward WHERE delegate_id = %(user_id)s ORDER BY cardinality(path) LIMIT 1) AS circle,
               unnest(circle.path[2:]) WITH ORDINALITY AS through (id, place)
          JOIN parties.user AS person ON person.id = through.id
         ORDER BY through.place
        """,
        _delegation(one),
    )


async def add_delegation(tx: Tx, one: NewDelegation) -> int:
    """Write a delegation down; return its id."""
    (found,) = await tx.values(
        """
        INSERT INTO approvals.delegation (user_id, delegate_id, during, subjects, reason, made_by)
        VALUES (%(user_id)s, %(delegate_id)s, %(during)s::tstzrange, %(subjects)s, %(reason)s, %(by)s)
        RETURNING id
        """,
        _delegation(one) | {"subjects": list(one.subjects), "reason": one.reason, "by": tx.actor.name},
    )
    return int(found)


async def end_delegations(tx: Tx, ids: Sequence[int], *, giver_id: int | None) -> list[int]:
    """End delegations, only those of one giver if one is named; return those that had not ended."""
    return await tx.values(
        """
        UPDATE approvals.delegation
           SET ended_at = base.now()
         WHERE id = ANY(%(ids)s) AND ended_at IS NULL AND (%(giver_id)s::bigint IS NULL OR user_id = %(giver_id)s)
        RETURNING id
        """,
        {"ids": list(ids), "giver_id": giver_id},
    )


def _delegation(one: NewDelegation) -> dict[str, Any]:
    during = f"[{one.starts_at.isoformat()},{one.ends_at.isoformat()})"
    return {"user_id": one.user_id, "delegate_id": one.delegate_id, "during": during}
