"""Functions over lists of numbers or of comparable values (part of clause 10.3.4.4)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from functools import cmp_to_key

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.operators import ARITHMETIC, less, plus
from orderloom.feel.run import Run


@builtin("min(list: list)")
def least(run: Run, items: list[object]) -> object:
    """Null of an empty list, or where two have no order."""
    return _extreme(run, items, less)


@builtin("min(items*: any)")
def least_of(run: Run, *items: object) -> object:
    """The same of several arguments."""
    return least(run, list(items))


@builtin("max(list: list)")
def most(run: Run, items: list[object]) -> object:
    """Null of an empty list, or where two have no order."""
    return _extreme(run, items, lambda left, right: less(right, left))


@builtin("max(items*: any)")
def most_of(run: Run, *items: object) -> object:
    """The same of several arguments."""
    return most(run, list(items))


def _extreme(run: Run, items: list[object], comes_before: Callable[[object, object], bool | None]) -> object:
    run.spend(len(items))
    if not items:
        return None
    best = items[0]
    if comes_before(best, best) is None:
        return None
    for item in items[1:]:
        before = comes_before(item, best)
        if before is None:
            return None
        best = item if before else best
    return best


@builtin("sum(list: list)")
def total(run: Run, items: list[object]) -> object:
    """Of numbers, or of durations of one kind; null of an empty list."""
    run.spend(len(items))
    if not items or any(isinstance(item, str) for item in items):
        return None
    found = items[0]
    if len(items) == 1:
        return found if plus(run, found, found) is not None else None
    for item in items[1:]:
        found = plus(run, found, item) if item.__class__ is found.__class__ else None
    return found


@builtin("sum(items*: any)")
def total_of(run: Run, *items: object) -> object:
    """The same of several arguments."""
    return total(run, list(items))


def _numbers(run: Run, items: list[object]) -> list[Decimal] | None:
    run.spend(len(items))
    numbers = [item for item in items if isinstance(item, Decimal)]
    return numbers if numbers and len(numbers) == len(items) else None


@builtin("mean(list: list)")
def mean(run: Run, items: list[object]) -> Decimal | None:
    """The arithmetic mean."""
    numbers = _numbers(run, items)
    return None if numbers is None else _mean(numbers)


@builtin("mean(items*: any)")
def mean_of(run: Run, *items: object) -> Decimal | None:
    """The same of several arguments."""
    return mean(run, list(items))  # type: ignore[return-value]


def _mean(numbers: list[Decimal]) -> Decimal | None:
    try:
        found = Decimal(0)
        for number in numbers:
            found = ARITHMETIC.add(found, number)
        return ARITHMETIC.divide(found, Decimal(len(numbers)))
    except DecimalException:
        return None


@builtin("product(list: list)")
def product(run: Run, items: list[object]) -> Decimal | None:
    """Null of an empty list."""
    numbers = _numbers(run, items)
    if numbers is None:
        return None
    try:
        found = Decimal(1)
        for number in numbers:
            found = ARITHMETIC.multiply(found, number)
    except DecimalException:
        return None
    return found


@builtin("product(items*: any)")
def product_of(run: Run, *items: object) -> Decimal | None:
    """The same of several arguments."""
    return product(run, list(items))  # type: ignore[return-value]


@builtin("median(list: list)")
def median(run: Run, items: list[object]) -> Decimal | None:
    """The middle one, or the mean of the two in the middle."""
    numbers = _numbers(run, items)
    if numbers is None:
        return None
    numbers.sort()
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else _mean(numbers[middle - 1 : middle + 1])


@builtin("median(items*: any)")
def median_of(run: Run, *items: object) -> Decimal | None:
    """The same of several arguments."""
    return median(run, list(items))  # type: ignore[return-value]


@builtin("stddev(list: list)")
def deviation(run: Run, items: list[object]) -> Decimal | None:
    """The standard deviation of a sample; null of fewer than two."""
    numbers = _numbers(run, items)
    if numbers is None or len(numbers) < 2:
        return None
    middle = _mean(numbers)
    if middle is None:
        return None
    try:
        squares = Decimal(0)
        for number in numbers:
            difference = ARITHMETIC.subtract(number, middle)
            squares = ARITHMETIC.add(squares, ARITHMETIC.multiply(difference, difference))
        return ARITHMETIC.sqrt(ARITHMETIC.divide(squares, Decimal(len(numbers) - 1)))
    except DecimalException:
        return None


@builtin("stddev(items*: any)")
def deviation_of(run: Run, *items: object) -> Decimal | None:
    """The same of several arguments."""
    return deviation(run, list(items))  # type: ignore[return-value]


@builtin("mode(list: list)")
def modes(run: Run, items: list[object]) -> list[object] | None:
    """The most frequent numbers, in ascending order; empty of an empty list."""
    if not items:
        return []
    numbers = _numbers(run, items)
    if numbers is None:
        return None
    counts: dict[Decimal, int] = {}
    for number in numbers:
        counts[number] = counts.get(number, 0) + 1
    most_frequent = max(counts.values())
    return sorted(number for number, count in counts.items() if count == most_frequent)  # type: ignore[return-value]


@builtin("mode(items*: any)")
def modes_of(run: Run, *items: object) -> list[object] | None:
    """The same of several arguments."""
    return modes(run, list(items))  # type: ignore[return-value]


@builtin("sort(list: list, precedes?: any)")
def sort(run: Run, items: list[object], precedes: object = None) -> list[object] | None:
    """Stable, by `<` or by a function that tells of two items whether the first comes first."""
    from orderloom.feel.runtime import invoke

    run.items(len(items))
    if precedes is None and not _is_ordered(items):
        return None

    def order(left: object, right: object) -> int:
        run.spend(3)
        if precedes is None:
            return -1 if less(left, right) else 1 if less(right, left) else 0
        if invoke(run, precedes, (left, right)) is True:
            return -1
        return 1 if invoke(run, precedes, (right, left)) is True else 0

    return sorted(items, key=cmp_to_key(order))


def _is_ordered(items: list[object]) -> bool:
    return len({item.__class__ for item in items}) < 2 and all(less(item, item) is not None for item in items)
