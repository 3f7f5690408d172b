"""Unary tests as sets of spans over an ordered kind of value, and a column cut into the pieces that matter."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from orderloom.feel.tree import Bound, Compare, Constant, Expression, Interval, Items, Name, Negate, Tests
from orderloom.feel.values import DAY, Date, DateTime, Days, Months, Time, date_of

_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_TEXTS = ("other", "another", "something", "a", "x", "zzz")
_KINDS = (Decimal, str, bool, Date, Time, DateTime, Days, Months)

Ordered = Decimal | str | bool | Date | Time | DateTime | Days | Months
Key = Decimal | str | bool | int


@dataclass(frozen=True, slots=True)
class Span:
    """All values between two ends; an end that is none is open to infinity."""

    low: Ordered | None
    high: Ordered | None
    low_included: bool = True
    high_included: bool = True


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a cell lets pass: values of one kind within (or, negated, outside) its spans, and perhaps null.

    `kind` is the class of the values, none if no value of any kind is mentioned; `anything` passes all.
    """

    kind: type | None
    spans: tuple[Span, ...]
    negated: bool = False
    null: bool = False
    anything: bool = False
    mentions_null: bool = False


ANYTHING = Accepted(None, (), null=True, anything=True)


class NoSpans(Exception):
    """A cell that is not made of constant tests of one kind."""


def accepted(cell: Tests, constant: Callable[[Expression], object]) -> Accepted:
    """The spans of a cell, or `NoSpans`; `constant` gives the value of an expression or raises it too."""
    if cell.anything:
        return ANYTHING
    gathered = _Gathered(constant)
    for test in cell.tests:
        gathered.add(test)
    kind = gathered.kind()
    if cell.negated:
        null = not gathered.null and gathered.null_is_false
        return Accepted(kind, tuple(gathered.spans), True, null, mentions_null=gathered.null)
    return Accepted(kind, tuple(gathered.spans), False, gathered.null or gathered.differs, mentions_null=gathered.null)


class _Gathered:
    """The spans of the tests read so far, and what they say of null."""

    def __init__(self, constant: Callable[[Expression], object]) -> None:
        self._constant = constant
        self._kinds: set[type] = set()
        self.spans: list[Span] = []
        self.null = False
        self.differs = False
        self.null_is_false = True

    def kind(self) -> type | None:
        if len(self._kinds) > 1:
            raise NoSpans
        return next(iter(self._kinds), None)

    def add(self, test: Expression) -> None:
        match test:
            case Interval(low, high, low_included, high_included):
                self.null_is_false = False
                self.spans.append(Span(self._ordered(low), self._ordered(high), low_included, high_included))
            case Bound(sign, end):
                self._compared(sign, end)
            case Compare(sign, Name("?"), end):
                self._compared(sign, end)
            case Compare(sign, end, Name("?")):
                self._compared(_MIRRORED[sign], end)
            case Items(items):
                for item in items:
                    self._compared("=", item)
            case _:
                self._compared("=", test)

    def _compared(self, sign: str, end: Expression) -> None:
        if sign in ("=", "!=") and self._constant(end) is None:
            if sign == "!=":
                raise NoSpans
            self.null = True
            return
        limit = self._end(end) if sign in ("=", "!=") else self._ordered(end)
        match sign:
            case "=":
                self.spans.append(Span(limit, limit))
            case "!=":
                self.differs = True
                self.null_is_false = False
                self.spans += (Span(None, limit, high_included=False), Span(limit, None, low_included=False))
            case "<" | "<=":
                self.null_is_false = False
                self.spans.append(Span(None, limit, high_included=sign == "<="))
            case _:
                self.null_is_false = False
                self.spans.append(Span(limit, None, low_included=sign == ">="))

    def _ordered(self, end: Expression) -> Ordered:
        value = self._end(end)
        if isinstance(value, bool):
            raise NoSpans
        return value

    def _end(self, end: Expression) -> Ordered:
        value = self._constant(end)
        if not isinstance(value, _KINDS):
            raise NoSpans
        self._kinds.add(type(value))
        return value


def plain_constant(expression: Expression) -> object:
    """The value of a literal; raises `NoSpans` for anything that would have to be calculated."""
    match expression:
        case Constant(value):
            return value
        case Negate(Constant(Decimal() as value)):
            return -value
    raise NoSpans


def key_of(value: Ordered) -> Key:
    """What a value is ordered by among its kind."""
    match value:
        case DateTime() | Time():
            return value.instant()
        case Date():
            return value.epoch_day()
        case Days():
            return value.nanoseconds
        case Months():
            return value.count
    return value


