"""List functions (clause 10.3.4.4); a value that is no list is a list of one."""

from __future__ import annotations

from decimal import Decimal

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.operators import equal
from orderloom.feel.run import Run

List = list[object]


@builtin("list contains(list: list, element: any)")
def list_contains(run: Run, items: List, element: object) -> bool:
    """Whether an item equals the element; null may be one."""
    run.spend(2 * len(items))
    return any(equal(item, element, run) is True for item in items)


@builtin("count(list: list)")
def count(_run: Run, items: List) -> Decimal:
    """How many items, nulls too."""
    return Decimal(len(items))


@builtin("count(items*: any)")
def count_of(_run: Run, *items: object) -> Decimal:
    """The same of several arguments."""
    return Decimal(len(items))


@builtin("all(list: list)")
def every(run: Run, items: List) -> bool | None:
    """False if one is false, else true if all are true, else null."""
    run.spend(len(items))
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@builtin("all(items*: any)")
def every_of(run: Run, *items: object) -> bool | None:
    """The same of several arguments."""
    return every(run, list(items))  # type: ignore[return-value]


@builtin("any(list: list)")
def some(run: Run, items: List) -> bool | None:
    """True if one is true, else false if all are false, else null."""
    run.spend(len(items))
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@builtin("any(items*: any)")
def some_of(run: Run, *items: object) -> bool | None:
    """The same of several arguments."""
    return some(run, list(items))  # type: ignore[return-value]


@builtin("sublist(list: list, start position: number, length?: number)")
def sublist(run: Run, items: List, start: Decimal, length: Decimal | None = None) -> List | None:
    """From a position, the first being 1 and the last -1."""
    if not 1 <= abs(start) <= len(items) or (length is not None and length < 0):
        return None
    first = int(start) - 1 if start > 0 else len(items) + int(start)
    if length is not None and length > len(items) - first:
        return None
    run.items(len(items))
    return items[first:] if length is None else items[first : first + int(length)]


@builtin("append(list: list, item*: any)")
def append(run: Run, items: List, *more: object) -> List:
    """The list with the items at its end."""
    run.items(len(items) + len(more))
    return [*items, *more]


@builtin("concatenate(list*: list)")
def concatenate(run: Run, *lists: List) -> List:
    """One list after the other."""
    run.items(sum(map(len, lists)))
    return [item for items in lists for item in items]


@builtin("insert before(list: list, position: number, newItem: any)")
def insert_before(run: Run, items: List, position: Decimal, item: object) -> List | None:
    """The list with an item before that position."""
    place = _place(items, position)
    if place is None:
        return None
    run.items(len(items) + 1)
    return [*items[:place], item, *items[place:]]


@builtin("remove(list: list, position: number)")
def remove(run: Run, items: List, position: Decimal) -> List | None:
    """The list without the item at that position."""
    place = _place(items, position)
    if place is None:
        return None
    run.items(len(items))
    return [*items[:place], *items[place + 1 :]]


@builtin("list replace(list: list, position: any, newItem: any)")
@builtin("list replace(list: list, match: any, newItem: any)")
def list_replace(run: Run, items: List, where: object, item: object) -> List | None:
    """The list with another item at a position, or wherever `match(item, newItem)` is true."""
    from orderloom.feel.runtime import invoke

    run.items(len(items))
    if isinstance(where, Decimal):
        place = _place(items, where)
        return None if place is None else [*items[:place], item, *items[place + 1 :]]
    found: List = []
    for old in items:
        is_match = invoke(run, where, (old, item))
        if not isinstance(is_match, bool):
            return None
        found.append(item if is_match else old)
    return found


def _place(items: List, position: Decimal) -> int | None:
    if position != position.to_integral_value() or not 1 <= abs(position) <= len(items):
        return None
    return int(position) - 1 if position > 0 else len(items) + int(position)


@builtin("reverse(list: list)")
def reverse(run: Run, items: List) -> List:
    """The last first."""
    run.items(len(items))
    return items[::-1]


@builtin("index of(list: list, match: any)")
def index_of(run: Run, items: List, match: object) -> List:
    """The positions of the items that equal the match."""
    run.items(len(items))
    run.spend(2 * len(items))
    return [Decimal(number) for number, item in enumerate(items, start=1) if equal(item, match, run) is True]


@builtin("union(list*: list)")
def union(run: Run, *lists: List) -> List:
    """One list after the other, without duplicates."""
    return distinct_values(run, [item for items in lists for item in items])  # type: ignore[return-value]


@builtin("distinct values(list: list)")
def distinct_values(run: Run, items: List) -> List:
    """The list without duplicates, in the order of their first."""
    run.items(len(items))
    found: List = []
    simple: set[tuple[type, object]] = set()
    for item in items:
        if item is None or item.__class__ in (str, Decimal, bool):
            if (item.__class__, item) in simple:
                continue
            simple.add((item.__class__, item))
        else:
            run.spend(4 * len(found))
            if any(equal(other, item, run) is True for other in found):
                continue
        found.append(item)
    return found


@builtin("flatten(list: list)")
def flatten(run: Run, items: List) -> List:
    """All items of all lists within, however deep."""
    found: List = []
    pending = items[::-1]
    while pending:
        item = pending.pop()
        run.spend(2)
        if isinstance(item, list):
            pending.extend(reversed(item))
        else:
            found.append(item)
    return found
