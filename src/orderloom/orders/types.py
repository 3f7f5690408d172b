"""What a caller says about an order: the input of the commands and the schema of files and API alike."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from orderloom.base.fields import Code, CurrencyCode, LongText, Quantity, Text, UnitAmount
from orderloom.base.parsing import strict
from orderloom.catalog.price_asked import GivenDraft
from orderloom.parties.sales_credits import MAX_CREDITS, SalesCreditDraft


def _plain(value: object) -> object:
    if isinstance(value, float):
        value = Decimal(repr(value))
    if not isinstance(value, str | bool | int | Decimal | None):
        raise ValueError("Give a text, a number, true, false or null.")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError("Give a finite number.")
    if isinstance(value, str) and len(value) > MAX_VALUE_LENGTH:
        raise ValueError(f"Give at most {MAX_VALUE_LENGTH} characters.")
    return value


MAX_VALUE_LENGTH = 2_000
Scalar = Annotated[str | bool | int | Decimal | None, BeforeValidator(_plain)]

Action = Literal["add", "modify", "delete", "suspend", "resume", "none"]
OrderType = Literal["sales", "change", "return", "blanket", "call_off"]
Priority = Literal["urgent", "standard", "bulk"]

MAX_ITEMS = 20_000
MAX_SHIP_GROUPS = 1_000
MAX_ATTRIBUTES = 200
MAX_PLACES = 5_000
MAX_DISCOUNTS = 20


@strict
@dataclass(frozen=True, slots=True)
class PriceDraft:
    """A price set by a person instead of the list's: needs a reason."""

    one_time: UnitAmount | None = None
    recurring: UnitAmount | None = None
    period: Literal["day", "week", "month", "quarter", "year"] = "month"
    reason: Text = ""


@strict
@dataclass(frozen=True, slots=True)
class ShipGroupDraft:
    """A quantity of one item to one place by one date and method."""

    place: Code
    quantity: Quantity
    requested_on: date | None = None
    method: Text | None = None


@strict
@dataclass(frozen=True, slots=True)
class PlaceDraft:
    """An address that the order brings along, under the code by which its items name it."""

    code: Code
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    lines: Annotated[tuple[Text, ...], Field(max_length=6)] = ()
    city: Text = ""
    region: Text = ""
    postal_code: Text = ""
    recipient: Text = ""


@strict
@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One line as sold; `parent` names the line of the bundle that it belongs to.

    `asset` is the number of the installed product that the line acts on; of a line that is added, the one that
    it takes over from.
    """

    line: Code
    product: Text
    parent: Code | None = None
    quantity: Quantity = Decimal(1)
    unit: Code | None = None
    action: Action = "add"
    asset: Code | None = None
    role: Code | None = None
    characteristics: Annotated[Mapping[str, Scalar], Field(max_length=MAX_ATTRIBUTES)] = field(default_factory=dict)
    place: Code | None = None
    relies_on: Annotated[tuple[Code, ...], Field(max_length=MAX_ITEMS)] = ()
    ship_groups: Annotated[tuple[ShipGroupDraft, ...], Field(max_length=MAX_SHIP_GROUPS)] = ()
    billing_account: Code | None = None
    gl_account: Code | None = None
    cost_centre: Code | None = None
    tax_code: Code | None = None
    price: PriceDraft | None = None
    discounts: Annotated[tuple[GivenDraft, ...], Field(max_length=MAX_DISCOUNTS)] = ()
    requested_on: date | None = None
    promised_on: date | None = None
    credits: Annotated[tuple[SalesCreditDraft, ...], Field(max_length=MAX_CREDITS)] = ()
    attributes: Annotated[Mapping[str, Scalar], Field(max_length=MAX_ATTRIBUTES)] = field(default_factory=dict)


@strict
@dataclass(frozen=True, slots=True)
class OrderDraft:
    """An order as a customer, a program or a file hands it in; items are a flat list, tied by `parent`."""

    customer: Code
    items: Annotated[tuple[ItemDraft, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    type: OrderType = "sales"
    channel: Code = "direct"
    currency: CurrencyCode | None = None
    billing_account: Code | None = None
    bill_to: Code | None = None
    ship_to: Code | None = None
    po_number: Text | None = None
    external_id: Code | None = None
    requested_on: date | None = None
    terms: Code | None = None
    priority: Priority = "standard"
    catalogue: Code | None = None
    credits: Annotated[tuple[SalesCreditDraft, ...], Field(max_length=MAX_CREDITS)] = ()
    attributes: Annotated[Mapping[str, Scalar], Field(max_length=MAX_ATTRIBUTES)] = field(default_factory=dict)
    places: Annotated[tuple[PlaceDraft, ...], Field(max_length=MAX_PLACES)] = ()
    note: LongText | None = None
    discounts: Annotated[tuple[GivenDraft, ...], Field(max_length=MAX_DISCOUNTS)] = ()
