"""The life cycle in SQL: every move tests the state it starts from and returns what moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.orders.order import SUBJECT, ItemMoved, ItemResult, Moved
from orderloom.orders.states import EDGES, TERMINAL, TITLES, Move, State, steps_between
from orderloom.parties.policy import account_filter

_ENDS = sorted(TERMINAL)
_PAIRS = [(before, after) for before in TITLES for after in TITLES if steps_between(before, after)]
_LEGAL = {"befores": [before for before, _ in _PAIRS], "afters": [after for _, after in _PAIRS]}
# Items have no cancellation of their own to settle: they may follow every move of the table, and when their
# order's is denied they stand where their steps have come to meanwhile.
_DENIED = {("assessing_cancellation", after) for before, after in _PAIRS if before == "in_progress"}
_ITEM_PAIRS = sorted({*_PAIRS, *EDGES, *_DENIED})
_LEGAL_ITEMS = {"befores": [before for before, _ in _ITEM_PAIRS], "afters": [after for _, after in _ITEM_PAIRS]}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an order stands."""

    id: int
    number: str
    account_id: int
    state: State
    version: int
    revision: int

    @property
    def subject(self) -> Subject:
        """The order, as other rooms keep it."""
        return Subject(SUBJECT, self.id, self.number, self.account_id)


async def standing(tx: Tx, order_ids: Sequence[int]) -> list[Standing]:
    """Where those of these orders stand that the actor sees, locked in id order until the transaction ends."""
    seen, params = account_filter(tx.actor)
    return await tx.all(
        f"""
          SELECT id, number, account_id, state, version, revision
            FROM orders.sales_order
           WHERE id = ANY(%(ids)s)
             AND {seen}
        ORDER BY id
             FOR NO KEY UPDATE OF sales_order
        """,
        {"ids": list(order_ids), **params},
        row=Standing,
    )


async def subjects(tx: Tx, order_ids: Sequence[int]) -> list[Standing]:
    """These orders, for naming them."""
    return await tx.all(
        """
        SELECT id, number, account_id, state, version, revision
          FROM orders.sales_order
         WHERE id = ANY(%(ids)s)
        """,
        {"ids": list(order_ids)},
        row=Standing,
    )


async def move(tx: Tx, order_ids: Sequence[int], verb: Move, *, reason: str | None = None) -> list[Moved]:
    """Move those orders that stand where the verb may start; one that does not is left as it is."""
    return await tx.all(
        """
           UPDATE orders.sales_order
              SET state = %(after)s,
                  state_before = CASE WHEN %(after)s = 'assessing_cancellation' THEN state END,
                  state_reason = coalesce(%(reason)s, state_reason),
                  submitted_at = CASE WHEN %(after)s = 'submitted' THEN base.now() ELSE submitted_at END,
                  ended_at = CASE WHEN %(after)s = ANY(%(ends)s) THEN base.now() END,
                  version = version + 1
            WHERE id = ANY(%(ids)s)
              AND state = ANY(%(before)s)
        RETURNING id, number, account_id, old.state AS before, new.state AS after
        """,
        {
            "ids": list(order_ids),
            "before": list(verb.before),
            "after": verb.after,
            "ends": _ENDS,
            "reason": reason,
        },
        row=Moved,
    )


async def deny_cancellation(tx: Tx, order_ids: Sequence[int], *, reason: str) -> list[Moved]:
    """Put orders whose cancellation was assessed back where they stood."""
    return await tx.all(
        """
           UPDATE orders.sales_order
              SET state = state_before, state_before = NULL, state_reason = %(reason)s, version = version + 1
            WHERE id = ANY(%(ids)s)
              AND state = 'assessing_cancellation'
        RETURNING id, number, account_id, old.state AS before, new.state AS after
        """,
        {"ids": list(order_ids), "reason": reason},
        row=Moved,
    )


async def record_orders(tx: Tx, results: Mapping[int, State]) -> list[Moved]:
    """Write rolled-up states where a legal way leads from the old one; `steps_between` names the way."""
    return await tx.all(
        """
           UPDATE orders.sales_order
              SET state = result.state,
                  ended_at = CASE WHEN result.state = ANY(%(ends)s) THEN base.now() END,
                  version = version + 1
             FROM unnest(%(ids)s::bigint[], %(states)s::text[]) AS result (id, state)
             JOIN (SELECT unnest(%(befores)s::text[]) AS before, unnest(%(afters)s::text[]) AS after) AS legal
               ON legal.after = result.state
            WHERE sales_order.id = result.id
              AND sales_order.state = legal.before
        RETURNING sales_order.id, sales_order.number, sales_order.account_id,
                  old.state AS before, new.state AS after
        """,
        {"ids": list(results), "states": list(results.values()), "ends": _ENDS, **_LEGAL},
        row=Moved,
    )


async def record_items(tx: Tx, results: Sequence[ItemResult]) -> list[ItemMoved]:
    """Write rolled-up states of items where a legal way leads from the old one."""
    return await tx.all(
        """
           UPDATE orders.item
              SET state = result.state
             FROM unnest(%(ids)s::bigint[], %(states)s::text[]) AS result (id, state)
             JOIN (SELECT unnest(%(befores)s::text[]) AS before, unnest(%(afters)s::text[]) AS after) AS legal
               ON legal.after = result.state
            WHERE item.id = result.id
              AND item.state = legal.before
        RETURNING item.id, item.order_id, item.line, old.state AS before, new.state AS after
        """,
        {
            "ids": [result.item_id for result in results],
            "states": [result.state for result in results],
            **_LEGAL_ITEMS,
        },
        row=ItemMoved,
    )


async def move_items(tx: Tx, order_ids: Sequence[int], *, before: Sequence[State], after: State) -> int:
    """Take the items along where the order's own move decides for all of them."""
    return await tx.execute(
        """
        UPDATE orders.item
           SET state = %(after)s
         WHERE order_id = ANY(%(ids)s)
           AND state = ANY(%(before)s)
        """,
        {"ids": list(order_ids), "before": list(before), "after": after},
    )


async def pin_current(tx: Tx, order_ids: Sequence[int]) -> list[tuple[int, str, int, int, int]]:
    """Pin the versions of their catalogues that are effective now; id, number, account, version before and after."""
    return await tx.all(
        """
           UPDATE orders.sales_order
              SET catalogue_version_id = current.id, version = sales_order.version + 1
             FROM catalog.version AS pinned
             JOIN catalog.version AS current ON current.catalogue_id = pinned.catalogue_id
            WHERE sales_order.id = ANY(%(ids)s)
              AND pinned.id = sales_order.catalogue_version_id
              AND current.id <> pinned.id
              AND current.state = 'published'
              AND current.effective @> %(now)s
        RETURNING sales_order.id, sales_order.number, sales_order.account_id, pinned.id, current.id
        """,
        {"ids": list(order_ids), "now": tx.now},
    )
