"""A model's requirements: what each element needs, in which order, and which decisions need themselves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)


def ordered(goal: Iterable[Key], needs: Callable[[Key], Iterable[Key]]) -> tuple[list[Key], set[Key]]:
    """Everything that the goal needs and the goal, what is needed first; and what stands on a cycle.

    Long chains cost no stack. A cycle is entered at the place where it was first met, so every element comes once.
    """
    done: dict[Key, bool] = {}
    order: list[Key] = []
    cyclic: set[Key] = set()
    for start in goal:
        path: list[Key] = []
        pending: list[tuple[Key, bool]] = [(start, False)]
        while pending:
            key, is_left = pending.pop()
            if is_left:
                done[key] = True
                order.append(path.pop())
            elif key not in done:
                done[key] = False
                path.append(key)
                pending.append((key, True))
                pending += [(inner, False) for inner in needs(key)]
            elif not done[key]:
                cyclic.update(path[path.index(key) :])
    return order, cyclic
