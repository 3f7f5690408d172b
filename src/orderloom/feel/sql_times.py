"""Dates, times and durations in SQL where PostgreSQL's own are exact: by constants, within its years."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from orderloom.feel.sql_values import NULL, Kind, Parameters, Piece, refuse, sized
from orderloom.feel.values import DAY, Days, Months

_YEARS = (-4_000, 200_000)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_DURATIONS = frozenset({Kind.DAYS, Kind.MONTHS})
_POINTS = frozenset({Kind.DATE, Kind.LOCAL, Kind.MOMENT, Kind.TIME})
TEMPORAL = _DURATIONS | _POINTS


def calculated(sign: str, left: Piece, right: Piece, parameters: Parameters) -> Piece:
    """`+`, `-`, `*` and `/` where a date, a time or a duration takes part; null where FEEL has no such operation."""
    kinds = (left.kind, right.kind)
    if sign in ("*", "/", "**"):
        return _scaled(sign, kinds)
    if left.kind in _DURATIONS and left.kind is right.kind:
        return _joined(f"({left.text} {sign} {right.text})", left.kind, left, right)
    if right.kind in _DURATIONS and left.kind in _POINTS:
        return _moved(left, right, parameters, backwards=sign == "-")
    if sign == "+" and left.kind in _DURATIONS and right.kind in _POINTS:
        return _moved(right, left, parameters, backwards=False)
    if sign == "-" and kinds in _DIFFERENCES:
        return _joined(_DIFFERENCES[kinds](left.text, right.text), Kind.DAYS, left, right)
    return NULL


def negated(piece: Piece) -> Piece:
    """`-x` of a duration."""
    if piece.kind not in _DURATIONS:
        return NULL
    return sized(piece.of(f"(-{piece.text})"))


def months_between(start: Piece, end: Piece) -> Piece:
    """years and months duration(): whole months, towards zero."""
    first, last = (_day(piece) for piece in (start, end))
    count = (
        f"((extract(year FROM {last}) - extract(year FROM {first})) * 12"
        f" + extract(month FROM {last}) - extract(month FROM {first}))"
    )
    short = f"sign(extract(day FROM {last}) - extract(day FROM {first}))"
    _refuse_before_christ(start, end)
    text = f"(CASE WHEN {count} * {short} < 0 THEN {count} + {short} ELSE {count} END)::bigint"
    return _joined(text, Kind.MONTHS, start, end)


def day_of(piece: Piece) -> Piece:
    """The day of a date, or of a date and time without a zone."""
    return sized(piece.of(_day(piece), kind=Kind.DATE))


def time_of(piece: Piece) -> Piece:
    """The time of day of a date and time without a zone."""
    if piece.kind is Kind.TIME:
        return piece
    return sized(piece.of(f"{_local(piece)}::time", kind=Kind.TIME)) if piece.kind is Kind.LOCAL else _no_form(piece)


def part_of(piece: Piece, name: str) -> tuple[str, int] | None:
    """The SQL of a property and how many units (millionths for seconds) it has at most; none if it has no such one."""
    if piece.kind is Kind.MOMENT:
        refuse("the parts of a moment depend on a zone, which timestamptz does not keep")
    if piece.kind is Kind.DAYS:
        return _part_of_duration(piece, name)
    if piece.kind is Kind.MONTHS:
        size = {"years": "/ 12", "months": "% 12"}.get(name)
        return (f"({piece.text} {size.replace('%', '%%')})::numeric", 10**10) if size is not None else None
    fields = {} if piece.kind is Kind.TIME else {"year": "year", "month": "month", "day": "day", "weekday": "isodow"}
    if piece.kind is not Kind.DATE:
        fields |= {"hour": "hour", "minute": "minute", "second": "second"}
    if name not in fields:
        return None
    _refuse_before_christ(piece)
    return f"extract({fields[name]} FROM {piece.text})", 300_000


def day_function(name: str, piece: Piece, parameters: Parameters) -> tuple[str, Kind]:
    """day of year(), week of year(), and the English names of days and months."""
    day = _day(piece)
    match name:
        case "day of year":
            return f"extract(doy FROM {day})", Kind.NUMBER
        case "week of year":
            return f"extract(week FROM {day})", Kind.NUMBER
        case "day of week":
            names: tuple[str, ...] = _WEEKDAYS
            field = "isodow"
        case _:
            names, field = _MONTHS, "month"
    listed = parameters.bound(list(names))
    return f'(({listed}::text[])[extract({field} FROM {day})::integer] COLLATE "C")', Kind.STRING


def printed(piece: Piece) -> str:
    """string() of a date."""
    if piece.kind is not Kind.DATE or piece.years[0] < 1 or piece.years[1] > 9999:
        refuse("string() of it has no exact form")
    return f"(to_char({piece.text}, 'YYYY-MM-DD') COLLATE \"C\")"


def _scaled(sign: str, kinds: tuple[Kind, Kind]) -> Piece:
    of_numbers = {Kind.NUMBER} | _DURATIONS
    if set(kinds) <= of_numbers and set(kinds) & _DURATIONS and sign != "**":
        if sign == "*" and Kind.NUMBER not in kinds:
            return NULL
        if sign == "/" and (kinds[0] is Kind.NUMBER or (kinds[1] is not Kind.NUMBER and kinds[0] is not kinds[1])):
            return NULL
        refuse("a duration multiplied or divided has no exact form in PostgreSQL")
    return NULL


def _moved(point: Piece, span: Piece, parameters: Parameters, *, backwards: bool) -> Piece:
    value = span.constant.value if span.constant is not None else None
    if value is None:
        refuse("a date moves by a duration that is a constant; PostgreSQL's dates could otherwise overflow")
    if isinstance(value, Months):
        return _moved_by_months(point, -value.count if backwards else value.count, parameters)
    assert isinstance(value, Days)
    nanoseconds = -value.nanoseconds if backwards else value.nanoseconds
    found = _wider(point, abs(nanoseconds) // DAY // 365)
    if point.kind is Kind.DATE:
        return found.of(f"({point.text} + {parameters.bound(nanoseconds // DAY)}::integer)")
    return found.of(f"({point.text} + {parameters.constant(Days(nanoseconds)).text})")


def _moved_by_months(point: Piece, count: int, parameters: Parameters) -> Piece:
    if point.kind is Kind.TIME:
        return NULL
    if point.kind is Kind.MOMENT:
        refuse("months of a moment depend on a zone, which timestamptz does not keep")
    found = _wider(point, abs(count) // 12)
    text = f"({point.text} + make_interval(months => {parameters.bound(count)}::integer))"
    return found.of(f"{text}::date" if point.kind is Kind.DATE else text)


def _wider(point: Piece, years: int) -> Piece:
    first, last = point.years[0] - years - 1, point.years[1] + years + 1
    if first < _YEARS[0] or last > _YEARS[1]:
        refuse("the date would leave the years that PostgreSQL has")
    return sized(point.of(point.text, years=(first, last)))


def _joined(text: str, kind: Kind, *operands: Piece) -> Piece:
    return sized(Piece(text, kind, any(piece.nullable for piece in operands)))


_DIFFERENCES: dict[tuple[Kind, Kind], Callable[[str, str], str]] = {
    (Kind.DATE, Kind.DATE): "make_interval(days => {0} - {1})".format,
    (Kind.LOCAL, Kind.LOCAL): "({0} - {1})".format,
    (Kind.MOMENT, Kind.MOMENT): "({0} - {1})".format,
    (Kind.TIME, Kind.TIME): "({0} - {1})".format,
    (Kind.LOCAL, Kind.DATE): "({0} - {1}::timestamp)".format,
    (Kind.DATE, Kind.LOCAL): "({0}::timestamp - {1})".format,
    (Kind.MOMENT, Kind.DATE): "({0} - ({1}::timestamp AT TIME ZONE 'UTC'))".format,
    (Kind.DATE, Kind.MOMENT): "(({0}::timestamp AT TIME ZONE 'UTC') - {1})".format,
}


def _part_of_duration(piece: Piece, name: str) -> tuple[str, int] | None:
    seconds = f"extract(epoch FROM {piece.text})"
    match name:
        case "days":
            return f"div({seconds}, 86400)", 10**12
        case "hours":
            return f"mod(div({seconds}, 3600), 24)", 24
        case "minutes":
            return f"mod(div({seconds}, 60), 60)", 60
        case "seconds":
            return f"mod({seconds}, 60)", 60
    return None


def _refuse_before_christ(*pieces: Piece) -> None:
    if any(piece.years[0] < 1 for piece in pieces):
        refuse("PostgreSQL counts the years before Christ in another way")


def _local(piece: Piece) -> str:
    return piece.text if piece.kind in (Kind.DATE, Kind.LOCAL) else _no_form(piece)


def _day(piece: Piece) -> str:
    return piece.text if piece.kind is Kind.DATE else f"{_local(piece)}::date"


def _no_form(piece: Piece) -> NoReturn:
    if piece.kind is Kind.MOMENT:
        refuse("the day of a moment depends on a zone, which timestamptz does not keep")
    refuse("it takes a text apart, which has no exact form")
