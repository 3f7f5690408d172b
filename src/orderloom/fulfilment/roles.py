"""Which lines of a bundle belong to its part with a role, such as the anchor that the rest hangs on. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from orderloom.catalog.rules import Item

ANCHOR: Final = "anchor"


def lines_with_role(items: Mapping[str, Item], bundle: str, role: str) -> frozenset[str]:
    """The parts of a bundle with this role, and all that is below them.

    A part that names no role has its component's.
    """
    components = {component.product: component.role for component in items[bundle].product.components}
    pending = [
        line
        for line in items[bundle].children
        if (items[line].role or components.get(items[line].product.code)) == role
    ]
    found: set[str] = set()
    while pending:
        line = pending.pop()
        found.add(line)
        pending += items[line].children
    return frozenset(found)
