"""Every figure by its name."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from orderloom.base.transaction import Tx
from orderloom.insight import figures as made
from orderloom.insight.figures import Figure
from orderloom.insight.reads import quiet, sums
from orderloom.insight.reads.sums import Slice, Span

Period = Literal["week", "month"]
Against = Literal["before", "year"]


@dataclass(frozen=True, slots=True)
class Ask:
    """What of the ledger is meant and how it is to be shown; `most` rows of a ranking, all of them if None.

    Movers compare the last `months` whole months with those before them or with the same ones a year before.
    """

    part: Slice
    span: Span
    period: Period = "month"
    months: int = 3
    against: Against = "before"
    most: int | None = None


def months_before(day: date, count: int) -> date:
    """The first day of the month so many months before that of the day."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def end_of_month(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def usual_slice(span: Span) -> Slice:
    """What is shown when nothing is said: the last month in which there is something and the twelve before it."""
    return Slice(span.currency, months_before(span.last_on, 12), end_of_month(span.last_on))


async def figure(tx: Tx, name: str, ask: Ask) -> Figure:
    """One figure; a name that is not in FIGURES is a bug."""
    return await FIGURES[name](tx, ask)


async def trends(tx: Tx, ask: Ask) -> list[Figure]:
    """What a page of trends shows, the sums by period read once."""
    part, period = ask.part, ask.period
    found = await sums.by_period(tx, part, period=period)
    return [
        made.revenue(part.currency, found, await sums.by_period(tx, _earlier(ask), period=period), period=period),
        made.buyers_by_period(part.currency, found, period=period),
        await _products(tx, ask),
        await _buyers(tx, ask),
        await _countries(tx, ask),
        made.quantities(part.currency, found, period=period),
        made.returns(part.currency, found, period=period),
    ]


async def _revenue(tx: Tx, ask: Ask) -> Figure:
    now = await sums.by_period(tx, ask.part, period=ask.period)
    before = await sums.by_period(tx, _earlier(ask), period=ask.period)
    return made.revenue(ask.part.currency, now, before, period=ask.period)


def _earlier(ask: Ask) -> Slice:
    """The same time a year before, and a week more, since weeks begin on Mondays."""
    begin = made.year_before(_safe(ask.part.day_from), ask.period) - timedelta(days=7)
    return replace(ask.part, day_from=begin, day_to=_year_back(ask))


def _safe(day: date) -> date:
    """A day that every year has."""
    return day.replace(day=28) if (day.month, day.day) == (2, 29) else day


def _year_back(ask: Ask) -> date:
    """So far goes the year before: a month that has not ended is compared with as many days."""
    last = min(ask.part.day_to, ask.span.last_on)
    return made.year_before(last, ask.period) if ask.period == "week" else _safe(last).replace(year=last.year - 1)


async def _buyers_by_period(tx: Tx, ask: Ask) -> Figure:
    found = await sums.by_period(tx, ask.part, period=ask.period)
    return made.buyers_by_period(ask.part.currency, found, period=ask.period)


async def _quantities(tx: Tx, ask: Ask) -> Figure:
    return made.quantities(ask.part.currency, await sums.by_period(tx, ask.part, period=ask.period), period=ask.period)


async def _returns(tx: Tx, ask: Ask) -> Figure:
    return made.returns(ask.part.currency, await sums.by_period(tx, ask.part, period=ask.period), period=ask.period)


async def _countries(tx: Tx, ask: Ask) -> Figure:
    found = await sums.by_country(tx, ask.part, most=ask.most)
    return made.ranking("countries", ask.part.currency, found, key_of="country", nobody="Country not known")


async def _products(tx: Tx, ask: Ask) -> Figure:
    found = await sums.by_product(tx, ask.part, most=ask.most)
    return made.ranking("products", ask.part.currency, found, key_of="product", nobody="")


async def _buyers(tx: Tx, ask: Ask) -> Figure:
    found = await sums.by_customer(tx, ask.part, most=ask.most)
    return made.ranking("buyers", ask.part.currency, found, key_of="customer", nobody="Without a customer")


def compared_slices(ask: Ask) -> tuple[Slice, Slice]:
    """The last whole months, and those that they are compared with."""
    last = ask.span.last_on
    end = months_before(last, 0) if last != end_of_month(last) else last + timedelta(days=1)
    begin = months_before(end, ask.months)
    back = 12 if ask.against == "year" else ask.months
    now = replace(ask.part, day_from=begin, day_to=end - timedelta(days=1))
    before = replace(ask.part, day_from=months_before(begin, back), day_to=months_before(end, back) - timedelta(days=1))
    return now, before


def _spoken(ask: Ask) -> str:
    now, before = compared_slices(ask)
    return f"from {_between(before)} to {_between(now)}"


def _between(part: Slice) -> str:
    first, last = f"{part.day_from:%B %Y}", f"{part.day_to:%B %Y}"
    return first if first == last else f"{first} – {last}"


async def _product_movers(tx: Tx, ask: Ask) -> Figure:
    now, before = compared_slices(ask)
    found = await sums.moved_products(tx, now, before, most=ask.most)
    return made.movers("product", ask.part.currency, found, spoken=_spoken(ask))


async def _customer_movers(tx: Tx, ask: Ask) -> Figure:
    now, before = compared_slices(ask)
    found = await sums.moved_customers(tx, now, before, most=ask.most)
    return made.movers("customer", ask.part.currency, found, spoken=_spoken(ask))


async def _seasons(tx: Tx, ask: Ask) -> Figure:
    """Whole months only: one that has not ended says nothing about its season."""
    last = ask.span.last_on
    end = last if last == end_of_month(last) else months_before(last, 0) - timedelta(days=1)
    begin = months_before(ask.span.first_on + timedelta(days=6), 0)
    part = replace(ask.part, day_from=begin, day_to=end)
    return made.seasons(part.currency, await sums.by_period(tx, part, period="month"))


async def _weekdays(tx: Tx, ask: Ask) -> Figure:
    weeks = round(((min(ask.part.day_to, ask.span.last_on) - ask.part.day_from).days + 1) / 7)
    return made.weekdays(ask.part.currency, await sums.by_weekday(tx, ask.part), weeks=weeks)


async def _silent(tx: Tx, ask: Ask) -> Figure:
    part = replace(ask.part, day_to=min(ask.part.day_to, ask.span.last_on))
    found = await quiet.silent_customers(tx, part, limit=ask.most or sums.ALL_OF_THEM)
    return made.silent(part.currency, found, day=part.day_to)


async def _lapsed(tx: Tx, ask: Ask) -> Figure:
    part = replace(ask.part, day_to=min(ask.part.day_to, ask.span.last_on))
    found = await quiet.lapsed_items(tx, part, limit=ask.most or sums.ALL_OF_THEM)
    return made.lapsed(part.currency, found, day=part.day_to)


FIGURES: Mapping[str, Callable[[Tx, Ask], Awaitable[Figure]]] = {
    "revenue": _revenue,
    "customers": _buyers_by_period,
    "quantity": _quantities,
    "returns": _returns,
    "countries": _countries,
    "products": _products,
    "buyers": _buyers,
    "product-movers": _product_movers,
    "customer-movers": _customer_movers,
    "seasons": _seasons,
    "weekdays": _weekdays,
    "silent": _silent,
    "lapsed": _lapsed,
}
