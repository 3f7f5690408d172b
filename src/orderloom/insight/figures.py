"""Figures: tables that answer a question, from sums of the ledger; what a chart draws and a file holds. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from orderloom.insight.reads.quiet import Quiet
from orderloom.insight.reads.sums import Moved, Sums

Cell = str | int | Decimal | date | None
KindOfColumn = Literal["text", "day", "month", "count", "quantity", "money", "percent"]
HUNDRED = Decimal(100)
ZERO = Decimal(0)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a figure."""

    name: str
    title: str
    kind: KindOfColumn


@dataclass(frozen=True, slots=True)
class Chart:
    """How a figure is drawn: over the first column, one series for each of the others that are named."""

    kind: Literal["lines", "columns", "bars"]
    series: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A table that answers the question in its title.

    `keys` say what each row is about (`key_of`: a period's first day, a country, a customer, a product), so that a
    page can lead on from it; a row that stands for the rest has none. `total` adds up the rows.
    """

    name: str
    title: str
    currency: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    keys: tuple[object, ...]
    key_of: Literal["period", "country", "customer", "product", "pair", "none"]
    total: tuple[Cell, ...] | None = None
    chart: Chart | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def share(part: Decimal, whole: Decimal) -> Decimal | None:
    """Percent with one decimal; none of nothing."""
    return (part * HUNDRED / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP) if whole > 0 else None


def change(now: Decimal, before: Decimal | None) -> Decimal | None:
    """By how many percent something grew."""
    return share(now - before, before) if before is not None else None


def percent_in_words(percent: Decimal) -> str:
    return f"{abs(percent).normalize():f} %"


def year_before(day: date, period: str) -> date:
    """The same month of the year before, or the week 52 weeks before."""
    return day - timedelta(days=364) if period == "week" else day.replace(year=day.year - 1)


def _begins(period: str) -> Column:
    return Column("begins", period.capitalize(), "month" if period == "month" else "day")


def revenue(currency: str, sums: Sequence[Sums], before: Sequence[Sums], *, period: str) -> Figure:
    """Revenue by period, with that of the year before where there was some."""
    earlier = {one.key: one.revenue for one in before}
    rows, keys = [], []
    for one in sums:
        last = earlier.get(year_before(one.key, period))
        rows.append((one.key, one.revenue, last, change(one.revenue, last), one.sold, one.returned, one.invoices))
        keys.append(one.key)
    compared = [(row[1], row[2]) for row in rows if row[2] is not None]
    now, then = sum((a for a, _ in compared), ZERO), sum((b for _, b in compared), ZERO)
    grown = change(now, then) if len(compared) * 2 >= len(rows) else None
    title = f"How much was sold each {period}?"
    if grown is not None:
        went = "rose" if grown > 0 else "fell"
        title = f"Revenue {went} {percent_in_words(grown)} on the year before" if grown else "Revenue stayed as it was"
    known = [last for _, last in compared]
    return Figure(
        name="revenue",
        title=title,
        currency=currency,
        columns=(
            _begins(period),
            Column("revenue", "Revenue", "money"),
            Column("year_before", "Year before", "money"),
            Column("change", "Change", "percent"),
            Column("sold", "Sold", "money"),
            Column("returned", "Returned", "money"),
            Column("invoices", "Invoices", "count"),
        ),
        rows=tuple(rows),
        keys=tuple(keys),
        key_of="period",
        total=(
            "Total",
            _sum(sums, "revenue"),
            then if known else None,
            None,
            _sum(sums, "sold"),
            _sum(sums, "returned"),
            sum(one.invoices for one in sums),
        ),
        chart=Chart("lines", ("revenue", "year_before") if known else ("revenue",)),
    )


def _sum(sums: Iterable[Sums], name: str) -> Decimal:
    return sum((getattr(one, name) for one in sums), ZERO)


def buyers_by_period(currency: str, sums: Sequence[Sums], *, period: str) -> Figure:
    """How many customers bought, and how much each."""
    best = max(sums, key=lambda one: one.customers, default=None)
    title = f"How many customers bought each {period}?"
    if best is not None and best.customers:
        when = f"{best.key:%B %Y}" if period == "month" else f"the week of {best.key:%-d %B %Y}"
        title = f"Most customers bought in {when}: {best.customers:,}"
    return Figure(
        name="customers",
        title=title,
        currency=currency,
        columns=(
            _begins(period),
            Column("customers", "Customers", "count"),
            Column("invoices", "Invoices", "count"),
            Column("per_customer", "Sold per customer", "money"),
        ),
        rows=tuple((one.key, one.customers, one.invoices, _each(one.sold, one.customers)) for one in sums),
        keys=tuple(one.key for one in sums),
        key_of="period",
        chart=Chart("lines", ("customers",)),
    )


def _each(amount: Decimal, count: int) -> Decimal | None:
    return (amount / count).quantize(Decimal("0.01")) if count else None


def quantities(currency: str, sums: Sequence[Sums], *, period: str) -> Figure:
    """Units sold and returned by period."""
    return Figure(
        name="quantity",
        title=f"How many units were sold each {period}?",
        currency=currency,
        columns=(
            _begins(period),
            Column("quantity", "Units sold", "quantity"),
            Column("returned_quantity", "Units returned", "quantity"),
        ),
        rows=tuple((one.key, one.quantity, one.returned_quantity) for one in sums),
        keys=tuple(one.key for one in sums),
        key_of="period",
        total=("Total", _sum(sums, "quantity"), _sum(sums, "returned_quantity")),
        chart=Chart("columns", ("quantity",)),
    )


def returns(currency: str, sums: Sequence[Sums], *, period: str) -> Figure:
    """What credit notes took back, and its share of what was sold."""
    sold, returned = _sum(sums, "sold"), _sum(sums, "returned")
    whole = share(returned, sold)
    title = "Nothing was returned" if not returned else f"{percent_in_words(whole or ZERO)} of what was sold came back"
    return Figure(
        name="returns",
        title=title,
        currency=currency,
        columns=(
            _begins(period),
            Column("returned", "Returned", "money"),
            Column("share", "Of sold", "percent"),
            Column("credit_notes", "Credit notes", "count"),
        ),
        rows=tuple((one.key, one.returned, share(one.returned, one.sold), one.credit_notes) for one in sums),
        keys=tuple(one.key for one in sums),
        key_of="period",
        total=("Total", returned, whole, sum(one.credit_notes for one in sums)),
        chart=Chart("columns", ("returned",)),
    )


def ranking(
    name: Literal["countries", "products", "buyers"],
    currency: str,
    sums: Sequence[Sums],
    *,
    key_of: Literal["country", "customer", "product"],
    nobody: str,
) -> Figure:
    """Revenue by what it is summed by, the most first."""
    whole = _sum(sums, "revenue")
    what = {"countries": "country", "products": "product", "buyers": "customer"}[name]
    title = f"Which {what} brings most revenue?"
    first = next((one for one in sums if one.label and one.is_goods and not one.others), None)
    if first is not None and (part := share(first.revenue, whole)) is not None:
        title = f"{first.label} brings most revenue: {percent_in_words(part)}"
    return Figure(
        name=name,
        title=title,
        currency=currency,
        columns=(
            Column(what, what.capitalize(), "text"),
            Column("revenue", "Revenue", "money"),
            Column("share", "Share", "percent"),
            Column("returned", "Returned", "money"),
            Column("quantity", "Units sold", "quantity"),
        ),
        rows=tuple(
            (_named(one, nobody), one.revenue, share(one.revenue, whole), one.returned, one.quantity) for one in sums
        ),
        keys=tuple(None if one.others else one.key for one in sums),
        key_of=key_of,
        total=("Total", whole, None, _sum(sums, "returned"), _sum(sums, "quantity")),
        chart=Chart("bars", ("revenue",)),
    )


def _named(one: Sums | Moved, nobody: str) -> str:
    return f"{one.others:,} others" if one.others else one.label or nobody


def movers(what: Literal["product", "customer"], currency: str, found: Sequence[Moved], *, spoken: str) -> Figure:
    """What grew and what fell between two times, from most grown to most fallen, the others together."""
    said = [one for one in found if one.label and one.is_goods and not one.others]
    grown = [one.label for one in said if one.now > one.before]
    fallen = [one.label for one in said if one.now < one.before]
    now, before = sum((one.now for one in found), ZERO), sum((one.before for one in found), ZERO)
    return Figure(
        name=f"{what}-movers",
        title=_moving_title(what, grown, fallen, spoken),
        currency=currency,
        columns=(
            Column(what, what.capitalize(), "text"),
            Column("difference", "Difference", "money"),
            Column("now", "Now", "money"),
            Column("before", "Before", "money"),
            Column("change", "Change", "percent"),
        ),
        rows=tuple(_moved(_named(one, "Without a customer"), one.now, one.before) for one in found),
        keys=tuple(one.key for one in found),
        key_of=what,
        total=_moved("Total", now, before),
        chart=Chart("bars", ("difference",)),
    )


def _moved(label: str, now: Decimal, before: Decimal) -> tuple[Cell, ...]:
    return (label, now - before, now, before, change(now, before))


def _moving_title(what: str, grown: Sequence[str], fallen: Sequence[str], spoken: str) -> str:
    up, down = next(filter(None, grown), ""), next(filter(None, reversed(fallen)), "")
    if up and down:
        return f"{up} grew most and {down} fell most {spoken}"
    if up or down:
        return f"{up or down} {'grew' if up else 'fell'} most {spoken}"
    return f"No {what} grew or fell {spoken}"


def seasons(currency: str, sums: Sequence[Sums]) -> Figure:
    """Which months of the year sell more than the average month; months of several years are averaged."""
    by_month: dict[int, list[Decimal]] = {}
    for one in sums:
        by_month.setdefault(one.key.month, []).append(one.revenue)
    means = {month: sum(found, ZERO) / len(found) for month, found in sorted(by_month.items())}
    return _compared(
        "seasons",
        "months",
        currency,
        [(MONTHS[month - 1], mean, len(by_month[month])) for month, mean in means.items()],
    )


def weekdays(currency: str, sums: Sequence[Sums], *, weeks: int) -> Figure:
    """Which days of the week sell more than the average day; days without any sale count as nothing."""
    known = {one.key: one.revenue for one in sums}
    weeks = max(weeks, 1)
    days = [(WEEKDAYS[day - 1], known.get(day, ZERO) / weeks, weeks) for day in range(1, 8)]
    return _compared("weekdays", "days of the week", currency, days)


def _compared(name: str, what: str, currency: str, means: Sequence[tuple[str, Decimal, int]]) -> Figure:
    whole = sum((mean for _, mean, _ in means), ZERO) / len(means) if means else ZERO
    best = max(means, key=lambda row: row[1], default=None)
    title = f"Which {what} sell most?"
    if best is not None and whole > 0:
        title = f"{best[0]} sells most: {percent_in_words(best[1] * HUNDRED / whole // 1)} of an average one"
    return Figure(
        name=name,
        title=title,
        currency=currency,
        columns=(
            Column("when", "Month" if name == "seasons" else "Day", "text"),
            Column("index", "Of an average one", "percent"),
            Column("revenue", "Revenue, on average", "money"),
            Column("counted", "Counted", "count"),
        ),
        rows=tuple((said, share(mean, whole), mean.quantize(Decimal("0.01")), count) for said, mean, count in means),
        keys=tuple(None for _ in means),
        key_of="none",
        chart=Chart("columns", ("index",)),
    )


def silent(currency: str, found: Sequence[Quiet], *, day: date) -> Figure:
    """Customers who bought regularly and went silent."""
    title = f"{len(found)} regular customers went silent" if found else "No regular customer went silent"
    return _quiet("silent", title, currency, found, key_of="customer", named=lambda one: (one.customer,), day=day)


def lapsed(currency: str, found: Sequence[Quiet], *, day: date) -> Figure:
    """Usual items that customers who still buy have not bought lately."""
    title = "Every usual item was bought lately"
    if found:
        title = f"{found[0].customer} has not bought {found[0].product} for {found[0].silent_days} days"
    return _quiet(
        "lapsed", title, currency, found, key_of="pair", named=lambda one: (one.product, one.customer), day=day
    )


def _quiet(
    name: str,
    title: str,
    currency: str,
    found: Sequence[Quiet],
    *,
    key_of: Literal["customer", "pair"],
    named: Callable[[Quiet], tuple[str, ...]],
    day: date,
) -> Figure:
    lost = sum((one.sold for one in found), ZERO)
    heads: tuple[Column, ...] = (Column("customer", "Customer", "text"),)
    if key_of == "pair":
        heads = (Column("product", "Usual item", "text"), *heads)
    return Figure(
        name=name,
        title=title,
        currency=currency,
        columns=(
            *heads,
            Column("last_on", "Last bought", "day"),
            Column("silent_days", "Days since", "count"),
            Column("usual_days", "Usual pause, days", "count"),
            Column("days", "Bought on days", "count"),
            Column("sold", "Sold until then", "money"),
        ),
        rows=tuple((*named(one), one.last_on, one.silent_days, one.usual_days, one.days, one.sold) for one in found),
        keys=tuple((one.customer_id, one.product_id) if key_of == "pair" else one.customer_id for one in found),
        key_of=key_of,
        total=("Total", *[None] * (len(heads) + 3), lost),
        options={"until": day.isoformat()},
    )


def orders_by_week(weeks: Sequence[tuple[date, int]], this_week: date) -> Figure:
    """How many orders came in each week from its Monday; the title compares the last whole week with four before."""
    whole = [count for monday, count in weeks if monday < this_week]
    title = "How many orders came in each week?"
    if len(whole) >= 5:
        usual = Decimal(sum(whole[-5:-1])) / 4
        title = f"{whole[-1]:,} {'order' if whole[-1] == 1 else 'orders'} came in last week"
        grown = change(Decimal(whole[-1]), usual) if usual else None
        if grown is not None:
            how = "as many as" if not grown else f"{percent_in_words(grown)} {'more' if grown > 0 else 'fewer'} than"
            title += f", {how} in the four weeks before"
    return Figure(
        name="orders-by-week",
        title=title,
        currency="",
        columns=(_begins("week"), Column("orders", "Orders", "count")),
        rows=tuple(weeks),
        keys=tuple(None for _ in weeks),
        key_of="none",
        total=("Total", sum(count for _, count in weeks)),
        chart=Chart("columns", ("orders",)),
    )