class Column:
    """The cells of one input, over the pieces into which their ends cut its values.

    Piece 2i+1 is the i-th end itself, piece 2i what lies before it; one more piece, the last, is null.
    `passing[piece]` is the set of rules that let it pass, as bits.
    """

    __slots__ = ("_locality", "_values", "kind", "null", "passing", "pieces", "points")

    def __init__(self, cells: Sequence[Accepted], allowed: Accepted | None = None, kind: type | None = None) -> None:
        kinds = {cell.kind for cell in cells if cell.kind} | ({allowed.kind} if allowed and allowed.kind else set())
        if len(kinds) > 1:
            raise NoSpans
        self.kind = next(iter(kinds), kind)
        ends = [end for cell in (*cells, *_listed(allowed)) for s in cell.spans for end in (s.low, s.high)]
        values = [end for end in (*ends, *((False, True) if self.kind is bool else ())) if end is not None]
        localities = {_locality(value) for value in values}
        if len(localities) > 1:
            raise NoSpans
        self._locality = next(iter(localities), None)
        self._values = {key_of(value): value for value in values}
        self.points: list[Key] = sorted(self._values)
        self.null = 2 * len(self.points) + 1
        self.passing = self._passing(cells)
        self.pieces = self._domain(allowed, with_null=any(cell.mentions_null for cell in cells))

    def orders(self, value: object) -> bool:
        """Whether a value is of the column's kind and has a place among its ends."""
        return value.__class__ is self.kind and _locality(value) == self._locality

    def stretch(self, cell: Accepted) -> list[tuple[int, int]]:
        """The pieces that a cell lets pass, as pairs of first and last, null left out."""
        last = 2 * len(self.points)
        if cell.anything:
            return [(0, last)]
        found = [self._pair(span, last) for span in cell.spans]
        merged: list[tuple[int, int]] = []
        for low, high in sorted(pair for pair in found if pair[0] <= pair[1]):
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return _complement(merged, last) if cell.negated else merged

    def mask(self, cell: Accepted) -> int:
        """The same as bits, null included, within the values that the column may have."""
        bits = sum((1 << (high + 1)) - (1 << low) for low, high in self.stretch(cell))
        return (bits | (1 << self.null if cell.null else 0)) & self.pieces

    def example(self, piece: int) -> object:
        """A value in this piece; `NoSpans` if there is none."""
        if piece == self.null:
            return None
        before = self.points[piece // 2 - 1] if piece >= 2 else None
        if piece % 2:
            return self._values[self.points[piece // 2]]
        after = self.points[piece // 2] if piece // 2 < len(self.points) else None
        return _between(before, after, self.kind, like=next(iter(self._values.values()), None))

    def _pair(self, span: Span, last: int) -> tuple[int, int]:
        low = 0 if span.low is None else self._place(span.low) + (not span.low_included)
        high = last if span.high is None else self._place(span.high) - (not span.high_included)
        return low, high

    def _place(self, value: Ordered) -> int:
        return 2 * bisect_left(self.points, key_of(value)) + 1

    def _passing(self, cells: Sequence[Accepted]) -> list[int]:
        changes = [0] * (self.null + 1)
        null = 0
        for rule, cell in enumerate(cells):
            bit = 1 << rule
            for low, high in self.stretch(cell):
                changes[low] ^= bit
                changes[high + 1] ^= bit
            null |= bit if cell.null else 0
        passing: list[int] = []
        current = 0
        for change in changes[: self.null]:
            current ^= change
            passing.append(current)
        return [*passing, null]

    def _domain(self, allowed: Accepted | None, *, with_null: bool) -> int:
        stretches = self.stretch(allowed) if allowed is not None else [(0, self.null - 1)]
        bits = 0
        for low, high in stretches:
            for piece in range(low, high + 1):
                if piece % 2 or self._is_inhabited(piece):
                    bits |= 1 << piece
        return bits | (1 << self.null if with_null else 0)

    def _is_inhabited(self, piece: int) -> bool:
        try:
            self.example(piece)
        except NoSpans:
            return False
        return True


def _locality(value: object) -> bool | None:
    """Whether a time is local; local and zoned times have no common order."""
    return value.is_local if isinstance(value, Time) else value.time.is_local if isinstance(value, DateTime) else None


def _listed(cell: Accepted | None) -> tuple[Accepted, ...]:
    return () if cell is None else (cell,)


def _complement(pairs: Iterable[tuple[int, int]], last: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in pairs:
        if low > start:
            found.append((start, low - 1))
        start = high + 1
    return [*found, (start, last)] if start <= last else found


def _between(low: object, high: object, kind: type | None, *, like: object) -> object:
    """A value of the kind strictly between two keys, as round as can be."""
    if kind is Decimal:
        return _number_between(cast("Decimal | None", low), cast("Decimal | None", high))
    if kind is str:
        return _text_between(cast("str | None", low), cast("str | None", high))
    if kind is None:
        return "anything"
    if kind is bool:
        raise NoSpans
    return _moment_between(cast("int | None", low), cast("int | None", high), kind, like)


def _number_between(low: Decimal | None, high: Decimal | None) -> Decimal:
    if low is None or high is None:
        start = Decimal(0) if low is None and high is None else None
        return start if start is not None else (low.to_integral_value() + 1 if low is not None else _below(high))
    middle = (low + high) / 2
    whole = middle.to_integral_value()
    if low < whole < high:
        return whole
    for places in range(1, 20):
        rounded = round(middle, places)
        if low < rounded < high:
            return rounded
    return middle


def _below(high: Decimal | None) -> Decimal:
    assert high is not None
    whole = high.to_integral_value()
    return Decimal(0) if high > 0 else whole - 1


def _text_between(low: str | None, high: str | None) -> str:
    for text in (*_TEXTS, (low or "") + " ", (low or "") + "a", (low or "") + "\x00"):
        if (low is None or low < text) and (high is None or text < high):
            return text
    if low is None and high:
        return ""
    raise NoSpans


def _moment_between(low: int | None, high: int | None, kind: type, like: object) -> object:
    step = 1 if kind in (Date, Months) else DAY
    if low is None:
        count = high - step if high is not None else 0
    elif high is None:
        count = low + step
    else:
        count = low + step if low + step < high else (low + high) // 2
        if count <= low:
            raise NoSpans
    return _moment(count, kind, like)


def _moment(count: int, kind: type, like: object) -> object:
    if kind is Date:
        return date_of(count)
    if kind is Months:
        return Months(count)
    if kind is Days:
        return Days(count)
    zone = like if isinstance(like, Time) else like.time if isinstance(like, DateTime) else Time(0)
    offset = None if zone.is_local else 0
    if kind is Time:
        if not 0 <= count < DAY:
            raise NoSpans
        return Time(count, offset)
    return DateTime(date_of(count // DAY), Time(count % DAY, offset))
