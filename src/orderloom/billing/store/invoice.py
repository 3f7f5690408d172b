"""SQL of invoices, their numbers, and payments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from orderloom.base.transaction import Json, Tx
from orderloom.billing.layout import OpenCharge, Sheet
from orderloom.catalog.price_types import Rounding, TaxTerms


async def lock_open_charges(
    tx: Tx, *, order_ids: Sequence[int] | None, billing_account_ids: Sequence[int] | None, limit: int
) -> list[OpenCharge]:
    """Lock charges that stand on no invoice, in id order; with those of orders, what their payers get back."""
    return await tx.all(
        """
        SELECT charge.id, trigger.order_id, trigger.order_label, trigger.order_item_id, trigger.line,
               trigger.description, trigger.bundle_item_id, trigger.bundle_line, trigger.bundle_label, trigger.bundle,
               charge.quantity, trigger.unit, charge.unit_price, charge.amount, trigger.tax_country,
               trigger.tax_region, trigger.tax_category, charge.effective_on, charge.period_start, charge.period_end,
               trigger.po_number, trigger.gl_account, trigger.cost_centre, trigger.billing_account_id,
               trigger.account_id, trigger.currency
          FROM billing.charge
          JOIN billing.trigger ON trigger.id = charge.trigger_id
         WHERE charge.state = 'open'
           AND (%(orders)s::bigint[] IS NULL
                OR charge.id IN (SELECT own.id
                                   FROM billing.trigger AS asked
                                   JOIN billing.charge AS own ON own.trigger_id = asked.id AND own.state = 'open'
                                  WHERE asked.order_id = ANY(%(orders)s)
                                  UNION ALL
                                 SELECT given.id
                                   FROM billing.trigger AS asked
                                   JOIN billing.charge AS given USING (billing_account_id)
                                  WHERE asked.order_id = ANY(%(orders)s)
                                    AND given.adjusts_id IS NOT NULL
                                    AND given.state = 'open'))
           AND (%(payers)s::bigint[] IS NULL OR charge.billing_account_id = ANY(%(payers)s))
         ORDER BY charge.id
         LIMIT %(limit)s
           FOR UPDATE OF charge
        """,
        {
            "orders": None if order_ids is None else list(order_ids),
            "payers": None if billing_account_ids is None else list(billing_account_ids),
            "limit": limit,
        },
        row=OpenCharge,
    )


@dataclass(frozen=True, slots=True)
class BillTo:
    """Who is invoiced, by whom, and how, as it is at the moment of issue."""

    id: int
    account_id: int
    legal_entity_id: int
    time_zone: str
    series: str
    tax_rounding: Rounding
    terms_days: int
    is_tax_exempt: bool
    snapshot: dict[str, Any]

    @property
    def tax_terms(self) -> TaxTerms:
        """How tax is rounded and whether any is due."""
        return TaxTerms(self.tax_rounding, "exempt" if self.is_tax_exempt else "taxed")


async def bill_to(tx: Tx, billing_account_ids: Sequence[int]) -> dict[int, BillTo]:
    """Billing accounts with what an invoice copies from them."""
    rows = await tx.all(
        """
        SELECT billing_account.id, billing_account.account_id, billing_account.legal_entity_id, legal_entity.time_zone,
               legal_entity.invoice_series AS series, legal_entity.tax_rounding, billing_account.terms_days,
               billing_account.is_tax_exempt,
               jsonb_build_object(
                   'number', billing_account.number, 'name', billing_account.name, 'account', account.number,
                   'tax_id', billing_account.tax_id, 'tax_country', billing_account.tax_country,
                   'email', billing_account.email,
                   'seller', jsonb_build_object('code', legal_entity.code, 'name', legal_entity.name,
                                                'tax_id', legal_entity.tax_id, 'address', legal_entity.address),
                   'address', (SELECT to_jsonb(address) - ARRAY['id', 'account_id', 'created_at', 'changed_at']
                                 FROM parties.address
                                WHERE address.account_id = account.id
                                  AND address.is_bill_to)) AS snapshot
          FROM parties.billing_account
          JOIN parties.account ON account.id = billing_account.account_id
          JOIN parties.legal_entity ON legal_entity.id = billing_account.legal_entity_id
         WHERE billing_account.id = ANY(%(ids)s)
        """,
        {"ids": list(billing_account_ids)},
        row=BillTo,
    )
    return {row.id: row for row in rows}


Series = tuple[int, str, int]
"""A series of numbers: legal entity, what they begin with, year."""


async def take_numbers(
    tx: Tx, wanted: Mapping[Series, int], *, kind: Literal["invoice", "payment"] = "invoice"
) -> dict[Series, int]:
    """Draw numbers without gaps: how many by legal entity, series and year; return the last used before.

    The rows stay locked until commit, always in the same order; a rollback gives the numbers back.
    """
    keys = sorted(wanted)
    params = {
        "kind": kind,
        "entities": [key[0] for key in keys],
        "series": [key[1] for key in keys],
        "years": [key[2] for key in keys],
        "counts": [wanted[key] for key in keys],
    }
    await tx.execute(
        """
        INSERT INTO billing.series (legal_entity_id, kind, series, year)
        SELECT entity, %(kind)s, series, year
          FROM unnest(%(entities)s::bigint[], %(series)s::text[], %(years)s::int[]) AS wanted (entity, series, year)
         ORDER BY 1, 2, 3, 4
            ON CONFLICT DO NOTHING
        """,
        params,
    )
    await tx.execute(
        """
        SELECT 1
          FROM billing.series
         WHERE kind = %(kind)s
           AND (legal_entity_id, series, year)
               IN (SELECT * FROM unnest(%(entities)s::bigint[], %(series)s::text[], %(years)s::int[]))
         ORDER BY legal_entity_id, series, year
           FOR UPDATE
        """,
        params,
    )
    rows = await tx.all(
        """
        UPDATE billing.series
           SET last = series.last + wanted.count
          FROM unnest(%(entities)s::bigint[], %(series)s::text[], %(years)s::int[], %(counts)s::bigint[])
               AS wanted (legal_entity_id, series, year, count)
         WHERE series.kind = %(kind)s
           AND series.legal_entity_id = wanted.legal_entity_id
           AND series.series = wanted.series
           AND series.year = wanted.year
        RETURNING series.legal_entity_id, series.series, series.year, series.last - wanted.count
        """,
        params,
    )
    return {(entity, series, year): last for entity, series, year, last in rows}


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """An invoice to be written whole."""

    bill_to: BillTo
    year: int
    sequence: int
    number: str
    order_id: int | None
    order_label: str
    po_number: str
    currency: str
    issued_on: date
    due_on: date
    sheet: Sheet


async def insert(tx: Tx, invoices: Sequence[NewInvoice]) -> list[int]:
    """Write invoices with lines and taxes, and note on their charges that they are invoiced."""
    rows = await tx.all(
        """
        INSERT INTO billing.invoice
               (legal_entity_id, series, year, sequence, number, account_id, billing_account_id, order_id, order_label,
                po_number, currency, bill_to, issued_on, due_on, net, tax, gross, issued_at)
        SELECT *, %(now)s
          FROM unnest(%(entities)s::bigint[], %(series)s::text[], %(years)s::int[], %(sequences)s::bigint[],
                      %(numbers)s::text[], %(accounts)s::bigint[], %(payers)s::bigint[], %(orders)s::bigint[],
                      %(labels)s::text[], %(po_numbers)s::text[], %(currencies)s::text[], %(bill_to)s::jsonb[],
                      %(issued)s::date[], %(due)s::date[], %(net)s::numeric[], %(tax)s::numeric[], %(gross)s::numeric[])
        RETURNING legal_entity_id, number, id
        """,
        {
            "now": tx.now,
            "entities": [each.bill_to.legal_entity_id for each in invoices],
            "series": [each.bill_to.series for each in invoices],
            "years": [each.year for each in invoices],
            "sequences": [each.sequence for each in invoices],
            "numbers": [each.number for each in invoices],
            "accounts": [each.bill_to.account_id for each in invoices],
            "payers": [each.bill_to.id for each in invoices],
            "orders": [each.order_id for each in invoices],
            "labels": [each.order_label for each in invoices],
            "po_numbers": [each.po_number for each in invoices],
            "currencies": [each.currency for each in invoices],
            "bill_to": [Json(each.bill_to.snapshot) for each in invoices],
            "issued": [each.issued_on for each in invoices],
            "due": [each.due_on for each in invoices],
            "net": [each.sheet.net for each in invoices],
            "tax": [each.sheet.tax for each in invoices],
            "gross": [each.sheet.gross for each in invoices],
        },
    )
    ids = {(entity, number): invoice_id for entity, number, invoice_id in rows}
    numbered = [(ids[(each.bill_to.legal_entity_id, each.number)], each.sheet) for each in invoices]
    await _insert_lines(tx, numbered)
    await _insert_taxes(tx, numbered)
    await _insert_receivables(tx, [invoice_id for invoice_id, _ in numbered])
    await tx.execute(
        "UPDATE billing.charge SET state = 'invoiced' WHERE id = ANY(%(ids)s) AND state = 'open'",
        {"ids": [line.charge.id for _, sheet in numbered for line in sheet.lines if line.charge]},
    )
    return [invoice_id for invoice_id, _ in numbered]


async def _insert_lines(tx: Tx, sheets: Sequence[tuple[int, Sheet]]) -> None:
    lines = [(invoice_id, line) for invoice_id, sheet in sheets for line in sheet.lines]
    charges = [line.charge for _, line in lines]
    await tx.execute(
        """
        INSERT INTO billing.invoice_line
               (invoice_id, position, parent, charge_id, order_id, order_item_id, line, description, bundle, quantity,
                unit, unit_price, net, tax_country, tax_category, tax_percent, taxes, tax, effective_on, period_start,
                period_end, gl_account, cost_centre)
        SELECT *
          FROM unnest(%(invoices)s::bigint[], %(positions)s::int[], %(parents)s::int[], %(charges)s::bigint[],
                      %(orders)s::bigint[], %(items)s::bigint[], %(lines)s::text[], %(descriptions)s::text[],
                      %(bundles)s::jsonb[], %(quantities)s::numeric[], %(units)s::text[], %(unit_prices)s::numeric[],
                      %(net)s::numeric[], %(tax_countries)s::text[], %(tax_categories)s::text[],
                      %(tax_percents)s::numeric[], %(taxes)s::jsonb[], %(tax)s::numeric[], %(effective)s::date[],
                      %(starts)s::date[],
                      %(ends)s::date[], %(gl_accounts)s::text[], %(cost_centres)s::text[])
        """,
        {
            "invoices": [invoice_id for invoice_id, _ in lines],
            "positions": [line.position for _, line in lines],
            "parents": [line.parent for _, line in lines],
            "charges": [charge.id if charge else None for charge in charges],
            "orders": [line.order_id for _, line in lines],
            "items": [line.order_item_id for _, line in lines],
            "lines": [line.line for _, line in lines],
            "descriptions": [line.description for _, line in lines],
            "bundles": [None if line.bundle is None else Json(line.bundle) for _, line in lines],
            "quantities": [charge.quantity if charge else Decimal(1) for charge in charges],
            "units": [charge.unit if charge else "" for charge in charges],
            "unit_prices": [charge.unit_price if charge else Decimal(0) for charge in charges],
            "net": [line.net for _, line in lines],
            "tax_countries": [charge.tax_country if charge else "" for charge in charges],
            "tax_categories": [charge.tax_category if charge else "" for charge in charges],
            "tax_percents": [line.tax_percent for _, line in lines],
            "taxes": [Json(line.taxes) for _, line in lines],
            "tax": [line.tax for _, line in lines],
            "effective": [charge.effective_on if charge else None for charge in charges],
            "starts": [charge.period_start if charge else None for charge in charges],
            "ends": [charge.period_end if charge else None for charge in charges],
            "gl_accounts": [charge.gl_account if charge else "" for charge in charges],
            "cost_centres": [charge.cost_centre if charge else "" for charge in charges],
        },
    )


async def _insert_taxes(tx: Tx, sheets: Sequence[tuple[int, Sheet]]) -> None:
    taxes = [(invoice_id, total) for invoice_id, sheet in sheets for total in sheet.taxes]
    await tx.execute(
        """
        INSERT INTO billing.invoice_tax (invoice_id, country, region, category, percent, name, treatment, net, tax)
        SELECT *
          FROM unnest(%(invoices)s::bigint[], %(countries)s::text[], %(regions)s::text[], %(categories)s::text[],
                      %(percents)s::numeric[], %(names)s::text[], %(treatments)s::text[], %(net)s::numeric[],
                      %(tax)s::numeric[])
        """,
        {
            "invoices": [invoice_id for invoice_id, _ in taxes],
            "countries": [total.country for _, total in taxes],
            "regions": [total.region for _, total in taxes],
            "categories": [total.category for _, total in taxes],
            "percents": [total.percent for _, total in taxes],
            "names": [total.name for _, total in taxes],
            "treatments": [total.treatment for _, total in taxes],
            "net": [total.net for _, total in taxes],
            "tax": [total.tax for _, total in taxes],
        },
    )


async def _insert_receivables(tx: Tx, invoice_ids: Sequence[int]) -> None:
    await tx.execute(
        """
        INSERT INTO billing.receivable (invoice_id, billing_account_id, due_on, open_amount)
        SELECT id, billing_account_id, due_on, gross
          FROM billing.invoice
         WHERE id = ANY(%(ids)s)
           AND gross > 0
        """,
        {"ids": list(invoice_ids)},
    )


@dataclass(frozen=True, slots=True)
class OpenInvoice:
    """A locked invoice with what is still to be paid."""

    id: int
    number: str
    account_id: int
    currency: str
    open_amount: Decimal
    legal_entity_id: int
    payment_series: str
    time_zone: str


async def lock_invoices(tx: Tx, numbers: Sequence[str]) -> dict[str, list[OpenInvoice]]:
    """Lock invoices by number, in id order; two legal entities may use the same number."""
    await tx.execute(
        "SELECT 1 FROM billing.invoice WHERE number = ANY(%(numbers)s) ORDER BY id FOR UPDATE",
        {"numbers": list(numbers)},
    )
    rows = await tx.all(
        """
        SELECT invoice.id, invoice.number, invoice.account_id, invoice.currency,
               coalesce(receivable.open_amount, 0) AS open_amount, invoice.legal_entity_id,
               legal_entity.payment_series, legal_entity.time_zone
          FROM billing.invoice
          JOIN parties.legal_entity ON legal_entity.id = invoice.legal_entity_id
          LEFT JOIN billing.receivable ON receivable.invoice_id = invoice.id
         WHERE invoice.number = ANY(%(numbers)s)
         ORDER BY invoice.id
        """,
        {"numbers": list(numbers)},
        row=OpenInvoice,
    )
    found: dict[str, list[OpenInvoice]] = {}
    for row in rows:
        found.setdefault(row.number, []).append(row)
    return found


async def known_payments(tx: Tx, invoice_ids: Sequence[int]) -> dict[tuple[int, str], Decimal]:
    """Payments of invoices by reference."""
    rows = await tx.all(
        "SELECT invoice_id, reference, amount FROM billing.payment WHERE invoice_id = ANY(%(ids)s)",
        {"ids": list(invoice_ids)},
    )
    return {(invoice_id, reference): amount for invoice_id, reference, amount in rows}


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to be written; without a number until it has taken one of its series."""

    invoice_id: int
    legal_entity_id: int
    series: str
    year: int
    amount: Decimal
    received_on: date
    reference: str
    note: str
    sequence: int = 0
    number: str = ""


