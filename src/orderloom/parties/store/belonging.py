"""SQL over what belongs to an account: places, contacts, billing accounts, shipping preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Json, Tx

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LegalEntity:
    """What a billing account needs of its legal entity."""

    id: int
    code: str
    currency: str


@dataclass(frozen=True, slots=True)
class StoredPreference:
    """What an account itself says about shipping."""

    account_id: int
    carrier: str | None
    service_level: str | None
    incoterm: str | None
    delivery: str | None
    window_from: time | None
    window_to: time | None
    cut_off: time | None
    instructions: str | None


@dataclass(frozen=True, slots=True)
class StoredAddress:
    """A place as it is kept."""

    id: int
    account_id: int
    code: str
    name: str
    company: str
    street: str
    city: str
    district: str
    area: str
    postal_code: str
    sorting_code: str
    country: str
    phone: str | None
    time_zone: str | None
    instructions: str | None
    is_ship_to: bool
    is_bill_to: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class StoredContact:
    """A contact as it is kept."""

    id: int
    account_id: int
    name: str
    email: str | None
    phone: str | None
    role: str | None
    language: str | None
    is_primary: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class StoredBillingAccount:
    """A billing account as it is kept."""

    id: int
    number: str
    account_id: int
    name: str
    legal_entity: str
    currency: str
    terms_days: int
    tax_country: str | None
    tax_id: str | None
    is_tax_exempt: bool
    credit_limit: Decimal | None
    email: str | None
    is_default: bool
    is_active: bool


# Places -------------------------------------------------------------------------------------------


async def addresses(tx: Tx, account_ids: Sequence[int]) -> list[StoredAddress]:
    """The places of accounts, retired ones too."""
    return await tx.all(
        """
        SELECT id, account_id, code, name, company, street, city, district, area, postal_code, sorting_code,
               country, phone, time_zone, instructions, is_ship_to, is_bill_to, is_active
          FROM parties.address
         WHERE account_id = ANY(%(account_ids)s)
         ORDER BY account_id, id
        """,
        {"account_ids": list(account_ids)},
        row=StoredAddress,
    )


async def yield_default_places(tx: Tx, rows: Sequence[Row]) -> None:
    """Take the default from the places that have it, where one of these rows is to have it."""
    await tx.execute(
        """
        UPDATE parties.address
           SET is_ship_to = address.is_ship_to AND NOT claimed.is_ship_to,
               is_bill_to = address.is_bill_to AND NOT claimed.is_bill_to
          FROM (SELECT account_id, bool_or(is_ship_to) AS is_ship_to, bool_or(is_bill_to) AS is_bill_to
                  FROM jsonb_to_recordset(%(rows)s) AS fresh (
                       account_id bigint, is_ship_to boolean, is_bill_to boolean)
                 GROUP BY account_id) AS claimed
         WHERE address.account_id = claimed.account_id
           AND ((address.is_ship_to AND claimed.is_ship_to) OR (address.is_bill_to AND claimed.is_bill_to))
        """,
        {"rows": Json(rows)},
    )


async def save_addresses(tx: Tx, rows: Sequence[Row]) -> list[int]:
    """Write places, replacing those of the same account and code; return their ids in the order of the rows."""
    return await tx.values(
        """
          WITH saved AS (
        INSERT INTO parties.address AS address (
               account_id, code, name, company, street, city, district, area, postal_code, sorting_code,
               country, phone, time_zone, instructions, is_ship_to, is_bill_to)
        SELECT account_id, code, name, company, street, city, district, area, postal_code, sorting_code,
               country, phone, time_zone, instructions, is_ship_to, is_bill_to
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               place int, account_id bigint, code text, name text, company text, street text, city text, district text,
               area text, postal_code text, sorting_code text, country text, phone text, time_zone text,
               instructions text, is_ship_to boolean, is_bill_to boolean)
         ORDER BY place
            ON CONFLICT (account_id, code) DO UPDATE
           SET name = excluded.name, company = excluded.company, street = excluded.street, city = excluded.city,
               district = excluded.district, area = excluded.area, postal_code = excluded.postal_code,
               sorting_code = excluded.sorting_code, country = excluded.country, phone = excluded.phone,
               time_zone = excluded.time_zone, instructions = excluded.instructions,
               is_ship_to = excluded.is_ship_to, is_bill_to = excluded.is_bill_to,
               is_active = true, changed_at = base.now()
        RETURNING id, account_id, code)
        SELECT saved.id
          FROM saved
          JOIN jsonb_to_recordset(%(rows)s) AS fresh (place int, account_id bigint, code text)
         USING (account_id, code)
         ORDER BY fresh.place
        """,
        {"rows": Json([{**row, "place": place} for place, row in enumerate(rows)])},
    )


async def retire_addresses(tx: Tx, account_id: int, codes: Sequence[str]) -> list[str]:
    """Take places out of use; return the codes of those that were in use."""
    return await tx.values(
        """
        UPDATE parties.address
           SET is_active = false, is_ship_to = false, is_bill_to = false, changed_at = base.now()
         WHERE account_id = %(account_id)s
           AND code = ANY(%(codes)s)
           AND is_active
        RETURNING code
        """,
        {"account_id": account_id, "codes": list(codes)},
    )


# Contacts -----------------------------------------------------------------------------------------


async def contacts(tx: Tx, account_ids: Sequence[int]) -> list[StoredContact]:
    """The contacts of accounts that are in use."""
    return await tx.all(
        """
        SELECT id, account_id, name, email, phone, role, language, is_primary, is_active
          FROM parties.contact
         WHERE account_id = ANY(%(account_ids)s)
           AND is_active
         ORDER BY account_id, is_primary DESC, name, id
        """,
        {"account_ids": list(account_ids)},
        row=StoredContact,
    )


async def yield_primary(tx: Tx, account_ids: Sequence[int]) -> None:
    """Nobody is the primary contact of these accounts any more."""
    await tx.execute(
        "UPDATE parties.contact SET is_primary = false WHERE account_id = ANY(%(account_ids)s) AND is_primary",
        {"account_ids": list(account_ids)},
    )


async def insert_contacts(tx: Tx, rows: Sequence[Row]) -> list[int]:
    """Write new contacts; return their ids in the order of the rows."""
    return await tx.values(
        """
        INSERT INTO parties.contact (account_id, name, email, phone, role, language, is_primary)
        SELECT account_id, name, email, phone, role, language, is_primary
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               place int, account_id bigint, name text, email text, phone text, role text, language text,
               is_primary boolean)
         ORDER BY place
        RETURNING id
        """,
        {"rows": Json([{**row, "place": place} for place, row in enumerate(rows)])},
    )


async def update_contact(tx: Tx, contact_id: int, row: Row) -> None:
    """Write a contact's fields."""
    await tx.execute(
        """
        UPDATE parties.contact
           SET name = %(name)s, email = %(email)s, phone = %(phone)s, role = %(role)s, language = %(language)s,
               is_primary = %(is_primary)s
         WHERE id = %(contact_id)s
        """,
        {**row, "contact_id": contact_id},
    )


