"""SQL of warehouses, SKUs, balances and movements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.stock.types import SkuDraft, WarehouseDraft


@dataclass(frozen=True, slots=True)
class Balance:
    """A locked balance."""

    id: int
    sku: str
    warehouse_id: int
    warehouse: str
    on_hand: Decimal
    reserved: Decimal
    incoming: Decimal


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be added to one balance, for one reason; negative takes away."""

    sku: str
    warehouse_id: int
    on_hand: Decimal = Decimal(0)
    reserved: Decimal = Decimal(0)
    incoming: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Movement:
    """One row of the ledger."""

    sku: str
    warehouse_id: int
    kind: str
    quantity: Decimal
    reason: str = ""
    subject_kind: str | None = None
    subject_id: int | None = None
    subject_label: str | None = None


async def upsert_warehouses(tx: Tx, drafts: Sequence[WarehouseDraft]) -> int:
    """Write warehouses by code; return how many are new or changed."""
    return await tx.execute(
        """
        INSERT INTO stock.warehouse (code, name, address, rank, is_active)
        SELECT *
          FROM unnest(%(codes)s::text[], %(names)s::text[], %(addresses)s::text[], %(ranks)s::int[], %(active)s::bool[])
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name,
               address = excluded.address,
               rank = excluded.rank,
               is_active = excluded.is_active
         WHERE (warehouse.name, warehouse.address, warehouse.rank, warehouse.is_active)
               IS DISTINCT FROM (excluded.name, excluded.address, excluded.rank, excluded.is_active)
        """,
        {
            "codes": [draft.code for draft in drafts],
            "names": [draft.name for draft in drafts],
            "addresses": [draft.address for draft in drafts],
            "ranks": [draft.rank for draft in drafts],
            "active": [draft.is_active for draft in drafts],
        },
    )


async def upsert_skus(tx: Tx, drafts: Sequence[SkuDraft]) -> int:
    """Write SKUs by code; return how many are new or changed."""
    return await tx.execute(
        """
        INSERT INTO stock.sku (code, name, unit, tracking, product_id)
        SELECT *
          FROM unnest(%(codes)s::text[], %(names)s::text[], %(units)s::text[], %(tracking)s::text[],
                      %(product_ids)s::bigint[])
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name,
               unit = excluded.unit,
               tracking = excluded.tracking,
               product_id = coalesce(excluded.product_id, sku.product_id)
         WHERE (sku.name, sku.unit, sku.tracking, sku.product_id)
               IS DISTINCT FROM (excluded.name, excluded.unit, excluded.tracking,
                                 coalesce(excluded.product_id, sku.product_id))
        """,
        {
            "codes": [draft.code for draft in drafts],
            "names": [draft.name for draft in drafts],
            "units": [draft.unit for draft in drafts],
            "tracking": [draft.tracking for draft in drafts],
            "product_ids": [draft.product_id for draft in drafts],
        },
    )


async def adopt_skus(tx: Tx, skus: Sequence[str]) -> None:
    """Take over from the catalogue the SKUs that it knows and we do not yet."""
    await tx.execute(
        """
        INSERT INTO stock.sku (code, name, unit, tracking, product_id)
        SELECT DISTINCT ON (product.sku) product.sku, product.name, product.unit, product.tracking, product.id
          FROM catalog.product
         WHERE product.sku = ANY(%(skus)s)
         ORDER BY product.sku, product.id
            ON CONFLICT (code) DO NOTHING
        """,
        {"skus": list(skus)},
    )


async def unknown_skus(tx: Tx, skus: Sequence[str]) -> list[str]:
    """Which of these are not kept here."""
    return await tx.values(
        """
        SELECT code
          FROM unnest(%(skus)s::text[]) AS wanted (code)
         WHERE NOT EXISTS (SELECT 1 FROM stock.sku WHERE sku.code = wanted.code)
         ORDER BY code
        """,
        {"skus": list(skus)},
    )


async def warehouse_ids(tx: Tx, codes: Sequence[str]) -> dict[str, int]:
    """Ids of active warehouses by code."""
    rows = await tx.all(
        """
        SELECT code, id
          FROM stock.warehouse
         WHERE code = ANY(%(codes)s)
           AND is_active
        """,
        {"codes": list(codes)},
    )
    return {code: warehouse_id for code, warehouse_id in rows}


