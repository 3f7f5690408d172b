"""Where did the margin go: what lies between list and net, over any set of quotes and orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from orderloom.catalog.exact import ZERO
from orderloom.catalog.priced import Margin, Priced, PriceStep, StepKind, percent_of

By = Literal["kind", "rule", "reason", "who", "product"]


@dataclass(frozen=True, slots=True)
class Leak:
    """What one kind of step, rule, reason, person or product took from the list (or added to it)."""

    kind: StepKind
    key: str
    amount: Decimal
    lines: int
    percent_of_list: Decimal


@dataclass(frozen=True, slots=True)
class Walk:
    """From list to net in one currency; list and leaks sum to the net. The margin is there for those who may see it."""

    currency: str
    list_amount: Decimal
    leaks: tuple[Leak, ...]
    net: Decimal
    margin: Margin | None


def margin_walk(priced: Iterable[Priced], *, by: By = "kind") -> tuple[Walk, ...]:
    """Fold waterfalls into one walk from list to net for each currency, the greatest loss first.

    The order of the input does not matter. Optional lines are left out, as they are in totals. A
    margin stands only where every one of these prices came with one.
    """
    folds: dict[str, _Fold] = {}
    for each in priced:
        folds.setdefault(each.currency, _Fold()).add(each, by)
    return tuple(folds[currency].walk(currency) for currency in sorted(folds))


class _Fold:
    """The sums of one currency."""

    def __init__(self) -> None:
        self.listed, self.net, self.cost, self.covered = ZERO, ZERO, ZERO, ZERO
        self.knows_cost = True
        self.sums: dict[tuple[StepKind, str], tuple[Decimal, int]] = {}

    def add(self, priced: Priced, by: By) -> None:
        for line in priced.lines:
            if line.is_optional:
                continue
            for charge in line.charges:
                self.listed += charge.list_amount
                self.net += charge.net
                for step in charge.steps[1:]:
                    self._count(step, line.product, by)
        self.knows_cost = self.knows_cost and priced.margins is not None
        for margin in priced.margins.totals.values() if priced.margins else ():
            self.covered += margin.net
            self.cost += margin.cost

    def _count(self, step: PriceStep, product: str, by: By) -> None:
        keys = {"kind": "", "rule": step.rule, "reason": step.reason, "who": step.who, "product": product}
        amount, lines = self.sums.get((step.kind, keys[by]), (ZERO, 0))
        self.sums[step.kind, keys[by]] = amount + step.amount, lines + 1

    def walk(self, currency: str) -> Walk:
        leaks = [
            Leak(kind, key, amount, lines, percent_of(amount, self.listed))
            for (kind, key), (amount, lines) in self.sums.items()
        ]
        leaks.sort(key=lambda leak: (leak.amount, leak.kind, leak.key))
        margin = Margin(self.covered, self.cost) if self.knows_cost else None
        return Walk(currency, self.listed, tuple(leaks), self.net, margin)
