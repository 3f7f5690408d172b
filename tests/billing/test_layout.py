"""Invoices laid out: bundles above their parts, totals that sum, tax rounded as told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

from hypothesis import given
from hypothesis import strategies as st

from orderloom.billing.layout import OpenCharge, Rate, lay_out, line_order

VAT = Rate("DE", "standard", D(19), "VAT")
REDUCED = Rate("DE", "reduced", D(7), "VAT")
CENT = D("0.01")


def charge(number: int, line: str, amount: str, *, bundle: int | None = 10, item: int | None = None) -> OpenCharge:
    return OpenCharge(
        id=number, order_id=1, order_label="SO-1", order_item_id=item or number, line=line, description=f"Line {line}",
        bundle_item_id=bundle, bundle_line="1" if bundle else "", bundle_label="POS Complete" if bundle else "",
        bundle=None, quantity=D(1), unit="piece", unit_price=D(amount), amount=D(amount), tax_country="DE",
        tax_category="standard", effective_on=date(2026, 11, 5), period_start=None, period_end=None, po_number="",
        gl_account="", cost_centre="", billing_account_id=1, account_id=1, currency="EUR",
    )  # fmt: skip


def test_parts_stand_below_a_bundle_that_has_no_price():
    charges = [charge(12, "1.2", "90.00"), charge(11, "1.1", "120.00"), charge(20, "2", "5.00", bundle=None)]

    sheet = lay_out(charges, dict.fromkeys([11, 12, 20], VAT), rounding="line", cent=CENT)

    assert [(line.position, line.parent, line.line, line.net) for line in sheet.lines] == [
        (1, None, "1", D(0)),
        (2, 1, "1.1", D("120.00")),
        (3, 1, "1.2", D("90.00")),
        (4, None, "2", D("5.00")),
    ]
    assert sheet.lines[0].description == "POS Complete"
    assert (sheet.net, sheet.tax, sheet.gross) == (D("215.00"), D("40.85"), D("255.85"))


def test_a_bundle_with_a_price_is_its_own_heading():
    charges = [charge(10, "1", "89.00", bundle=None), charge(16, "1.6", "49.00")]

    sheet = lay_out(charges, dict.fromkeys([10, 16], VAT), rounding="line", cent=CENT)

    assert [(line.parent, line.net) for line in sheet.lines] == [(None, D("89.00")), (1, D("49.00"))]


def test_line_ten_stands_behind_line_nine():
    assert sorted(["1.10", "1.9", "1", "2"], key=line_order) == ["1", "1.9", "1.10", "2"]


def test_rounding_per_line_and_per_total_differ_and_both_sum():
    charges = [charge(number, f"1.{number}", "0.13") for number in (1, 2, 3)]
    rates = dict.fromkeys([1, 2, 3], VAT)

    by_line = lay_out(charges, rates, rounding="line", cent=CENT)
    by_total = lay_out(charges, rates, rounding="total", cent=CENT)

    assert (by_line.tax, by_total.tax) == (D("0.06"), D("0.07"))
    assert sum(line.tax for line in by_total.lines) == D("0.07")


def test_each_rate_is_told_apart():
    sheet = lay_out(
        [charge(1, "1.1", "100.00"), charge(2, "1.2", "50.00")], {1: VAT, 2: REDUCED}, rounding="total", cent=CENT
    )

    assert [(total.rate.category, total.net, total.tax) for total in sheet.taxes] == [
        ("reduced", D("50.00"), D("3.50")),
        ("standard", D("100.00"), D("19.00")),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.booleans()), min_size=1, max_size=20),
    st.sampled_from(["line", "total"]),
)
def test_totals_are_always_the_sums_of_the_lines(amounts, rounding):
    charges = [charge(n, f"1.{n}", str(D(cents) / 100)) for n, (cents, _) in enumerate(amounts, start=11)]
    rates = {n: VAT if standard else REDUCED for n, (_, standard) in enumerate(amounts, start=11)}

    sheet = lay_out(charges, rates, rounding=rounding, cent=CENT)

    assert sheet.net == sum(line.net for line in sheet.lines) == sum(c.amount for c in charges)
    assert sheet.tax == sum(line.tax for line in sheet.lines) == sum(total.tax for total in sheet.taxes)
    assert sheet.gross == sheet.net + sheet.tax
    assert [line.position for line in sheet.lines] == list(range(1, len(sheet.lines) + 1))
