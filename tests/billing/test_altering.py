"""What comes back when something that recurs ends within a period: counted by the method that is named."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.billing.altering import ChargedPeriod, Credit, credits
from orderloom.billing.types import Period
from orderloom.catalog.proration import ProrationMethod

CENT = D("0.01")
MARCH = ChargedPeriod(7, date(2026, 3, 15), date(2026, 4, 15), D("89.00"))


def back(
    charged: ChargedPeriod,
    on: date,
    *,
    method: ProrationMethod = "days",
    price: D = D("89.00"),
    period: Period = "month",
) -> list[Credit]:
    return list(credits([charged], on=on, price=price, period=period, method=method, cent=CENT))


@pytest.mark.parametrize(
    ("method", "amount"),
    [("days", D("40.19")), ("months_and_days", D("40.19")), ("days_360", D("38.57")), ("days_365", D("39.26"))],
)
def test_days_that_are_not_used_come_back_by_the_method(method: ProrationMethod, amount: D) -> None:
    assert back(MARCH, date(2026, 4, 1), method=method) == [Credit(7, date(2026, 4, 1), date(2026, 4, 15), amount)]


@pytest.mark.parametrize("method", ["whole", "months"])
def test_a_period_that_counts_whole_gives_nothing_back(method: ProrationMethod) -> None:
    assert back(MARCH, date(2026, 3, 16), method=method) == []


def test_what_was_not_used_at_all_comes_back_whole() -> None:
    assert back(MARCH, date(2026, 3, 15)) == [Credit(7, MARCH.start, MARCH.end, D("89.00"))]
    assert back(MARCH, date(2026, 2, 1)) == [Credit(7, MARCH.start, MARCH.end, D("89.00"))]


def test_what_was_used_up_stays_paid() -> None:
    assert back(MARCH, date(2026, 4, 15)) == []
    assert back(MARCH, date(2027, 1, 1)) == []


def test_a_year_counts_its_own_days() -> None:
    year = ChargedPeriod(1, date(2028, 1, 10), date(2029, 1, 10), D("1200.00"))
    [one] = back(year, date(2028, 4, 16), price=D(1200), period="year")
    assert one.amount == D("1200.00") - D("318.03")


@given(
    on=st.dates(date(2026, 3, 1), date(2026, 5, 1)),
    amount=st.decimals(D(0), D(10_000), places=2),
    method=st.sampled_from(["whole", "months", "months_and_days", "days", "days_365", "days_360"]),
)
def test_never_more_comes_back_than_was_charged_and_later_is_never_more(
    on: date, amount: D, method: ProrationMethod
) -> None:
    charged = ChargedPeriod(1, MARCH.start, MARCH.end, amount)
    found = sum((each.amount for each in back(charged, on, method=method, price=amount)), D(0))
    later = date.fromordinal(on.toordinal() + 1)
    next_day = sum((each.amount for each in back(charged, later, method=method, price=amount)), D(0))
    assert D(0) <= next_day <= found <= amount


@pytest.mark.parametrize(
    ("start", "end", "on", "method", "used"),
    [
        (date(2026, 1, 10), date(2027, 1, 10), date(2026, 4, 16), "days", "315.62"),
        (date(2028, 1, 10), date(2029, 1, 10), date(2028, 4, 16), "days", "318.03"),
        (date(2028, 1, 10), date(2029, 1, 10), date(2028, 4, 16), "days_365", "318.90"),
        (date(2028, 1, 10), date(2029, 1, 10), date(2028, 4, 16), "days_360", "323.33"),
        (date(2026, 1, 10), date(2027, 1, 10), date(2026, 4, 16), "months", "400.00"),
        (date(2026, 1, 10), date(2027, 1, 10), date(2026, 4, 10), "months_and_days", "300.00"),
        (date(2026, 1, 10), date(2027, 1, 10), date(2026, 4, 16), "whole", "1200.00"),
    ],
)
def test_a_year_that_ends_early_costs_what_its_method_counts_leap_years_included(start, end, on, method, used):
    given_back = list(
        credits(
            [ChargedPeriod(1, start, end, D("1200.00"))],
            on=on, price=D(1200), period="year", method=method, cent=D("0.01"),
        )
    )  # fmt: skip

    assert sum((one.amount for one in given_back), D(0)) == D("1200.00") - D(used)
