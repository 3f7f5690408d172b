"""Arithmetic in SQL where it is exact: FEEL rounds to 34 digits, so the digits of operands must be known."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from orderloom.feel.sql_values import MOST_DIGITS, Digits, Kind, Parameters, Piece, number_of, refuse, sized, unknown

_ROUNDED = "FEEL rounds it to 34 digits, which PostgreSQL does not"
_UNKNOWN = "give the column a type with digits, such as numeric(14,2)"
MOST_PLACES = 30


def added(left: Piece, sign: str, right: Piece) -> Piece:
    """`+` and `-` of numbers."""
    one, two = _digits(left), _digits(right)
    scale = max(one.scale, two.scale)
    digits = Digits(scale, one.units(scale) + two.units(scale))
    return _exact(f"({left.text} {sign} {right.text})", digits, left, right)


def multiplied(left: Piece, right: Piece, parameters: Parameters) -> Piece:
    """`*`; a quotient may be multiplied by a power of ten, which commutes with rounding."""
    if left.over is not None or right.over is not None:
        quotient, other = (left, right) if left.over is not None else (right, left)
        factor = number_of(other)
        if quotient.over is None or factor is None or not _is_power_of_ten(factor):
            refuse(f"it multiplies a quotient; {_ROUNDED}")
        over, under = quotient.over
        return quotient_of(multiplied(over, other, parameters), under)
    one, two = _digits(left), _digits(right)
    digits = Digits(one.scale + two.scale, one.top * two.top)
    return _exact(f"({left.text} * {right.text})", digits, left, right)


def divided(left: Piece, right: Piece, parameters: Parameters) -> Piece:
    """`/`: by a constant that 1 can be divided by, else a quotient, which can only be compared or rounded."""
    divisor = number_of(right)
    if divisor == 0:
        return unknown(Kind.NUMBER)
    if divisor is not None and (reciprocal := _finite(1 / divisor)) is not None:
        return multiplied(left, parameters.constant(reciprocal), parameters)
    if left.over is not None or right.over is not None:
        refuse(f"it divides a quotient; {_ROUNDED}")
    _digits(left), _digits(right)
    return quotient_of(left, right)


def quotient_of(over: Piece, under: Piece) -> Piece:
    """A quotient that nobody has rounded yet."""
    return Piece("", Kind.NUMBER, over=(over, under))


def raised(left: Piece, right: Piece, parameters: Parameters) -> Piece:
    """`**`: the square and the cube."""
    exponent = number_of(right)
    if exponent not in (1, 2, 3):
        refuse("a power has an exact form for the exponents 1, 2 and 3 alone")
    _digits(left)
    result = left
    for _ in range(int(exponent) - 1):
        result = multiplied(result, left, parameters)
    return result


def negated(piece: Piece) -> Piece:
    """`-x` of a number."""
    return _exact(f"(-{piece.text})", _digits(piece), piece)


def absolute(piece: Piece) -> Piece:
    """abs() of a number."""
    return _exact(f"abs({piece.text})", _digits(piece), piece)


def times_exactly(left: Piece, right: Piece) -> Piece:
    """A product that is only compared: numeric multiplies exactly, whatever the digits."""
    assert left.digits is not None
    assert right.digits is not None
    if left.digits.scale + right.digits.scale > 16_000:
        refuse("its numbers have too many decimals")
    return sized(left.of(f"({left.text} * {right.text})", nullable=left.nullable or right.nullable))


def modulo(dividend: Piece, divisor: Piece) -> Piece:
    """modulo(): the sign is the divisor's, null by zero."""
    one, two = _digits(dividend), _digits(divisor)
    scale = max(one.scale, two.scale)
    rest = f"mod({dividend.text}, {divisor.text})"
    text = (
        f"(CASE WHEN {divisor.text} = 0 THEN NULL"
        f" WHEN sign({rest}) * sign({divisor.text}) < 0 THEN {rest} + {divisor.text} ELSE {rest} END)"
    )
    return _exact(text, Digits(scale, two.units(scale)), dividend, divisor).of(text, nullable=True)


