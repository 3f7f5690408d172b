"""What lines that a change touches cost, by the one price function; what was agreed stands, or they say why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from orderloom.base.money import round_amount
from orderloom.base.refusals import Problem
from orderloom.catalog.price import price
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_differences import causes_between
from orderloom.catalog.price_types import (
    CHARGE_KINDS,
    AmountOff,
    BuyGet,
    ChargeKind,
    Context,
    Effect,
    FreeUnits,
    Given,
    Line,
    PercentOff,
    UnitOff,
    UnitPriceOf,
)
from orderloom.catalog.price_words import cause_words
from orderloom.catalog.priced import Need, PricedCharge, PricedLine, PriceStep
from orderloom.orders.change import ChangeDraft
from orderloom.orders.compose import UNPRICED_ACTIONS
from orderloom.orders.order import Standing
from orderloom.orders.pricing import agreed_steps, given_price
from orderloom.orders.reads.stored import StoredItem, StoredOrder
from orderloom.orders.revise import PriceMove, PriceNote, Revised
from orderloom.orders.types import ItemDraft, PriceDraft
from orderloom.quotes.pricing import unit_price_of

LAPSED = "negotiated_price_lapsed"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Everything that decides prices at a moment, and the circumstances of the order's customer then."""

    book: Book
    context: Context


@dataclass(frozen=True, slots=True)
class Touched:
    """A line that is priced: at which moment, with what was wished or agreed.

    `shares_again`: its agreed price takes its share of a discount on all lines anew.
    """

    line: str
    at: datetime
    given: tuple[Given, ...] = ()
    wished: PriceDraft | None = None
    was: Standing | None = None
    shares_again: bool = False


def touched_lines(
    order: StoredOrder,
    draft: ChangeDraft,
    revised: Revised,
    standing: Mapping[str, Standing],
    *,
    who: str,
    now: datetime,
) -> list[Touched]:
    """The lines whose price a change asks for: those that come, those of another quantity, form or price, and all
    lines of a bundle that is made of other parts.

    A line that comes is priced now; one that stays, by the rules of the moment that it was priced at, so that
    taking the change back gives the cents back. What was agreed and has no limits stays as it is.
    """
    before = {item.line: item for item in order.items if item.withdrawn_in is None}
    wishes = {change.line: change.price for change in draft.lines if change.price is not None}
    born = {item.line: item for item in (*draft.add, *(exchange.by for exchange in draft.exchange))}
    recomposed = _recomposed(revised)
    found = []
    for item in revised.order.items:
        if item.withdrawn_in is not None or item.action in UNPRICED_ACTIONS:
            continue
        if item.line in revised.added:
            found.append(_born(born[item.line], who=who, now=now))
        elif item.line in wishes:
            given = tuple(given_price(wishes[item.line], who))
            found.append(Touched(item.line, now, given, wishes[item.line], standing.get(item.line)))
        elif (item.bundle or item.line) in recomposed or (
            item.line in revised.changed and _asks(item, before[item.line])
        ):
            found += _kept(item, standing.get(item.line), now=now)
    return found


def _recomposed(revised: Revised) -> set[str]:
    """The bundles, by their outermost line, that lose a part or get one."""
    parts = [*revised.removed, *(item for item in revised.order.items if item.line in revised.added)]
    return {item.bundle for item in parts if item.bundle is not None}


def _born(item: ItemDraft, *, who: str, now: datetime) -> Touched:
    by_hand = tuple(given_price(item.price, who)) if item.price is not None else ()
    return Touched(item.line, now, (*by_hand, *(discount.given(who) for discount in item.discounts)), item.price)


def _asks(item: StoredItem, before: StoredItem) -> bool:
    return (item.quantity, item.characteristics) != (before.quantity, before.characteristics)


def _kept(item: StoredItem, was: Standing | None, *, now: datetime) -> Iterator[Touched]:
    if was is None or was.origin == "none":
        return
    if was.is_agreed:
        if was.limits:
            yield Touched(item.line, now, tuple(agreement(item, was)), was=was)
        return
    yield Touched(item.line, was.priced_at, tuple(discounts_again(was)), was=was)


def agreement(item: StoredItem, was: Standing) -> Iterator[Given]:
    """The price that was agreed for the line, with what it was agreed for."""
    for kind, unit_price in _unit_prices(item):
        period = item.period if kind == "recurring" else None
        yield Given(UnitPriceOf(unit_price), was.reason, was.who, kind, period, was.limits.get(kind))  # type: ignore[arg-type]


def _unit_prices(item: StoredItem) -> list[tuple[ChargeKind, Decimal]]:
    prices: tuple[tuple[ChargeKind, Decimal | None], ...] = (("one_time", item.one_time), ("recurring", item.recurring))
    return [(kind, unit_price) for kind, unit_price in prices if unit_price is not None]


