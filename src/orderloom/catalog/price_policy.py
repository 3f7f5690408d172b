"""What a price needs before it may stand: discount limits by right, floors, and the margins behind them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from orderloom.catalog.exact import HUNDRED, ONE, ZERO, Exact
from orderloom.catalog.price_book import DiscountLimit, Floor
from orderloom.catalog.price_types import ChargeKind
from orderloom.catalog.price_work import Work
from orderloom.catalog.priced import ChargeTax, Margin, Margins, Need, PricedCharge
from orderloom.catalog.types import Period
from orderloom.catalog.waterfall import Waterfall

_FINE = Decimal("1E-12")


def given_percent(waterfall: Waterfall) -> Decimal:
    """By how much people lowered the price, in per cent, whichever way they did it; nothing where they raised it."""
    if waterfall.kept == ONE:
        return ZERO
    lowered = (HUNDRED - waterfall.kept * HUNDRED).quantize(_FINE, rounding=ROUND_HALF_UP)
    return max(ZERO, lowered).normalize() if lowered > 0 else ZERO


def needs_of(work: Work, charges: dict[int, list[PricedCharge]]) -> tuple[Need, ...]:
    """The rights that are missing: for the discount on each line, and for prices below the floor."""
    return tuple(_discount_needs(work) + _floor_needs(work, charges))


def _discount_needs(work: Work) -> list[Need]:
    limits, rights = work.book.limits, work.context.rights
    if not limits:
        return []
    mine = [limit for limit in limits if not limit.right or limit.right in rights]
    if any(limit.percent is None for limit in mine):
        return []
    allowed = max((limit.percent for limit in mine if limit.percent is not None), default=ZERO)
    found: dict[str, list[tuple[Decimal, str]]] = {}
    for waterfall in work.waterfalls:
        percent = given_percent(waterfall)
        if percent > allowed:
            right = _right_for(limits, percent)
            found.setdefault(right, []).append((percent, waterfall.line.id))
    return [_discount_need(right, lines, allowed) for right, lines in found.items()]


def _right_for(limits: tuple[DiscountLimit, ...], percent: Decimal) -> str:
    """The first right that allows so much; the last one, where none does."""
    fitting = (limit.right for limit in limits if limit.percent is None or percent <= limit.percent)
    return next(fitting, limits[-1].right)


def _discount_need(right: str, lines: list[tuple[Decimal, str]], allowed: Decimal) -> Need:
    worst = max(percent for percent, _ in lines)
    shown = worst.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    ids = tuple(dict.fromkeys(line for _, line in lines))
    message = (
        f"A discount of {shown:f} % is above the {allowed:f} % that you may give; "
        f"lower it, or ask somebody with the right “{right}”."
    )
    return Need("discount_limit", right, ids, message, worst, allowed)


def _floor_needs(work: Work, charges: dict[int, list[PricedCharge]]) -> list[Need]:
    right = work.book.floor_right
    if right in work.context.rights or not (work.book.floors):
        return []
    taxes = {(place, charge.kind): charge.taxes for place, several in charges.items() for charge in several}
    below = [
        waterfall.line.id
        for waterfall in work.waterfalls
        if _is_below(work, waterfall, taxes.get((waterfall.place, waterfall.kind), ()))
    ]
    if not below:
        return []
    message = f"The price is below the lowest one allowed; raise it, or ask somebody with the right “{right}”."
    return [Need("floor", right, tuple(dict.fromkeys(below)), message)]


def _is_below(work: Work, waterfall: Waterfall, taxes: tuple[ChargeTax, ...]) -> bool:
    """Whether the exact net is below the floor. What the house published to undercut it may, if nobody added to it."""
    if waterfall.may_undercut and waterfall.kept >= 1 and not waterfall.is_by_hand:
        return False
    net = waterfall.exact
    if work.context.prices_include_tax:
        contained = sum((rate.percent for rate in work.rates_of(waterfall.line)), ZERO)
        net = net.times(HUNDRED, HUNDRED + contained)
    lowest = _floor(work, waterfall.place, waterfall.kind)
    if lowest.is_unknown:
        return True
    if lowest.amount is not None and net.less_than(lowest.amount.by(waterfall.periods)):
        return True
    cost = cost_of_line(work, waterfall.place, waterfall.kind) if lowest.margin_percent is not None else None
    if lowest.margin_percent is None:
        return False
    if cost is None:
        return True
    left = net.times(HUNDRED - lowest.margin_percent, HUNDRED)
    return left.less_than(cost.by(waterfall.periods))


@dataclass(frozen=True, slots=True)
class _Lowest:
    """The floor of a line for one period; unknown where no rate leads to its currency, which then counts as below."""

    amount: Exact | None = None
    margin_percent: Decimal | None = None
    is_unknown: bool = False


def _floor(work: Work, place: int, kind: ChargeKind) -> _Lowest:
    """The line's own floor, or that of the parts which its price includes."""
    floor = _own_floor(work, work.lines[place].product, kind)
    if floor is not None:
        amount = _floor_amount(work, place, floor)
        unknown = floor.unit_price is not None and amount is None
        return _Lowest(amount, floor.margin_percent, unknown)
    total: Exact | None = None
    for part in _included_parts(work, place):
        lowest = _floor(work, part, kind)
        if lowest.is_unknown:
            return lowest
        if lowest.amount is not None:
            total = _sum(total, lowest.amount)
    return _Lowest(total)


