"""Boxed expressions, knowledge and services: each has the value that its form in text would have."""

from __future__ import annotations

import pytest

from orderloom.feel import check, evaluate, load_dmn
from orderloom.feel.literal import literal as spelled
from tests.feel.dmn.xml import (
    DECISION,
    INPUT,
    KNOWLEDGE,
    box,
    context,
    decision,
    function,
    input_data,
    invocation,
    item,
    knowledge,
    model,
    needs,
    service,
    table,
)  # fmt: skip

TWICE = function(box("x * 2"), ("x", "number"))


def looped(kind: str, over: str, body: str) -> str:
    inner = "return" if kind == "for" else "satisfies"
    return f'<{kind} iteratorVariable="i"><in>{box(over)}</in><{inner}>{box(body)}</{inner}></{kind}>'


@pytest.mark.parametrize(
    ("boxed", "expected"),
    [
        (looped("for", "1..3", "i * i"), "[1, 4, 9]"),
        (looped("for", "3..1", "i"), "[3, 2, 1]"),
        (looped("for", "[1..3]", "i + count(partial)"), "[1, 3, 5]"),
        (looped("for", '@"2020-01-30"..@"2020-02-01"', "i.day"), "[30, 31, 1]"),
        (looped("every", "1..3", "i > 0"), "true"),
        (looped("some", "[1, 2]", "i > 5"), "false"),
        (f"<filter><in>{box('[1,2,3]')}</in><match>{box('item > 1')}</match></filter>", "[2, 3]"),
        (f"<filter><in>{box('[1,2,3]')}</in><match>{box('2')}</match></filter>", "2"),
        (f"<filter><in>{box('[{a: 1}, {a: 2}]')}</in><match>{box('a > 1')}</match></filter>", "[{a: 2}]"),
        (f"<conditional><if>{box('null')}</if><then>{box('1')}</then><else>{box('2')}</else></conditional>", "2"),
        (context(("a", box("1"), "number"), ("b c", box("a + 1"))), "{a: 1, b c: 2}"),
        (context(("a", box("1")), ("", box("a + 1"))), "2"),
        (context(("a", box('"x"'), "number"), ("b", box("a"))), "{a: null, b: null}"),
        (context(("f", TWICE), ("", box("f(4)"))), "8"),
        (context(("f", TWICE, "number"), ("", box("f(x: 4)"))), "8"),
        (context(("f", TWICE), ("", invocation("f", ("x", "5")))), "10"),
        (invocation("max", ("list", "[1, 5, 2]")), "5"),
        (
            f'<relation><column name="a"/><column name="b c"/><row>{box("1")}{box("2")}</row></relation>',
            "[{a: 1, b c: 2}]",
        ),
        (f"<list>{box('1')}<list>{box('2')}</list>{context(('a', box('1')))}</list>", "[1, [2], {a: 1}]"),
        ('<functionDefinition kind="Java"><formalParameter name="x"/></functionDefinition>', "null"),
    ],
)
def test_a_boxed_expression_has_its_value(boxed: str, expected: str) -> None:
    assert spelled(evaluate(load_dmn(model(decision("d", boxed))), "d")) == expected


NUMBERS = ("x", "number"), ("y z", "number")


@pytest.mark.parametrize(
    ("made", "asked", "expected"),
    [
        ([knowledge("f", box("x - y z"), *NUMBERS)], box("f(1, 2)"), "-1"),
        ([knowledge("f", box("x - y z"), *NUMBERS)], box("f(y z: 1, x: 2)"), "1"),
        ([knowledge("f", box("x - y z"), *NUMBERS)], invocation("f", ("y z", "1"), ("x", "2")), "1"),
        ([knowledge("f", box("x"), *NUMBERS)], box('f("a", 1)'), "null"),
        ([knowledge("f", box("x"), *NUMBERS)], box("f(1)"), "null"),
        ([knowledge("f", box('"text"'), *NUMBERS, type_name="number")], box("f(1, 2)"), "null"),
        ([knowledge("f", box("[x]"), *NUMBERS, type_name="number")], box("f(1, 2)"), "1"),
        ([knowledge("f", context(("a", box("x")), ("", box("a + 1"))), ("x", "number"))], box("f(1)"), "2"),
        ([knowledge("f", box("x < y z"), *NUMBERS)], box("sort([3, 1, 2], f)"), "[1, 2, 3]"),
        ([knowledge("f", TWICE)], box("f()(4)"), "8"),
        (
            [
                knowledge("g", box("x * 10"), ("x", "number")),
                knowledge("f", box("g(x) + 1"), NUMBERS[0], needs(KNOWLEDGE, "g")),
            ],
            box("f(1)"),
            "11",
        ),
        (
            [knowledge("f", table("UNIQUE", ["x"], [{}], [("> 1", '"big"'), ("<= 1", '"small"')]), NUMBERS[0])],
            box("for i in [1, 5] return f(i)"),
            '["small", "big"]',
        ),
    ],
)
def test_knowledge_is_called_as_a_function(made: list[str], asked: str, expected: str) -> None:
    loaded = load_dmn(model(*made, decision("d", asked, needs(KNOWLEDGE, "f"))))
    assert spelled(evaluate(loaded, "d")) == expected