def discounts_again(was: Standing, *, shared: bool = True) -> Iterator[Given]:
    """What people took off the line before, as they gave it; of an amount on several lines, the line's share.

    Without `shared` only what they gave on the line itself.
    """
    for charge in was.kept.charges if was.kept else ():
        for step in charge.steps:
            is_wanted = bool(step.who) and (shared or step.kind not in ("group", "header"))
            effect = _effect(step) if is_wanted else None
            if effect is not None:
                yield Given(effect, step.reason, step.who, charge.kind, charge.period)


def _effect(step: PriceStep) -> Effect | None:
    told = {name: value for name, value in step.input.items() if isinstance(value, Decimal)}
    if step.kind in ("group", "header") and "percent" not in told:
        return AmountOff(-step.amount)
    if "buy" in told:
        return BuyGet(told["buy"], told["get"])
    simple: tuple[tuple[str, type[PercentOff] | type[UnitOff] | type[AmountOff] | type[FreeUnits]], ...] = (
        ("percent", PercentOff),
        ("per_unit", UnitOff),
        ("amount", AmountOff),
        ("free", FreeUnits),
    )
    return next((effect(told[name]) for name, effect in simple if name in told), None)


def price_change(
    order: StoredOrder,
    revised: Revised,
    touched: Sequence[Touched],
    shelves: Mapping[datetime, Shelf],
    standing: Mapping[str, Standing],
) -> Revised:
    """The revised order with the prices of the lines that the change touches, and why each is what it is.

    Lines that are not touched count at the price that they have. An amount off the whole order is not shared anew.
    """
    answers: dict[str, PricedLine] = {}
    needs: list[Need] = []
    problems: list[Problem] = []
    for at in sorted({one.at for one in touched}):
        asking = {one.line: one for one in touched if one.at == at}
        lines = list(_lines(revised.order, asking))
        book = replace(shelves[at].book, reasons=frozenset())
        is_whole = all(line.id in asking for line in lines)
        priced = price(lines, book if is_whole else _without_shared_amounts(book), shelves[at].context)
        answers |= {line.id: line for line in priced.lines if line.id in asking}
        needs += [need for need in priced.needs if set(need.lines) & set(asking)]
        places = {place: line.id for place, line in enumerate(lines) if line.id in asking}
        problems += _pointed(priced.problems, places, revised)
    priced_lines = {one.line: _as_agreed(answers[one.line], one) for one in touched if one.line in answers}
    items = {item.line: item for item in revised.order.items}
    prices = dict(revised.prices)
    for one in touched:
        if one.line in priced_lines:
            items[one.line], note = _with_price(items[one.line], priced_lines[one.line], one)
            prices |= {one.line: note} if note else {}
    before = {item.line: item for item in revised.order.items}
    other = [line for line in priced_lines if line not in revised.added and items[line] != before[line]]
    done = replace(
        revised,
        order=replace(revised.order, items=tuple(items.values())),
        changed=tuple(dict.fromkeys((*revised.changed, *other))),
        prices=prices,
        waterfalls={line: answer for line, answer in priced_lines.items() if answer.charges},
        priced_at={one.line: one.at for one in touched},
        problems=(*revised.problems, *problems, *_left_over(items, priced_lines, revised)),
    )
    moves = tuple(_moves(order, done, standing))
    return replace(done, moves=moves, needs=tuple(_asked_for(needs, moves, touched)))


def _lines(order: StoredOrder, asking: Mapping[str, Touched]) -> Iterator[Line]:
    items = [item for item in order.items if item.withdrawn_in is None and item.action not in UNPRICED_ACTIONS]
    lines = {item.line for item in items}
    for item in items:
        one = asking.get(item.line)
        yield Line(
            id=item.line,
            product=item.product,
            quantity=item.quantity,
            parent=item.parent if item.parent in lines else None,
            role=item.role,
            given=one.given if one else tuple(_as_it_is(item)),
            facts=item.characteristics,
        )


def _as_it_is(item: StoredItem) -> Iterator[Given]:
    for kind, unit_price in _unit_prices(item):
        yield Given(UnitPriceOf(unit_price), "kept", "", kind, item.period if kind == "recurring" else None)  # type: ignore[arg-type]


def _without_shared_amounts(book: Book) -> Book:
    promotions = tuple(one for one in book.promotions if one.scope != "header" or not isinstance(one.effect, AmountOff))
    return replace(book, promotions=promotions)


def _pointed(problems: Sequence[Problem], places: Mapping[int, str], revised: Revised) -> Iterator[Problem]:
    for problem in problems:
        _, section, place, *rest = problem.pointer.split("/")
        if section == "lines" and int(place) in places:
            below = "/".join(["", *("discounts" if part == "given" else part for part in rest)])
            yield replace(problem, pointer=f"{revised.pointers.get(places[int(place)], '')}{below}")


def _as_agreed(answer: PricedLine, one: Touched) -> PricedLine:
    """A price that was wished or agreed stands alone; what it leaves out of list prices is not charged."""
    if one.wished is None and (one.was is None or not one.was.is_agreed):
        return answer
    if any(note.code == LAPSED for note in answer.notes):
        return answer
    kinds = {given.kind for given in one.given if isinstance(given.effect, UnitPriceOf)}
    return replace(answer, charges=tuple(agreed_steps(charge) for charge in answer.charges if charge.kind in kinds))


