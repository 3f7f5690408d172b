"""What people and higher rooms ask of billing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.billing.rules import no_rate
from orderloom.billing.taxing import TaxedAs
from orderloom.billing.types import Exposure
from orderloom.catalog.price_types import TaxTerms
from orderloom.parties.policy import account_filter

PAGE = 100


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A trigger as a page shows it; `gates` are plain values with step, outcome, met_at, needed, counted."""

    id: int
    order_id: int
    order_item_id: int
    line: str
    description: str
    price_kind: str
    price: str
    per_unit: bool
    by_itself: bool
    quantity: Decimal
    released: Decimal
    unit_price: Decimal
    currency: str
    period: str | None
    state: str
    reason: str
    bundle_item_id: int | None
    gates: list[dict[str, Any]]


async def triggers_of_orders(
    tx: Tx, order_ids: Sequence[int], *, states: Sequence[str] | None = None
) -> list[TriggerRow]:
    """The triggers of orders with their gates, in the order in which they were armed."""
    where, params = account_filter(tx.actor, "trigger.account_id")
    return await tx.all(
        f"""
        SELECT trigger.id, trigger.order_id, trigger.order_item_id, trigger.line, trigger.description,
               trigger.price_kind, trigger.price, trigger.per_unit, trigger.by_itself, trigger.quantity,
               trigger.released, trigger.unit_price, trigger.currency, trigger.period, trigger.state, trigger.reason,
               trigger.bundle_item_id,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('step', gate.step, 'outcome', gate.outcome,
                                                             'met_at', gate.met_at, 'needed', gate.needed,
                                                             'counted', gate.counted) ORDER BY gate.step), '[]')
                  FROM billing.gate
                 WHERE gate.trigger_id = trigger.id) AS gates
          FROM billing.trigger
         WHERE trigger.order_id = ANY(%(orders)s)
           AND (%(states)s::text[] IS NULL OR trigger.state = ANY(%(states)s))
           AND {where}
         ORDER BY trigger.id
        """,
        {"orders": list(order_ids), "states": None if states is None else list(states), **params},
        row=TriggerRow,
    )


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge as a page shows it, with the invoice on which it stands."""

    id: int
    order_id: int
    order_item_id: int
    line: str
    description: str
    price_kind: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    currency: str
    effective_on: date
    period_start: date | None
    period_end: date | None
    state: str
    invoice: str | None


async def charges_of_orders(tx: Tx, order_ids: Sequence[int], *, open_only: bool = False) -> list[ChargeRow]:
    """The charges of orders; the open ones are the lines of the next invoice."""
    where, params = account_filter(tx.actor, "trigger.account_id")
    return await tx.all(
        f"""
        SELECT charge.id, trigger.order_id, trigger.order_item_id, trigger.line, trigger.description,
               trigger.price_kind, charge.quantity, charge.unit_price, charge.amount, trigger.currency,
               charge.effective_on, charge.period_start, charge.period_end, charge.state, invoice.number AS invoice
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
          LEFT JOIN billing.invoice_line ON invoice_line.charge_id = charge.id
          LEFT JOIN billing.invoice ON invoice.id = invoice_line.invoice_id
         WHERE trigger.order_id = ANY(%(orders)s)
           AND (NOT %(open_only)s OR charge.state = 'open')
           AND {where}
         ORDER BY charge.id
        """,
        {"orders": list(order_ids), "open_only": open_only, **params},
        row=ChargeRow,
    )


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice in a list; `open_amount` is what is still to be paid."""

    id: int
    number: str
    kind: str
    account_id: int
    account: str
    billing_account: str
    order_id: int | None
    order_label: str
    po_number: str
    currency: str
    issued_on: date
    due_on: date
    net: Decimal
    tax: Decimal
    gross: Decimal
    open_amount: Decimal


