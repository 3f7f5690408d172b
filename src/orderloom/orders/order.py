"""The stored nouns of an order: the rows that a capture writes, and what the commands hand back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from orderloom.base.fields import Code, LongText, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem
from orderloom.base.types import Subject
from orderloom.catalog.price_types import Agreed, ChargeKind
from orderloom.catalog.priced import PricedLine
from orderloom.orders.rollup import Progress
from orderloom.orders.states import State
from orderloom.orders.types import Action, OrderType, Priority, Scalar
from orderloom.parties.sales_credits import CreditKind

SUBJECT = "order"
PriceOrigin = Literal["none", "list", "manual", "quote"]
Blocks = Literal["shipping", "billing", "all"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a line of the order came to its price: who says so, when, its waterfall, and what an agreement was for."""

    origin: PriceOrigin
    reason: str
    who: str
    priced_at: datetime
    kept: PricedLine | None = None
    limits: Mapping[ChargeKind, Agreed] = field(default_factory=dict)

    @property
    def is_agreed(self) -> bool:
        """Whether the price was set by a person or quoted, and stands whatever the quantity."""
        return self.origin in ("manual", "quote")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """A header, ready to be written."""

    id: int
    number: str
    account_id: int
    account_name: str
    channel: str
    external_id: str | None
    type: OrderType
    priority: Priority
    state: State
    currency: str
    bill_to: str | None
    ship_to: str | None
    billing_account_id: int | None
    po_number: str | None
    terms: str | None
    requested_on: date | None
    catalogue_version_id: int
    one_time_total: Decimal
    recurring_totals: Mapping[str, Decimal]
    item_count: int
    note: str | None
    attributes: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class NewPlace:
    """A place as the order names it; with `address_id` it is a copy of the account's address."""

    order_id: int
    code: str
    address_id: int | None
    recipient: str
    lines: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class NewItem:
    """An item of the tree, ready to be written."""

    id: int
    order_id: int
    position: int
    line: str
    parent_id: int | None
    bundle_id: int | None
    role: str | None
    product_id: int
    product_code: str
    product_name: str
    kind: str
    action: Action
    quantity: Decimal
    per_parent: Decimal | None
    unit: str
    characteristics: Mapping[str, Scalar]
    place: str | None
    billing_account_id: int | None
    gl_account: str | None
    cost_centre: str | None
    tax_code: str | None
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    price_origin: PriceOrigin
    price_reason: str | None
    requested_on: date | None
    promised_on: date | None
    state: State
    attributes: Mapping[str, Scalar]
    asset: str | None = None


@dataclass(frozen=True, slots=True)
class NewNeed:
    """An item relies on another item of its order."""

    order_id: int
    item_id: int
    needed_id: int


@dataclass(frozen=True, slots=True)
class NewShipGroup:
    """A quantity of an item to a place by a date."""

    order_id: int
    item_id: int
    position: int
    place: str
    quantity: Decimal
    requested_on: date | None
    method: str | None


@dataclass(frozen=True, slots=True)
class NewCredit:
    """A share of the sale; without an item it is the header's."""

    order_id: int
    item_id: int | None
    position: int
    payee: str
    user_id: int
    percent: Decimal
    kind: CreditKind


@dataclass(frozen=True, slots=True)
class NewHandedIn:
    """What was handed in under an external id."""

    order_id: int
    content: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Composed:
    """One order as the rows that it will be, without the header's number: nothing of it is written yet."""

    order: NewOrder
    places: tuple[NewPlace, ...]
    items: tuple[NewItem, ...]
    needs: tuple[NewNeed, ...]
    ship_groups: tuple[NewShipGroup, ...]
    credits: tuple[NewCredit, ...]
    handed_in: NewHandedIn | None = None


@dataclass(frozen=True, slots=True)
class FirstOrder:
    """The order that the same content has made before, under the same external id."""

    id: int
    number: str
    state: State


@dataclass(frozen=True, slots=True)
class CapturedOrder:
    """What became of a draft. Warnings did not stand in its way, but a person should look."""

    id: int
    number: str
    account_id: int
    state: State
    item_ids: Mapping[str, int]
    warnings: tuple[Problem, ...] = ()

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject(SUBJECT, self.id, self.number, self.account_id)


@dataclass(frozen=True, slots=True)
class Moved:
    """An order that changed its state."""

    id: int
    number: str
    account_id: int
    before: State
    after: State

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject(SUBJECT, self.id, self.number, self.account_id)


@dataclass(frozen=True, slots=True)
class ItemMoved:
    """An item that changed its state."""

    id: int
    order_id: int
    line: str
    before: State
    after: State


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What an item has been rolled up to."""

    item_id: int
    state: State


@dataclass(frozen=True, slots=True)
class OrderResult:
    """What an order has been rolled up to."""

    order_id: int
    state: State
    progress: Progress | None = None


@strict
@dataclass(frozen=True, slots=True)
class HoldDraft:
    """A stop to place on an order or one of its items.

    What is left out comes from the code: what it blocks, and the permission that may release it.
    """

    order_id: int
    code: Code
    reason: Text
    item_id: int | None = None
    blocks: Blocks | None = None
    release_permission: Code | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """A stop that stands, or stood, on an order or item."""

    id: int
    order_id: int
    number: str
    account_id: int
    item_id: int | None
    code: str
    blocks: Blocks
    reason: str
    release_permission: str

    @property
    def subject(self) -> Subject:
        """The order that it stands on."""
        return Subject(SUBJECT, self.order_id, self.number, self.account_id)


@strict
@dataclass(frozen=True, slots=True)
class HeaderEdit:
    """The fields of a header that may change without a revision, as a whole: what is left out is emptied."""

    po_number: Text | None = None
    priority: Priority = "standard"
    promised_on: date | None = None
    note: LongText | None = None
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
