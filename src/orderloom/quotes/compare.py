"""Two versions of a quote side by side, and what a new pricing would change, charge by charge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from orderloom.quotes.quote import NewCharge
from orderloom.quotes.reads.stored import LineRow, StoredVersion
from orderloom.quotes.types import ChargeKind

ZERO = Decimal(0)
SHOWN = ("title", "requested_on", "ship_to", "po_number", "terms", "note", "valid_until")
SAID = (
    "kind", "title", "product_code", "parent", "quantity", "unit", "role", "characteristics", "place", "requested_on",
    "is_optional", "alternative", "is_chosen", "terms",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """What a charge was and will be, before tax; a charge that is new was nothing."""

    line: str
    kind: ChargeKind
    period: str | None
    before: Decimal
    after: Decimal

    @property
    def difference(self) -> Decimal:
        """What is paid more; less is below nothing."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that says something else."""

    field: str
    before: object
    after: object


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that is new, is gone, or says or costs something else."""

    line: str
    name: str
    change: Literal["added", "removed", "changed"]
    fields: tuple[FieldChange, ...]
    charges: tuple[ChargeChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Where two versions differ: what belongs to the whole first, then line by line."""

    before: int
    after: int
    fields: tuple[FieldChange, ...]
    lines: tuple[LineChange, ...]


def charge_changes(before: Sequence[NewCharge], after: Sequence[NewCharge]) -> tuple[ChargeChange, ...]:
    """Charges that come to something else, in the order of the new ones and then of those that go."""
    old, new = _by_key(before), _by_key(after)
    found = []
    for key in dict.fromkeys([*new, *old]):
        was, now = old.get(key), new.get(key)
        shown = now or was
        assert shown is not None
        change = ChargeChange(shown.line, shown.kind, shown.period, was.net if was else ZERO, now.net if now else ZERO)
        if change.difference or (was is None) != (now is None):
            found.append(change)
    return tuple(found)


def _by_key(charges: Sequence[NewCharge]) -> Mapping[tuple[str, str], NewCharge]:
    return {(charge.line, charge.kind): charge for charge in charges}


def compare(before: StoredVersion, after: StoredVersion) -> Comparison:
    """Where one version differs from another; lines are matched by their number."""
    old, new = {line.line: line for line in before.lines}, {line.line: line for line in after.lines}
    money: dict[str, list[ChargeChange]] = {}
    for change in charge_changes(before.charges, after.charges):
        money.setdefault(change.line, []).append(change)
    lines = []
    for number in dict.fromkeys([*new, *old]):
        changed = _line_change(number, old.get(number), new.get(number), tuple(money.get(number, ())))
        if changed is not None:
            lines.append(changed)
    fields = _differences(SHOWN, before.version, after.version)
    return Comparison(before.version.number, after.version.number, fields, tuple(lines))


def _line_change(
    number: str, was: LineRow | None, now: LineRow | None, charges: tuple[ChargeChange, ...]
) -> LineChange | None:
    shown = now or was
    assert shown is not None
    name = shown.product_name or shown.title
    if was is None or now is None:
        return LineChange(number, name, "removed" if now is None else "added", (), charges)
    fields = _differences(SAID, was, now)
    return LineChange(number, name, "changed", fields, charges) if fields or charges else None


def _differences(names: Sequence[str], before: object, after: object) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )
