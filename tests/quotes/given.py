"""Builders for quotes: the small world of orders with taxes, people with and without rights, quotes of a few lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from orderloom.base.parsing import parse
from orderloom.base.transaction import Tx
from orderloom.base.types import SYSTEM, Actor
from orderloom.catalog.commands import publish_prices, save_tax_rates
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.quotes.commands import create_quote, send_quote
from orderloom.quotes.quote import Head
from orderloom.quotes.types import Content, QuoteDraft
from tests.orders import given as orders

CABLE = ({"line": "1", "product": "CABLE", "quantity": 10},)
KIT = orders.KIT
RATES = (
    {"country": "US", "category": "standard", "percent": "7.5", "valid_from": "2020-01-01", "name": "Sales tax"},
    {"country": "DE", "category": "standard", "percent": "19", "valid_from": "2020-01-01"},
)
PRICES = {
    "limits": [{"percent": 10}, {"right": "prices.discount", "percent": 30}, {"right": "prices.discount_any"}],
    "reasons": [{"code": "competition", "name": "Another offer"}, {"code": "volume", "name": "They buy a lot"}],
    "costs": [{"product": "CABLE", "currency": "USD", "unit_cost": "1.50"}],
    "floors": [{"product": "CABLE", "currency": "USD", "unit_price": "1.60"}],
}


async def world(tx: Tx) -> orders.World:
    """Customer C-1 in USD, salespeople Ann and Bob, the catalogue `shop`, and taxes."""
    world = await orders.world(tx)
    await save_tax_rates(tx, [parse(TaxRateDraft, rate) for rate in RATES])
    await publish_prices(tx, parse(PricesDraft, PRICES))
    return world


def content(lines: tuple[Mapping[str, Any], ...] = CABLE, **more: Any) -> Content:
    """What a version says, as it comes through the door."""
    return parse(Content, {"lines": list(lines), **more})


async def quote(tx: Tx, lines: tuple[Mapping[str, Any], ...] = CABLE, *, sent: bool = False, **more: Any) -> Head:
    """A quote for C-1; needs a `world`."""
    own = {name: more.pop(name) for name in ("type", "channel", "currency", "template", "customer") if name in more}
    draft = parse(
        QuoteDraft,
        {"content": {"lines": list(lines), **more}, **({} if own.get("template") else {"customer": "C-1"}), **own},
    )
    head = await create_quote(tx, draft)
    return await send_quote(tx, head.id) if sent else head


def by_hand(percent: float, reason: str = "competition") -> dict[str, Any]:
    """A discount that somebody gives."""
    return {"effect": "percent_off", "value": percent, "reason": reason}


def salesperson(user_id: int, *rights: str) -> Actor:
    """Somebody who writes quotes of all accounts, with these rights beside."""
    permissions = frozenset({"quotes.read", "quotes.write", *rights})
    return replace(SYSTEM, kind="user", name="Ann", user_id=user_id, permissions=permissions)
