"""Verbs of invoices: issue, payments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from orderloom.base.money import cent, has_more_decimals
from orderloom.base.refusals import NotFound, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.billing.events import InvoiceIssued, PaymentRecorded
from orderloom.billing.layout import OpenCharge, lay_out, taxable_of
from orderloom.billing.rules import no_rate
from orderloom.billing.store import invoice
from orderloom.billing.store.invoice import BillTo, NewInvoice, NewPayment
from orderloom.billing.types import Issued, PaymentDraft, Untaxed
from orderloom.catalog.reads import tax_rates
from orderloom.catalog.tax import TaxTable

CHARGE_LIMIT: Final = 20_000
_Group = tuple[int, str, int | None]


async def issue_invoices(
    tx: Tx,
    *,
    order_ids: Sequence[int] | None = None,
    billing_account_ids: Sequence[int] | None = None,
    consolidated: bool = False,
) -> list[int]:
    """Invoice the open charges of orders or billing accounts; return the new invoices.

    One invoice per billing account, currency and order; when consolidated, one for all orders. Each
    gets the next number of its legal entity, series and year, without gaps even after a rollback,
    and is never changed again. Nothing to pay, no invoice: charges of nothing (what is in a bundle's
    price) wait for the next one with an amount, and so does what comes back where it is more than is
    charged; else it is taken off the largest invoice of its payer. A tax rate that is missing refuses all.
    """
    charges = await invoice.lock_open_charges(
        tx, order_ids=order_ids, billing_account_ids=billing_account_ids, limit=CHARGE_LIMIT
    )
    if not charges:
        return []
    bills = await _bills(tx, charges)
    sentences = dict.fromkeys(one.problem for one in _untaxed(bills))
    refuse_if_any([Problem("tax_rate_missing", sentence) for sentence in sentences])
    return await _issue(tx, bills, consolidated=consolidated)


async def issue_what_is_taxed(tx: Tx, order_ids: Sequence[int]) -> Issued:
    """Invoice the open charges of orders whose tax rates are known; name the orders that must wait, and for what.

    An order of which one rate is missing gets no invoice; its charges stay open until the rate is there.
    """
    charges = await invoice.lock_open_charges(tx, order_ids=order_ids, billing_account_ids=None, limit=CHARGE_LIMIT)
    if not charges:
        return Issued((), ())
    bills = await _bills(tx, charges)
    untaxed = _untaxed(bills)
    waiting = {one.order_id for one in untaxed}
    ready = replace(bills, charges=[charge for charge in charges if charge.order_id not in waiting])
    return Issued(tuple(await _issue(tx, ready, consolidated=False)), tuple(untaxed))


@dataclass(frozen=True, slots=True)
class _Bills:
    """Charges, who pays them, and the taxes of their days and countries."""

    charges: Sequence[OpenCharge]
    payers: Mapping[int, BillTo]
    taxes: TaxTable


async def _bills(tx: Tx, charges: Sequence[OpenCharge]) -> _Bills:
    payers = await invoice.bill_to(tx, sorted({charge.billing_account_id for charge in charges}))
    days = [charge.effective_on for charge in charges]
    taxes = await tax_rates(tx, {charge.tax_country for charge in charges}, first=min(days), last=max(days))
    return _Bills(charges, payers, taxes)


def _untaxed(bills: _Bills) -> list[Untaxed]:
    """The orders with a charge for which no tax is known on its day, not even that none is due."""
    missing = {
        (charge.order_id, charge.tax_category, charge.tax_country, charge.effective_on): charge
        for charge in bills.charges
        if not taxable_of(charge, bills.taxes, bills.payers[charge.billing_account_id].tax_terms).rates
    }
    return [
        Untaxed(order_id, charge.order_label, charge.account_id, no_rate(country, category, day))
        for (order_id, category, country, day), charge in sorted(missing.items(), key=lambda found: found[0])
    ]


async def _issue(tx: Tx, bills: _Bills, *, consolidated: bool) -> list[int]:
    groups: dict[_Group, list[OpenCharge]] = {}
    for charge in bills.charges:
        key = (charge.billing_account_id, charge.currency, None if consolidated else charge.order_id)
        groups.setdefault(key, []).append(charge)
    groups = _with_credits({key: group for key, group in groups.items() if any(charge.amount for charge in group)})
    if not groups:
        return []
    drafts = [_draft(tx, bills.payers[key[0]], key, group, bills.taxes) for key, group in groups.items()]
    fresh = await _number(tx, drafts)
    ids = await invoice.insert(tx, fresh)
    tx.emit(_issued(invoice_id, each) for invoice_id, each in zip(ids, fresh, strict=True))
    return ids


def _with_credits(groups: dict[_Group, list[OpenCharge]]) -> dict[_Group, list[OpenCharge]]:
    """Take what comes back off the largest invoice of its payer and currency; leave out what nothing is left of."""
    whole: dict[tuple[int, str], list[_Group]] = {}
    for key in sorted(groups, key=lambda key: -_sum(groups[key])):
        whole.setdefault(key[:2], []).append(key)
    for keys in whole.values():
        first = keys[0]
        for key in keys[1:]:
            if _sum(groups[key]) < 0 and _sum(groups[first]) + _sum(groups[key]) > 0:
                groups[first] = [*groups[first], *groups.pop(key)]
    return {key: group for key, group in groups.items() if _sum(group) >= 0}


def _sum(charges: Sequence[OpenCharge]) -> Decimal:
    return sum((charge.amount for charge in charges), Decimal(0))


def _draft(tx: Tx, payer: BillTo, key: _Group, charges: Sequence[OpenCharge], taxes: TaxTable) -> NewInvoice:
    issued_on = tx.now.astimezone(ZoneInfo(payer.time_zone)).date()
    orders = {charge.order_label for charge in charges}
    po_numbers = {charge.po_number for charge in charges}
    return NewInvoice(
        bill_to=payer,
        year=issued_on.year,
        sequence=0,
        number="",
        order_id=key[2],
        order_label=orders.pop() if len(orders) == 1 else "",
        po_number=po_numbers.pop() if len(po_numbers) == 1 else "",
        currency=key[1],
        issued_on=issued_on,
        due_on=issued_on + timedelta(days=payer.terms_days),
        sheet=lay_out(charges, taxes, payer.tax_terms, cent=cent(key[1])),
    )


async def _number(tx: Tx, drafts: Sequence[NewInvoice]) -> list[NewInvoice]:
    series = [(each.bill_to.legal_entity_id, each.bill_to.series, each.year) for each in drafts]
    taken = await _take(tx, series, kind="invoice")
    return [
        replace(each, sequence=sequence, number=number) for each, (sequence, number) in zip(drafts, taken, strict=True)
    ]


async def _take(
    tx: Tx, series: Sequence[invoice.Series], *, kind: Literal["invoice", "payment"]
) -> list[tuple[int, str]]:
    """The next number of each of these series, and how it is written."""
    last = await invoice.take_numbers(tx, Counter(series), kind=kind)
    taken = []
    for one in series:
        last[one] += 1
        taken.append((last[one], f"{one[1]}-{one[2]}-{last[one]:06d}"))
    return taken


def _issued(invoice_id: int, each: NewInvoice) -> InvoiceIssued:
    return InvoiceIssued(
        Subject("invoice", invoice_id, each.number, each.bill_to.account_id),
        each.order_id,
        each.number,
        each.currency,
        each.sheet.net,
        each.sheet.tax,
        each.sheet.gross,
        each.due_on,
    )


async def record_payments(tx: Tx, drafts: Sequence[PaymentDraft]) -> list[int]:
    """Note money that came in for invoices; return the new payments.

    All or nothing. Each gets the next number of its legal entity's series, without gaps. The same
    reference with the same amount is passed over. More than is open, an unknown invoice or
    more decimals than the currency has are refused.
    """
    found = await invoice.lock_invoices(tx, [draft.invoice for draft in drafts])
    if missing := [draft.invoice for draft in drafts if draft.invoice not in found]:
        raise NotFound([Problem("invoice_unknown", f"There is no invoice {number}; check it.") for number in missing])
    known = await invoice.known_payments(tx, [row.id for rows in found.values() for row in rows])
    left = {row.id: row.open_amount for rows in found.values() for row in rows}
    problems: list[Problem] = []
    fresh: list[NewPayment] = []
    events: list[PaymentRecorded] = []
    for place, draft in enumerate(drafts):
        row = found[draft.invoice][0]
        if known.get((row.id, draft.reference)) == draft.amount:
            continue
        if faults := _payment_problems(place, draft, found[draft.invoice], left, known):
            problems += faults
            continue
        fresh.append(_unnumbered(tx, row, draft))
        known[(row.id, draft.reference)] = draft.amount
        left[row.id] -= draft.amount
        subject = Subject("invoice", row.id, row.number, row.account_id)
        before = left[row.id] + draft.amount
        events.append(PaymentRecorded(subject, row.number, draft.amount, row.currency, before, left[row.id]))
    refuse_if_any(problems)
    taken = await _take(tx, [(each.legal_entity_id, each.series, each.year) for each in fresh], kind="payment")
    numbered = zip(fresh, taken, strict=True)
    ids = await invoice.insert_payments(tx, [replace(one, sequence=n, number=number) for one, (n, number) in numbered])
    tx.emit(replace(event, payment=number) for event, (_, number) in zip(events, taken, strict=True))
    return ids


def _unnumbered(tx: Tx, row: invoice.OpenInvoice, draft: PaymentDraft) -> NewPayment:
    return NewPayment(
        invoice_id=row.id,
        legal_entity_id=row.legal_entity_id,
        series=row.payment_series,
        year=tx.now.astimezone(ZoneInfo(row.time_zone)).year,
        amount=draft.amount,
        received_on=draft.received_on,
        reference=draft.reference,
        note=draft.note,
    )


def _payment_problems(
    place: int,
    draft: PaymentDraft,
    rows: Sequence[invoice.OpenInvoice],
    left: Mapping[int, Decimal],
    known: Mapping[tuple[int, str], Decimal],
) -> list[Problem]:
    row = rows[0]
    problems = []
    if len(rows) > 1:
        message = f"Two legal entities have an invoice {row.number}; record the payment on the invoice's page."
        problems.append(Problem("invoice_ambiguous", message, f"/{place}/invoice"))
    if draft.amount <= 0 or has_more_decimals(draft.amount, row.currency):
        message = f"Give an amount above zero with the decimals of {row.currency}."
        problems.append(Problem("amount_invalid", message, f"/{place}/amount"))
    elif draft.amount > left[row.id]:
        message = f"{left[row.id]:f} {row.currency} are open on {row.number}; record the rest on another invoice."
        problems.append(Problem("overpaid", message, f"/{place}/amount"))
    if (row.id, draft.reference) in known:
        message = f"The reference {draft.reference} was used for another amount; check for a double."
        problems.append(Problem("reference_used", message, f"/{place}/reference"))
    return problems
