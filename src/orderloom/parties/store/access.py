"""SQL over sessions, API keys, one-time links and the brake on attempts; times are the machine's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orderloom.base.transaction import Json, Tx

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Candidate:
    """Who might be logging in."""

    id: int
    login: str
    name: str
    password_hash: str


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a session or a key that is good, with what they may do."""

    id: int
    user_id: int
    login: str
    name: str
    time_zone: str
    locale: str
    permissions: list[str]
    scopes: list[str] | None
    team_ids: list[int]
    all_accounts: bool
    is_touched: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that was good until now."""

    id: int
    purpose: str
    user_id: int | None
    subject_kind: str | None
    subject_id: int | None
    subject_label: str | None
    account_id: int | None
    params: dict[str, Any]


# Attempts -----------------------------------------------------------------------------------------


async def count_attempt(tx: Tx, *, address_hash: bytes, login_hash: bytes) -> bool:
    """Count an attempt from an address and for a login; False where one of them is locked.

    A login is locked after 5 attempts, for a minute and then twice as long each time, up to 15
    minutes, and forgotten after an hour. An address is locked after 30 attempts in a minute until
    that minute is over. Attempts while locked do not count. Parallel attempts wait for each other
    here, so that none slips through uncounted; the address always comes first.
    """
    counted = await tx.values(
        """
        INSERT INTO parties.throttle AS throttle (kind, key_hash, attempts)
        VALUES ('address', %(address_hash)s, 1), ('login', %(login_hash)s, 1)
            ON CONFLICT (kind, key_hash) DO UPDATE
           SET attempts = CASE WHEN throttle.started_at < clock_timestamp() - CASE throttle.kind
                                        WHEN 'address' THEN interval '1 minute' ELSE interval '1 hour' END
                               THEN 1 ELSE throttle.attempts + 1 END,
               started_at = CASE WHEN throttle.started_at < clock_timestamp() - CASE throttle.kind
                                        WHEN 'address' THEN interval '1 minute' ELSE interval '1 hour' END
                                 THEN clock_timestamp() ELSE throttle.started_at END,
               locked_until = CASE
                    WHEN throttle.started_at < clock_timestamp() - CASE throttle.kind
                             WHEN 'address' THEN interval '1 minute' ELSE interval '1 hour' END THEN NULL
                    WHEN throttle.kind = 'address' AND throttle.attempts + 1 >= 30
                    THEN throttle.started_at + interval '1 minute'
                    WHEN throttle.kind = 'login' AND throttle.attempts + 1 >= 5
                    THEN clock_timestamp()
                         + least(interval '1 minute' * (2 ^ (throttle.attempts - 4)), interval '15 minutes')
                     END
         WHERE throttle.locked_until IS NULL
            OR throttle.locked_until <= clock_timestamp()
        RETURNING kind
        """,
        {"address_hash": address_hash, "login_hash": login_hash},
    )
    return len(counted) == 2


async def forget_attempts(tx: Tx, *, login_hash: bytes) -> None:
    """A log-in succeeded: attempts for this login are forgotten."""
    await tx.execute(
        "DELETE FROM parties.throttle WHERE kind = 'login' AND key_hash = %(login_hash)s", {"login_hash": login_hash}
    )


async def candidate(tx: Tx, *, login: str = "", user_id: int | None = None) -> Candidate | None:
    """The active user of this login, or id, who has a password."""
    return await tx.one_or_none(
        """
        SELECT id, login, name, password_hash
          FROM parties.user
         WHERE (login = %(login)s OR id = %(user_id)s::bigint)
           AND is_active
           AND password_hash IS NOT NULL
        """,
        {"login": login, "user_id": user_id},
        row=Candidate,
    )


# Sessions -----------------------------------------------------------------------------------------


async def insert_session(
    tx: Tx,
    *,
    user_id: int,
    password_hash: str,
    token_hash: bytes,
    address: str | None,
    agent: str | None,
    with_code: bool,
    lifetime: timedelta,
) -> tuple[int, datetime] | None:
    """Open a session for a user who is still active and still has this password."""
    row = await tx.one_or_none(
        """
        INSERT INTO parties.session (user_id, token_hash, address, agent, expires_at, second_factor_at)
        SELECT id, %(token_hash)s, %(address)s, %(agent)s, clock_timestamp() + %(lifetime)s,
               CASE WHEN %(with_code)s THEN clock_timestamp() END
          FROM parties.user
         WHERE id = %(user_id)s
           AND is_active
           AND password_hash = %(password_hash)s
        RETURNING id, expires_at
        """,
        {
            "user_id": user_id,
            "password_hash": password_hash,
            "token_hash": token_hash,
            "address": address,
            "agent": agent,
            "with_code": with_code,
            "lifetime": lifetime,
        },
    )
    return (row[0], row[1]) if row else None


# Teams that are not active give no sight of accounts, so they are left out here already.
_RIGHTS = """
               account.id AS user_id, account.login, account.name, account.time_zone, account.locale,
               rights.permissions, rights.all_accounts,
               ARRAY(SELECT member.team_id
                       FROM parties.team_member AS member
                       JOIN parties.team ON team.id = member.team_id AND team.is_active
                      WHERE member.user_id = account.id
                      ORDER BY 1) AS team_ids
