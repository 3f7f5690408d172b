"""From references to accounts, places and billing accounts: one query for many, of what the actor sees."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter
from orderloom.parties.types import BillingAccount, Customer, Place, ShippingPreference


async def resolve_customers(tx: Tx, references: Sequence[str]) -> dict[str, Customer]:
    """The accounts that references mean, with everything an order inherits from them.

    A reference is an account number, an external id, or `source:id`. Absent from the answer are
    those that mean no account that the actor sees, or several; `unknown_customer` says so.
    """
    seen, params = account_filter(tx.actor, "account.id")
    customers = await tx.all(
        f"""
        SELECT referred.reference, account.id AS account_id, account.number, account.name, account.is_active,
               account.country, account.segment,
               coalesce(inherited.language, entity.language, 'en') AS language,
               coalesce(inherited.time_zone, entity.time_zone, 'UTC') AS time_zone,
               account.path,
               billing.id AS billing_account_id, billing.number AS billing_account, billing.legal_entity_id,
               billing.currency, billing.terms_days,
               ship_to.id AS ship_to_id, bill_to.id AS bill_to_id
          FROM parties.referred(%(references)s) AS referred
          JOIN parties.account ON account.id = referred.account_id
         CROSS JOIN LATERAL (
               SELECT (array_agg(line.language ORDER BY cardinality(line.path) DESC)
                        FILTER (WHERE line.language IS NOT NULL))[1] AS language,
                      (array_agg(line.time_zone ORDER BY cardinality(line.path) DESC)
                        FILTER (WHERE line.time_zone IS NOT NULL))[1] AS time_zone
                 FROM parties.account AS line
                WHERE line.id = ANY(account.path)) AS inherited
          LEFT JOIN LATERAL (
               SELECT own.id, own.number, own.legal_entity_id, own.currency, own.terms_days
                 FROM unnest(account.path) WITH ORDINALITY AS line (id, depth)
                 JOIN parties.billing_account AS own ON own.account_id = line.id AND own.is_default
                ORDER BY line.depth DESC
                LIMIT 1) AS billing ON TRUE
          LEFT JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
          LEFT JOIN parties.address AS ship_to ON ship_to.account_id = account.id AND ship_to.is_ship_to
          LEFT JOIN parties.address AS bill_to ON bill_to.account_id = account.id AND bill_to.is_bill_to
         WHERE {seen}
        """,
        {"references": list(references), **params},
        row=Customer,
    )
    return {customer.reference: customer for customer in customers}


def unknown_customer(reference: str, pointer: str = "") -> Problem:
    """The problem of a reference that `resolve_customers` leaves out."""
    message = (
        f"“{reference}” means no account that you may see, or more than one;"
        " give an account number, or an external id as source:id."
    )
    return Problem("customer_unknown", message, pointer)


_PLACE = """
               place.id, place.account_id, place.code, place.name, place.company, place.street, place.city,
               place.district, place.area, place.postal_code, place.sorting_code, place.country, place.phone,
               coalesce(place.time_zone, account.time_zone) AS time_zone,
               place.instructions, place.is_ship_to, place.is_bill_to, place.is_active
"""


async def resolve_places(tx: Tx, account_ids: Sequence[int], codes: Sequence[str]) -> dict[tuple[int, str], Place]:
    """Places in use by account and code, given as pairs; an account also knows the places of those above it.

    The key of the answer is the pair that was asked for. The nearest account in the line wins.
    """
    assert len(account_ids) == len(codes), "accounts and codes come in pairs"
    seen, params = account_filter(tx.actor, "account.id")
    rows = await tx.all(
        f"""
        SELECT DISTINCT ON (wanted.account_id, wanted.code)
               wanted.account_id, place.id
          FROM unnest(%(account_ids)s::bigint[], %(codes)s::text[]) AS wanted (account_id, code)
          JOIN parties.account ON account.id = wanted.account_id
         CROSS JOIN LATERAL unnest(account.path) WITH ORDINALITY AS line (id, depth)
          JOIN parties.address AS place ON place.account_id = line.id AND place.code = wanted.code AND place.is_active
         WHERE {seen}
         ORDER BY wanted.account_id, wanted.code, line.depth DESC
        """,
        {"account_ids": list(account_ids), "codes": list(codes), **params},
    )
    places = await places_by_id(tx, [place_id for _, place_id in rows])
    return {(account_id, places[place_id].code): places[place_id] for account_id, place_id in rows}


async def places_by_id(tx: Tx, place_ids: Sequence[int]) -> dict[int, Place]:
    """Places by id, retired ones too. Whoever holds the id has been let through by its owner."""
    places = await tx.all(
        f"""
        SELECT {_PLACE}
          FROM parties.address AS place
          JOIN parties.account ON account.id = place.account_id
         WHERE place.id = ANY(%(place_ids)s)
        """,
        {"place_ids": list(place_ids)},
        row=Place,
    )
    return {place.id: place for place in places}


_BILLING_ACCOUNT = """
               billing.id, billing.number, billing.account_id, account.number AS account_number,
               account.path AS account_path, billing.name, billing.legal_entity_id, entity.code AS legal_entity,
               billing.currency, billing.terms_days, billing.tax_country, billing.tax_id, billing.is_tax_exempt,
               billing.credit_limit, billing.email, entity.tax_rounding, entity.invoice_series,
               coalesce(account.time_zone, entity.time_zone) AS time_zone,
               coalesce(account.language, entity.language) AS language,
               billing.is_default, billing.is_active
