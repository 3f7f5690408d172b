"""Our own invoices stand in the ledger beside those that were imported."""

from decimal import Decimal

from orderloom.billing import commands as billing
from orderloom.insight.commands import take_invoices
from orderloom.insight.reads import ledger
from orderloom.insight.types import Search
from tests.billing import given as bills
from tests.billing.test_invoice import released
from tests.insight import given
from tests.insight.test_import import breaches


async def issued(tx):
    payer = await bills.payer(tx)
    await released(tx, payer)
    [invoice] = await billing.issue_invoices(tx, order_ids=[1])
    return invoice


async def test_an_issued_invoice_joins_the_ledger_once(tx):
    await given.history(tx)
    invoice = await issued(tx)
    first = await take_invoices(tx, [invoice])
    second = await take_invoices(tx, [invoice])

    [row] = [one for one in await ledger.documents(tx, Search(), limit=500) if one.invoice_id == invoice]
    assert (first, second) == ([row.id], [])
    assert row.net == await tx.value("SELECT net FROM billing.invoice WHERE id = %(id)s", {"id": invoice}) > Decimal(0)
    assert row.account_id is not None
    assert await breaches(tx) == []


async def test_it_is_found_by_its_words_and_summed_in_its_currency(tx):
    invoice = await issued(tx)
    await take_invoices(tx, [invoice])
    number = await tx.value("SELECT number FROM billing.invoice WHERE id = %(id)s", {"id": invoice})

    assert [one.number for one in await ledger.documents(tx, Search(text=number))] == [number]
    [total] = await ledger.totals(tx, Search())
    assert total.net == await tx.value("SELECT sum(sold) FROM insight.customer_day")
