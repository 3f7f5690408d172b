"""From what was drawn of a quote to the draft of an order, and its agreed prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import Field

from orderloom.base.fields import Code, Text
from orderloom.base.parsing import strict
from orderloom.orders.compose import Agreed, UnitPrice
from orderloom.orders.types import ItemDraft, OrderDraft, Scalar
from orderloom.parties.sales_credits import SalesCreditDraft
from orderloom.quotes.quote import Drawn, DrawnLine
from orderloom.quotes.types import MAX_LINES, DrawDraft, DrawLine

TERMS = ("minimum_months", "notice_days", "termination_fee")


@strict
@dataclass(frozen=True, slots=True)
class ConversionDraft:
    """What of a quote becomes an order: all that is left, chosen lines, or part quantities.

    The same `key` counts once: asked again, it tells of the order that was made. What the order says
    otherwise than the quote may be given: purchase order number, dates, where it goes.
    """

    key: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    lines: Annotated[tuple[DrawLine, ...], Field(max_length=MAX_LINES)] | None = None
    po_number: Text | None = None
    requested_on: date | None = None
    ship_to: Code | None = None

    @property
    def draw(self) -> DrawDraft:
        """The part of it that concerns the quote."""
        return DrawDraft(self.key, self.lines)


def order_of(drawn: Drawn, draft: ConversionDraft, *, customer: str) -> OrderDraft:
    """The order that these quantities are; of a blanket quote it is a call-off."""
    return OrderDraft(
        customer=customer,
        items=tuple(_item(line) for line in drawn.lines),
        type="call_off" if drawn.head.type == "blanket" else "sales",
        channel=drawn.head.channel,
        currency=drawn.head.currency,
        ship_to=draft.ship_to or drawn.ship_to,
        po_number=draft.po_number or drawn.po_number,
        requested_on=draft.requested_on or drawn.requested_on,
        terms=drawn.terms,
        credits=tuple(SalesCreditDraft(one.payee, one.percent, one.kind) for one in drawn.credits),
        note=drawn.note or None,
    )


def _item(line: DrawnLine) -> ItemDraft:
    return ItemDraft(
        line=line.line,
        product=line.product_code,
        parent=line.parent,
        quantity=line.quantity,
        role=line.role,
        characteristics=line.characteristics,
        place=line.place,
        relies_on=line.relies_on,
        requested_on=line.requested_on,
        attributes={name: line.terms[name] for name in TERMS if name in line.terms},
    )


def agreed_prices(drawn: Drawn) -> Agreed:
    """What each line costs in the order: what was quoted; nothing of its own where its bundle's price includes it."""
    return {
        line.line: UnitPrice(line.quantity)
        if line.one_time is None and line.recurring is None
        else UnitPrice(line.quantity, line.one_time, line.recurring, line.period, "quote")
        for line in drawn.lines
    }


def terms_of(attributes: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Minimum term, notice and termination fee as an item carries them from its quote."""
    return {name: attributes[name] for name in TERMS if name in attributes}
