"""An invoice as a paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from orderloom.billing.reads import InvoicePage
from orderloom.documents.compose import party
from orderloom.documents.types import Charge, Fact, Line, Paper, Section, Tax, Total


def invoice_paper(page: InvoicePage) -> Paper:
    """The invoice as it was issued: parties as they were then, lines below their bundles, tax by rate."""
    bill_to = page.bill_to
    seller: Mapping[str, Any] = bill_to.get("seller") or {}
    name = str(bill_to.get("name") or bill_to.get("account") or "")
    facts = (
        Fact("date", day=page.issued_on),
        Fact("due_on", day=page.due_on),
        Fact("customer_number", str(bill_to.get("account") or "")),
        Fact("order", page.order_label),
        Fact("po_number", page.po_number),
    )
    return Paper(
        kind="invoice",
        number=page.number,
        currency=page.currency,
        parties=(
            party(
                "seller", str(seller.get("name") or ""), seller.get("address"), tax_id=str(seller.get("tax_id") or "")
            ),
            party("customer", name, bill_to.get("address"), tax_id=str(bill_to.get("tax_id") or "")),
        ),
        facts=tuple(fact for fact in facts if fact.text or fact.day),
        sections=(Section(_lines(page.lines)),),
        totals=(Total("net", page.net), Total("gross", page.gross)),
        taxes=tuple(_tax(tax) for tax in page.taxes),
    )


def _tax(tax: Mapping[str, Any]) -> Tax:
    name = " ".join(str(part) for part in (tax["name"], tax["region"]) if part)
    percent, net, due = (Decimal(str(tax[column])) for column in ("percent", "net", "tax"))
    return Tax(name, percent, net, due, tax["treatment"])


def _lines(rows: list[dict[str, Any]]) -> tuple[Line, ...]:
    depths: dict[int, int] = {}
    lines = []
    for row in rows:
        depth = depths[row["parent"]] + 1 if row["parent"] else 0
        depths[row["position"]] = depth
        lines.append(_line(row, depth))
    return tuple(lines)


def _line(row: Mapping[str, Any], depth: int) -> Line:
    if row["charge_id"] is None:
        return Line(str(row["line"]), str(row["description"]), depth=depth)
    amount = Charge(Decimal(str(row["unit_price"])), Decimal(str(row["net"])))
    begun, ended = row["period_start"], row["period_end"]
    return Line(
        number=str(row["line"]),
        text=str(row["description"]),
        quantity=Decimal(str(row["quantity"])),
        unit=str(row["unit"]),
        depth=depth,
        details=(f"{_day(begun)} – {_day(ended)}",) if begun else (),
        charges=(amount,),
    )


def _day(value: date | str) -> str:
    return str(value)
