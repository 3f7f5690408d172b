"""The built-in functions that have an exact form in SQL; an argument of another type gives null, as in FEEL."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from orderloom.feel import sql_times
from orderloom.feel.sql_compare import compared, is_null, opposite
from orderloom.feel.sql_numbers import ROUNDINGS, absolute, modulo, rounded
from orderloom.feel.sql_values import (
    FALSE,
    NULL,
    ORDERED,
    Digits,
    Kind,
    Parameters,
    Piece,
    boolean,
    refuse,
    sized,
    unknown,
)

_LONGEST = Digits(0, 10**10)
_NO_FORMS = {
    "matches": "regular expressions have no exact form in PostgreSQL",
    "replace": "regular expressions have no exact form in PostgreSQL",
    "split": "regular expressions have no exact form in PostgreSQL",
    "upper case": "PostgreSQL knows another edition of Unicode's capitals",
    "lower case": "PostgreSQL knows another edition of Unicode's capitals",
    "sqrt": "its result is rounded to 34 digits, which PostgreSQL does not do",
    "log": "its result is rounded to 34 digits, which PostgreSQL does not do",
    "exp": "its result is rounded to 34 digits, which PostgreSQL does not do",
}


def called(name: str, arguments: Sequence[Piece], parameters: Parameters) -> Piece:
    """A call of a built-in function with the arguments in the order of its parameters."""
    if name in ROUNDINGS:
        return _rounding(name, arguments, parameters)
    if name in ("day of year", "week of year", "day of week", "month of year"):
        return _of_day(name, arguments[0], parameters)
    if name in _STRINGS:
        return _of_texts(name, arguments)
    function = _FUNCTIONS.get(name)
    if function is None:
        refuse(_NO_FORMS.get(name, f"“{name}” has no exact form in PostgreSQL"))
    return function(*arguments)


def _rounding(name: str, arguments: Sequence[Piece], parameters: Parameters) -> Piece:
    scale = arguments[1] if len(arguments) > 1 else parameters.constant(Decimal(0))
    if arguments[0].kind is not Kind.NUMBER or scale.kind is not Kind.NUMBER:
        return unknown(Kind.NUMBER)
    return rounded(name, arguments[0], scale, parameters)


def _of_day(name: str, day: Piece, parameters: Parameters) -> Piece:
    if day.kind not in (Kind.DATE, Kind.LOCAL, Kind.MOMENT):
        return NULL
    if day.years[0] < 1:
        refuse("PostgreSQL counts the years before Christ in another way")
    text, kind = sql_times.day_function(name, day, parameters)
    return Piece(text, kind, day.nullable, Digits(0, 366) if kind is Kind.NUMBER else None)


# Texts


def _of_texts(name: str, arguments: Sequence[Piece]) -> Piece:
    if any(argument.kind is not Kind.STRING for argument in arguments):
        return NULL
    template, kind = _STRINGS[name]
    one, two = arguments[0].text, arguments[-1].text
    nullable = any(argument.nullable for argument in arguments)
    return sized(Piece(template.format(one, two), kind, nullable, _LONGEST if kind is Kind.NUMBER else None))


_STRINGS = {
    "string length": ("char_length({0})::numeric", Kind.NUMBER),
    "contains": ("(strpos({0}, {1}) > 0)", Kind.BOOLEAN),
    "starts with": ("starts_with({0}, {1})", Kind.BOOLEAN),
    "ends with": ("(right({0}, char_length({1})) = {1})", Kind.BOOLEAN),
    "substring before": ("left({0}, strpos({0}, {1}) - CASE WHEN strpos({0}, {1}) = 0 THEN 0 ELSE 1 END)", Kind.STRING),
    "substring after": (
        "(CASE WHEN strpos({0}, {1}) > 0 THEN substr({0}, strpos({0}, {1}) + char_length({1}))"
        " WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN '' END)",
        Kind.STRING,
    ),
}


def _substring(text: Piece, start: Piece, length: Piece = NULL) -> Piece:
    if text.kind is not Kind.STRING or start.kind is not Kind.NUMBER:
        return NULL
    if length.kind not in (Kind.NULL, Kind.NUMBER):
        return NULL if not length.nullable else refuse("a length that is null means the rest of the text")
    if start.over is not None or length.over is not None:
        refuse("a quotient as a place in a text is rounded to 34 digits first, which PostgreSQL does not do")
    size = f"char_length({text.text})"
    fits = f"abs({start.text}) BETWEEN 1 AND {size}"
    first = f"(trunc({start.text}) + CASE WHEN {start.text} > 0 THEN 0 ELSE {size} + 1 END)"
    count = size
    if length.kind is Kind.NUMBER:
        fits += f" AND COALESCE({length.text} >= 1, TRUE)"
        count = f"LEAST(trunc(COALESCE({length.text}, {size})), {size})"
    # Only the fitting rows reach the casts, whose arguments are within the length of the text there.
    bounded = f"GREATEST(LEAST({first}, {size}), 1)::integer"
    return sized(Piece(f"(CASE WHEN {fits} THEN substr({text.text}, {bounded}, {count}::integer) END)", Kind.STRING))


def _string(value: Piece) -> Piece:
    match value.kind:
        case Kind.STRING | Kind.NULL:
            return value
        case Kind.BOOLEAN:
            text = f'({value.text}::text COLLATE "C")'
        case Kind.NUMBER:
            if value.over is not None:
                refuse("a quotient is rounded to 34 digits, which PostgreSQL does not do")
            text = f'(trim_scale({value.text})::text COLLATE "C")'
        case _:
            text = sql_times.printed(value)
    return sized(Piece(text, Kind.STRING, value.nullable))


# Numbers and durations


def _absolute(value: Piece) -> Piece:
    match value.kind:
        case Kind.NUMBER:
            return absolute(value)
        case Kind.DAYS:
            return sized(value.of(f"GREATEST({value.text}, -{value.text})"))
        case Kind.MONTHS:
            return sized(value.of(f"abs({value.text})"))
    return NULL


def _modulo(dividend: Piece, divisor: Piece) -> Piece:
    if dividend.kind is not Kind.NUMBER or divisor.kind is not Kind.NUMBER:
        return NULL
    return modulo(dividend, divisor)


def _parity(rest: int) -> Callable[[Piece], Piece]:
    def parity(number: Piece) -> Piece:
        if number.kind is not Kind.NUMBER:
            return unknown()
        if number.over is not None:
            refuse("a quotient is rounded to 34 digits, which PostgreSQL does not do")
        text = number.text
        return boolean(f"(CASE WHEN {text} = trunc({text}) THEN abs(mod({text}, 2)) = {rest} END)")

    return parity


def _extreme(function: str) -> Callable[..., Piece]:
    def extreme(*arguments: Piece) -> Piece:
        kinds = {argument.kind for argument in arguments}
        if len(kinds) > 1 or not kinds <= ORDERED:
            return NULL
        if any(argument.over is not None for argument in arguments):
            refuse("a quotient is rounded to 34 digits, which PostgreSQL does not do")
        absent = " OR ".join(is_null(argument).text for argument in arguments)
        listed = ", ".join(argument.text for argument in arguments)
        numbers = [argument.digits for argument in arguments]
        digits: Digits | None = None
        if all(numbers):
            scale = max(number.scale for number in numbers if number)
            digits = Digits(scale, max(number.units(scale) for number in numbers if number))
        text = f"(CASE WHEN {absent} THEN NULL ELSE {function}({listed}) END)"
        years = (min(argument.years[0] for argument in arguments), max(argument.years[1] for argument in arguments))
        return sized(Piece(text, kinds.pop(), digits=digits, years=years))

    return extreme


# Dates, and what is left


def _date(*parts: Piece) -> Piece:
    if len(parts) != 1:
        refuse("a date made of columns may be one that no calendar has")
    if parts[0].kind is Kind.STRING:
        refuse("a text that spells a date has no exact form; make the column a date")
    return sql_times.day_of(parts[0]) if parts[0].kind in (Kind.DATE, Kind.LOCAL, Kind.MOMENT) else NULL


def _time(*parts: Piece) -> Piece:
    if len(parts) != 1 or parts[0].kind in (Kind.STRING, Kind.DATE):
        refuse("it has no exact form in PostgreSQL; make the column a time")
    return sql_times.time_of(parts[0]) if parts[0].kind in (Kind.TIME, Kind.LOCAL, Kind.MOMENT) else NULL


def _months(start: Piece, end: Piece) -> Piece:
    days = (Kind.DATE, Kind.LOCAL, Kind.MOMENT)
    return sql_times.months_between(start, end) if start.kind in days and end.kind in days else NULL


def _is(left: Piece, right: Piece) -> Piece:
    if Kind.MOMENT in (left.kind, right.kind):
        refuse("“is” asks for the zone of a moment, which timestamptz does not keep")
    if left.kind is right.kind or Kind.NULL in (left.kind, right.kind):
        return compared(left, "=", right)
    absent = (is_null(left), is_null(right))
    return boolean(f"({absent[0].text} AND {absent[1].text})", nullable=False) if FALSE not in absent else FALSE


def _before(left: Piece, right: Piece) -> Piece:
    return compared(left, "<", right)


def _after(left: Piece, right: Piece) -> Piece:
    return compared(right, "<", left)


_FUNCTIONS: dict[str, Callable[..., Piece]] = {
    "not": opposite, "substring": _substring, "string": _string, "abs": _absolute, "modulo": _modulo,
    "odd": _parity(1), "even": _parity(0), "min": _extreme("LEAST"), "max": _extreme("GREATEST"), "date": _date,
    "time": _time, "years and months duration": _months, "is": _is, "before": _before, "after": _after,
}  # fmt: skip
