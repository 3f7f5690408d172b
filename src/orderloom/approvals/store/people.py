"""Who may decide, found in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Wanted:
    """Somebody that a step names: by what, and its value; `account_id` and `requester_id` say whose."""

    step: str
    by: str
    value: str
    account_id: int | None
    requester_id: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """Somebody whom a step may ask."""

    step: str
    user_id: int
    login: str
    name: str
    via: str


async def find_people(tx: Tx, wanted: Sequence[Wanted]) -> list[Found]:
    """The active users that these name, in the order in which they are named; nobody twice in a step."""
    return await tx.all(
        """
          WITH RECURSIVE wanted AS (
               SELECT *
                 FROM unnest(%(steps)s::text[], %(bys)s::text[], %(values)s::text[], %(account_ids)s::bigint[],
                             %(requester_ids)s::bigint[])
                      WITH ORDINALITY AS wanted (step, by, value, account_id, requester_id, place)),
               chain AS (
               SELECT requester_id, requester_id AS user_id, 0 AS level
                 FROM (SELECT DISTINCT requester_id FROM wanted WHERE by = 'manager') AS asking
                UNION ALL
               SELECT chain.requester_id, reporting.manager_id, chain.level + 1
                 FROM chain
                 JOIN parties.reporting ON reporting.user_id = chain.user_id
                WHERE chain.level < 20),
               found AS (
               SELECT wanted.step, wanted.place, person.id, 'by name' AS via
                 FROM wanted
                 JOIN parties.user AS person ON person.login = lower(wanted.value)
                WHERE wanted.by = 'person'
                UNION ALL
               SELECT wanted.step, wanted.place, has.user_id, 'role ' || role.name
                 FROM wanted
                 JOIN parties.role ON role.code = wanted.value
                 JOIN parties.user_role AS has ON has.role_id = role.id
                WHERE wanted.by = 'role'
                UNION ALL
               SELECT wanted.step, wanted.place, member.user_id,
                      CASE wanted.by WHEN 'lead' THEN 'leads ' ELSE 'team ' END || team.name
                 FROM wanted
                 JOIN parties.team ON team.name = wanted.value AND team.is_active
                 JOIN parties.team_member AS member ON member.team_id = team.id
                WHERE wanted.by = 'team' OR (wanted.by = 'lead' AND member.is_lead)
                UNION ALL
               SELECT wanted.step, wanted.place, chain.user_id, 'manager'
                 FROM wanted
                 JOIN chain ON chain.requester_id = wanted.requester_id AND chain.level = wanted.value::integer
                WHERE wanted.by = 'manager'
                UNION ALL
               SELECT wanted.step, wanted.place, owner.user_id, 'owner of the account'
                 FROM wanted
                 JOIN parties.account_owner AS owner ON owner.account_id = wanted.account_id
                WHERE wanted.by = 'owner')
        SELECT step, user_id, login, name, via
          FROM (SELECT DISTINCT ON (found.step, person.id) found.step, found.place, person.id AS user_id,
                       person.login, person.name, found.via
                  FROM found
                  JOIN parties.user AS person ON person.id = found.id AND person.is_active
                 ORDER BY found.step, person.id, found.place) AS once
         ORDER BY step, place, name, user_id
        """,
        {
            "steps": [one.step for one in wanted],
            "bys": [one.by for one in wanted],
            "values": [one.value for one in wanted],
            "account_ids": [one.account_id for one in wanted],
            "requester_ids": [one.requester_id for one in wanted],
        },
        row=Found,
    )


async def acting_for(tx: Tx, user_id: int, *, subject_kind: str) -> list[int]:
    """For whom a user may decide now: themselves, and those who delegated to them, through others too."""
    return await tx.values(
        """
          WITH RECURSIVE given AS (
               SELECT %(user_id)s::bigint AS user_id, 0 AS depth
                UNION
               SELECT delegation.user_id, given.depth + 1
                 FROM given
                 JOIN approvals.delegation ON delegation.delegate_id = given.user_id
                WHERE delegation.ended_at IS NULL AND delegation.during @> base.now()
                  AND (delegation.subjects = '{}' OR %(kind)s = ANY(delegation.subjects))
                  AND given.depth < 10)
        SELECT user_id FROM given GROUP BY user_id ORDER BY min(depth), user_id
        """,
        {"user_id": user_id, "kind": subject_kind},
    )


async def delegates_of(tx: Tx, user_ids: Sequence[int], *, subject_kind: str) -> list[int]:
    """Who decides for these users now."""
    return await tx.values(
        """
        SELECT DISTINCT delegate_id
          FROM approvals.delegation
         WHERE user_id = ANY(%(user_ids)s) AND ended_at IS NULL AND during @> base.now()
           AND (subjects = '{}' OR %(kind)s = ANY(subjects))
        """,
        {"user_ids": list(user_ids), "kind": subject_kind},
    )


async def find_overriders(tx: Tx, step: str) -> list[Found]:
    """The active users who may override, who stand in where nobody else is left."""
    return await tx.all(
        """
        SELECT DISTINCT %(step)s AS step, person.id AS user_id, person.login, person.name, 'may override' AS via
          FROM parties.user AS person
          JOIN parties.user_role AS has ON has.user_id = person.id
          JOIN parties.role ON role.id = has.role_id
         WHERE person.is_active AND role.permissions && '{approvals.override,*}'
         ORDER BY person.name, person.id
        """,
        {"step": step},
        row=Found,
    )
