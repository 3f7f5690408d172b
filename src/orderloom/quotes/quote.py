"""The stored nouns of a quote: its header, versions, lines and prices as they are written and read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from orderloom.base.types import Subject
from orderloom.parties.sales_credits import CreditKind
from orderloom.quotes.states import State
from orderloom.quotes.types import ChargeKind, LineKind, QuoteType, Scalar

SUBJECT = "quote"


@dataclass(frozen=True, slots=True)
class Head:
    """A quote by itself, as it stands in its row."""

    id: int
    number: str
    account_id: int | None
    account_name: str
    is_template: bool
    type: QuoteType
    channel: str
    currency: str
    state: State
    state_note: str
    lost_reason: str | None
    active_version: int
    owner_id: int | None
    copied_from_id: int | None
    time_zone: str
    valid_until: date
    expires_at: datetime
    stamp: int
    created_by: str
    created_at: datetime
    sent_at: datetime | None
    ended_at: datetime | None

    @property
    def subject(self) -> Subject:
        """What its events are about."""
        return Subject(SUBJECT, self.id, self.number, self.account_id)


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A price or discount by hand as it is kept, with who gave it."""

    effect: str
    value: Decimal
    reason: str
    who: str
    charge: ChargeKind | None = None
    period: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    until: date | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of a version, ready to be written. Its id is given when it is."""

    position: int
    line: str
    kind: LineKind
    title: str
    parent: str | None
    product_id: int | None
    product_code: str | None
    product_name: str | None
    quantity: Decimal | None
    unit: str | None
    role: str | None
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: tuple[str, ...]
    requested_on: date | None
    is_optional: bool
    alternative: str | None
    is_chosen: bool
    given: tuple[GivenRow, ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    shares: tuple[Mapping[str, Any], ...] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewCharge:
    """What a line costs, once or each period."""

    line: str
    kind: ChargeKind
    period: str | None
    quantity: Decimal
    unit: str
    periods: Decimal
    list_amount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    unit_price: Decimal
    given_percent: Decimal
    taxes: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class NewStep:
    """A step of a charge's waterfall."""

    line: str
    charge: ChargeKind
    position: int
    kind: str
    amount: Decimal
    unit_amount: Decimal
    rule: str
    rule_version: int | None
    input: Mapping[str, Any]
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class NewCost:
    """What a charge costs us."""

    line: str
    charge: ChargeKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class NewNeed:
    """A right that the prices of a version wait for."""

    position: int
    code: str
    needed_right: str
    lines: tuple[str, ...]
    message: str
    percent: Decimal | None
    allowed: Decimal | None
    basis: str


@dataclass(frozen=True, slots=True)
class NewCredit:
    """A share of the sale for one payee."""

    position: int
    payee: str
    user_id: int
    percent: Decimal
    kind: CreditKind


@dataclass(frozen=True, slots=True)
class TotalRow:
    """What is paid once, or each period: list price, net, tax and both together."""

    kind: ChargeKind
    period: str | None
    list_amount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class NewVersion:
    """One version with everything below it, ready to be written."""

    quote_id: int
    number: int
    title: str
    requested_on: date | None
    ship_to: str | None
    po_number: str | None
    terms: str | None
    note: str
    valid_until: date
    shared: tuple[GivenRow, ...]
    totals: tuple[TotalRow, ...]
    priced_at: datetime
    priced_by: str
    lines: tuple[NewLine, ...]
    charges: tuple[NewCharge, ...]
    steps: tuple[NewStep, ...]
    costs: tuple[NewCost, ...]
    needs: tuple[NewNeed, ...]
    credits: tuple[NewCredit, ...]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A quantity of a line that is to become an order's item, with what that much of it costs."""

    line_id: int
    line: str
    parent: str | None
    product_code: str
    quantity: Decimal
    role: str | None
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: tuple[str, ...]
    requested_on: date | None
    terms: Mapping[str, Any]
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a request took of a quote. With an order, the request had been carried out before."""

    draw_id: int
    head: Head
    version: int
    requested_on: date | None
    ship_to: str | None
    po_number: str | None
    terms: str | None
    note: str
    credits: tuple[NewCredit, ...]
    lines: tuple[DrawnLine, ...]
    order_id: int | None = None
    order_number: str | None = None
