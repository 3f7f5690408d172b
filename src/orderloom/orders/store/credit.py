"""What a credit check asks: who pays for an order, how much, and whether somebody has let it pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Payer:
    """A billing account that an order falls to.

    `amount` is the order's own part, once and for a first period, and 0 where billing counts it
    already because its triggers are armed. `is_excused`: a credit hold on the order was released.
    """

    order_id: int
    billing_account_id: int
    billing_account: str
    currency: str
    credit_limit: Decimal | None
    amount: Decimal
    is_excused: bool


async def payers(tx: Tx, order_ids: Sequence[int]) -> list[Payer]:
    """The billing accounts that these orders fall to."""
    return await tx.all(
        """
          SELECT due.order_id, due.billing_account_id, billing_account.number AS billing_account,
                 billing_account.currency, billing_account.credit_limit,
                 CASE WHEN EXISTS (SELECT FROM billing.trigger WHERE trigger.order_id = due.order_id)
                      THEN 0 ELSE due.amount END AS amount,
                 EXISTS (SELECT
                           FROM orders.hold
                          WHERE hold.order_id = due.order_id
                            AND hold.code = 'credit'
                            AND hold.released_at IS NOT NULL) AS is_excused
            FROM (SELECT sales_order.id AS order_id,
                         coalesce(item.billing_account_id, sales_order.billing_account_id) AS billing_account_id,
                         sum((coalesce(item.one_time, 0) + coalesce(item.recurring, 0)) * item.quantity) AS amount
                    FROM orders.sales_order
                    JOIN orders.item ON item.order_id = sales_order.id
                   WHERE sales_order.id = ANY(%(ids)s)
                GROUP BY 1, 2) AS due
            JOIN parties.billing_account ON billing_account.id = due.billing_account_id
        ORDER BY due.order_id, due.billing_account_id
        """,
        {"ids": list(order_ids)},
        row=Payer,
    )
