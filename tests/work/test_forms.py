"""What a form accepts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from orderloom.work.forms import check_outputs, form_of

FORM = form_of({
    "form": [
        "note",
        {"name": "count", "type": "integer", "required": True, "at_least": 1, "at_most": 10},
        {"name": "weight", "type": "number"},
        {"name": "ok", "type": "boolean"},
        {"name": "on", "type": "date"},
        {"name": "how", "type": "choice", "options": ["air", "sea"]},
        {"name": "serials", "type": "list"},
    ]
})  # fmt: skip


def test_answers_come_in_their_types() -> None:
    clean, problems = check_outputs(
        FORM,
        {
            "note": "x",
            "count": "3",
            "weight": "1.50",
            "ok": "yes",
            "on": "2026-03-31",
            "how": "air",
            "serials": "a\nb\n",
        },
    )
    assert problems == []
    assert clean == {
        "note": "x", "count": 3, "weight": Decimal("1.50"), "ok": True, "on": "2026-03-31", "how": "air",
        "serials": ["a", "b"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("outputs", "pointers"),
    [
        ({}, ["/count"]),
        ({"count": 11}, ["/count"]),
        ({"count": 1.5}, ["/count"]),
        ({"count": True}, ["/count"]),
        ({"count": "NaN"}, ["/count"]),
        ({"count": 1, "colour": "red"}, ["/colour"]),
        ({"count": 1, "on": "31.3.", "how": "rail"}, ["/on", "/how"]),
        ({"count": 1, "serials": ["a", "a"]}, ["/serials"]),
        ({"count": 1, "note": "a\0b"}, ["/note"]),
        ({"count": 1, "ok": "maybe", "weight": "Infinity"}, ["/weight", "/ok"]),
    ],
)
def test_every_problem_is_named(outputs: dict[str, Any], pointers: list[str]) -> None:
    assert [p.pointer for p in check_outputs(FORM, outputs)[1]] == pointers
