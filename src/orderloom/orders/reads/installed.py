"""Orders as installed products see them: who changes them now, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from orderloom.base.transaction import Tx
from orderloom.orders.states import TERMINAL
from orderloom.parties.policy import account_filter

HISTORY_LIMIT = 200


async def open_changes(tx: Tx, assets: Sequence[str], *, action: str | None = None) -> dict[str, str]:
    """The orders under way that change these installed products (or do this to them), by product; whoever looks."""
    if not assets:
        return {}
    rows = await tx.all(
        """
        SELECT item.asset, sales_order.number
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
         WHERE item.asset = ANY(%(assets)s)
           AND item.action IN ('modify', 'delete', 'suspend', 'resume')
           AND item.action = coalesce(%(action)s, item.action)
           AND item.withdrawn_in IS NULL
           AND item.state <> ALL(%(over)s)
        """,
        {"assets": list(assets), "action": action, "over": [*sorted(TERMINAL), "draft"]},
    )
    return dict(rows)


async def wanted_assets(tx: Tx, order_ids: Sequence[int]) -> list[str]:
    """The installed products that drafts would change."""
    return await tx.values(
        """
        SELECT asset
          FROM orders.item
         WHERE order_id = ANY(%(ids)s)
           AND state = 'draft'
           AND asset IS NOT NULL
           AND action IN ('modify', 'delete', 'suspend', 'resume')
         ORDER BY asset
        """,
        {"ids": list(order_ids)},
    )


@dataclass(frozen=True, slots=True)
class AssetOrder:
    """A line of an order that acts, or acted, on an installed product."""

    asset: str
    order_id: int
    order_number: str
    order_item_id: int
    line: str
    action: str
    state: str
    act: str | None
    reason: str | None
    requested_on: date | None
    captured_at: datetime


async def orders_of_assets(tx: Tx, assets: Sequence[str]) -> list[AssetOrder]:
    """What orders did to these installed products, the last first, of the orders that the actor sees."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
        SELECT item.asset, item.order_id, sales_order.number AS order_number, item.id AS order_item_id, item.line,
               item.action, item.state, sales_order.attributes ->> 'act' AS act,
               sales_order.attributes ->> 'reason' AS reason, item.requested_on, sales_order.captured_at
          FROM orders.item
          JOIN orders.sales_order ON sales_order.id = item.order_id
         WHERE item.asset = ANY(%(assets)s)
           AND item.action <> 'none'
           AND {seen}
         ORDER BY item.id DESC
         LIMIT %(limit)s
        """,
        {"assets": list(assets), "limit": HISTORY_LIMIT, **params},
        row=AssetOrder,
    )
