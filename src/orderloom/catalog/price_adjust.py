"""What lowers the price of one line: schedules, promotions, prices and discounts by hand, partner discounts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal

from orderloom.catalog.exact import HUNDRED, ONE, ZERO, Exact
from orderloom.catalog.price_book import Promotion, Schedule
from orderloom.catalog.price_start import Published, kind_of
from orderloom.catalog.price_types import (
    AmountOff,
    BuyGet,
    Effect,
    FreeUnits,
    Given,
    PercentOff,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.price_work import Work
from orderloom.catalog.priced import Input, Note, StepKind
from orderloom.catalog.proration import Term, periods_in
from orderloom.catalog.tiers import slices
from orderloom.catalog.waterfall import Source, Waterfall


def adjust(work: Work, waterfall: Waterfall, published: Published, pools: dict[str, Exact]) -> None:
    """Take a line's charge from its contract price to its net before group and header discounts.

    A price set by hand stands: partner discounts do not touch it. `pools` are the quantities of each
    product on all lines.
    """
    if waterfall.steps and not waterfall.is_final:
        _schedules(work, waterfall, pools)
        _promote(work, waterfall, "promotion")
    _price_by_hand(work, waterfall, published)
    if not waterfall.steps:
        return
    _discounts_by_hand(work, waterfall, published)
    if not waterfall.is_final and not waterfall.is_by_hand:
        _promote(work, waterfall, "partner")


def effect_on(waterfall: Waterfall, exact: Exact, effect: Effect) -> Exact:
    """What an amount becomes by an effect, not rounded; below nothing where it takes too much."""
    measure = waterfall.measure
    match effect:
        case PercentOff():
            return exact.times(HUNDRED - effect.percent, HUNDRED)
        case UnitOff():
            return exact.minus(measure.times(effect.amount))
        case AmountOff():
            return exact.plus(-effect.amount)
        case UnitPriceOf():
            return measure.times(effect.unit_price)
        case FreeUnits():
            free = waterfall.per_unit.times(effect.quantity)
            return exact.by(waterfall.own_quantity.minus(free).over_by(waterfall.own_quantity))
        case BuyGet():
            own = waterfall.own_quantity
            times = (own.divided() / (effect.buy + effect.get)).to_integral_value(ROUND_FLOOR)
            return exact.times(own.value - times * effect.get * own.over, own.value)


def input_of(effect: Effect) -> dict[str, Input]:
    """An effect as the input of its step."""
    match effect:
        case PercentOff():
            return {"percent": effect.percent}
        case UnitOff():
            return {"per_unit": effect.amount}
        case AmountOff():
            return {"amount": effect.amount}
        case UnitPriceOf():
            return {"unit_price": effect.unit_price}
        case FreeUnits():
            return {"free": effect.quantity}
        case BuyGet():
            return {"buy": effect.buy, "get": effect.get}


def _schedules(work: Work, waterfall: Waterfall, pools: dict[str, Exact]) -> None:
    for schedule in work.schedules(waterfall.line.product):
        reached = _reached(waterfall, schedule, pools)
        percent = _schedule_percent(schedule, reached) if reached else None
        if percent and percent.value:
            kept = Exact(HUNDRED * percent.over - percent.value, HUNDRED * percent.over)
            input: dict[str, Input] = {"percent": percent.shown(), "by": schedule.by}
            waterfall.move_to(waterfall.exact.by(kept), "volume", Source(schedule.id, schedule.version), input)


def _reached(waterfall: Waterfall, schedule: Schedule, pools: dict[str, Exact]) -> Exact | None:
    """What the schedule grows by."""
    match schedule.by:
        case "quantity":
            return waterfall.quantity
        case "product_quantity":
            return pools.get(waterfall.line.product, waterfall.own_quantity)
        case "amount":
            return waterfall.exact
        case "months":
            return _months(waterfall.line.term)


def _months(term: Term | None) -> Exact | None:
    return periods_in(term, "month", "months") if term else None


def _schedule_percent(schedule: Schedule, reached: Exact) -> Exact:
    """The percentage of the highest step reached, or the mean of the steps weighted by what lies in each."""
    steps = schedule.steps
    if schedule.kind == "all_units":
        percents = [step.percent for step in steps if reached.exceeds(step.above)]
        return Exact(percents[-1] if percents else ZERO)
    weighted = sum((units * steps[place].percent for place, units in slices([s.above for s in steps], reached)), ZERO)
    return Exact(weighted, reached.value)


def _promote(work: Work, waterfall: Waterfall, stage: StepKind) -> None:
    applying = _applying(work, waterfall, stage)
    if not applying:
        return
    together = [promotion for promotion in applying if promotion.stacks]
    choices = ([together] if together else []) + [[promotion] for promotion in applying if not promotion.stacks]
    best = choices[0]
    for choice in choices[1:]:
        if _after(waterfall, choice).less_than(_after(waterfall, best)):
            best = choice
    for promotion in best:
        exact = _not_below_nothing(effect_on(waterfall, waterfall.exact, promotion.effect))
        if not exact.less_than(waterfall.exact) and not waterfall.exact.less_than(exact):
            continue
        waterfall.move_to(exact, stage, Source(promotion.id, promotion.version), input_of(promotion.effect))
        waterfall.may_undercut = waterfall.may_undercut or promotion.may_undercut


def _applying(work: Work, waterfall: Waterfall, stage: StepKind) -> list[Promotion]:
    """The promotions of this stage whose condition is true of the line, the first choice first."""
    found = []
    facts: dict[str, object] | None = None
    for promotion in work.promotions(waterfall.line.product):
        if promotion.stage != stage or waterfall.kind not in promotion.kinds:
            continue
        if promotion.condition is not None:
            facts = facts or _line_facts(work, waterfall)
            if promotion.condition(facts) is not True:
                continue
        found.append(promotion)
    return found


def _after(waterfall: Waterfall, promotions: Sequence[Promotion]) -> Exact:
    exact = waterfall.exact
    for promotion in promotions:
        exact = _not_below_nothing(effect_on(waterfall, exact, promotion.effect))
    return exact


def _not_below_nothing(exact: Exact) -> Exact:
    return exact if exact.value >= 0 else Exact(ZERO)


def _line_facts(work: Work, waterfall: Waterfall) -> dict[str, object]:
    """What the condition of a promotion may ask about a line."""
    line, bundle, place = waterfall.line, work.parent(waterfall.line), work.tax_place(waterfall.line)
    return {
        **order_facts(work),
        **line.facts,
        "product": line.product,
        "category": work.terms(line.product).category,
        "quantity": waterfall.own_quantity.shown(),
        "amount": waterfall.exact.shown(),
        "charge": waterfall.kind,
        "group": line.group,
        "role": line.role,
        "bundle": bundle.product if bundle else None,
        "country": place.country if place else None,
        "region": place.region if place else None,
    }


def order_facts(work: Work) -> dict[str, object]:
    """What any condition may ask about the customer, the day and the whole."""
    context = work.context
    return {
        **context.facts,
        "customer": context.customers[0] if context.customers else None,
        "segment": context.segment,
        "channel": context.channel,
        "currency": context.currency,
        "date": context.on,
        "lines": Decimal(len(work.lines)),
    }


def _price_by_hand(work: Work, waterfall: Waterfall, published: Published) -> None:
    """The negotiated price: it stands whatever the quantity, or the line says why it does not."""
    for place, given in enumerate(waterfall.line.given):
        if not isinstance(given.effect, UnitPriceOf) or kind_of(given, published.kinds) != waterfall.kind:
            continue
        pointer = f"/lines/{waterfall.place}/given/{place}"
        if not _says_which(work, given, published, pointer):
            continue
        if waterfall.is_by_hand:
            work.refuse("price_double", "The line has two prices by hand; keep one.", pointer)
            continue
        if given.effect.unit_price < 0:
            work.refuse("price_negative", "A price is not below nothing; give a credit instead.", pointer)
            continue
        check_reason(work, given, pointer)
        unit = given.agreed.unit if given.agreed and given.agreed.unit else waterfall.unit
        quantity = work.in_unit(waterfall.line.product, waterfall.own_quantity, unit)
        lapsed = _why_lapsed(work, given, quantity)
        if lapsed or quantity is None:
            work.note(waterfall.place, Note("negotiated_price_lapsed", lapsed, amount=given.effect.unit_price))
            continue
        exact = quantity.by(waterfall.periods).times(given.effect.unit_price)
        waterfall.move_to(exact, "manual_price", Source(given=given), input_of(given.effect))
        waterfall.is_by_hand = True


def _why_lapsed(work: Work, given: Given, quantity: Exact | None) -> str:
    """Why a negotiated price does not hold any more, or nothing."""
    agreed, context = given.agreed, work.context
    assert isinstance(given.effect, UnitPriceOf)
    price = f"The price of {given.effect.unit_price:f} that {given.who} agreed"
    why = ""
    if agreed is None:
        return why
    if quantity is None:
        why = f"is per {agreed.unit}, which does not compare with the unit of the line"
    elif agreed.currency not in (None, context.currency):
        why = f"is in {agreed.currency}, and this is in {context.currency}"
    elif agreed.until is not None and context.on > agreed.until:
        why = f"ended on {agreed.until:%Y-%m-%d}"
    elif agreed.minimum is not None and quantity.less_than(Exact(agreed.minimum)):
        why = f"is for {agreed.minimum:f} or more, and the line has {quantity.shown():f}"
    elif agreed.maximum is not None and quantity.exceeds(agreed.maximum):
        why = f"is for {agreed.maximum:f} at most, and the line has {quantity.shown():f}"
    return why and f"{price} {why}; the published price holds until it is agreed again."


def _says_which(work: Work, given: Given, published: Published, pointer: str) -> bool:
    """Whether it is clear which charge is meant; a line that costs once and by period needs to be told."""
    if given.kind is not None or len(published.kinds) < 2:
        return True
    problem = "The line costs once and by period; say which of them is meant."
    if not any(known.pointer == f"{pointer}/kind" for known in work.problems):
        work.refuse("kind_missing", problem, f"{pointer}/kind")
    return False


def _discounts_by_hand(work: Work, waterfall: Waterfall, published: Published) -> None:
    for place, given in enumerate(waterfall.line.given):
        if isinstance(given.effect, UnitPriceOf) or given.kind not in (None, waterfall.kind):
            continue
        pointer = f"/lines/{waterfall.place}/given/{place}"
        is_of_any = isinstance(given.effect, PercentOff | FreeUnits | BuyGet)
        if not is_of_any and not _says_which(work, given, published, pointer):
            continue
        check_reason(work, given, pointer)
        if not work.terms(waterfall.line.product).is_discountable:
            message = f"{waterfall.line.product} is not discounted; take the discount off the line."
            work.refuse("not_discountable", message, pointer)
            continue
        exact = effect_on(waterfall, waterfall.exact, given.effect)
        if exact.value < 0:
            message = f"The discount takes more than the {waterfall.amount:f} that the line costs; give less."
            work.refuse("discount_exceeds", message, pointer)
            continue
        waterfall.move_to(
            exact, _kind_of_step(waterfall, exact, given.effect), Source(given=given), input_of(given.effect)
        )


def _kind_of_step(waterfall: Waterfall, after: Exact, effect: Effect) -> StepKind:
    if isinstance(effect, FreeUnits | BuyGet):
        return "free_goods"
    return "surcharge" if waterfall.exact.less_than(after) else "discount"


def check_reason(work: Work, given: Given, pointer: str) -> None:
    """A price or discount by hand names one of the house's reasons."""
    reasons = work.book.reasons
    if given.reason.strip() and (not reasons or given.reason in reasons):
        return
    known = f" Choose one of {', '.join(sorted(reasons))}." if reasons else " Give one."
    work.refuse("reason_missing", f"A price or discount by hand needs a reason code.{known}", f"{pointer}/reason")


def pooled(work: Work) -> dict[str, Exact]:
    """The quantity of each product on all lines that count, in its own unit."""
    found: dict[str, Exact] = {}
    for place, quantity in work.own_quantities.items():
        line = work.lines[place]
        if not line.is_optional:
            known = found.get(line.product, Exact(ZERO, ONE))
            over = known.over * quantity.over
            found[line.product] = Exact(known.value * quantity.over + quantity.value * known.over, over)
    return found
