"""Lists arrive as the arrays that they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orderloom.base.transaction import Json, Tx

TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        ("text", ["", "a", None, "NULL", "null", 'quo"ted', "back\\slash", "{1,2}", "a,b", " leading", "line\nbreak"]),
        ("bigint", [0, -1, None, 2**63 - 1]),
        ("boolean", [True, None, False]),
        ("numeric", [Decimal("1.10"), None, Decimal("-1E+3"), Decimal("0.000001")]),
        ("date", [date(2026, 2, 28), None]),
        ("timestamptz", [datetime(2026, 2, 28, 23, 59, 59, 123456, UTC), None]),
        ("text", []),
        ("bigint", [None, None]),
        ("bytea", [b"\x00\xff", None]),
    ],
)
async def test_a_list_arrives_as_it_is(tx: Tx, kind: str, values: list[object]):
    assert await tx.value(f"SELECT %(values)s::{kind}[]", {"values": values}) == values


async def test_lists_of_one_statement_may_change_their_kind(tx: Tx):
    for values in ([1, 2], [2**40], [], [None], [3]):
        assert await tx.value("SELECT %(values)s::bigint[]", {"values": values}) == values


async def test_words_of_an_enumeration_are_text(tx: Tx):
    assert await tx.value("SELECT %(values)s::text[]", {"values": [Colour.RED, "blue"]}) == ["red", "blue"]


async def test_documents_arrive_as_they_are(tx: Tx):
    documents = [{"a": 'quo"te', "b": [1, Decimal("2.50")]}, None, [], "back\\slash", {"ü": "\n"}]
    wrapped = [None if document is None else Json(document) for document in documents]
    assert await tx.value("SELECT %(values)s::jsonb[]", {"values": wrapped}) == documents


async def test_nul_in_a_list_is_refused_before_it_is_sent(tx: Tx):
    with pytest.raises(psycopg.DataError):
        await tx.value("SELECT %(values)s::text[]", {"values": ["a\0b"]})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(values=st.lists(st.none() | TEXT, max_size=8))
async def test_any_text_comes_back(tx: Tx, values: list[str | None]):
    assert await tx.value("SELECT %(values)s::text[]", {"values": values}) == values
