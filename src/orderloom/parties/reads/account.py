"""Accounts as lists, as trees and as a page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.rows import class_row

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter, require
from orderloom.parties.reads.resolve import shipping_preferences
from orderloom.parties.types import BillingAccount, Place, ShippingPreference

PAGE_LIMIT = 200
_WORDS_LIMIT = 8


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in a list. The key of the next page is (`name`, `id`) of the last row."""

    id: int
    number: str
    name: str
    parent: str | None
    country: str | None
    segment: str | None
    is_active: bool
    billing_accounts: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class TreeRow:
    """An account in its tree; `depth` is 0 for the root."""

    id: int
    number: str
    name: str
    parent_id: int | None
    depth: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class ContactRow:
    """A person at the customer's."""

    id: int
    name: str
    email: str | None
    phone: str | None
    role: str | None
    language: str | None
    is_primary: bool


@dataclass(frozen=True, slots=True)
class ExternalIdRow:
    """What another system calls an account."""

    source: str
    external_id: str


@dataclass(frozen=True, slots=True)
class TeamOfAccount:
    """A team that sees an account."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class AccountPage:
    """All about one account. `version` is its ETag."""

    id: int
    number: str
    name: str
    parent_id: int | None
    country: str | None
    segment: str | None
    language: str | None
    time_zone: str | None
    is_active: bool
    attributes: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime
    external_ids: list[ExternalIdRow]
    tree: list[TreeRow]
    contacts: list[ContactRow]
    places: list[Place]
    billing_accounts: list[BillingAccount]
    shipping: ShippingPreference
    teams: list[TeamOfAccount]


@dataclass(frozen=True, slots=True)
class LegalEntityRow:
    """One of our companies."""

    id: int
    code: str
    name: str
    currency: str
    time_zone: str
    language: str
    tax_rounding: str
    invoice_series: str
    payment_series: str
    tax_id: str | None
    address: dict[str, Any]


async def list_accounts(
    tx: Tx,
    *,
    search: str = "",
    country: str | None = None,
    segment: str | None = None,
    parent_id: int | None = None,
    is_active: bool | None = None,
    after: tuple[str, int] | None = None,
    limit: int = 50,
) -> list[AccountRow]:
    """The accounts that the actor sees, by name; every word of `search` stands in the name or number.

    Case and accents do not matter. `after` is the name and id of the last row of the page before.
    """
    require(tx.actor, "parties.read")
    seen, params = account_filter(tx.actor, "account.id")
    conditions = [seen]
    for place, word in enumerate(search.split()[:_WORDS_LIMIT]):
        conditions.append(f"account.search LIKE base.folded(%(word_{place})s)")
        params[f"word_{place}"] = f"%{_literal(word)}%"
    for column, wanted in (
        ("country", country),
        ("segment", segment),
        ("parent_id", parent_id),
        ("is_active", is_active),
    ):
        if wanted is not None:
            conditions.append(f"account.{column} = %({column})s")
            params[column] = wanted
    if after is not None:
        conditions.append("(account.name, account.id) > (%(after_name)s, %(after_id)s)")
        params["after_name"], params["after_id"] = after
    # Never prepared: a plan for just any word takes each for a rare one, which makes common ones 500 times slower.
    cursor = tx.connection.cursor(row_factory=class_row(AccountRow))
    await cursor.execute(
        f"""
        SELECT account.id, account.number, account.name, parent.number AS parent, account.country, account.segment,
               account.is_active, account.changed_at,
               (SELECT count(*) FROM parties.billing_account AS billing
                 WHERE billing.account_id = account.id AND billing.is_active) AS billing_accounts
          FROM (SELECT account.*
                  FROM parties.account
                 WHERE {" AND ".join(conditions)}
                 ORDER BY account.name, account.id
                 LIMIT %(limit)s) AS account
          LEFT JOIN parties.account AS parent ON parent.id = account.parent_id
         ORDER BY account.name, account.id
        """,
        {**params, "limit": min(limit, PAGE_LIMIT)},
        prepare=False,
    )
    return await cursor.fetchall()


def _literal(word: str) -> str:
    """The word without the meaning that LIKE gives to some characters."""
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def account_tree(tx: Tx, account_id: int, *, limit: int = 500) -> list[TreeRow]:
    """The whole tree that an account stands in, of what the actor sees, parents before children."""
    require(tx.actor, "parties.read")
    seen, params = account_filter(tx.actor, "account.id")
    return await tx.all(
        f"""
        SELECT account.id, account.number, account.name, account.parent_id, account.is_active,
               cardinality(account.path) - 1 AS depth
          FROM parties.account
         WHERE account.path[1] = (SELECT path[1] FROM parties.account WHERE id = %(account_id)s)
           AND {seen}
         ORDER BY account.path
         LIMIT %(limit)s
        """,
        {**params, "account_id": account_id, "limit": limit},
        row=TreeRow,
    )


@dataclass(frozen=True, slots=True)
class _Header:
    id: int
    number: str
    name: str
    parent_id: int | None
    country: str | None
    segment: str | None
    language: str | None
    time_zone: str | None
    is_active: bool
    attributes: dict[str, Any]
    version: int
    created_at: datetime
    changed_at: datetime


async def account_page(tx: Tx, account_id: int) -> AccountPage:
    """All about one account; 404 where the actor does not see it."""
    require(tx.actor, "parties.read")
    seen, params = account_filter(tx.actor, "account.id")
    header = await tx.one_or_none(
        f"""
        SELECT account.id, account.number, account.name, account.parent_id, account.country, account.segment,
               account.language, account.time_zone, account.is_active, account.attributes, account.version,
               account.created_at, account.changed_at
          FROM parties.account
         WHERE account.id = %(account_id)s
           AND {seen}
        """,
        {**params, "account_id": account_id},
        row=_Header,
    )
    if header is None:
        raise NotFound([Problem("account_unknown", "There is no such account that you may see.")])
    return AccountPage(
        **{name: getattr(header, name) for name in _Header.__slots__},
        external_ids=await _external_ids(tx, account_id),
        tree=await account_tree(tx, account_id),
        contacts=await _contacts(tx, account_id),
        places=await _places(tx, account_id),
        billing_accounts=await _billing_accounts(tx, account_id),
        shipping=(await shipping_preferences(tx, [account_id]))[account_id],
        teams=await _teams(tx, account_id),
    )


async def _external_ids(tx: Tx, account_id: int) -> list[ExternalIdRow]:
    return await tx.all(
        "SELECT source, external_id FROM parties.external_id WHERE account_id = %(account_id)s ORDER BY source",
        {"account_id": account_id},
        row=ExternalIdRow,
    )


async def _contacts(tx: Tx, account_id: int) -> list[ContactRow]:
    return await tx.all(
        """
        SELECT id, name, email, phone, role, language, is_primary
          FROM parties.contact
         WHERE account_id = %(account_id)s
           AND is_active
         ORDER BY is_primary DESC, name, id
         LIMIT 500
        """,
        {"account_id": account_id},
        row=ContactRow,
    )


async def _places(tx: Tx, account_id: int) -> list[Place]:
    return await tx.all(
        """
        SELECT place.id, place.account_id, place.code, place.name, place.company, place.street, place.city,
               place.district, place.area, place.postal_code, place.sorting_code, place.country, place.phone,
               place.time_zone, place.instructions, place.is_ship_to, place.is_bill_to, place.is_active
          FROM parties.address AS place
         WHERE place.account_id = %(account_id)s
           AND place.is_active
         ORDER BY place.is_ship_to DESC, place.id
         LIMIT 1000
        """,
        {"account_id": account_id},
        row=Place,
    )


async def _billing_accounts(tx: Tx, account_id: int) -> list[BillingAccount]:
    return await tx.all(
        """
        SELECT billing.id, billing.number, billing.account_id, account.number AS account_number,
               account.path AS account_path, billing.name, billing.legal_entity_id, entity.code AS legal_entity,
               billing.currency, billing.terms_days, billing.tax_country, billing.tax_id, billing.is_tax_exempt,
               billing.credit_limit, billing.email, entity.tax_rounding, entity.invoice_series,
               coalesce(account.time_zone, entity.time_zone) AS time_zone,
               coalesce(account.language, entity.language) AS language,
               billing.is_default, billing.is_active
          FROM parties.billing_account AS billing
          JOIN parties.account ON account.id = billing.account_id
          JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
         WHERE billing.account_id = %(account_id)s
         ORDER BY billing.is_default DESC, billing.id
         LIMIT 200
        """,
        {"account_id": account_id},
        row=BillingAccount,
    )


async def _teams(tx: Tx, account_id: int) -> list[TeamOfAccount]:
    return await tx.all(
        """
        SELECT team.id, team.name
          FROM parties.visible_account AS visible
          JOIN parties.team ON team.id = visible.team_id
         WHERE visible.account_id = %(account_id)s
         ORDER BY team.name
        """,
        {"account_id": account_id},
        row=TeamOfAccount,
    )


async def list_legal_entities(tx: Tx, codes: Sequence[str] | None = None) -> list[LegalEntityRow]:
    """Our companies, all or those of these codes."""
    return await tx.all(
        """
        SELECT id, code, name, currency, time_zone, language, tax_rounding, invoice_series, payment_series, tax_id,
               address
          FROM parties.legal_entity
         WHERE %(codes)s::text[] IS NULL OR code = ANY(%(codes)s)
         ORDER BY code
         LIMIT 500
        """,
        {"codes": list(codes) if codes is not None else None},
        row=LegalEntityRow,
    )
