"""FEEL as SQL gives exactly what FEEL in Python gives, or says that it has no form."""

from __future__ import annotations

import datetime as std
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, assume, given, note, settings
from hypothesis import strategies as st
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader

from orderloom.feel import evaluate, to_sql
from orderloom.feel.literal import quoted
from orderloom.feel.sql import Column, NoSqlForm, SqlForm
from orderloom.feel.table import HitPolicy, Input, Output, Rule, Table
from orderloom.feel.values import Date
from orderloom.feel.written import Place, written
from tests.feel.sql_generated import COLUMNS, STORED, anything, rows

Connection = psycopg.Connection[tuple[object, ...]]
_LENIENT = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# A failure names its expression, its row and its SQL; looking for a smaller one would take minutes.
_PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


class _AnyDay(DateLoader):
    """Days outside Python's years too, which PostgreSQL computes and Python's date has not."""

    def load(self, data: Buffer) -> std.date:
        text = bytes(data).decode()
        year, month, day = text.removesuffix(" BC").split("-")
        number = 1 - int(year) if text.endswith(" BC") else int(year)
        if 1 <= number <= 9999:
            return super().load(data)
        return cast(std.date, Date(number, int(month), int(day)))


@pytest.fixture(scope="module")
def connection(server_url: str) -> Iterator[Connection]:
    """A session whose zone changes its clocks, so that no form may lean on it."""
    with psycopg.connect(server_url.format("postgres"), autocommit=True) as opened:
        opened.execute("SET TimeZone = 'Europe/Berlin'")
        opened.adapters.register_loader("date", _AnyDay)
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
    found = connection.execute(query.encode(), params | values).fetchall()
    return [tuple(map(_in_utc, row)) for row in found]


def _in_utc(value: object) -> object:
    """Python holds a moment in an hour that comes twice unequal to every moment of another zone."""
    return value.astimezone(std.UTC) if isinstance(value, std.datetime) and value.tzinfo else value


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
            assert value == expected and _kind(value) == _kind(expected), (
                f"{text}\nover {row}\nis {expected!r} in Python and {value!r} in SQL, by\n{form.text}\n{form.params}"
            )
    return len(forms) * len(sample)


def _kind(value: object) -> str:
    if isinstance(value, std.datetime):
        return f"datetime {value.tzinfo is None}"
    return type(value).__name__


@settings(max_examples=25, deadline=None, suppress_health_check=_LENIENT, phases=_PHASES)
@given(texts=st.lists(anything, min_size=15, max_size=30, unique=True), sample=rows)
def test_python_and_sql_agree_on_generated_expressions(
    connection: Connection, texts: list[str], sample: list[dict[str, object]]
) -> None:
    assert_equal(connection, texts, sample)


@pytest.mark.slow
@settings(max_examples=600, deadline=None, suppress_health_check=_LENIENT, phases=_PHASES)
@given(texts=st.lists(anything, min_size=20, max_size=60, unique=True), sample=rows)
def test_python_and_sql_agree_on_many_generated_expressions(
    connection: Connection, texts: list[str], sample: list[dict[str, object]]
) -> None:
    assert_equal(connection, texts, sample)


# Tables

_CELLS = {
    "amount": st.sampled_from(["-", "< 0", "[0..100)", ">= 100", "0, 5", "not(< 2)", "null", "[-1..1]"]),
    "segment": st.sampled_from(["-", '"a"', '"a","b"', 'not("a")', '> "b"', 'contains(?, "a")']),
    "is new": st.sampled_from(["-", "true", "false", "amount > 5", "not(false)"]),
    "due": st.sampled_from(
        ["-", '< date("2024-03-01")', '[date("2020-01-01")..date("2024-02-29")]', "null", "? = due"]
    ),
}
_ANSWERS = st.sampled_from(["1", "2", "3", "2.50", "amount", "amount * 2", "if is new then 1 else 2", "count", "null"])


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """A table of any hit policy over three columns."""
    rules = tuple(
        Rule(tuple(written(draw(cell)) for cell in _CELLS.values()), (written(draw(_ANSWERS)),))
        for _ in range(draw(st.integers(1, 6)))
    )
    policy = draw(st.sampled_from(list(HitPolicy)))
    allowed = written("3, 1, 2, 2.50") if policy.is_ranked else None
    default = written("9") if not policy.is_list and draw(st.booleans()) else None
    inputs = tuple(
        Input(written(name), kind, written(">= -1000") if name == "amount" and draw(st.booleans()) else None)
        for name, kind in zip(_CELLS, ("number", "string", "boolean", "date"), strict=True)
    )
    return Table("t", inputs, (Output("rate", "number", allowed, default),), rules, policy)


