"""Open lines for pricing: quantities as they are sold, and list, option and contract price of each charge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.catalog.exact import HUNDRED, ONE, Exact, tidy
from orderloom.catalog.price_book import ContractPrice, CostPlus, ListedPrice, Method, Option, PercentOfTotal, PriceList
from orderloom.catalog.price_types import CHARGE_KINDS, ChargeKind, Given, Line, UnitPriceOf
from orderloom.catalog.price_work import Work, between_periods
from orderloom.catalog.priced import Input, Note, StepKind
from orderloom.catalog.proration import ProrationMethod, periods_in
from orderloom.catalog.tiers import AllUnits, Blocks, Graduated, PerUnit, amount_of, better_quantity
from orderloom.catalog.types import Period
from orderloom.catalog.units import allowed_quantity, converted
from orderloom.catalog.waterfall import Source, Waterfall

ONCE = Exact(ONE)


@dataclass(frozen=True, slots=True)
class Published:
    """The published prices that apply to one line."""

    listed: ListedPrice | None
    price_list: PriceList | None
    option: Option | None
    contract: ContractPrice | None
    winners: Mapping[ChargeKind, ListedPrice]

    @property
    def kinds(self) -> tuple[ChargeKind, ...]:
        """The kinds of charge that have a published price."""
        return tuple(self.winners)

    def method(self, kind: ChargeKind) -> Method | None:
        """How the line is priced in the end."""
        return self.winners[kind].method(kind) if kind in self.winners else None

    def methods(self, kind: ChargeKind) -> list[Method]:
        """Every method that has a part in the price, the one that wins first."""
        sources = _sources(self.listed, self.option, self.contract)
        return [method for price in sources if (method := price.method(kind)) is not None]

    def timing(self) -> tuple[Period | None, ProrationMethod]:
        """Period and proration of the recurring price."""
        price = self.winners.get("recurring")
        return (price.period, price.proration) if price else (None, "days")


def _sources(listed: ListedPrice | None, option: Option | None, contract: ContractPrice | None) -> list[ListedPrice]:
    """Everything that may price a line, the one that wins first."""
    candidates = contract.price if contract else None, option.price if option else None, listed
    return [price for price in candidates if price is not None]


def open_lines(work: Work) -> dict[int, Published]:
    """Check the lines and find what prices them; open a waterfall for each charge, which begins at nothing."""
    found = {}
    known: dict[str, Published] = {}
    for place, line in enumerate(work.lines):
        _check_tree(work, place, line)
        quantity = _own_quantity(work, place, line)
        if quantity is None:
            continue
        work.own_quantities[place] = quantity
        if line.parent is not None:
            published = _published(work, line)
        elif line.product in known:
            published = known[line.product]
        else:
            published = known[line.product] = _published(work, line)
        found[place] = published
        _open_charges(work, place, line, published)
    return found


def _published(work: Work, line: Line) -> Published:
    price_list, listed = work.listed(line.product) or (None, None)
    option, contract = work.option(line), work.contract(line.product)
    winners: dict[ChargeKind, ListedPrice] = {}
    for kind in CHARGE_KINDS:
        for price in _sources(listed, option, contract):
            if price.method(kind) is not None:
                winners.setdefault(kind, price)
    return Published(listed, price_list, option, contract, winners)


def _check_tree(work: Work, place: int, line: Line) -> None:
    if work.is_inside_itself(line):
        message = f"Line {line.id} is part of itself; give it another parent."
        work.refuse("parent_loop", message, f"/lines/{place}/parent")
    if work.place_of[line.id] != place:
        work.refuse("line_double", f"Line {line.id} stands twice; give each its own id.", f"/lines/{place}/id")
    if line.parent is not None and line.parent not in work.place_of:
        message = f"Line {line.id} is part of line {line.parent}, which is missing; add it."
        work.refuse("parent_unknown", message, f"/lines/{place}/parent")


def _own_quantity(work: Work, place: int, line: Line) -> Exact | None:
    """The quantity in the product's own unit, rounded up where the product says so; none if it is refused."""
    terms = work.terms(line.product)
    unit = line.unit or terms.unit
    pointer = f"/lines/{place}/quantity"
    if line.quantity <= 0:
        work.refuse("quantity_not_positive", "Give a quantity above nothing, or take the line out.", pointer)
        return None
    per_unit = _own_units(work, line)
    if per_unit is None:
        message = (
            f"{line.product} is sold by {terms.unit}, and nothing says how many are in one {unit}; choose {terms.unit}."
        )
        work.refuse("unit_unknown", message, f"/lines/{place}/unit")
        return None
    own = per_unit.times(line.quantity)
    allowed = allowed_quantity(own, terms.quantity)
    if not own.less_than(allowed):
        work.quantities[place] = Exact(line.quantity), unit
        return own
    words = f"{allowed.shown():f} {terms.unit}"
    if terms.quantity.otherwise == "refuse":
        message = f"{line.product} is not sold as {line.quantity:f} {unit}; the next quantity that is sold is {words}."
        work.refuse("quantity_not_sold", message, pointer)
        return None
    work.note(place, Note("quantity_rounded_up", f"Rounded up to {words}.", quantity=allowed.shown()))
    back = converted(allowed, terms.packings, own=terms.unit, unit=terms.unit, to=unit)
    ends = back is not None and tidy(back.divided()) == back.divided()
    work.quantities[place] = (back, unit) if back and ends else (allowed, terms.unit)
    return allowed


