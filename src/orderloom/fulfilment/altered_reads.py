"""Queries about order items that alter installed products, and what is charged for these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from orderloom.base.transaction import Tx
from orderloom.orders.types import PlaceDraft


@dataclass(frozen=True, slots=True)
class AlteringItem:
    """An order item with the installed product that it alters, or that its own takes over from.

    `sold_by` are the order items that are charged for that product: the one that brought it, and those that
    changed it before.
    """

    id: int
    order_id: int
    action: str
    quantity: Decimal
    place: str
    characteristics: Mapping[str, Any]
    attributes: Mapping[str, Any]
    requested_on: date | None
    asset_id: int
    asset: str
    is_bundle: bool
    sold_by: list[int]


async def sold_by(tx: Tx, assets: Sequence[str]) -> dict[str, list[int]]:
    """The order items that are charged for installed products: those that brought and those that changed them."""
    rows = await tx.all(
        """
        SELECT asset.number,
               ARRAY(SELECT asset.order_item_id
                      UNION
                     SELECT former.id
                       FROM orders.item AS former
                      WHERE former.asset = asset.number
                        AND former.action IN ('modify', 'none')
                      ORDER BY 1)
          FROM assets.asset
         WHERE asset.number = ANY(%(assets)s)
        """,
        {"assets": list(assets)},
    )
    return dict(rows)


async def terms_of_items(tx: Tx, item_ids: Sequence[int]) -> dict[int, Mapping[str, Any]]:
    """What was agreed with order items: their attributes."""
    rows = await tx.all(
        """
        SELECT id, attributes
          FROM orders.item
         WHERE id = ANY(%(ids)s)
        """,
        {"ids": list(item_ids)},
    )
    return dict(rows)


async def altering_items(tx: Tx, item_ids: Sequence[int]) -> list[AlteringItem]:
    """Those of these order items that act on an installed product."""
    return await tx.all(
        """
        SELECT item.id, item.order_id, item.action, item.quantity,
               coalesce(item.place, sales_order.ship_to, asset.place) AS place, item.characteristics, item.attributes,
               item.requested_on, asset.id AS asset_id, asset.number AS asset, asset.is_bundle,
               ARRAY(SELECT asset.order_item_id
                      UNION
                     SELECT former.id
                       FROM orders.item AS former
                      WHERE former.asset = asset.number
                        AND former.action IN ('modify', 'none')
                        AND former.id < item.id
                      ORDER BY 1) AS sold_by
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
          JOIN assets.asset ON asset.number = item.asset
         WHERE item.id = ANY(%(ids)s)
           AND item.action <> 'none'
         ORDER BY item.id
        """,
        {"ids": list(item_ids)},
        row=AlteringItem,
    )


@dataclass(frozen=True, slots=True)
class Recurring:
    """What a customer pays again and again for an installed product, or for an extra that was sold within it."""

    asset: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    currency: str
    period: str
    state: str
    started_on: date
    next_on: date
    full_price: Decimal | None
    is_extra: bool


async def recurring_of_assets(tx: Tx, assets: Sequence[str]) -> list[Recurring]:
    """What recurs for these installed products, and for what was sold within bundles without being installed."""
    return await tx.all(
        """
          WITH sold AS (
               SELECT asset.number, asset.order_item_id AS item_id, false AS is_extra
                 FROM assets.asset
                WHERE asset.number = ANY(%(assets)s)
                UNION
               SELECT item.asset, item.id, false
                 FROM orders.item
                WHERE item.asset = ANY(%(assets)s)
                  AND item.action = 'modify'
                UNION
               SELECT asset.number, item.id, true
                 FROM assets.asset
                 LEFT JOIN orders.item AS around ON around.asset = asset.number AND around.action = 'none'
                 JOIN orders.item ON item.bundle_id IN (asset.order_item_id, around.id) AND item.kind = 'fee'
                WHERE asset.number = ANY(%(assets)s))
        SELECT sold.number AS asset, trigger.description, subscription.quantity, subscription.unit_price,
               trigger.currency, subscription.period, subscription.state, subscription.started_on,
               subscription.next_on, subscription.full_price, sold.is_extra
          FROM sold
          JOIN billing.trigger ON trigger.order_item_id = sold.item_id
          JOIN billing.subscription ON subscription.trigger_id = trigger.id AND subscription.state <> 'ended'
         ORDER BY sold.number, subscription.id
        """,
        {"assets": list(assets)},
        row=Recurring,
    )


async def places_of_assets(tx: Tx, asset_ids: Sequence[int]) -> tuple[PlaceDraft, ...]:
    """Where installed products are, of the places that no account has: the orders that brought them know these."""
    rows = await tx.all(
        """
        SELECT DISTINCT ON (place.code) place.code, place.country, place.lines, place.city, place.region,
               place.postal_code, place.recipient
          FROM assets.asset
          JOIN orders.place ON place.order_id = asset.order_id AND place.code = asset.place
         WHERE asset.id = ANY(%(ids)s)
           AND place.address_id IS NULL
         ORDER BY place.code, place.order_id DESC
        """,
        {"ids": list(asset_ids)},
    )
    return tuple(PlaceDraft(code, country, tuple(lines), *rest) for code, country, lines, *rest in rows)