def _own_floor(work: Work, product: str, kind: ChargeKind) -> Floor | None:
    """The floor in this currency before one in another, which is converted."""
    floors = [floor for floor in work.book.floors.get(product, ()) if floor.kind == kind]
    return min(floors, key=lambda floor: floor.currency != work.context.currency, default=None)


def _floor_amount(work: Work, place: int, floor: Floor) -> Exact | None:
    quantity = work.in_unit(work.lines[place].product, work.own_quantities[place], floor.unit)
    if quantity is None or floor.unit_price is None or floor.currency is None:
        return None
    return work.money(quantity.times(floor.unit_price), floor.currency)


def _included_parts(work: Work, place: int) -> list[int]:
    parts = work.parts_of.get(work.lines[place].id, [])
    return [part for part in parts if part in work.included and part in work.own_quantities]


def _sum(total: Exact | None, amount: Exact) -> Exact:
    if total is None:
        return amount
    if total.over == amount.over == ONE:
        return Exact(total.value + amount.value)
    return Exact(total.value * amount.over + amount.value * total.over, total.over * amount.over)


def cost_of_line(work: Work, place: int, kind: ChargeKind) -> Exact | None:
    """What the line costs us for one period: its product's own cost, or that of the parts its price includes.

    None where it is not known of the product, or of any of the parts.
    """
    product = work.lines[place].product
    if product in work.book.costs:
        own = work.cost(product, kind, work.own_quantities[place])
        return own if own is not None or _has_cost(work, product, kind) else Exact(ZERO)
    parts = _included_parts(work, place)
    total: Exact | None = None
    for part in parts:
        cost = cost_of_line(work, part, kind)
        if cost is None:
            return None
        total = _sum(total, cost)
    return total


def _has_cost(work: Work, product: str, kind: ChargeKind) -> bool:
    return any(cost.kind == kind for cost in work.book.costs.get(product, ()))


def margins_of(work: Work, charges: dict[int, list[PricedCharge]]) -> Margins | None:
    """Cost and margin of each charge whose cost is known; nothing at all for those who may not see it."""
    if not work.context.may_see_cost:
        return None
    periods = {(waterfall.place, waterfall.kind): waterfall.periods for waterfall in work.waterfalls}
    lines: dict[tuple[str, ChargeKind], Margin] = {}
    totals: dict[tuple[ChargeKind, Period | None], Margin] = {}
    for place, several in charges.items():
        line = work.lines[place]
        for charge in several:
            cost = cost_of_line(work, place, charge.kind)
            if cost is None:
                continue
            amount = cost.by(periods[place, charge.kind]).rounded(work.context.cent)
            lines[line.id, charge.kind] = Margin(charge.net, amount)
            if not line.is_optional:
                key = charge.kind, charge.period
                known = totals.get(key, Margin(ZERO, ZERO))
                totals[key] = Margin(known.net + charge.net, known.cost + amount)
    return Margins(lines, totals)
