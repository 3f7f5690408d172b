"""Credits, amounts, totals, the credit limit, and circles of reliance: examples and properties."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.base.money import cent
from orderloom.orders.order import NewCredit
from orderloom.orders.rules import Exposure, amount_problems, credit_shares, credit_verdict, totals
from orderloom.orders.tree import need_problems, plant
from orderloom.orders.types import ItemDraft
from orderloom.parties.sales_credits import SalesCreditDraft, credit_problems


def credit(percent, kind="revenue", payee="ann"):
    return NewCredit(1, None, 0, payee, 1, Decimal(percent), kind)


@dataclass(frozen=True)
class Line:
    quantity: Decimal
    one_time: Decimal | None = None
    recurring: Decimal | None = None
    period: str | None = None


@pytest.mark.parametrize(
    ("amount", "currency", "percents", "shares"),
    [
        ("100.00", "USD", ["33.33", "33.33", "33.34"], ["33.33", "33.33", "33.34"]),
        ("100", "JPY", ["33.333", "33.333", "33.334"], ["33", "33", "34"]),
        ("1.000", "KWD", ["50", "50"], ["0.500", "0.500"]),
        ("0.01", "USD", ["50", "50"], ["0.01", "0.00"]),
    ],
)
def test_revenue_shares_are_exact_to_the_smallest_unit(amount, currency, percents, shares):
    found = credit_shares(Decimal(amount), [credit(percent) for percent in percents], currency=currency)

    assert [str(share.amount) for share in found] == shares


@given(st.decimals(0, 10**9, places=2), st.lists(st.integers(1, 100), min_size=1, max_size=12))
def test_revenue_shares_sum_to_the_amount(amount, weights):
    percents = [Decimal(weight) for weight in weights]

    shares = credit_shares(amount, [credit(percent) for percent in percents], currency="USD")

    assert sum(share.amount for share in shares) == amount
    assert all(share.amount == share.amount.quantize(cent("USD")) for share in shares)


def test_non_revenue_credit_is_extra():
    shares = credit_shares(Decimal("99.99"), [credit(100), credit(10, "non_revenue")], currency="USD")

    assert [share.amount for share in shares] == [Decimal("99.99"), Decimal("10.00")]


@pytest.mark.parametrize(
    ("credits", "codes"),
    [
        ([("ann", 60, "revenue"), ("bob", 40, "revenue")], []),
        ([("ann", 60, "revenue"), ("bob", 41, "revenue")], ["credits_not_hundred"]),
        ([("ann", 10, "non_revenue")], []),
        ([("ann", 0, "non_revenue")], ["credit_zero"]),
        ([("ann", 50, "revenue"), ("ann", 50, "revenue")], ["credit_double"]),
        ([("ann", 100, "revenue"), ("ann", 5, "non_revenue")], []),
    ],
)
def test_credits_are_refused_with_their_reason(credits, codes):
    drafts = [SalesCreditDraft(payee, Decimal(percent), kind) for payee, percent, kind in credits]

    assert [problem.code for problem in credit_problems(drafts, pointer="/credits")] == codes


@pytest.mark.parametrize(
    ("amount", "currency", "codes"),
    [
        ("1.00", "USD", []),
        ("1.001", "USD", ["amount_too_fine"]),
        ("1.001", "KWD", []),
        ("1.5", "JPY", ["amount_too_fine"]),
        ("-1", "USD", ["amount_negative"]),
    ],
)
def test_a_price_is_as_fine_as_its_currency(amount, currency, codes):
    problems = amount_problems({"one_time": Decimal(amount)}, currency=currency, pointer="/price")

    assert [problem.code for problem in problems] == codes


def test_totals_round_each_line_once_and_add_by_period():
    lines = [
        Line(Decimal("3"), one_time=Decimal("0.335")),
        Line(Decimal("2"), recurring=Decimal("10"), period="month"),
        Line(Decimal("1"), Decimal("1"), Decimal("5"), "month"),
        Line(Decimal("1"), recurring=Decimal("7"), period="year"),
        Line(Decimal("9")),
    ]

    found = totals(lines, currency="USD")

    assert found.one_time == Decimal("2.01")
    assert found.recurring == {"month": 25, "year": 7}


@pytest.mark.parametrize(
    ("limit", "exposure", "is_allowed", "excess"),
    [(None, 10**9, True, 0), (1000, 1000, True, 0), (1000, 1001, False, 1), (0, 0, True, 0), (0, 1, False, 1)],
)
def test_a_limit_holds_what_lies_above_it(limit, exposure, is_allowed, excess):
    parts = Exposure(open=Decimal(exposure), unbilled=Decimal(0), unpaid=Decimal(0))

    verdict = credit_verdict(None if limit is None else Decimal(limit), parts)

    assert (verdict.is_allowed, verdict.excess) == (is_allowed, excess)


def item(line, relies_on=(), parent=None):
    return ItemDraft(line=line, product="X", relies_on=tuple(relies_on), parent=parent)


def test_a_circle_names_its_members_and_not_what_leads_to_it():
    items = [item("in", ["a"]), item("a", ["b"]), item("b", ["a", "out"]), item("out")]

    assert [problem.pointer for problem in need_problems(items)] == ["/items/1/relies_on", "/items/2/relies_on"]


def test_a_line_that_is_relied_on_twice_is_named_once():
    assert [problem.code for problem in need_problems([item("a", ["b", "b"]), item("b")])] == ["needed_double"]


@given(st.permutations(["1", "1.1", "1.1.1", "2", "2.1"]))
def test_a_tree_does_not_depend_on_the_order_of_its_lines(lines):
    items = [item(line, parent=line.rpartition(".")[0] or None) for line in lines]

    tree = plant(items)

    tops = {lines[place]: None if top is None else lines[top] for place, top in enumerate(tree.tops)}
    assert tops == {"1": None, "1.1": "1", "1.1.1": "1", "2": None, "2.1": "2"}
    seen = set()
    for place in tree.downwards:
        assert tree.parents[place] is None or tree.parents[place] in seen
        seen.add(place)


def test_a_circle_of_parents_ends():
    tree = plant([item("a", parent="b"), item("b", parent="a")])

    assert sorted(tree.downwards) == [0, 1]
