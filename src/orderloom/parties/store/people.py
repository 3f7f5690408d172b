"""SQL over users, teams, skills, roles and legal entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Json, Tx

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class User:
    """A user as they are."""

    id: int
    login: str
    name: str
    is_active: bool
    time_zone: str
    locale: str
    password_hash: str | None
    roles: list[str]
    teams: list[str]
    skills: list[str]
    version: int


@dataclass(frozen=True, slots=True)
class Team:
    """A team as it is."""

    id: int
    name: str
    is_active: bool
    members: list[str]
    leads: list[str]
    covers: list[str]
    territories: list[str]


@dataclass(frozen=True, slots=True)
class Role:
    """A role as it is."""

    id: int
    code: str
    name: str
    permissions: list[str]
    all_accounts: bool
    is_shipped: bool


# Users --------------------------------------------------------------------------------------------


async def lock_users(tx: Tx, user_ids: Sequence[int]) -> list[User]:
    """These users, locked in the order of their ids."""
    return await tx.all(
        """
        SELECT account.id, account.login, account.name, account.is_active, account.time_zone, account.locale,
               account.password_hash, account.version,
               ARRAY(SELECT role.code FROM parties.user_role AS has JOIN parties.role ON role.id = has.role_id
                      WHERE has.user_id = account.id ORDER BY 1) AS roles,
               ARRAY(SELECT team.name FROM parties.team_member AS member JOIN parties.team ON team.id = member.team_id
                      WHERE member.user_id = account.id ORDER BY 1) AS teams,
               ARRAY(SELECT skill.name FROM parties.user_skill AS has JOIN parties.skill ON skill.id = has.skill_id
                      WHERE has.user_id = account.id ORDER BY 1) AS skills
          FROM parties.user AS account
         WHERE account.id = ANY(%(user_ids)s)
         ORDER BY account.id
           FOR NO KEY UPDATE OF account
        """,
        {"user_ids": list(user_ids)},
        row=User,
    )


async def user_ids(tx: Tx, logins: Sequence[str]) -> dict[str, int]:
    """Users by login."""
    return dict(
        await tx.all("SELECT login, id FROM parties.user WHERE login = ANY(%(logins)s)", {"logins": list(logins)})
    )


async def insert_users(tx: Tx, rows: Sequence[Row]) -> list[int]:
    """Write new users; return their ids in the order of the rows."""
    return await tx.values(
        """
        INSERT INTO parties.user (login, name, password_hash, is_active, time_zone, locale)
        SELECT login, name, password_hash, is_active, time_zone, locale
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               place int, login text, name text, password_hash text, is_active boolean, time_zone text, locale text)
         ORDER BY place
        RETURNING id
        """,
        {"rows": Json([{**row, "place": place} for place, row in enumerate(rows)])},
    )


async def update_user(tx: Tx, user_id: int, row: Row) -> None:
    """Write a user's own fields."""
    await tx.execute(
        """
        UPDATE parties.user
           SET name = %(name)s, is_active = %(is_active)s, time_zone = %(time_zone)s, locale = %(locale)s,
               version = version + 1, changed_at = base.now()
         WHERE id = %(user_id)s
        """,
        {**row, "user_id": user_id},
    )


async def set_password_hash(tx: Tx, user_id: int, password_hash: str) -> None:
    """Keep the hash of a new password."""
    await tx.execute(
        """
        UPDATE parties.user
           SET password_hash = %(password_hash)s, version = version + 1, changed_at = base.now()
         WHERE id = %(user_id)s
        """,
        {"user_id": user_id, "password_hash": password_hash},
    )


