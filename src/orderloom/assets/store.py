"""SQL of the installed base; the only writer of the schema `assets`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderloom.assets.states import ASSET, REALIZATION, before
from orderloom.assets.types import AssetDraft, AssetRevision, Moved, RealizationDraft
from orderloom.base.transaction import Json, Tx


@dataclass(frozen=True, slots=True)
class Known:
    """An asset that exists, found by its order item."""

    id: int
    number: str
    order_id: int
    order_item_id: int
    line: str


async def of_order_items(tx: Tx, order_item_ids: Sequence[int]) -> dict[int, Known]:
    """Assets by order item."""
    rows = await tx.all(
        """
        SELECT id, number, order_id, order_item_id, line
          FROM assets.asset
         WHERE order_item_id = ANY(%(items)s)
        """,
        {"items": list(order_item_ids)},
        row=Known,
    )
    return {row.order_item_id: row for row in rows}


async def of_orders(tx: Tx, order_ids: Sequence[int]) -> list[Known]:
    """The assets that these orders have brought already."""
    return await tx.all(
        """
        SELECT id, number, order_id, order_item_id, line
          FROM assets.asset
         WHERE order_id = ANY(%(orders)s)
         ORDER BY id
        """,
        {"orders": list(set(order_ids))},
        row=Known,
    )


@dataclass(frozen=True, slots=True)
class Keys:
    """Numbers and ids drawn for new assets, and how many assets the orders have brought already."""

    numbers: list[str]
    ids: list[int]
    known: int


async def draw_keys(tx: Tx, count: int, *, order_ids: Sequence[int]) -> Keys:
    """Draw them at once, so that parents are known before the rows are written."""
    return await tx.one(
        """
        SELECT ARRAY(SELECT base.take_numbers('asset', %(count)s)) AS numbers,
               ARRAY(SELECT nextval('assets.asset_id_seq') FROM generate_series(1, %(count)s)) AS ids,
               (SELECT count(*) FROM assets.asset WHERE order_id = ANY(%(orders)s)) AS known
        """,
        {"count": count, "orders": list(set(order_ids))},
        row=Keys,
    )


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A draft with its keys."""

    draft: AssetDraft
    id: int
    number: str


async def insert(
    tx: Tx, fresh: Sequence[NewAsset], *, by_line: Mapping[tuple[int, str], int], by_number: Mapping[str, int]
) -> None:
    """Write new assets, parents and children at once; an order item has one, so a lost race fails."""
    drafts = [new.draft for new in fresh]
    await tx.execute(
        """
        INSERT INTO assets.asset
               (id, number, account_id, parent_id, replaces_id, product_id, product_code, product_name, quantity,
                is_bundle, role, place, order_id, order_label, order_item_id, line, characteristics, created_at,
                changed_at)
               OVERRIDING SYSTEM VALUE
        SELECT *, %(now)s::timestamptz, %(now)s
          FROM unnest(%(ids)s::bigint[], %(numbers)s::text[], %(accounts)s::bigint[], %(parents)s::bigint[],
                      %(replaced)s::bigint[],
                      %(products)s::bigint[], %(codes)s::text[], %(names)s::text[], %(quantities)s::numeric[],
                      %(bundles)s::bool[], %(roles)s::text[], %(places)s::text[], %(orders)s::bigint[],
                      %(labels)s::text[], %(items)s::bigint[], %(lines)s::text[], %(characteristics)s::jsonb[])
        """,
        {
            "now": tx.now,
            "ids": [new.id for new in fresh],
            "numbers": [new.number for new in fresh],
            "accounts": [draft.account_id for draft in drafts],
            "parents": [
                by_number.get(draft.parent_asset)
                if draft.parent_asset
                else by_line.get((draft.order_id, draft.parent))
                if draft.parent
                else None
                for draft in drafts
            ],
            "replaced": [by_number.get(draft.replaces) if draft.replaces else None for draft in drafts],
            "products": [draft.product_id for draft in drafts],
            "codes": [draft.product_code for draft in drafts],
            "names": [draft.product_name for draft in drafts],
            "quantities": [draft.quantity for draft in drafts],
            "bundles": [draft.is_bundle for draft in drafts],
            "roles": [draft.role for draft in drafts],
            "places": [draft.place for draft in drafts],
            "orders": [draft.order_id for draft in drafts],
            "labels": [draft.order_label for draft in drafts],
            "items": [draft.order_item_id for draft in drafts],
            "lines": [draft.line for draft in drafts],
            "characteristics": [Json(dict(draft.characteristics)) for draft in drafts],
        },
    )