async def retire_contacts(tx: Tx, account_id: int, contact_ids: Sequence[int]) -> list[int]:
    """Take contacts out of use; return those that were in use."""
    return await tx.values(
        """
        UPDATE parties.contact
           SET is_active = false, is_primary = false
         WHERE account_id = %(account_id)s
           AND id = ANY(%(contact_ids)s)
           AND is_active
        RETURNING id
        """,
        {"account_id": account_id, "contact_ids": list(contact_ids)},
    )


# Billing accounts ---------------------------------------------------------------------------------


async def legal_entities(tx: Tx, codes: Sequence[str]) -> dict[str, LegalEntity]:
    """Our companies by code."""
    found = await tx.all(
        "SELECT id, code, currency FROM parties.legal_entity WHERE code = ANY(%(codes)s)",
        {"codes": list(codes)},
        row=LegalEntity,
    )
    return {entity.code: entity for entity in found}


async def billing_accounts(tx: Tx, account_ids: Sequence[int]) -> list[StoredBillingAccount]:
    """The billing accounts of accounts, closed ones too."""
    return await tx.all(
        """
        SELECT billing.id, billing.number, billing.account_id, billing.name, entity.code AS legal_entity,
               billing.currency, billing.terms_days, billing.tax_country, billing.tax_id, billing.is_tax_exempt,
               billing.credit_limit, billing.email, billing.is_default, billing.is_active
          FROM parties.billing_account AS billing
          JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
         WHERE billing.account_id = ANY(%(account_ids)s)
         ORDER BY billing.account_id, billing.id
        """,
        {"account_ids": list(account_ids)},
        row=StoredBillingAccount,
    )


