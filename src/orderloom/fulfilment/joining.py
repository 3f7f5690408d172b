"""Taking steps out of a graph: their predecessors are joined to their successors."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.fulfilment.types import Reason

Edges = dict[tuple[int, int, str], tuple[int, Reason]]
"""First, then and type of a dependency, with its lag in seconds and its reason."""


def join(edges: Edges, key: tuple[int, int, str], lag: int, reason: Reason) -> bool:
    """Add a dependency; of two lags between the same ends the longer counts. Whether there was none before."""
    known = edges.get(key)
    if known is None or known[0] < lag:
        edges[key] = (lag, reason)
    return known is None


def bypassed(edges: Edges, absent: Sequence[int]) -> Edges:
    """The dependencies without some steps, each replaced by what it stood between.

    A step that is not there takes no time, so its start is its finish; and a lag counts only from a
    step that really ran, so the lag after it falls away. Linear in the edges of the absent steps.
    """
    if not absent:
        return edges
    gone = set(absent)
    into: dict[int, list[tuple[int, str]]] = {number: [] for number in absent}
    out: dict[int, list[tuple[int, str]]] = {number: [] for number in absent}
    for first, then, kind in edges:
        if first in gone:
            out[first].append((then, kind))
        if then in gone:
            into[then].append((first, kind))
    for number in absent:
        for first, before in into[number]:
            lag, reason = edges[(first, number, before)]
            for then, after in out[number]:
                kind = before[0] + after[1]
                if first == then or not join(edges, (first, then, kind), lag, reason):
                    continue
                if first in gone:
                    out[first].append((then, kind))
                if then in gone:
                    into[then].append((first, kind))
    return {key: value for key, value in edges.items() if key[0] not in gone and key[1] not in gone}