async def inherit(tx: Tx, ids: Sequence[int]) -> None:
    """What takes over from another product has its serial numbers: the goods go with the customer."""
    await tx.execute(
        """
        UPDATE assets.asset
           SET serials = former.serials
          FROM assets.asset AS former
         WHERE asset.id = ANY(%(ids)s)
           AND former.id = asset.replaces_id
        """,
        {"ids": list(ids)},
    )


async def before_termination(tx: Tx, ids: Sequence[int]) -> dict[int, str]:
    """Where products stood before their termination was asked for, of those that are about to end."""
    rows = await tx.all(
        """
        SELECT id, state_before
          FROM assets.asset
         WHERE id = ANY(%(ids)s)
           AND state = 'pending_terminate'
        """,
        {"ids": list(ids)},
    )
    return dict(rows)


async def move(tx: Tx, ids: Sequence[int], state: str, *, at: Sequence[datetime]) -> list[Moved]:
    """Move assets to a state, from those that may come before it, at a time each; return which moved and whence."""
    return await tx.all(
        """
          WITH told AS (
               SELECT * FROM unnest(%(ids)s::bigint[], %(at)s::timestamptz[]) AS told (id, at)),
               locked AS MATERIALIZED (
               SELECT asset.id, asset.state, told.at
                 FROM assets.asset
                 JOIN told ON told.id = asset.id
                WHERE asset.state = ANY(%(before)s)
                ORDER BY asset.id
                  FOR UPDATE OF asset)
        UPDATE assets.asset
           SET state = %(state)s,
               state_before = CASE WHEN %(state)s = 'pending_terminate' THEN locked.state END,
               changed_at = %(now)s,
               started_at = CASE WHEN %(state)s = 'active' THEN coalesce(asset.started_at, locked.at)
                                 ELSE asset.started_at END,
               ended_at = CASE WHEN %(over)s THEN locked.at END
          FROM locked
         WHERE asset.id = locked.id
        RETURNING asset.id AS asset_id, asset.number, asset.account_id, asset.order_item_id,
                  locked.state AS before, asset.state AS after
        """,
        {
            "ids": list(ids),
            "at": list(at),
            "before": before(ASSET, state),
            "state": state,
            "over": not ASSET[state],
            "now": tx.now,
        },
        row=Moved,
    )


@dataclass(frozen=True, slots=True)
class Characterized:
    """A locked asset with what is known of it."""

    id: int
    number: str
    account_id: int
    characteristics: dict[str, Any]
    serials: list[str]


async def lock_characteristics(tx: Tx, ids: Sequence[int]) -> dict[int, Characterized]:
    """Lock assets with their characteristics, in id order."""
    rows = await tx.all(
        """
        SELECT id, number, account_id, characteristics, serials
          FROM assets.asset
         WHERE id = ANY(%(ids)s)
         ORDER BY id
           FOR UPDATE
        """,
        {"ids": list(ids)},
        row=Characterized,
    )
    return {row.id: row for row in rows}


