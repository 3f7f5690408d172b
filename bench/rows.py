"""Exactly the rows that one transaction left, as a pgbench script that writes the like again and again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

SPREAD = 100_000
"""Ids of one written copy lie this far from those of the next."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table as the database prints it: text for each column."""

    table: str
    values: dict[str, str | None]


def rows_of(connection: psycopg.Connection[Any], xids: Sequence[str]) -> list[Row]:
    """Every row of our schemas that these transactions wrote and that still stands, parents first."""
    found = []
    for table in _tables(connection):
        columns = _columns(connection, table)
        listed = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(c)) for c in columns)
        query = sql.SQL("SELECT {} FROM {} WHERE xmin::text = ANY(%s) ORDER BY ctid").format(
            listed,
            sql.SQL(table),  # type: ignore[arg-type]
        )
        for row in connection.execute(query, [list(xids)]):
            found.append(Row(table, dict(zip(columns, row, strict=True))))
    return found


def script(connection: psycopg.Connection[Any], rows: Sequence[Row], *, one_statement_a_table: bool) -> str:
    """A pgbench script: one transaction that inserts these rows with fresh ids and numbers.

    Every identity among the rows becomes `:n * SPREAD + offset`, wherever it is mentioned, and every
    number that people see gets `:n` behind it, so that all constraints hold and all indexes work.
    """
    identities = _identities(connection)
    mapping: dict[str, int] = {}
    for row in rows:
        for column in identities.get(row.table, ()):
            value = row.values[column]
            if value is not None and value not in mapping:
                mapping[value] = len(mapping) + 1
    types = _types(connection)
    statements: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    for row in rows:
        columns = tuple(column for column, value in row.values.items() if value is not None)
        values = ", ".join(_value(row, column, types[row.table][column], mapping) for column in columns)
        statements.setdefault(row.table, []).append((columns, f"({values})"))

    lines = ["\\set n random(1000, 2000000000)", "BEGIN;"]
    for table, entries in statements.items():
        groups: dict[tuple[str, ...], list[str]] = {}
        for columns, values in entries:
            groups.setdefault(columns, []).append(values)
        for columns, values in groups.items():
            head = f"INSERT INTO {table} ({', '.join(columns)}) OVERRIDING SYSTEM VALUE VALUES "
            if one_statement_a_table:
                lines.append(head + ", ".join(values) + ";")
            else:
                lines += [head + value + ";" for value in values]
    return "\n".join([*lines, "COMMIT;", ""])


def _value(row: Row, column: str, type_name: str, mapping: dict[str, int]) -> str:
    value = row.values[column]
    assert value is not None
    if type_name == "bigint" and value in mapping:
        return f":n::bigint * {SPREAD} + {mapping[value]}"
    if type_name == "bigint[]":
        return _array(value, mapping)
    quoted = "'" + value.replace("'", "''").replace(":", "' || chr(58) || '") + "'"
    if type_name in {"text", "bytea"} and _is_unique_text(row, column):
        return f"({quoted} || '-' || :n)"
    return f"({quoted})::{type_name}"


def _array(value: str, mapping: dict[str, int]) -> str:
    inner = [part for part in value.strip("{}").split(",") if part]
    shown = [f":n::bigint * {SPREAD} + {mapping[part]}" if part in mapping else part for part in inner]
    return f"ARRAY[{', '.join(shown)}]::bigint[]"


def _is_unique_text(row: Row, column: str) -> bool:
    value = row.values[column] or ""
    return (
        bool(re.fullmatch(r"[A-Z]{2}-(\d{4}-)?\d{6,}", value))
        or column in {"external_id", "idempotency_key", "key_text"}
        or (row.table == "base.idempotency_key" and column == "key")
    )


def _tables(connection: psycopg.Connection[Any]) -> list[str]:
    """Our tables, partitions instead of their parents, parents of foreign keys first."""
    names = [
        row[0]
        for row in connection.execute(
            """
            SELECT format('%I.%I', n.nspname, c.relname)
              FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'public')
             ORDER BY c.oid
            """
        )
    ]
    needs: dict[str, set[str]] = {name: set() for name in names}
    for child, parent in connection.execute(
        """
        SELECT conrelid::regclass::text, confrelid::regclass::text
          FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid
        """
    ):
        if child in needs and parent in needs:
            needs[child].add(parent)
    ordered: list[str] = []
    while needs:
        free = [name for name, missing in needs.items() if not missing - set(ordered)] or [next(iter(needs))]
        for name in free:
            ordered.append(name)
            del needs[name]
    return ordered


def _columns(connection: psycopg.Connection[Any], table: str) -> list[str]:
    return [
        row[0]
        for row in connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            [table],
        )
    ]


def _types(connection: psycopg.Connection[Any]) -> dict[str, dict[str, str]]:
    types: dict[str, dict[str, str]] = {}
    for table, column, type_name in connection.execute(
        """
        SELECT attrelid::regclass::text, attname, format_type(atttypid, NULL)
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
         WHERE attnum > 0 AND relkind IN ('r', 'p') AND NOT attisdropped
        """
    ):
        types.setdefault(table, {})[column] = type_name
    return types


def _identities(connection: psycopg.Connection[Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for table, column in connection.execute(
        "SELECT attrelid::regclass::text, attname FROM pg_attribute WHERE attidentity <> ''"
    ):
        found[table] = (*found.get(table, ()), column)
    return found


def as_json(rows: Sequence[Row]) -> str:
    """What was counted, for the report."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.table] = counts.get(row.table, 0) + 1
    return json.dumps(counts, indent=1)
