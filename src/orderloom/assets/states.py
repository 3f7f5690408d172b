"""Which state may follow which for installed products (TMF637) and what realizes them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

ASSET: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "created": ("pending_active", "active", "cancelled", "aborted"),
        "pending_active": ("active", "cancelled", "aborted"),
        "active": ("suspended", "pending_terminate", "terminated"),
        "suspended": ("active", "pending_terminate", "terminated"),
        "pending_terminate": ("active", "suspended", "terminated"),
        "terminated": (),
        "cancelled": (),
        "aborted": (),
    }
)
REALIZATION: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "reserved": ("active", "terminated"),
        "active": ("inactive", "terminated"),
        "inactive": ("active", "terminated"),
        "terminated": (),
    }
)
OVER: Final = frozenset(state for state, later in ASSET.items() if not later)


def before(table: Mapping[str, tuple[str, ...]], state: str) -> list[str]:
    """The states from which this one may be entered."""
    return [earlier for earlier, later in table.items() if state in later]
