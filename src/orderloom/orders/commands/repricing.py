"""Price drafts anew, one or hundreds, quotes and orders: the differences first, then those that are chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.catalog.priced import Priced, PricedLine
from orderloom.orders.change_prices import price_change
from orderloom.orders.commands.change_pricing import shelves_for
from orderloom.orders.commands.hold import place_holds
from orderloom.orders.commands.pricing import HOLD_CODES, holds_for
from orderloom.orders.events import OrderRepriced
from orderloom.orders.reads.priced_items import standing_prices, waterfalls_of
from orderloom.orders.reads.stored import StoredOrder, stored_orders
from orderloom.orders.repricing import (
    DraftKind,
    Repriced,
    after_of,
    asked_anew,
    shared_again,
    told,
    unrevised,
)
from orderloom.orders.revise import Revised
from orderloom.orders.rules import totals
from orderloom.orders.store import hold, item_price, life
from orderloom.quotes import commands as quotes
from orderloom.quotes.reads.stored import heads
from orderloom.quotes.stored_prices import priced_of

OutcomeKind = Literal["priced", "same", "moved", "locked", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A draft to be priced anew, and the differences that were seen of it."""

    kind: DraftKind
    id: int
    basis: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one draft: priced, the same, moved on since it was seen, locked, refused or not there."""

    kind: DraftKind
    id: int
    number: str
    outcome: OutcomeKind
    message: str
    currency: str = ""
    once: Decimal = Decimal(0)
    recurring: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class _Order:
    """An order priced anew, and what has to be written to have it so."""

    repriced: Repriced
    revised: Revised
    before: StoredOrder


async def preview_repricing(tx: Tx, *, quote_ids: Sequence[int] = (), order_ids: Sequence[int] = ()) -> list[Repriced]:
    """What pricing these drafts for now would change, line by line and why; writes nothing.

    What is not a draft any more, or not seen by the actor, is left out.
    """
    found = [
        await _quote(tx, head.id)
        for head in (await heads(tx, quote_ids)).values()
        if head.state == "draft" and not head.is_template
    ]
    drafts = [row.id for row in await life.standing(tx, order_ids) if row.state == "draft"] if order_ids else []
    found += [(await _order(tx, order)).repriced for order in await stored_orders(tx, drafts)]
    return found


async def reprice_drafts(tx: Tx, chosen: Sequence[Chosen]) -> list[Outcome]:
    """Write the prices of now into the drafts that were chosen; say of each what became of it.

    One that was sent, accepted or confirmed meanwhile is locked and stays as it is; one whose differences
    are not those that were seen any more is not touched, and neither is one that cannot be priced.
    """
    return [
        await (_reprice_quote(tx, one) if one.kind == "quote" else _reprice_order(tx, one))
        for one in sorted(set(chosen), key=lambda one: (one.kind, one.id))
    ]


async def _quote(tx: Tx, quote_id: int) -> Repriced:
    head = (await heads(tx, [quote_id]))[quote_id]
    plain = Repriced("quote", head.id, head.number, head.account_name, head.currency, head.created_at, ())
    try:
        found = await quotes.preview_reprice(tx, quote_id)
    except Refused as refused:
        return replace(plain, problems=refused.problems)
    return replace(
        plain,
        priced_at=found.before.version.priced_at,
        differences=told(priced_of(found.before, currency=head.currency), found.after.priced),
        needs=tuple(need.message for need in found.after.needs),
    )


async def _reprice_quote(tx: Tx, one: Chosen) -> Outcome:
    head = (await heads(tx, [one.id])).get(one.id)
    if head is None:
        return _unknown(one)
    if head.state != "draft":
        return Outcome(
            one.kind, one.id, head.number, "locked", f"It is {head.state}; what was offered keeps its prices."
        )
    await quotes.lock_draft(tx, one.id, seen=None)
    repriced = await _quote(tx, one.id)
    outcome = _outcome(repriced, one)
    if outcome.outcome == "priced":
        await quotes.reprice_quotes(tx, [one.id])
    return outcome


async def _order(tx: Tx, order: StoredOrder) -> _Order:
    standing = await standing_prices(tx, order.id)
    revised = unrevised(order)
    asked = asked_anew(order, standing, now=tx.now)
    shelves = await shelves_for(tx, order, asked, shared=shared_again(standing))
    revised = price_change(order, revised, asked, shelves, standing)
    lines = tuple(
        PricedLine(one.line, one.product, one.charges[0].quantity, one.charges[0].unit, one.charges)
        for one in (await waterfalls_of(tx, [order.id])).get(order.id, ())
    )
    old = Priced(order.currency, tx.now.date(), lines, (), ())
    new = after_of(old, revised, asked)
    priced_at = max((was.priced_at for was in standing.values()), default=tx.now)
    repriced = Repriced(
        "order",
        order.id,
        order.number,
        order.account_name,
        order.currency,
        priced_at,
        () if revised.problems else told(old, new),
        tuple(need.message for need in revised.needs),
        revised.problems,
    )
    return _Order(repriced, revised, order)


async def _reprice_order(tx: Tx, one: Chosen) -> Outcome:
    found = await life.standing(tx, [one.id])
    if not found:
        return _unknown(one)
    if found[0].state != "draft":
        message = "The customer is committed to it; change the order."
        return Outcome(one.kind, one.id, found[0].number, "locked", message)
    [stored] = await stored_orders(tx, [one.id])
    order = await _order(tx, stored)
    outcome = _outcome(order.repriced, one)
    if outcome.outcome == "priced":
        await _write(tx, order)
    return outcome


def _unknown(one: Chosen) -> Outcome:
    return Outcome(one.kind, one.id, "", "unknown", "There is no such draft that you may see; look in the list.")


def _outcome(repriced: Repriced, one: Chosen) -> Outcome:
    told = one.kind, one.id, repriced.number
    if repriced.problems:
        return Outcome(*told, "refused", " ".join(problem.message for problem in repriced.problems))
    if not repriced.differences:
        return Outcome(*told, "same", "It has the prices of now.")
    if repriced.basis != one.basis:
        return Outcome(*told, "moved", "The differences are others than you saw; look again.")
    message = " ".join(repriced.needs) or "It has the prices of now."
    return Outcome(*told, "priced", message, repriced.currency, repriced.total("one_time"), repriced.total("recurring"))


async def _write(tx: Tx, order: _Order) -> None:
    before = {item.line: item for item in order.before.items}
    changed = [
        item for item in order.revised.order.items if item != before[item.line] or item.line in order.revised.prices
    ]
    await item_price.reprice_items(
        tx,
        [
            item_price.NewPrice(item.id, item.one_time, item.recurring, item.period, note.origin, note.reason)
            for item in changed
            if (note := order.revised.prices.get(item.line)) is not None
        ],
    )
    ids = {line: item.id for line, item in before.items()}
    fresh = [
        item_price.NewWaterfall(
            order.before.id, ids[line], answer, order.before.revision, order.revised.priced_at[line]
        )
        for line, answer in order.revised.waterfalls.items()
    ]
    await item_price.withdraw(tx, [ids[line] for line in order.revised.priced_at])
    await item_price.insert(tx, fresh)
    was, now = (totals(side.items, currency=side.currency) for side in (order.before, order.revised.order))
    await item_price.reprice_header(tx, order.before.id, once=now.one_time, recurring=now.recurring)
    held = holds_for(order.before.id, order.revised.needs, ids)
    await hold.lift(tx, order.before.id, codes=sorted(HOLD_CODES.values()), reason="priced anew")
    await place_holds(tx, held)
    tx.emit(OrderRepriced(order.before.subject, was.one_time, now.one_time))
