"""The pure layout of an invoice: lines under their bundles, tax by category and rate, totals that sum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from orderloom.billing.taxing import ZERO, due_rates, place_of
from orderloom.catalog.price_types import TaxTerms, Treatment
from orderloom.catalog.priced import ChargeTax
from orderloom.catalog.tax import Taxable, TaxTable, taxed


@dataclass(frozen=True, slots=True)
class OpenCharge:
    """A charge that stands on no invoice yet, with what its line says."""

    id: int
    order_id: int
    order_label: str
    order_item_id: int
    line: str
    description: str
    bundle_item_id: int | None
    bundle_line: str
    bundle_label: str
    bundle: Mapping[str, Any] | None
    quantity: Decimal
    unit: str
    unit_price: Decimal
    amount: Decimal
    tax_country: str
    tax_region: str
    tax_category: str
    effective_on: date
    period_start: date | None
    period_end: date | None
    po_number: str
    gl_account: str
    cost_centre: str
    billing_account_id: int
    account_id: int
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an invoice; `parent` is the position of the bundle's line above it."""

    position: int
    parent: int | None
    charge: OpenCharge | None
    order_id: int
    order_item_id: int
    line: str
    description: str
    bundle: Mapping[str, Any] | None
    net: Decimal
    taxes: tuple[ChargeTax, ...] = ()

    @property
    def tax(self) -> Decimal:
        """All taxes on the line."""
        return sum((tax.tax for tax in self.taxes), ZERO)

    @property
    def tax_percent(self) -> Decimal:
        """What all of them take together, as a person reads it."""
        return sum((tax.percent for tax in self.taxes), ZERO)


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What is due of one tax, and on how much."""

    country: str
    region: str
    category: str
    percent: Decimal
    name: str
    treatment: Treatment
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Sheet:
    """An invoice without its number."""

    lines: tuple[Line, ...]
    taxes: tuple[TaxTotal, ...]
    net: Decimal
    tax: Decimal
    gross: Decimal


def lay_out(charges: Sequence[OpenCharge], table: TaxTable, terms: TaxTerms, *, cent: Decimal) -> Sheet:
    """Make an invoice of charges whose taxes the table has.

    Lines stand in the order of the sales order, parts below their bundle; a bundle that has no
    charge of its own gets a line without an amount. Tax is that of quotes and orders, by place, category
    and the day that each charge is effective: rounded per line, or once per rate and then shared among its
    lines to the smallest unit (EN 16931), as the legal entity says.
    """
    lines = _tax(_arrange(charges), table, terms, cent=cent)
    net = sum((line.net for line in lines), ZERO)
    tax = sum((line.tax for line in lines), ZERO)
    return Sheet(tuple(lines), _totals(lines), net, tax, net + tax)


_Place = tuple[int, tuple[tuple[int, str], ...], int, date, int]


@dataclass(frozen=True, slots=True)
class _Heading:
    item: int
    part: OpenCharge


def _arrange(charges: Sequence[OpenCharge]) -> list[Line]:
    charged = {charge.order_item_id for charge in charges}
    rows: list[tuple[_Place, OpenCharge | _Heading]] = [
        ((c.order_id, line_order(c.line), 1, c.period_start or c.effective_on, c.id), c) for c in charges
    ]
    heads = {
        c.bundle_item_id: c
        for c in reversed(charges)
        if c.bundle_item_id is not None and c.bundle_item_id not in charged
    }
    rows += [((c.order_id, line_order(c.bundle_line), 0, date.min, 0), _Heading(item, c)) for item, c in heads.items()]
    lines: list[Line] = []
    positions: dict[int, int] = {}
    for position, (_, row) in enumerate(sorted(rows, key=lambda pair: pair[0]), start=1):
        line = _heading_line(row, position) if isinstance(row, _Heading) else _charge_line(row, position, positions)
        positions.setdefault(line.order_item_id, position)
        lines.append(line)
    return lines


def line_order(line: str) -> tuple[tuple[int, str], ...]:
    """A key that puts line 1.10 behind line 1.9."""
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in re.split(r"[.]", line))


def _heading_line(heading: _Heading, position: int) -> Line:
    part = heading.part
    return Line(
        position=position,
        parent=None,
        charge=None,
        order_id=part.order_id,
        order_item_id=heading.item,
        line=part.bundle_line,
        description=part.bundle_label,
        bundle=None,
        net=ZERO,
    )


def _charge_line(charge: OpenCharge, position: int, positions: Mapping[int, int]) -> Line:
    return Line(
        position=position,
        parent=positions.get(charge.bundle_item_id) if charge.bundle_item_id is not None else None,
        charge=charge,
        order_id=charge.order_id,
        order_item_id=charge.order_item_id,
        line=charge.line,
        description=charge.description,
        bundle=charge.bundle,
        net=charge.amount,
    )


def _tax(lines: Sequence[Line], table: TaxTable, terms: TaxTerms, *, cent: Decimal) -> list[Line]:
    charged = [(line, line.charge) for line in lines if line.charge is not None]
    settled = taxed([taxable_of(charge, table, terms) for _, charge in charged], terms, includes_tax=False, cent=cent)
    found = {line.position: result.taxes for (line, _), result in zip(charged, settled, strict=True)}
    return [replace(line, taxes=found.get(line.position, ())) for line in lines]


def taxable_of(charge: OpenCharge, table: TaxTable, terms: TaxTerms) -> Taxable:
    """A charge with the taxes that are due on it."""
    rates = due_rates(
        table, terms, place_of(charge.tax_country, charge.tax_region), charge.tax_category, charge.effective_on
    )
    return Taxable(charge.amount, charge.tax_category, rates, ())


def _totals(lines: Sequence[Line]) -> tuple[TaxTotal, ...]:
    """The taxes of all lines, by what they are."""
    found: dict[tuple[object, ...], TaxTotal] = {}
    for tax in (tax for line in lines for tax in line.taxes):
        key = tax.country, tax.region or "", tax.category, tax.percent, tax.name, tax.treatment
        so_far = found.get(key) or TaxTotal(*key, net=ZERO, tax=ZERO)
        found[key] = replace(so_far, net=so_far.net + tax.base, tax=so_far.tax + tax.tax)
    return tuple(found[key] for key in sorted(found))
