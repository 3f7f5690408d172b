"""Worked numbers of prices, each held by one test.

Tiers at 10, 11, 50, 51, 75, 101, 150 and 10.5; the hint to buy 51: `test_tiers_...`, `test_fifty_one_...`.
Blocks 9, 10, 49, 50, 60: `test_a_block_...`. Percentages of 1200.00 + 850.50 and 1400 + 900: `test_a_percentage_...`.
Cost 75.00 by markup and margin: `test_cost_plus_...`. List 120.00 down to 75.24: `test_the_waterfall_...`.
120 less 30 and 20 %: `test_discounts_stack_...`; 25.57 % and 21.63 %: `test_a_margin_...`. Terms of 1200 a year, leap
years too: `test_a_term_...`, and what ends early in tests/billing/test_altering.py. Three years at +3 %, and 39 months:
`test_a_segment_...`, `test_a_unit_price_...`, `test_years_at_rising_prices_...`. 333.33 shared, JPY and KWD:
`test_a_header_amount_...`. Slabs of 30: `test_a_schedule_...`. Tax of 3 x 9.99: `test_tax_is_rounded_...`, and on an
invoice in tests/billing/test_layout.py.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest

from orderloom.catalog.price import price
from orderloom.catalog.price_book import (
    ContractPrice,
    Cost,
    CostPlus,
    ListedPrice,
    PercentOfTotal,
    Promotion,
    Schedule,
    Step,
    by_product,
)
from orderloom.catalog.price_types import AmountOff, Line, PercentOff, Place, TaxTerms, UnitOff
from orderloom.catalog.proration import Term, term_of_months
from orderloom.catalog.tax import TaxRate, tax_table
from orderloom.catalog.tiers import AllUnits, Block, Blocks, Graduated, PerUnit
from tests.catalog.price_given import TIERS, book, by_hand, charge, context, net, on_all, steps_sum, yearly

GERMAN = tax_table([TaxRate("DE", "standard", D(19))])


@pytest.mark.parametrize(
    ("quantity", "all_units", "graduated"),
    [
        (10, 1000, 1000), (11, 935, 1085), (50, 4250, 4400), (51, 3570, 4470), (75, 5250, 6150),
        (101, 5555, 7955), (150, 8250, 10650), ("10.5", "892.50", "1042.50"),
    ],
)  # fmt: skip
def test_tiers_price_the_quantity_above_their_bounds(quantity: str, all_units: str, graduated: str) -> None:
    assert net(AllUnits(TIERS), quantity) == D(all_units)
    assert net(Graduated(TIERS), quantity) == D(graduated)


def test_fifty_one_are_offered_where_they_cost_less_than_fifty() -> None:
    priced = price([Line("1", "A", D(50))], book({"A": AllUnits(TIERS)}), context())

    (note,) = priced.line("1").notes
    assert (note.code, note.quantity, note.amount) == ("more_costs_less", 51, D(3570))
    assert "51 cost 3570.00 USD, less than 50 for 4250.00 USD" in note.message


@pytest.mark.parametrize("quantity", [1, 8, 11, 40, 51, 101])
def test_nothing_is_offered_where_more_costs_more(quantity: int) -> None:
    priced = price([Line("1", "A", D(quantity))], book({"A": AllUnits(TIERS)}), context())

    assert priced.line("1").notes == ()


@pytest.mark.parametrize(
    ("quantity", "amount"), [(9, 500), ("9.5", 500), (10, 1800), (49, 1800), (50, 6000), (60, 7100)]
)
def test_a_block_costs_the_same_until_the_next_and_units_beyond_the_last_cost_more(quantity: str, amount: int) -> None:
    blocks = Blocks((Block(D(1), D(500)), Block(D(10), D(1800)), Block(D(50), D(6000))), overage=D(110))

    assert net(blocks, quantity) == amount


@pytest.mark.parametrize(("base", "amount"), [("net", "369.09"), ("list", "414.00")])
def test_a_percentage_of_the_total_is_of_the_declared_base_and_never_of_itself(base: str, amount: str) -> None:
    prices = {
        "A": "1400", "B": "900",
        "CARE": PercentOfTotal(D(18), base=base), "MORE": PercentOfTotal(D(50), base=base),
    }  # fmt: skip
    lines = [
        Line("1", "CARE"),
        Line("2", "A", given=(by_hand(UnitOff(D("200"))),)),
        Line("3", "B", given=(by_hand(UnitOff(D("49.50"))),)),
        Line("4", "MORE"),
    ]

    priced = price(lines, book(prices), context())

    assert charge(priced).net == D(amount)
    assert charge(priced).steps[0].input["of"] == base


@pytest.mark.parametrize(("of", "amount"), [("markup", "97.50"), ("margin", "107.14")])
def test_cost_plus_is_by_markup_or_by_margin(of: str, amount: str) -> None:
    priced = price(
        [Line("1", "A")],
        book({"A": CostPlus(D(30), of=of)}, costs={"A": (Cost(D(75), "USD"),)}),
        context(),
    )

    assert charge(priced).net == D(amount)


def test_the_waterfall_runs_from_list_over_contract_volume_and_rep_to_partner() -> None:
    rules = book(
        {"A": "120.00"},
        contracts=by_product([ContractPrice("frame", "ACME", "A", "USD", ListedPrice("p", PerUnit(D(110))))]),
        schedules=(Schedule("volume", (Step(D(0), D(10)),)),),
        promotions=(Promotion("reseller", PercentOff(D(20)), stage="partner"),),
        costs={"A": (Cost(D(70), "USD"),)},
    )
    rep = by_hand(PercentOff(D(5)))

    priced = price([Line("1", "A", given=(rep,))], rules, context(customers=("ACME",), may_see_cost=True))

    steps = charge(priced).steps
    running = [sum((step.amount for step in steps[: place + 1]), D(0)) for place in range(len(steps))]
    assert [step.kind for step in steps] == ["list", "contract", "volume", "discount", "partner"]
    assert running == [D(120), D(110), D(99), D("94.05"), D("75.24")]
    assert steps[3].who == "ann"
    assert steps[3].reason == "loyalty"


def test_a_margin_and_a_discount_are_shown_half_up() -> None:
    rules = book({"A": "120.00"}, costs={"A": (Cost(D(70), "USD"),)})
    lines = [Line("1", "A", given=(by_hand(UnitOff(D("25.95"))),))]

    priced = price(lines, rules, context(may_see_cost=True))

    assert priced.margins is not None
    assert priced.margins.lines["1", "one_time"].percent == D("25.57")
    assert charge(priced).discount_percent == D("21.63")


def test_discounts_stack_in_their_order() -> None:
    priced = price(
        [Line("1", "A", given=(by_hand(UnitOff(D(30))), by_hand(PercentOff(D(20)))))], book({"A": "120"}), context()
    )

    assert charge(priced).net == D("72.00")


@pytest.mark.parametrize(
    ("term", "proration", "amount"),
    [
        (term_of_months(date(2026, 1, 1), 16), "months", "1600.00"),
        (term_of_months(date(2026, 1, 31), 16), "months_and_days", "1600.00"),
        (Term(date(2026, 1, 10), date(2026, 4, 15)), "days", "315.62"),
        (Term(date(2028, 1, 10), date(2028, 4, 15)), "days", "318.03"),
        (Term(date(2028, 1, 10), date(2028, 4, 15)), "days_365", "318.90"),
        (Term(date(2028, 1, 10), date(2028, 4, 15)), "days_360", "323.33"),
        (Term(date(2027, 12, 31), date(2028, 1, 1)), "days", "6.57"),
        (Term(date(2026, 1, 10), date(2026, 4, 15)), "months", "400.00"),
        (Term(date(2026, 1, 10), date(2026, 4, 15)), "months_and_days", "320.00"),
        (Term(date(2026, 1, 10), date(2026, 4, 15)), "whole", "1200.00"),
    ],
)
def test_a_term_is_prorated_by_the_method_that_the_price_names(term: Term, proration: str, amount: str) -> None:
    assert net(yearly("1200", proration=proration), term=term) == D(amount)


@pytest.mark.parametrize(("months", "amount"), [(12, 12000), (3, 3000), (39, 39000)])
def test_a_segment_costs_its_months(months: int, amount: int) -> None:
    assert net(yearly("120", proration="months"), 100, term=term_of_months(date(2026, 1, 1), months)) == amount


@pytest.mark.parametrize(
    ("price", "quantity", "amount"), [("120", 100, "12000"), ("123.60", 150, "18540"), ("127.308", 200, "25461.60")]
)
def test_a_unit_price_may_be_finer_than_the_cent(price: str, quantity: int, amount: str) -> None:
    assert net(yearly(price), quantity) == D(amount)


def test_years_at_rising_prices_come_to_their_sum() -> None:
    years = [net(yearly(each), quantity) for each, quantity in (("120", 100), ("123.60", 150), ("127.308", 200))]
    assert sum(years) == D("56001.60")


@pytest.mark.parametrize(
    ("currency", "prices", "discount", "shares"),
    [
        ("USD", ["1000", "500", "250"], "333.33", ["190.47", "95.24", "47.62"]),
        ("JPY", ["500", "500", "500"], "100", ["34", "33", "33"]),
        ("KWD", ["5", "5", "5"], "1.000", ["0.334", "0.333", "0.333"]),
    ],
)
def test_a_header_amount_is_shared_by_largest_remainder(
    currency: str, prices: list[str], discount: str, shares: list[str]
) -> None:
    rules = book({f"P{place}": each for place, each in enumerate(prices)}, currency=currency)
    lines = [Line(str(place), f"P{place}") for place in range(len(prices))]

    priced = price(lines, rules, context(currency, shared=(on_all(AmountOff(D(discount))),)))

    taken = [-charge(priced, str(place)).steps[-1].amount for place in range(len(prices))]
    assert taken == [D(share) for share in shares]
    assert all(steps_sum(charge(priced, line.id)) == charge(priced, line.id).net for line in lines)


@pytest.mark.parametrize(("kind", "amount"), [("graduated", 238), ("all_units", 210)])
def test_a_schedule_takes_its_percentage_off_slices_or_off_all(kind: str, amount: int) -> None:
    schedule = Schedule("steps", (Step(D(0), D(10)), Step(D(9), D(20)), Step(D(19), D(30))), kind=kind)

    priced = price([Line("1", "A", D(30))], book({"A": "10"}, schedules=(schedule,)), context())

    assert charge(priced).net == amount


@pytest.mark.parametrize(
    ("quantities", "rounding", "taxes"),
    [
        ([3], "line", ["5.69"]),
        ([1, 1, 1], "line", ["1.90", "1.90", "1.90"]),
        ([1, 1, 1], "total", ["1.90", "1.90", "1.89"]),
    ],
)
def test_tax_is_rounded_by_line_or_by_total(quantities: list[int], rounding: str, taxes: list[str]) -> None:
    lines = [Line(str(place), "A", D(quantity)) for place, quantity in enumerate(quantities)]
    here = context("EUR", place=Place("DE"), tax=TaxTerms(rounding=rounding))

    priced = price(lines, book({"A": "9.99"}, currency="EUR", taxes=GERMAN), here)

    assert sorted(charge(priced, line.id).tax for line in lines) == sorted(D(tax) for tax in taxes)
    assert [(total.net, total.tax) for total in priced.totals] == [(D("29.97"), sum(map(D, taxes)))]