async def set_roles(tx: Tx, user_ids: Sequence[int], pairs: Sequence[tuple[int, str]]) -> None:
    """Give users exactly these roles, by code."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT pair.user_id, role.id AS role_id
                 FROM unnest(%(owners)s::bigint[], %(codes)s::text[]) AS pair (user_id, code)
                 JOIN parties.role USING (code)),
               gone AS (
               DELETE FROM parties.user_role AS has
                WHERE has.user_id = ANY(%(user_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.user_id = has.user_id
                                                       AND wanted.role_id = has.role_id))
        INSERT INTO parties.user_role (user_id, role_id)
        SELECT user_id, role_id FROM wanted
            ON CONFLICT DO NOTHING
        """,
        {
            "user_ids": list(user_ids),
            "owners": [user_id for user_id, _ in pairs],
            "codes": [code for _, code in pairs],
        },
    )


async def set_teams_of_users(tx: Tx, user_ids: Sequence[int], pairs: Sequence[tuple[int, str]]) -> None:
    """Put users into exactly these teams, by name; who leads one still does."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT pair.user_id, team.id AS team_id
                 FROM unnest(%(members)s::bigint[], %(names)s::text[]) AS pair (user_id, name)
                 JOIN parties.team USING (name)),
               gone AS (
               DELETE FROM parties.team_member AS member
                WHERE member.user_id = ANY(%(user_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.user_id = member.user_id
                                                       AND wanted.team_id = member.team_id))
        INSERT INTO parties.team_member (team_id, user_id)
        SELECT team_id, user_id FROM wanted
            ON CONFLICT DO NOTHING
        """,
        {
            "user_ids": list(user_ids),
            "members": [user_id for user_id, _ in pairs],
            "names": [name for _, name in pairs],
        },
    )


async def set_skills(tx: Tx, user_ids: Sequence[int], pairs: Sequence[tuple[int, str]]) -> None:
    """Give users exactly these skills, by name; a skill that nobody had yet is made."""
    params = {
        "user_ids": list(user_ids),
        "owners": [user_id for user_id, _ in pairs],
        "names": [name for _, name in pairs],
    }
    await tx.execute(
        """
        INSERT INTO parties.skill (name)
        SELECT DISTINCT name FROM unnest(%(names)s::text[]) AS name
            ON CONFLICT DO NOTHING
        """,
        params,
    )
    await tx.execute(
        """
          WITH wanted AS (
               SELECT pair.user_id, skill.id AS skill_id
                 FROM unnest(%(owners)s::bigint[], %(names)s::text[]) AS pair (user_id, name)
                 JOIN parties.skill USING (name)),
               gone AS (
               DELETE FROM parties.user_skill AS has
                WHERE has.user_id = ANY(%(user_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.user_id = has.user_id
                                                       AND wanted.skill_id = has.skill_id))
        INSERT INTO parties.user_skill (user_id, skill_id)
        SELECT user_id, skill_id FROM wanted
            ON CONFLICT DO NOTHING
        """,
        params,
    )


async def count_administrators(tx: Tx) -> int:
    """How many active users may do everything."""
    found = await tx.value(
        """
        SELECT count(DISTINCT account.id)
          FROM parties.user AS account
          JOIN parties.user_role AS has ON has.user_id = account.id
          JOIN parties.role ON role.id = has.role_id
         WHERE account.is_active
           AND ('*' = ANY(role.permissions) OR 'admin' = ANY(role.permissions))
        """
    )
    return int(found)


# Teams --------------------------------------------------------------------------------------------


async def teams(tx: Tx, names: Sequence[str]) -> dict[str, Team]:
    """Teams by name, as they are."""
    found = await tx.all(
        """
        SELECT team.id, team.name, team.is_active,
               ARRAY(SELECT account.login FROM parties.team_member AS member
                       JOIN parties.user AS account ON account.id = member.user_id
                      WHERE member.team_id = team.id ORDER BY 1) AS members,
               ARRAY(SELECT account.login FROM parties.team_member AS member
                       JOIN parties.user AS account ON account.id = member.user_id
                      WHERE member.team_id = team.id AND member.is_lead ORDER BY 1) AS leads,
               ARRAY(SELECT covered_account.number || CASE WHEN covered.with_subtree THEN ' and below' ELSE '' END
                       FROM parties.team_account AS covered
                       JOIN parties.account AS covered_account ON covered_account.id = covered.account_id
                      WHERE covered.team_id = team.id ORDER BY 1) AS covers,
               ARRAY(SELECT territory.name FROM parties.team_territory AS covered
                       JOIN parties.territory ON territory.id = covered.territory_id
                      WHERE covered.team_id = team.id ORDER BY 1) AS territories
          FROM parties.team
         WHERE team.name = ANY(%(names)s)
        """,
        {"names": list(names)},
        row=Team,
    )
    return {team.name: team for team in found}


