"""Invoices: numbers without gaps, lines under their bundles, never changed; payments and exposure."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal as D

import psycopg
import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Database, in_transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.billing import commands, reads
from orderloom.billing.events import InvoiceIssued, PaymentRecorded
from orderloom.billing.taxing import foreseen
from orderloom.billing.types import GateMark, PaymentDraft
from orderloom.billing.verify import INVARIANTS
from orderloom.catalog.commands import save_tax_rates
from orderloom.catalog.price_drafts import TaxRateDraft
from orderloom.catalog.reads import tax_rates
from tests.billing import given
from tests.billing.test_release import assert_sound

PAYMENT = """
    INSERT INTO billing.payment
           (invoice_id, amount, received_on, reference, recorded_by, legal_entity_id, series, year, sequence, number)
    SELECT id, {amount}, issued_on, 'x', 'nobody', legal_entity_id, 'payment', year, {sequence}, 'payment-{sequence}'
      FROM billing.invoice
"""


async def released(tx, payer: given.Payer, order_id: int = 1) -> None:
    """The triple play's monthly price and installation, ready to be invoiced."""
    drafts = [
        given.monthly(payer, order_id=order_id, order_item_id=order_id * 100 + 10, order_label=f"SO-{order_id}"),
        given.price(
            payer, order_id=order_id, order_item_id=order_id * 100 + 16, order_label=f"SO-{order_id}",
            bundle_item_id=order_id * 100 + 10,
        ),
    ]  # fmt: skip
    await commands.arm_triggers(tx, drafts)
    await commands.mark_gates(tx, [GateMark(order_id, "visit", tx.now), GateMark(order_id, "allActive", tx.now)])
    await given.release_ready(tx, [order_id])


async def test_an_invoice_names_bundle_and_items_and_its_totals_sum(tx):
    payer = await given.payer(tx)
    await released(tx, payer)

    ids = await commands.issue_invoices(tx, order_ids=[1])
    invoice = await reads.invoice(tx, ids[0])

    assert invoice is not None
    assert invoice.number == f"INV-{tx.now.year}-000001"
    assert [(x["position"], x["parent"], x["line"], x["net"]) for x in invoice.lines] == [
        (1, None, "1", D("89.00")),
        (2, 1, "1.6", D("49.00")),
    ]
    assert invoice.lines[1]["bundle"]["role"] == "install"
    assert (invoice.net, invoice.tax, invoice.gross) == (D("138.00"), D("13.80"), D("151.80"))
    assert invoice.due_on == invoice.issued_on + timedelta(days=30)
    assert invoice.bill_to["name"] == "Acme Accounts"
    assert isinstance(tx.events[-1], InvoiceIssued)
    assert await commands.issue_invoices(tx, order_ids=[1]) == []
    await assert_sound(tx)


async def test_orders_are_invoiced_apart_or_together(tx):
    payer = await given.payer(tx)
    await released(tx, payer, 1)
    await released(tx, payer, 2)
    await released(tx, payer, 3)

    apart = await commands.issue_invoices(tx, order_ids=[1])
    together = await commands.issue_invoices(tx, billing_account_ids=[payer.billing_account_id], consolidated=True)

    rows = {row.id: row for row in await reads.invoices(tx, billing_account_id=payer.billing_account_id)}
    assert rows[apart[0]].order_id == 1
    assert (len(together), rows[together[0]].order_id, rows[together[0]].net) == (1, None, D("276.00"))
    assert [row.id for row in await reads.invoices(tx, order_ids=[3])] == together
    await assert_sound(tx)


async def test_a_missing_tax_rate_refuses_and_names_it(tx):
    payer = await given.payer(tx)
    await released(tx, payer)
    await tx.execute("DELETE FROM catalog.tax_rate")

    with pytest.raises(Refused) as refused:
        await commands.issue_invoices(tx, order_ids=[1])
    assert refused.value.problems[0].code == "tax_rate_missing"


async def test_the_rate_is_that_of_the_effective_day(tx):
    payer = await given.payer(tx)
    await save_tax_rates(
        tx, [TaxRateDraft("US", "standard", D(12), tx.now.date() + timedelta(days=30), name="Sales tax")]
    )
    await released(tx, payer)

    invoice = await reads.invoice(tx, (await commands.issue_invoices(tx, order_ids=[1]))[0])
    assert invoice is not None
    assert [(total["percent"], total["tax"]) for total in invoice.taxes] == [(10, D("13.80"))]


async def test_saving_a_rate_twice_writes_it_once(tx):
    draft = TaxRateDraft("DE", "standard", D(19), date(2021, 1, 1))

    assert [await save_tax_rates(tx, [draft]) for _ in range(2)] == [1, 0]


async def test_who_is_exempt_pays_no_tax(tx):
    payer = await given.payer(tx)
    await tx.execute("UPDATE parties.billing_account SET is_tax_exempt = true")
    await released(tx, payer)

    invoice = await reads.invoice(tx, (await commands.issue_invoices(tx, order_ids=[1]))[0])
    assert invoice is not None
    assert (invoice.tax, invoice.taxes[0]["treatment"]) == (0, "exempt")


