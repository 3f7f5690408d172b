"""Nouns of the installed base: assets, realizations and what they are found by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

State = Literal[
    "created", "pending_active", "active", "suspended", "pending_terminate", "terminated", "cancelled", "aborted"
]
RealizationKind = Literal["service", "resource"]


@dataclass(frozen=True, slots=True)
class AssetDraft:
    """An installed product as one order item makes it.

    `parent` is the line of its bundle within the same order, if it is part of one; `parent_asset` the number of
    a bundle that the customer has already. `replaces` is the number of the product that it takes over from.
    """

    order_id: int
    order_label: str
    order_item_id: int
    line: str
    account_id: int
    product_code: str
    product_name: str
    quantity: Decimal = Decimal(1)
    parent: str | None = None
    is_bundle: bool = False
    role: str = ""
    place: str = ""
    product_id: int | None = None
    characteristics: Mapping[str, Any] = field(default_factory=dict)
    parent_asset: str | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class RealizationDraft:
    """A service or resource that fulfilment made for order items.

    `key` is made of content (spec and the values of its `per`), so realizing the same again finds it.
    `assets` are numbers of installed products that use it besides those that the order items made.
    """

    key: str
    kind: RealizationKind
    spec: str
    account_id: int
    order_item_ids: tuple[int, ...]
    label: str = ""
    place: str = ""
    characteristics: Mapping[str, Any] = field(default_factory=dict)
    assets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CharacteristicsChange:
    """Values learnt or changed, merged into those that the asset has; null removes one."""

    asset_id: int
    characteristics: Mapping[str, Any]
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AssetRevision:
    """What a changed order makes of the installed product of one of its items; null removes a characteristic."""

    order_item_id: int
    quantity: Decimal
    place: str
    characteristics: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NamedAsset:
    """An installed product by its number: whose it is, what it is and how it stands."""

    id: int
    number: str
    account_id: int
    product_code: str
    product_name: str
    quantity: Decimal
    place: str
    state: str
    order_item_id: int


@dataclass(frozen=True, slots=True)
class Moved:
    """An asset and the state that it left and entered."""

    asset_id: int
    number: str
    account_id: int
    order_item_id: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Asset:
    """An installed product as it is shown; `depth` is its level in the tree."""

    id: int
    number: str
    account_id: int
    parent_id: int | None
    depth: int
    product_code: str
    product_name: str
    quantity: Decimal
    is_bundle: bool
    role: str
    place: str
    state: str
    characteristics: Mapping[str, Any]
    serials: list[str]
    order_id: int
    order_label: str
    order_item_id: int
    line: str
    started_at: datetime | None
    ended_at: datetime | None
    changed_at: datetime
    replaces: str | None


@dataclass(frozen=True, slots=True)
class Realization:
    """A service or resource with the number of assets that use it."""

    id: int
    key: str
    kind: str
    spec: str
    label: str
    place: str
    account_id: int
    state: str
    characteristics: Mapping[str, Any]
    users: int
