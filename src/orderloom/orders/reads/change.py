"""Change sets of orders, who saw which preview, and the revisions."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.orders.change import Change, Preview, RevisionRow

CHANGES_SHOWN = 500


async def changes_of(tx: Tx, order_id: int, *, number: int | None = None) -> list[Change]:
    """The change sets of an order, the newest first; or the one with a number."""
    return await tx.all(
        """
          SELECT change.id, change.order_id, change.number, change.state, change.wishes, change.reason,
                 change.based_on, change.revision, change.version, change.follow_on_id, follow_on.number AS follow_on,
                 change.drafted_by, change.drafted_at, change.ended_by, change.ended_at
            FROM orders.change
            LEFT JOIN orders.sales_order AS follow_on ON follow_on.id = change.follow_on_id
           WHERE change.order_id = %(order_id)s
             AND (%(number)s::integer IS NULL OR change.number = %(number)s)
        ORDER BY change.number DESC
           LIMIT %(limit)s
        """,
        {"order_id": order_id, "number": number, "limit": CHANGES_SHOWN},
        row=Change,
    )


async def change_of(tx: Tx, order_id: int, number: int) -> Change:
    """One change set of an order that the caller has seen; refuses (404) one that does not exist."""
    found = await changes_of(tx, order_id, number=number)
    if not found:
        message = f"The order has no change {number}; look in its history."
        raise NotFound([Problem("change_unknown", message)])
    return found[0]


async def previews_of(tx: Tx, change_ids: Sequence[int]) -> list[Preview]:
    """What was previewed of changes, and by whom, the last first."""
    return await tx.all(
        """
          SELECT id, change_id, revision, basis, effects, seen_by, seen_at, accepted
            FROM orders.change_preview
           WHERE change_id = ANY(%(ids)s)
        ORDER BY id DESC
           LIMIT %(limit)s
        """,
        {"ids": list(change_ids), "limit": CHANGES_SHOWN},
        row=Preview,
    )


async def revisions_of(tx: Tx, order_id: int) -> list[RevisionRow]:
    """The kept states of an order by number; none while it has never been changed."""
    return await tx.all(
        """
          SELECT revision.number, change.number AS change, change.reason, revision.content, revision.made_by,
                 revision.made_at
            FROM orders.revision
            LEFT JOIN orders.change ON change.id = revision.change_id
           WHERE revision.order_id = %(order_id)s
        ORDER BY revision.number
           LIMIT %(limit)s
        """,
        {"order_id": order_id, "limit": CHANGES_SHOWN},
        row=RevisionRow,
    )