async def write_characteristics(
    tx: Tx, characteristics: Mapping[int, Mapping[str, Any]], serials: Mapping[int, Sequence[str]]
) -> None:
    """Write characteristics and serials of locked assets."""
    await tx.execute(
        """
        UPDATE assets.asset
           SET characteristics = told.characteristics,
               serials = ARRAY(SELECT jsonb_array_elements_text(told.serials)),
               changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(characteristics)s::jsonb[], %(serials)s::jsonb[])
               AS told (id, characteristics, serials)
         WHERE asset.id = told.id
        """,
        {
            "now": tx.now,
            "ids": list(characteristics),
            "characteristics": [Json(dict(values)) for values in characteristics.values()],
            "serials": [Json(list(serials[asset_id])) for asset_id in characteristics],
        },
    )


async def resize(tx: Tx, revisions: Mapping[int, AssetRevision]) -> None:
    """Write quantities and places of living assets."""
    if not revisions:
        return
    await tx.execute(
        """
        UPDATE assets.asset
           SET quantity = told.quantity, place = told.place, changed_at = %(now)s
          FROM unnest(%(ids)s::bigint[], %(quantities)s::numeric[], %(places)s::text[]) AS told (id, quantity, place)
         WHERE asset.id = told.id
           AND asset.ended_at IS NULL
           AND (asset.quantity, asset.place) IS DISTINCT FROM (told.quantity, told.place)
        """,
        {
            "now": tx.now,
            "ids": list(revisions),
            "quantities": [revision.quantity for revision in revisions.values()],
            "places": [revision.place for revision in revisions.values()],
        },
    )


async def realize(tx: Tx, drafts: Sequence[RealizationDraft]) -> dict[tuple[int, str], int]:
    """Write realizations, or merge into those that live; return ids by account and key."""
    rows = await tx.all(
        """
        INSERT INTO assets.realization (key, kind, spec, label, place, account_id, characteristics)
        SELECT *
          FROM unnest(%(keys)s::text[], %(kinds)s::text[], %(specs)s::text[], %(labels)s::text[], %(places)s::text[],
                      %(accounts)s::bigint[], %(characteristics)s::jsonb[])
               AS fresh (key, kind, spec, label, place, account_id, characteristics)
         ORDER BY fresh.account_id, fresh.key
            ON CONFLICT (account_id, key) WHERE state <> 'terminated' DO UPDATE
           SET characteristics = realization.characteristics || excluded.characteristics, changed_at = %(now)s
        RETURNING account_id, key, id
        """,
        {
            "now": tx.now,
            "keys": [draft.key for draft in drafts],
            "kinds": [draft.kind for draft in drafts],
            "specs": [draft.spec for draft in drafts],
            "labels": [draft.label for draft in drafts],
            "places": [draft.place for draft in drafts],
            "accounts": [draft.account_id for draft in drafts],
            "characteristics": [Json(dict(draft.characteristics)) for draft in drafts],
        },
    )
    return {(account_id, key): realization_id for account_id, key, realization_id in rows}


async def use(tx: Tx, pairs: Sequence[tuple[int, int]]) -> None:
    """Note that assets use realizations."""
    await tx.execute(
        """
        INSERT INTO assets.realization_user (realization_id, asset_id, since)
        SELECT *, %(now)s
          FROM unnest(%(realizations)s::bigint[], %(assets)s::bigint[])
            ON CONFLICT DO NOTHING
        """,
        {
            "now": tx.now,
            "realizations": [realization_id for realization_id, _ in pairs],
            "assets": [asset_id for _, asset_id in pairs],
        },
    )


async def activate_used(tx: Tx, ids: Sequence[int]) -> None:
    """Those of these realizations that an active asset uses live."""
    await tx.execute(
        """
        UPDATE assets.realization
           SET state = 'active', changed_at = %(now)s
         WHERE id = ANY(%(ids)s)
           AND state = ANY(%(before)s)
           AND EXISTS (SELECT 1
                         FROM assets.realization_user
                         JOIN assets.asset ON asset.id = realization_user.asset_id
                        WHERE realization_user.realization_id = realization.id
                          AND asset.state = 'active')
        """,
        {"ids": list(ids), "before": before(REALIZATION, "active"), "now": tx.now},
    )


