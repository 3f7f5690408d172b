"""What people and higher rooms ask of the installed base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.assets.types import Asset, NamedAsset, Realization
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter

LIMIT = 1000


async def tree(
    tx: Tx,
    *,
    account_id: int | None = None,
    order_ids: Sequence[int] | None = None,
    ids: Sequence[int] | None = None,
    with_ended: bool = True,
    limit: int = LIMIT,
) -> list[Asset]:
    """Assets that the actor may see as a tree in reading order: each bundle, then its parts.

    Given ids name the roots to begin with; without them the roots are the assets without a parent.
    """
    where, params = account_filter(tx.actor, "asset.account_id")
    return await tx.all(
        f"""
          WITH RECURSIVE tree AS (
               SELECT asset.*, 0 AS depth, ARRAY[asset.id] AS path
                 FROM assets.asset
                WHERE (%(account)s::bigint IS NULL OR asset.account_id = %(account)s)
                  AND (%(orders)s::bigint[] IS NULL OR asset.order_id = ANY(%(orders)s))
                  AND (asset.id = ANY(%(ids)s) OR (%(ids)s::bigint[] IS NULL AND asset.parent_id IS NULL))
                  AND {where}
                UNION ALL
               SELECT asset.*, tree.depth + 1, tree.path || asset.id
                 FROM tree
                 JOIN assets.asset ON asset.parent_id = tree.id)
        SELECT id, number, account_id, parent_id, depth, product_code, product_name, quantity, is_bundle, role, place,
               state, characteristics, serials, order_id, order_label, order_item_id, line, started_at, ended_at,
               changed_at,
               (SELECT former.number FROM assets.asset AS former WHERE former.id = tree.replaces_id) AS replaces
          FROM tree
         WHERE %(with_ended)s OR ended_at IS NULL
         ORDER BY path
         LIMIT %(limit)s
        """,
        {
            "account": account_id,
            "orders": None if order_ids is None else list(order_ids),
            "ids": None if ids is None else list(ids),
            "with_ended": with_ended,
            "limit": limit,
            **params,
        },
        row=Asset,
    )


async def named_assets(tx: Tx, numbers: Sequence[str]) -> dict[str, NamedAsset]:
    """Installed products by number, whoever looks."""
    rows = await tx.all(
        """
        SELECT id, number, account_id, product_code, product_name, quantity, place, state, order_item_id
          FROM assets.asset
         WHERE number = ANY(%(numbers)s)
        """,
        {"numbers": list(numbers)},
        row=NamedAsset,
    )
    return {row.number: row for row in rows}


async def root_of(tx: Tx, number: str) -> int | None:
    """The outermost bundle around an installed product that the actor sees, itself where there is none."""
    where, params = account_filter(tx.actor, "asset.account_id")
    root: int | None = await tx.value(
        f"""
          WITH RECURSIVE above AS (
               SELECT id, parent_id
                 FROM assets.asset
                WHERE number = %(number)s
                  AND {where}
                UNION ALL
               SELECT asset.id, asset.parent_id
                 FROM above
                 JOIN assets.asset ON asset.id = above.parent_id)
        SELECT id
          FROM above
         WHERE parent_id IS NULL
        """,
        {"number": number, **params},
    )
    return root


@dataclass(frozen=True, slots=True)
class Tenure:
    """Since when a customer has a product, those that it took over from included, and the items that sold them."""

    number: str
    since: datetime | None
    order_item_ids: list[int]


async def tenures(tx: Tx, numbers: Sequence[str]) -> dict[str, Tenure]:
    """How long installed products have been there; what was moved keeps the time that it had."""
    rows = await tx.all(
        """
          WITH RECURSIVE before AS (
               SELECT number AS last, id, replaces_id, started_at, order_item_id
                 FROM assets.asset
                WHERE number = ANY(%(numbers)s)
                UNION ALL
               SELECT before.last, former.id, former.replaces_id, former.started_at, former.order_item_id
                 FROM before
                 JOIN assets.asset AS former ON former.id = before.replaces_id)
        SELECT last AS number, min(started_at) AS since, array_agg(order_item_id ORDER BY id DESC) AS order_item_ids
          FROM before
         GROUP BY last
        """,
        {"numbers": list(numbers)},
        row=Tenure,
    )
    return {row.number: row for row in rows}


async def by_order_item(tx: Tx, order_item_ids: Sequence[int]) -> dict[int, int]:
    """Ids of assets by the order item that made them."""
    rows = await tx.all(
        "SELECT order_item_id, id FROM assets.asset WHERE order_item_id = ANY(%(items)s)",
        {"items": list(order_item_ids)},
    )
    return {item_id: asset_id for item_id, asset_id in rows}


async def realizations(tx: Tx, asset_ids: Sequence[int]) -> dict[int, list[Realization]]:
    """What realizes assets that the actor may see, by asset."""
    where, params = account_filter(tx.actor, "realization.account_id")
    rows = await tx.all(
        f"""
        SELECT realization_user.asset_id, realization.id, realization.key, realization.kind, realization.spec,
               realization.label, realization.place, realization.account_id, realization.state,
               realization.characteristics,
               (SELECT count(*) FROM assets.realization_user AS user_ WHERE user_.realization_id = realization.id)
          FROM assets.realization_user
          JOIN assets.realization ON realization.id = realization_user.realization_id
         WHERE realization_user.asset_id = ANY(%(assets)s)
           AND {where}
         ORDER BY realization_user.asset_id, realization.id
        """,
        {"assets": list(asset_ids), **params},
    )
    found: dict[int, list[Realization]] = {}
    for asset_id, *fields in rows:
        found.setdefault(asset_id, []).append(Realization(*fields))
    return found


@dataclass(frozen=True, slots=True)
class Installed:
    """A realization that a plan may use instead of making a new one."""

    id: int
    account_id: int
    key: str
    kind: str
    spec: str
    place: str
    state: str
    characteristics: Mapping[str, Any]
    asset_ids: list[int]
    order_item_ids: list[int]
    assets: list[str]


async def find_installed(
    tx: Tx, account_ids: Sequence[int], *, specs: Sequence[str] | None = None, places: Sequence[str] | None = None
) -> list[Installed]:
    """The living services and resources of accounts, of these specs at these places where they are given.

    What the planner is told of the installed base, in the order in which it came; the caller has
    decided that the actor may plan for these accounts.
    """
    return await tx.all(
        """
        SELECT realization.id, realization.account_id, realization.key, realization.kind, realization.spec,
               realization.place, realization.state, realization.characteristics,
               array_remove(array_agg(asset.id ORDER BY asset.id), NULL) AS asset_ids,
               array_remove(array_agg(asset.order_item_id ORDER BY asset.id), NULL) AS order_item_ids,
               array_remove(array_agg(asset.number ORDER BY asset.id), NULL) AS assets
          FROM assets.realization
          LEFT JOIN assets.realization_user ON realization_user.realization_id = realization.id
          LEFT JOIN assets.asset ON asset.id = realization_user.asset_id
         WHERE realization.account_id = ANY(%(accounts)s)
           AND realization.state <> 'terminated'
           AND (%(specs)s::text[] IS NULL OR realization.spec = ANY(%(specs)s))
           AND (%(places)s::text[] IS NULL OR realization.place = ANY(%(places)s))
         GROUP BY realization.id
         ORDER BY realization.id
        """,
        {
            "accounts": list(account_ids),
            "specs": None if specs is None else list(specs),
            "places": None if places is None else list(places),
        },
        row=Installed,
    )


async def find_products(
    tx: Tx, account_ids: Sequence[int], *, products: Sequence[str] | None = None, place: str | None = None
) -> list[Asset]:
    """The assets of accounts that are not over, by product code and place where they are given."""
    return await tx.all(
        """
        SELECT id, number, account_id, parent_id, 0 AS depth, product_code, product_name, quantity, is_bundle, role,
               place, state, characteristics, serials, order_id, order_label, order_item_id, line, started_at, ended_at,
               changed_at,
               (SELECT former.number FROM assets.asset AS former WHERE former.id = asset.replaces_id) AS replaces
          FROM assets.asset
         WHERE account_id = ANY(%(accounts)s)
           AND ended_at IS NULL
           AND (%(products)s::text[] IS NULL OR product_code = ANY(%(products)s))
           AND (%(place)s::text IS NULL OR place = %(place)s)
         ORDER BY id
         LIMIT %(limit)s
        """,
        {
            "accounts": list(account_ids),
            "products": None if products is None else list(products),
            "place": place,
            "limit": LIMIT,
        },
        row=Asset,
    )
