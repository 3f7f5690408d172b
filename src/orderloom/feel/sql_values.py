"""What the SQL of an expression is made of: pieces of text with a type, exact bounds, and bound parameters."""

from __future__ import annotations

import datetime as std
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import NoReturn

from orderloom.feel.tree import Constant
from orderloom.feel.values import Date, DateTime, Days, Months, Time, outward

MOST_DIGITS = 10**34
"""Results below this, in units of their last decimal, are what 34 digits hold without rounding."""
LARGEST = 300_000
"""Characters that the SQL of one expression may have."""
_DEEPEST = 4_000
_TYPE = re.compile(r"([a-z ]+?)\s*(?:\(\s*([0-9]+)\s*(?:,\s*(-?[0-9]+)\s*)?\))?( with(?:out)? time zone)?")


class Kind(StrEnum):
    """A type of FEEL as SQL holds it; local and zoned times have no common order."""

    NULL = "Null"
    NUMBER = "number"
    STRING = "string"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    LOCAL = "date and time without a zone"
    MOMENT = "date and time"
    DAYS = "days and time duration"
    MONTHS = "years and months duration"


STORED = {
    Kind.NULL: "text", Kind.NUMBER: "numeric", Kind.STRING: "text", Kind.BOOLEAN: "boolean", Kind.DATE: "date",
    Kind.TIME: "time", Kind.LOCAL: "timestamp", Kind.MOMENT: "timestamptz", Kind.DAYS: "interval",
    Kind.MONTHS: "bigint",
}  # fmt: skip
ORDERED = frozenset(Kind) - {Kind.NULL, Kind.BOOLEAN}


