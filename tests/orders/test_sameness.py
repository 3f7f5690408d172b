"""An order that is handed in again: the same, or where it differs."""

from __future__ import annotations

from hypothesis import given as generated
from hypothesis import strategies as st

from orderloom.base.parsing import parse
from orderloom.orders.sameness import SHOWN, differences, handed_in, in_words
from orderloom.orders.types import OrderDraft

BODY = {
    "customer": "acme",
    "items": [
        {"line": "1", "product": "BOX", "quantity": 2, "characteristics": {"width": 1.5}},
        {"line": "1.1", "parent": "1", "product": "LID", "quantity": 2},
    ],
}


def content(**changes):
    return handed_in(parse(OrderDraft, BODY | changes))


def test_what_is_left_out_is_what_is_written_out_and_numbers_are_spelled_alike():
    spelled = [
        {"line": "1.1", "parent": "1", "product": "LID", "quantity": "2.00", "action": "add", "relies_on": []},
        {"line": "1", "product": "BOX", "quantity": 2, "characteristics": {"width": 1.50}, "price": None},
    ]
    assert differences(content(), content(items=spelled, channel="direct", priority="standard", note=None)) == []


def test_each_difference_is_told_in_words():
    items = [BODY["items"][0] | {"quantity": 3, "characteristics": {}}, {"line": "2", "product": "LID"}]

    assert differences(content(note="x" * 100), content(po_number="P-1", items=items)) == [
        "note was " + "x" * 59 + "… and is not given",
        "po_number was not given and is P-1",
        "characteristics of line 1 was {'width': '1.5'} and is not given",
        "quantity of line 1 was 2 and is 3",
        "line 1.1 is missing",
        "line 2 is new",
    ]


@generated(st.integers(0, 20))
def test_so_many_differences_are_named_and_the_rest_is_counted(count):
    found = [f"line {number} is new" for number in range(count)]

    said = in_words(found)

    assert said.count("is new") == min(count, SHOWN)
    assert (f"{count - SHOWN} more" in said) == (count > SHOWN)
