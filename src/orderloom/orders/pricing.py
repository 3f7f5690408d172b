"""What the lines of an order cost by the one price function, and the waterfalls that are kept with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from orderloom.base.refusals import Problem
from orderloom.catalog.price import price
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_types import Context, Given, Line, Shared, UnitPriceOf
from orderloom.catalog.priced import Need, PricedCharge, PricedLine
from orderloom.catalog.reads import Touched
from orderloom.orders.compose import UNPRICED_ACTIONS, Checked, UnitPrice
from orderloom.orders.types import ItemDraft, PriceDraft
from orderloom.quotes.pricing import unit_price_of


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """An order whose lines the price function priced: waterfalls and needs by line."""

    checked: Checked
    waterfalls: Mapping[str, PricedLine]
    needs: tuple[Need, ...]


def price_order(checked: Checked, book: Book, context: Context, *, who: str) -> PricedOrder | list[Problem]:
    """Price every line of an order; return it with its waterfalls, or every problem with its pointer.

    A price that the order brings along stands as agreed: the waterfall goes down to it from the list.
    """
    problems = _reason_problems(checked, book)
    places = [place for place, item in enumerate(checked.draft.items) if item.action not in UNPRICED_ACTIONS]
    asked = replace(
        context,
        shared=tuple(Shared(discount.given(who)) for discount in checked.draft.discounts),
        tax=None,
        may_see_cost=False,
        refuse_unpriced=False,
    )
    priced = price(list(_lines(checked, places, who)), replace(book, reasons=frozenset()), asked)
    problems += [_at_item(problem, places) for problem in priced.problems]
    answers = {line.id: _as_agreed(line, checked) for line in priced.lines}
    problems += _left_over(checked, answers)
    if problems:
        return problems
    prices = tuple(_unit_price(item, answers.get(item.line)) for item in checked.draft.items)
    return PricedOrder(replace(checked, prices=prices), answers, priced.needs)


def needs_pricing(checked: Checked, touched: Touched) -> bool:
    """Whether anything but the standard list may decide what the order costs; most orders take the short path."""
    draft = checked.draft
    if checked.is_agreed:
        return False
    if draft.discounts or touched.everything or any(item.discounts for item in draft.items):
        return True
    if touched.limits and any(item.price is not None for item in draft.items):
        return True
    return bool(touched.products) and any(offer.code in touched.products for offer in checked.offers)


def _lines(checked: Checked, places: Sequence[int], who: str) -> Iterator[Line]:
    items = checked.draft.items
    lines = {items[place].line for place in places}
    for place in places:
        item = items[place]
        yield Line(
            id=item.line,
            product=checked.offers[place].code,
            quantity=item.quantity,
            parent=item.parent if item.parent in lines else None,
            role=item.role,
            given=tuple(_given(item, who)),
            facts=item.characteristics,
        )


def _given(item: ItemDraft, who: str) -> Iterator[Given]:
    if item.price is not None:
        yield from given_price(item.price, who)
    yield from (discount.given(who) for discount in item.discounts)


def given_price(price: PriceDraft, who: str) -> Iterator[Given]:
    """A price set by hand, as the price function takes it."""
    if price.one_time is not None:
        yield Given(UnitPriceOf(price.one_time), price.reason, who, "one_time")
    if price.recurring is not None:
        yield Given(UnitPriceOf(price.recurring), price.reason, who, "recurring", price.period)


def _reason_problems(checked: Checked, book: Book) -> list[Problem]:
    """A discount by hand names one of the house's reasons, where it has published some."""
    found = []
    discounts = [(f"/discounts/{n}", discount) for n, discount in enumerate(checked.draft.discounts)]
    for place, item in enumerate(checked.draft.items):
        discounts += [(f"/items/{place}/discounts/{n}", discount) for n, discount in enumerate(item.discounts)]
    for pointer, discount in discounts:
        if discount.reason and book.reasons and discount.reason not in book.reasons:
            message = f"A discount by hand needs a reason code. Choose one of {', '.join(sorted(book.reasons))}."
            found.append(Problem("reason_missing", message, f"{pointer}/reason"))
    return found


def _at_item(problem: Problem, places: Sequence[int]) -> Problem:
    """`/lines/1/given/0` of what was priced is `/items/3/discounts/0` of the order."""
    section, place, *rest = problem.pointer.removeprefix("/").split("/")
    if section == "shared":
        return replace(problem, pointer="/".join(["", "discounts", place, *rest]))
    rest = ["discounts" if part == "given" else part for part in rest]
    return replace(problem, pointer="/".join(["", "items", str(places[int(place)]), *rest]))


def _as_agreed(line: PricedLine, checked: Checked) -> PricedLine:
    """A price that came with the order is agreed; what it leaves out of list prices is not charged."""
    item = next(item for item in checked.draft.items if item.line == line.id)
    if item.price is None:
        return line
    kinds = {kind for kind in ("one_time", "recurring") if getattr(item.price, kind) is not None}
    charges = tuple(agreed_steps(charge) for charge in line.charges if charge.kind in kinds)
    return replace(line, charges=charges)


def agreed_steps(charge: PricedCharge) -> PricedCharge:
    """The charge with the price that was brought along told as agreed."""
    steps = tuple(replace(step, kind="agreed") if step.kind == "manual_price" else step for step in charge.steps)
    return replace(charge, steps=steps)


def _left_over(checked: Checked, answers: Mapping[str, PricedLine]) -> list[Problem]:
    """Lines that nothing prices though they have a price elsewhere, and quantities that are not sold."""
    found = []
    for place, item in enumerate(checked.draft.items):
        line = answers.get(item.line)
        if line is None:
            continue
        if line.quantity != item.quantity:
            message = f"The next quantity of {item.product} that is sold is {line.quantity:f} {line.unit}; order that."
            found.append(Problem("quantity_not_sold", message, f"/items/{place}/quantity"))
        offer = checked.offers[place]
        if not line.charges and not line.is_included and offer.prices and checked.currency not in offer.prices:
            message = f"{item.product} has no list price in {checked.currency}; add one or enter a price."
            found.append(Problem("price_currency", message, f"/items/{place}/product"))
    return found


def _unit_price(item: ItemDraft, line: PricedLine | None) -> UnitPrice:
    """What one unit costs; multiplied with the quantity and rounded it is the net again, to the cent."""
    if line is None or not line.charges:
        return UnitPrice(item.quantity)
    once, recurring = line.charge("one_time"), line.charge("recurring")
    return UnitPrice(
        item.quantity,
        None if once is None else unit_price_of(once.net, item.quantity),
        None if recurring is None else unit_price_of(recurring.net, item.quantity),
        None if recurring is None else recurring.period,
        "list" if item.price is None else "manual",
        None if item.price is None else item.price.reason,
    )