def rounded(name: str, piece: Piece, scale: Piece, parameters: Parameters) -> Piece:
    """The rounding functions, for a constant number of decimals."""
    wanted = number_of(scale)
    if wanted is None:
        refuse("a rounding needs its number of decimals as a constant here")
    if wanted.denominator != 1:
        return unknown(Kind.NUMBER)
    places = int(wanted)
    if abs(places) > MOST_PLACES:
        refuse(f"a rounding is exact up to {MOST_PLACES} decimals here")
    if piece.over is not None:
        return _rounded_quotient(name, piece, places, parameters)
    digits = _digits(piece)
    if digits.scale <= places:
        return piece
    up, down = (parameters.constant(_power(power)).text for power in (places, -places))
    text = _ROUNDINGS[name].format(x=piece.text, scaled=f"({piece.text} * {up})", down=down, places=places)
    units = -(-digits.top // 10 ** (digits.scale - places)) + 1
    found = Digits(places, units) if places >= 0 else Digits(0, units * 10**-places)
    return _exact(text, found, piece)


_ROUNDINGS = {
    "round half up": "round({x}, {places})",
    "round down": "trunc({x}, {places})",
    "floor": "(floor({scaled}) * {down})",
    "ceiling": "(ceil({scaled}) * {down})",
    "round up": "(sign({x}) * ceil(abs({scaled})) * {down})",
    "round half down": "(sign({x}) * ceil(abs({scaled}) - 0.5) * {down})",
    # A tie is twice the half, rounded: 2.5 gives 2 * round(1.25), and 3.5 gives 2 * round(1.75).
    "decimal": "((CASE WHEN abs({scaled} - trunc({scaled})) = 0.5 THEN 2 * round({scaled} * 0.5)"
    " ELSE round({scaled}) END) * {down})",
}
ROUNDINGS = frozenset(_ROUNDINGS)


def _rounded_quotient(name: str, piece: Piece, places: int, parameters: Parameters) -> Piece:
    """Half up and half to even, by whole division; FEEL's 34 digits lie on the same side of each tie."""
    assert piece.over is not None
    over, under = piece.over
    if name not in ("round half up", "decimal") or places < 0:
        refuse(f"“{name}” of a quotient has no exact form; use “round half up” or “decimal”")
    assert over.digits is not None
    assert under.digits is not None
    if not is_apart(over.digits, under.digits, Digits(places + 1, _most(over.digits, under.digits, places + 1))):
        refuse(f"its numbers have too many digits to round their quotient as FEEL does: {_ROUNDED}")
    up, down = (parameters.constant(_power(power)).text for power in (places, -places))
    twice = f"(2 * abs({under.text}))"
    sum_ = f"(2 * abs({over.text}) * {up} + abs({under.text}))"
    whole = f"div({sum_}, {twice})"
    if name == "decimal":
        whole = f"({whole} - CASE WHEN mod({sum_}, {twice}) = 0 THEN mod({whole}, 2) ELSE 0 END)"
    text = f"(CASE WHEN {under.text} <> 0 THEN sign({over.text}) * sign({under.text}) * {whole} * {down} END)"
    digits = Digits(places, _most(over.digits, under.digits, places))
    return _exact(text, digits, over, under).of(text, nullable=True)


def is_apart(over: Digits, under: Digits, other: Digits) -> bool:
    """Whether the rounding of a quotient to 34 digits cannot take it to a number that it does not equal.

    a/b - c is a whole number over b * 10**fine: either zero, or farther from it than half a unit of c's 34th digit.
    """
    fine = max(over.scale - under.scale, other.scale, 0)
    return other.is_exact and 10 * other.top * under.top * 10 ** (fine - other.scale) < MOST_DIGITS


def _most(over: Digits, under: Digits, scale: int) -> int:
    """How far a quotient may lie from zero, in units of so many decimals."""
    units: int = over.top * 10 ** (scale + under.scale) // 10**over.scale
    return units + 1


def _digits(piece: Piece) -> Digits:
    if piece.over is not None:
        refuse(f"it calculates with a quotient; {_ROUNDED}")
    if piece.digits is None:
        refuse(f"it calculates with a number of any size: {_UNKNOWN}")
    return piece.digits


def _exact(text: str, digits: Digits, *operands: Piece) -> Piece:
    if not digits.is_exact:
        refuse(f"its result may have more than 34 digits; {_ROUNDED}")
    return sized(Piece(text, Kind.NUMBER, any(piece.nullable for piece in operands), digits))


def _finite(number: Fraction) -> Decimal | None:
    """The decimal that a fraction is, if it has an end within 34 digits."""
    scale = 0
    while (number * 10**scale).denominator != 1:
        scale += 1
        if scale > 40:
            return None
    return Decimal(f"{int(number * 10**scale)}e-{scale}")


def _is_power_of_ten(number: Fraction) -> bool:
    return any(number == Fraction(10) ** power for power in range(-30, 31))


def _power(power: int) -> Decimal:
    return Decimal(f"1e{power}")
