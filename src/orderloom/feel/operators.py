"""Comparison, arithmetic and logic, by DMN 1.3's tables of semantics (clauses 10.3.2.13 to 10.3.2.15)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, DecimalException, DivisionByZero, InvalidOperation, Overflow
from typing import TypeVar

from orderloom.feel.run import Run
from orderloom.feel.times import MAX_YEAR
from orderloom.feel.values import DAY, Date, DateTime, Days, Months, Range, Time, date_of, days_in_month, zone_offset

Duration = TypeVar("Duration", Days, Months)
ARITHMETIC = Context(prec=34, Emin=-6143, Emax=6144, traps=[Overflow, InvalidOperation, DivisionByZero])
"""IEEE 754 decimal128, which the standard asks for; a result outside of it is null."""
WIDE = Context(prec=60, Emin=-9999, Emax=9999, traps=[InvalidOperation, Overflow])


def rounded(number: Decimal) -> Decimal | None:
    """The number in 34 digits, or null beyond their exponents."""
    try:
        return ARITHMETIC.plus(number)
    except DecimalException:
        return None


def number_of(text: str) -> Decimal | None:
    """The value of a numeric literal, rounded to 34 digits; beyond what a decimal128 holds it is null."""
    try:
        return ARITHMETIC.plus(Decimal(text))
    except DecimalException:
        return None


# Equality and order


def equal(left: object, right: object, run: Run | None = None) -> bool | None:  # noqa: PLR0911 - one for each row
    """`=`: null only if the kinds differ. Lists and contexts within one another are paid for by the run."""
    if left is None or right is None:
        return left is right
    kind = left.__class__
    if kind is not right.__class__:
        return None
    if kind is Decimal or kind is str or kind is bool or kind in (Date, Days, Months):
        return left == right
    if isinstance(left, list | dict):
        return _equal_within(left, right, run or Run())
    if isinstance(left, Range):
        assert isinstance(right, Range)
        ends = left.low_included == right.low_included and left.high_included == right.high_included
        return ends and equal(left.low, right.low) is True and equal(left.high, right.high) is True
    if isinstance(left, Time | DateTime):
        assert isinstance(right, Time | DateTime)
        return is_local(left) == is_local(right) and left.instant() == right.instant()
    return left is right


def _equal_within(left: list[object] | dict[str, object], right: object, run: Run) -> bool:
    run.spend(1 + 5 * len(left))
    if isinstance(left, dict):
        assert isinstance(right, dict)
        return left.keys() == right.keys() and all(equal(value, right[key], run) is True for key, value in left.items())
    assert isinstance(right, list)
    return len(left) == len(right) and all(equal(a, b, run) is True for a, b in zip(left, right, strict=True))


def unequal(left: object, right: object, run: Run | None = None) -> bool | None:
    """`!=`."""
    same = equal(left, right, run)
    return None if same is None else not same


def same(left: object, right: object, run: Run | None = None) -> bool:
    """`is`: the same element of the semantic domain, zone and all."""
    if left is None or right is None or left.__class__ is not right.__class__:
        return left is right
    if isinstance(left, Time) and isinstance(right, Time):
        return (left.nanoseconds, left.offset, left.zone) == (right.nanoseconds, right.offset, right.zone)
    if isinstance(left, DateTime) and isinstance(right, DateTime):
        return left.date == right.date and same(left.time, right.time)
    return equal(left, right, run) is True


def less(left: object, right: object) -> bool | None:
    """`<`: null where the values have no order."""
    keys = _keys(left, right)
    return None if keys is None else keys[0] < keys[1]


def less_or_equal(left: object, right: object) -> bool | None:
    """`<=`."""
    keys = _keys(left, right)
    return None if keys is None else keys[0] <= keys[1]


def more(left: object, right: object) -> bool | None:
    """`>`."""
    keys = _keys(left, right)
    return None if keys is None else keys[0] > keys[1]


def more_or_equal(left: object, right: object) -> bool | None:
    """`>=`."""
    keys = _keys(left, right)
    return None if keys is None else keys[0] >= keys[1]


def is_local(value: Time | DateTime) -> bool:
    """Whether neither an offset nor a zone says where the time holds."""
    return (value.time if isinstance(value, DateTime) else value).is_local


def _keys(left: object, right: object) -> tuple[Decimal, Decimal] | tuple[int, int] | None:
    kind = left.__class__
    if kind is not right.__class__:
        return None
    if kind in _ORDERED:
        return left, right  # type: ignore[return-value]
    if isinstance(left, Time | DateTime):
        assert isinstance(right, Time | DateTime)
        return (left.instant(), right.instant()) if is_local(left) == is_local(right) else None
    return None


_ORDERED = frozenset({Decimal, str, Date, Days, Months})


# Logic


def both(left: object, right: object) -> bool | None:
    """`and` of values that are known already."""
    if left is False or right is False:
        return False
    return True if left is True and right is True else None


def either(left: object, right: object) -> bool | None:
    """`or` of values that are known already."""
    if left is True or right is True:
        return True
    return False if left is False and right is False else None


def opposite(value: object) -> bool | None:
    """`not`."""
    return (not value) if isinstance(value, bool) else None


def within(value: object, range_: Range) -> bool | None:
    """Whether a value lies in a range; an open end lets all pass."""
    return between_ends(value, range_.low, range_.high, range_.low_included, range_.high_included)


def between_ends(value: object, low: object, high: object, low_included: bool, high_included: bool) -> bool | None:
    """The same for ends that nobody has put into a range yet."""
    if low is None and high is None:
        return None
    above = True if low is None else more_or_equal(value, low) if low_included else more(value, low)
    below = True if high is None else less_or_equal(value, high) if high_included else less(value, high)
    return both(above, below)


# Arithmetic


def plus(run: Run, left: object, right: object) -> object:
    """`+`."""
    if left.__class__ is Decimal and right.__class__ is Decimal:
        return _decimal(ARITHMETIC.add, left, right)
    if left.__class__ is str and right.__class__ is str:
        run.text(len(left) + len(right))
        return left + right
    return _by_kind(run, _ADD, left, right)


def minus(run: Run, left: object, right: object) -> object:
    """`-`."""
    if left.__class__ is Decimal and right.__class__ is Decimal:
        return _decimal(ARITHMETIC.subtract, left, right)
    return _by_kind(run, _SUBTRACT, left, right)


def times(run: Run, left: object, right: object) -> object:
    """`*`."""
    if left.__class__ is Decimal and right.__class__ is Decimal:
        return _decimal(ARITHMETIC.multiply, left, right)
    return _by_kind(run, _MULTIPLY, left, right)


def divided(run: Run, left: object, right: object) -> object:
    """`/`: null by zero."""
    if left.__class__ is Decimal and right.__class__ is Decimal:
        return _decimal(ARITHMETIC.divide, left, right)
    return _by_kind(run, _DIVIDE, left, right)


def power(_run: Run, left: object, right: object) -> object:
    """`**`; the arithmetic is bounded by its 34 digits, whatever the exponent."""
    if left.__class__ is Decimal and right.__class__ is Decimal:
        if not left and not right:
            return Decimal(1)
        if not left and right < 0:
            return None  # A division by zero, which this operation alone does not signal.
        return _decimal(ARITHMETIC.power, left, right)
    return None


def negated(value: object) -> object:
    """`-x`."""
    if value.__class__ is Decimal:
        return ARITHMETIC.minus(value)
    if isinstance(value, Days):
        return Days(-value.nanoseconds)
    return Months(-value.count) if isinstance(value, Months) else None


def folded(run: Run, signs: str, first: object, *others: object) -> object:
    """A long chain of one precedence, from left to right."""
    for sign, other in zip(signs, others, strict=True):
        first = BY_SIGN[sign](run, first, other)
    return first


BY_SIGN: dict[str, Callable[[Run, object, object], object]] = {
    "+": plus, "-": minus, "*": times, "/": divided, "^": power,
}  # fmt: skip


def _decimal(operation: Callable[[Decimal, Decimal], Decimal], left: object, right: object) -> Decimal | None:
    try:
        return operation(left, right)  # type: ignore[arg-type]
    except DecimalException:
        return None


Rule = Callable[..., object]


def _by_kind(run: Run, rules: dict[tuple[type, type], Rule], left: object, right: object) -> object:
    rule = rules.get((left.__class__, right.__class__))
    if rule is None:
        return None
    run.spend(_ZONED if _is_zoned(left) or _is_zoned(right) else _TEMPORAL)
    return rule(left, right)


def _is_zoned(value: object) -> bool:
    time = value.time if isinstance(value, DateTime) else value
    return isinstance(time, Time) and time.zone is not None


_TEMPORAL, _ZONED = 5, 40
"""Steps of an operation on times: the calendar costs more than a number, and a zone much more."""


def date_plus_months(day: Date, months: Months) -> Date | None:
    """The same day so many months on, or the last of that month."""
    count = day.year * 12 + day.month - 1 + months.count
    year, month = divmod(count, 12)
    if abs(year) > MAX_YEAR:
        return None
    return Date(year, month + 1, min(day.day, days_in_month(year, month + 1)))


def date_plus_days(day: Date, span: Days) -> Date | None:
    """Midnight of the day moved by the duration; the day it falls on."""
    return _bounded(day.epoch_day() + span.nanoseconds // DAY)


def _bounded(epoch_day: int) -> Date | None:
    if abs(epoch_day) > (MAX_YEAR + 1) * 366:
        return None
    found = date_of(epoch_day)
    return found if abs(found.year) <= MAX_YEAR else None


def moment_plus_days(moment: DateTime, span: Days) -> DateTime | None:
    """Moved along the line of time: a day with a change of clocks has 23 or 25 hours."""
    if moment.time.zone is None:
        days, rest = divmod(moment.time.nanoseconds + span.nanoseconds, DAY)
        day = _bounded(moment.date.epoch_day() + days)
        return None if day is None else DateTime(day, Time(rest, moment.time.offset))
    return moment_at(moment.instant() + span.nanoseconds, None, moment.time.zone)


def moment_at(instant: int, offset: int | None, zone: str | None) -> DateTime | None:
    """The local date and time of an instant."""
    days, rest = divmod(instant, DAY)
    day = _bounded(days)
    if day is None:
        return None
    shift = zone_offset(zone, day, rest, is_utc=True) if zone is not None else offset or 0
    local_days, local_rest = divmod(instant + shift * 1_000_000_000, DAY)
    local_day = _bounded(local_days)
    if local_day is None:
        return None
    return None if local_day is None else DateTime(local_day, Time(local_rest, offset, zone))


def _moment_plus_months(moment: DateTime, months: Months) -> DateTime | None:
    day = date_plus_months(moment.date, months)
    return None if day is None else DateTime(day, moment.time)


def _time_plus_days(time: Time, span: Days) -> Time:
    return Time((time.nanoseconds + span.nanoseconds) % DAY, time.offset, time.zone)


def _less_days(rule: Rule) -> Rule:
    return lambda value, span: rule(value, Days(-span.nanoseconds))


def _less_months(rule: Rule) -> Rule:
    return lambda value, months: rule(value, Months(-months.count))


def _swapped(rule: Rule) -> Rule:
    return lambda left, right: rule(right, left)


def _between(left: DateTime, right: DateTime) -> Days | None:
    return Days(left.instant() - right.instant()) if is_local(left) == is_local(right) else None


def _between_times(left: Time, right: Time) -> Days | None:
    return Days(left.instant() - right.instant()) if left.is_local == right.is_local else None


def _midnight(day: Date, like: DateTime) -> DateTime:
    return DateTime(day, Time(0, None if like.time.is_local else 0))


def _scaled_days(span: Days, factor: Decimal) -> Days | None:
    return _whole(lambda: WIDE.multiply(Decimal(span.nanoseconds), factor), Days)


def _scaled_months(months: Months, factor: Decimal) -> Months | None:
    return _whole(lambda: WIDE.multiply(Decimal(months.count), factor), Months)


def _split_days(span: Days, by: Decimal) -> Days | None:
    return _whole(lambda: WIDE.divide(Decimal(span.nanoseconds), by), Days) if by else None


def _split_months(months: Months, by: Decimal) -> Months | None:
    return _whole(lambda: WIDE.divide(Decimal(months.count), by), Months) if by else None


def _whole(exact: Callable[[], Decimal], kind: Callable[[int], Duration]) -> Duration | None:
    try:
        found = exact()
    except DecimalException:
        return None
    return kind(int(found.to_integral_value(ROUND_DOWN))) if found.adjusted() < 40 else None


def _ratio(left: int, right: int) -> Decimal | None:
    return _decimal(ARITHMETIC.divide, Decimal(left), Decimal(right)) if right else None


_ADD: dict[tuple[type, type], Rule] = {
    (Days, Days): lambda left, right: Days(left.nanoseconds + right.nanoseconds),
    (Months, Months): lambda left, right: Months(left.count + right.count),
    (Date, Months): date_plus_months,
    (Months, Date): _swapped(date_plus_months),
    (Date, Days): date_plus_days,
    (Days, Date): _swapped(date_plus_days),
    (DateTime, Months): _moment_plus_months,
    (Months, DateTime): _swapped(_moment_plus_months),
    (DateTime, Days): moment_plus_days,
    (Days, DateTime): _swapped(moment_plus_days),
    (Time, Days): _time_plus_days,
    (Days, Time): _swapped(_time_plus_days),
}
_SUBTRACT: dict[tuple[type, type], Rule] = {
    (Days, Days): lambda left, right: Days(left.nanoseconds - right.nanoseconds),
    (Months, Months): lambda left, right: Months(left.count - right.count),
    (Date, Months): _less_months(date_plus_months),
    (Date, Days): _less_days(date_plus_days),
    (DateTime, Months): _less_months(_moment_plus_months),
    (DateTime, Days): _less_days(moment_plus_days),
    (Time, Days): _less_days(_time_plus_days),
    (Date, Date): lambda left, right: Days((left.epoch_day() - right.epoch_day()) * DAY),
    (DateTime, DateTime): _between,
    (DateTime, Date): lambda left, right: _between(left, _midnight(right, left)),
    (Date, DateTime): lambda left, right: _between(_midnight(left, right), right),
    (Time, Time): _between_times,
}
_MULTIPLY: dict[tuple[type, type], Rule] = {
    (Days, Decimal): _scaled_days,
    (Decimal, Days): _swapped(_scaled_days),
    (Months, Decimal): _scaled_months,
    (Decimal, Months): _swapped(_scaled_months),
}
_DIVIDE: dict[tuple[type, type], Rule] = {
    (Days, Decimal): _split_days,
    (Months, Decimal): _split_months,
    (Days, Days): lambda left, right: _ratio(left.nanoseconds, right.nanoseconds),
    (Months, Months): lambda left, right: _ratio(left.count, right.count),
}