def _own_units(work: Work, line: Line) -> Exact | None:
    """How many of the product's own unit are in one of the line's."""
    terms = work.terms(line.product)
    return converted(ONCE, terms.packings, own=terms.unit, unit=line.unit or terms.unit, to=terms.unit)


def _open_charges(work: Work, place: int, line: Line, published: Published) -> None:
    by_hand = _kinds_by_hand(line, published)
    kinds = [kind for kind in CHARGE_KINDS if published.method(kind) is not None or kind in by_hand]
    is_part = work.parent(line) is not None
    if published.option and published.option.is_included:
        kinds = [kind for kind in kinds if kind in by_hand]
    _check_given(work, place, line, kinds)
    if not kinds:
        if is_part:
            work.included.add(place)
        elif work.context.refuse_unpriced:
            message = (
                f"No price list in {work.context.currency} that fits this customer, channel and day has "
                f"{line.product}; add it there or give a price by hand."
            )
            work.refuse("price_missing", message, f"/lines/{place}/product")
        return
    for kind in kinds:
        _open(work, place, line, published, kind)


def _check_given(work: Work, place: int, line: Line, kinds: Sequence[ChargeKind]) -> None:
    """A discount on what the line does not charge would be lost in silence."""
    for index, given in enumerate(line.given):
        if isinstance(given.effect, UnitPriceOf) or (given.kind in kinds if given.kind else kinds):
            continue
        what = (
            "recurring price" if given.kind == "recurring" else "one-time price" if given.kind else "price of its own"
        )
        message = f"Line {line.id} has no {what} that could be lowered; give the discount on another line."
        work.refuse("nothing_to_discount", message, f"/lines/{place}/given/{index}")


def _kinds_by_hand(line: Line, published: Published) -> set[ChargeKind]:
    """The kinds of charge that somebody gave a price for; without a kind, that of the published price, or once."""
    found: set[ChargeKind] = set()
    for given in line.given:
        if isinstance(given.effect, UnitPriceOf):
            found.add(kind_of(given, published.kinds))
    return found


def kind_of(given: Given, listed: Sequence[ChargeKind]) -> ChargeKind:
    """The kind of charge that a price by hand is for."""
    if given.kind is not None:
        return given.kind
    return listed[0] if listed else "recurring" if given.period else "one_time"


def _open(work: Work, place: int, line: Line, published: Published, kind: ChargeKind) -> None:
    terms = work.terms(line.product)
    price = published.winners.get(kind)
    unit = (price.unit if price else None) or terms.unit
    own = work.own_quantities[place]
    quantity = work.in_unit(line.product, own, unit)
    if quantity is None:
        message = (
            f"{line.product} is priced by {unit}, and nothing says how it compares with {terms.unit}; say it there."
        )
        work.refuse("unit_unknown", message, f"/lines/{place}/unit")
        return
    period, proration = published.timing()
    if kind == "recurring" and period is None:
        period = next((given.period for given in line.given if given.period), None)
        if period is None:
            work.refuse("period_missing", "A recurring price needs its period; give one.", f"/lines/{place}/given")
            return
    is_timed = kind == "recurring" and line.term is not None
    periods = periods_in(line.term, period, proration) if is_timed and line.term and period else ONCE
    waterfall = Waterfall(
        line=line,
        place=place,
        kind=kind,
        period=period if kind == "recurring" else None,
        unit=unit,
        quantity=quantity,
        own_quantity=own,
        per_unit=_own_units(work, line) or ONCE,
        periods=periods,
        cent=work.context.cent,
    )
    work.waterfalls.append(waterfall)


def start(work: Work, waterfall: Waterfall, published: Published, total: Mapping[int, Exact | None]) -> None:
    """Let a waterfall begin at the list, and step to the option's and the contract's price.

    `total` has the base of each percentage of the total, by the identity of its method.
    """
    if published.listed and published.price_list and published.listed.method(waterfall.kind) is not None:
        source = Source(f"{published.price_list.code}/{published.listed.id}", published.listed.version)
        _step(work, waterfall, published.listed, kind="list", source=source, total=total)
    if option := published.option:
        source = Source(option.id, option.version)
        if option.price and option.price.method(waterfall.kind) is not None:
            _step(work, waterfall, option.price, kind="option", source=source, total=total)
        elif option.percent_off and waterfall.steps:
            percent = option.percent_off.percent
            waterfall.move_to(waterfall.exact.times(HUNDRED - percent, HUNDRED), "option", source, {"percent": percent})
    if contract := published.contract:
        source = Source(contract.id, contract.version)
        if contract.price and contract.price.method(waterfall.kind) is not None:
            _step(work, waterfall, contract.price, kind="contract", source=source, total=total)
        elif contract.percent_off is not None and waterfall.steps:
            percent = contract.percent_off
            waterfall.move_to(
                waterfall.exact.times(HUNDRED - percent, HUNDRED), "contract", source, {"percent": percent}
            )
        waterfall.is_final = not contract.stacks
    if waterfall.steps:
        _hint(work, waterfall, published.method(waterfall.kind))


