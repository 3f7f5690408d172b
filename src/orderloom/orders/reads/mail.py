"""Who at the customer's gets mail about an order, and which customers want its confirmation by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx
from orderloom.parties.reads import MailReader, mail_reader


async def reader_of(tx: Tx, order_id: int) -> MailReader | None:
    """Whom mail about an order goes to: the customer's first contact with an address, or else its billing account."""
    account_id, billing_account_id = await tx.one(
        "SELECT account_id, billing_account_id FROM orders.sales_order WHERE id = %(id)s", {"id": order_id}
    )
    return await mail_reader(tx, account_id, billing_account_id)


@dataclass(frozen=True, slots=True)
class Wanting:
    """An order whose customer wants its confirmation by e-mail."""

    id: int
    number: str
    account_id: int


async def wanting_confirmation(tx: Tx, order_ids: Sequence[int]) -> list[Wanting]:
    """Those of these orders whose customer has the attribute `order_confirmation` set to `email`."""
    return await tx.all(
        """
        SELECT sales_order.id, sales_order.number, sales_order.account_id
          FROM orders.sales_order
          JOIN parties.account ON account.id = sales_order.account_id
         WHERE sales_order.id = ANY(%(ids)s)
           AND account.attributes ->> 'order_confirmation' = 'email'
         ORDER BY sales_order.id
        """,
        {"ids": list(order_ids)},
        row=Wanting,
    )
