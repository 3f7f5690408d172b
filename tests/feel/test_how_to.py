"""The examples of the page on decision tables run."""

from __future__ import annotations

import re
from pathlib import Path

from orderloom.feel import check, evaluate
from orderloom.feel.tabular import read_csv

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "decision-tables.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.S | re.M)


def test_the_examples_in_python_hold() -> None:
    tables, models = blocks("python")
    exec(tables, {"text": blocks("yaml")[0]})
    exec(models, {"xml": (Path(__file__).parent / "dmn" / "approval.dmn").read_bytes()})


def test_the_example_in_csv_decides() -> None:
    table = read_csv(blocks("csv")[0])
    assert check(table) == []
    assert evaluate(table, {"total": 6000, "segment": "key"}) * 2 == 15  # type: ignore[operator]
