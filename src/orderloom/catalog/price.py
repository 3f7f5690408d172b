"""The price of lines: the one pure function that quotes, orders and billing share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext

from orderloom.catalog.exact import DIGITS, ZERO, Exact
from orderloom.catalog.price_adjust import adjust, pooled
from orderloom.catalog.price_book import Book, PercentOfTotal, is_named
from orderloom.catalog.price_policy import given_percent, margins_of, needs_of
from orderloom.catalog.price_shared import bundle_shares, share_discounts
from orderloom.catalog.price_start import Published, open_lines, start
from orderloom.catalog.price_types import Context, Line
from orderloom.catalog.price_work import Work, between_periods
from orderloom.catalog.priced import (
    ChargeTax,
    Priced,
    PricedCharge,
    PricedLine,
    PriceStep,
    Share,
    TaxTotal,
    Total,
)
from orderloom.catalog.tax import Taxable, Taxed, taxed
from orderloom.catalog.waterfall import Waterfall


def price(lines: Sequence[Line], book: Book, context: Context) -> Priced:
    """Price lines by a book in a context; the same three give the same answer for ever.

    Each charge of a line runs down one waterfall: list, option, contract, schedules, promotions, price
    by hand, discounts by hand, partner, group, header, tax that is contained. Unit prices are not rounded;
    amounts are, half up, once: a line's before shared discounts, a shared discount as a whole. A percentage of the
    total is taken of lines before shared discounts. Nothing raises for what a person asked: all
    `problems` come together, with pointers into `{"lines": ..., "shared": ...}`; what exceeds the rights
    in the context is priced all the same and stands under `needs`.
    """
    with localcontext() as arithmetic:
        arithmetic.prec = DIGITS
        work = Work(lines, book, context)
        published = open_lines(work)
        _run_down(work, published)
        share_discounts(work)
        charges = _charges(work)
        shares = bundle_shares(work, published, charges)
        return Priced(
            currency=context.currency,
            on=context.on,
            lines=tuple(_priced_line(work, place, charges, shares) for place in range(len(lines))),
            totals=_totals(work, charges),
            taxes=_tax_totals(work, charges),
            needs=needs_of(work, charges),
            problems=tuple(work.problems),
            margins=margins_of(work, charges),
        )


def _run_down(work: Work, published: Mapping[int, Published]) -> None:
    """From nothing to the net before shared discounts; lines that are a percentage of others come last."""
    pools = pooled(work)
    relative: list[Waterfall] = []
    own: list[Waterfall] = []
    for waterfall in work.waterfalls:
        (relative if _percentages(waterfall, published[waterfall.place]) else own).append(waterfall)
    for waterfall in own:
        start(work, waterfall, published[waterfall.place], {})
        adjust(work, waterfall, published[waterfall.place], pools)
    others = [waterfall for waterfall in own if not waterfall.line.is_optional]
    for waterfall in relative:
        bases = {
            id(method): _base(work, others, method, waterfall)
            for method in _percentages(waterfall, published[waterfall.place])
        }
        start(work, waterfall, published[waterfall.place], bases)
        adjust(work, waterfall, published[waterfall.place], pools)
    _drop_unpriced(work)


def _percentages(waterfall: Waterfall, published: Published) -> list[PercentOfTotal]:
    return [method for method in published.methods(waterfall.kind) if isinstance(method, PercentOfTotal)]


def _base(work: Work, others: Sequence[Waterfall], method: PercentOfTotal, asking: Waterfall) -> Exact | None:
    """What a percentage is taken of; none where periods do not compare."""
    total = Exact(ZERO)
    for other in others:
        product = other.line.product
        if not is_named(method, product, work.terms(product).category) or other.kind not in method.kinds:
            continue
        amount = Exact(other.amount if method.base == "net" else other.list_amount)
        if asking.kind == other.kind == "recurring":
            each = amount.times(other.periods.over, other.periods.value)
            matched = between_periods(each, of=other.period, to=asking.period)
            if matched is None:
                return None
            amount = matched
        total = Exact(total.value * amount.over + amount.value * total.over, total.over * amount.over)
    return total


def _drop_unpriced(work: Work) -> None:
    """A charge that nothing priced in the end, such as one whose negotiated price lapsed."""
    known = {problem.pointer.split("/")[2] for problem in work.problems if problem.pointer.startswith("/lines/")}
    for waterfall in work.waterfalls:
        if not waterfall.steps and str(waterfall.place) not in known and work.context.refuse_unpriced:
            message = f"Nothing prices {waterfall.line.product} here; add it to a price list or give a price by hand."
            work.refuse("price_missing", message, f"/lines/{waterfall.place}/product")
    work.waterfalls = [waterfall for waterfall in work.waterfalls if waterfall.steps]


def _charges(work: Work) -> dict[int, list[PricedCharge]]:
    """Tax what the waterfalls came to, and close them."""
    terms, context = work.context.tax, work.context
    if terms is None:
        settled = [Taxed(waterfall.amount, ()) for waterfall in work.waterfalls]
    else:
        taxables = [_taxable(work, waterfall) for waterfall in work.waterfalls]
        settled = taxed(taxables, terms, includes_tax=context.prices_include_tax, cent=context.cent)
    found: dict[int, list[PricedCharge]] = {}
    for waterfall, result in zip(work.waterfalls, settled, strict=True):
        found.setdefault(waterfall.place, []).append(_charge(waterfall, result))
    return found


def _taxable(work: Work, waterfall: Waterfall) -> Taxable:
    line = waterfall.line
    category = line.tax_category or work.terms(line.product).tax_category
    rates = work.rates_of(line)
    place = work.tax_place(line)
    if place is not None and not rates:
        where = place.country if place.region is None else f"{place.country}, {place.region}"
        message = f"No tax rate is known for “{category}” in {where} on that day; add it to the tax table."
        pointer = f"/lines/{waterfall.place}/tax_category"
        if not any(problem.pointer == pointer for problem in work.problems):
            work.refuse("tax_rate_missing", message, pointer)
    return Taxable(waterfall.amount, category, rates, (waterfall.kind, waterfall.period, line.is_optional))


def _charge(waterfall: Waterfall, result: Taxed) -> PricedCharge:
    contained = waterfall.amount - result.net
    measure = waterfall.measure
    if contained:
        unit = Exact(-contained).over_by(measure).shown()
        waterfall.steps.append(PriceStep("tax_included", -contained, unit))
        net_unit = Exact(result.net).over_by(measure)
    else:
        net_unit = waterfall.exact.over_by(measure)
    tax = result.tax
    return PricedCharge(
        kind=waterfall.kind,
        period=waterfall.period,
        quantity=waterfall.quantity.shown(),
        unit=waterfall.unit,
        periods=waterfall.periods.shown(),
        list_amount=waterfall.list_amount,
        steps=tuple(waterfall.steps),
        net=result.net,
        tax=tax,
        gross=result.net + tax,
        unit_price=net_unit.shown(),
        taxes=result.taxes,
        given_percent=given_percent(waterfall),
    )


def _priced_line(
    work: Work, place: int, charges: Mapping[int, list[PricedCharge]], shares: Mapping[int, list[Share]]
) -> PricedLine:
    line = work.lines[place]
    quantity, unit = work.quantities.get(place, (Exact(line.quantity), line.unit or work.terms(line.product).unit))
    return PricedLine(
        id=line.id,
        product=line.product,
        quantity=quantity.shown(),
        unit=unit,
        charges=tuple(charges.get(place, ())),
        notes=tuple(work.notes.get(place, ())),
        parent=line.parent,
        is_optional=line.is_optional,
        is_included=place in work.included,
        shares=tuple(shares.get(place, ())),
    )


def _counted(work: Work, charges: Mapping[int, list[PricedCharge]]) -> list[PricedCharge]:
    return [charge for place, several in charges.items() if not work.lines[place].is_optional for charge in several]


def _totals(work: Work, charges: Mapping[int, list[PricedCharge]]) -> tuple[Total, ...]:
    """What is paid once, and for each period."""
    sums: dict[tuple[str, str], Total] = {}
    for charge in _counted(work, charges):
        key = charge.kind, charge.period or ""
        known = sums.get(key) or Total(charge.kind, charge.period, ZERO, ZERO, ZERO, ZERO)
        sums[key] = Total(
            charge.kind,
            charge.period,
            known.list_amount + charge.list_amount,
            known.net + charge.net,
            known.tax + charge.tax,
            known.gross + charge.gross,
        )
    return tuple(sums[key] for key in sorted(sums))


def _tax_totals(work: Work, charges: Mapping[int, list[PricedCharge]]) -> tuple[TaxTotal, ...]:
    sums: dict[tuple[object, ...], TaxTotal] = {}
    for charge in _counted(work, charges):
        for tax in charge.taxes:
            where = tax.country, tax.region or "", tax.category
            key = charge.kind, charge.period or "", *where, tax.name, tax.percent, tax.treatment
            known = sums.get(key)
            base, due = (known.base, known.tax) if known else (ZERO, ZERO)
            sums[key] = _tax_total(charge, tax, base=base + tax.base, due=due + tax.tax)
    return tuple(sums[key] for key in sorted(sums, key=str))


def _tax_total(charge: PricedCharge, tax: ChargeTax, *, base: Decimal, due: Decimal) -> TaxTotal:
    return TaxTotal(
        kind=charge.kind,
        period=charge.period,
        name=tax.name,
        country=tax.country,
        region=tax.region,
        category=tax.category,
        percent=tax.percent,
        base=base,
        tax=due,
        treatment=tax.treatment,
    )
