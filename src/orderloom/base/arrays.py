"""Lists as array parameters, written in one pass.

The driver looks at every element several times and runs two regular expressions over each; capturing an
order binds about 140 arrays, which took a quarter of its time. Arrays travel as untyped text, so a
statement is prepared once, whatever an array holds this time; the statement says the type (`::bigint[]`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
from psycopg.abc import Buffer, DumperKey
from psycopg.adapt import PyFormat
from psycopg.types.array import BaseListDumper, ListDumper
from psycopg.types.json import Jsonb

Write = Callable[[Any], str]


def write_arrays_fast(encode_json: Callable[[Any], bytes]) -> None:
    """Have every connection of this process write flat lists of one kind of value this way."""
    _WRITERS[Jsonb] = lambda value: _quoted(encode_json(value.obj).decode())
    psycopg.adapters.register_dumper(list, FlatListDumper)


class FlatListDumper(ListDumper):
    """Writes flat lists of one known kind of value; leaves nested, mixed and other lists to the driver."""

    _write: Write | None = None

    def get_key(self, obj: list[Any], format: PyFormat) -> DumperKey:
        """What this list is written by."""
        kind = _kind_of(obj)
        return super().get_key(obj, format) if kind is None else (self.cls, kind)

    def upgrade(self, obj: list[Any], format: PyFormat) -> BaseListDumper:
        """The dumper for lists like this one."""
        kind = _kind_of(obj)
        if kind is None:
            return super().upgrade(obj, format)
        dumper = type(self)(self.cls, self._tx)
        dumper._write = _WRITERS[kind]
        return dumper

    def dump(self, obj: list[Any]) -> Buffer | None:
        """The array as PostgreSQL reads it (its documentation, 8.15.6)."""
        if self._write is None:
            return super().dump(obj)
        write = self._write
        text = ",".join(["NULL" if item is None else write(item) for item in obj])
        if "\0" in text:
            raise psycopg.DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return f"{{{text}}}".encode()


def _kind_of(items: list[Any]) -> type | None:
    """The kind of all these values, None when there is not one that we write."""
    kinds = set(map(type, items))
    kinds.discard(type(None))
    if len(kinds) == 1:
        (kind,) = kinds
        if kind in _WRITERS:
            return kind
    return str if kinds and all(issubclass(kind, str) for kind in kinds) else None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


_WRITERS: dict[type, Write] = {
    str: _quoted,
    int: str,
    bool: str,
    Decimal: str,
    date: date.isoformat,
    datetime: datetime.isoformat,
}
