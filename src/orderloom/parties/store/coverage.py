"""SQL over who covers whose accounts: the rows behind the account filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orderloom.base.transaction import Json, Tx

Row = Mapping[str, Any]

_COVERAGE_LOCK = 0x0DE12103


async def hold_rules(tx: Tx) -> None:
    """Until the end of this transaction nobody changes which teams cover what, so that new accounts meet every rule."""
    await tx.execute("SELECT pg_advisory_xact_lock_shared(%(key)s)", {"key": _COVERAGE_LOCK})


async def hold_accounts(tx: Tx) -> None:
    """Until the end of this transaction nobody adds or moves an account, so that new rules meet every account."""
    await tx.execute("SELECT pg_advisory_xact_lock(%(key)s)", {"key": _COVERAGE_LOCK})


async def refresh_accounts(tx: Tx, account_ids: Sequence[int]) -> None:
    """Write which teams see these accounts, as the rules say now. Needs `hold_rules`."""
    await tx.execute(
        """
          WITH due AS MATERIALIZED (
               SELECT team_id, account_id FROM parties.coverage WHERE account_id = ANY(%(account_ids)s)),
               gone AS (
               DELETE FROM parties.visible_account AS visible
                WHERE visible.account_id = ANY(%(account_ids)s)
                  AND NOT EXISTS (SELECT FROM due WHERE due.team_id = visible.team_id
                                                    AND due.account_id = visible.account_id))
        INSERT INTO parties.visible_account (team_id, account_id)
        SELECT team_id, account_id FROM due
            ON CONFLICT DO NOTHING
        """,
        {"account_ids": list(account_ids)},
    )


async def refresh_teams(tx: Tx, team_ids: Sequence[int]) -> None:
    """Write which accounts these teams see, as the rules say now. Needs `hold_accounts`."""
    await tx.execute(
        """
          WITH due AS MATERIALIZED (
               SELECT team_id, account_id FROM parties.coverage WHERE team_id = ANY(%(team_ids)s)),
               gone AS (
               DELETE FROM parties.visible_account AS visible
                WHERE visible.team_id = ANY(%(team_ids)s)
                  AND NOT EXISTS (SELECT FROM due WHERE due.team_id = visible.team_id
                                                    AND due.account_id = visible.account_id))
        INSERT INTO parties.visible_account (team_id, account_id)
        SELECT team_id, account_id FROM due
            ON CONFLICT DO NOTHING
        """,
        {"team_ids": list(team_ids)},
    )


async def cover_unseen(tx: Tx, team_id: int, account_ids: Sequence[int]) -> None:
    """Let a team cover those of these accounts that it would not see by any rule."""
    await tx.execute(
        """
        INSERT INTO parties.team_account (team_id, account_id, with_subtree)
        SELECT %(team_id)s, account_id, true
          FROM unnest(%(account_ids)s::bigint[]) AS wanted (account_id)
         WHERE NOT EXISTS (SELECT FROM parties.visible_account AS visible
                            WHERE visible.account_id = wanted.account_id
                              AND visible.team_id = %(team_id)s)
            ON CONFLICT DO NOTHING
        """,
        {"team_id": team_id, "account_ids": list(account_ids)},
    )


async def unseen(tx: Tx, team_ids: Sequence[int], account_ids: Sequence[int]) -> list[int]:
    """Those of these accounts that none of the teams sees."""
    return await tx.values(
        """
        SELECT account_id
          FROM unnest(%(account_ids)s::bigint[]) AS wanted (account_id)
         WHERE NOT EXISTS (SELECT FROM parties.visible_account AS visible
                            WHERE visible.account_id = wanted.account_id
                              AND visible.team_id = ANY(%(team_ids)s))
         ORDER BY account_id
        """,
        {"team_ids": list(team_ids), "account_ids": list(account_ids)},
    )


async def set_covers(tx: Tx, team_ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Let these teams cover exactly these accounts directly."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM jsonb_to_recordset(%(rows)s) AS fresh (
                      team_id bigint, account_id bigint, with_subtree boolean)),
               gone AS (
               DELETE FROM parties.team_account AS covered
                WHERE covered.team_id = ANY(%(team_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.team_id = covered.team_id
                                                       AND wanted.account_id = covered.account_id))
        INSERT INTO parties.team_account (team_id, account_id, with_subtree)
        SELECT team_id, account_id, with_subtree FROM wanted
            ON CONFLICT (team_id, account_id) DO UPDATE SET with_subtree = excluded.with_subtree
        """,
        {"team_ids": list(team_ids), "rows": Json(rows)},
    )


async def set_territories_of_teams(tx: Tx, team_ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Let these teams cover exactly these territories."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM jsonb_to_recordset(%(rows)s) AS fresh (team_id bigint, territory_id bigint)),
               gone AS (
               DELETE FROM parties.team_territory AS covered
                WHERE covered.team_id = ANY(%(team_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.team_id = covered.team_id
                                                       AND wanted.territory_id = covered.territory_id))
        INSERT INTO parties.team_territory (team_id, territory_id)
        SELECT team_id, territory_id FROM wanted
            ON CONFLICT DO NOTHING
        """,
        {"team_ids": list(team_ids), "rows": Json(rows)},
    )


async def save_territories(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """Territories by name, made where they are missing."""
    await tx.execute(
        """
        INSERT INTO parties.territory (name)
        SELECT DISTINCT name FROM unnest(%(names)s::text[]) AS name
            ON CONFLICT DO NOTHING
        """,
        {"names": list(names)},
    )
    return await territory_ids(tx, names)


async def territory_ids(tx: Tx, names: Sequence[str]) -> dict[str, int]:
    """Territories by name."""
    rows = await tx.all("SELECT name, id FROM parties.territory WHERE name = ANY(%(names)s)", {"names": list(names)})
    return dict(rows)


async def set_rules(tx: Tx, territory_ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Give these territories exactly these rules. The rows are new each time: nothing refers to a rule."""
    await tx.execute(
        """
          WITH gone AS (
               DELETE FROM parties.territory_rule WHERE territory_id = ANY(%(territory_ids)s))
        INSERT INTO parties.territory_rule (territory_id, country, segment, account_id)
        SELECT territory_id, country, segment, account_id
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               territory_id bigint, country text, segment text, account_id bigint)
        """,
        {"territory_ids": list(territory_ids), "rows": Json(rows)},
    )


async def teams_of_territories(tx: Tx, territory_ids: Sequence[int]) -> list[int]:
    """The teams that cover one of these territories."""
    return await tx.values(
        "SELECT DISTINCT team_id FROM parties.team_territory WHERE territory_id = ANY(%(territory_ids)s)",
        {"territory_ids": list(territory_ids)},
    )
