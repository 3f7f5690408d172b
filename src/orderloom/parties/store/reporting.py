"""SQL over who reports to whom and who looks after which account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderloom.base.transaction import Tx


async def set_managers(tx: Tx, managers: Mapping[int, int | None]) -> None:
    """Say whom users report to; none: nobody."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM unnest(%(user_ids)s::bigint[], %(manager_ids)s::bigint[]) AS wanted (user_id, manager_id)),
               gone AS (
               DELETE FROM parties.reporting
                USING wanted
                WHERE reporting.user_id = wanted.user_id AND wanted.manager_id IS NULL)
        INSERT INTO parties.reporting (user_id, manager_id)
        SELECT user_id, manager_id FROM wanted WHERE manager_id IS NOT NULL
            ON CONFLICT (user_id) DO UPDATE
           SET manager_id = excluded.manager_id
        """,
        {"user_ids": list(managers), "manager_ids": list(managers.values())},
    )


async def reporting_circles(tx: Tx, user_ids: Sequence[int]) -> list[str]:
    """The names of those of these users who would report to themselves in the end."""
    return await tx.values(
        """
          WITH RECURSIVE above AS (
               SELECT user_id, manager_id, ARRAY[user_id] AS path
                 FROM parties.reporting
                WHERE user_id = ANY(%(user_ids)s)
                UNION ALL
               SELECT above.user_id, reporting.manager_id, above.path || reporting.user_id
                 FROM above
                 JOIN parties.reporting ON reporting.user_id = above.manager_id
                WHERE above.manager_id <> ALL (above.path))
        SELECT DISTINCT person.name
          FROM above
          JOIN parties.user AS person ON person.id = above.user_id
         WHERE above.manager_id = above.user_id
         ORDER BY 1
        """,
        {"user_ids": list(user_ids)},
    )


async def managers_of(tx: Tx, user_ids: Sequence[int]) -> dict[int, str]:
    """The logins of the managers of these users, of those who have one."""
    return dict(
        await tx.all(
            """
            SELECT reporting.user_id, manager.login
              FROM parties.reporting
              JOIN parties.user AS manager ON manager.id = reporting.manager_id
             WHERE reporting.user_id = ANY(%(user_ids)s)
            """,
            {"user_ids": list(user_ids)},
        )
    )


async def set_owners(tx: Tx, owners: Mapping[int, int | None]) -> None:
    """Say who looks after accounts; none: nobody."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM unnest(%(account_ids)s::bigint[], %(user_ids)s::bigint[]) AS wanted (account_id, user_id)),
               gone AS (
               DELETE FROM parties.account_owner AS owner
                USING wanted
                WHERE owner.account_id = wanted.account_id AND wanted.user_id IS NULL)
        INSERT INTO parties.account_owner (account_id, user_id)
        SELECT account_id, user_id FROM wanted WHERE user_id IS NOT NULL
            ON CONFLICT (account_id) DO UPDATE
           SET user_id = excluded.user_id
        """,
        {"account_ids": list(owners), "user_ids": list(owners.values())},
    )
