"""Who at the customer's gets mail about an order, and which customers want its confirmation by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class Reader:
    """A person at the customer's, or the address of the billing account, whose name is empty."""

    address: str
    name: str
    language: str | None


async def reader_of(tx: Tx, order_id: int) -> Reader | None:
    """Whom mail about an order goes to: the customer's first contact with an address, or else its billing account."""
    return await tx.one_or_none(
        """
        SELECT reader.address, reader.name, reader.language
          FROM orders.sales_order
         CROSS JOIN LATERAL (
               SELECT contact.email AS address, contact.name, contact.language, NOT contact.is_primary AS rank,
                      contact.id
                 FROM parties.contact
                WHERE contact.account_id = sales_order.account_id
                  AND contact.is_active AND contact.email <> ''
                UNION ALL
               SELECT billing_account.email, '', NULL, NULL, billing_account.id
                 FROM parties.billing_account
                WHERE billing_account.id = sales_order.billing_account_id AND billing_account.email <> '') AS reader
         WHERE sales_order.id = %(id)s
         ORDER BY reader.rank NULLS LAST, reader.id
         LIMIT 1
        """,
        {"id": order_id},
        row=Reader,
    )


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