async def save_teams(tx: Tx, rows: Sequence[Row]) -> None:
    """Write teams, replacing those of the same name."""
    await tx.execute(
        """
        INSERT INTO parties.team (name, is_active)
        SELECT name, is_active FROM jsonb_to_recordset(%(rows)s) AS fresh (name text, is_active boolean)
            ON CONFLICT (name) DO UPDATE SET is_active = excluded.is_active
        """,
        {"rows": Json(rows)},
    )


async def set_members(tx: Tx, team_ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Let teams have exactly these members."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM jsonb_to_recordset(%(rows)s) AS fresh (team_id bigint, user_id bigint, is_lead boolean)),
               gone AS (
               DELETE FROM parties.team_member AS member
                WHERE member.team_id = ANY(%(team_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.team_id = member.team_id
                                                       AND wanted.user_id = member.user_id))
        INSERT INTO parties.team_member (team_id, user_id, is_lead)
        SELECT team_id, user_id, is_lead FROM wanted
            ON CONFLICT (team_id, user_id) DO UPDATE SET is_lead = excluded.is_lead
        """,
        {"team_ids": list(team_ids), "rows": Json(rows)},
    )


# Roles --------------------------------------------------------------------------------------------


async def roles(tx: Tx, codes: Sequence[str]) -> dict[str, Role]:
    """Roles by code."""
    found = await tx.all(
        """
        SELECT id, code, name, permissions, all_accounts, is_shipped
          FROM parties.role
         WHERE code = ANY(%(codes)s)
        """,
        {"codes": list(codes)},
        row=Role,
    )
    return {role.code: role for role in found}


async def save_roles(tx: Tx, rows: Sequence[Row]) -> None:
    """Write roles, replacing those of the same code."""
    await tx.execute(
        """
        INSERT INTO parties.role (code, name, permissions, all_accounts)
        SELECT code, name, permissions, all_accounts
          FROM jsonb_to_recordset(%(rows)s) AS fresh (code text, name text, permissions text[], all_accounts boolean)
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, permissions = excluded.permissions, all_accounts = excluded.all_accounts
        """,
        {"rows": Json(rows)},
    )


# Legal entities -----------------------------------------------------------------------------------


async def save_legal_entities(tx: Tx, rows: Sequence[Row]) -> list[int]:
    """Write legal entities, replacing those of the same code; return their ids in the order of the rows."""
    return await tx.values(
        """
          WITH saved AS (
        INSERT INTO parties.legal_entity (
               code, name, currency, time_zone, language, tax_rounding, invoice_series, payment_series, tax_id,
               address)
        SELECT code, name, currency, time_zone, language, tax_rounding, invoice_series, payment_series, tax_id, address
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               code text, name text, currency text, time_zone text, language text, tax_rounding text,
               invoice_series text, payment_series text, tax_id text, address jsonb)
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, currency = excluded.currency, time_zone = excluded.time_zone,
               language = excluded.language, tax_rounding = excluded.tax_rounding,
               invoice_series = excluded.invoice_series, payment_series = excluded.payment_series,
               tax_id = excluded.tax_id, address = excluded.address
        RETURNING id, code)
        SELECT saved.id
          FROM saved
          JOIN jsonb_to_recordset(%(rows)s) AS fresh (place int, code text) USING (code)
         ORDER BY fresh.place
        """,
        {"rows": Json([{**row, "place": place} for place, row in enumerate(rows)])},
    )
