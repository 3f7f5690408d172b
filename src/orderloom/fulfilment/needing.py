"""What an order does to what is installed: what it ends, what it changes, and what stays because it is needed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from orderloom.catalog.rules import Item
from orderloom.catalog.types import Action, Scalar
from orderloom.fulfilment.types import Installed

_REALIZED = ("service", "resource")


def acts(item: Item) -> bool:
    """Whether a line alters a product that is installed, rather than bring a new one."""
    return item.asset is not None and item.action not in ("add", "none")


@dataclass(frozen=True, slots=True)
class Needs:
    """What is installed behind the products that an order acts on, and which of them it ends or suspends."""

    by_asset: Mapping[str, Sequence[Installed]] = field(default_factory=dict)
    ended: frozenset[str] = frozenset()
    rested: frozenset[str] = frozenset()

    def behind(self, spec: str, lines: Iterable[Item], place: str | None) -> Installed | None:
        """What of a spec stands behind the products of these lines, at the same place if there are several."""
        found = {
            one.key: one
            for item in lines
            if acts(item)
            for one in self.by_asset.get(str(item.asset), ())
            if one.spec == spec
        }
        ordered = sorted(found.values(), key=lambda one: (one.place != place, one.key))
        return ordered[0] if ordered else None

    def needed_by(self, thing: Installed) -> tuple[str, ...]:
        """The products that keep a thing alive after this order."""
        return tuple(user for user in thing.users if user not in self.ended)

    def contested_by(self, thing: Installed) -> tuple[str, ...]:
        """The products that keep it alive, where all of them are on their way out by other orders."""
        rest = self.needed_by(thing)
        return rest if rest and set(rest) <= set(thing.leaving) else ()


NOTHING = Needs()


def needs_of(items: Iterable[Item], installed: Sequence[Installed]) -> Needs:
    """What the lines of an order have to do with what is installed."""
    acting = [item for item in items if acts(item)]
    if not acting:
        return NOTHING
    by_asset: dict[str, list[Installed]] = {str(item.asset): [] for item in acting}
    for one in installed:
        for user in one.users:
            if user in by_asset:
                by_asset[user].append(one)
    ended = frozenset(str(item.asset) for item in acting if item.action == "delete")
    rested = frozenset(str(item.asset) for item in acting if item.action == "suspend")
    return Needs(by_asset, ended, rested)


def action_on(
    wanted: Action, realized: Installed, *, needs: Needs, lines: Sequence[Item], made: Mapping[str, Scalar]
) -> Action:
    """What is done to an installed thing, which ends with its last user and rests with all of them.

    `lines` are those behind it in this order; `made` are the characteristics that they want. What would stay as it
    is, is left alone.
    """
    if any(acts(item) and item.action == "delete" for item in lines):
        return "none" if needs.needed_by(realized) else "delete"
    if wanted == "suspend" and set(needs.needed_by(realized)) - needs.rested:
        return "none"
    if wanted == "modify" and all(realized.known.get(name) == value for name, value in made.items()):
        return "none"
    return wanted


def is_new(kind: str, wanted: Action, lines: Sequence[Item], needs: Needs) -> bool:
    """Whether a changed product gets a service or resource that it did not have."""
    known = any(needs.by_asset.get(str(item.asset)) for item in lines if acts(item))
    return kind in _REALIZED and wanted == "modify" and known
