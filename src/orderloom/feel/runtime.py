"""What compiled expressions call while they run: paths, filters, iterations, tests, functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal

from orderloom.feel.limits import FeelLimit
from orderloom.feel.operators import between_ends, both, either, equal, less, less_or_equal, more, more_or_equal, within
from orderloom.feel.prices import FUNCTIONS
from orderloom.feel.run import Run
from orderloom.feel.times import property_of
from orderloom.feel.types import Type, coerced, is_function, kind_word
from orderloom.feel.values import Callee, Date, DateTime, Days, Months, Range, Time, date_of

ORDER: dict[str, Callable[[object, object], bool | None]] = {
    "<": less, "<=": less_or_equal, ">": more, ">=": more_or_equal, "=": equal,
}  # fmt: skip


class UnknownFact(Exception):
    """A fact was read that nobody has told yet."""


class _Nothing(Exception):
    """An iteration over null, which is null."""


# Paths and filters


def path(run: Run, value: object, name: str) -> object:  # noqa: PLR0911 - one return for each kind of value
    """`value.name`: an entry, a property, or of a list the list of them."""
    if isinstance(value, dict):
        return value.get(name)
    if isinstance(value, Date | DateTime | Time | Days | Months):
        run.spend(4)
        return property_of(value, name)
    if isinstance(value, list):
        run.items(len(value))
        run.spend(10 + 3 * len(value))
        return [path(run, inner, name) for inner in value]
    if isinstance(value, Range):
        match name:
            case "start":
                return value.low
            case "end":
                return value.high
            case "start included":
                return value.low_included
            case "end included":
                return value.high_included
    return None


def at_index(value: object, index: object) -> object:
    """`list[2]`, or from the end `list[-1]`; null outside of the list."""
    if value is None or not isinstance(index, Decimal) or index != index.to_integral_value():
        return None
    items = value if isinstance(value, list) else [value]
    if not 0 < abs(index) <= len(items):
        return None
    place = int(index)
    return items[place - 1 if place > 0 else place]


def filtered(run: Run, weight: int, value: object, passes: Callable[[object], object]) -> object:
    """`list[condition]`; a number is a place, a truth value chooses, null chooses nothing, anything else is null."""
    if value is None:
        return None
    items = value if isinstance(value, list) else [value]
    if not items:
        run.spend(weight)
        return None if isinstance(passes(None), Decimal) else []
    chosen: list[object] = []
    for number, item in enumerate(items):
        run.spend(weight)
        passed = passes(item)
        if number == 0 and isinstance(passed, Decimal):
            return at_index(items, passed)
        if passed is True:
            chosen.append(item)
        elif passed is not False and passed is not None:
            return None
    return chosen


# Iterations


def iterate(run: Run, weight: int, source: Iterable[object], body: Callable[[object], object]) -> bool:
    """Visit the items until the body says true; whether it did."""
    for item in source:
        run.spend(weight + 4 if item.__class__ is Date else weight)
        if body(item) is True:
            return True
    return False


def items_of(value: object) -> Sequence[object]:
    """The items to iterate: a list's, those of a closed range of whole numbers or dates, or the one value."""
    if isinstance(value, list):
        return value
    if value is None:
        raise _Nothing
    if isinstance(value, Range):
        low, high = value.low, value.high
        found = list(_span(low, high, limit=1_000_000)) if _goes_up(low, high) else None
        if found is None:
            raise _Nothing
        first = 0 if value.low_included else 1
        return found[first : len(found) if value.high_included else -1]
    return [value]


def span(low: object, high: object) -> Iterator[object]:
    """`low..high`: whole numbers or days, upwards or downwards."""
    return _span(low, high)


def _goes_up(low: object, high: object) -> bool:
    return less_or_equal(low, high) is True


def _span(low: object, high: object, limit: int | None = None) -> Iterator[object]:
    if isinstance(low, Decimal) and isinstance(high, Decimal):
        if low != low.to_integral_value() or high != high.to_integral_value():
            raise _Nothing
        first, last = int(low), int(high)
        _refuse_long(first, last, limit)
        return (Decimal(number) for number in _steps(first, last))
    if isinstance(low, Date) and isinstance(high, Date):
        first, last = low.epoch_day(), high.epoch_day()
        _refuse_long(first, last, limit)
        return (date_of(number) for number in _steps(first, last))
    raise _Nothing


def _refuse_long(first: int, last: int, limit: int | None) -> None:
    if limit is not None and abs(last - first) >= limit:
        raise FeelLimit("items", f"An iteration visits at most {limit} items.")


def _steps(first: int, last: int) -> Iterable[int]:
    return range(first, last + 1) if first <= last else range(first, last - 1, -1)


def collected(run: Run, loops: Callable[[list[object]], object]) -> object:
    """The list that a `for` makes; null over null."""
    found: list[object] = []
    try:
        loops(found)
    except _Nothing:
        return None
    return found


def collect(run: Run, found: list[object], value: object) -> None:
    """One more item of it."""
    if len(found) >= run.limits.items:
        run.items(len(found) + 1)
    found.append(value)


def partial(run: Run, found: list[object]) -> list[object]:
    """What a `for` has made so far."""
    run.spend(len(found))
    return list(found)


def quantified(decisive: bool, loops: Callable[[list[object]], object]) -> bool | None:
    """`some` (true is decisive) or `every` (false is)."""
    seen: list[object] = []
    try:
        if loops(seen):
            return decisive
    except _Nothing:
        return None
    return None if seen else not decisive


def seen(found: list[object], value: object, decisive: bool) -> bool:
    """Whether one condition decides; a null is remembered."""
    if value is decisive:
        return True
    if not isinstance(value, bool) and not found:
        found.append(value)
    return False


# Logic with facts that nobody has told


