"""Tables decide as their hit policy says, however they were compiled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orderloom.feel import check, evaluate, explain
from orderloom.feel.compile import Inputs, compiled_tests
from orderloom.feel.decide import decided, program_of
from orderloom.feel.mistakes import Mistaken
from orderloom.feel.parse import parse_expression, parse_tests
from orderloom.feel.run import Run
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.trace import TracedRun
from orderloom.feel.written import written


def table(
    policy: str,
    inputs: Sequence[str],
    outputs: Sequence[Output],
    *rows: str,
    types: Sequence[str] = (),
) -> Table:
    """A table whose rows are cells between bars."""
    cells = [[written(cell.strip()) for cell in row.split("|")] for row in rows]
    width = len(inputs)
    types = types or [""] * width
    columns = tuple(Input(written(name), kind) for name, kind in zip(inputs, types, strict=True))
    rules = tuple(Rule(tuple(row[:width]), tuple(row[width:])) for row in cells)
    return Table("", columns, tuple(outputs), rules, HitPolicy(policy))


def answer(of: Table, **context: object) -> object:
    return decided(of, context, Run())


LIMITS = ("amount", "segment"), (Output("approver", allowed=written('"board", "head", "lead"')),)
ROWS = '<= 1000 | - | "lead"', '> 500 | not("new") | "head"', '>= 900 | "new", "watch" | "board"'


@pytest.mark.parametrize(
    ("policy", "amount", "segment", "expected"),
    [
        ("U", 100, "key", "lead"),
        ("U", 600, "key", None),
        ("U", 5000, "other", "head"),
        ("A", 600, "key", None),
        ("A", 400, "key", "lead"),
        ("F", 600, "key", "lead"),
        ("P", 600, "key", "head"),
        ("P", 950, "new", "board"),
        ("R", 950, "watch", ["lead", "head", "board"]),
        ("O", 950, "watch", ["board", "head", "lead"]),
        ("C", 950, "new", ["lead", "board"]),
        ("C#", 950, "watch", Decimal(3)),
        ("C>", 950, "watch", "lead"),
        ("C<", 950, "watch", "board"),
        ("C+", 950, "watch", None),
        ("C", 5000, None, ["head"]),
        ("F", None, None, None),
        ("P", None, None, None),
        ("R", None, None, []),
        ("O", None, None, []),
        ("C", None, None, []),
        ("C#", None, None, Decimal(0)),
        ("C+", None, None, None),
        ("C<", None, None, None),
        ("C>", None, None, None),
    ],
)
def test_hit_policies(policy: str, amount: object, segment: object, expected: object) -> None:
    assert answer(table(policy, *LIMITS, *ROWS), amount=amount, segment=segment) == expected


def test_several_outputs_make_a_context_and_are_ranked_from_the_left() -> None:
    outputs = (
        Output("level", allowed=written('"high", "low"')),
        Output("days", "number", allowed=written("1, 2, 3")),
    )
    rows = '- | "low" | 1', '> 5 | "high" | 3', '> 7 | "high" | 2'
    assert answer(table("P", ["n"], outputs, *rows), n=8) == {"level": "high", "days": Decimal(2)}
    assert answer(table("O", ["n"], outputs, *rows), n=8) == [
        {"level": "high", "days": Decimal(2)},
        {"level": "high", "days": Decimal(3)},
        {"level": "low", "days": Decimal(1)},
    ]
    assert answer(table("C+", ["n"], outputs, *rows), n=8) is None


def test_default_outputs_answer_when_no_rule_does() -> None:
    one = table("U", ["n"], [Output("", "string", default=written('"post"'))], '> 5 | "van"')
    assert (answer(one, n=1), answer(one, n=6)) == ("post", "van")
    two = table("F", ["n"], [Output("a", default=written("n + 1")), Output("b", default=written("0"))], "> 5 | 1 | 2")
    assert answer(two, n=1) == {"a": Decimal(2), "b": Decimal(0)}
    for policy in ("C", "C#", "C+", "R"):
        fixed = table(policy, ["n"], [Output("", default=written("-1"))], "> 5 | 3")
        assert answer(fixed, n=1) == Decimal(-1)


def test_sums_are_exact() -> None:
    assert answer(table("C+", ["n"], [Output()], "- | 0.1", "- | 0.2", "> 1 | n"), n=3) == Decimal("3.3")


def test_answers_of_the_wrong_type_are_null() -> None:
    assert answer(table("U", ["n"], [Output("", "number")], '- | "ten"'), n=3) is None


def test_an_input_outside_its_allowed_values_gives_null() -> None:
    limited = Table(
        "",
        (Input(written("n"), "number", written("[0..10]")),),
        (Output(),),
        (Rule((written("-"),), (written("1"),)),),
    )
    assert (answer(limited, n=5), answer(limited, n=11), answer(limited)) == (Decimal(1), None, Decimal(1))


def test_cells_may_read_other_inputs_and_test_themselves() -> None:
    loose = table(
        "F", ["total", "limit"], [Output()], '<= limit | - | "ok"', '? > 2 * limit | > 0 | "far"', '-|-|"near"'
    )
    assert [answer(loose, total=t, limit=10) for t in (9, 15, 21)] == ["ok", "near", "far"]


def test_inputs_are_expressions_and_paths() -> None:
    paths = table("U", ["order.total", "count(order.lines)"], [Output()], '> 10 | <= 2 | "small"', '<= 10|-|"tiny"')
    assert answer(paths, order={"total": 11, "lines": [1, 2]}) == "small"
    assert answer(paths, order={"total": 11, "lines": [1, 2, 3]}) is None
    assert answer(paths) is None


def test_all_mistakes_of_a_table_come_at_once() -> None:
    with pytest.raises(Mistaken) as refused:
        answer(table("U", ["a +"], [Output()], "< | 1", "5 | ]"), a=1)
    assert len(refused.value.mistakes) == 3


def test_a_rule_with_too_few_cells_is_a_mistake() -> None:
    short = table("U", ["a", "b"], [Output()], "1 | 2 | 3", "1")
    assert [mistake.code for mistake in check(short)] == ["rule-length"]
    assert answer(short, a=1, b=2) is None


# Against a naive interpreter

NUMBERS = st.sampled_from([Decimal(n) for n in ("-1", "0", "1", "1.0", "1.5", "2", "3", "10")])
TEXTS = st.sampled_from(["", "a", "b", "new", "NO"])
ENDS = st.sampled_from(["0", "1", "1.5", "2", "3"])
NUMBER_TESTS = st.one_of(
    ENDS,
    st.builds(lambda sign, end: f"{sign} {end}", st.sampled_from(["<", "<=", ">", ">=", "!=", "="]), ENDS),
    st.builds(
        lambda a, low, high, b: f"{a}{low}..{high}{b}",
        st.sampled_from("[(]"),
        ENDS,
        ENDS,
        st.sampled_from("])["),
    ),
    st.just("null"),
)
TEXT_TESTS = st.sampled_from(['"a"', '"new"', '"NO"', '< "b"', '>= "a"', '!= "b"', '["a".."b"]', "null", '= "a"'])


def cells(tests: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    listed = st.lists(tests, min_size=1, max_size=3).map(", ".join)
    return st.just("-") | listed | listed.map(lambda inner: f"not({inner})")


ODD = st.sampled_from([None, True, [Decimal(1)], ["a"], "a", Decimal(2), {"x": Decimal(1)}])
ROW = st.tuples(cells(NUMBER_TESTS), cells(TEXT_TESTS), st.sampled_from(["1", "2", "0.5"]))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(ROW, min_size=1, max_size=6),
    st.sampled_from(["U", "A", "F", "R", "C", "C+", "C<", "C>", "C#"]),
    NUMBERS | ODD,
    TEXTS | ODD,
    st.sampled_from([("", ""), ("number", "string")]),
)
def test_a_compiled_table_agrees_with_a_naive_one(
    rows: list[tuple[str, str, str]], policy: str, number: object, text: object, types: tuple[str, str]
) -> None:
    of = table(policy, ["n", "t"], [Output()], *(" | ".join(row) for row in rows), types=types)
    context = {"n": number, "t": text}
    expected = naive(of, context)
    assert decided(of, context, Run()) == expected
    traced = TracedRun(notes=[])
    traced.tables = []
    assert traced.traced(program_of(of), Inputs(context)) == expected  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(ROW, min_size=1, max_size=5),
    st.sampled_from(["U", "A", "F", "R", "C+"]),
    st.tuples(NUMBERS | ODD, TEXTS | ODD),
    st.tuples(NUMBERS | ODD, TEXTS | ODD),
)
def test_an_input_that_was_not_read_leaves_the_evidence_as_it_is(
    rows: list[tuple[str, str, str]], policy: str, one: tuple[object, object], other: tuple[object, object]
) -> None:
    of = table(policy, ["n", "t"], [Output()], *(" | ".join(row) for row in rows))
    first = dict(zip(("n", "t"), one, strict=True))
    evidence = explain(of, first)
    assert evidence.value == evaluate(of, first)
    for name, value in zip(("n", "t"), other, strict=True):
        if name not in evidence.inputs:
            assert explain(of, {**first, name: value}).as_json() == evidence.as_json()


def naive(of: Table, context: Mapping[str, object]) -> object:
    values = [typed(context[column.expression.text], column.type_name) for column in of.inputs]
    hits = [
        parse_expression(rule.answers[0].text).value  # type: ignore[union-attr]
        for rule in of.rules
        if all(
            compiled_tests(parse_tests(test.text))(value, Inputs({}), Run()) is True
            for test, value in zip(rule.tests, values, strict=True)
        )
    ]
    if not hits:
        return {"R": [], "C": [], "C#": Decimal(0)}.get(of.hit_policy.value)
    match of.hit_policy.value:
        case "U":
            return hits[0] if len(hits) == 1 else None
        case "A":
            return hits[0] if len(set(hits)) == 1 else None
        case "F":
            return hits[0]
        case "R" | "C":
            return hits
        case "C+":
            return sum(hits)
        case "C<":
            return min(hits)
        case "C>":
            return max(hits)
    return Decimal(len(hits))


def typed(value: object, type_name: str) -> object:
    wanted = {"number": Decimal, "string": str}.get(type_name, object)
    if isinstance(value, wanted):
        return value
    return value[0] if isinstance(value, list) and len(value) == 1 and isinstance(value[0], wanted) else None
