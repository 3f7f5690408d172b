"""Facts of the installed base. The subject is the asset."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class AssetCreated(Event):
    """A product was written into the installed base, pending until its order item is complete."""

    order_id: int
    order_item_id: int
    product_code: str


@dataclass(frozen=True, slots=True)
class AssetMoved(Event):
    """An installed product entered a state."""

    order_item_id: int
    before: str
    after: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AssetChanged(Event):
    """Characteristics or serials of an installed product changed; only those that did are named."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]
    serials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RealizationTerminated(Event):
    """The last user of a service or resource is gone; it can be given back."""

    key: str
    spec: str
    place: str
