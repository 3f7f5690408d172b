"""The item tree of a draft: who belongs to whom, and who relies on whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.refusals import Problem
from orderloom.orders.types import ItemDraft


@dataclass(frozen=True, slots=True)
class Tree:
    """By place in the draft: the parent, and the bundle on top; None for no parent.

    `downwards` has every parent before its children.
    """

    parents: tuple[int | None, ...]
    tops: tuple[int | None, ...]
    downwards: tuple[int, ...]


def plant(items: Sequence[ItemDraft]) -> Tree:
    """Tie items to their parents, in linear time.

    What is wrong with a tree is for the catalogue's rules to say; here a tie to nothing or into a
    circle counts as none, so that everything else can be looked at as well.
    """
    places = {item.line: place for place, item in enumerate(items)}
    parents = [places.get(item.parent) if item.parent is not None else None for item in items]
    downwards = _downwards(parents)
    tops: list[int | None] = [None] * len(items)
    for place in downwards:
        parent = parents[place]
        if parent is not None:
            tops[place] = parent if tops[parent] is None else tops[parent]
    return Tree(tuple(parents), tuple(tops), tuple(downwards))


def _downwards(parents: list[int | None]) -> list[int]:
    children: list[list[int]] = [[] for _ in parents]
    for place, parent in enumerate(parents):
        if parent is not None:
            children[parent].append(place)
    order = [place for place, parent in enumerate(parents) if parent is None]
    for place in order:
        order.extend(children[place])
    for place in sorted(set(range(len(parents))) - set(order)):
        parents[place] = None
        order.append(place)
    return order


def need_problems(items: Sequence[ItemDraft]) -> list[Problem]:
    """Refuse items that rely on one line twice, or on themselves through others."""
    places = {item.line: place for place, item in enumerate(items)}
    problems = []
    for place, item in enumerate(items):
        seen: set[str] = set()
        for index, line in enumerate(item.relies_on):
            if line in seen:
                message = f"Line {line} is named twice; name it once."
                problems.append(Problem("needed_double", message, f"/items/{place}/relies_on/{index}"))
            seen.add(line)
    needs = [[places[line] for line in item.relies_on if line in places and line != item.line] for item in items]
    return problems + [
        Problem(
            "needs_circle",
            f"Line {items[place].line} relies on itself through others; end the circle.",
            f"/items/{place}/relies_on",
        )
        for place in _in_circles(needs)
    ]


def _in_circles(needs: Sequence[Sequence[int]]) -> list[int]:
    """Those that are never free when whoever relies on nothing unfinished is taken away, again and again.

    Items that merely lead into a circle are trimmed from the other side as well.
    """
    needed_by: list[list[int]] = [[] for _ in needs]
    for place, found in enumerate(needs):
        for needed in found:
            needed_by[needed].append(place)
    left = _trim(set(range(len(needs))), needs, needed_by)
    return sorted(_trim(left, needed_by, needs))


def _trim(left: set[int], forward: Sequence[Sequence[int]], backward: Sequence[Sequence[int]]) -> set[int]:
    counts = {place: sum(other in left for other in forward[place]) for place in left}
    free = [place for place, count in counts.items() if count == 0]
    while free:
        place = free.pop()
        left.discard(place)
        for other in backward[place]:
            if other in left:
                counts[other] -= 1
                if counts[other] == 0:
                    free.append(other)
    return left
