"""SQL over accounts, their tree and their external ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.parties.policy import account_filter

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """An account that a reference means."""

    reference: str
    id: int
    number: str
    path: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it is, locked."""

    id: int
    number: str
    name: str
    parent: str | None
    parent_id: int | None
    path: list[int]
    country: str | None
    segment: str | None
    language: str | None
    time_zone: str | None
    is_active: bool
    attributes: dict[str, Any]
    external_ids: dict[str, str]
    version: int


# Accounts -----------------------------------------------------------------------------------------


async def find(tx: Tx, references: Sequence[str]) -> dict[str, Found]:
    """The accounts that references mean, of those that the actor sees."""
    seen, params = account_filter(tx.actor, "account.id")
    found = await tx.all(
        f"""
        SELECT referred.reference, account.id, account.number, account.path
          FROM parties.referred(%(references)s) AS referred
          JOIN parties.account ON account.id = referred.account_id
         WHERE {seen}
        """,
        {"references": list(references), **params},
        row=Found,
    )
    return {account.reference: account for account in found}


async def lock(tx: Tx, account_ids: Sequence[int]) -> list[Account]:
    """These accounts, of those that the actor sees, locked in the order of their ids."""
    seen, params = account_filter(tx.actor, "account.id")
    return await tx.all(
        f"""
        SELECT account.id, account.number, account.name, parent.number AS parent, account.parent_id, account.path,
               account.country, account.segment, account.language, account.time_zone, account.is_active,
               account.attributes, account.version,
               (SELECT coalesce(jsonb_object_agg(known.source, known.external_id), '{{}}')
                  FROM parties.external_id AS known
                 WHERE known.account_id = account.id) AS external_ids
          FROM parties.account
          LEFT JOIN parties.account AS parent ON parent.id = account.parent_id
         WHERE account.id = ANY(%(account_ids)s)
           AND {seen}
         ORDER BY account.id
           FOR NO KEY UPDATE OF account
        """,
        {"account_ids": list(account_ids), **params},
        row=Account,
    )


async def new_ids(tx: Tx, count: int) -> list[int]:
    """Ids for accounts to come, so that a batch may hold parents and children."""
    return await tx.values(
        """
        SELECT nextval(pg_get_serial_sequence('parties.account', 'id'))
          FROM generate_series(1, %(count)s)
        """,
        {"count": count},
    )


async def insert(tx: Tx, rows: Sequence[Row]) -> None:
    """Write new accounts; parents may be among them."""
    await tx.execute(
        """
        INSERT INTO parties.account (id, number, name, parent_id, parent_path, country, segment,
                                     language, time_zone, is_active, attributes)
        SELECT id, number, name, parent_id, parent_path, country, segment,
               language, time_zone, is_active, attributes
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               id bigint, number text, name text, parent_id bigint, parent_path bigint[], country text, segment text,
               language text, time_zone text, is_active boolean, attributes jsonb)
        """,
        {"rows": Json(rows)},
    )


async def update(tx: Tx, rows: Sequence[Row]) -> None:
    """Write accounts' own fields; those below one that moves follow it."""
    await tx.execute(
        """
        UPDATE parties.account
           SET name = fresh.name, parent_id = fresh.parent_id, parent_path = fresh.parent_path,
               country = fresh.country, segment = fresh.segment, language = fresh.language,
               time_zone = fresh.time_zone, is_active = fresh.is_active, attributes = fresh.attributes,
               version = version + 1, changed_at = base.now()
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               id bigint, name text, parent_id bigint, parent_path bigint[], country text, segment text,
               language text, time_zone text, is_active boolean, attributes jsonb)
         WHERE account.id = fresh.id
        """,
        {"rows": Json(rows)},
    )


async def touch(tx: Tx, account_ids: Sequence[int]) -> None:
    """Mark accounts as changed, because something that belongs to them did."""
    await tx.execute(
        """
        UPDATE parties.account
           SET version = version + 1, changed_at = base.now()
         WHERE id = ANY(%(account_ids)s)
        """,
        {"account_ids": list(account_ids)},
    )


async def subtree(tx: Tx, account_ids: Sequence[int]) -> list[int]:
    """These accounts and all below them."""
    return await tx.values(
        """
        SELECT DISTINCT below.id
          FROM parties.account
          JOIN parties.account AS below ON below.path[1] = account.path[1]
           AND account.id = ANY(below.path)
         WHERE account.id = ANY(%(account_ids)s)
        """,
        {"account_ids": list(account_ids)},
    )


# External ids -------------------------------------------------------------------------------------


async def owners_of_external_ids(tx: Tx, pairs: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Which accounts have these ids already, seen by the actor or not."""
    rows = await tx.all(
        """
        SELECT known.source, known.external_id, known.account_id
          FROM unnest(%(sources)s::text[], %(external_ids)s::text[]) AS wanted (source, external_id)
          JOIN parties.external_id AS known USING (source, external_id)
        """,
        {"sources": [source for source, _ in pairs], "external_ids": [external_id for _, external_id in pairs]},
    )
    return {(source, external_id): account_id for source, external_id, account_id in rows}


async def set_external_ids(tx: Tx, account_ids: Sequence[int], rows: Sequence[Row]) -> None:
    """Give these accounts exactly these external ids."""
    await tx.execute(
        """
          WITH wanted AS (
               SELECT * FROM jsonb_to_recordset(%(rows)s) AS fresh (source text, external_id text, account_id bigint)),
               gone AS (
               DELETE FROM parties.external_id AS known
                WHERE known.account_id = ANY(%(account_ids)s)
                  AND NOT EXISTS (SELECT FROM wanted WHERE wanted.account_id = known.account_id
                                                       AND wanted.source = known.source))
        INSERT INTO parties.external_id AS known (source, external_id, account_id)
        SELECT source, external_id, account_id
          FROM wanted
         WHERE NOT EXISTS (SELECT FROM parties.external_id AS kept
                            WHERE kept.source = wanted.source
                              AND kept.external_id = wanted.external_id
                              AND kept.account_id = wanted.account_id)
            ON CONFLICT (account_id, source) DO UPDATE SET external_id = excluded.external_id
        """,
        {"account_ids": list(account_ids), "rows": Json(rows)},
    )