def _with_price(item: StoredItem, answer: PricedLine, one: Touched) -> tuple[StoredItem, PriceNote | None]:
    """The line with what one unit costs, and who says so where that is another."""
    lapsed = any(note.code == LAPSED for note in answer.notes)
    stands = one.wished is not None or (one.was is not None and one.was.is_agreed and not lapsed)
    if stands and not one.shares_again:
        return item, None
    once, recurring = answer.charge("one_time"), answer.charge("recurring")
    priced = replace(
        item,
        one_time=None if once is None else unit_price_of(once.net, item.quantity),
        recurring=None if recurring is None else unit_price_of(recurring.net, item.quantity),
        period=None if recurring is None else recurring.period,
    )
    if stands and one.was is not None:
        return priced, PriceNote(one.was.origin, one.was.reason)
    return priced, PriceNote("list" if answer.charges else "none", None)


def _left_over(
    items: Mapping[str, StoredItem], answers: Mapping[str, PricedLine], revised: Revised
) -> Iterator[Problem]:
    """Quantities that are not sold, and lines that come without any price though their product has one elsewhere."""
    for line, answer in answers.items():
        pointer = revised.pointers.get(line, "")
        if answer.quantity != items[line].quantity:
            message = (
                f"The next quantity of {answer.product} that is sold is {answer.quantity:f} {answer.unit}; take it."
            )
            yield Problem("quantity_not_sold", message, f"{pointer}/quantity")
        if line in revised.unlisted and not answer.charges and not answer.is_included:
            message = f"{answer.product} has no list price in {revised.order.currency}; add one or enter a price."
            yield Problem("price_currency", message, f"{pointer}/product")


def _moves(order: StoredOrder, revised: Revised, standing: Mapping[str, Standing]) -> Iterator[PriceMove]:
    """What the lines that come or are of another quantity or price cost, before and after, and why."""
    before = {item.line: item for item in order.items if item.withdrawn_in is None}
    for item in revised.order.items:
        if item.line not in revised.added and item.line not in revised.changed and item.line not in revised.waterfalls:
            continue
        was = before.get(item.line) if item.line not in revised.added else None
        for kind in CHARGE_KINDS:
            old, new = _net(was, kind, order.currency), _net(item, kind, order.currency)
            is_same = was is not None and was.quantity == item.quantity
            if (old, new) == (None, None) or (is_same and old == new):
                continue
            period = (item.period or (was.period if was else None)) if kind == "recurring" else None
            why = tuple(_why(item, was, kind, revised, standing.get(item.line) if was else None))
            yield PriceMove(
                item.line, item.product, kind, period, was.quantity if was else None, item.quantity, old, new, why
            )


def _net(item: StoredItem | None, kind: ChargeKind, currency: str) -> Decimal | None:
    unit_price = None if item is None else item.one_time if kind == "one_time" else item.recurring
    return None if item is None or unit_price is None else round_amount(unit_price * item.quantity, currency)


def _why(
    item: StoredItem, was: StoredItem | None, kind: ChargeKind, revised: Revised, standing: Standing | None
) -> Iterator[str]:
    answer = revised.waterfalls.get(item.line)
    yield from (note.message for note in (answer.notes if answer else ()) if note.code == LAPSED)
    note = revised.prices.get(item.line)
    if note is not None and note.origin == "manual":
        yield f"Set by hand: {note.reason}"
        return
    unit_price = item.one_time if kind == "one_time" else item.recurring
    if standing is not None and standing.is_agreed and (note is None or note.origin not in ("list", "none")):
        yield f"The agreed price of {unit_price:f} each is kept." if unit_price is not None else "As agreed."
        return
    charge = answer.charge(kind) if answer else None
    kept = standing.kept.charge(kind) if standing and standing.kept else None
    if charge is not None and was is not None and kept is None:
        kept = _listed(charge, was)
    if charge is not None:
        yield from (cause_words(cause) for cause in causes_between(kept, charge))
    elif unit_price is not None:
        yield f"List price {unit_price:f} each"


def _listed(charge: PricedCharge, was: StoredItem) -> PricedCharge | None:
    """A line that the standard list alone priced, as one step."""
    unit_price = was.one_time if charge.kind == "one_time" else was.recurring
    if unit_price is None or not charge.steps:
        return None
    net = unit_price * was.quantity
    step = replace(charge.steps[0], kind="list", amount=net, input={})
    return replace(charge, steps=(step,), net=net, quantity=was.quantity)


def _asked_for(needs: Sequence[Need], moves: Sequence[PriceMove], touched: Sequence[Touched]) -> Iterator[Need]:
    """The rights that it takes: for lines that come, for prices by hand, and where a unit costs less than before."""
    asking = {one.line for one in touched if one.wished is not None or one.was is None}
    asking |= {move.line for move in moves if move.costs_less_each}
    for need in needs:
        lines = tuple(line for line in need.lines if line in asking)
        if lines:
            yield replace(need, lines=lines)