async def test_a_line_bears_the_taxes_of_its_region_and_the_total_is_rounded_as_the_entity_says(tx):
    payer = await given.payer(tx, rounding="total")
    await save_tax_rates(
        tx, [TaxRateDraft("US", "standard", D("8.875"), date(2020, 1, 1), region="NY", name="Sales tax")]
    )
    await save_tax_rates(tx, [TaxRateDraft("US", "standard", D(1), date(2020, 1, 1), region="NY", name="Levy")])
    drafts = [
        given.price(
            payer, order_item_id=100 + n, line=str(n), unit_price=D("0.13"), bundle_item_id=None, bundle=None,
            tax_country="US", tax_region="NY",
        )
        for n in (1, 2, 3)
    ]  # fmt: skip
    await commands.arm_triggers(tx, drafts)
    await commands.mark_gates(tx, [GateMark(1, "visit", tx.now), GateMark(1, "allActive", tx.now)])
    await given.release_ready(tx, [1])

    invoice = await reads.invoice(tx, (await commands.issue_invoices(tx, order_ids=[1]))[0])

    assert invoice is not None
    assert [(tax["name"], tax["region"], tax["net"], tax["tax"]) for tax in invoice.taxes] == [
        ("Levy", "NY", D("0.39"), D("0.00")),
        ("Sales tax", "NY", D("0.39"), D("0.03")),
    ]
    assert [line["tax_percent"] for line in invoice.lines] == [D("9.875")] * 3
    assert invoice.gross == D("0.42")
    await assert_sound(tx)


async def test_what_is_foreseen_is_what_is_invoiced(tx):
    payer = await given.payer(tx, rounding="total")
    drafts = [
        given.price(payer, order_item_id=100 + n, line=str(n), unit_price=D("0.13"), bundle_item_id=None, bundle=None)
        for n in (1, 2, 3)
    ]
    as_taxed = (await reads.taxed_as(tx, [payer.billing_account_id]))[payer.billing_account_id]
    table = await tax_rates(tx, ["US"], first=tx.now.date(), last=tx.now.date())

    charges = foreseen(drafts, table, as_taxed, on=tx.now.date())
    await commands.arm_triggers(tx, drafts)
    await commands.mark_gates(tx, [GateMark(1, "visit", tx.now), GateMark(1, "allActive", tx.now)])
    await given.release_ready(tx, [1])
    invoice = await reads.invoice(tx, (await commands.issue_invoices(tx, order_ids=[1]))[0])

    assert invoice is not None
    assert (invoice.net, invoice.tax) == (sum(each.net for each in charges), sum(each.tax for each in charges))
    assert invoice.tax == D("0.04"), "three times 0.013 are 0.039 in one sum"


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE billing.invoice SET gross = 1",
        "DELETE FROM billing.invoice_tax",
        "UPDATE billing.invoice_line SET net = 1",
        "DELETE FROM billing.payment",
        "UPDATE billing.increment SET quantity = 2",
    ],
)
async def test_what_was_written_is_never_changed(tx, change):
    payer = await given.payer(tx)
    await released(tx, payer)
    ids = await commands.issue_invoices(tx, order_ids=[1])
    await commands.record_payments(tx, [await payment(tx, ids[0], "1.00")])

    with pytest.raises(psycopg.errors.RestrictViolation):
        async with tx.savepoint():
            await tx.connection.execute(change)


async def payment(tx, invoice_id: int, amount: str, reference: str = "BANK-1") -> PaymentDraft:
    invoice = await reads.invoice(tx, invoice_id)
    assert invoice is not None
    return PaymentDraft(invoice.number, D(amount), invoice.issued_on, reference)


async def test_payments_lower_what_is_open(tx):
    payer = await given.payer(tx)
    await released(tx, payer)
    ids = await commands.issue_invoices(tx, order_ids=[1])
    first = await payment(tx, ids[0], "100.00")

    assert len(await commands.record_payments(tx, [first])) == 1
    assert await commands.record_payments(tx, [first]) == []

    assert (await reads.invoices(tx, ids=ids))[0].open_amount == D("51.80")
    event = tx.events[-1]
    assert isinstance(event, PaymentRecorded)
    assert (event.before, event.after) == (D("151.80"), D("51.80"))

    await commands.record_payments(tx, [await payment(tx, ids[0], "51.80", "BANK-2")])
    assert (await reads.invoices(tx, ids=ids))[0].open_amount == 0
    with pytest.raises(Refused):
        await commands.record_payments(tx, [await payment(tx, ids[0], "0.01", "BANK-3")])
    page = await reads.invoice(tx, ids[0])
    assert page is not None
    numbers = [f"payment-{page.issued_on.year}-{n:06d}" for n in (1, 2)]
    assert [one["number"] for one in page.payments] == numbers
    assert event.payment == numbers[0]
    await assert_sound(tx)