async def invoices(
    tx: Tx,
    *,
    order_ids: Sequence[int] | None = None,
    billing_account_id: int | None = None,
    account_id: int | None = None,
    ids: Sequence[int] | None = None,
    issued_from: date | None = None,
    before: int | None = None,
    limit: int = PAGE,
) -> list[InvoiceRow]:
    """Invoices that the actor may see, the newest first, paged by id; a consolidated one belongs to all its orders."""
    where, params = account_filter(tx.actor, "invoice.account_id")
    return await tx.all(
        f"""
        SELECT invoice.id, invoice.number, invoice.kind, invoice.account_id, account.name AS account,
               billing_account.number AS billing_account, invoice.order_id, invoice.order_label, invoice.po_number,
               invoice.currency, invoice.issued_on, invoice.due_on, invoice.net, invoice.tax, invoice.gross,
               coalesce(receivable.open_amount, 0) AS open_amount
          FROM billing.invoice
          LEFT JOIN billing.receivable ON receivable.invoice_id = invoice.id
          JOIN parties.account ON account.id = invoice.account_id
          JOIN parties.billing_account ON billing_account.id = invoice.billing_account_id
         WHERE (%(orders)s::bigint[] IS NULL
                OR invoice.id IN (SELECT line.invoice_id
                                    FROM billing.invoice_line AS line
                                   WHERE line.order_id = ANY(%(orders)s)))
           AND (%(payer)s::bigint IS NULL OR invoice.billing_account_id = %(payer)s)
           AND (%(account)s::bigint IS NULL OR invoice.account_id = %(account)s)
           AND (%(ids)s::bigint[] IS NULL OR invoice.id = ANY(%(ids)s))
           AND (%(issued_from)s::date IS NULL OR invoice.issued_on >= %(issued_from)s)
           AND (%(before)s::bigint IS NULL OR invoice.id < %(before)s)
           AND {where}
         ORDER BY invoice.id DESC
         LIMIT %(limit)s
        """,
        {
            "orders": None if order_ids is None else list(order_ids),
            "payer": billing_account_id,
            "account": account_id,
            "ids": None if ids is None else list(ids),
            "issued_from": issued_from,
            "before": before,
            "limit": limit,
            **params,
        },
        row=InvoiceRow,
    )


@dataclass(frozen=True, slots=True)
class InvoicePage:
    """One invoice with its lines, taxes and payments, as plain values."""

    id: int
    number: str
    account_id: int
    order_id: int | None
    order_label: str
    po_number: str
    currency: str
    bill_to: dict[str, Any]
    issued_at: datetime
    issued_on: date
    due_on: date
    net: Decimal
    tax: Decimal
    gross: Decimal
    lines: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    payments: list[dict[str, Any]]


async def invoice(tx: Tx, invoice_id: int) -> InvoicePage | None:
    """One invoice, if the actor may see it."""
    where, params = account_filter(tx.actor, "invoice.account_id")
    return await tx.one_or_none(
        f"""
        SELECT invoice.id, invoice.number, invoice.account_id, invoice.order_id, invoice.order_label,
               invoice.po_number, invoice.currency, invoice.bill_to, invoice.issued_at, invoice.issued_on,
               invoice.due_on, invoice.net, invoice.tax, invoice.gross,
               (SELECT jsonb_agg(to_jsonb(entry) - 'invoice_id' ORDER BY entry.position)
                  FROM billing.invoice_line AS entry
                 WHERE entry.invoice_id = invoice.id) AS lines,
               (SELECT coalesce(jsonb_agg(to_jsonb(total) - 'invoice_id'
                                          ORDER BY total.country, total.region, total.category, total.name), '[]')
                  FROM billing.invoice_tax AS total
                 WHERE total.invoice_id = invoice.id) AS taxes,
               (SELECT coalesce(jsonb_agg(to_jsonb(payment) - 'invoice_id' ORDER BY payment.id), '[]')
                  FROM billing.payment
                 WHERE payment.invoice_id = invoice.id) AS payments
          FROM billing.invoice
         WHERE invoice.id = %(id)s
           AND {where}
        """,
        {"id": invoice_id, **params},
        row=InvoicePage,
    )


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    """A subscription as a page shows it."""

    id: int
    order_id: int
    order_item_id: int
    line: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    currency: str
    period: str
    started_on: date
    ended_on: date | None
    next_on: date
    periods_charged: int
    state: str


async def subscriptions(
    tx: Tx, *, order_ids: Sequence[int] | None = None, account_id: int | None = None, after: int = 0, limit: int = PAGE
) -> list[SubscriptionRow]:
    """Subscriptions that the actor may see, paged by id."""
    where, params = account_filter(tx.actor, "trigger.account_id")
    return await tx.all(
        f"""
        SELECT subscription.id, trigger.order_id, trigger.order_item_id, trigger.line, trigger.description,
               subscription.quantity, subscription.unit_price, trigger.currency, subscription.period,
               subscription.started_on, subscription.ended_on, subscription.next_on, subscription.periods_charged,
               subscription.state
          FROM billing.subscription
          JOIN billing.trigger ON trigger.id = subscription.trigger_id
         WHERE (%(orders)s::bigint[] IS NULL OR trigger.order_id = ANY(%(orders)s))
           AND (%(account)s::bigint IS NULL OR trigger.account_id = %(account)s)
           AND subscription.id > %(after)s
           AND {where}
         ORDER BY subscription.id
         LIMIT %(limit)s
        """,
        {
            "orders": None if order_ids is None else list(order_ids),
            "account": account_id,
            "after": after,
            "limit": limit,
            **params,
        },
        row=SubscriptionRow,
    )