class NoSqlForm(ValueError):
    """There is no SQL that means exactly the same; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(f"Line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column


class NoForm(Exception):
    """The same before anybody knows the place in the text."""

    def __init__(self, reason: str, at: int = -1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.at = at


@dataclass(frozen=True, slots=True)
class Digits:
    """Every value is a whole number of units of 10**-scale, and no farther from zero than `top` units."""

    scale: int
    top: int

    @property
    def is_exact(self) -> bool:
        """Whether 34 digits hold every such value."""
        return self.top < MOST_DIGITS

    def units(self, scale: int) -> int:
        """`top` in the units of a finer scale."""
        found: int = self.top * 10 ** (scale - self.scale)
        return found


@dataclass(frozen=True, slots=True)
class Column:
    """A column of PostgreSQL: its name, or table (or alias) and name; its type as PostgreSQL spells it.

    `numeric(12,2)` and the integers can be calculated with, as their digits are known; a bare `numeric` can only be
    compared. Columns hold values that FEEL has: no NaN, no infinity, years from 1 to 9999, no months in an interval.
    """

    name: str | tuple[str, ...]
    type: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """SQL that means a value: its type, whether it may be null, and what is known of its numbers or years.

    `over` makes it the quotient of two pieces, which has no text of its own: 34 digits would round it.
    """

    text: str
    kind: Kind
    nullable: bool = True
    digits: Digits | None = None
    years: tuple[int, int] = (1, 9999)
    constant: Constant | None = None
    over: tuple[Piece, Piece] | None = None

    def of(self, text: str, **changes: object) -> Piece:
        """Another text of the same kind, of nothing constant."""
        return replace(self, **{"text": text, "constant": None, **changes})  # type: ignore[arg-type]


NULL = Piece("NULL", Kind.NULL, constant=Constant(None))
TRUE = Piece("TRUE", Kind.BOOLEAN, nullable=False, constant=Constant(True))
FALSE = Piece("FALSE", Kind.BOOLEAN, nullable=False, constant=Constant(False))


def boolean(text: str, *, nullable: bool = True) -> Piece:
    """A condition."""
    return sized(Piece(text, Kind.BOOLEAN, nullable))


def unknown(kind: Kind = Kind.BOOLEAN) -> Piece:
    """Null of a type."""
    return Piece(f"NULL::{STORED[kind]}", kind)


def sized(piece: Piece) -> Piece:
    """The piece, unless its text has grown beyond what a statement should carry."""
    if len(piece.text) > LARGEST:
        refuse(f"its SQL would have more than {LARGEST:,} characters")
    return piece


def refuse(reason: str, at: int = -1) -> NoReturn:
    """Say why there is no form, with the offset in the text where that is known."""
    raise NoForm(reason, at)


class Parameters:
    """The values that the caller binds; each is bound once."""

    def __init__(self, prefix: str) -> None:
        self.values: dict[str, object] = {}
        self._names: dict[tuple[type, str], str] = {}
        self._prefix = prefix

    def bound(self, value: object) -> str:
        """The placeholder of a value."""
        key = (value.__class__, repr(value))
        name = self._names.get(key)
        if name is None:
            if len(self.values) >= _DEEPEST:
                refuse(f"it has more than {_DEEPEST:,} constants")
            name = self._names[key] = f"{self._prefix}{len(self.values) + 1}"
            self.values[name] = value
        return f"%({name})s"

    def constant(self, value: object) -> Piece:
        """A constant of FEEL."""
        found = self._constant(value)
        return replace(found, constant=Constant(value), nullable=value is None)  # type: ignore[arg-type]

    def _constant(self, value: object) -> Piece:  # noqa: PLR0911 - one return for each kind of value
        match value:
            case None:
                return NULL
            case bool():
                return TRUE if value else FALSE
            case Decimal():
                return Piece(f"{self.bound(value)}::numeric", Kind.NUMBER, digits=_digits_of(value))
            case str():
                if "\0" in value or any(0xD800 <= ord(character) < 0xE000 for character in value):
                    refuse("PostgreSQL's texts cannot hold the character 0 or halves of surrogate pairs")
                return Piece(f'({self.bound(value)}::text COLLATE "C")', Kind.STRING)
            case Months(count):
                if abs(count) > 10**8:
                    refuse("the duration is too long")
                return Piece(f"{self.bound(count)}::bigint", Kind.MONTHS)
            case Days(nanoseconds):
                return self._duration(nanoseconds)
            case Date() | Time() | DateTime():
                return self._moment(value)
        refuse("lists, contexts, ranges and functions are no values of a column")

    def _duration(self, nanoseconds: int) -> Piece:
        if nanoseconds % 1000 or abs(nanoseconds) >= 2**63:
            refuse("PostgreSQL's durations have whole microseconds")
        # Time alone: a field of days would follow the changes of the clock in the session's zone.
        return Piece(f"{self.bound(f'{nanoseconds // 1000} microseconds')}::interval", Kind.DAYS)

    def _moment(self, value: Date | Time | DateTime) -> Piece:
        day = value.date if isinstance(value, DateTime) else value if isinstance(value, Date) else Date(2000, 1, 1)
        time = value.time if isinstance(value, DateTime) else value if isinstance(value, Time) else Time(0)
        if not 1 < day.year < 9999:
            refuse("a date of a constant needs a year between 2 and 9998 here")
        if time.nanoseconds % 1000:
            refuse("PostgreSQL's times have whole microseconds")
        if isinstance(value, Date):
            return Piece(f"{self.bound(outward(value))}::date", Kind.DATE)
        if isinstance(value, Time):
            if not value.is_local:
                refuse("a time of day with a zone has no exact type in PostgreSQL")
            return Piece(f"{self.bound(outward(value))}::time", Kind.TIME)
        if time.is_local:
            return Piece(f"{self.bound(outward(value))}::timestamp", Kind.LOCAL)
        return Piece(f"{self.bound(_in_greenwich(value))}::timestamptz", Kind.MOMENT)


def column_piece(column: Column) -> Piece:
    """The piece that reads a column."""
    names = (column.name,) if isinstance(column.name, str) else column.name
    if not names or not all(names) or any("\0" in name for name in names):
        refuse("a column needs a name")
    text = ".".join('"' + name.replace('"', '""').replace("%", "%%") + '"' for name in names)
    kind, digits = _stored_kind(column.type)
    if kind is Kind.STRING:
        text = f'({text} COLLATE "C")'
    elif kind is Kind.NUMBER and not column.type.startswith("numeric"):
        text = f"{text}::numeric"
    return Piece(text, kind, column.nullable, digits)


def _stored_kind(written: str) -> tuple[Kind, Digits | None]:
    match = _TYPE.fullmatch(" ".join(written.lower().split()))
    base = match[1] + (match[4] or "") if match else ""
    if base in ("numeric", "decimal"):
        if match is None or match[2] is None:
            return Kind.NUMBER, None
        precision, scale = int(match[2]), int(match[3] or 0)
        top: int = (10**precision - 1) * 10 ** max(-scale, 0)
        return Kind.NUMBER, Digits(max(scale, 0), top)
    bits = {"smallint": 15, "int2": 15, "integer": 31, "int": 31, "int4": 31, "bigint": 63, "int8": 63}.get(base)
    if bits is not None:
        return Kind.NUMBER, Digits(0, 2**bits)
    if base not in _KINDS:
        refuse(
            f"a column of the type “{written}” has no exact type in FEEL; use one of numeric, integer, text, boolean,"
            " date, time, timestamp, timestamptz and interval"
        )
    return _KINDS[base], None


_KINDS = {
    "text": Kind.STRING, "varchar": Kind.STRING, "character varying": Kind.STRING, "boolean": Kind.BOOLEAN,
    "bool": Kind.BOOLEAN, "date": Kind.DATE, "time": Kind.TIME, "time without time zone": Kind.TIME,
    "timestamp": Kind.LOCAL, "timestamp without time zone": Kind.LOCAL, "timestamptz": Kind.MOMENT,
    "timestamp with time zone": Kind.MOMENT, "interval": Kind.DAYS,
}  # fmt: skip


def _digits_of(number: Decimal) -> Digits:
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if not -1000 < exponent < 1000:
        refuse("a number so large or so small has no place in PostgreSQL's numeric")
    top = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    return Digits(max(-exponent, 0), top)


def number_of(piece: Piece) -> Fraction | None:
    """The number that a piece is, if it is a constant."""
    value = piece.constant.value if piece.constant is not None else None
    return Fraction(value) if isinstance(value, Decimal) else None


def _in_greenwich(value: DateTime) -> std.datetime:
    start = std.datetime(1970, 1, 1, tzinfo=std.UTC)
    return start + std.timedelta(microseconds=value.instant() // 1000)
