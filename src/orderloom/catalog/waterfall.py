"""The waterfall of one charge while it is being priced: exact underneath, rounded step by step so that it sums."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from orderloom.catalog.exact import ONE, ZERO, Exact
from orderloom.catalog.price_types import ChargeKind, Given, Line
from orderloom.catalog.priced import Input, PriceStep, StepKind
from orderloom.catalog.types import Period

NOTHING = Exact(ZERO)


@dataclass(frozen=True, slots=True)
class Source:
    """Which rule, or which person, makes a step."""

    rule: str = ""
    version: int | None = None
    given: Given | None = None


@dataclass(slots=True, eq=False)
class Waterfall:
    """What one charge of a line costs so far.

    `quantity` is in the unit of the price, `own_quantity` in the product's own. `exact` is not rounded,
    `amount` is; `measure` is units times periods, what a unit price is multiplied with; `per_unit` is how
    many of the product's own unit are in one of the line's; `kept` is what people's steps left of the
    price, 1 where they gave nothing.
    """

    line: Line
    place: int
    kind: ChargeKind
    period: Period | None
    unit: str
    quantity: Exact
    own_quantity: Exact
    per_unit: Exact
    periods: Exact
    cent: Decimal
    exact: Exact = NOTHING
    amount: Decimal = ZERO
    list_amount: Decimal = ZERO
    kept: Decimal = ONE
    may_undercut: bool = False
    is_final: bool = False
    is_by_hand: bool = False
    steps: list[PriceStep] = field(default_factory=list)
    measure: Exact = field(init=False)

    def __post_init__(self) -> None:
        self.measure = self.quantity.by(self.periods)

    def move_to(self, exact: Exact, kind: StepKind, source: Source, input: Mapping[str, Input]) -> None:
        """Step to another exact amount. Rounded amounts differ as the rounded sums do, so that steps sum to the net."""
        before, rounded = self.exact, exact.rounded(self.cent)
        self._add(kind, rounded - self.amount, exact.minus(before).over_by(self.measure).shown(), source, input)
        if source.given and self.list_amount:
            self.kept = self.kept * exact.divided() / before.divided() if before.value else self.kept
        if len(self.steps) == 1:
            self.list_amount = rounded
        self.exact, self.amount = exact, rounded

    def take(self, share: Decimal, kept: Exact, kind: StepKind, source: Source, input: Mapping[str, Input]) -> None:
        """Take the line's share of a discount on several lines; `kept` is what is left of each."""
        self._add(kind, -share, Exact(-share).over_by(self.measure).shown(), source, input)
        if source.given:
            self.kept = self.kept * kept.divided()
        self.exact, self.amount = self.exact.by(kept), self.amount - share

    def _add(self, kind: StepKind, amount: Decimal, unit: Decimal, source: Source, input: Mapping[str, Input]) -> None:
        who, reason = (source.given.who, source.given.reason) if source.given else ("", "")
        self.steps.append(PriceStep(kind, amount, unit, source.rule, source.version, input, who, reason))
