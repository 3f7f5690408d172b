"""Kinds of input field that many rooms share, with their bounds: quantities, amounts, codes, texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field


def _no_truth_value(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("A number is meant here, not true or false.")
    if isinstance(value, float):
        return Decimal(repr(value))
    return value


def _no_number(value: object) -> object:
    if isinstance(value, int | Decimal | float) and not isinstance(value, bool):
        return str(value)
    return value


Quantity = Annotated[
    Decimal, Field(gt=0, le=1_000_000_000, max_digits=16, decimal_places=6), BeforeValidator(_no_truth_value)
]
"""More than nothing, at most a thousand million, six decimals."""

Amount = Annotated[
    Decimal,
    Field(ge=-1_000_000_000_000, le=1_000_000_000_000, max_digits=19, decimal_places=6),
    BeforeValidator(_no_truth_value),
]
"""Money without its currency; the command checks the decimals that the currency has."""

UnitAmount = Annotated[
    Decimal,
    Field(ge=-1_000_000_000_000, le=1_000_000_000_000, max_digits=25, decimal_places=12),
    BeforeValidator(_no_truth_value),
]
"""Money for one unit: finer than the currency's cent, as an amount divided by a quantity is."""

Percent = Annotated[Decimal, Field(ge=0, le=100, max_digits=9, decimal_places=6), BeforeValidator(_no_truth_value)]
"""0 to 100."""

Code = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$"), BeforeValidator(_no_number)]
"""A name for programs and people: up to 100 characters, no space at the ends."""

Text = Annotated[str, Field(min_length=1, max_length=500)]
"""One line for people."""

LongText = Annotated[str, Field(max_length=10_000)]
"""Several lines for people."""

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""ISO 4217; whether it is in use is for `money.cent` to say."""
