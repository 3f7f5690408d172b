"""Nouns of documents: the plain model that higher rooms fill, the request, and what was rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

from orderloom.base.types import Subject

Kind = Literal["order_confirmation", "quote", "invoice", "credit_note", "delivery_note"]
Role = Literal["seller", "customer", "bill_to", "ship_to"]
Period = Literal["day", "week", "month", "quarter", "year"]
FactKey = Literal[
    "date", "order", "quote", "version", "invoice", "customer_number", "po_number", "requested_on", "promised_on",
    "valid_until", "due_on", "terms", "delivery_terms", "shipment", "carrier", "tracking", "contact",
]  # fmt: skip
TotalKey = Literal["subtotal", "one_time", "recurring", "net", "tax", "with_tax", "gross", "paid", "open"]


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody that the document names; `lines` are the address as an envelope has it."""

    role: Role
    name: str
    lines: tuple[str, ...] = ()
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One of the few things beside the address; give a text or a day."""

    key: FactKey
    text: str = ""
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What a line costs: the price of one unit, and the rounded amount of all; without a period it is paid once."""

    unit_price: Decimal
    amount: Decimal
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Commitment:
    """What binds the customer to a line; the fee is what leaving early costs, and is left out without prices."""

    minimum_months: int | None = None
    notice_days: int | None = None
    termination_fee: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `depth` is how many bundles it stands in, its bundle being the nearest line above that is less deep.

    `details` are short texts below its name (characteristics, serial numbers). A line that is optional or an
    alternative says so, and its amount is in no total.
    """

    number: str
    text: str
    quantity: Decimal | None = None
    unit: str = ""
    depth: int = 0
    details: tuple[str, ...] = ()
    charges: tuple[Charge, ...] = ()
    delivery_on: date | None = None
    standing: Literal["", "optional", "alternative"] = ""
    commitment: Commitment | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """A sum that the document states; `label` replaces the word of its key."""

    key: TotalKey
    amount: Decimal
    label: str = ""
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Lines under a heading, which may be empty, with a subtotal where one is given."""

    lines: tuple[Line, ...]
    title: str = ""
    subtotals: tuple[Total, ...] = ()


@dataclass(frozen=True, slots=True)
class Tax:
    """What is due of one tax rate; one that is not says why."""

    name: str
    percent: Decimal
    net: Decimal
    tax: Decimal
    treatment: Literal["taxed", "exempt", "reverse_charge"] = "taxed"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as the room above means it, in no language yet. Notes and terms are texts for people, by paragraph.

    `title`, `notes`, `terms` and `details` are printed with and without prices: put no amount there.
    """

    kind: Kind
    number: str
    currency: str
    parties: tuple[Party, ...]
    sections: tuple[Section, ...]
    facts: tuple[Fact, ...] = ()
    totals: tuple[Total, ...] = ()
    taxes: tuple[Tax, ...] = ()
    terms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    before_tax: bool = False
    title: str = ""


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document to be made: of what, in which language (`de`, `fr-CH` ...), with amounts or without any."""

    subject: Subject
    paper: Paper
    language: str = "en"
    with_prices: bool = True


Sheet = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF, its pages, and what it took."""

    pdf: bytes
    pages: int
    seconds: float


@dataclass(frozen=True, slots=True)
class ClaimedDocument:
    """A document that this worker makes now; `attempt` fences off one that came back from the dead."""

    id: int
    attempt: int
    subject: Subject
    kind: Kind
    number: str
    sheet: Sheet
    requested_at: datetime