def _step(
    work: Work,
    waterfall: Waterfall,
    price: ListedPrice,
    *,
    kind: StepKind,
    source: Source,
    total: Mapping[int, Exact | None],
) -> None:
    method = price.method(waterfall.kind)
    assert method is not None
    exact, input = _evaluated(work, waterfall, price, method, total)
    if exact is None:
        return
    if waterfall.kind == "recurring":
        matched = between_periods(exact, of=price.period, to=waterfall.period)
        if matched is None:
            return
        exact = matched.by(waterfall.periods)
    waterfall.move_to(exact, kind, source, input)


def _evaluated(
    work: Work, waterfall: Waterfall, price: ListedPrice, method: Method, total: Mapping[int, Exact | None]
) -> tuple[Exact | None, dict[str, Input]]:
    """What one period of the line costs by a method, and what that was calculated from."""
    line, pointer = waterfall.line, f"/lines/{waterfall.place}/product"
    if isinstance(method, CostPlus):
        cost = work.cost(line.product, waterfall.kind, waterfall.own_quantity)
        if cost is None:
            work.refuse("price_missing", f"{line.product} cannot be priced yet; complete its price list.", pointer)
            return None, {}
        return _cost_plus(cost, method), _cost_input(work, cost, method)
    if isinstance(method, PercentOfTotal):
        base = total[id(method)]
        if base is None:
            message = f"{line.product} is a percentage of other lines, whose periods do not compare; price them alike."
            work.refuse("base_periods", message, pointer)
            return None, {}
        input: dict[str, Input] = {"percent": method.percent, "of": method.base, "base": base.shown()}
        return base.times(method.percent, HUNDRED).by(waterfall.quantity), input
    quantity = work.in_unit(line.product, waterfall.own_quantity, price.unit)
    exact = amount_of(method, quantity) if quantity else None
    if quantity is None or exact is None:
        message = f"There is no price of {line.product} for so little; order more, or give a price by hand."
        work.refuse("quantity_below_price", message, f"/lines/{waterfall.place}/quantity")
        return None, {}
    return exact, _scale_input(method, quantity)


def _cost_plus(cost: Exact, method: CostPlus) -> Exact:
    if method.of == "markup":
        return cost.times(HUNDRED + method.percent, HUNDRED)
    return cost.times(HUNDRED, HUNDRED - method.percent)


def _cost_input(work: Work, cost: Exact, method: CostPlus) -> dict[str, Input]:
    return {"cost": cost.shown(), method.of: method.percent} if work.context.may_see_cost else {}


def _scale_input(method: Method, quantity: Exact) -> dict[str, Input]:
    shown = quantity.shown()
    match method:
        case PerUnit():
            return {"unit_price": method.unit_price, "quantity": shown}
        case AllUnits():
            tier = next(tier for tier in reversed(method.tiers) if quantity.exceeds(tier.above) or tier.above == 0)
            return {"method": "all_units", "quantity": shown, "above": tier.above, "unit_price": tier.unit_price}
        case Graduated():
            return {"method": "graduated", "quantity": shown, "tiers": Decimal(len(method.tiers))}
        case Blocks():
            return {"method": "blocks", "quantity": shown}
    raise AssertionError(method)


def _hint(work: Work, waterfall: Waterfall, method: Method | None) -> None:
    """Where more would cost less, say so: all-units tiers are not monotone."""
    if not isinstance(method, AllUnits | Blocks):
        return
    terms = work.terms(waterfall.line.product)
    step = terms.quantity.multiple if terms.quantity.multiple and waterfall.unit == terms.unit else terms.smallest
    better = better_quantity(method, waterfall.quantity, step=step)
    if better is None:
        return
    now = amount_of(method, waterfall.quantity)
    assert now is not None
    cent, currency = work.context.cent, work.context.currency
    amount = better.amount.by(waterfall.periods).rounded(cent)
    message = (
        f"{better.quantity:f} cost {amount:f} {currency}, less than {waterfall.quantity.shown():f} for "
        f"{now.by(waterfall.periods).rounded(cent):f} {currency}; offer {better.quantity:f}."
    )
    work.note(waterfall.place, Note("more_costs_less", message, quantity=better.quantity, amount=amount))
