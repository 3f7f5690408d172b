"""Which steps billing waits for: a gate itself, or a mandatory step before one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from orderloom.processes.types import Edge


class Placed(Protocol):
    """As much of a step as decides whether billing waits for it."""

    @property
    def key(self) -> str: ...
    @property
    def mandatory(self) -> bool: ...


def gates_billing(steps: Sequence[Placed], edges: Sequence[Edge], number: int, gates: Collection[str]) -> bool:
    """Whether a charge waits for this step: it is one of the gates (by key), or mandatory and before one.

    `steps` are all steps of the process by number. An optional step that is no gate delays no charge.
    """
    if steps[number].key in gates:
        return True
    if not steps[number].mandatory or not gates:
        return False
    after: dict[int, list[int]] = {}
    for edge in edges:
        after.setdefault(edge.first, []).append(edge.then)
    seen = {number}
    pending = [number]
    while pending:
        for then in after.get(pending.pop(), ()):
            if then not in seen:
                if steps[then].key in gates:
                    return True
                seen.add(then)
                pending.append(then)
    return False
