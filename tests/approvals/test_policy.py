"""Which steps a policy asks for and why, and what keeps it from being published."""

from __future__ import annotations

from decimal import Decimal

import pytest

from orderloom.approvals.policy import compiled, people_named, problems_of, unfit
from orderloom.approvals.types import WhoDraft
from tests.approvals.given import DISCOUNTS, document, policy


def needed(discount: str, margin: str = "40", terms: str = "30") -> list[str]:
    inputs = {"discount": Decimal(discount), "margin": Decimal(margin), "terms days": Decimal(terms)}
    return list(compiled(policy()).needed(inputs))


@pytest.mark.parametrize(
    ("discount", "margin", "terms", "steps"),
    [
        ("10", "40", "30", []),
        ("10.01", "40", "30", ["manager"]),
        ("30", "40", "30", ["manager"]),
        ("30.5", "40", "30", ["vp"]),
        ("5", "19.99", "30", ["finance"]),
        ("5", "40", "31", ["finance"]),
        ("35", "10", "60", ["vp", "finance"]),
    ],
)
def test_the_rules_of_the_reference_ask_for_their_steps(
    discount: str, margin: str, terms: str, steps: list[str]
) -> None:
    assert needed(discount, margin, terms) == steps


def test_a_step_knows_every_rule_that_asks_for_it_and_what_each_read() -> None:
    inputs = {"discount": Decimal(5), "margin": Decimal(10), "terms days": Decimal(60), "amount": Decimal(9)}

    (finance,) = compiled(policy()).needed(inputs).values()

    assert [(reason.rule, reason.note, dict(reason.read)) for reason in finance] == [
        (3, "a thin margin", {"margin": "10"}),
        (4, "more than thirty days to pay", {"terms days": "60"}),
    ]


def test_under_a_single_hit_policy_the_rule_that_gives_the_answer_is_the_reason() -> None:
    table = document()["table"].replace("hit policy: C", "hit policy: F")

    (vp,) = compiled(policy(table=table)).needed({"discount": Decimal(40), "margin": Decimal(1)}).values()

    assert [reason.rule for reason in vp] == [2]


def test_a_rule_may_ask_for_several_steps() -> None:
    table = document()["table"].replace('"-", vp,', """"-", '(["vp", "finance"])',""")

    assert list(compiled(policy(table=table)).needed({"discount": Decimal(40)})) == ["vp", "finance"]


def test_a_policy_in_order_has_no_problems_and_shows_what_its_table_leaves_open() -> None:
    problems, remarks = problems_of(policy())

    assert problems == []
    assert [remark.code for remark in remarks] == ["gap"]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"flow": ["manager", "vp"]}, "flow_missing", "/flow"),
        ({"flow": ["manager", "vp", "finance", "vp"]}, "flow_twice", "/flow"),
        ({"flow": ["manager", "vp", "finance", "ceo"]}, "flow_unknown", "/flow"),
        ({"table": DISCOUNTS}, "key", "/table"),
        ({"steps": [{"name": "manager", "who": [{"manager": 1, "role": "x"}]}], "flow": []}, "who", "/steps/0/who/0"),
        ({"steps": [{"name": "a", "who": [{"expression": "discount +"}]}], "flow": []}, "syntax", "/steps/0/who/0"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changes: dict[str, object], code: str, pointer: str) -> None:
    problems, _ = problems_of(policy(**changes))

    assert (code, True) in [(problem.code, problem.pointer.startswith(pointer)) for problem in problems], problems


def test_a_rule_that_asks_for_an_unknown_step_is_told_with_its_line() -> None:
    problems, _ = problems_of(policy(table=document()["table"].replace('"-", vp,', '"-", ceo,')))

    assert [problem.message for problem in problems] == ["Line 12 asks for ceo, which is no step."]


def test_an_unknown_input_in_the_table_is_told() -> None:
    problems, _ = problems_of(policy(table=document()["table"].replace("expression: margin", "expression: profit")))

    assert "profit" in problems[0].message


def test_inputs_of_another_type_are_refused_before_anybody_is_asked() -> None:
    assert [problem.pointer for problem in unfit(policy(), {"discount": "much", "margin": True})] == [
        "discount",
        "margin",
    ]
    assert unfit(policy(), {"discount": Decimal(1), "margin": None, "unread": "x"}) == []


def test_an_expression_names_people() -> None:
    who = WhoDraft(expression='if amount > 5 then ["ada@x.example", "bo@x.example"] else "cy@x.example"')

    assert people_named(who, {"amount": Decimal(9)}) == ("ada@x.example", "bo@x.example")
    assert people_named(who, {"amount": Decimal(2)}) == ("cy@x.example",)
    assert people_named(who, {}) == ("cy@x.example",)
