"""Users, teams, roles, territories, sessions and keys as lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from orderloom.base.refusals import Forbidden, Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import require

PAGE_LIMIT = 200


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in a list. The key of the next page is (`name`, `id`) of the last row."""

    id: int
    login: str
    name: str
    is_active: bool
    time_zone: str
    locale: str
    has_password: bool
    has_second_factor: bool
    roles: list[str]
    teams: list[str]
    skills: list[str]
    version: int
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class UserRef:
    """A user as other rooms need them."""

    id: int
    login: str
    name: str
    is_active: bool
    time_zone: str
    locale: str


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team, who is in it and how many accounts it sees."""

    id: int
    name: str
    is_active: bool
    members: list[str]
    leads: list[str]
    territories: list[str]
    covers: list[str]
    account_count: int


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A role and how many have it."""

    id: int
    code: str
    name: str
    permissions: list[str]
    all_accounts: bool
    is_shipped: bool
    user_count: int


@dataclass(frozen=True, slots=True)
class TerritoryRow:
    """A territory, its rules as words and the teams that cover it."""

    id: int
    name: str
    rules: list[str]
    teams: list[str]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A log-in that is still open."""

    id: int
    user_id: int
    login: str
    address: str | None
    agent: str | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class KeyRow:
    """An API key; `hint` is how it begins."""

    id: int
    user_id: int
    login: str
    name: str
    hint: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


async def list_users(
    tx: Tx,
    *,
    search: str = "",
    team_id: int | None = None,
    is_active: bool | None = None,
    ids: Sequence[int] | None = None,
    after: tuple[str, int] | None = None,
    limit: int = 50,
) -> list[UserRow]:
    """Users by name, all or these; `search` stands in the name or login. `after` is the name and id of the last row."""
    require(tx.actor, "parties.read")
    return await tx.all(
        """
        SELECT account.id, account.login, account.name, account.is_active, account.time_zone, account.locale,
               account.password_hash IS NOT NULL AS has_password, account.version,
               EXISTS (SELECT FROM parties.second_factor AS factor
                        WHERE factor.user_id = account.id AND factor.confirmed_at IS NOT NULL) AS has_second_factor,
               ARRAY(SELECT role.code FROM parties.user_role AS has JOIN parties.role ON role.id = has.role_id
                      WHERE has.user_id = account.id ORDER BY 1) AS roles,
               ARRAY(SELECT team.name FROM parties.team_member AS member JOIN parties.team ON team.id = member.team_id
                      WHERE member.user_id = account.id ORDER BY 1) AS teams,
               ARRAY(SELECT skill.name FROM parties.user_skill AS has JOIN parties.skill ON skill.id = has.skill_id
                      WHERE has.user_id = account.id ORDER BY 1) AS skills,
               (SELECT max(last_used_at) FROM parties.session WHERE session.user_id = account.id) AS last_seen_at
          FROM parties.user AS account
         WHERE (%(search)s = '' OR base.folded(account.name || ' ' || account.login) LIKE base.folded(%(pattern)s))
           AND (%(is_active)s::boolean IS NULL OR account.is_active = %(is_active)s)
           AND (%(ids)s::bigint[] IS NULL OR account.id = ANY(%(ids)s))
           AND (%(team_id)s::bigint IS NULL
                OR EXISTS (SELECT FROM parties.team_member AS member
                            WHERE member.user_id = account.id AND member.team_id = %(team_id)s))
           AND (%(after_id)s::bigint IS NULL
                OR (account.name, account.id) > (%(after_name)s::text, %(after_id)s::bigint))
         ORDER BY account.name, account.id
         LIMIT %(limit)s
        """,
        {
            "search": search.strip(),
            "pattern": "%" + search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%",
            "is_active": is_active,
            "ids": None if ids is None else list(ids),
            "team_id": team_id,
            "after_name": after[0] if after else None,
            "after_id": after[1] if after else None,
            "limit": min(limit, PAGE_LIMIT),
        },
        row=UserRow,
    )


async def resolve_users(tx: Tx, logins: Sequence[str]) -> dict[str, UserRef]:
    """Users by login, inactive ones too."""
    found = await tx.all(
        """
        SELECT id, login, name, is_active, time_zone, locale
          FROM parties.user
         WHERE login = ANY(%(logins)s)
        """,
        {"logins": [login.lower() for login in logins]},
        row=UserRef,
    )
    return {user.login: user for user in found}


async def users_by_id(tx: Tx, user_ids: Sequence[int]) -> dict[int, UserRef]:
    """Users by id, inactive ones too."""
    found = await tx.all(
        "SELECT id, login, name, is_active, time_zone, locale FROM parties.user WHERE id = ANY(%(user_ids)s)",
        {"user_ids": list(user_ids)},
        row=UserRef,
    )
    return {user.id: user for user in found}


async def resolve_teams(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """The ids of teams by name."""
    return dict(await tx.all("SELECT name, id FROM parties.team WHERE name = ANY(%(names)s)", {"names": list(names)}))


async def list_teams(tx: Tx) -> list[TeamRow]:
    """All teams by name."""
    require(tx.actor, "parties.read")
    return await tx.all(
        """
        SELECT team.id, team.name, team.is_active,
               ARRAY(SELECT account.login FROM parties.team_member AS member
                       JOIN parties.user AS account ON account.id = member.user_id
                      WHERE member.team_id = team.id ORDER BY 1) AS members,
               ARRAY(SELECT account.login FROM parties.team_member AS member
                       JOIN parties.user AS account ON account.id = member.user_id
                      WHERE member.team_id = team.id AND member.is_lead ORDER BY 1) AS leads,
               ARRAY(SELECT territory.name FROM parties.team_territory AS covered
                       JOIN parties.territory ON territory.id = covered.territory_id
                      WHERE covered.team_id = team.id ORDER BY 1) AS territories,
               ARRAY(SELECT covered_account.number FROM parties.team_account AS covered
                       JOIN parties.account AS covered_account ON covered_account.id = covered.account_id
                      WHERE covered.team_id = team.id ORDER BY 1 LIMIT 100) AS covers,
               (SELECT count(*) FROM parties.visible_account AS visible WHERE visible.team_id = team.id)
                   AS account_count
          FROM parties.team
         ORDER BY team.name
         LIMIT 500
        """,
        row=TeamRow,
    )


async def list_roles(tx: Tx) -> list[RoleRow]:
    """All roles by name."""
    require(tx.actor, "parties.read")
    return await tx.all(
        """
        SELECT role.id, role.code, role.name, role.permissions, role.all_accounts, role.is_shipped,
               (SELECT count(*) FROM parties.user_role AS has WHERE has.role_id = role.id) AS user_count
          FROM parties.role
         ORDER BY role.name
         LIMIT 500
        """,
        row=RoleRow,
    )


async def list_territories(tx: Tx) -> list[TerritoryRow]:
    """All territories by name."""
    require(tx.actor, "parties.read")
    return await tx.all(
        """
        SELECT territory.id, territory.name,
               ARRAY(SELECT concat_ws(' and ', 'country ' || rule.country, 'segment ' || rule.segment,
                                      'at or below ' || account.number)
                       FROM parties.territory_rule AS rule
                       LEFT JOIN parties.account ON account.id = rule.account_id
                      WHERE rule.territory_id = territory.id
                      ORDER BY rule.id) AS rules,
               ARRAY(SELECT team.name FROM parties.team_territory AS covered
                       JOIN parties.team ON team.id = covered.team_id
                      WHERE covered.territory_id = territory.id ORDER BY 1) AS teams
          FROM parties.territory
         ORDER BY territory.name
         LIMIT 500
        """,
        row=TerritoryRow,
    )


async def list_sessions(tx: Tx, user_id: int) -> list[SessionRow]:
    """The open sessions of a user: one's own, or anybody's for an administrator."""
    _own_or_admin(tx, user_id)
    return await tx.all(
        """
        SELECT session.id, session.user_id, account.login, session.address, session.agent, session.created_at,
               session.last_used_at, session.expires_at
          FROM parties.session
          JOIN parties.user AS account ON account.id = session.user_id
         WHERE session.user_id = %(user_id)s
           AND session.revoked_at IS NULL
           AND session.expires_at > clock_timestamp()
         ORDER BY session.last_used_at DESC, session.id DESC
         LIMIT 200
        """,
        {"user_id": user_id},
        row=SessionRow,
    )


async def list_keys(tx: Tx, user_id: int) -> list[KeyRow]:
    """The API keys of a user: one's own, or anybody's for an administrator."""
    _own_or_admin(tx, user_id)
    return await tx.all(
        """
        SELECT key.id, key.user_id, account.login, key.name, key.hint, key.scopes, key.created_at, key.last_used_at,
               key.expires_at, key.revoked_at
          FROM parties.api_key AS key
          JOIN parties.user AS account ON account.id = key.user_id
         WHERE key.user_id = %(user_id)s
         ORDER BY key.id DESC
         LIMIT 200
        """,
        {"user_id": user_id},
        row=KeyRow,
    )


def _own_or_admin(tx: Tx, user_id: int) -> None:
    if tx.actor.user_id != user_id and not tx.actor.may("admin"):
        raise Forbidden([Problem("permission_missing", "You may see your own only; ask an administrator.")])
