"""What is known and found while lines are priced, and which published prices apply to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property

from orderloom.base.refusals import Problem
from orderloom.catalog.exact import ONE, Exact
from orderloom.catalog.price_book import (
    NO_TERMS,
    Book,
    ContractPrice,
    Cost,
    ListedPrice,
    Option,
    PriceList,
    Promotion,
    Schedule,
    Terms,
    holds,
)
from orderloom.catalog.price_types import ChargeKind, Context, Line, Place
from orderloom.catalog.priced import Note
from orderloom.catalog.proration import MONTHS
from orderloom.catalog.tax import TaxRate
from orderloom.catalog.types import Period
from orderloom.catalog.units import converted
from orderloom.catalog.waterfall import Waterfall


@dataclass(eq=False)
class Work:
    """One pricing: its input, and what has been found so far, in the order of the lines."""

    lines: Sequence[Line]
    book: Book
    context: Context
    waterfalls: list[Waterfall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: dict[int, list[Note]] = field(default_factory=dict)
    quantities: dict[int, tuple[Exact, str]] = field(default_factory=dict)
    own_quantities: dict[int, Exact] = field(default_factory=dict)
    included: set[int] = field(default_factory=set)
    _rates: dict[tuple[Place, str], tuple[TaxRate, ...]] = field(default_factory=dict)
    _schedules: dict[str, list[Schedule]] = field(default_factory=dict)
    _promotions: dict[str, list[Promotion]] = field(default_factory=dict)
    _listed: dict[str, tuple[PriceList, ListedPrice] | None] = field(default_factory=dict)

    def refuse(self, code: str, message: str, pointer: str) -> None:
        """Keep a problem; the others are still looked for."""
        self.problems.append(Problem(code, message, pointer))

    def note(self, place: int, note: Note) -> None:
        """Keep a note on a line."""
        self.notes.setdefault(place, []).append(note)

    @cached_property
    def place_of(self) -> dict[str, int]:
        """Where each line stands; the first, where an id stands twice."""
        return {line.id: place for place, line in reversed(list(enumerate(self.lines)))}

    @cached_property
    def parts_of(self) -> dict[str, list[int]]:
        """The direct parts of each bundle, by the bundle's line."""
        found: dict[str, list[int]] = {}
        for place, line in enumerate(self.lines):
            if line.parent is not None:
                found.setdefault(line.parent, []).append(place)
        return found

    @cached_property
    def lists(self) -> tuple[PriceList, ...]:
        """The price lists that fit, first choice first."""
        fitting = [listed for listed in self.book.lists if listed.fits(self.context)]
        return tuple(sorted(fitting, key=_precedence))

    def terms(self, product: str) -> Terms:
        """What else matters to the price of a product."""
        return self.book.terms.get(product, NO_TERMS)

    def parent(self, line: Line) -> Line | None:
        """The bundle that a line is part of."""
        place = None if line.parent is None else self.place_of.get(line.parent)
        return None if place is None else self.lines[place]

    def listed(self, product: str) -> tuple[PriceList, ListedPrice] | None:
        """The product's price in the first list that has one today."""
        if product not in self._listed:
            self._listed[product] = self._look_up(product)
        return self._listed[product]

    def _look_up(self, product: str) -> tuple[PriceList, ListedPrice] | None:
        for price_list in self.lists:
            for price in price_list.prices.get(product, ()):
                if holds(price, self.context.on):
                    return price_list, price
        return None

    def contract(self, product: str) -> ContractPrice | None:
        """The customer's own price: that of the customer before those above, the later one before the earlier."""
        fitting = [
            contract
            for contract in self.book.contracts.get(product, ())
            if contract.customer in self.context.customers
            and contract.currency in (None, self.context.currency)
            and holds(contract, self.context.on)
        ]
        rank = self.context.customers.index
        return min(
            fitting, key=lambda each: (rank(each.customer), _latest_first(each.valid_from), each.id), default=None
        )

    def schedules(self, product: str) -> list[Schedule]:
        """The schedules about a product that hold today."""
        if product not in self._schedules:
            category = self.terms(product).category
            self._schedules[product] = [
                each for each in self.book.schedules if each.names(product, category) and holds(each, self.context.on)
            ]
        return self._schedules[product]

    def promotions(self, product: str) -> list[Promotion]:
        """The promotions on lines of a product that hold today, the highest rank first."""
        if product not in self._promotions:
            category = self.terms(product).category
            fitting = [
                each
                for each in self.book.promotions
                if each.scope == "line" and each.names(product, category) and holds(each, self.context.on)
            ]
            self._promotions[product] = sorted(fitting, key=lambda each: (-each.rank, each.id))
        return self._promotions[product]

    def is_inside_itself(self, line: Line) -> bool:
        """Whether a line is, at whatever depth, part of itself."""
        above = self.parent(line)
        for _ in self.lines:
            if above is None:
                return False
            if above.id == line.id:
                return True
            above = self.parent(above)
        return False

    def option(self, line: Line) -> Option | None:
        """What the line costs in its bundle, by role or else by product."""
        bundle = self.parent(line)
        options = self.book.options.get(bundle.product, {}) if bundle else {}
        return options.get(line.role or "") or options.get(line.product)

    def tax_place(self, line: Line) -> Place | None:
        """Where the line's tax is due: its own place, or its bundle's, or that of all lines."""
        seen = 0
        current: Line | None = line
        while current is not None and seen <= len(self.lines):
            if current.place is not None:
                return current.place
            current, seen = self.parent(current), seen + 1
        return self.context.place

    def rates_of(self, line: Line) -> tuple[TaxRate, ...]:
        """The taxes due on a line where and when it is taxed; none where its place is not known."""
        place = self.tax_place(line)
        category = line.tax_category or self.terms(line.product).tax_category
        if place is None:
            return ()
        key = place, category
        if key not in self._rates:
            self._rates[key] = self.book.taxes.rates_at(place, category, self.context.tax_on or self.context.on)
        return self._rates[key]

    def in_unit(self, product: str, own_quantity: Exact, unit: str | None) -> Exact | None:
        """A quantity of the product's own unit in another unit."""
        terms = self.terms(product)
        return converted(own_quantity, terms.packings, own=terms.unit, unit=terms.unit, to=unit or terms.unit)

    def money(self, amount: Exact, currency: str) -> Exact | None:
        """An amount of another currency in this one, by the book's rate or its reverse."""
        here = self.context.currency
        if currency == here:
            return amount
        if rate := self.book.rates.get((currency, here)):
            return amount.times(rate)
        if rate := self.book.rates.get((here, currency)):
            return amount.times(ONE, rate)
        return None

    def cost(self, product: str, kind: ChargeKind, own_quantity: Exact) -> Exact | None:
        """What so many cost us (for one period), in this currency; none where it is not known."""
        cost = cost_entry(self.book, product, kind)
        quantity = self.in_unit(product, own_quantity, cost.unit) if cost else None
        return self.money(quantity.times(cost.unit_cost), cost.currency) if cost and quantity else None


def cost_entry(book: Book, product: str, kind: ChargeKind) -> Cost | None:
    """The published cost of a product for one kind of charge."""
    return next((cost for cost in book.costs.get(product, ()) if cost.kind == kind), None)


def _precedence(price_list: PriceList) -> tuple[int, int, int, str]:
    special = 2 * bool(price_list.segments) + bool(price_list.channels)
    return -price_list.rank, -special, _latest_first(price_list.valid_from), price_list.code


def _latest_first(valid_from: date | None) -> int:
    return -valid_from.toordinal() if valid_from else 0


def between_periods(amount: Exact, *, of: Period | None, to: Period | None) -> Exact | None:
    """An amount of one period for another one; none where the two are not made of months."""
    if of == to:
        return amount
    if of and to and of in MONTHS and to in MONTHS:
        return amount.times(Decimal(MONTHS[to]), Decimal(MONTHS[of]))
    return None