async def credit_exposure(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, Exposure]:
    """What billing accounts owe or will owe, each in its currency, one row for each that exists.

    Open invoices with tax, charges on no invoice, and prices whose gates are not met (a recurring
    one with its first period). Before tax where it has not been calculated yet.
    """
    rows = await tx.all(
        """
        SELECT billing_account.id AS billing_account_id, billing_account.currency,
               (SELECT coalesce(sum(receivable.open_amount), 0)
                  FROM billing.receivable
                 WHERE receivable.billing_account_id = billing_account.id) AS open_invoices,
               (SELECT coalesce(sum(charge.amount), 0)
                  FROM billing.charge
                 WHERE charge.billing_account_id = billing_account.id
                   AND charge.state = 'open') AS unbilled,
               (SELECT coalesce(sum((trigger.quantity - trigger.released) * trigger.unit_price), 0)
                  FROM billing.trigger
                 WHERE trigger.billing_account_id = billing_account.id
                   AND trigger.state IN ('armed', 'ready')) AS armed
          FROM parties.billing_account
         WHERE billing_account.id = ANY(%(ids)s)
        """,
        {"ids": list(billing_account_ids)},
        row=Exposure,
    )
    return {row.billing_account_id: row for row in rows}


async def taxed_as(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, TaxedAs]:
    """How billing accounts are taxed."""
    rows = await tx.all(
        """
        SELECT billing_account.id,
               coalesce(billing_account.tax_country, account.country, legal_entity.address ->> 'country', '')
               AS country,
               legal_entity.tax_rounding, billing_account.is_tax_exempt
          FROM parties.billing_account
          JOIN parties.account ON account.id = billing_account.account_id
          JOIN parties.legal_entity ON legal_entity.id = billing_account.legal_entity_id
         WHERE billing_account.id = ANY(%(ids)s)
        """,
        {"ids": list(billing_account_ids)},
    )
    return {
        id_: TaxedAs(country, TaxTerms(rounding, "exempt" if is_exempt else "taxed"))
        for id_, country, rounding, is_exempt in rows
    }


@dataclass(frozen=True, slots=True)
class WaitingCharge:
    """What an order owes that stands on no invoice yet: how much, since when, and whether its tax is known now."""

    order_id: int
    order: str
    account_id: int
    account: str
    amount: Decimal
    currency: str
    tax_country: str
    tax_category: str
    effective_on: date
    has_rate: bool

    @property
    def problem(self) -> str:
        """Why it is not invoiced, and what to do."""
        if self.has_rate:
            return "It is invoiced within a minute."
        return no_rate(self.tax_country, self.tax_category, self.effective_on)


async def charges_not_invoiced(tx: Tx, *, limit: int = PAGE) -> list[WaitingCharge]:
    """What is charged and stands on no invoice, by order and tax, the oldest first; as far as the actor may see."""
    seen, params = account_filter(tx.actor, "trigger.account_id")
    return await tx.all(
        f"""
        SELECT trigger.order_id, trigger.order_label AS "order", trigger.account_id, account.name AS account,
               sum(charge.amount) AS amount, trigger.currency, trigger.tax_country, trigger.tax_category,
               min(charge.effective_on) AS effective_on,
               bool_and(billing_account.is_tax_exempt OR EXISTS (
                   SELECT
                     FROM catalog.tax_rate
                    WHERE tax_rate.country = trigger.tax_country
                      AND (tax_rate.region IS NULL OR tax_rate.region = trigger.tax_region)
                      AND tax_rate.category = trigger.tax_category
                      AND daterange(tax_rate.valid_from, tax_rate.valid_to) @> charge.effective_on)) AS has_rate
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
          JOIN parties.account ON account.id = trigger.account_id
          JOIN parties.billing_account ON billing_account.id = charge.billing_account_id
         WHERE charge.state = 'open'
           AND charge.amount <> 0
           AND {seen}
         GROUP BY trigger.order_id, trigger.order_label, trigger.account_id, account.name, trigger.currency,
                  trigger.tax_country, trigger.tax_category
         ORDER BY min(charge.effective_on), trigger.order_id, trigger.tax_category
         LIMIT %(limit)s
        """,
        {"limit": limit, **params},
        row=WaitingCharge,
    )
