"""Several hundred expressions of the standard have the values that stand beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from orderloom.feel import evaluate
from orderloom.feel.literal import literal


def _sections() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    title = ""
    for line in (Path(__file__).parent / "expressions.txt").read_text().splitlines():
        text, arrow, value = line.rpartition(" => ")
        if line.startswith("# "):
            title = line[2:]
        elif arrow:
            found.setdefault(title, []).append((text, value))
    return found


SECTIONS = _sections()


@pytest.mark.parametrize("title", SECTIONS)
def test_expressions_have_the_values_beside_them(title: str) -> None:
    given = SECTIONS[title]
    assert len(given) > 10
    assert [f"{text} => {literal(evaluate(text))}" for text, _ in given] == [f"{t} => {value}" for t, value in given]
