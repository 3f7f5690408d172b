"""Tax by category, place and date from a table: inclusive or exclusive, rounded per line or per total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from orderloom.base.money import allocate
from orderloom.catalog.exact import HUNDRED, ZERO, Exact
from orderloom.catalog.price_types import Place, TaxTerms, Treatment
from orderloom.catalog.priced import ChargeTax


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax in a country, or in a region of it, on a category, for a time."""

    country: str
    category: str
    percent: Decimal
    name: str = "VAT"
    region: str | None = None
    treatment: Treatment = "taxed"
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class TaxTable:
    """Rates by country and category."""

    rates: Mapping[tuple[str, str], tuple[TaxRate, ...]]

    def rates_at(self, place: Place, category: str, on: date) -> tuple[TaxRate, ...]:
        """The taxes due there on that day, by name; a region's own replaces its country's of the same name."""
        found: dict[str, TaxRate] = {}
        for rate in self.rates.get((place.country, category), ()):
            starts = rate.valid_from is None or rate.valid_from <= on
            if not starts or (rate.valid_until is not None and rate.valid_until <= on):
                continue
            if rate.region is None:
                found.setdefault(rate.name, rate)
            elif rate.region == place.region:
                found[rate.name] = rate
        return tuple(found[name] for name in sorted(found))


def tax_table(rates: Iterable[TaxRate]) -> TaxTable:
    """A table of these rates."""
    found: dict[tuple[str, str], list[TaxRate]] = {}
    for rate in rates:
        found.setdefault((rate.country, rate.category), []).append(rate)
    return TaxTable({key: tuple(several) for key, several in found.items()})


NO_TAX = TaxTable({})


@dataclass(frozen=True, slots=True)
class Taxable:
    """An amount to be taxed, with the rates of its place; amounts of one `bucket` are on one paper."""

    amount: Decimal
    category: str
    rates: tuple[TaxRate, ...]
    bucket: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Taxed:
    """The amount without tax, and each tax on it."""

    net: Decimal
    taxes: tuple[ChargeTax, ...]

    @property
    def tax(self) -> Decimal:
        """All taxes together."""
        return sum((tax.tax for tax in self.taxes), ZERO)


def taxed(amounts: Sequence[Taxable], terms: TaxTerms, *, includes_tax: bool, cent: Decimal) -> list[Taxed]:
    """Tax each amount, rounded half up once: for each line, or for each total of one rate.

    A total's tax is shared among its lines by largest remainder, so that lines always sum to it. Where
    the amounts include tax, it is taken out; a customer who is exempt, or owes it himself (reverse
    charge), pays what is left.
    """
    shares = (
        _per_line(amounts, includes_tax, cent) if terms.rounding == "line" else _per_total(amounts, includes_tax, cent)
    )
    return [
        _settled(item, contained, terms, includes_tax=includes_tax)
        for item, contained in zip(amounts, shares, strict=True)
    ]


def _exact_tax(amount: Decimal, rate: TaxRate, rates: tuple[TaxRate, ...], includes_tax: bool) -> Exact:
    over = HUNDRED + sum((each.percent for each in rates), ZERO) if includes_tax else HUNDRED
    return Exact(amount * rate.percent, over)


def _per_line(amounts: Sequence[Taxable], includes_tax: bool, cent: Decimal) -> list[tuple[Decimal, ...]]:
    return [
        tuple(_exact_tax(item.amount, rate, item.rates, includes_tax).rounded(cent) for rate in item.rates)
        for item in amounts
    ]


def _per_total(amounts: Sequence[Taxable], includes_tax: bool, cent: Decimal) -> list[tuple[Decimal, ...]]:
    members: dict[object, list[tuple[int, int]]] = {}
    for place, item in enumerate(amounts):
        for index, rate in enumerate(item.rates):
            members.setdefault((item.bucket, item.category, rate, item.rates), []).append((place, index))
    found: dict[tuple[int, int], Decimal] = {}
    for group in members.values():
        first = amounts[group[0][0]]
        rate = first.rates[group[0][1]]
        bases = [amounts[place].amount for place, _ in group]
        total = _exact_tax(sum(bases, ZERO), rate, first.rates, includes_tax).rounded(cent)
        if min(bases) >= 0 or max(bases) <= 0:
            shares = allocate(total, [abs(base) for base in bases], cent)
        else:
            exact = [_exact_tax(base, rate, first.rates, includes_tax).divided() for base in bases]
            shares = _shared(total, exact, cent)
        found.update(zip(group, shares, strict=True))
    return [tuple(found[place, index] for index in range(len(item.rates))) for place, item in enumerate(amounts)]


def _shared(total: Decimal, exact: Sequence[Decimal], cent: Decimal) -> list[Decimal]:
    """The shares of a total by largest remainder where some come back (are below nothing) and bear their own."""
    shares = [amount.quantize(cent, rounding=ROUND_FLOOR) for amount in exact]
    missing = int((total - sum(shares, ZERO)) / cent)
    by_loss = sorted(range(len(shares)), key=lambda place: (shares[place] - exact[place], place))
    for place in by_loss[:missing]:
        shares[place] += cent
    return shares


def _settled(item: Taxable, contained: tuple[Decimal, ...], terms: TaxTerms, *, includes_tax: bool) -> Taxed:
    net = item.amount - sum(contained, ZERO) if includes_tax else item.amount
    taxes = tuple(
        _charge_tax(item, rate, net, amount, terms) for rate, amount in zip(item.rates, contained, strict=True)
    )
    return Taxed(net, taxes)


def _charge_tax(item: Taxable, rate: TaxRate, net: Decimal, amount: Decimal, terms: TaxTerms) -> ChargeTax:
    treatment: Treatment = terms.treatment if rate.treatment == "taxed" else rate.treatment
    if item.category in terms.exempt_categories:
        treatment = "exempt"
    due = amount if treatment == "taxed" else ZERO
    percent = rate.percent if treatment == "taxed" else ZERO
    return ChargeTax(rate.name, rate.country, rate.region, item.category, percent, net, due, treatment)
