"""Characteristics: whether a value is of the declared type, and the value as it is kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from orderloom.catalog.types import Characteristic, Scalar


def value_problem(characteristic: Characteristic, value: Scalar) -> str | None:
    """A sentence about what is wrong with a value, or nothing when it fits."""
    name = characteristic.name
    match characteristic.type:
        case "text":
            fits = isinstance(value, str) and 0 < len(value) <= 500
            wish = "a text of 1 to 500 characters"
        case "number" | "integer":
            number = _number(value)
            fits = number is not None and (characteristic.type == "number" or number == number.to_integral_value())
            wish = "a number" if characteristic.type == "number" else "a whole number"
        case "boolean":
            fits, wish = isinstance(value, bool), "true or false"
        case "date":
            fits, wish = _is_date(value), "a date as YYYY-MM-DD"
    if not fits:
        return f"“{name}” needs {wish}."
    return _range_problem(characteristic, value)


def _range_problem(characteristic: Characteristic, value: Scalar) -> str | None:
    number = _number(value)
    if characteristic.minimum is not None and number is not None and number < characteristic.minimum:
        return f"“{characteristic.name}” is at least {characteristic.minimum}."
    if characteristic.maximum is not None and number is not None and number > characteristic.maximum:
        return f"“{characteristic.name}” is at most {characteristic.maximum}."
    if characteristic.choices and value not in characteristic.choices:
        return f"“{characteristic.name}” is one of: {', '.join(map(str, characteristic.choices))}."
    return None


def _number(value: Scalar) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() and abs(number) <= 10**15 else None


def _is_date(value: Scalar) -> bool:
    try:
        return isinstance(value, str) and bool(date.fromisoformat(value))
    except ValueError:
        return False
