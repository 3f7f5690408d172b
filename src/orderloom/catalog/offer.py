"""What a product means at a moment: the offer that an order takes up, with its list prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class ListPrice:
    """The price of one unit, once and each period."""

    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None


@dataclass(frozen=True, slots=True)
class Offer:
    """What a product's code or name means at a moment, in one catalogue version that sells it then.

    `prices` are the standard list's, by currency.
    """

    reference: str
    product_id: int
    code: str
    name: str
    kind: str
    unit: str
    unit_decimals: int
    tax_category: str
    version_id: int
    version: int
    content_hash: str
    catalogue: str
    prices: Mapping[str, ListPrice]
