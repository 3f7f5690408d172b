"""Which installed products a line may act on, and how it says so. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orderloom.assets.types import NamedAsset
from orderloom.base.refusals import Problem
from orderloom.orders.types import ItemDraft

CHANGING: Final = frozenset({"modify", "delete", "suspend", "resume"})
"""Actions that alter an installed product: one open order at a time may do so."""

_STATES: Final[Mapping[str, tuple[str, ...]]] = {
    "modify": ("active",),
    "delete": ("active", "suspended"),
    "suspend": ("active",),
    "resume": ("suspended",),
    "add": ("active", "suspended"),
    "none": ("created", "pending_active", "active", "suspended"),
}
_VERBS: Final = {"modify": "changed", "delete": "disconnected", "add": "moved", "none": "added to"}


@dataclass(frozen=True, slots=True)
class Sold:
    """A line that names an installed product, with its pointer, and what the order sells on it."""

    item: ItemDraft
    product: str
    account_id: int
    pointer: str


def asset_problems(lines: Sequence[Sold], known: Mapping[str, NamedAsset]) -> list[Problem]:
    """Products that nobody has, that are another customer's or another product, or that stand otherwise."""
    return [problem for line in lines for problem in _problems(line, known)]


def _problems(line: Sold, known: Mapping[str, NamedAsset]) -> Iterator[Problem]:
    item, pointer = line.item, f"{line.pointer}/asset"
    assert item.asset is not None
    asset = known.get(item.asset)
    if asset is None or asset.account_id != line.account_id:
        message = f"The customer has no installed product {item.asset}; choose one of the customer's page."
        yield Problem("asset_unknown", message, pointer)
        return
    if asset.product_code != line.product and item.action != "add":
        message = f"{asset.number} is {asset.product_name}, the line is another product; name that one."
        yield Problem("asset_product", message, pointer)
    if asset.state not in _STATES[item.action]:
        verb = _VERBS.get(item.action, f"{item.action}ed".replace("eed", "ed"))
        allowed = " or ".join(_STATES[item.action]).replace("_", " ")
        message = f"{asset.number} is {asset.state.replace('_', ' ')}; only what is {allowed} can be {verb}."
        yield Problem("asset_state", message, pointer)


def taken_problem(asset: str, order: str, pointer: str = "") -> Problem:
    """Another open order changes the product already."""
    message = f"{order} is changing {asset} already; wait until it has ended, change that order, or cancel it."
    return Problem("asset_taken", message, pointer)
