"""Amounts and quantities that are not divided before they are rounded, so that half a cent stays half a cent."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
DIGITS = 150
"""The precision to calculate with: enough for the product of every number that one line may carry."""

_SHOWN = Decimal("1E-10")


class Exact(NamedTuple):
    """A quotient `value / over` with `over` above nothing; a third of a box is 1 over 3, not 0.333."""

    value: Decimal
    over: Decimal = ONE

    def times(self, factor: Decimal, over: Decimal = ONE) -> Exact:
        """Multiplied by `factor / over`."""
        if over is ONE:
            return Exact(self.value * factor, self.over)
        return Exact(self.value * factor, over if self.over is ONE else self.over * over)

    def by(self, other: Exact) -> Exact:
        """Multiplied by another quotient."""
        return self.times(other.value, other.over)

    def over_by(self, other: Exact) -> Exact:
        """Divided by another quotient, which is not nothing."""
        return self.times(other.over, other.value)

    def minus(self, other: Exact) -> Exact:
        """Less another quotient."""
        if self.over is ONE and other.over is ONE:
            return Exact(self.value - other.value)
        return Exact(self.value * other.over - other.value * self.over, self.over * other.over)

    def plus(self, amount: Decimal) -> Exact:
        """With an amount added."""
        return Exact(self.value + (amount if self.over is ONE else amount * self.over), self.over)

    def less_than(self, other: Exact) -> bool:
        """Whether it is below the other, exactly."""
        return self.value * other.over < other.value * self.over

    def exceeds(self, bound: Decimal) -> bool:
        """Whether it is above a bound, exactly."""
        return self.value > bound * self.over

    def divided(self) -> Decimal:
        """The quotient, as many digits as the context has."""
        return self.value if self.over is ONE else self.value / self.over

    def rounded(self, cent: Decimal) -> Decimal:
        """Half up to the cent."""
        return self.divided().quantize(cent, rounding=ROUND_HALF_UP)

    def shown(self) -> Decimal:
        """The quotient to be looked at and kept: whole where it ends, else to ten decimals."""
        return tidy(self.divided())


def tidy(number: Decimal) -> Decimal:
    """The same number written shortly; one that does not end within ten decimals is cut there, half up."""
    whole = number.quantize(ONE)
    return whole if whole == number else number.quantize(_SHOWN, rounding=ROUND_HALF_UP).normalize()
