"""Which drafts there are to be priced anew: quotes and orders."""

from __future__ import annotations

from dataclasses import dataclass

from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter

DRAFTS_MOST = 200


@dataclass(frozen=True, slots=True)
class DraftFilter:
    """Drafts of a customer by its number, or that have a product by its code."""

    customer: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Drafts:
    """The newest of these drafts by id; `is_cut` where there are more."""

    quote_ids: tuple[int, ...]
    order_ids: tuple[int, ...]
    is_cut: bool


async def drafts_of(tx: Tx, wanted: DraftFilter, *, quotes: bool = True, limit: int = DRAFTS_MOST) -> Drafts:
    """The newest drafts that the actor sees, templates left out."""
    of_quotes, params = account_filter(tx.actor, "quote.account_id")
    of_orders, _ = account_filter(tx.actor, "sales_order.account_id")
    rows = await tx.all(
        f"""
        SELECT kind, id
          FROM (SELECT 'quote' AS kind, quote.id, quote.created_at AS begun_at
                  FROM quotes.quote
                  JOIN parties.account ON account.id = quote.account_id
                 WHERE %(quotes)s
                   AND quote.state = 'draft'
                   AND NOT quote.is_template
                   AND {of_quotes}
                   AND (%(customer)s::text IS NULL OR account.number = %(customer)s)
                   AND (%(product)s::text IS NULL
                        OR EXISTS (SELECT FROM quotes.line
                                    WHERE line.quote_id = quote.id
                                      AND line.version = quote.active_version
                                      AND line.product_code = %(product)s))
                 UNION ALL
                SELECT 'order', sales_order.id, sales_order.captured_at
                  FROM orders.sales_order
                  JOIN parties.account ON account.id = sales_order.account_id
                 WHERE sales_order.state = 'draft'
                   AND {of_orders}
                   AND (%(customer)s::text IS NULL OR account.number = %(customer)s)
                   AND (%(product)s::text IS NULL
                        OR EXISTS (SELECT FROM orders.item
                                    WHERE item.order_id = sales_order.id
                                      AND item.product_code = %(product)s))) AS draft
      ORDER BY begun_at DESC, kind, id
         LIMIT %(limit)s + 1
        """,
        {"quotes": quotes, "customer": wanted.customer, "product": wanted.product, "limit": limit, **params},
    )
    shown = rows[:limit]
    return Drafts(
        quote_ids=tuple(id_ for kind, id_ in shown if kind == "quote"),
        order_ids=tuple(id_ for kind, id_ in shown if kind == "order"),
        is_cut=len(rows) > limit,
    )
