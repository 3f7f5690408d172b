"""Price orders that are being captured: load what decides, keep the waterfalls, hold what needs a right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orderloom.base.refusals import Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.catalog.priced import Need
from orderloom.catalog.reads import Touched, buyers, context_of, price_book
from orderloom.orders.commands.hold import place_holds
from orderloom.orders.compose import Checked
from orderloom.orders.order import Composed, HoldDraft
from orderloom.orders.pricing import PricedOrder, needs_pricing, price_order
from orderloom.orders.store import item_price as store

HOLD_CODES = {"discount_limit": "price_approval", "floor": "price_floor"}


async def price_orders(tx: Tx, checked: Sequence[Checked], touched: Touched) -> dict[int, PricedOrder]:
    """Price those orders, by place, that anything but the standard list may decide; refuses with every problem.

    A few queries for each currency, whatever the number of orders; none where the standard list says it all.
    """
    asking = {place: one for place, one in enumerate(checked) if needs_pricing(one, touched)}
    if not asking:
        return {}
    known = await buyers(
        tx,
        {one.customer.account_id for one in asking.values()},
        {one.billing_account_id for one in asking.values() if one.billing_account_id is not None},
    )
    on = tx.now.date()
    problems: list[Problem] = []
    priced: dict[int, PricedOrder] = {}
    for currency in sorted({one.currency for one in asking.values()}):
        group = {place: one for place, one in asking.items() if one.currency == currency}
        book = await price_book(
            tx,
            products={offer.code for one in group.values() for offer in one.offers},
            currency=currency,
            on=on,
            customers={number for one in group.values() for number in known[one.customer.account_id].customers},
        )
        for place, one in group.items():
            buyer = known[one.customer.account_id]
            context = context_of(buyer, book, tx.actor, currency=currency, on=on, channel=one.draft.channel)
            result = price_order(one, book, context, who=tx.actor.name)
            if isinstance(result, PricedOrder):
                priced[place] = result
            else:
                prefix = f"/orders/{place}" if len(checked) > 1 else ""
                problems += [problem.below(prefix) for problem in result]
    refuse_if_any(problems)
    return priced


async def keep_prices(tx: Tx, priced: Mapping[int, PricedOrder], composed: Sequence[Composed]) -> None:
    """Write the waterfalls of orders that were just written, and hold the lines that need a right."""
    item_ids = {one.order.id: {item.line: item.id for item in one.items} for one in composed}
    await store.insert(
        tx,
        [
            store.NewWaterfall(order_id, item_ids[order_id][line], waterfall)
            for order_id, one in priced.items()
            for line, waterfall in one.waterfalls.items()
            if waterfall.charges
        ],
    )
    await place_holds(
        tx, [hold for order_id, one in priced.items() for hold in holds_for(order_id, one.needs, item_ids[order_id])]
    )


def holds_for(order_id: int, needs: Sequence[Need], item_ids: Mapping[str, int]) -> list[HoldDraft]:
    """Stops on the lines that cost less than whoever asks may give; who has the right releases them."""
    return [
        HoldDraft(
            order_id=order_id,
            item_id=item_ids[line],
            code=HOLD_CODES[need.code],
            reason=need.message,
            release_permission=need.right,
        )
        for need in needs
        for line in need.lines
    ]