@settings(max_examples=40, deadline=None, suppress_health_check=_LENIENT, phases=_PHASES)
@given(made=st.lists(tables(), min_size=10, max_size=20), sample=rows)
def test_python_and_sql_agree_on_generated_tables(
    connection: Connection, made: list[Table], sample: list[dict[str, object]]
) -> None:
    forms: list[tuple[Table, SqlForm]] = []
    for number, table in enumerate(made):
        try:
            forms.append((table, to_sql(table, COLUMNS, prefix=f"table{number}_")))
        except NoSqlForm as refusal:
            note(str(refusal))
    assume(forms)
    for row, answer in zip(sample, in_sql(connection, [form for _, form in forms], sample), strict=True):
        for (table, form), value in zip(forms, answer, strict=True):
            expected = evaluate(table, context_of(row))
            assert value == expected, (
                f"{table}\nover {row}\nis {expected!r} in Python and {value!r} in SQL:\n{form.text}"
            )


# What has no form, and what is never pasted


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("amount / count", 1, "34 digits"),
        ("any size + 1 > 2", 10, "numeric(14,2)"),
        ("price * price * price > 1", 15, "more than 34 digits"),
        ('true and matches(segment, "a+")', 10, "regular expressions"),
        ("upper case(segment)", 1, "capitals"),
        ("some x in [1, 2] satisfies x > amount", 1, "go through a list"),
        ("unheard > 3", 1, "there is no column"),
        ("1 + now().year", 5, "give `now`"),
        ("seen.hour", 5, "zone"),
        ("substring(segment, 1, due)", 1, "the rest of the text"),
        ("if is new then 1 else segment", 1, "different types"),
    ],
)
def test_what_has_no_exact_form_says_why_and_where(text: str, column: int, reason: str) -> None:
    with pytest.raises(NoSqlForm) as refusal:
        to_sql(text, COLUMNS)

    assert reason in refusal.value.message
    assert (refusal.value.line, refusal.value.column) == (1, column)


def test_a_cell_without_a_form_is_told_by_its_place() -> None:
    place = Place(7, 3)
    table = Table(
        "t",
        (Input(written("segment")),),
        (Output(),),
        (Rule((written('upper case(?) = "A"', place),), (written("1"),)),),
    )

    with pytest.raises(NoSqlForm) as refusal:
        to_sql(table, COLUMNS)

    assert (refusal.value.line, refusal.value.column) == (7, 3)


@pytest.mark.parametrize("text", ["'; DROP TABLE x; --", "%(feel1)s %s %%", '\\") OR TRUE --', "\U0001d11e"])
def test_the_text_of_a_user_is_bound_and_never_pasted(connection: Connection, text: str) -> None:
    form = to_sql(f"segment = {quoted(text)}", {"segment": Column("segment", "text")})

    assert form.params == {"feel1": text}
    query = f"SELECT {form.text} FROM (VALUES (%(given)s::text)) AS sample(segment)"
    assert connection.execute(query.encode(), {**form.params, "given": text}).fetchone() == (True,)


def test_a_table_of_floats_is_refused() -> None:
    with pytest.raises(NoSqlForm, match="no exact type"):
        to_sql("x > 1", {"x": Column("x", "double precision")})


def test_a_margin_is_compared_without_dividing(connection: Connection) -> None:
    columns = {"price": Column("price", "numeric(12,2)"), "cost": Column("cost", "numeric(12,2)")}
    form = to_sql("(price - cost) / price < 0.15", columns)

    query = f"SELECT {form.text} FROM (VALUES (100, 85.01), (100, 85), (0, 1), (NULL, 1)) AS q(price, cost)"
    assert [row[0] for row in connection.execute(query.encode(), form.params)] == [True, False, None, None]