SUMS = (
    input_data("a", "number"),
    input_data("b", "number"),
    decision("tens", box("a * 10"), needs(INPUT, "a"), type_name="number"),
    decision("sum", box("tens + b"), needs(DECISION, "tens"), needs(INPUT, "b"), type_name="number"),
    decision("rest", box("tens - b"), needs(DECISION, "tens"), needs(INPUT, "b")),
)
WHOLE = service("s", output=["sum"], encapsulated=["tens"], data=["a", "b"])
BOTH = service("s", output=["sum", "rest"], encapsulated=["tens"], data=["a", "b"])
LATE = service("s", output=["sum"], decisions=["tens"], data=["b"])


@pytest.mark.parametrize(
    ("made", "given", "expected"),
    [
        (WHOLE, {"a": 1, "b": 2}, "12"),
        (BOTH, {"a": 1, "b": 2}, "{sum: 12, rest: 8}"),
        (LATE, {"tens": 7, "b": 2}, "9"),
        (LATE, {"b": 2}, "null"),
        (WHOLE, {"a": "x", "b": 2}, "null"),
    ],
)
def test_a_service_is_asked_by_its_name(made: str, given: dict[str, object], expected: str) -> None:
    assert spelled(evaluate(load_dmn(model(*SUMS, made)), "s", given)) == expected


@pytest.mark.parametrize(
    ("made", "asked", "expected"),
    [
        (WHOLE, box("s(3, 4)"), "34"),
        (WHOLE, box("s(b: 3, a: 4)"), "43"),
        (WHOLE, invocation("s", ("a", "1"), ("b", "2")), "12"),
        (WHOLE, box('s("x", 4)'), "null"),
        (BOTH, box("s(3, 4).rest"), "26"),
        (LATE, box("s(b: 1, tens: 5)"), "6"),
    ],
)
def test_a_service_is_called_as_a_function(made: str, asked: str, expected: str) -> None:
    loaded = load_dmn(model(*SUMS, made, decision("d", asked, needs(KNOWLEDGE, "s"))))
    assert spelled(evaluate(loaded, "d", {"a": 100, "b": 100})) == expected


@pytest.mark.parametrize("name", ["a+b - c/d *e", "\U0001f40e Größe", "time to deliver", "if only", "date"])
def test_a_name_may_have_signs_and_words_of_the_language(name: str) -> None:
    data = f'<inputData id="_i" name="{name}"><variable name="{name}" typeRef="number"/></inputData>'
    loaded = load_dmn(model(data, decision("d", box(f"{name} + 1"), needs(INPUT, "_i"))))
    assert evaluate(loaded, "d", {name: 1}) == 2


def test_a_mistake_in_one_decision_leaves_the_others_alone() -> None:
    parts = (
        input_data("a", "tUnheard"),
        decision("good", box("a + 1"), needs(INPUT, "a")),
        decision("syntax", box("1 +")),
        decision("cell", table("UNIQUE", ["1"], [{}], [("< <", "1")])),
        decision("policy", table("MOST", ["1"], [{}], [("-", "7")])),
        decision("empty", ""),
        decision("required", box("1"), needs(DECISION, "nobody")),
        decision("endless", box("{f: function(x) f(x), r: f(1)}.r")),
        knowledge("broken", box("(("), ("x", "number")),
        decision("caller", box("broken(1)"), needs(KNOWLEDGE, "broken")),
        item("tOdd", "number", "<allowedValues><text>((</text></allowedValues>"),
        decision("odd", box("3"), type_name="tOdd"),
    )
    loaded = load_dmn(model(*parts))
    values = {name: evaluate(loaded, name, {"a": 1}) for name in loaded.decisions if name != "endless"}
    assert values == {
        "good": 2, "syntax": None, "cell": None, "policy": 7, "empty": None, "required": 1, "caller": None, "odd": 3,
    }  # fmt: skip
    assert {mistake.code for mistake in check(loaded)} >= {
        "syntax",
        "hit-policy",
        "unknown-type",
        "requirement-missing",
    }
