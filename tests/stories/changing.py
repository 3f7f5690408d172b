"""An order that is changed, in a database of its own: what it is, how far it has come, and how to change it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from orderloom.base.parsing import parse
from orderloom.base.refusals import Refused
from orderloom.fulfilment.commands import PlacedOrder, apply_change, place_orders, preview_change
from orderloom.orders.change import ChangeDraft, Preview
from orderloom.orders.commands import draft_change
from orderloom.orders.reads import stored_orders
from orderloom.orders.revisions import compare, content_of
from orderloom.orders.types import OrderDraft
from tests.stories.workshop import Workshop

FEE = "fee "


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An order with its plan, money and goods, as far as a change may alter them.

    `fees` are charges for going back, `reserved` what of it lies apart in the warehouses.
    """

    revision: int
    content: Mapping[str, Any]
    steps: Mapping[int, tuple[str, str]]
    done: Mapping[int, Any]
    money: Mapping[tuple[str, str | None], Decimal]
    fees: Decimal
    reserved: Mapping[tuple[str, str], Decimal]
    assets: Mapping[str, tuple[str, Decimal]]

    @property
    def without_fees(self) -> tuple[Any, ...]:
        """What a change and its reverse must leave as it was."""
        return (self.content, self.money)


async def snapshot(shop: Workshop, order: PlacedOrder) -> Snapshot:
    """Read it all."""
    [stored] = await shop.do(lambda tx: stored_orders(tx, [order.id]))
    steps = await shop.ask(
        "SELECT number, key, state, outputs FROM processes.step WHERE process_id = %(id)s ORDER BY number",
        id=order.process_id,
    )
    money = await shop.ask(
        """
        SELECT starts_with(price, 'fee '), price_kind, period, sum(quantity * unit_price)
          FROM billing.trigger
         WHERE order_id = %(id)s AND state <> 'reversed'
         GROUP BY 1, 2, 3
        """,
        id=order.id,
    )
    reserved = await shop.ask(
        """
        SELECT reservation.sku, warehouse.code, sum(quantity)
          FROM stock.reservation
          JOIN stock.warehouse ON warehouse.id = reservation.warehouse_id
         WHERE order_id = %(id)s AND reservation.state <> 'released'
         GROUP BY 1, 2
        """,
        id=order.id,
    )
    assets = await shop.ask(
        "SELECT line, state, quantity FROM assets.asset WHERE order_id = %(id)s AND ended_at IS NULL", id=order.id
    )
    return Snapshot(
        revision=stored.revision,
        content=content_of(stored),
        steps={number: (key, state) for number, key, state, _ in steps},
        done={number: outputs for number, _, state, outputs in steps if state == "done"},
        money={(kind, period): total for is_fee, kind, period, total in money if not is_fee and total},
        fees=sum((total for is_fee, _, _, total in money if is_fee), Decimal(0)),
        reserved={(sku, warehouse): quantity for sku, warehouse, quantity in reserved},
        assets={line: (state, quantity) for line, state, quantity in assets},
    )


async def place(shop: Workshop, body: Mapping[str, Any]) -> PlacedOrder:
    """Place an order."""
    [order] = await shop.do(lambda tx: place_orders(tx, [parse(OrderDraft, body)]))
    return order


async def carry_on(shop: Workshop, *, rounds: int) -> None:
    """So much happens to it: each round partners answer, tell one thing more, and half a day goes by."""
    for _ in range(rounds):
        await shop.work()
        if shop.wire.letters:
            assert await shop.deliver(shop.wire.letters.pop(0)) == 200
        await shop.move(12)
    await shop.work()


async def previewed(shop: Workshop, order: PlacedOrder, wish: Mapping[str, Any]) -> tuple[int, Preview] | None:
    """Draft and preview a change; None where the wish itself is refused, or the order has ended."""
    draft = parse(ChangeDraft, {"reason": "a story", **wish})
    try:
        change = await shop.do(lambda tx: draft_change(tx, order.id, draft))
        return change.number, await shop.do(lambda tx: preview_change(tx, order.id, change.number))
    except Refused:
        return None


async def apply(shop: Workshop, order: PlacedOrder, number: int) -> None:
    """Apply it as it was last seen, whatever it costs."""
    await shop.do(lambda tx: apply_change(tx, order.id, number, accept_fees=True))


def reverse(after: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The change by which an order becomes what it was."""
    was, now = before["items"], after["items"]
    header = {one.field: one.before for one in compare(before, after) if not one.line and one.before is not None}
    lines = {line: _restored(was[line], now[line]) for line in now if line in was and _same_product(was, now, line)}
    swapped = [line for line in now if line in was and not _same_product(was, now, line)]
    wish: dict[str, Any] = {
        "lines": [{"line": line, **fields} for line, fields in lines.items() if fields],
        "remove": [line for line in now if line not in was],
        "add": [_item(line, was[line]) for line in was if line not in now],
        "exchange": [{"line": line, "by": _item(line, was[line])} for line in swapped],
        **header,
    }
    return {name: value for name, value in wish.items() if value}


def _same_product(was: Mapping[str, Any], now: Mapping[str, Any], line: str) -> bool:
    return bool(was[line]["product"] == now[line]["product"])


def _restored(was: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    fields = {
        name: was[name]
        for name in ("quantity", "place", "requested_on")
        if was[name] != now[name] and was[name] is not None
    }
    if was["ship_groups"] != now["ship_groups"]:
        fields["ship_groups"] = [_set(group) for group in was["ship_groups"]]
    names = {*was["characteristics"], *now["characteristics"]}
    told = {
        name: was["characteristics"].get(name)
        for name in names
        if was["characteristics"].get(name) != now["characteristics"].get(name)
    }
    return fields | ({"characteristics": told} if told else {})


def _item(line: str, was: Mapping[str, Any]) -> dict[str, Any]:
    names = ("product", "parent", "role", "quantity", "place", "characteristics", "relies_on", "requested_on")
    item = {"line": line, **{name: was[name] for name in names}}
    return _set(item | {"ship_groups": [_set(group) for group in was["ship_groups"]]})


def _set(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if one not in (None, [], {})}
