"""Numeric functions (clause 10.3.4.5)."""

from __future__ import annotations

from decimal import (
    ROUND_CEILING,
    ROUND_DOWN,
    ROUND_FLOOR,
    ROUND_HALF_DOWN,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    ROUND_UP,
    Decimal,
    DecimalException,
)

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.operators import ARITHMETIC, WIDE, rounded
from orderloom.feel.run import Run
from orderloom.feel.values import Days, Months

MAX_SCALE = 6176
MIN_SCALE = -6111


@builtin("decimal(n: number, scale: number)")
def decimal(_run: Run, n: Decimal, scale: Decimal) -> Decimal | None:
    """Half to even at so many decimals."""
    return _scaled(n, scale, ROUND_HALF_EVEN)


@builtin("floor(n: number, scale?: number)")
def floor(_run: Run, n: Decimal, scale: Decimal | None = Decimal(0)) -> Decimal | None:
    """Towards minus infinity."""
    return _scaled(n, scale, ROUND_FLOOR)


@builtin("ceiling(n: number, scale?: number)")
def ceiling(_run: Run, n: Decimal, scale: Decimal | None = Decimal(0)) -> Decimal | None:
    """Towards plus infinity."""
    return _scaled(n, scale, ROUND_CEILING)


@builtin("round up(n: number, scale: number)")
def round_up(_run: Run, n: Decimal, scale: Decimal) -> Decimal | None:
    """Away from zero."""
    return _scaled(n, scale, ROUND_UP)


@builtin("round down(n: number, scale: number)")
def round_down(_run: Run, n: Decimal, scale: Decimal) -> Decimal | None:
    """Towards zero."""
    return _scaled(n, scale, ROUND_DOWN)


@builtin("round half up(n: number, scale: number)")
def round_half_up(_run: Run, n: Decimal, scale: Decimal) -> Decimal | None:
    """To the nearest, a tie away from zero."""
    return _scaled(n, scale, ROUND_HALF_UP)


@builtin("round half down(n: number, scale: number)")
def round_half_down(_run: Run, n: Decimal, scale: Decimal) -> Decimal | None:
    """To the nearest, a tie towards zero."""
    return _scaled(n, scale, ROUND_HALF_DOWN)


def _scaled(n: Decimal, scale: Decimal | None, rounding: str) -> Decimal | None:
    if scale is None:
        return None
    places = int(scale) if abs(scale) < 10_000 else 10_000
    if scale != scale.to_integral_value() or not MIN_SCALE <= places <= MAX_SCALE:
        return None
    exponent: int = n.as_tuple().exponent  # type: ignore[assignment]
    if exponent >= -places:
        return n
    if n.adjusted() < -places - 1:
        # All digits lie behind the last place: only the sign and the rounding decide.
        small = Decimal((n.is_signed(), (1,), -places - 2))
        n = small if n else n
    try:
        found = n.quantize(Decimal((0, (1,), -places)), rounding=rounding, context=WIDE)
    except DecimalException:
        return None
    return rounded(found + 0 if found else Decimal(0))


@builtin("abs(n: any)")
def absolute(_run: Run, n: object) -> object:
    """Of a number or a duration."""
    if isinstance(n, list) and len(n) == 1:
        n = n[0]
    if isinstance(n, Decimal):
        return n.copy_abs()
    if isinstance(n, Days):
        return Days(abs(n.nanoseconds))
    return Months(abs(n.count)) if isinstance(n, Months) else None


@builtin("modulo(dividend: number, divisor: number)")
def modulo(_run: Run, dividend: Decimal, divisor: Decimal) -> Decimal | None:
    """dividend - divisor * floor(dividend / divisor): the sign is the divisor's."""
    if not divisor:
        return None
    if dividend.adjusted() - divisor.adjusted() > 6_000:
        return None
    context = WIDE.copy()
    context.prec = max(60, abs(dividend.adjusted() - divisor.adjusted()) + 80)
    try:
        found = context.remainder(dividend, divisor)
        if found and (found < 0) != (divisor < 0):
            found = context.add(found, divisor)
    except DecimalException:
        return None
    return rounded(found)


@builtin("sqrt(number: number)")
def square_root(_run: Run, number: Decimal) -> Decimal | None:
    """Null below zero."""
    return ARITHMETIC.sqrt(number) if number >= 0 else None


@builtin("log(number: number)")
def logarithm(_run: Run, number: Decimal) -> Decimal | None:
    """The natural one; null unless the number is positive."""
    return ARITHMETIC.ln(number) if number > 0 else None


@builtin("exp(number: number)")
def exponential(_run: Run, number: Decimal) -> Decimal | None:
    """e to the power of the number."""
    try:
        return ARITHMETIC.exp(number)
    except DecimalException:
        return None


@builtin("odd(number: number)")
def odd(_run: Run, number: Decimal) -> bool | None:
    """Null for a number that is not whole."""
    return _remainder_of_two(number, 1)


@builtin("even(number: number)")
def even(_run: Run, number: Decimal) -> bool | None:
    """Null for a number that is not whole."""
    return _remainder_of_two(number, 0)


def _remainder_of_two(number: Decimal, wanted: int) -> bool | None:
    if number != number.to_integral_value():
        return None
    last = number.as_tuple()
    exponent: int = last.exponent  # type: ignore[assignment]
    if exponent > 0:
        return wanted == 0
    return int(number) % 2 == wanted