async def insert_payments(tx: Tx, payments: Sequence[NewPayment]) -> list[int]:
    """Write payments and lower what is open by them; return their ids."""
    if not payments:
        return []
    told = {"invoices": [each.invoice_id for each in payments], "amounts": [each.amount for each in payments]}
    await tx.execute(
        """
        DELETE FROM billing.receivable
         USING (SELECT invoice_id, sum(amount) AS amount
                  FROM unnest(%(invoices)s::bigint[], %(amounts)s::numeric[]) AS told (invoice_id, amount)
                 GROUP BY invoice_id) AS paid
         WHERE receivable.invoice_id = paid.invoice_id
           AND receivable.open_amount = paid.amount
        """,
        told,
    )
    await tx.execute(
        """
        UPDATE billing.receivable
           SET open_amount = receivable.open_amount - paid.amount
          FROM (SELECT invoice_id, sum(amount) AS amount
                  FROM unnest(%(invoices)s::bigint[], %(amounts)s::numeric[]) AS told (invoice_id, amount)
                 GROUP BY invoice_id) AS paid
         WHERE receivable.invoice_id = paid.invoice_id
        """,
        told,
    )
    return await tx.values(
        """
        INSERT INTO billing.payment
               (invoice_id, amount, received_on, reference, note, legal_entity_id, series, year, sequence, number,
                recorded_by, recorded_at)
        SELECT *, %(actor)s, %(now)s
          FROM unnest(%(invoices)s::bigint[], %(amounts)s::numeric[], %(received)s::date[], %(references)s::text[],
                      %(notes)s::text[], %(entities)s::bigint[], %(series)s::text[], %(years)s::int[],
                      %(sequences)s::bigint[], %(numbers)s::text[])
        RETURNING id
        """,
        {
            "actor": tx.actor.name,
            "now": tx.now,
            "invoices": [each.invoice_id for each in payments],
            "amounts": [each.amount for each in payments],
            "received": [each.received_on for each in payments],
            "references": [each.reference for each in payments],
            "notes": [each.note for each in payments],
            "entities": [each.legal_entity_id for each in payments],
            "series": [each.series for each in payments],
            "years": [each.year for each in payments],
            "sequences": [each.sequence for each in payments],
            "numbers": [each.number for each in payments],
        },
    )
