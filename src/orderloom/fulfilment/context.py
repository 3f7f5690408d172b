"""What a step is about: its order, its thing, its lines and their bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderloom.base.types import Subject
from orderloom.processes.types import StepId

THING = "fulfilment_item"


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step with all that carrying it out needs.

    `lines` are the thing's contents, each with line, sku and quantity, the order item's id and its
    bundle reference; `order_items` the ids of the items that the step serves.
    """

    process_id: int
    number: int
    step_key: str
    kind: str
    title: str
    type: str
    owner: str
    partner: str | None
    expected: int | None
    params: Mapping[str, Any] | None
    order_id: int
    order_number: str
    account_id: int
    account_name: str
    revision: int
    currency: str
    po_number: str | None
    billing_account_id: int | None
    item_id: int | None
    thing_key: str | None
    thing_kind: str | None
    spec: str | None
    action: str | None
    label: str | None
    place: str | None
    quantity: Decimal | None
    characteristics: Mapping[str, Any] | None
    lines: Sequence[Mapping[str, Any]] | None
    address: Mapping[str, Any] | None
    order_items: Sequence[int]
    bundles: Sequence[Mapping[str, Any]]

    @property
    def id(self) -> StepId:
        """The step's identity."""
        return StepId(self.process_id, self.number)

    @property
    def order(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject("order", self.order_id, self.order_number, self.account_id)

    @property
    def thing(self) -> Subject:
        """The thing, as stock and partners keep it; a step of the order itself stands for the order."""
        if self.item_id is None:
            return self.order
        return Subject(THING, self.item_id, f"{self.order_number} {self.label}", self.account_id)
