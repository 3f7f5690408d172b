"""Builders for orders: a customer, people, and orders of a small shop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.orders.commands import capture_orders
from orderloom.orders.order import CapturedOrder
from orderloom.orders.types import OrderDraft
from tests.catalog import given as catalog


@dataclass(frozen=True, slots=True)
class World:
    """A customer with two places and two billing accounts, two salespeople, a catalogue."""

    account_id: int
    user_ids: tuple[int, int]
    version_id: int


async def world(tx: Tx) -> World:
    """A small world for orders: customer C-1 in USD, and the catalogue `shop`."""
    entity_id = await tx.value(
        """
        INSERT INTO parties.legal_entity (code, name, currency, invoice_series)
        VALUES ('US', 'Weaver Inc.', 'USD', 'invoice') RETURNING id
        """
    )
    account_id = await tx.value(
        "INSERT INTO parties.account (number, name, country) VALUES ('C-1', 'Ängström & Co', 'US') RETURNING id"
    )
    await tx.execute(
        """
        INSERT INTO parties.address (account_id, code, street, city, country, is_ship_to, is_bill_to)
        VALUES (%(id)s, 'S1', E'1 Main St\nDock 4', 'Boston', 'US', true, true),
               (%(id)s, 'S2', '2 Side St', 'Austin', 'US', false, false)
        """,
        {"id": account_id},
    )
    await tx.execute(
        """
        INSERT INTO parties.billing_account (number, account_id, name, legal_entity_id, currency, is_default)
        VALUES ('BA-1', %(id)s, 'Main', %(entity)s, 'USD', true), ('BA-2', %(id)s, 'Europe', %(entity)s, 'EUR', false)
        """,
        {"id": account_id, "entity": entity_id},
    )
    ann, bob = await tx.values(
        "INSERT INTO parties.user (login, name) VALUES ('ann@x.example', 'Ann'), ('bob@x.example', 'Bob') RETURNING id"
    )
    return World(account_id, (ann, bob), await catalog.shop(tx))


KIT = (
    {"line": "1", "product": "KIT", "quantity": 10},
    {"line": "1.1", "product": "SPLICER", "parent": "1", "quantity": 10},
    {"line": "1.2", "product": "PACK", "parent": "1", "quantity": 30},
    {"line": "1.3", "product": "PLAN", "parent": "1", "quantity": 10, "relies_on": ["1.1"]},
)
CABLE = ({"line": "1", "product": "CABLE", "quantity": 3},)


def draft(items: tuple[Mapping[str, Any], ...] = CABLE, **header: Any) -> OrderDraft:
    """A draft as it comes through the door."""
    return parse(OrderDraft, {"customer": "C-1", "items": list(items), **header})


async def order(
    tx: Tx, items: tuple[Mapping[str, Any], ...] = CABLE, *, submit: bool = False, **header: Any
) -> CapturedOrder:
    """One captured order; needs a `world`."""
    (captured,) = await capture_orders(tx, [draft(items, **header)], submit=submit)
    return captured
