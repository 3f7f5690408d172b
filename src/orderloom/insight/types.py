"""Nouns of past invoices: how a file is to be read, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import Code, CurrencyCode
from orderloom.base.parsing import strict

ColumnName = Annotated[str, Field(min_length=1, max_length=200)]
Prefix = Annotated[str, Field(min_length=1, max_length=20)]
TimeZone = Annotated[str, Field(min_length=1, max_length=60)]
BILLING = "billing"


class Kind(StrEnum):
    """What a document is."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    ADJUSTMENT = "adjustment"
    WRITE_OFF = "write_off"


class Outcome(StrEnum):
    """What became of a row."""

    IMPORTED = "imported"
    MERGED = "merged"
    CORRECTED = "corrected"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@strict
@dataclass(frozen=True, slots=True)
class Columns:
    """The name of the column that holds each field; those that a file does not have are left out."""

    number: ColumnName | None = None
    product: ColumnName | None = None
    description: ColumnName | None = None
    quantity: ColumnName | None = None
    date: ColumnName | None = None
    unit_price: ColumnName | None = None
    amount: ColumnName | None = None
    customer: ColumnName | None = None
    customer_name: ColumnName | None = None
    country: ColumnName | None = None
    currency: ColumnName | None = None


@strict
@dataclass(frozen=True, slots=True)
class FileMapping:
    """How the rows of a file are to be read.

    `source` names the system that the file comes from: its invoice numbers are unique there. Columns
    that are not named are found by their usual names. `kinds` says what numbers that begin with some
    letters are, `customer_source` whose external ids of accounts the customers are (anybody's, if left
    out), `cut` what stands behind every customer's id and is no part of it, as in `17850.0`.
    `repeated_rows`: a row that says exactly what another row of its invoice says is added to it, or
    counts once. `known_invoices`: what is done with an invoice that an earlier import brought with other
    content. A file of which more than `most_refused` percent of the rows would be refused is refused whole.
    """

    source: Code
    currency: CurrencyCode | None = None
    time_zone: TimeZone = "UTC"
    dates: Literal["year_first", "day_first", "month_first"] = "year_first"
    decimals: Literal["point", "comma"] = "point"
    columns: Columns = field(default_factory=Columns)
    customer_source: Code | None = None
    cut: Annotated[str, Field(max_length=20)] = ""
    kinds: Mapping[Prefix, Literal["invoice", "credit_note", "adjustment"]] = field(default_factory=dict)
    not_goods: tuple[Code, ...] = ()
    countries: Mapping[str, Annotated[str, Field(max_length=60)]] = field(default_factory=dict)
    repeated_rows: Literal["add", "once"] = "add"
    known_invoices: Literal["refuse", "replace", "add"] = "refuse"
    most_refused: Annotated[int, Field(ge=0, le=100)] = 10


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: rows by outcome and by reason, documents by kind."""

    id: int
    file: str
    source: str
    state: str
    rows: int
    outcomes: dict[str, int]
    reasons: dict[str, int]
    documents: dict[str, int]
    is_new: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Search:
    """Which documents are looked for; what is None does not matter."""

    text: str = ""
    number: str = ""
    customer_id: int | None = None
    product_id: int | None = None
    country: str | None = None
    kind: str | None = None
    currency: str | None = None
    source: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    day_from: date | None = None
    day_to: date | None = None