async def ensure_balances(tx: Tx, places: Sequence[tuple[str, int]]) -> None:
    """Make an empty balance for each SKU and warehouse that has none."""
    await tx.execute(
        """
        INSERT INTO stock.balance (sku, warehouse_id)
        SELECT DISTINCT *
          FROM unnest(%(skus)s::text[], %(warehouses)s::bigint[]) AS place (sku, warehouse_id)
         ORDER BY sku, warehouse_id
            ON CONFLICT DO NOTHING
        """,
        {"skus": [sku for sku, _ in places], "warehouses": [warehouse for _, warehouse in places]},
    )


async def lock(tx: Tx, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Balance]:
    """Lock balances by SKU and warehouse code, in id order so that two batches never lock each other out."""
    rows = await tx.all(
        """
        SELECT balance.id, balance.sku, balance.warehouse_id, warehouse.code AS warehouse,
               balance.on_hand, balance.reserved, balance.incoming
          FROM stock.balance
          JOIN stock.warehouse ON warehouse.id = balance.warehouse_id
         WHERE (balance.sku, warehouse.code)
               IN (SELECT * FROM unnest(%(skus)s::text[], %(warehouses)s::text[]))
         ORDER BY balance.id
           FOR UPDATE OF balance
        """,
        {"skus": [sku for sku, _ in places], "warehouses": [warehouse for _, warehouse in places]},
        row=Balance,
    )
    return {(row.sku, row.warehouse): row for row in rows}


async def change(tx: Tx, changes: Sequence[Change]) -> None:
    """Add to balances, several changes of one balance summed. The table's constraints keep it right.

    The rows are locked in id order first, whoever calls.
    """
    await tx.execute(
        """
          WITH wanted AS (
               SELECT sku, warehouse_id, sum(on_hand) AS on_hand, sum(reserved) AS reserved, sum(incoming) AS incoming
                 FROM unnest(%(skus)s::text[], %(warehouses)s::bigint[], %(on_hand)s::numeric[],
                             %(reserved)s::numeric[], %(incoming)s::numeric[])
                      AS change (sku, warehouse_id, on_hand, reserved, incoming)
                GROUP BY sku, warehouse_id),
               locked AS MATERIALIZED (
               SELECT balance.id, wanted.on_hand, wanted.reserved, wanted.incoming
                 FROM stock.balance
                 JOIN wanted USING (sku, warehouse_id)
                ORDER BY balance.id
                  FOR UPDATE OF balance)
        UPDATE stock.balance
           SET on_hand = balance.on_hand + locked.on_hand,
               reserved = balance.reserved + locked.reserved,
               incoming = balance.incoming + locked.incoming
          FROM locked
         WHERE balance.id = locked.id
        """,
        {
            "skus": [change.sku for change in changes],
            "warehouses": [change.warehouse_id for change in changes],
            "on_hand": [change.on_hand for change in changes],
            "reserved": [change.reserved for change in changes],
            "incoming": [change.incoming for change in changes],
        },
    )


async def record(tx: Tx, movements: Sequence[Movement]) -> None:
    """Add rows to the ledger."""
    await tx.execute(
        """
        INSERT INTO stock.movement
               (sku, warehouse_id, kind, quantity, reason, subject_kind, subject_id, subject_label, actor_name)
        SELECT *, %(actor)s
          FROM unnest(%(skus)s::text[], %(warehouses)s::bigint[], %(kinds)s::text[], %(quantities)s::numeric[],
                      %(reasons)s::text[], %(subject_kinds)s::text[], %(subject_ids)s::bigint[],
                      %(subject_labels)s::text[])
        """,
        {
            "actor": tx.actor.name,
            "skus": [movement.sku for movement in movements],
            "warehouses": [movement.warehouse_id for movement in movements],
            "kinds": [movement.kind for movement in movements],
            "quantities": [movement.quantity for movement in movements],
            "reasons": [movement.reason for movement in movements],
            "subject_kinds": [movement.subject_kind for movement in movements],
            "subject_ids": [movement.subject_id for movement in movements],
            "subject_labels": [movement.subject_label for movement in movements],
        },
    )


async def opened_places(tx: Tx, places: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which of these SKUs and warehouses have movements already."""
    rows = await tx.all(
        """
        SELECT DISTINCT movement.sku, warehouse.code
          FROM stock.movement
          JOIN stock.warehouse ON warehouse.id = movement.warehouse_id
         WHERE (movement.sku, warehouse.code)
               IN (SELECT * FROM unnest(%(skus)s::text[], %(warehouses)s::text[]))
        """,
        {"skus": [sku for sku, _ in places], "warehouses": [warehouse for _, warehouse in places]},
    )
    return {(sku, warehouse) for sku, warehouse in rows}