async def test_a_payment_is_refused_with_its_reason(tx):
    payer = await given.payer(tx)
    await released(tx, payer)
    ids = await commands.issue_invoices(tx, order_ids=[1])
    await commands.record_payments(tx, [await payment(tx, ids[0], "1.00")])

    with pytest.raises(Refused) as refused:
        await commands.record_payments(
            tx,
            [
                await payment(tx, ids[0], "999.00", "A"),
                await payment(tx, ids[0], "1.001", "B"),
                await payment(tx, ids[0], "2.00"),
            ],
        )
    assert [p.code for p in refused.value.problems] == ["overpaid", "amount_invalid", "reference_used"]

    with pytest.raises(Refused):
        await commands.record_payments(tx, [PaymentDraft("INV-0", D(1), tx.now.date(), "C")])


async def test_exposure_is_open_unbilled_and_armed(tx):
    payer = await given.payer(tx)
    await released(tx, payer, 1)
    await commands.issue_invoices(tx, order_ids=[1])
    await released(tx, payer, 2)
    await commands.arm_triggers(tx, [given.kits(payer, order_id=3, order_item_id=301)])

    exposure = (await reads.credit_exposure(tx, [payer.billing_account_id]))[payer.billing_account_id]

    assert (exposure.open_invoices, exposure.unbilled, exposure.armed) == (D("151.80"), D("138.00"), D("11800.00"))
    assert exposure.total == D("12089.80")


async def test_an_actor_without_the_account_sees_nothing(tx):
    payer = await given.payer(tx)
    await released(tx, payer)
    ids = await commands.issue_invoices(tx, order_ids=[1])
    tx.actor = Actor("user", "Sales", user_id=1, team_ids=(1,))

    assert await reads.invoice(tx, ids[0]) is None
    assert await reads.invoices(tx, ids=ids) == []
    assert await reads.triggers_of_orders(tx, [1]) == []
    assert await reads.charges_of_orders(tx, [1]) == []
    assert await reads.subscriptions(tx, order_ids=[1]) == []


async def test_numbers_have_no_gap_although_eight_issue_at_once_and_some_fail(database_url, house):
    async with Database(database_url, house, size=8) as database:

        async def prepare(tx):
            payer = await given.payer(tx)
            for order_id in range(1, 25):
                await released(tx, payer, order_id)

        await in_transaction(database, SYSTEM, prepare)

        async def issue(order_id: int) -> None:
            async def work(tx):
                await commands.issue_invoices(tx, order_ids=[order_id])
                if order_id % 5 == 0:
                    raise RuntimeError("the worker died")

            for _ in range(2):
                try:
                    await in_transaction(database, SYSTEM, work)
                except RuntimeError:
                    assert order_id % 5 == 0

        await asyncio.gather(*(issue(order_id) for order_id in range(1, 25)))

        async def look(tx):
            await assert_sound(tx)
            return await tx.values("SELECT sequence FROM billing.invoice ORDER BY sequence")

        assert await in_transaction(database, SYSTEM, look) == list(range(1, 21))


@pytest.mark.parametrize(
    ("breach", "name"),
    [
        ("UPDATE billing.gate SET outcome = NULL, met_at = NULL",
         "nothing is charged before every gate of its trigger"),
        ("DELETE FROM billing.gate", "a trigger that is ready, released or charged has gates"),
        ("UPDATE billing.trigger SET released = 0, state = 'ready'",
         "what a trigger has released is the sum of its increments"),
        ("INSERT INTO billing.increment (trigger_id, key, quantity, effective_at, effective_on)"
         " SELECT trigger_id, 'more', 1, effective_at, effective_on FROM billing.increment",
         "each increment is charged exactly once, or is one subscription"),
        ("UPDATE billing.subscription SET periods_charged = 7",
         "a subscription has charged each of its periods once, without a gap"),
        ("UPDATE billing.trigger SET state = 'reversed'",
         "a waived or reversed trigger leaves no open charge and no live subscription"),
        ("UPDATE billing.series SET last = last + 1",
         "invoice numbers have no gap within legal entity, series and year"),
        (PAYMENT.format(sequence=2, amount=1), "payment numbers have no gap within legal entity, series and year"),
        ("INSERT INTO billing.invoice_tax SELECT id, 'XX', 'none', 0, 'none', 1, 1 FROM billing.invoice",
         "an invoice is the sum of its lines and of its taxes"),
        ("INSERT INTO billing.invoice_tax SELECT id, 'XX', 'none', 0, 'none', 1, 0 FROM billing.invoice",
         "each tax of an invoice is the sum of what its lines say of it"),
        ("UPDATE billing.charge SET state = 'open'",
         "a charge stands on an invoice exactly when it says so, with its own amount"),
        (PAYMENT.format(sequence=1, amount=9999),
         "what is open of an invoice is what was invoiced and not paid, never less than nothing"),
    ],
)  # fmt: skip
async def test_verify_finds_what_is_broken(tx, breach, name):
    payer = await given.payer(tx)
    await released(tx, payer)
    await commands.issue_invoices(tx, order_ids=[1])
    await assert_sound(tx)

    await tx.connection.execute(breach)

    broken = {invariant.name for invariant in INVARIANTS if await tx.values(invariant.sql)}
    assert name in broken
