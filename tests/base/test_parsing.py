"""Parsing: every problem at once, and nothing strange gets in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from orderloom.base.fields import Amount, Code, Quantity
from orderloom.base.parsing import json_schema, parse, parse_json, strict
from orderloom.base.refusals import Refused


@strict
@dataclass(frozen=True, slots=True)
class Line:
    product: Code
    quantity: Quantity
    price: Amount | None = None


@strict
@dataclass(frozen=True, slots=True)
class Draft:
    customer: Code
    items: tuple[Line, ...] = ()
    requested_on: date | None = None


def problems(body: str | bytes) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        parse_json(Draft, body)
    return [(problem.code, problem.pointer) for problem in refused.value.problems]


def test_good_input_becomes_frozen_values() -> None:
    draft = parse_json(Draft, b'{"customer": "AC-1", "items": [{"product": "X", "quantity": 1.50}]}')
    assert str(draft.items[0].quantity) == "1.50"


def test_every_problem_is_told_at_once() -> None:
    body = '{"items": [{"product": "", "quantity": 0, "colour": 1}, {"product": "X", "quantity": true}]}'
    assert sorted(pointer for _, pointer in problems(body)) == [
        "/customer", "/items/0/colour", "/items/0/product", "/items/0/quantity", "/items/1/quantity",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "json_malformed"),
        (b"\xff\xfe", "json_malformed"),
        ('{"customer": "A", "customer": "B"}', "key_double"),
        ('{"customer": NaN}', "json_malformed"),
        ('{"customer": "A\\u0000"}', "text_nul"),
        ('{"customer": "A\\ud800"}', "text_surrogate"),
        ("[" * 10_000, "nesting_too_deep"),
        ('{"customer": ' + "[" * 10_000 + "]" * 10_000 + "}", "nesting_too_deep"),
        ('{"customer": "A", "items": [{"product": "X", "quantity": 1e999}]}', "decimal_max_digits"),
        ('{"customer": "A", "items": [{"product": "X", "quantity": ' + "9" * 5000 + "}]}", "json_malformed"),
        ('{"customer": "A", "items": [{"product": "X", "quantity": "Infinity"}]}', "finite_number"),
    ],
)
def test_strange_input_is_refused(body: str | bytes, code: str) -> None:
    assert code in [found for found, _ in problems(body)]


def test_nesting_inside_text_does_not_count() -> None:
    assert parse_json(Draft, '{"customer": "' + "[" * 80 + '"}').customer == "[" * 80


def test_yaml_values_are_parsed_alike() -> None:
    assert parse(Draft, {"customer": "A", "requested_on": date(2026, 1, 2)}).requested_on == date(2026, 1, 2)


def test_the_schema_is_published() -> None:
    assert json_schema(Draft)["required"] == ["customer"]


def test_a_sentence_says_what_to_do_in_words_of_people() -> None:
    body = {"customer": " A", "items": [{"product": "X" * 101, "quantity": 0}]}
    with pytest.raises(Refused) as refused:
        parse(Draft, body)
    said = [problem.message for problem in refused.value.problems]
    assert "Leave out the spaces at the beginning and the end." in said
    assert "Give: greater than 0." in said
    assert not [message for message in said if "should" in message or "validation" in message]
