"""Facts about orders; the subject of each is the order."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class OrderCaptured(Event):
    """An order was written down, as a draft or submitted at once."""

    state: str
    channel: str
    external_id: str | None
    item_count: int
    revision: int = 1


@dataclass(frozen=True, slots=True)
class OrderRepriced(Event):
    """A draft has the prices of now; `before` and `after` are what it costs once."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class OrderSubmitted(Event):
    """The customer is committed; from here on the order is planned and carried out."""

    revision: int = 1


@dataclass(frozen=True, slots=True)
class ConfirmationWanted(Event):
    """An order was submitted whose customer wants its confirmation by e-mail."""


@dataclass(frozen=True, slots=True)
class ConfirmationNotSent(Event):
    """The customer wants the confirmation by e-mail, and there is nobody to send it to."""

    reason: str


@dataclass(frozen=True, slots=True)
class OrderStateChanged(Event):
    """What has become of the parts moved the order along its life cycle."""

    before: str
    after: str
    parts_done: int | None = None
    parts_total: int | None = None


@dataclass(frozen=True, slots=True)
class ItemStateChanged(Event):
    """What has become of its steps, or of its children, moved an item along."""

    item_id: int
    line: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class OrderRejected(Event):
    """The order will not be taken."""

    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancellationRequested(Event):
    """Somebody wants the order cancelled; whoever carries it out says whether it still can be."""

    before: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancellationDenied(Event):
    """The order is past the point of no return and goes on."""

    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderCancelled(Event):
    """The order is cancelled, and what had been done for it is undone."""

    before: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class HeaderChanged(Event):
    """Fields of the header changed that need no revision."""

    before: dict[str, str | None]
    after: dict[str, str | None]


@dataclass(frozen=True, slots=True)
class HoldPlaced(Event):
    """A stop was put on the order or one of its items."""

    hold_id: int
    code: str
    blocks: str
    reason: str
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class HoldReleased(Event):
    """A stop was lifted by somebody who may."""

    hold_id: int
    code: str
    blocks: str
    reason: str
    item_id: int | None = None


@dataclass(frozen=True, slots=True)
class ChangeDrafted(Event):
    """Somebody wishes to alter the order."""

    change: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChangePreviewed(Event):
    """Somebody has seen what a change would do."""

    change: int
    preview_id: int


@dataclass(frozen=True, slots=True)
class ChangeApplied(Event):
    """The order is altered; from here on it is carried out as the new revision says."""

    change: int
    before: int
    after: int
    reason: str


@dataclass(frozen=True, slots=True)
class ChangesOutdated(Event):
    """Another change was applied, so the previews of these hold no more."""

    changes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ChangeWithdrawn(Event):
    """A change was given up before it was applied."""

    change: int
