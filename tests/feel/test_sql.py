"""FEEL as SQL gives exactly what FEEL in Python gives, or says that it has no form."""

from __future__ import annotations

import datetime as std
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import psycopg
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from orderloom.feel import evaluate, to_sql
from orderloom.feel.sql import Column, NoSqlForm, SqlForm
from tests.feel.sql_generated import COLUMNS, STORED, anything, rows

Connection = psycopg.Connection[tuple[object, ...]]
_LENIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.fixture(scope="module")
def connection(server_url: str) -> Iterator[Connection]:
    """A session whose zone changes its clocks, so that no form may lean on it."""
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as opened:
        opened.execute("SET TimeZone = 'Europe/Berlin'")
        yield opened


def in_sql(
    connection: Connection, forms: Sequence[SqlForm], sample: Sequence[Mapping[str, object]]
) -> list[tuple[object, ...]]:
    """The values of all forms in all rows, by one statement."""
    arrays = ", ".join(f"%(in{number})s::{kind}[]" for number, (kind, _) in enumerate(STORED.values()))
    names = ", ".join(_quoted(COLUMNS[name]) for name in STORED)
    values = {f"in{number}": [row[name] for row in sample] for number, name in enumerate(STORED)}
    params = {name: value for form in forms for name, value in form.params.items()}
    texts = ", ".join(form.text for form in forms)
    query = f"SELECT {texts} FROM unnest({arrays}) WITH ORDINALITY AS sample({names}, nr) ORDER BY nr"
    return connection.execute(query.encode(), params | values).fetchall()


def _quoted(column: Column) -> str:
    name = column.name if isinstance(column.name, str) else column.name[-1]
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def forms_of(texts: Sequence[str]) -> dict[str, SqlForm]:
    found: dict[str, SqlForm] = {}
    for number, text in enumerate(texts):
        try:
            found[text] = to_sql(text, COLUMNS, prefix=f"feel{number}_")
        except NoSqlForm as refusal:
            note(str(refusal))
    return found


def context_of(row: Mapping[str, object]) -> dict[str, object]:
    plain = {name: value for name, value in row.items() if "." not in name}
    return plain | {"customer": {"name": row["customer.name"]}}


def assert_equal(connection: Connection, texts: Sequence[str], sample: Sequence[Mapping[str, object]]) -> int:
    forms = forms_of(texts)
    if not forms:
        return 0
    answers = in_sql(connection, list(forms.values()), sample)
    for row, answer in zip(sample, answers, strict=True):
        context = context_of(row)
        for (text, form), value in zip(forms.items(), answer, strict=True):
            expected = evaluate(text, context)
            same = value == expected and (value is None) == (expected is None) and (value in (True, False)) >= (value is True)
            assert same and _kind(value) == _kind(expected), (
                f"{text}\nover {row}\nis {expected!r} in Python and {value!r} in SQL, by\n{form.text}\n{form.params}"
            )
    return len(forms) * len(sample)


def _kind(value: object) -> str:
    if isinstance(value, std.datetime):
        return f"datetime {value.tzinfo is None}"
    return type(value).__name__


@settings(max_examples=25, deadline=None, suppress_health_check=_LENIENT)
@given(texts=st.lists(anything, min_size=15, max_size=30, unique=True), sample=rows)
def test_python_and_sql_agree_on_generated_expressions(
    connection: Connection, texts: list[str], sample: list[dict[str, object]]
) -> None:
    assert_equal(connection, texts, sample)


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=_LENIENT)
@given(texts=st.lists(anything, min_size=20, max_size=60, unique=True), sample=rows)
def test_python_and_sql_agree_on_many_generated_expressions(
    connection: Connection, texts: list[str], sample: list[dict[str, object]]
) -> None:
    assert_equal(connection, texts, sample)


_ = Decimal