async def account_of_billing_account(tx: Tx, number: str) -> int | None:
    """Whose billing account this is."""
    account_id: int | None = await tx.value(
        "SELECT account_id FROM parties.billing_account WHERE number = %(number)s", {"number": number}
    )
    return account_id


async def yield_default_billing(tx: Tx, account_ids: Sequence[int]) -> None:
    """These accounts have no default billing account any more."""
    await tx.execute(
        "UPDATE parties.billing_account SET is_default = false WHERE account_id = ANY(%(account_ids)s) AND is_default",
        {"account_ids": list(account_ids)},
    )


async def save_billing_accounts(tx: Tx, rows: Sequence[Row]) -> list[int]:
    """Write billing accounts, replacing those of the same number; return their ids in the order of the rows.

    The owner, the legal entity and the currency of one that exists stay as they are.
    """
    return await tx.values(
        """
          WITH saved AS (
        INSERT INTO parties.billing_account (
               number, account_id, name, legal_entity_id, currency, terms_days, tax_country, tax_id, is_tax_exempt,
               credit_limit, email, is_default)
        SELECT number, account_id, name, legal_entity_id, currency, terms_days, tax_country, tax_id, is_tax_exempt,
               credit_limit, email, is_default
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               place int, number text, account_id bigint, name text, legal_entity_id bigint, currency text,
               terms_days int, tax_country text, tax_id text, is_tax_exempt boolean, credit_limit numeric,
               email text, is_default boolean)
         ORDER BY place
            ON CONFLICT (number) DO UPDATE
           SET name = excluded.name, terms_days = excluded.terms_days, tax_country = excluded.tax_country,
               tax_id = excluded.tax_id, is_tax_exempt = excluded.is_tax_exempt,
               credit_limit = excluded.credit_limit, email = excluded.email, is_default = excluded.is_default,
               is_active = true, changed_at = base.now()
        RETURNING id, number)
        SELECT saved.id
          FROM saved
          JOIN jsonb_to_recordset(%(rows)s) AS fresh (place int, number text) USING (number)
         ORDER BY fresh.place
        """,
        {"rows": Json([{**row, "place": place} for place, row in enumerate(rows)])},
    )


async def close_billing_accounts(tx: Tx, account_id: int, numbers: Sequence[str]) -> list[str]:
    """Take billing accounts out of use; return the numbers of those that were in use."""
    return await tx.values(
        """
        UPDATE parties.billing_account
           SET is_active = false, is_default = false, changed_at = base.now()
         WHERE account_id = %(account_id)s
           AND number = ANY(%(numbers)s)
           AND is_active
        RETURNING number
        """,
        {"account_id": account_id, "numbers": list(numbers)},
    )


# Shipping preferences -----------------------------------------------------------------------------


async def preferences(tx: Tx, account_ids: Sequence[int]) -> list[StoredPreference]:
    """What accounts themselves say about shipping."""
    return await tx.all(
        """
        SELECT account_id, carrier, service_level, incoterm, delivery, window_from, window_to, cut_off, instructions
          FROM parties.shipping_preference
         WHERE account_id = ANY(%(account_ids)s)
        """,
        {"account_ids": list(account_ids)},
        row=StoredPreference,
    )


async def save_preferences(tx: Tx, rows: Sequence[Row]) -> None:
    """Write what accounts say about shipping."""
    await tx.execute(
        """
        INSERT INTO parties.shipping_preference (
               account_id, carrier, service_level, incoterm, delivery, window_from, window_to, cut_off, instructions)
        SELECT account_id, carrier, service_level, incoterm, delivery, window_from, window_to, cut_off, instructions
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               account_id bigint, carrier text, service_level text, incoterm text, delivery text,
               window_from time, window_to time, cut_off time, instructions text)
            ON CONFLICT (account_id) DO UPDATE
           SET carrier = excluded.carrier, service_level = excluded.service_level, incoterm = excluded.incoterm,
               delivery = excluded.delivery, window_from = excluded.window_from, window_to = excluded.window_to,
               cut_off = excluded.cut_off, instructions = excluded.instructions, changed_at = base.now()
        """,
        {"rows": Json(rows)},
    )
