"""Builders for what the billing tests stand on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.billing import commands, reads
from orderloom.billing.types import GateDraft, Released, TriggerDraft
from orderloom.catalog.commands import save_tax_rates
from orderloom.catalog.price_drafts import TaxRateDraft


@dataclass(frozen=True, slots=True)
class Payer:
    """An account with its billing account and legal entity."""

    account_id: int
    billing_account_id: int
    legal_entity_id: int


async def payer(tx: Tx, *, rounding: str = "line", currency: str = "USD", zone: str = "America/New_York") -> Payer:
    """An account in New York that is invoiced by a legal entity of its own, at 10 % tax."""
    row = await tx.one(
        """
          WITH entity AS (
               INSERT INTO parties.legal_entity (code, name, currency, time_zone, tax_rounding, invoice_series)
               SELECT 'LE' || number, 'Loom Inc', %(currency)s, 'UTC', %(rounding)s, 'INV'
                 FROM base.take_numbers('account', 1) AS number
            RETURNING id),
               account AS (
               INSERT INTO parties.account (number, name, country, time_zone)
               SELECT number, 'Acme', 'US', %(zone)s FROM base.take_numbers('account', 1) AS number
            RETURNING id)
        INSERT INTO parties.billing_account
               (number, account_id, name, legal_entity_id, currency, terms_days, tax_country, credit_limit)
        SELECT number, account.id, 'Acme Accounts', entity.id, %(currency)s, 30, 'US', 10000
          FROM entity, account, base.take_numbers('billing_account', 1) AS number
        RETURNING account_id, id, legal_entity_id
        """,
        {"currency": currency, "rounding": rounding, "zone": zone},
    )
    await save_tax_rates(tx, [TaxRateDraft("US", "standard", Decimal(10), date(2020, 1, 1), name="Sales tax")])
    return Payer(*row)


async def release_ready(tx: Tx, order_ids: Sequence[int]) -> Released:
    """Charge for whatever is ready in these orders and not counted in units."""
    rows = await reads.triggers_of_orders(tx, order_ids, states=["ready"])
    return await commands.release_triggers(tx, [row.id for row in rows if not row.per_unit])


def price(of: Payer, **changes: Any) -> TriggerDraft:
    """A one-time price of 49.00 on line 1.6 of order 1, gated by the visit and the milestone."""
    draft = TriggerDraft(
        order_id=1,
        order_label="SO-2026-000001",
        order_item_id=16,
        line="1.6",
        description="Technician install",
        account_id=of.account_id,
        billing_account_id=of.billing_account_id,
        currency="USD",
        price_kind="one_time",
        quantity=Decimal(1),
        unit_price=Decimal("49.00"),
        gates=(GateDraft("visit", decides_date=True, waives=True), GateDraft("allActive")),
        bundle_item_id=10,
        bundle_line="1",
        bundle_label="HomeMax Triple Play",
        bundle={"item": 10, "role": "install"},
    )
    return replace(draft, **changes)


def monthly(of: Payer, **changes: Any) -> TriggerDraft:
    """The bundle's 89.00 a month, gated by the milestone."""
    return price(
        of,
        **{
            "order_item_id": 10,
            "line": "1",
            "description": "HomeMax Triple Play",
            "price_kind": "recurring",
            "period": "month",
            "unit_price": Decimal("89.00"),
            "gates": (GateDraft("allActive", decides_date=True),),
            "bundle_item_id": None,
            "bundle": None,
            **changes,
        },
    )


def kits(of: Payer, **changes: Any) -> TriggerDraft:
    """Ten kits at 1,180.00, charged as they become complete."""
    return price(
        of,
        **{
            "order_item_id": 20,
            "line": "1",
            "description": "Splice Starter Kit",
            "quantity": Decimal(10),
            "unit_price": Decimal("1180.00"),
            "per_unit": True,
            "gates": (GateDraft("firstKits"),),
            "bundle_item_id": None,
            "bundle": None,
            **changes,
        },
    )
