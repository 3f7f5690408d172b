"""The shape of a process: its graph, compiled once and shared by all processes of equal content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

import msgspec

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.processes.conditions import condition_problems
from orderloom.processes.types import Edge, Node

WAKE_SECONDS_WITHOUT_HOURS = 86_400
MOST_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Graph:
    """What a definition row holds."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class Release(NamedTuple):
    """What a step that ran sends along one edge when it is done without having been started before."""

    then: int
    start: int
    finish: int
    live: int
    lag_seconds: int
    opens: bool


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A compiled graph. `graph` is its canonical JSON, `hash` the SHA-256 of that, `id` made of the hash.

    `plain` nodes end without further thought, `simple` ones become ready without further thought;
    `closers` are the nodes whose end may be the end of the process.
    """

    id: int
    hash: bytes
    graph: bytes
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    out: tuple[tuple[Edge, ...], ...]
    into: tuple[tuple[Edge, ...], ...]
    plain: tuple[bool, ...]
    simple: tuple[bool, ...]
    releases: tuple[tuple[Release, ...], ...]
    closers: frozenset[int]
    choices: Mapping[int, tuple[int, ...]]
    wake_seconds: tuple[int, ...]
    has_wait_for: bool


_encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
_decode = msgspec.json.Decoder(Graph, float_hook=Decimal).decode


def shape_of(nodes: Sequence[Node], edges: Sequence[Edge]) -> Shape:
    """The shape of this graph. Refused: edges that lead nowhere, cycles, a `completes` edge not from a timer."""
    return compiled(_encode(Graph(tuple(nodes), tuple(edges))))


def shape_from(stored: str) -> Shape:
    """The shape that a stored definition describes; jsonb keeps keys in an order of its own."""
    return compiled(_encode(_decode(stored)))


@lru_cache(maxsize=2048)
def compiled(graph: bytes) -> Shape:
    """The shape that this canonical JSON describes."""
    digest = sha256(graph).digest()
    nodes, edges = (known := _decode(graph)).nodes, known.edges
    refuse_if_any(_problems(nodes, edges))
    out: list[list[Edge]] = [[] for _ in nodes]
    into: list[list[Edge]] = [[] for _ in nodes]
    for edge in edges:
        out[edge.first].append(edge)
        into[edge.then].append(edge)
    order = _topological(len(nodes), edges)
    assert order is not None
    simple = tuple(_is_simple(node, into[number]) for number, node in enumerate(nodes))
    return Shape(
        id=int.from_bytes(digest[:8], "big") >> 1,
        hash=digest,
        graph=graph,
        nodes=nodes,
        edges=edges,
        out=tuple(map(tuple, out)),
        into=tuple(map(tuple, into)),
        plain=tuple(_is_plain(node, out[number], into[number]) for number, node in enumerate(nodes)),
        simple=simple,
        releases=tuple(
            tuple(_release(edge, simple[edge.then]) for edge in leaving if edge.kind != "completes") for leaving in out
        ),
        closers=_closers(nodes, out, order),
        choices=_choices(nodes),
        wake_seconds=_latest_finishes(nodes, out, into, order),
        has_wait_for=any(node.wait_for for node in nodes),
    )


def _problems(nodes: Sequence[Node], edges: Sequence[Edge]) -> list[Problem]:
    if len(nodes) > MOST_NODES:
        return [Problem("graph_too_large", f"A process may have {MOST_NODES} steps; split this one.", "/nodes")]
    problems: list[Problem] = []
    for place, node in enumerate(nodes):
        problems += condition_problems(node.when, f"/nodes/{place}/when")
        problems += condition_problems(node.wait_for, f"/nodes/{place}/wait_for")
    for place, edge in enumerate(edges):
        if not (0 <= edge.first < len(nodes) and 0 <= edge.then < len(nodes)) or edge.first == edge.then:
            problems.append(
                Problem("edge_nowhere", "This edge must connect two different steps of the process.", f"/edges/{place}")
            )
        elif edge.kind == "completes" and nodes[edge.first].mode != "timer":
            problems.append(
                Problem("completes_without_timer", "Only a timer can complete its sibling.", f"/edges/{place}")
            )
        elif edge.lag_seconds < 0:
            problems.append(Problem("negative_lag", "A lag is zero or more seconds.", f"/edges/{place}/lag_seconds"))
        problems += condition_problems(edge.when, f"/edges/{place}/when")
    if not problems and _topological(len(nodes), edges) is None:
        problems.append(
            Problem("cyclic", "These steps wait for each other in a circle; remove one of its edges.", "/edges")
        )
    return problems


def _topological(count: int, edges: Sequence[Edge]) -> list[int] | None:
    """The numbers in an order in which each follows its predecessors; None when there is a cycle."""
    missing = [0] * count
    then: list[list[int]] = [[] for _ in range(count)]
    for edge in edges:
        if edge.kind != "completes":
            missing[edge.then] += 1
            then[edge.first].append(edge.then)
    order = [number for number in range(count) if not missing[number]]
    for number in order:  # grows while it is walked
        for successor in then[number]:
            missing[successor] -= 1
            if not missing[successor]:
                order.append(successor)
    return order if len(order) == count else None


def _is_plain(node: Node, out: Sequence[Edge], into: Sequence[Edge]) -> bool:
    return not (
        node.yields
        or node.absorbs
        or node.tells
        or node.choice is not None
        or any(edge.kind != "plan" for edge in out)
        or any(edge.kind == "completes" or edge.type in ("FF", "SF") for edge in into)
    )


def _is_simple(node: Node, into: Sequence[Edge]) -> bool:
    return (
        node.mode == "auto"
        and node.when is None
        and node.wait_for is None
        and all(edge.kind == "plan" for edge in into)
    )


def _release(edge: Edge, opens: bool) -> Release:
    starts = edge.type in ("FS", "SS")
    return Release(edge.then, int(starts), int(not starts), int(edge.kind == "gateway"), edge.lag_seconds, opens)


def _closers(nodes: Sequence[Node], out: Sequence[Sequence[Edge]], order: Sequence[int]) -> frozenset[int]:
    """Nodes that nothing mandatory follows: one of them is always the last to end."""
    followed = [False] * len(nodes)
    for number in reversed(order):
        followed[number] = any(nodes[edge.then].mandatory or followed[edge.then] for edge in out[number])
    return frozenset(number for number in range(len(nodes)) if not followed[number])


def _choices(nodes: Sequence[Node]) -> dict[int, tuple[int, ...]]:
    sets: dict[int, list[int]] = {}
    for number, node in enumerate(nodes):
        if node.choice is not None:
            sets.setdefault(node.choice, []).append(number)
    return {choice: tuple(members) for choice, members in sets.items()}


def _latest_finishes(
    nodes: Sequence[Node], out: Sequence[Sequence[Edge]], into: Sequence[Sequence[Edge]], order: Sequence[int]
) -> tuple[int, ...]:
    """Seconds after the start at which each step is typically finished at the latest (critical path method)."""
    takes = [max(node.delay_seconds, int(node.hours[1] * 3600) if node.hours else 0) for node in nodes]
    start, finish = [0] * len(nodes), [0] * len(nodes)
    for number in order:
        for edge in into[number]:
            since = start[edge.first] if edge.type in ("SS", "SF") else finish[edge.first]
            until = since + edge.lag_seconds - (0 if edge.type in ("FS", "SS") else takes[number])
            if edge.kind != "completes":
                start[number] = max(start[number], until)
        finish[number] = start[number] + takes[number]
    end = max(finish, default=0) or WAKE_SECONDS_WITHOUT_HOURS
    latest = [end] * len(nodes)
    for number in reversed(order):
        for edge in out[number]:
            if edge.kind != "completes":
                until = latest[edge.then] - (takes[edge.then] if edge.type in ("FS", "SS") else 0) - edge.lag_seconds
                until += takes[number] if edge.type in ("SS", "SF") else 0
                latest[number] = min(latest[number], max(until, finish[number]))
    return tuple(latest)