"""


async def resolve_billing_accounts(tx: Tx, numbers: Sequence[str]) -> dict[str, BillingAccount]:
    """Billing accounts by number, of accounts that the actor sees, closed ones too."""
    seen, params = account_filter(tx.actor, "billing.account_id")
    found = await tx.all(
        f"""
        SELECT {_BILLING_ACCOUNT}
          FROM parties.billing_account AS billing
          JOIN parties.account ON account.id = billing.account_id
          JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
         WHERE billing.number = ANY(%(numbers)s)
           AND {seen}
        """,
        {"numbers": list(numbers), **params},
        row=BillingAccount,
    )
    return {billing.number: billing for billing in found}


async def billing_accounts_by_id(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, BillingAccount]:
    """Billing accounts by id. Whoever holds the id has been let through by its owner."""
    found = await tx.all(
        f"""
        SELECT {_BILLING_ACCOUNT}
          FROM parties.billing_account AS billing
          JOIN parties.account ON account.id = billing.account_id
          JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
         WHERE billing.id = ANY(%(billing_account_ids)s)
        """,
        {"billing_account_ids": list(billing_account_ids)},
        row=BillingAccount,
    )
    return {billing.id: billing for billing in found}


async def shipping_preferences(tx: Tx, account_ids: Sequence[int]) -> dict[int, ShippingPreference]:
    """What holds for each account: its own word, or that of the nearest account above it. A window goes as a pair."""
    seen, params = account_filter(tx.actor, "account.id")
    found = await tx.all(
        f"""
        SELECT account.id AS account_id, said.*
          FROM parties.account
         CROSS JOIN LATERAL (
               SELECT (array_agg(own.carrier       ORDER BY line.depth DESC) FILTER (WHERE own.carrier IS NOT NULL))[1]
                          AS carrier,
                      (array_agg(own.service_level ORDER BY line.depth DESC)
                         FILTER (WHERE own.service_level IS NOT NULL))[1] AS service_level,
                      (array_agg(own.incoterm      ORDER BY line.depth DESC) FILTER (WHERE own.incoterm IS NOT NULL))[1]
                          AS incoterm,
                      (array_agg(own.delivery      ORDER BY line.depth DESC) FILTER (WHERE own.delivery IS NOT NULL))[1]
                          AS delivery,
                      (array_agg(own.window_from   ORDER BY line.depth DESC)
                         FILTER (WHERE own.window_from IS NOT NULL))[1] AS window_from,
                      (array_agg(own.window_to     ORDER BY line.depth DESC)
                         FILTER (WHERE own.window_to IS NOT NULL))[1] AS window_to,
                      (array_agg(own.cut_off       ORDER BY line.depth DESC) FILTER (WHERE own.cut_off IS NOT NULL))[1]
                          AS cut_off,
                      (array_agg(own.instructions  ORDER BY line.depth DESC)
                         FILTER (WHERE own.instructions IS NOT NULL))[1] AS instructions
                 FROM unnest(account.path) WITH ORDINALITY AS line (id, depth)
                 JOIN parties.shipping_preference AS own ON own.account_id = line.id) AS said
         WHERE account.id = ANY(%(account_ids)s)
           AND {seen}
        """,
        {"account_ids": list(account_ids), **params},
        row=ShippingPreference,
    )
    return {preference.account_id: preference for preference in found}


async def visible_among(tx: Tx, account_ids: Sequence[int]) -> frozenset[int]:
    """Those of these accounts that the actor sees: for streams, and for rows that are already at hand."""
    seen, params = account_filter(tx.actor, "account.id")
    return frozenset(
        await tx.values(
            f"""
            SELECT account.id
              FROM parties.account
             WHERE account.id = ANY(%(account_ids)s)
               AND {seen}
            """,
            {"account_ids": list(account_ids), **params},
        )
    )
