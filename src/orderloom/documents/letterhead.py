"""Who sells to whom: what every paper for a customer begins with, whatever it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from orderloom.base.transaction import Tx
from orderloom.documents import compose
from orderloom.documents.types import Party
from orderloom.documents.words import language_of
from orderloom.parties.reads import (
    LegalEntityRow,
    billing_accounts_by_id,
    list_legal_entities,
    places_by_id,
    resolve_customers,
)


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What a paper says beside what it is about: who sells, to whom, on which day, in whose language by default."""

    seller: Party | None
    customer: Party
    customer_number: str
    day: date
    language: str


async def letterhead(
    tx: Tx, account: str, *, name: str, currency: str, moment: datetime, billing_account_id: int | None = None
) -> Letterhead:
    """The letterhead for a customer, by account number and under the name that they had; the day is that of the seller.

    Without a billing account the customer's own holds.
    """
    customer = (await resolve_customers(tx, [account]))[account]
    billing_id = billing_account_id or customer.billing_account_id
    billing = (await billing_accounts_by_id(tx, [billing_id] if billing_id else [])).get(billing_id or 0)
    entity = _entity(await list_legal_entities(tx), billing.legal_entity if billing else None, currency)
    place_id = customer.bill_to_id or customer.ship_to_id
    place = (await places_by_id(tx, [place_id] if place_id else [])).get(place_id or 0)
    address = {part: getattr(place, part) for part in compose.ADDRESS} if place else None
    return Letterhead(
        seller=compose.seller(entity) if entity else None,
        customer=compose.party("customer", name, address, tax_id=(billing and billing.tax_id) or ""),
        customer_number=account,
        day=moment.astimezone(ZoneInfo(entity.time_zone if entity else "UTC")).date(),
        language=customer.language if language_of(customer.language) else "en",
    )


def _entity(entities: list[LegalEntityRow], code: str | None, currency: str) -> LegalEntityRow | None:
    """The company that invoices it, or else the first that sells in its currency, or else the first."""
    ranked = sorted(entities, key=lambda entity: (entity.code != code, entity.currency != currency, entity.code))
    return ranked[0] if ranked else None
