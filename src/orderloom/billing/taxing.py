"""Which taxes are due on what is billed: by the one table and the one function that quotes and orders have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderloom.base.money import cent, round_amount
from orderloom.billing.types import TriggerDraft
from orderloom.catalog.price_types import Place, TaxTerms
from orderloom.catalog.tax import Taxable, TaxRate, TaxTable, taxed

ZERO = Decimal(0)
EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class TaxedAs:
    """How a billing account is taxed: where, if nothing else is said, and on which terms."""

    country: str
    terms: TaxTerms


def place_of(country: str, region: str) -> Place:
    """Where tax is due; a region that is not known is none."""
    return Place(country, region or None)


def due_rates(table: TaxTable, terms: TaxTerms, place: Place, category: str, on: date) -> tuple[TaxRate, ...]:
    """The taxes due there on that day. Who is exempt needs no rate to be known, and is told apart all the same."""
    rates = table.rates_at(place, category, on)
    if not rates and terms.treatment == "exempt":
        return (TaxRate(place.country, category, ZERO, EXEMPT, place.region),)
    return rates


@dataclass(frozen=True, slots=True)
class ForeseenCharge:
    """What charges come to before they are: paid once or by period, and the tax on that."""

    period: str | None
    net: Decimal
    tax: Decimal


def foreseen(drafts: Sequence[TriggerDraft], table: TaxTable, payer: TaxedAs, *, on: date) -> list[ForeseenCharge]:
    """What prices of one payer and currency would come to if they were invoiced on a day; prepaid ones cost nothing.

    Amounts are rounded once and taxed as an invoice would tax them. Where no rate is known there is no tax yet.
    """
    paid = [draft for draft in drafts if draft.price_kind != "prepaid"]
    amounts = [round_amount(draft.quantity * draft.unit_price, draft.currency) for draft in paid]
    taxables = [
        Taxable(
            amount,
            draft.tax_category,
            due_rates(table, payer.terms, _place(draft, payer), draft.tax_category, on),
            (draft.period,),
        )
        for draft, amount in zip(paid, amounts, strict=True)
    ]
    if not paid:
        return []
    settled = taxed(taxables, payer.terms, includes_tax=False, cent=cent(paid[0].currency))
    return [ForeseenCharge(draft.period, result.net, result.tax) for draft, result in zip(paid, settled, strict=True)]


def _place(draft: TriggerDraft, payer: TaxedAs) -> Place:
    return place_of(draft.tax_country, draft.tax_region) if draft.tax_country else Place(payer.country)
