"""Builders of processes for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.processes.commands import start_processes
from orderloom.processes.store.step import fetch_all
from orderloom.processes.types import Edge, Node, ProcessDraft, Step
from orderloom.processes.verify import INVARIANTS

SUBJECT = Subject("test", 1, "T-1")


def draft(nodes: Mapping[str, Node], edges: Sequence[str | tuple[Any, ...]] = (), **more: Any) -> ProcessDraft:
    """A process from named nodes and edges like "a>b", or ("a>b", "SS", 3600) with type, lag, kind, when."""
    names = list(nodes)
    made = []
    for edge in edges:
        words, *rest = (edge,) if isinstance(edge, str) else edge
        first, then = words.split(">")
        made.append(Edge(names.index(first), names.index(then), *rest))
    return ProcessDraft(
        more.pop("subject", SUBJECT), tuple(nodes.values()), tuple(made), tuple(names), tuple(names), **more
    )


async def process(tx: Tx, nodes: Mapping[str, Node], edges: Sequence[str | tuple[Any, ...]] = (), **more: Any) -> int:
    """Start one process; return its id."""
    [process_id] = await start_processes(tx, [draft(nodes, edges, **more)])
    return process_id


async def states(tx: Tx, process_id: int) -> dict[str, str]:
    """The state of every step by key."""
    return {step.key: str(step.state) for step in await fetch_all(tx, process_id)}


async def steps_by_key(tx: Tx, process_id: int) -> dict[str, Step]:
    """Every step by key."""
    return {step.key: step for step in await fetch_all(tx, process_id)}


async def breaches(tx: Tx) -> list[str]:
    """What breaks an invariant of the engine."""
    return [f"{i.name}: {breach}" for i in INVARIANTS for breach in await tx.values(i.sql)]
