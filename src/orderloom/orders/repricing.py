"""Pricing drafts anew: which lines are asked for, with what people gave on them, and what comes of it. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Literal

from orderloom.base.refusals import Problem
from orderloom.catalog.price_differences import Difference, differences
from orderloom.catalog.price_types import AmountOff, ChargeKind, Given, PercentOff, Shared, UnitPriceOf
from orderloom.catalog.price_words import cause_words
from orderloom.catalog.priced import Priced, PricedLine
from orderloom.orders.change_prices import Touched, agreement, discounts_again
from orderloom.orders.compose import UNPRICED_ACTIONS
from orderloom.orders.order import Standing
from orderloom.orders.reads.stored import StoredOrder
from orderloom.orders.revise import Revised

ZERO = Decimal(0)
DraftKind = Literal["quote", "order"]


@dataclass(frozen=True, slots=True)
class PriceDifference:
    """What a charge of a line costs as it stands and would cost now, before tax, and why."""

    line: str
    product: str
    kind: ChargeKind
    period: str | None
    before: Decimal
    after: Decimal
    why: tuple[str, ...]

    @property
    def difference(self) -> Decimal:
        """What is paid more; less is below nothing."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Repriced:
    """A draft with what pricing it for now would change; `basis` says whether it still would when it comes to it."""

    kind: DraftKind
    id: int
    number: str
    account_name: str
    currency: str
    priced_at: datetime
    differences: tuple[PriceDifference, ...]
    needs: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def basis(self) -> str:
        """A digest of the differences, to be handed back with the choice."""
        told = [
            (one.line, one.kind, f"{one.before.normalize():f}", f"{one.after.normalize():f}")
            for one in self.differences
        ]
        return hashlib.sha256(repr((self.number, told)).encode()).hexdigest()[:16]

    def total(self, kind: ChargeKind) -> Decimal:
        """What is paid more once, or by period."""
        return sum((one.difference for one in self.differences if one.kind == kind), ZERO)


def told(old: Priced, new: Priced) -> tuple[PriceDifference, ...]:
    """The differences between two pricings of the same lines, in words; cents that stay the same are none."""
    products = {line.id: line.product for line in (*old.lines, *new.lines)}
    return tuple(
        PriceDifference(
            line=one.line,
            product=products[one.line],
            kind=one.kind,
            period=one.period,
            before=one.net_before,
            after=one.net_after,
            why=tuple(_why(one)),
        )
        for one in differences(old, new)
        if one.net_before != one.net_after or one.change != "changed"
    )


def _why(one: Difference) -> Iterator[str]:
    yield from (cause_words(cause) for cause in one.causes)


def asked_anew(order: StoredOrder, standing: Mapping[str, Standing], *, now: datetime) -> list[Touched]:
    """The lines of a draft that have a price or might; what was agreed without limits stands and is not asked.

    Save for its share of a discount on the whole order, which is shared anew.
    """
    found = []
    for item in order.items:
        was = standing.get(item.line)
        if was is None or item.action in UNPRICED_ACTIONS:
            continue
        if not was.is_agreed:
            found.append(Touched(item.line, now, tuple(discounts_again(was, shared=False)), was=was))
        elif was.limits:
            found.append(Touched(item.line, now, tuple(agreement(item, was)), was=was))
        elif by_hand := tuple(_before_sharing(was)):
            given = (*by_hand, *discounts_again(was, shared=False))
            found.append(Touched(item.line, now, given, was=was, shares_again=True))
    return found


def _before_sharing(was: Standing) -> Iterator[Given]:
    """The price that was set by hand for a line whose share of a discount on all lines came off it then."""
    for charge in was.kept.charges if was.kept else ():
        if not any(step.kind == "header" and step.who for step in charge.steps):
            continue
        for step in charge.steps:
            unit_price = step.input.get("unit_price")
            if step.kind == "agreed" and isinstance(unit_price, Decimal):
                yield Given(UnitPriceOf(unit_price), step.reason or was.reason, step.who, charge.kind, charge.period)


def shared_again(standing: Mapping[str, Standing]) -> tuple[Shared, ...]:
    """The discounts that people gave on the whole order, each once, as the steps of its lines tell of them."""
    most: Counter[tuple[str, str, str, Decimal]] = Counter()
    kinds: dict[tuple[str, str, str, Decimal], set[ChargeKind]] = {}
    for charge in (charge for was in standing.values() if was.kept for charge in was.kept.charges):
        here: Counter[tuple[str, str, str, Decimal]] = Counter()
        for step in charge.steps:
            name = "percent" if "percent" in step.input else "amount"
            value = step.input.get(name)
            if step.kind == "header" and step.who and isinstance(value, Decimal):
                here[step.who, step.reason, name, value] += 1
        for key, count in here.items():
            most[key] = max(most[key], count)
            kinds.setdefault(key, set()).add(charge.kind)
    found = []
    for (who, reason, name, value), count in most.items():
        effect = PercentOff(value) if name == "percent" else AmountOff(value)
        known = kinds[who, reason, name, value]
        given = Given(effect, reason, who, None if len(known) > 1 else next(iter(known)))
        found += [Shared(given)] * count
    return tuple(found)


def unrevised(order: StoredOrder) -> Revised:
    """An order as it is, in the shape that lines are priced in."""
    return Revised(
        order, (), (), (), {}, {}, (), (), pointers={item.line: f"/lines/{item.line}" for item in order.items}
    )


def after_of(old: Priced, revised: Revised, asked: Sequence[Touched]) -> Priced:
    """What the order costs anew: the lines that were asked for as the price function says, the others as they were."""
    lines = {line.id: line for line in old.lines}
    for one in asked:
        lines.pop(one.line, None)
    fresh: dict[str, PricedLine] = {line: answer for line, answer in revised.waterfalls.items()}
    order = [item.line for item in revised.order.items]
    return replace(old, lines=tuple(fresh.get(line) or lines[line] for line in order if line in fresh or line in lines))
