"""Holds in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx
from orderloom.orders.order import Hold, HoldDraft
from orderloom.parties.policy import account_filter


@dataclass(frozen=True, slots=True)
class HoldTarget:
    """What a hold draft names, as far as it exists."""

    place: int
    account_id: int | None
    state: str | None
    item_exists: bool
    code_exists: bool


async def hold_targets(tx: Tx, drafts: Sequence[HoldDraft]) -> list[HoldTarget]:
    """For each draft, in order: the order if the actor sees it, whether item and code are known."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
          SELECT wanted.place::integer AS place, sales_order.account_id, sales_order.state,
                 wanted.item_id IS NULL OR item.id IS NOT NULL AS item_exists,
                 hold_code.code IS NOT NULL AS code_exists
            FROM unnest(%(order_ids)s::bigint[], %(item_ids)s::bigint[], %(codes)s::text[])
                 WITH ORDINALITY AS wanted (order_id, item_id, code, place)
       LEFT JOIN orders.sales_order ON sales_order.id = wanted.order_id AND {seen}
       LEFT JOIN orders.item ON item.order_id = wanted.order_id AND item.id = wanted.item_id
       LEFT JOIN orders.hold_code ON hold_code.code = wanted.code
        ORDER BY wanted.place
        """,
        {**_columns(drafts), **params},
        row=HoldTarget,
    )


async def place(tx: Tx, drafts: Sequence[HoldDraft]) -> list[Hold]:
    """Place the holds; one that stands already, by code and target, is left as it is and not returned."""
    return await tx.all(
        """
          WITH placed AS (
               INSERT INTO orders.hold (order_id, item_id, code, blocks, reason, release_permission, placed_by)
               SELECT wanted.order_id, wanted.item_id, wanted.code, coalesce(wanted.blocks, hold_code.blocks),
                      wanted.reason, coalesce(wanted.release_permission, hold_code.release_permission), %(by)s
                 FROM unnest(%(order_ids)s::bigint[], %(item_ids)s::bigint[], %(codes)s::text[],
                             %(blocks)s::text[], %(reasons)s::text[], %(permissions)s::text[])
                      AS wanted (order_id, item_id, code, blocks, reason, release_permission)
                 JOIN orders.hold_code ON hold_code.code = wanted.code
                   ON CONFLICT DO NOTHING
            RETURNING *)
        SELECT placed.id, placed.order_id, sales_order.number, sales_order.account_id, placed.item_id,
               placed.code, placed.blocks, placed.reason, placed.release_permission
          FROM placed
          JOIN orders.sales_order ON sales_order.id = placed.order_id
      ORDER BY placed.id
        """,
        {
            **_columns(drafts),
            "blocks": [draft.blocks for draft in drafts],
            "reasons": [draft.reason for draft in drafts],
            "permissions": [draft.release_permission for draft in drafts],
            "by": tx.actor.name,
        },
        row=Hold,
    )


def _columns(drafts: Sequence[HoldDraft]) -> dict[str, object]:
    return {
        "order_ids": [draft.order_id for draft in drafts],
        "item_ids": [draft.item_id for draft in drafts],
        "codes": [draft.code for draft in drafts],
    }


async def standing(tx: Tx, hold_ids: Sequence[int]) -> list[Hold]:
    """Those of these holds that are not released, locked."""
    return await tx.all(
        """
          SELECT hold.id, hold.order_id, sales_order.number, sales_order.account_id, hold.item_id,
                 hold.code, hold.blocks, hold.reason, hold.release_permission
            FROM orders.hold
            JOIN orders.sales_order ON sales_order.id = hold.order_id
           WHERE hold.id = ANY(%(ids)s)
             AND hold.released_at IS NULL
        ORDER BY hold.id
             FOR NO KEY UPDATE OF hold
        """,
        {"ids": list(hold_ids)},
        row=Hold,
    )


async def known(tx: Tx, hold_ids: Sequence[int]) -> list[int]:
    """Those of these holds, released ones too, that stand on orders which the actor sees."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.values(
        f"""
        SELECT hold.id
          FROM orders.hold
          JOIN orders.sales_order ON sales_order.id = hold.order_id
         WHERE hold.id = ANY(%(ids)s)
           AND {seen}
        """,
        {"ids": list(hold_ids), **params},
    )


async def release(tx: Tx, hold_ids: Sequence[int], *, reason: str) -> list[int]:
    """Release holds; return those that still stood."""
    return await tx.values(
        """
           UPDATE orders.hold
              SET released_by = %(by)s, released_at = base.now(), release_reason = %(reason)s
            WHERE id = ANY(%(ids)s)
              AND released_at IS NULL
        RETURNING id
        """,
        {"ids": list(hold_ids), "reason": reason, "by": tx.actor.name},
    )


async def lift(tx: Tx, order_id: int, *, codes: Sequence[str], reason: str) -> None:
    """Release the standing holds of these codes on the lines of an order, whoever may release them otherwise."""
    await tx.execute(
        """
        UPDATE orders.hold
           SET released_by = %(by)s, released_at = base.now(), release_reason = %(reason)s
         WHERE order_id = %(order_id)s
           AND item_id IS NOT NULL
           AND code = ANY(%(codes)s)
           AND released_at IS NULL
        """,
        {"order_id": order_id, "codes": list(codes), "reason": reason, "by": tx.actor.name},
    )
