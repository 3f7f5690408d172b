"""The pages on decision tables and conditions hold: every example runs, and every expression in a sentence is tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from orderloom.feel import check, evaluate
from orderloom.feel.mistakes import Mistaken
from orderloom.feel.table import HitPolicy
from orderloom.feel.tabular import read_csv, read_yaml

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
TABLES = (HOW_TO / "decision-tables.md").read_text()
CONDITIONS = (HOW_TO / "write-conditions.md").read_text()


def blocks(language: str, page: str = TABLES) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.S | re.M)


def spans(page: str) -> list[str]:
    """What stands in a sentence as code."""
    return re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```$", "", page, flags=re.S | re.M))


def test_the_examples_in_python_hold() -> None:
    tables, models = blocks("python")
    exec(tables, {"text": blocks("yaml")[0]})
    exec(models, {"xml": (Path(__file__).parent / "dmn" / "approval.dmn").read_bytes()})


def test_the_example_in_csv_decides() -> None:
    table = read_csv(blocks("csv")[0])
    assert check(table) == []
    assert evaluate(table, {"total": 6000, "segment": "key"}) * 2 == 15  # type: ignore[operator]


# Sentences


def table_of(cell: str, *, kind: str = "number", head: str = "") -> str:
    return (
        f"table: t\n{head}inputs:\n  - {{expression: x, type: {kind}}}\noutputs:\n  - {{name: y}}\n"
        f"rules:\n  - ['{cell}', 'true']\n"
    )


def passes(cell: str, value: object, *, kind: str = "number", head: str = "", **others: object) -> bool:
    return evaluate(read_yaml(table_of(cell, kind=kind, head=head)), {"x": value, **others}) is True


def is_refused(cell: str, *, head: str = "") -> bool:
    try:
        table = read_yaml(table_of(cell, head=head))
    except Mistaken:
        return True
    return check(table) != []


def answered(policy: str) -> object:
    """The answer of three rules, of which the second and third match, under the sign of a hit policy."""
    rules = "  - ['< 0', 1]\n  - ['> 0', 3]\n  - ['> 1', 2]\n"
    head = f"table: t\nhit policy: {policy}\ninputs:\n  - {{expression: x, type: number}}\n"
    return evaluate(
        read_yaml(f'{head}outputs:\n  - {{name: y, type: number, values: "2, 3"}}\nrules:\n{rules}'), {"x": 5}
    )


CELLS: dict[str, Callable[[], bool]] = {
    "-": lambda: passes("-", None) and passes("-", 7),
    "<= 1000": lambda: passes("<= 1000", 1000) and not passes("<= 1000", 1001),
    "[100..200)": lambda: passes("[100..200)", 100) and not passes("[100..200)", 200),
    "not(...)": lambda: passes("not(5, > 7)", 6) and not passes("not(5, > 7)", 5) and not passes("not(5, > 7)", 8),
    "NO": lambda: passes("NO", "NO", kind="string") and not passes("NO", False, kind="string"),
    "(home country)": lambda: passes("(home country)", "DE", kind="string", **{"home country": "DE"}),
    "1234.50": lambda: passes("1234.50", Decimal("1234.5")),
    "locale: de": lambda: passes("1234,50", Decimal("1234.5"), head="locale: de\n"),
    "1.234,50": lambda: is_refused("1.234,50") and passes("1.234,50", Decimal("1234.5"), head="locale: de\n"),
    "1,234.50": lambda: is_refused("1,234.50") and is_refused("1,234.50", head="locale: de\n"),
}
ANSWERS = {
    "U": None, "A": None, "P": 2, "F": 3, "R": [3, 2], "O": [2, 3], "C": [3, 2], "C+": 5, "C<": 2, "C>": 3, "C#": 2,
}  # fmt: skip
FACTS: dict[str, tuple[dict[str, object], object]] = {
    "null > 5": ({}, None),
    "discount = null": ({"discount": None}, True),
    "0.1 + 0.2 = 0.3": ({}, True),
    '"New"': ({}, "New"),
    '"new"': ({}, "new"),
    "[1..10]": ({}, (True, True)),
    "(1..10)": ({}, (False, False)),
}
WORDS = {
    "string", "values", "default", "label", "orderloom feel check approver.yaml", "why.as_json()", "save()",
    'load_dmn("approval.dmn")', "load_dmn(xml, imports=[shared])", "with_table", "check",
}  # fmt: skip
"""What is no expression but a word of the program; the blocks and other tests use them."""


@pytest.mark.parametrize("span", sorted(set(spans(TABLES)) - WORDS))
def test_a_cell_or_sign_in_a_sentence_does_what_the_page_says(span: str) -> None:
    if span in ANSWERS:
        assert answered(span) == ANSWERS[span]
    else:
        assert CELLS[span]()


def test_the_page_names_every_hit_policy() -> None:
    assert {str(policy) for policy in HitPolicy} == set(ANSWERS) <= set(spans(TABLES))


@pytest.mark.parametrize("span", sorted({s for s in spans(CONDITIONS) if s not in WORDS | {"true", "false", "5"}}))
def test_an_expression_in_a_sentence_gives_what_the_page_says(span: str) -> None:
    context, expected = FACTS[span]
    if isinstance(expected, tuple):
        assert (evaluate(f"1 in {span}"), evaluate(f"10 in {span}")) == expected
    else:
        assert evaluate(span, context) == expected


def test_small_and_capital_letters_differ() -> None:
    assert evaluate('"New" = "new"') is False


def test_the_condition_of_the_command_line_can_be_evaluated() -> None:
    (condition,) = re.findall(r"feel eval '([^']+)'", CONDITIONS)
    assert evaluate(condition, {"amount": 5000, "segment": "new"}) is True
