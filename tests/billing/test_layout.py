"""Invoices laid out: bundles above their parts, totals that sum, tax rounded as told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.billing.layout import OpenCharge, Sheet, lay_out, line_order
from orderloom.catalog.price_types import TaxTerms
from orderloom.catalog.tax import TaxRate, tax_table

TABLE = tax_table([
    TaxRate("DE", "standard", D(19)), TaxRate("DE", "reduced", D(7)),
    TaxRate("US", "standard", D(4), "State tax"), TaxRate("US", "standard", D("4.5"), "City tax", "NY"),
    TaxRate("US", "standard", D(6), "State tax", "NY"),
    TaxRate("FR", "standard", D(20), treatment="reverse_charge"),
])  # fmt: skip
CENT = D("0.01")


def laid_out(*charges: OpenCharge, rounding: str = "line", treatment: str = "taxed") -> Sheet:
    return lay_out(charges, TABLE, TaxTerms(rounding, treatment), cent=CENT)


def charge(
    number: int, line: str, amount: str, *, bundle: int | None = 10, where: str = "DE", category: str = "standard"
) -> OpenCharge:
    country, _, region = where.partition("-")
    return OpenCharge(
        id=number, order_id=1, order_label="SO-1", order_item_id=number, line=line, description=f"Line {line}",
        bundle_item_id=bundle, bundle_line="1" if bundle else "", bundle_label="POS Complete" if bundle else "",
        bundle=None, quantity=D(1), unit="piece", unit_price=D(amount), amount=D(amount), tax_country=country,
        tax_region=region, tax_category=category, effective_on=date(2026, 11, 5), period_start=None, period_end=None,
        po_number="", gl_account="", cost_centre="", billing_account_id=1, account_id=1, currency="EUR",
    )  # fmt: skip


def test_parts_stand_below_a_bundle_that_has_no_price():
    charges = [charge(12, "1.2", "90.00"), charge(11, "1.1", "120.00"), charge(20, "2", "5.00", bundle=None)]

    sheet = laid_out(*charges)

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

    sheet = laid_out(*charges)

    assert [(line.parent, line.net) for line in sheet.lines] == [(None, D("89.00")), (1, D("49.00"))]


def test_line_ten_stands_behind_line_nine():
    assert sorted(["1.10", "1.9", "1", "2"], key=line_order) == ["1", "1.9", "1.10", "2"]


def test_rounding_per_line_and_per_total_differ_and_both_sum():
    charges = [charge(number, f"1.{number}", "0.13") for number in (1, 2, 3)]

    by_line = laid_out(*charges)
    by_total = laid_out(*charges, rounding="total")

    assert (by_line.tax, by_total.tax) == (D("0.06"), D("0.07"))
    assert sum(line.tax for line in by_total.lines) == D("0.07")


def test_each_rate_is_told_apart():
    sheet = laid_out(charge(1, "1.1", "100.00"), charge(2, "1.2", "50.00", category="reduced"), rounding="total")

    assert [(total.category, total.net, total.tax) for total in sheet.taxes] == [
        ("reduced", D("50.00"), D("3.50")),
        ("standard", D("100.00"), D("19.00")),
    ]


def test_a_region_replaces_its_countrys_rate_and_adds_its_own():
    sheet = laid_out(charge(1, "1", "10.00", where="US-NY"), charge(2, "2", "10.00", where="US-TX"))

    assert [(line.tax_percent, line.tax) for line in sheet.lines if line.charge] == [
        (D("10.5"), D("1.05")),
        (D(4), D("0.40")),
    ]
    assert [(total.region, total.name, total.net, total.tax) for total in sheet.taxes] == [
        ("", "State tax", D("10.00"), D("0.40")),
        ("NY", "City tax", D("10.00"), D("0.45")),
        ("NY", "State tax", D("10.00"), D("0.60")),
    ]
    assert (sheet.net, sheet.tax, sheet.gross) == (D("20.00"), D("1.45"), D("21.45"))


def test_who_owes_the_tax_himself_or_none_is_told_by_name():
    [reverse] = laid_out(charge(1, "1", "10.00", where="FR")).taxes
    [exempt] = laid_out(charge(1, "1", "10.00"), treatment="exempt").taxes
    [unknown] = laid_out(charge(1, "1", "10.00", where="JP"), treatment="exempt").taxes

    assert (reverse.treatment, reverse.percent, reverse.net, reverse.tax) == ("reverse_charge", 0, D("10.00"), 0)
    assert (exempt.treatment, exempt.name, exempt.tax) == ("exempt", "VAT", 0)
    assert (unknown.treatment, unknown.country, unknown.tax) == ("exempt", "JP", 0)


@pytest.mark.parametrize(
    ("amounts", "rounding", "tax"),
    [(["29.97"], "line", "5.69"), (["9.99"] * 3, "line", "5.70"), (["9.99"] * 3, "total", "5.69")],
)
def test_tax_on_three_of_nine_ninety_nine(amounts, rounding, tax):
    sheet = laid_out(*(charge(n, str(n), amount) for n, amount in enumerate(amounts, start=1)), rounding=rounding)

    assert (sheet.net, sheet.tax) == (D("29.97"), D(tax))


def test_what_comes_back_takes_its_own_tax_back():
    sheet = laid_out(charge(1, "1", "100.00"), charge(2, "2", "-30.03"), rounding="total")

    assert [line.tax for line in sheet.lines if line.charge] == [D("19.00"), D("-5.71")]
    assert (sheet.net, sheet.tax) == (D("69.97"), D("13.29"))


@given(
    st.lists(
        st.tuples(
            st.integers(-(10**7), 10**7),
            st.sampled_from([("DE", "standard"), ("DE", "reduced"), ("US-NY", "standard")]),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from(["line", "total"]),
)
def test_totals_are_always_the_sums_of_the_lines(amounts, rounding):
    charges = [
        charge(n, f"1.{n}", str(D(cents) / 100), where=where, category=category)
        for n, (cents, (where, category)) in enumerate(amounts, start=11)
    ]

    sheet = laid_out(*charges, rounding=rounding)

    assert sheet.net == sum(line.net for line in sheet.lines) == sum(c.amount for c in charges)
    assert sheet.tax == sum(line.tax for line in sheet.lines) == sum(total.tax for total in sheet.taxes)
    assert sheet.gross == sheet.net + sheet.tax
    assert [line.position for line in sheet.lines] == list(range(1, len(sheet.lines) + 1))
