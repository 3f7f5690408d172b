"""Text to tree: names with spaces and signs, precedence, ranges, and every literal as it was printed."""

from __future__ import annotations

import datetime as std
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel import check, evaluate
from orderloom.feel.limits import FeelError
from orderloom.feel.literal import literal
from orderloom.feel.parse import STANDARD_SCOPE, parse_expression, parse_tests
from orderloom.feel.scope import Scope
from orderloom.feel.tree import Bound, Calculate, Constant, Interval, Name, Tests
from orderloom.feel.types import NUMBER, STRING, ContextType, ListType
from orderloom.feel.values import Months, Range


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("1+2*3-4", "((1 + (2 * 3)) - 4)"),
        ("a or b and c", "a or (b and c)"),
        ("a = 1 and b", "(a = 1) and b"),
        ("1 + 2 = 3", "(1 + 2) = 3"),
        ("2 * 3 ** 2", "2 * (3 ** 2)"),
        ("- a ** 2", "(-a) ** 2"),
        ("a in 1..2", None),
        ("if a then b else c + 1", "if a then b else (c + 1)"),
        ("for i in a return i + 1", "for i in a return (i + 1)"),
        ("some x in a satisfies x and b", "some x in a satisfies (x and b)"),
        ("a.b.c[1].d", "((a.b).c[1]).d"),
        ("a between 1 and 2 and b", "(a between 1 and 2) and b"),
        ("x in ]1..5[", "x in (1..5)"),
        ("x in ]1..5[ and y", "(x in (1..5)) and y"),
        ("[ ]1..2[, 3]", "[(1..2), 3]"),
        ("a // comment\n + 1", "a + 1"),
        ("a instance of list < number >", "a instance of list<number>"),
    ],
)
def test_operators_bind_as_the_standard_orders_them(text: str, same: str | None) -> None:
    if same is None:
        with pytest.raises(FeelError):
            parse_expression(text)
    else:
        assert parse_expression(text) == parse_expression(same)


@pytest.mark.parametrize(
    ("names", "text", "read"),
    [
        (["a", "b", "a b"], "a b", Name("a b")),
        (["a-b"], "a-b", Name("a-b")),
        (["a-b", "a", "b"], "a - b", Name("a-b")),
        (["a", "b"], "a-b", Calculate("-", Name("a"), Name("b"))),
        (["Mary's age"], "Mary's age", Name("Mary's age")),
        (["days and nights"], "days and nights", Name("days and nights")),
        (["price in EUR"], "price  in EUR", Name("price in EUR")),
        (["x"], "x y", Name("x y")),
        ([], "first name", Name("first name")),
        (["Phase 2 cost"], "Phase 2 cost", Name("Phase 2 cost")),
        (["if"], "if", Name("if")),
        (["Größe/Länge"], "Größe/Länge", Name("Größe/Länge")),
        (["🐎"], "🐎", Name("🐎")),
        (["a.b"], "a.b", Name("a.b")),
    ],
)
def test_names_are_read_as_the_scope_knows_them(names: list[str], text: str, read: object) -> None:
    assert parse_expression(text, Scope(names, outer=STANDARD_SCOPE)) == read


def test_cells_are_tests() -> None:
    one, two = Constant(Decimal(1)), Constant(Decimal(2))
    assert parse_tests("-") == Tests((), anything=True)
    assert parse_tests("1, 2") == Tests((one, two))
    assert parse_tests("not(1, 2)") == Tests((one, two), negated=True)
    assert parse_tests("< 1") == Tests((Bound("<", one),))
    assert parse_tests("[1..2[") == Tests((Interval(one, two, True, False),))
    assert parse_tests("not(]1..2[)") == Tests((Interval(one, two, False, False),), negated=True)
    assert not parse_tests("not(a) and b").negated
    assert parse_tests("-1") == Tests((Constant(Decimal(-1)),))


def test_every_mistake_of_an_expression_is_told_at_once() -> None:
    types = {"amount": NUMBER, "name": STRING, "lines": ListType(ContextType((("price", NUMBER),)))}
    text = 'amount > "x" and\n  nam = 1 and sum(lines.prise) > 1 and substring(1) = "" and foo(2) and name + 1 > 2'
    assert [(m.line, m.column, m.code) for m in check(text, types=types)] == [
        (1, 8, "wrong-type"),
        (2, 3, "unknown-name"),
        (2, 24, "unknown-name"),
        (2, 40, "wrong-arguments"),
        (2, 62, "unknown-function"),
        (2, 78, "wrong-type"),
    ]
    assert check("sum(lines[price > amount].price) > 10", types=types) == []
    assert [m.code for m in check("1 +")] == ["syntax"]


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**12), max_value=10**12)
DURATIONS = st.timedeltas(min_value=std.timedelta(days=-9999), max_value=std.timedelta(days=9999))
MONTHS = st.integers(-(10**6), 10**6).map(Months)
ZONES = st.none() | st.sampled_from([std.UTC, std.timezone(std.timedelta(hours=-5, minutes=-30))])
SCALARS = st.one_of(
    st.none(), st.booleans(), NUMBERS, st.text(st.characters(exclude_categories=["Cs"])), st.dates(), DURATIONS, MONTHS,
    st.times(timezones=ZONES), st.datetimes(timezones=ZONES),
    st.builds(Range, NUMBERS, NUMBERS, st.booleans(), st.booleans()),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab é-'", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_printed_value_reads_as_the_same_value(value: object) -> None:
    assert evaluate(literal(value)) == value
    assert evaluate("x = x", {"x": value}) is True
    assert evaluate("x", {"x": value}) == value