"""
_RIGHTS_OF = """
         CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(DISTINCT permission), '{}') AS permissions,
                      coalesce(bool_or(role.all_accounts), false) AS all_accounts
                 FROM parties.user_role AS has
                 JOIN parties.role ON role.id = has.role_id
                 LEFT JOIN LATERAL unnest(role.permissions) AS permission ON TRUE
                WHERE has.user_id = account.id) AS rights
"""


async def holder_of_session(tx: Tx, token_hash: bytes, *, idle: timedelta) -> Holder | None:
    """Who holds this session, unless it ended, was revoked, or nobody used it for `idle`."""
    return await tx.one_or_none(
        f"""
        SELECT session.id, NULL::text[] AS scopes,
               session.last_used_at > clock_timestamp() - interval '5 minutes' AS is_touched,
               {_RIGHTS}
          FROM parties.session
          JOIN parties.user AS account ON account.id = session.user_id
         {_RIGHTS_OF}
         WHERE session.token_hash = %(token_hash)s
           AND session.revoked_at IS NULL
           AND session.expires_at > clock_timestamp()
           AND session.last_used_at > clock_timestamp() - %(idle)s
           AND account.is_active
        """,
        {"token_hash": token_hash, "idle": idle},
        row=Holder,
    )


async def holder_of_key(tx: Tx, key_hash: bytes) -> Holder | None:
    """Who holds this API key, unless it ended or was revoked."""
    return await tx.one_or_none(
        f"""
        SELECT key.id, key.scopes,
               coalesce(key.last_used_at > clock_timestamp() - interval '5 minutes', false) AS is_touched,
               {_RIGHTS}
          FROM parties.api_key AS key
          JOIN parties.user AS account ON account.id = key.user_id
         {_RIGHTS_OF}
         WHERE key.key_hash = %(key_hash)s
           AND key.revoked_at IS NULL
           AND (key.expires_at IS NULL OR key.expires_at > clock_timestamp())
           AND account.is_active
        """,
        {"key_hash": key_hash},
        row=Holder,
    )


async def touch_session(tx: Tx, session_id: int) -> None:
    """Note that a session was used; where another request is noting it, that is enough."""
    await tx.execute(
        """
        UPDATE parties.session
           SET last_used_at = clock_timestamp()
         WHERE id = (SELECT id FROM parties.session WHERE id = %(session_id)s FOR NO KEY UPDATE SKIP LOCKED)
        """,
        {"session_id": session_id},
    )


async def touch_key(tx: Tx, key_id: int) -> None:
    """Note that a key was used; where another request is noting it, that is enough."""
    await tx.execute(
        """
        UPDATE parties.api_key
           SET last_used_at = clock_timestamp()
         WHERE id = (SELECT id FROM parties.api_key WHERE id = %(key_id)s FOR NO KEY UPDATE SKIP LOCKED)
        """,
        {"key_id": key_id},
    )


async def revoke_sessions(
    tx: Tx, user_id: int, *, session_ids: Sequence[int] | None = None, but: int | None = None
) -> list[int]:
    """End open sessions of a user, all or these, perhaps but one; return those that were open."""
    return await tx.values(
        """
        UPDATE parties.session
           SET revoked_at = clock_timestamp()
         WHERE user_id = %(user_id)s
           AND revoked_at IS NULL
           AND expires_at > clock_timestamp()
           AND (%(session_ids)s::bigint[] IS NULL OR id = ANY(%(session_ids)s))
           AND id IS DISTINCT FROM %(but)s
        RETURNING id
        """,
        {"user_id": user_id, "session_ids": list(session_ids) if session_ids is not None else None, "but": but},
    )


async def end_session(tx: Tx, token_hash: bytes) -> bool:
    """End the session of this token; False where it was not open."""
    return bool(
        await tx.execute(
            """
            UPDATE parties.session
               SET revoked_at = clock_timestamp()
             WHERE token_hash = %(token_hash)s
               AND revoked_at IS NULL
            """,
            {"token_hash": token_hash},
        )
    )


# Keys ---------------------------------------------------------------------------------------------


async def insert_key(
    tx: Tx, *, user_id: int, name: str, key_hash: bytes, hint: str, scopes: Sequence[str], expires_at: datetime | None
) -> int:
    """Write a new API key; return its id."""
    key_id = await tx.value(
        """
        INSERT INTO parties.api_key (user_id, name, key_hash, hint, scopes, expires_at)
        VALUES (%(user_id)s, %(name)s, %(key_hash)s, %(hint)s, %(scopes)s, %(expires_at)s)
        RETURNING id
        """,
        {
            "user_id": user_id,
            "name": name,
            "key_hash": key_hash,
            "hint": hint,
            "scopes": list(scopes),
            "expires_at": expires_at,
        },
    )
    return int(key_id)


async def owner_of_key(tx: Tx, key_id: int) -> tuple[int, str, str] | None:
    """The id and login of a key's owner, and the key's name."""
    row = await tx.one_or_none(
        """
        SELECT account.id, account.login, key.name
          FROM parties.api_key AS key
          JOIN parties.user AS account ON account.id = key.user_id
         WHERE key.id = %(key_id)s
        """,
        {"key_id": key_id},
    )
    return (row[0], row[1], row[2]) if row else None


async def revoke_key(tx: Tx, key_id: int) -> bool:
    """End an API key; False where it had ended."""
    return bool(
        await tx.execute(
            "UPDATE parties.api_key SET revoked_at = clock_timestamp() WHERE id = %(key_id)s AND revoked_at IS NULL",
            {"key_id": key_id},
        )
    )


async def permissions_of_user(tx: Tx, user_id: int) -> frozenset[str]:
    """What the roles of a user grant."""
    return frozenset(
        await tx.values(
            """
            SELECT DISTINCT unnest(role.permissions)
              FROM parties.user_role AS has
              JOIN parties.role ON role.id = has.role_id
             WHERE has.user_id = %(user_id)s
            """,
            {"user_id": user_id},
        )
    )


# Links --------------------------------------------------------------------------------------------


async def insert_link(tx: Tx, row: Row, *, token_hash: bytes, lifetime: timedelta) -> int:
    """Write a one-time link; return its id."""
    link_id = await tx.value(
        """
        INSERT INTO parties.link (token_hash, purpose, user_id, subject_kind, subject_id, subject_label, account_id,
                                  params, expires_at)
        VALUES (%(token_hash)s, %(purpose)s, %(user_id)s, %(subject_kind)s, %(subject_id)s, %(subject_label)s,
                %(account_id)s, %(params)s, clock_timestamp() + %(lifetime)s)
        RETURNING id
        """,
        {**row, "params": Json(row["params"]), "token_hash": token_hash, "lifetime": lifetime},
    )
    return int(link_id)


async def use_link(tx: Tx, token_hash: bytes, purpose: str) -> Link | None:
    """Use a link up; None where it is unknown, over, used, or for something else."""
    return await tx.one_or_none(
        """
        UPDATE parties.link
           SET used_at = clock_timestamp()
         WHERE token_hash = %(token_hash)s
           AND purpose = %(purpose)s
           AND used_at IS NULL
           AND expires_at > clock_timestamp()
        RETURNING id, purpose, user_id, subject_kind, subject_id, subject_label, account_id, params
        """,
        {"token_hash": token_hash, "purpose": purpose},
        row=Link,
    )


async def link_user(tx: Tx, token_hash: bytes, purpose: str) -> int | None:
    """For whom a link was made that is still good; it is not used up."""
    user_id: int | None = await tx.value(
        """
        SELECT user_id
          FROM parties.link
         WHERE token_hash = %(token_hash)s
           AND purpose = %(purpose)s
           AND used_at IS NULL
           AND expires_at > clock_timestamp()
        """,
        {"token_hash": token_hash, "purpose": purpose},
    )
    return user_id


async def end_links(tx: Tx, user_id: int, purposes: Sequence[str]) -> None:
    """Let no link of these purposes be good for the user any more."""
    await tx.execute(
        """
        UPDATE parties.link
           SET used_at = clock_timestamp()
         WHERE user_id = %(user_id)s
           AND purpose = ANY(%(purposes)s)
           AND used_at IS NULL
        """,
        {"user_id": user_id, "purposes": list(purposes)},
    )


async def forget_old(tx: Tx, *, keep: timedelta, limit: int) -> int:
    """Delete sessions, links and counts of attempts that ended longer ago than `keep`; return how many.

    At most `limit` of each.
    """
    gone = await tx.value(
        """
          WITH sessions AS (
               DELETE FROM parties.session
                WHERE ctid = ANY(ARRAY(
                      SELECT ctid
                        FROM parties.session
                       WHERE expires_at < clock_timestamp() - %(keep)s
                       ORDER BY expires_at
                       LIMIT %(limit)s
                         FOR UPDATE SKIP LOCKED))
               RETURNING 1),
               links AS (
               DELETE FROM parties.link
                WHERE ctid = ANY(ARRAY(
                      SELECT ctid
                        FROM parties.link
                       WHERE expires_at < clock_timestamp() - %(keep)s
                       ORDER BY expires_at
                       LIMIT %(limit)s
                         FOR UPDATE SKIP LOCKED))
               RETURNING 1),
               attempts AS (
               DELETE FROM parties.throttle
                WHERE ctid = ANY(ARRAY(
                      SELECT ctid
                        FROM parties.throttle
                       WHERE started_at < clock_timestamp() - greatest(%(keep)s, interval '1 day')
                       ORDER BY started_at
                       LIMIT %(limit)s
                         FOR UPDATE SKIP LOCKED))
               RETURNING 1)
        SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM links) + (SELECT count(*) FROM attempts)
        """,
        {"keep": keep, "limit": limit},
    )
    return int(gone)
