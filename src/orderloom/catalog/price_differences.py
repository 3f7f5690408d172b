"""What would change if lines were priced anew, and which steps make the difference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from orderloom.catalog.exact import ZERO
from orderloom.catalog.price_types import ChargeKind
from orderloom.catalog.priced import Priced, PricedCharge, StepKind
from orderloom.catalog.types import Period


@dataclass(frozen=True, slots=True)
class Cause:
    """A step that is new, is gone, or comes to something else; versions are those of its rule."""

    kind: StepKind
    rule: str
    before: Decimal | None
    after: Decimal | None
    before_version: int | None
    after_version: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A charge that would be new, would go, or would cost something else, before tax and with it."""

    line: str
    kind: ChargeKind
    change: Literal["added", "removed", "changed"]
    period: Period | None
    net_before: Decimal
    net_after: Decimal
    gross_before: Decimal
    gross_after: Decimal
    causes: tuple[Cause, ...]

    @property
    def change_of_net(self) -> Decimal:
        """What is paid more, before tax; less is below nothing."""
        return self.net_after - self.net_before


def differences(old: Priced, new: Priced) -> tuple[Difference, ...]:
    """What re-pricing would change, charge by charge, in the order of the new lines and then of those that go.

    A charge whose quantity, amounts and causes are all the same is no difference. Both are in one currency.
    """
    assert old.currency == new.currency, "amounts of two currencies have no difference"
    before, after = _charges(old), _charges(new)
    found = []
    for key in dict.fromkeys([*after, *before]):
        difference = _difference(key, before.get(key), after.get(key))
        if difference:
            found.append(difference)
    return tuple(found)


def _charges(priced: Priced) -> dict[tuple[str, ChargeKind], PricedCharge]:
    return {(line.id, charge.kind): charge for line in priced.lines for charge in line.charges}


def _difference(
    key: tuple[str, ChargeKind], before: PricedCharge | None, after: PricedCharge | None
) -> Difference | None:
    causes = causes_between(before, after)
    shown = after or before
    assert shown is not None
    is_same = before is not None and after is not None and _money(before) == _money(after)
    if is_same and not causes:
        return None
    return Difference(
        line=key[0],
        kind=key[1],
        change="added" if before is None else "removed" if after is None else "changed",
        period=shown.period,
        net_before=before.net if before else ZERO,
        net_after=after.net if after else ZERO,
        gross_before=before.gross if before else ZERO,
        gross_after=after.gross if after else ZERO,
        causes=causes,
    )


def _money(charge: PricedCharge) -> tuple[object, ...]:
    return charge.net, charge.gross, charge.quantity, charge.unit, charge.period, charge.periods


def causes_between(before: PricedCharge | None, after: PricedCharge | None) -> tuple[Cause, ...]:
    """The steps that are new, are gone or come to something else."""
    old, new = _sums(before), _sums(after)
    causes = []
    for kind, rule in dict.fromkeys([*old, *new]):
        was, version_was = old.get((kind, rule), (None, None))
        now, version_now = new.get((kind, rule), (None, None))
        if (was, version_was) != (now, version_now):
            causes.append(Cause(kind, rule, was, now, version_was, version_now))
    return tuple(causes)


def _sums(charge: PricedCharge | None) -> Mapping[tuple[StepKind, str], tuple[Decimal, int | None]]:
    """What each rule, or each kind of step by hand, comes to in a charge."""
    found: dict[tuple[StepKind, str], tuple[Decimal, int | None]] = {}
    for step in charge.steps if charge else ():
        key = step.kind, step.rule or step.who
        known = found.get(key, (ZERO, None))[0]
        found[key] = known + step.amount, step.version
    return found
