"""A table that is asked often answers by comparisons alone, and gives what its program gives."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderloom.feel import evaluate
from orderloom.feel.decide import OFTEN, decided, program_of
from orderloom.feel.quick import SLOW, quick_of
from orderloom.feel.run import Run
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.written import written

NUMBERS = st.sampled_from(["-", "< 0", "[0..100)", "(0..100]", ">= 100", "0, 5", "not(< 2)", "null", "5", "not(5)"])
WORDS = st.sampled_from(["-", '"a"', '"a","b"', 'not("a")', '> "b"', '["a".."c")', 'null, "c"'])
TRUTHS = st.sampled_from(["-", "true", "false", "not(true)", "true, false"])
ANSWERS = st.sampled_from(["1", "2", '"x"', "null", "true", "2.50"])
VALUES = {
    "amount": [-1, 0, 2, 5, 99, 100, 101, None, Decimal("0.1"), 5.0, True, "5", [5], Decimal("NaN")],
    "word": ["a", "b", "c", "", "ab", None, 5, ["a"]],
    "is new": [True, False, None, 1, "true"],
}


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of any hit policy over three columns, one of them behind a context."""
    rules = tuple(
        Rule(tuple(written(draw(cell)) for cell in (NUMBERS, WORDS, TRUTHS)), (written(draw(ANSWERS)),))
        for _ in range(draw(st.integers(1, 6)))
    )
    policy = draw(st.sampled_from(list(HitPolicy)))
    allowed = written('3, 1, 2, 2.50, "x", null, true') if policy.is_ranked else None
    default = written("9") if draw(st.booleans()) else None
    kinds = draw(st.sampled_from([("number", "string", "boolean"), ("", "", "")]))
    names = ("amount", "customer.word", "is new")
    inputs = tuple(Input(written(name), kind) for name, kind in zip(names, kinds, strict=True))
    return Table("t", inputs, (Output("", "", allowed, default),), rules, policy)


@st.composite
def contexts(draw: st.DrawFn) -> dict[str, object]:
    """Inputs of every kind, some of them missing."""
    amount = draw(st.sampled_from(VALUES["amount"]))
    amount = Decimal(amount) if amount.__class__ is int and draw(st.booleans()) else amount  # type: ignore[arg-type]
    customer = draw(st.sampled_from([{"word": word} for word in VALUES["word"]] + [{}, None, "x"]))
    context = {"amount": amount, "customer": customer, "is new": draw(st.sampled_from(VALUES["is new"]))}
    return {name: value for name, value in context.items() if draw(st.integers(0, 9))}


@given(tables(), st.lists(contexts(), min_size=5, max_size=20))
def test_a_table_gives_the_same_when_it_is_asked_often(table: Table, given_contexts: list[dict[str, object]]) -> None:
    slow = [decided(table, context, Run()) for context in given_contexts]
    table.made.quick = quick_of(program_of(table))
    assert [evaluate(table, context) for context in given_contexts] == slow


def approval(policy: HitPolicy = HitPolicy.FIRST, *, rules: int = 3) -> Table:
    cells = [((">= 100", '"new","watch"'), '"head"'), ((">= 10", "-"), '"lead"'), (("-", "-"), '"nobody"')][:rules]
    return Table(
        "approval",
        (Input(written("amount"), "number"), Input(written("customer.segment"), "string")),
        (Output("who", "string"),),
        tuple(Rule(tuple(map(written, tests)), (written(answer),)) for tests, answer in cells),
        policy,
    )


@pytest.mark.parametrize("amount", [5, 50, 500])
@pytest.mark.parametrize("segment", ["new", "gold"])
def test_usual_inputs_are_answered_by_comparisons(amount: int, segment: str) -> None:
    quick = quick_of(program_of(approval()))
    assert quick is not None
    context = {"amount": Decimal(amount), "customer": {"segment": segment}}
    expected = "nobody" if amount < 10 else "head" if amount >= 100 and segment == "new" else "lead"
    assert quick(context) == evaluate(approval(), context) == expected
    assert quick({**context, "amount": amount}) is SLOW


def test_what_is_not_in_question_any_more_is_not_read() -> None:
    quick = quick_of(program_of(approval()))
    assert quick is not None
    assert quick({"amount": Decimal(50)}) == "lead"


def test_the_nest_is_made_once_a_table_is_asked_often() -> None:
    table = approval()
    context = {"amount": Decimal(50), "customer": {"segment": "gold"}}
    for _ in range(OFTEN - 1):
        evaluate(table, context)
    assert table.made.quick is None
    evaluate(table, context)
    assert table.made.quick is not None
    assert evaluate(table, context) == "lead"


def test_answers_that_are_made_anew_come_from_the_program() -> None:
    table = approval(HitPolicy.COLLECT)
    assert quick_of(program_of(table)) is None
    context: dict[str, object] = {"amount": Decimal(500), "customer": {"segment": "new"}}
    first = evaluate(table, context)
    assert isinstance(first, list)
    first.clear()
    assert evaluate(table, context) == ["head", "lead", "nobody"]


def test_a_table_too_large_for_a_nest_has_none() -> None:
    rules = tuple(Rule((written(f"[{n}..{n + 1})"),), (written(f"{n}"),)) for n in range(399))
    small = tuple(Rule((written(f"[{n}..{n + 1})"),), (written(f"{n}"),)) for n in range(40))
    assert quick_of(program_of(Table("t", (Input(written("x"), "number"),), (Output(),), small))) is not None
    assert quick_of(program_of(Table("t", (Input(written("x"), "number"),), (Output(),), rules * 2))) is None
