"""Which state may follow which, for billing triggers, charges and subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

TRIGGER: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "armed": ("ready", "waived", "reversed"),
        "ready": ("armed", "released", "waived", "reversed"),
        "released": ("ready", "reversed"),
        "waived": (),
        "reversed": (),
    }
)
CHARGE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"open": ("invoiced", "voided"), "invoiced": (), "voided": ()}
)
SUBSCRIPTION: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"active": ("suspended", "ended"), "suspended": ("active", "ended"), "ended": ()}
)


def before(table: Mapping[str, tuple[str, ...]], state: str) -> list[str]:
    """The states from which this one may be entered."""
    return [earlier for earlier, later in table.items() if state in later]