def junction(decisive: bool, terms: Sequence[Callable[[], object]]) -> bool | None:
    """`and` (false is decisive) or `or` (true is) where a term may be unknown: another one may still decide."""
    unknown: UnknownFact | None = None
    result: bool | None = not decisive
    combine = either if decisive else both
    for term in terms:
        try:
            result = combine(result, term())
        except UnknownFact as missing:
            unknown = missing
        if result is decisive:
            return decisive
    if unknown is not None:
        raise unknown
    return result


# Tests


def tested(subject: object, value: object, run: Run) -> bool | None:
    """Whether a value passes the test that an expression's value is: equal to it, in its list, or in its range."""
    if isinstance(value, list):
        run.spend(len(value))
        if isinstance(subject, list) and equal(subject, value, run) is True:
            return True
        return any(
            within(subject, inner) is True if isinstance(inner, Range) and not isinstance(subject, Range) else
            equal(subject, inner, run) is True
            for inner in value
        )  # fmt: skip
    if isinstance(value, Range) and not isinstance(subject, Range):
        return within(subject, value)
    if isinstance(subject, list) and not isinstance(value, list) and value is not None and len(subject) == 1:
        return equal(subject[0], value, run)
    return equal(subject, value, run)


def tested_any(subject: object, values: Sequence[object], run: Run) -> bool | None:
    """Whether one of many constants is the value."""
    return either_of(tested(subject, value, run) for value in values)


def either_of(answers: Iterable[bool | None]) -> bool | None:
    """`or` of many."""
    result: bool | None = False
    for answer in answers:
        if answer is True:
            return True
        result = None if answer is None else result
    return result


def tested_truth(subject: object, value: object, run: Run) -> bool | None:
    """The same for an expression that is a condition of its own; only a truth value is compared with it."""
    if isinstance(subject, bool):
        return equal(subject, value, run)
    return value if isinstance(value, bool) else None


def in_interval(subject: object, low: object, high: object, low_included: bool, high_included: bool) -> bool | None:
    """`subject in [low..high]`; an end that is null makes it null."""
    if isinstance(subject, list) and len(subject) == 1:
        subject = subject[0]
    if low is None or high is None:
        return None
    return between_ends(subject, low, high, low_included, high_included)


def between(value: object, low: object, high: object) -> bool | None:
    """`value between low and high`."""
    return both(more_or_equal(value, low), less_or_equal(value, high))


def interval(low: object, high: object, low_included: bool, high_included: bool) -> Range | None:
    """A range value; its ends must have an order."""
    if low is None and high is None:
        return None
    if low is not None and high is not None and less_or_equal(low, high) is None:
        return None
    return Range(low, high, low_included, high_included)


def open_range(sign: str, end: object) -> Range | None:
    """`(< 5)` as a value."""
    match sign:
        case "<" | "<=":
            return interval(None, end, False, sign == "<=")
        case ">" | ">=":
            return interval(end, None, sign == ">=", False)
        case "=":
            return interval(end, end, True, True)
    return None


def noted(run: Run, at: int, what: str, function: Callable[..., object], *arguments: object) -> object:
    """Call a function, and note it where it makes null of values that are not."""
    found = function(*arguments)
    if found is None and all(argument is not None for argument in arguments):
        run.note(at, lambda: _sentence(what, [a for a in arguments if a is not run]))
    return found


def _sentence(what: str, arguments: Sequence[object]) -> str:
    kinds = " and ".join(kind_word(argument) for argument in arguments[:5])
    return f"“{what}” of {kinds} is null." if kinds else f"“{what}” is null."


# Functions


def callee(
    run: Run, weight: int, parameters: tuple[str, ...], types: tuple[Type | None, ...], body: Callable[..., object]
) -> Callee:
    """A function that a user wrote."""
    run.spend(15)

    def called(*arguments: object) -> object:
        wanted: list[object] = []
        for argument, kind in zip(arguments, types, strict=True):
            if kind is not None and argument is not None:
                fits, argument = coerced(argument, kind, run)  # noqa: PLW2901 - the converted argument replaces it
                if not fits:
                    return None
            wanted.append(argument)
        run.spend(weight)
        run.depth += 1
        if run.depth > run.limits.recursion:
            raise FeelLimit("recursion", f"Functions call one another more than {run.limits.recursion} deep.")
        try:
            return body(*wanted)
        finally:
            run.depth -= 1

    return Callee(parameters, called, types)


def function_or(value: object, builtin: object) -> object:
    """The value if it is a function, else the built-in function of its name."""
    return value if is_function(value) else builtin


def invoke(run: Run, function: object, arguments: tuple[object, ...]) -> object:
    """Call by position; what is no function, or wants another number of arguments, gives null."""
    from orderloom.feel.builtins import Overloads

    if isinstance(function, Overloads):
        found = function.by_position(len(arguments))
        run.spend(1 + FUNCTIONS.get(function.name, 0))
        return None if found is None else found.call(run, *arguments)
    if isinstance(function, Callee) and len(arguments) == len(function.parameters):
        return function.call(*arguments)
    return None


def invoke_named(run: Run, function: object, names: tuple[str, ...], arguments: tuple[object, ...]) -> object:
    """Call by name; a name that the function does not have gives null."""
    from orderloom.feel.builtins import Overloads

    given = dict(zip(names, arguments, strict=True))
    if len(given) != len(names):
        return None
    if isinstance(function, Overloads):
        found = function.by_name(names)
        run.spend(1 + FUNCTIONS.get(function.name, 0))
        return None if found is None else found.call(run, *found.in_order(given, None))
    if isinstance(function, Callee) and set(names) <= set(function.parameters):
        return function.call(*(given.get(parameter) for parameter in function.parameters))
    return None
