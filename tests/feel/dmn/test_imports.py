"""Imported elements and types stand behind the name of their import, functions are values, and names are as written."""

from __future__ import annotations

import pytest

from orderloom.feel import evaluate, load_dmn
from orderloom.feel.literal import literal as spelled
from tests.feel.dmn.xml import (
    DECISION,
    INPUT,
    KNOWLEDGE,
    box,
    component,
    context,
    decision,
    function,
    input_data,
    invocation,
    item,
    knowledge,
    limited,
    model,
    needs,
    service,
)

SHARED = model(
    item("tAge", "number", limited("allowedValues", "[0..150]")),
    input_data("x", "tAge"),
    decision("twice", box("x * 2"), needs(INPUT, "x"), type_name="number"),
    knowledge("g", box("n * 10"), ("n", "number")),
    knowledge("tens of", box("g(n) + 1"), ("n", "tAge"), needs(KNOWLEDGE, "g")).replace('id="tens of"', 'id="f"'),
    service("ask", output=["twice"], data=["x"]),
    namespace="urn:a",
)
MIDDLE = model(
    '<import name="a" namespace="urn:a" importType="https://www.omg.org/spec/DMN/20211108/MODEL/"/>',
    decision("e", box("a.twice + 100"), needs(DECISION, "urn:a#twice")),
    namespace="urn:b",
)


def importing(*parts: str, name: str = "shared parts", namespace: str = "urn:a") -> str:
    kind = "https://www.omg.org/spec/DMN/20211108/MODEL/"
    return model(f'<import name="{name}" namespace="{namespace}" importType="{kind}"/>', *parts)


def answer(text: str, given: dict[str, object], asked: str = "d") -> str:
    return spelled(evaluate(load_dmn(text, imports=[SHARED, MIDDLE]), asked, given))


TWICE = decision("d", box("shared parts.twice + 1"), needs(DECISION, "urn:a#twice"))


@pytest.mark.parametrize("given", [{"shared parts": {"x": 4}}, {"shared parts.x": 4}, {"x": 4}])
def test_an_imported_input_is_told_below_its_import_or_bare(given: dict[str, object]) -> None:
    assert answer(importing(TWICE), given) == "9"
    assert answer(importing(), given, "shared parts.twice") == "8"


@pytest.mark.parametrize(
    ("boxed", "required", "expected"),
    [
        (box("shared parts.tens of(4)"), "f", "41"),
        (box("shared parts.tens of(n: 4)"), "f", "41"),
        (invocation("shared parts.tens of", ("n", "4")), "f", "41"),
        (box("shared parts.tens of(400)"), "f", "null"),
        (box("shared parts.ask(4)"), "ask", "8"),
    ],
)
def test_imported_functions_are_called_behind_the_prefix(boxed: str, required: str, expected: str) -> None:
    assert answer(importing(decision("d", boxed, needs(KNOWLEDGE, f"urn:a#{required}"))), {}) == expected


def test_imported_types_hold_with_their_allowed_values() -> None:
    asked = decision("d", box("y instance of shared parts.tAge"), needs(INPUT, "y"))
    assert [answer(importing(input_data("y", "number"), asked), {"y": value}) for value in (5, 500)] == [
        "true",
        "false",
    ]
    person = item("tPerson", "", component("age", "shared parts.tAge"))
    inner = importing(person, input_data("y", "tPerson"), decision("d", box("y.age"), needs(INPUT, "y")))
    assert [answer(inner, {"y": {"age": value}}) for value in (5, 500)] == ["5", "null"]


def test_an_import_without_a_name_adds_its_names_as_they_are() -> None:
    made = (
        decision("d", box("tens of(twice)"), needs(DECISION, "urn:a#twice"), needs(KNOWLEDGE, "urn:a#f")),
        input_data("y", "tAge"),
        decision("e", box("y"), needs(INPUT, "y")),
    )
    text = importing(*made, name="")
    assert (answer(text, {"x": 4}), answer(text, {"y": 500}, "e")) == ("81", "null")


@pytest.mark.parametrize("given", [{"x": 1}, {"b": {"a": {"x": 1}}}])
def test_an_imported_model_has_imports_of_its_own(given: dict[str, object]) -> None:
    text = importing(decision("d", box("b.e"), needs(DECISION, "urn:b#e")), name="b", namespace="urn:b")
    assert answer(text, given) == "102"


FUNCTION = item(
    "tF", "", '<functionItem outputTypeRef="number"><parameters name="n" typeRef="number"/></functionItem>'
)  # fmt: skip
MORE = function(box("n + k"), ("n", "number"))


@pytest.mark.parametrize(
    ("made", "text", "expected"),
    [
        (decision("f", MORE, needs(INPUT, "k"), type_name="tF"), "f(4)", "14"),
        (decision("f", box("function(n) n + k"), needs(INPUT, "k")), "f(4)", "14"),
        (decision("f", box("function(n: number) n")), "f instance of tF", "true"),
        (decision("f", box("function(n: string) n")), "f instance of tF", "false"),
        (decision("f", context(("add", MORE), ("seven", box("add(7)"))), needs(INPUT, "k")), "f.add(f.seven)", "27"),
    ],
)
def test_a_function_is_a_value(made: str, text: str, expected: str) -> None:
    loaded = model(FUNCTION, input_data("k", "number"), made, decision("d", box(text), needs(DECISION, "f")))
    assert answer(loaded, {"k": 10}) == expected


@pytest.mark.parametrize(
    ("names", "text", "given", "expected"),
    [
        (["a", "a b"], "a + a b", {"a": 1, "a b": 2}, "3"),
        (["a", "b"], "a-b", {"a": 3, "b": 2}, "1"),
        (["a-b"], "a-b + 1", {"a-b": 3}, "4"),
        (["customer's age"], "customer's age > 1", {"customer's age": 3}, "true"),
        (["days in stock"], "days in stock > 1", {"days in stock": 3}, "true"),
        (["time and place"], "time and place + 1", {"time and place": 3}, "4"),
        (["Line 1 total"], "Line 1 total + 1", {"Line  1\ntotal": 3}, "4"),
    ],
)
def test_the_longest_name_is_meant(names: list[str], text: str, given: dict[str, object], expected: str) -> None:
    inputs = [input_data(name, "number") for name in names]
    assert answer(model(*inputs, decision("d", box(text), *(needs(INPUT, name) for name in names))), given) == expected


def test_an_element_is_known_by_its_own_name_too() -> None:
    data = '<inputData id="_a" name="Amount"><variable name="amount" typeRef="number"/></inputData>'
    asked = decision("d", box("amount"), needs(INPUT, "_a")).replace('name="d">', 'name="The Answer">', 1)
    text = model(data, asked)
    for given in ({"amount": 2}, {"Amount": 2}, {"_a": 2}):
        assert [answer(text, given, name) for name in ("d", "The Answer")] == ["2", "2"]
