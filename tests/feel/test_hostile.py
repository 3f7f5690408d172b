"""Texts of strangers end within 100 ms and 50 MB, by a value or by a refusal that names a limit."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest
from bench.hostile import attempts

from orderloom.feel import evaluate


def test_hostile_texts_end_within_their_time_and_memory() -> None:
    found = attempts()

    missed = [(a.text[:60], a.told, a.milliseconds, a.megabytes) for a in found if not a.is_met]
    assert missed == []
    told = Counter(attempt.told for attempt in found)
    assert len(found) >= 40
    assert told["FeelLimit"] > 30 and told["value"] > 20 and told["Mistaken"] > 4


@pytest.mark.parametrize("digits", ["1234567890123456789012345678901234", "-1234567890123456789012345678901234"])
def test_the_size_of_a_number_keeps_all_its_digits(digits: str) -> None:
    assert evaluate("abs(x)", {"x": Decimal(digits)}) == Decimal(digits.lstrip("-"))