async def used_by(tx: Tx, asset_ids: Sequence[int]) -> list[int]:
    """Lock the living realizations that these assets use, in id order."""
    return await tx.values(
        """
        SELECT id
          FROM assets.realization
         WHERE state <> 'terminated'
           AND id IN (SELECT realization_id FROM assets.realization_user WHERE asset_id = ANY(%(assets)s))
         ORDER BY id
           FOR UPDATE
        """,
        {"assets": list(asset_ids)},
    )


async def leave(tx: Tx, asset_ids: Sequence[int]) -> None:
    """These assets use nothing any more."""
    await tx.execute(
        "DELETE FROM assets.realization_user WHERE asset_id = ANY(%(assets)s)", {"assets": list(asset_ids)}
    )


async def settle(tx: Tx, drafts: Sequence[RealizationDraft]) -> None:
    """Merge characteristics into realizations that live, by account and key."""
    await tx.execute(
        """
        UPDATE assets.realization
           SET characteristics = realization.characteristics || told.characteristics, changed_at = %(now)s
          FROM unnest(%(accounts)s::bigint[], %(keys)s::text[], %(characteristics)s::jsonb[])
               AS told (account_id, key, characteristics)
         WHERE realization.account_id = told.account_id
           AND realization.key = told.key
           AND realization.state <> 'terminated'
           AND NOT realization.characteristics @> told.characteristics
        """,
        {
            "now": tx.now,
            "accounts": [draft.account_id for draft in drafts],
            "keys": [draft.key for draft in drafts],
            "characteristics": [Json(dict(draft.characteristics)) for draft in drafts],
        },
    )


async def join(tx: Tx, pairs: Sequence[tuple[int, str, int]]) -> list[int]:
    """Note that assets use realizations that live, by account and key; return these."""
    return await tx.values(
        """
          WITH joined AS (
               INSERT INTO assets.realization_user (realization_id, asset_id, since)
               SELECT realization.id, told.asset_id, %(now)s
                 FROM unnest(%(accounts)s::bigint[], %(keys)s::text[], %(assets)s::bigint[])
                      AS told (account_id, key, asset_id)
                 JOIN assets.realization USING (account_id, key)
                WHERE realization.state <> 'terminated'
                   ON CONFLICT DO NOTHING
               RETURNING realization_id)
        SELECT DISTINCT realization_id
          FROM joined
        """,
        {
            "now": tx.now,
            "accounts": [account_id for account_id, _, _ in pairs],
            "keys": [key for _, key, _ in pairs],
            "assets": [asset_id for _, _, asset_id in pairs],
        },
    )


async def rest_unused(tx: Tx, ids: Sequence[int]) -> None:
    """Those of these realizations that nobody uses who is not suspended rest."""
    await tx.execute(
        """
        UPDATE assets.realization
           SET state = 'inactive', changed_at = %(now)s
         WHERE id = ANY(%(ids)s)
           AND state = 'active'
           AND NOT EXISTS (SELECT 1
                             FROM assets.realization_user
                             JOIN assets.asset ON asset.id = realization_user.asset_id
                            WHERE realization_user.realization_id = realization.id
                              AND asset.state <> 'suspended')
        """,
        {"ids": list(ids), "now": tx.now},
    )


@dataclass(frozen=True, slots=True)
class Terminated:
    """A realization that nobody used any more."""

    id: int
    key: str
    spec: str
    place: str
    account_id: int


async def terminate_unused(tx: Tx, ids: Sequence[int]) -> list[Terminated]:
    """Terminate those of these locked realizations that have no user."""
    return await tx.all(
        """
        UPDATE assets.realization
           SET state = 'terminated', changed_at = %(now)s
         WHERE id = ANY(%(ids)s)
           AND state <> 'terminated'
           AND NOT EXISTS (SELECT 1 FROM assets.realization_user WHERE realization_id = realization.id)
        RETURNING id, key, spec, place, account_id
        """,
        {"ids": list(ids), "now": tx.now},
        row=Terminated,
    )
