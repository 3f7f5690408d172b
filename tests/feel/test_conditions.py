"""Conditions: what they mean, what they refuse, and that they never surprise."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel.conditions import FeelError, parse

CONTEXT = {
    "line": "copper",
    "speed": 100,
    "price": Decimal("12.50"),
    "ratio": 0.1,
    "fibre": False,
    "tn": None,
    "order": {"channel": "direct", "total": Decimal(5)},
    "item.quantity": 3,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('line != "jumpered"', True),
        ("tn = null", True),
        ("tn != null", False),
        ("nobody = null", True),
        ("speed = 100", True),
        ('speed = "100"', None),
        ("speed > 50 and speed <= 100", True),
        ("tn > 5", None),
        ("tn > 5 and false", False),
        ("tn > 5 or true", True),
        ("tn > 5 and true", None),
        ("not(fibre)", True),
        ("not(tn)", None),
        ("0.1 + 0.2 = 0.3", True),
        ("ratio + 0.2 = 0.3", True),
        ("2 + 3 * 4 = 14", True),
        ("(2 + 3) * 4 = 20", True),
        ("2 ** 3 = 8", True),
        ("-speed < 0", True),
        ("1 / 0", None),
        ("9 ** 999 ** 999", None),
        ("price", Decimal("12.50")),
        ('"a" + "b"', "ab"),
        ('"say \\"hi\\""', 'say "hi"'),
        ("speed in [50..100]", True),
        ("speed in [50..100)", False),
        ("speed in (100..200]", False),
        ("speed in ]99..101[", True),
        ('line in ("fibre", "copper")', True),
        ("speed in (1, 2, 3)", False),
        ("speed in (< 10, > 90)", True),
        ("speed in (1, [90..110])", True),
        ("speed between 1 and 200 and fibre = false", True),
        ("tn in (1, 2)", False),
        ('if speed > 50 then "fast" else "slow"', "fast"),
        ("if tn then 1 else 2", Decimal(2)),
        ('order.channel = "direct"', True),
        ("order.total + 1", Decimal(6)),
        ("item.quantity = 3", True),
        ("order.nothing.at.all", None),
        ("true < false", None),
    ],
)
def test_a_condition_means_what_feel_says(text, value):
    assert parse(text).evaluate(CONTEXT) == value
    assert type(parse(text).evaluate(CONTEXT)) is type(value)


@pytest.mark.parametrize(
    ("text", "facts", "decided"),
    [
        ('lineStatus != "jumpered"', {}, None),
        ('lineStatus != "jumpered"', {"lineStatus": "jumpered"}, False),
        ('lineStatus != "jumpered"', {"lineStatus": "none"}, True),
        ('lineStatus != "jumpered"', {"lineStatus": None}, True),
        ("known and other", {"known": False}, False),
        ("known or other", {"known": True}, True),
        ("known and other", {"known": True}, None),
        ("other in (1, 2)", {}, None),
        ("if other then true else true", {}, None),
        ("not(other)", {}, None),
        ("1 < n", {"n": None}, None),
        ("n + 1 > 2", {}, None),
    ],
)
def test_a_missing_fact_is_neither_true_nor_false(text, facts, decided):
    assert parse(text).decide(facts) is decided


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("a ==b", 4, "single"),
        ("a = 'b'", 5, "double quotes"),
        ('a = "b', 5, "no end"),
        ("a && b", 3, "and"),
        ("a and", 6, "missing"),
        ("(a", 3, "close"),
        ("a 1 in", 7, "missing"),
        ("1 a", 3, "should end"),
        ("f(1)", 1, "not known"),
        ("a in [1..2", 11, "range"),
        ("if a then b", 12, "else"),
        ("a" * 2001, 2001, "shorten"),
        ("(" * 60 + "1" + ")" * 60, 51, "deep"),
        ("__import__(os)", 1, "not known"),
        ("a = ;", 5, "no meaning"),
    ],
)
def test_a_mistake_is_named_with_its_column(text, column, words):
    with pytest.raises(FeelError) as caught:
        parse(text)
    assert caught.value.column == column
    assert words in caught.value.message


def test_a_condition_knows_the_names_it_reads():
    condition = parse("if a.b > c then d in ([e..f], < g) else not(h) and -i + 1 = 2")
    assert condition.names == {"a.b", "c", "d", "e", "f", "g", "h", "i"}


def test_long_flat_chains_are_bounded():
    assert parse(" and ".join(["a"] * 100)).evaluate({"a": True}) is True
    assert parse(" + ".join(["1"] * 500)).evaluate({}) == 500
    with pytest.raises(FeelError):
        parse(" or ".join(["a"] * 600))
    with pytest.raises(FeelError):
        parse("not(" * 400 + "a" + ")" * 400)


VALUES = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b"])
EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "1", "2.5", '"a"', "true", "false", "null"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or", "=", "!=", "<", ">=", "+", "-", "*", "/"]), inner).map(
            lambda t: f"({t[0]} {t[1]} {t[2]})"
        ),
        inner.map(lambda t: f"not({t})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} in ({t[1]}, [{t[1]}..{t[2]}]))"),
        st.tuples(inner, inner, inner).map(lambda t: f"(if {t[0]} then {t[1]} else {t[2]})"),
    ),
    max_leaves=12,
)


@given(EXPRESSIONS, st.dictionaries(st.sampled_from("abc"), VALUES))
def test_evaluation_never_raises_and_facts_only_sharpen_a_decision(text, context):
    condition = parse(text)
    value = condition.evaluate(context)
    assert value is None or isinstance(value, bool | Decimal | str)
    partial = dict(list(context.items())[:1])
    early = condition.decide(partial)
    if early is not None:
        assert condition.decide({"a": None, "b": None, "c": None} | context) is early


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text):
    try:
        parse(text)
    except FeelError as error:
        assert 1 <= error.column <= len(text) + 1
