"""Conversion: quotes, or parts of them, become orders at the prices that were quoted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orderloom.base.refusals import Problem
from orderloom.base.transaction import Tx
from orderloom.orders.commands.capture import keep_orders
from orderloom.orders.convert import ConversionDraft, agreed_prices, order_of
from orderloom.orders.fresh import Kept
from orderloom.orders.store import convert as store
from orderloom.quotes.commands import draw_quantities, note_order
from orderloom.quotes.quote import Drawn

__all__ = ["ConversionDraft", "ConvertedQuote", "convert_quotes"]


@dataclass(frozen=True, slots=True)
class ConvertedQuote:
    """What became of a request: the order, and whether it was made just now or by the same request before."""

    quote_id: int
    order_id: int
    order_number: str
    is_new: bool
    warnings: tuple[Problem, ...] = ()


async def convert_quotes(tx: Tx, drafts: Mapping[int, ConversionDraft]) -> list[ConvertedQuote]:
    """Make an order, as a draft, of what each request asks of its quote; all or nothing, in the order of the ids.

    A quote is locked while it is converted: never more of a line than was quoted, and a request with
    a key counts once. The order has the quoted prices, the version, and the link to both.
    """
    converted = []
    for quote_id in sorted(drafts):
        drawn = await draw_quantities(tx, quote_id, drafts[quote_id].draw)
        converted.append(await _converted(tx, drawn, drafts[quote_id]))
    return converted


async def _converted(tx: Tx, drawn: Drawn, draft: ConversionDraft) -> ConvertedQuote:
    if drawn.order_id is not None and drawn.order_number is not None:
        return ConvertedQuote(drawn.head.id, drawn.order_id, drawn.order_number, is_new=False)
    customer = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": drawn.head.account_id})
    [kept] = await keep_orders(tx, [order_of(drawn, draft, customer=customer)], agreed=[agreed_prices(drawn)])
    assert isinstance(kept, Kept), "a draft without an external id is always new"
    order = kept.captured
    by_line = {line.line: line.line_id for line in drawn.lines}
    await store.insert(
        tx, order.id, drawn, line_ids={item_id: by_line[line] for line, item_id in order.item_ids.items()}
    )
    await note_order(tx, drawn, order_id=order.id, order_number=order.number)
    return ConvertedQuote(drawn.head.id, order.id, order.number, is_new=True, warnings=order.warnings)
