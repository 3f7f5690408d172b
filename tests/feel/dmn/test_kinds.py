"""Types of a model: what a caller may tell, what is converted, and what `instance of` says of allowed values."""

from __future__ import annotations

import datetime as std
from decimal import Decimal

import pytest

from orderloom.feel import evaluate, load_dmn
from orderloom.feel.literal import literal as spelled
from orderloom.feel.values import Months
from tests.feel.dmn.xml import (
    INPUT,
    box,
    component,
    decision,
    input_data,
    item,
    knowledge,
    limited,
    model,
    needs,
    service,
)

TYPES = (
    item("tAge", "number", limited("allowedValues", "[0..150]")),
    item("tSize", "string", limited("allowedValues", '"S","M"')),
    item("tSizes", "tSize", is_list=True),
    item("tFew", "number", limited("typeConstraint", "count(?) &lt; 3"), is_list=True),
    item("tCode", "string", limited("typeConstraint", "string length(?) &lt; 4")),
    item(
        "tPerson", "", component("name", "string"), component("age", "tAge"), component("born", "date"),
        component("tags", "string", is_list=True),
    ),
    item("tPeople", "tPerson", is_list=True),
    item("tDates", "date", is_list=True),
    item("tStamps", "date and time", is_list=True),
)  # fmt: skip
ANN = {"name": "Ann", "age": 3, "born": "2000-01-01", "tags": ["x"]}
SPELLED = '{name: "Ann", age: 3, born: @"2000-01-01", tags: ["x"]}'


def told(kind: str, value: object, text: str = "x", result: str = "") -> str:
    """The value of a text over one input of a type."""
    parts = input_data("x", kind), decision("d", box(text), needs(INPUT, "x"), type_name=result)
    loaded = load_dmn(model(*TYPES, *parts, version="20230324"))
    return spelled(evaluate(loaded, {"x": value, "unheard": 1}, decision="d"))


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("date", "2020-01-02", '@"2020-01-02"'),
        ("date", std.date(2020, 1, 2), '@"2020-01-02"'),
        ("date", std.datetime(2020, 1, 2), "null"),
        ("time", "10:11:12@Europe/Paris", '@"10:11:12@Europe/Paris"'),
        ("time", std.time(1, 2, 3), '@"01:02:03"'),
        ("dateTime", "2020-01-02T10:11:12Z", '@"2020-01-02T10:11:12Z"'),
        ("date and time", "2020-01-02", '@"2020-01-02T00:00:00Z"'),
        ("date and time", std.date(2020, 1, 2), '@"2020-01-02T00:00:00Z"'),
        ("dayTimeDuration", "P1D", '@"P1D"'),
        ("days and time duration", std.timedelta(days=1), '@"P1D"'),
        ("yearMonthDuration", "P1Y", '@"P1Y"'),
        ("years and months duration", Months(1), '@"P1M"'),
        ("years and months duration", "P1D", "null"),
        ("date", "yesterday", "null"),
        ("string", "2020-01-02", '"2020-01-02"'),
        ("Any", "2020-01-02", '"2020-01-02"'),
        ("number", 1.5, "1.5"),
        ("number", Decimal("1.10"), "1.1"),
        ("number", True, "null"),
        ("string", 5, "null"),
        ("boolean", 1, "null"),
        ("Any", (1, 2), "[1, 2]"),
        ("tAge", [5], "5"),
        ("tAge", 151, "null"),
        ("tSizes", ["S", "x"], "null"),
        ("tSizes", "S", '["S"]'),
        ("tFew", [1, 2, 3], "null"),
        ("tCode", "abcd", "null"),
        ("tDates", ["2020-01-01", std.date(2020, 1, 2)], '[@"2020-01-01", @"2020-01-02"]'),
        ("tDates", "2020-01-01", '[@"2020-01-01"]'),
        ("tStamps", ["2020-01-01"], '[@"2020-01-01T00:00:00Z"]'),
        ("list<date>", ["2020-01-01"], '[@"2020-01-01"]'),
        ("list<tAge>", [1, 151], "null"),
        ("tPerson", ANN, SPELLED),
        ("tPerson", [ANN], SPELLED),
        ("tPeople", ANN, f"[{SPELLED}]"),
        ("tPerson", {**ANN, "age": 300}, "null"),
        ("tPerson", dict.fromkeys(ANN), "{name: null, age: null, born: null, tags: null}"),
    ],
)
def test_what_is_told_is_taken_as_its_type_or_null(kind: str, value: object, expected: str) -> None:
    assert told(kind, value) == expected


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("x instance of tAge", 5, "true"),
        ("x instance of tAge", 500, "false"),
        ("x instance of tAge", None, "false"),
        ("x instance of tSizes", ["S"], "true"),
        ("x instance of tSizes", ["q"], "false"),
        ("x instance of list<tSize>", ["q"], "false"),
        ("x instance of tFew", [1, 2, 3], "false"),
        ("x instance of tCode", "abcd", "false"),
        ("x instance of tPerson", {**ANN, "born": std.date(2020, 1, 1)}, "true"),
        ("x instance of tPerson", {**ANN, "born": None, "age": 300}, "false"),
        ("(function(age: tAge) age)(x)", 500, "null"),
        ("(function(age: tAge) age)(x)", [50], "50"),
        ("(function(few: tFew) few)(x)", 3, "[3]"),
        ("(function(at: date and time) at)(x)", std.date(2020, 1, 1), '@"2020-01-01T00:00:00Z"'),
    ],
)
def test_an_instance_is_also_allowed(text: str, value: object, expected: str) -> None:
    assert told("Any", value, text) == expected


@pytest.mark.parametrize(
    ("text", "result", "expected"),
    [
        ("x", "tAge", "null"),
        ('date("2020-01-01")', "date and time", '@"2020-01-01T00:00:00Z"'),
        ("[1]", "number", "1"),
        ("[1, 2]", "number", "null"),
        ("1", "tFew", "[1]"),
    ],
)
def test_the_value_of_a_decision_is_converted_to_its_type(text: str, result: str, expected: str) -> None:
    assert told("Any", 500, text, result) == expected


def test_texts_of_dates_are_read_for_services_and_knowledge_too() -> None:
    parts = (
        input_data("day", "date"),
        decision("year", box("day.year"), needs(INPUT, "day")),
        service("ask", output=["year"], data=["day"]),
        knowledge("next", box('day + duration("P1D")'), ("day", "date")),
    )
    loaded = load_dmn(model(*parts))
    assert evaluate(loaded, "ask", {"day": "2020-01-01"}) == 2020
    assert evaluate(loaded, "next", {"day": "2020-01-01"}) == std.date(2020, 1, 2)
