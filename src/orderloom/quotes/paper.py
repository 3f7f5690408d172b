"""A version of a quote as a paper for the customer."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from orderloom.documents.compose import ADDRESS, characteristics, commitment, party, stated
from orderloom.documents.letterhead import Letterhead
from orderloom.documents.types import Charge, Fact, Line, Paper, Section, Tax, Total
from orderloom.parties.types import Place
from orderloom.quotes.quote import NewCharge, TotalRow
from orderloom.quotes.reads.page import QuotePage
from orderloom.quotes.reads.stored import LineRow, StoredVersion
from orderloom.quotes.rules import subtotals

ZERO = Decimal(0)


def quote_paper(page: QuotePage, letterhead: Letterhead, ship_to: Place | None) -> Paper:
    """The version as it was offered: its sections, options that are left out apart, totals with and without tax."""
    head, shown = page.head, page.shown
    version = shown.version
    customer = [letterhead.seller] if letterhead.seller else []
    customer.append(letterhead.customer)
    if ship_to is not None:
        address = {part: getattr(ship_to, part) for part in ADDRESS}
        customer.append(party("ship_to", ship_to.company or ship_to.name or head.account_name, address))
    return Paper(
        kind="quote",
        number=head.number,
        currency=head.currency,
        parties=tuple(customer),
        facts=stated(
            Fact("date", day=letterhead.day),
            Fact("version", str(version.number)),
            Fact("customer_number", letterhead.customer_number),
            Fact("po_number", version.po_number or ""),
            Fact("requested_on", day=version.requested_on),
            Fact("valid_until", day=version.valid_until),
            Fact("terms", version.terms or ""),
            Fact("contact", page.owner or ""),
        ),
        sections=tuple(_sections(shown)),
        totals=_totals(version.totals),
        taxes=tuple(_taxes(shown)),
        notes=(version.note,) if version.note else (),
        title=version.title,
    )


def _sections(shown: StoredVersion) -> list[Section]:
    """The lines by section, those before the first without a heading; of several each says what it costs."""
    charges: dict[str, list[NewCharge]] = {}
    for charge in shown.charges:
        charges.setdefault(charge.line, []).append(charge)
    sums = {one.line: one.totals for one in subtotals(shown.lines, shown.charges)}
    depths: dict[str, int] = {}
    found: list[tuple[LineRow | None, list[Line]]] = [(None, [])]
    for line in shown.lines:
        if line.kind == "section":
            found.append((line, []))
            continue
        depths[line.line] = depths.get(line.parent, -1) + 1 if line.parent else 0
        found[-1][1].append(_line(line, depths[line.line], charges.get(line.line, ())))
    found = [one for one in found if any(one)]
    return [
        Section(
            lines=tuple(lines),
            title=section.title if section else "",
            subtotals=tuple(map(_subtotal, sums[section.line])) if section and len(found) > 1 else (),
        )
        for section, lines in found
    ]


def _line(line: LineRow, depth: int, charges: Sequence[NewCharge]) -> Line:
    if line.kind == "note":
        return Line("", line.title)
    left_out = "" if line.is_chosen or line.parent else "alternative" if line.alternative else "optional"
    return Line(
        number=line.line,
        text=line.product_name or "",
        quantity=line.quantity,
        unit=line.unit or "",
        depth=depth,
        details=characteristics(line.characteristics),
        charges=tuple(
            Charge(charge.unit_price, charge.net, charge.period)  # type: ignore[arg-type]
            for charge in charges
            if charge.net or charge.list_amount
        ),
        delivery_on=line.requested_on,
        standing=left_out,  # type: ignore[arg-type]
        commitment=commitment(line.terms),
    )


def _subtotal(row: TotalRow) -> Total:
    return Total("recurring" if row.period else "subtotal", row.net, period=row.period)  # type: ignore[arg-type]


def _totals(rows: Sequence[TotalRow]) -> tuple[Total, ...]:
    """One sum with its taxes where all is paid once; else one after the other, each with the tax of its own."""
    if [row.kind for row in rows] == ["one_time"]:
        return Total("net", rows[0].net), Total("gross", rows[0].gross)
    found = []
    for row in rows:
        found.append(Total("recurring" if row.period else "one_time", row.net, period=row.period))  # type: ignore[arg-type]
        if row.tax:
            found += [Total("tax", row.tax), Total("with_tax", row.gross)]
    return tuple(found)


def _taxes(shown: StoredVersion) -> list[Tax]:
    """What is due of each rate; nothing where something recurs, since then each total says its own tax."""
    if any(total.kind == "recurring" for total in shown.version.totals):
        return []
    chosen = {line.line for line in shown.lines if line.is_chosen}
    sums: dict[tuple[str, Decimal], tuple[Decimal, Decimal]] = {}
    for tax in (tax for charge in shown.charges if charge.line in chosen for tax in charge.taxes):
        key = (str(tax["name"]), Decimal(str(tax["percent"])))
        base, due = sums.get(key, (ZERO, ZERO))
        sums[key] = (base + Decimal(str(tax["base"])), due + Decimal(str(tax["tax"])))
    return [Tax(name, percent, base, due) for (name, percent), (base, due) in sums.items()]
