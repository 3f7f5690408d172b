"""Money that comes in, over the API and on the page of its invoice."""

import re
from decimal import Decimal

import pytest

from orderloom.base.transaction import transaction
from orderloom.base.types import SYSTEM
from orderloom.billing import commands, reads
from tests.billing import given
from tests.billing.test_invoice import released

PAID = {"amount": "100.00", "received_on": "2026-03-01", "reference": "SEPA 1"}


@pytest.fixture
async def invoice(database):
    async with transaction(database, SYSTEM) as tx:
        await released(tx, await given.payer(tx))
        [invoice_id] = await commands.issue_invoices(tx, order_ids=[1])
        return await reads.invoice(tx, invoice_id)


async def test_a_payment_counts_once_and_lowers_what_is_open(as_role, invoice):
    clerk = await as_role("billing")
    at = f"/api/invoices/{invoice.number}/payments"
    first, second = await clerk.post(at, json=PAID), await clerk.post(at, json=PAID)
    [row] = (await clerk.get("/api/invoices")).json()["items"]

    assert (first.status_code, second.status_code) == (200, 200)
    assert len(second.json()["payments"]) == 1
    assert Decimal(str(row["open_amount"])) == invoice.gross - 100


async def test_more_than_is_open_is_refused_at_its_field(as_role, invoice):
    clerk = await as_role("billing")
    answer = await clerk.post(f"/api/invoices/{invoice.number}/payments", json={**PAID, "amount": "10000.00"})
    unknown = await clerk.post("/api/invoices/INV-0/payments", json=PAID)

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["pointer"] == "/amount"
    assert unknown.status_code == 404


async def test_who_may_only_read_invoices_records_nothing(as_role, invoice):
    auditor = await as_role("auditor")

    assert (await auditor.post(f"/api/invoices/{invoice.number}/payments", json=PAID)).status_code == 403


async def test_the_form_offers_what_is_open_and_is_gone_when_all_is_paid(browser_of, invoice):
    clerk = await browser_of("billing")
    home = f"/invoices/{invoice.id}"
    page = (await clerk.get(home)).text
    csrf = re.search(r'name="csrf" value="([0-9a-f]+)"', page)[1]
    offered = re.search(r'name="amount"[^>]* value="([\d.]+)"', page)[1]
    told = await clerk.post(f"{home}/payments", data={**PAID, "csrf": csrf, "amount": offered})
    after = (await clerk.get(home)).text

    assert Decimal(offered) == invoice.gross
    assert told.status_code == 303
    assert 'name="amount"' not in after
    assert "Paid" in after
