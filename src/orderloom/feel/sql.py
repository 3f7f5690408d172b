"""FEEL as one expression of PostgreSQL over typed columns, where that means exactly the same; else it says why not."""

from __future__ import annotations

import datetime as std
from collections.abc import Mapping
from dataclasses import dataclass

from orderloom.feel.limits import placed
from orderloom.feel.parse import STANDARD_SCOPE, parse_expression
from orderloom.feel.scope import Scope
from orderloom.feel.sql_tables import table_piece
from orderloom.feel.sql_values import STORED, Column, Kind, NoForm, NoSqlForm, Parameters, Piece
from orderloom.feel.sql_write import Writer
from orderloom.feel.table import Table
from orderloom.feel.tree import Expression, Tests

__all__ = ["Column", "NoSqlForm", "SqlForm", "to_sql"]


@dataclass(frozen=True, slots=True)
class SqlForm:
    """An expression of PostgreSQL with placeholders `%(feel1)s`, the values to bind, and the FEEL type of its value."""

    text: str
    params: Mapping[str, object]
    type: str


def to_sql(
    what: str | Expression | Tests | Table,
    columns: Mapping[str, Column],
    *,
    output: str | None = None,
    now: std.datetime | None = None,
    prefix: str = "feel",
) -> SqlForm:
    """The SQL whose value in each row is what `evaluate` gives for the row, or `NoSqlForm` with the place and reason.

    `columns` are the names that the expression may read; `customer.segment` stands for the path. For `Tests` (of
    `parse_tests`), the column `?` is the value under test. A table gives its one output, or the one named by `output`.
    Nothing of the text is pasted: constants are bound under `prefix`, identifiers are those of `columns`, quoted. Lists
    come from tables that collect. `now` is for now() and today(). Limits on an evaluation do not hold in the database.
    """
    parameters = Parameters(prefix)
    writer = Writer(columns, parameters, now)
    text = ""
    try:
        if isinstance(what, Table):
            piece, is_list = table_piece(what, writer, output)
            return _form(piece, parameters, is_list=is_list)
        if isinstance(what, Tests):
            return _form(writer.cell(what, writer.subject()), parameters)
        if isinstance(what, str):
            text = what
            what = parse_expression(what, scope_of_columns(columns))
        return _form(writer.expression(what), parameters)
    except NoForm as reason:
        raise NoSqlForm(f"This has no SQL form: {reason.reason}.", **placed(text, max(reason.at, 0))) from None


def scope_of_columns(columns: Mapping[str, Column]) -> Scope:
    """The names of columns, and behind the points of paths their members."""
    paths = [name.split(".") for name in columns]
    return Scope(
        {path[0] for path in paths}, members={part for path in paths for part in path[1:]}, outer=STANDARD_SCOPE
    )


def _form(piece: Piece, parameters: Parameters, *, is_list: bool = False) -> SqlForm:
    if piece.over is not None:
        raise NoForm("a quotient is rounded to 34 digits, which PostgreSQL does not do; compare it or round it")
    if piece.kind is Kind.MONTHS:
        raise NoForm("PostgreSQL has no type for a duration of years and months alone; compare it")
    # What a constant bound but nobody reads stays out of the statement.
    params = {name: value for name, value in parameters.values.items() if f"%({name})s" in piece.text}
    kind = Kind.MOMENT if piece.kind is Kind.LOCAL else piece.kind
    text = f"NULL::{STORED[Kind.NULL]}" if piece.kind is Kind.NULL else piece.text
    return SqlForm(text, params, f"list<{kind}>" if is_list else kind.value)
