"""Price the lines that a change touches: look up what decides, then let the one price function say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from orderloom.base.transaction import Tx
from orderloom.catalog.price_types import Shared
from orderloom.catalog.reads import buyers, context_of, price_book, touched_products
from orderloom.orders.change import ChangeDraft
from orderloom.orders.change_prices import Shelf, Touched, price_change, touched_lines
from orderloom.orders.reads.priced_items import standing_prices
from orderloom.orders.reads.stored import StoredOrder
from orderloom.orders.revise import Revised


async def price_revised(tx: Tx, order: StoredOrder, draft: ChangeDraft, revised: Revised) -> Revised:
    """The revised order with the prices of the lines that the change touches. Writes nothing."""
    standing = await standing_prices(tx, order.id)
    touched = touched_lines(order, draft, revised, standing, who=tx.actor.name, now=tx.now)
    asking = await _decided_by_rules(tx, revised, touched)
    shelves = await shelves_for(tx, revised.order, asking)
    return price_change(order, revised, asking, shelves, standing)


async def _decided_by_rules(tx: Tx, revised: Revised, touched: Sequence[Touched]) -> list[Touched]:
    """Those lines that anything but the standard list may decide the price of; the others cost what it says."""
    items = {item.line: item for item in revised.order.items}
    found = []
    for at in sorted({one.at for one in touched}):
        asking = [one for one in touched if one.at == at]
        known = await touched_products(tx, {items[one.line].product_id for one in asking}, on=at.date())
        for one in asking:
            by_hand = known.limits and bool(one.given)
            is_ruled = known.everything or items[one.line].product in known.products
            if is_ruled or by_hand or one.line in revised.unlisted or _needs_engine(one):
                found.append(one)
    return found


def _needs_engine(one: Touched) -> bool:
    """A line with discounts by hand, with an agreement that may have lapsed, or with steps that are kept."""
    was = one.was
    return (one.wished is None and bool(one.given)) or (was is not None and (was.kept is not None or bool(was.limits)))


async def shelves_for(
    tx: Tx, order: StoredOrder, touched: Sequence[Touched], *, shared: tuple[Shared, ...] = ()
) -> Mapping[datetime, Shelf]:
    """Everything that decides prices at the moments that lines are asked for."""
    if not touched:
        return {}
    accounts = () if order.billing_account_id is None else (order.billing_account_id,)
    buyer = (await buyers(tx, [order.account_id], accounts))[order.account_id]
    products = {item.product for item in order.items if item.withdrawn_in is None}
    shelves = {}
    for at in {one.at for one in touched}:
        on = at.date()
        book = await price_book(tx, products=products, currency=order.currency, on=on, customers=buyer.customers, at=at)
        context = context_of(
            buyer, book, tx.actor, currency=order.currency, on=on, channel=order.channel, refuse_unpriced=False
        )
        shelves[at] = Shelf(book, replace(context, tax=None, may_see_cost=False, shared=shared))
    return shelves
