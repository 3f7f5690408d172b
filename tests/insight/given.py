"""Builders of past invoices."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from orderloom.insight.commands import import_history
from orderloom.insight.types import FileMapping

HISTORY = Path(__file__).parent / "history.csv"
REAL = Path(__file__).parents[2].parent / "shared" / "data" / "online-retail.csv.xz"
NOT_GOODS = ("POST", "DOT", "M", "C2", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS")
HEAD = ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country")
MAPPING = FileMapping(
    source="shop",
    currency="GBP",
    time_zone="Europe/London",
    cut=".0",
    kinds={"C": "credit_note", "A": "adjustment"},
    not_goods=NOT_GOODS,
    countries={"Unspecified": ""},
)


def row(number="1", product="TM10", quantity=1, *, price="1.00", on="2011-03-01", customer="17001", **more):
    """A row of a file, in the order of HEAD."""
    return [
        number, product, more.get("description", f"Product {product}"), quantity, on, price, customer,
        more.get("country", "United Kingdom"),
    ]  # fmt: skip


def table(folder: Path, rows: Sequence[Sequence[object]], *, name: str = "rows.csv", head=HEAD) -> Path:
    """A CSV file of these rows."""
    file = folder / name
    with file.open("w", newline="", encoding="utf-8") as content:
        csv.writer(content).writerows([head, *rows])
    return file


async def history(tx, file: Path = HISTORY, **changes):
    """A file imported; `changes` differ from the mapping that suits the test file."""
    return await import_history(tx, file, replace(MAPPING, **changes))


async def ledger(tx):
    """Everything that an import writes, to be compared."""
    return {
        "documents": await tx.all(
            """
            SELECT source, number, kind, customer_id, country, currency, issued_at, line_count, quantity, net, content
              FROM insight.document ORDER BY source, number
            """
        ),
        "lines": await tx.all(
            """
            SELECT document_id, position, product_id, wording_id, quantity, unit_price, amount, hash, copies
              FROM insight.line ORDER BY document_id, position
            """
        ),
        "days": await tx.all("SELECT * FROM insight.customer_day ORDER BY issued_on, country, customer_id"),
        "months": await tx.all("SELECT * FROM insight.product_month ORDER BY month, product_id"),
        "pairs": await tx.all("SELECT * FROM insight.customer_product ORDER BY customer_id, product_id"),
    }
