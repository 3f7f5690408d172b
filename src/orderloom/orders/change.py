"""What a caller wishes to change of a confirmed order, and how a change stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from orderloom.base.fields import Code, Quantity, Text
from orderloom.base.parsing import strict
from orderloom.orders.types import (
    MAX_ATTRIBUTES,
    MAX_ITEMS,
    MAX_PLACES,
    MAX_SHIP_GROUPS,
    ItemDraft,
    PlaceDraft,
    PriceDraft,
    Scalar,
    ShipGroupDraft,
)

ChangeState = Literal["drafted", "previewed", "applied", "withdrawn", "stale"]
OPEN_STATES: tuple[ChangeState, ...] = ("drafted", "previewed", "stale")


@strict
@dataclass(frozen=True, slots=True)
class LineChange:
    """What becomes of one line; what is left out stays as it is.

    Values are what should be, never a difference, so wishing the same again changes nothing.
    Characteristics are laid over those of the line, null takes one away. New ship groups without a
    quantity set it to their sum; the parts of a bundle follow its quantity. `cancel_remainder` closes
    the line at what can no longer be taken back.
    """

    line: Code
    quantity: Quantity | None = None
    characteristics: Annotated[Mapping[str, Scalar], Field(max_length=MAX_ATTRIBUTES)] = field(default_factory=dict)
    place: Code | None = None
    ship_groups: Annotated[tuple[ShipGroupDraft, ...], Field(max_length=MAX_SHIP_GROUPS)] | None = None
    requested_on: date | None = None
    price: PriceDraft | None = None
    billing_account: Code | None = None
    cancel_remainder: bool = False


@strict
@dataclass(frozen=True, slots=True)
class Exchange:
    """One line goes with its parts, and another product comes in its stead."""

    line: Code
    by: ItemDraft


@strict
@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A change set: everything that is to become different, applied whole or not at all."""

    reason: Text
    lines: Annotated[tuple[LineChange, ...], Field(max_length=MAX_ITEMS)] = ()
    add: Annotated[tuple[ItemDraft, ...], Field(max_length=MAX_ITEMS)] = ()
    remove: Annotated[tuple[Code, ...], Field(max_length=MAX_ITEMS)] = ()
    exchange: Annotated[tuple[Exchange, ...], Field(max_length=MAX_ITEMS)] = ()
    ship_to: Code | None = None
    bill_to: Code | None = None
    billing_account: Code | None = None
    requested_on: date | None = None
    places: Annotated[tuple[PlaceDraft, ...], Field(max_length=MAX_PLACES)] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wished."""
        header = (self.ship_to, self.bill_to, self.billing_account, self.requested_on)
        return not (self.lines or self.add or self.remove or self.exchange or any(header))


@dataclass(frozen=True, slots=True)
class Change:
    """A change set as it stands."""

    id: int
    order_id: int
    number: int
    state: ChangeState
    wishes: Mapping[str, Any]
    reason: str
    based_on: int
    revision: int | None
    version: int
    follow_on_id: int | None
    follow_on: str | None
    drafted_by: str
    drafted_at: datetime
    ended_by: str | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would have done when somebody looked; `accepted` when it was applied with its fees."""

    id: int
    change_id: int
    revision: int
    basis: str
    effects: Mapping[str, Any]
    seen_by: str
    seen_at: datetime
    accepted: bool


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A numbered state of an order, whole."""

    number: int
    change: int | None
    reason: str | None
    content: Mapping[str, Any]
    made_by: str
    made_at: datetime
