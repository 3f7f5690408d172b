"""The typed tree of an expression, as the parser makes it and the compiler reads it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Value = bool | Decimal | str | None
Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
Arithmetic = Literal["+", "-", "*", "/", "**"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, true, false or null."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """What the context calls by this name; dots lead into contexts."""

    text: str


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared."""

    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Calculate:
    """Two values calculated."""

    operator: Arithmetic
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Both:
    """`and`: false as soon as one is false."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Either:
    """`or`: true as soon as one is true."""

    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite; null stays null."""

    inner: Expression


@dataclass(frozen=True, slots=True)
class Choose:
    """`if`, `then`, `else`; anything but true takes the else."""

    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class Range:
    """All values between two ends, each included or not."""

    low: Expression
    high: Expression
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Bound:
    """All values on one side of an end, as in `in (< 5)`."""

    operator: Comparison
    end: Expression


@dataclass(frozen=True, slots=True)
class Among:
    """`in`: whether a value passes at least one test."""

    value: Expression
    tests: tuple[Expression | Range | Bound, ...]


Expression = Constant | Name | Compare | Calculate | Both | Either | Not | Choose | Among
