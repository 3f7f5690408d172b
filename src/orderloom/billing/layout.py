"""The pure layout of an invoice: lines under their bundles, tax by category and rate, totals that sum."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from orderloom.base.money import allocate

ZERO = Decimal(0)
Rounding = Literal["line", "total"]


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
class Rate:
    """A tax rate on a day."""

    country: str
    category: str
    percent: Decimal
    name: str


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
    rate: Rate | None
    tax: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What is due of one tax rate."""

    rate: Rate
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


def lay_out(charges: Sequence[OpenCharge], rates: Mapping[int, Rate], *, rounding: Rounding, cent: Decimal) -> Sheet:
    """Make an invoice of charges; `rates` are by charge.

    Lines stand in the order of the sales order, parts below their bundle; a bundle that has no
    charge of its own gets a line without an amount. Tax is rounded per line, or once per rate and
    then shared among its lines to the smallest unit (EN 16931), as the legal entity says.
    """
    lines = _tax(_arrange(charges, rates), rounding=rounding, cent=cent)
    taxes = _totals(lines)
    net = sum((line.net for line in lines), ZERO)
    tax = sum((total.tax for total in taxes), ZERO)
    return Sheet(tuple(lines), taxes, net, tax, net + tax)


_Place = tuple[int, tuple[tuple[int, str], ...], int, date, int]


@dataclass(frozen=True, slots=True)
class _Heading:
    item: int
    part: OpenCharge


def _arrange(charges: Sequence[OpenCharge], rates: Mapping[int, Rate]) -> list[Line]:
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
        line = (
            _heading_line(row, position) if isinstance(row, _Heading) else _charge_line(row, position, positions, rates)
        )
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
        rate=None,
    )


def _charge_line(charge: OpenCharge, position: int, positions: Mapping[int, int], rates: Mapping[int, Rate]) -> Line:
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
        rate=rates[charge.id],
    )


def _tax(lines: Sequence[Line], *, rounding: Rounding, cent: Decimal) -> list[Line]:
    if rounding == "line":
        return [
            line if line.rate is None else replace(line, tax=_share(line.net, line.rate, cent=cent)) for line in lines
        ]
    tax: dict[int, Decimal] = {}
    for rate in _rates(lines):
        members = [line for line in lines if line.rate == rate]
        total = _share(sum((line.net for line in members), ZERO), rate, cent=cent)
        shares = allocate(total, [abs(line.net) for line in members], cent)
        tax.update({line.position: share for line, share in zip(members, shares, strict=True)})
    return [replace(line, tax=tax.get(line.position, ZERO)) for line in lines]


def _share(net: Decimal, rate: Rate, *, cent: Decimal) -> Decimal:
    return (net * rate.percent / 100).quantize(cent, rounding=ROUND_HALF_UP)


def _rates(lines: Sequence[Line]) -> list[Rate]:
    found = {line.rate for line in lines if line.rate is not None}
    return sorted(found, key=lambda rate: (rate.country, rate.category, rate.percent))


def _totals(lines: Sequence[Line]) -> tuple[TaxTotal, ...]:
    return tuple(
        TaxTotal(
            rate,
            sum((line.net for line in lines if line.rate == rate), ZERO),
            sum((line.tax for line in lines if line.rate == rate), ZERO),
        )
        for rate in _rates(lines)
    )
