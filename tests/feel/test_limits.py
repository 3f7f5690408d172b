"""Text of strangers: it ends soon, or is refused by a limit that is named."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel import evaluate
from orderloom.feel.limits import FeelError, FeelLimit, Limits

DOUBLED = ", ".join(f"a{i + 1}: [a{i}, a{i}]" for i in range(100))


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("1" + " " * 10_000, "characters"),
        ("1" + " + 1" * 2_000, "tokens"),
        ("(" * 60 + "1" + ")" * 60, "depth"),
        ("if true then " * 60, "depth"),
        ("- " * 60 + "1", "depth"),
        ("a" + ".b" * 60, "depth"),
        ("a" + "[1]" * 60, "depth"),
        ("1" + " = 1" * 60, "depth"),
        ("a instance of " + "list<" * 60, "depth"),
        ("for i in 1..1000, j in 1..1000 return i", "items"),
        ("for i in 1..1000 return count(for j in 1..1000 return i)", "steps"),
        ("some i in 1..1000000 satisfies i < 0", "steps"),
        ("count(for i in 1..1000000000 return i)", "items"),
        ("for i in [1..1000000000] return i", "items"),
        ('for i in 1..100 return if i = 1 then "aaaa" else partial[-1] + partial[-1]', "text"),
        ("for i in 1..100 return if i = 1 then [1] else concatenate(partial[-1], partial[-1])", "items"),
        ("{a0: [1], " + DOUBLED + "}", "items"),
        ("{a0: [1], " + DOUBLED + ", r: a100 = flatten(a100)}", "steps"),
        ("{a0: [1], " + DOUBLED + ", r: string(a100)}", "steps"),
        ("{f: function(n) f(n + 1), r: f(1)}", "recursion"),
        ("(function(x) x(x))(function(x) x(x))", "recursion"),
        ("{f: function(n) if n < 2 then n else f(n - 1) + f(n - 2), r: f(40)}", "steps"),
        ("for i in 1..10000 return sort([3, 2, 1], function(a, b) a < b)", "steps"),
    ],
)
def test_what_costs_too_much_is_refused_by_name_and_soon(text: str, limit: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FeelLimit) as caught:
        evaluate(text)
    assert caught.value.limit == limit
    assert limit in Limits.__dataclass_fields__
    # The promise is 100 ms; a busy machine gets some more.
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "10 ** 999999",
        "9 ** 999 ** 999",
        "1.0000000001 ** 99999999999.5",
        "1e999999999999999999999",
        "exp(1e6144)",
        "modulo(1e6000, 1e-6000)",
        "decimal(1e-6000, 6000)",
        'matches("' + "a" * 5000 + 'b", "(a+)+$")',
        'matches("a", "((a{1,100}){1,100}){1,100}")',
        'replace("' + "a" * 4000 + '", "(a*)*b", "x")',
        'date("2020-01-01") + duration("P' + "9" * 20 + 'Y")',
        '@"P' + "9" * 24 + 'D" * 1e20',
        "1" + " + 1" * 1_000,
        "true" + " and true" * 1_000,
    ],
)
def test_what_looks_hostile_may_end_soon(text: str) -> None:
    started = time.perf_counter()
    evaluate(text)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize("text", ['"\\"' * 3000, "/*" + "*" * 5000, "/**" * 3000, "@" * 2000, "]" * 2000, '"' * 2001])
def test_text_that_never_closes_is_refused_soon(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(FeelError):
        evaluate(text)
    assert time.perf_counter() - started < 1


def test_the_caller_may_allow_more() -> None:
    text = "count(for i in 1..45000, j in 1..1 return i + j)"
    with pytest.raises(FeelLimit):
        evaluate(text)
    assert evaluate(text, limits=Limits(steps=1_000_000)) == 45_000


WORDS = """1 2.5 "a" true null a b.c ( ) [ ] { } , : . .. + - * / ** = != < >= and or in not if then else for some every
    return satisfies function instance of between ? @ @"P1D" count( sum( date( list< number > -> // /* */ ' é 🐎"""
PIECES = st.sampled_from(WORDS.split())


@given(st.lists(PIECES, max_size=25).map(" ".join) | st.text(max_size=60))
def test_any_text_has_a_value_or_is_refused_with_a_place_in_it(text: str) -> None:
    try:
        evaluate(text, {"a": 1, "b": {"c": [1, 2]}})
    except FeelError as error:
        lines = text.split("\n")
        assert 1 <= error.line <= len(lines)
        assert 1 <= error.column <= len(lines[error.line - 1]) + 1
