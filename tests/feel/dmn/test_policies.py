"""What matching rules mean together, in models of the standard's XML."""

from __future__ import annotations

import datetime as std

import pytest

from orderloom.feel import check, evaluate, load_dmn
from orderloom.feel.literal import literal as spelled
from tests.feel.dmn.xml import INPUT, decision, input_data, model, needs, table

Rules = list[tuple[str, ...]]
LETTERS: Rules = [("< 10", '"x"'), ("< 20", '"y"'), ("< 20", '"x"')]
RANKED = [{"typeRef": "string", "values": '"x","y"'}]
PAIRS: Rules = [("-", '"low"', "1"), ("-", '"high"', "2"), ("-", '"high"', "1")]
PAIR = [{"name": "risk", "values": '"high","low"'}, {"name": "step", "values": "1,2"}]


def answer(policy: str, outputs: list[dict[str, str]], rules: Rules, given: dict[str, object]) -> str:
    made = decision("d", table(policy, ["a"], outputs, rules), needs(INPUT, "a"), needs(INPUT, "b"))
    loaded = load_dmn(model(input_data("a", "Any"), input_data("b", "Any"), made))
    return spelled(evaluate(loaded, "d", given))


@pytest.mark.parametrize(
    ("policy", "value", "expected"),
    [
        ("UNIQUE", 5, "null"), ("UNIQUE", 30, "null"), ("ANY", 5, "null"), ("FIRST", 5, '"x"'), ("FIRST", 15, '"y"'),
        ("PRIORITY", 15, '"x"'), ("RULE ORDER", 15, '["y", "x"]'), ("OUTPUT ORDER", 5, '["x", "x", "y"]'),
        ("COLLECT", 5, '["x", "y", "x"]'), ("COLLECT with COUNT", 5, "3"), ("COLLECT with MIN", 15, '"x"'),
        ("COLLECT with MAX", 15, '"y"'), ("COLLECT with SUM", 15, "null"), ("COLLECT", 30, "[]"),
        ("RULE ORDER", 30, "[]"), ("COLLECT with COUNT", 30, "0"), ("COLLECT with SUM", 30, "null"),
        ("PRIORITY", 30, "null"),
    ],
)  # fmt: skip
def test_every_policy_has_its_answer(policy: str, value: int, expected: str) -> None:
    assert answer(policy, RANKED, LETTERS, {"a": value}) == expected


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("PRIORITY", '{risk: "high", step: 1}'),
        ("FIRST", '{risk: "low", step: 1}'),
        ("OUTPUT ORDER", '[{risk: "high", step: 1}, {risk: "high", step: 2}, {risk: "low", step: 1}]'),
        ("COLLECT with COUNT", "3"),
    ],
)
def test_several_outputs_are_one_context(policy: str, expected: str) -> None:
    assert answer(policy, PAIR, PAIRS, {}) == expected


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ([{"default": '"z"'}], '"z"'),
        ([{"name": "p", "default": '"z"'}, {"name": "q", "default": "1 + 1"}], '{p: "z", q: 2}'),
    ],
)
@pytest.mark.parametrize("policy", ["UNIQUE", "COLLECT", "PRIORITY"])
def test_without_a_match_the_default_outputs_answer(policy: str, outputs: list[dict[str, str]], expected: str) -> None:
    rules: Rules = [("> 1", *['"x"'] * len(outputs))]
    assert answer(policy, outputs, rules, {"a": 0}) == expected


@pytest.mark.parametrize(
    ("cell", "given"),
    [
        ("> b", {"a": 3, "b": 2}),
        ("? * 2 = 6", {"a": 3}),
        ('not(starts with(?, "q"))', {"a": "abc"}),
        ("b", {"a": 3, "b": [3, 4]}),
        ('[date("2020-01-01")..date("2020-12-31")]', {"a": std.date(2020, 5, 5)}),
        ("list contains(?, 3)", {"a": [3, 4]}),
        ("null", {}),
        ("not(null)", {"a": 1}),
        ("false", {"a": False}),
        ("count(?) = 2 and ?[1] > 0", {"a": [1, 2]}),
        ("some x in ? satisfies x > b", {"a": [1, 9], "b": 8}),
        ("<= b, > b + 10", {"a": 30, "b": 2}),
    ],
)
def test_a_cell_tests_what_the_standard_lets_it_test(cell: str, given: dict[str, object]) -> None:
    assert (
        answer("UNIQUE", [{}], [(cell, "1"), (f"not({cell})", "2")] if "?" not in cell else [(cell, "1")], given) == "1"
    )


def test_a_value_that_its_column_does_not_allow_has_no_answer() -> None:
    boxed = table("UNIQUE", ["a"], [{}], [("-", "1")], values='"p","q"')
    loaded = load_dmn(model(input_data("a", "Any"), decision("d", boxed, needs(INPUT, "a"))))
    assert (evaluate(loaded, "d", {"a": "p"}), evaluate(loaded, "d", {"a": "r"})) == (1, None)
    assert [mistake.code for mistake in check(loaded)] == []
