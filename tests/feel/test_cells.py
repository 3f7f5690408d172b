"""Unary tests: what passes, and the quick form beside the general one."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel import python
from orderloom.feel.cells import exact_cell
from orderloom.feel.compile import Inputs, compiled_tests
from orderloom.feel.emit import Emitter, Options
from orderloom.feel.parse import parse_tests
from orderloom.feel.run import Run
from orderloom.feel.values import inward


def passed(cell: str, value: object, context: dict[str, object] | None = None) -> object:
    return compiled_tests(parse_tests(cell), Options(known=context or ()))(inward(value), Inputs(context or {}), Run())


@pytest.mark.parametrize(
    ("cell", "value", "answer"),
    [
        ("-", 1, True),
        ("-", None, True),
        ("5", 5, True),
        ("5", None, False),
        ("null", None, True),
        ("null", 1, False),
        ('"a", "b"', "b", True),
        ('"a", "b", "c", "d"', "e", False),
        ('"a", "b", "c", "d"', None, False),
        ('not("a", "b")', "b", False),
        ('not("a", "b")', "c", True),
        ("not(null)", 1, True),
        ("not(1)", None, True),
        ("< 5", 4, True),
        ("< 5", None, None),
        ("not(< 5)", None, None),
        ("[1..5], > 10", 11, True),
        ("(1..5]", 1, False),
        ("]1..5[", 5, False),
        ("? > 5", 6, True),
        ("? > 5 and ? < 8", 9, False),
        ('starts with(?, "a")', "abc", True),
        ("? * 2 = 10", 5, True),
        ("true", True, True),
        ("false", False, True),
        ("true", False, False),
        ("true", None, False),
        ("limit", 7, True),
        ("< limit", 6, True),
        ("names", "b", True),
        ("names", "c", False),
        ("[1, 2]", 2, True),
        ("limit > 5", "anything", True),
        ("limit > 9", "anything", False),
        ("limit + 1, limit + 2", 9, True),
        ('list contains(?, "a")', ["a", "b"], True),
        ("count(?) > 1", ["a", "b"], True),
        ("some x in ? satisfies x > 1", [1, 2], True),
        ('date("2020-01-01")', None, False),
        ("= 5", 5, True),
        ("!= 5", 5, False),
        ("-5", -5, True),
        ("5, limit", 7, True),
        ("not(limit)", 7, False),
        ('"a"', 5, None),
        ("in_range", 3, True),
    ],
)
def test_a_cell_lets_pass_what_the_standard_says(cell: str, value: object, answer: object) -> None:
    context = {"limit": 7, "names": ["a", "b"], "in_range": inward_range()}
    assert passed(cell, value, context) is answer


def inward_range() -> object:
    from orderloom.feel import evaluate

    return evaluate("[1..5]")


NUMBERS = st.integers(-3, 3)
TEXTS = st.sampled_from(["a", "b", "c", "d"]).map('"{}"'.format)


def cells(ends: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    tests = st.one_of(
        ends.map(str),
        st.tuples(st.sampled_from(["<", "<=", ">", ">=", "=", "!="]), ends).map(lambda t: f"{t[0]} {t[1]}"),
        st.tuples(st.sampled_from("[(]"), ends, ends, st.sampled_from("])[")).map(
            lambda t: f"{t[0]}{t[1]}..{t[2]}{t[3]}"
        ),
    )
    listed = st.lists(tests, min_size=1, max_size=5).map(", ".join)
    return st.just("-") | listed | listed.map("not({})".format)


@given(cells(NUMBERS) | cells(TEXTS), NUMBERS.map(Decimal) | st.sampled_from(["a", "b", "c"]))
def test_the_quick_form_of_a_cell_agrees_with_the_general_one(cell: str, value: object) -> None:
    tests = parse_tests(cell)
    emitter = Emitter()
    quick = exact_cell(emitter, tests, "subject", value.__class__)
    if quick is not None:
        function = python.built(("subject",), quick, emitter.namespace)
        assert function(value) is passed(cell, value)
