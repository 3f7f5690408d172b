"""The conditions of the page for people who sell give what the page says."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from orderloom.feel import evaluate
from orderloom.feel.literal import literal

_PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "write-conditions.md"
_WORKED = re.compile(
    r"^## (\d+\. .+?)$.*?```feel\n(.*?)\n```\s+```json\n(.*?)\n```\s+gives `(.*?)`", re.MULTILINE | re.DOTALL
)
WORKED = _WORKED.findall(_PAGE.read_text())


def test_the_page_works_ten_conditions() -> None:
    assert len(WORKED) == 10


@pytest.mark.parametrize(("title", "condition", "facts", "result"), WORKED)
def test_a_condition_of_the_page_gives_what_it_says(title: str, condition: str, facts: str, result: str) -> None:
    context = json.loads(facts, parse_float=Decimal)

    assert literal(evaluate(condition, context)) == result, title
