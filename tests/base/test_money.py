"""Money: cents of each currency, and shares that sum."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.base.money import allocate, cent, has_more_decimals, is_currency, round_amount
from orderloom.base.refusals import Refused

D = Decimal


@pytest.mark.parametrize(("currency", "smallest"), [("USD", "0.01"), ("JPY", "1"), ("KWD", "0.001"), ("EUR", "0.01")])
def test_each_currency_has_its_cent(currency: str, smallest: str) -> None:
    assert cent(currency) == D(smallest)


def test_a_currency_out_of_use_is_refused() -> None:
    assert not is_currency("DEM")
    with pytest.raises(Refused, match="ISO 4217"):
        cent("XXQ")


@pytest.mark.parametrize(
    ("total", "weights", "smallest", "shares"),
    [
        ("333.33", ["1000", "500", "250"], "0.01", ["190.47", "95.24", "47.62"]),
        ("100", ["1", "1", "1"], "1", ["34", "33", "33"]),
        ("1.000", ["1", "1", "1"], "0.001", ["0.334", "0.333", "0.333"]),
        ("-0.01", ["1", "1"], "0.01", ["-0.01", "0.00"]),
        ("5.00", ["0", "0"], "0.01", ["2.50", "2.50"]),
    ],
)
def test_shares_follow_the_largest_remainder(total: str, weights: list[str], smallest: str, shares: list[str]) -> None:
    assert allocate(D(total), [D(w) for w in weights], D(smallest)) == [D(s) for s in shares]


@given(
    st.decimals(-(10**9), 10**9, places=2),
    st.lists(st.decimals(0, 10**6, places=3), min_size=1, max_size=30),
)
def test_shares_always_sum_to_the_total(total: Decimal, weights: list[Decimal]) -> None:
    assert sum(allocate(total, weights, D("0.01"))) == total


def test_rounding_is_half_up() -> None:
    assert round_amount(D("2.345"), "USD") == D("2.35")
    assert round_amount(D("0.5"), "JPY") == D("1")
    assert has_more_decimals(D("1.001"), "USD")
    assert not has_more_decimals(D("1.00"), "JPY")
