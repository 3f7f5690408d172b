"""Builders for prices: short words for books, contexts and lines."""

from __future__ import annotations

from datetime import date
from decimal import Decimal as D
from typing import Any

from orderloom.base.money import cent
from orderloom.catalog.exact import ZERO
from orderloom.catalog.price import price
from orderloom.catalog.price_book import Book, ListedPrice, Method, PriceList
from orderloom.catalog.price_types import Context, Effect, Given, Line, Shared
from orderloom.catalog.priced import Priced, PricedCharge
from orderloom.catalog.tiers import PerUnit, Tier

TODAY = date(2026, 3, 1)
TIERS = tuple(Tier(D(above), D(unit)) for above, unit in ((0, 100), (10, 85), (50, 70), (100, 55)))


def book(prices: dict[str, str | Method | ListedPrice], *, currency: str = "USD", **more: Any) -> Book:
    """A book with one list; a text is a price per unit."""
    listed = {code: (_listed(code, value),) for code, value in prices.items()}
    return Book(lists=(PriceList("standard", currency, listed),), **more)


def _listed(code: str, value: str | Method | ListedPrice) -> ListedPrice:
    if isinstance(value, ListedPrice):
        return value
    return ListedPrice(code, one_time=PerUnit(D(value)) if isinstance(value, str) else value)


def yearly(amount: str, *, period: Any = "year", proration: Any = "days") -> ListedPrice:
    return ListedPrice("yearly", recurring=PerUnit(D(amount)), period=period, proration=proration)


def context(currency: str = "USD", **more: Any) -> Context:
    return Context(**{"currency": currency, "cent": cent(currency), "on": TODAY, **more})


def by_hand(effect: Effect, **more: Any) -> Given:
    return Given(**{"effect": effect, "reason": "loyalty", "who": "ann", **more})


def on_all(effect: Effect, *, group: str | None = None, **more: Any) -> Shared:
    return Shared(by_hand(effect, **more), group)


def charge(priced: Priced, line: str = "1") -> PricedCharge:
    """The only charge of a line, of prices without problems."""
    assert priced.problems == ()
    (only,) = priced.line(line).charges
    return only


def net(method: Method | str | ListedPrice, quantity: str | int = 1, *, currency: str = "USD", **line: Any) -> D:
    """What so many of one product cost, before tax."""
    priced = price([Line("1", "A", D(quantity), **line)], book({"A": method}, currency=currency), context(currency))
    return charge(priced).net


def codes(priced: Priced) -> list[tuple[str, str]]:
    """Problems as code and pointer."""
    return [(problem.code, problem.pointer) for problem in priced.problems]


def steps_sum(each: PricedCharge) -> D:
    return sum((step.amount for step in each.steps), ZERO)
