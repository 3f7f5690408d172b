"""When the lines of a quote would be there if it were ordered now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.fulfilment.commands import simulate_order
from orderloom.orders.types import ItemDraft, OrderDraft
from orderloom.quotes.reads import QuotePage


@dataclass(frozen=True, slots=True)
class Predicted:
    """The day that four of five plans keep, for all and by line; or why no plan can be made."""

    promise: date | None
    lines: Mapping[str, date]
    why_not: str = ""


async def predicted_delivery(tx: Tx, page: QuotePage) -> Predicted:
    """Plan the chosen lines as if they were ordered now; writes nothing."""
    lines = [line for line in page.shown.lines if line.kind == "item" and line.is_chosen]
    if not lines or page.head.account_id is None:
        return Predicted(None, {})
    account_id = page.head.account_id
    customer = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": account_id})
    draft = OrderDraft(
        customer=customer,
        currency=page.head.currency,
        ship_to=page.shown.version.ship_to or await _usual_place(tx, account_id),
        items=tuple(
            ItemDraft(
                line=line.line,
                product=line.product_code or "",
                parent=line.parent,
                quantity=line.quantity or line.converted,
                role=line.role,
                characteristics=line.characteristics,
                place=line.place,
                relies_on=tuple(line.relies_on),
            )
            for line in lines
        ),
    )
    try:
        simulation = await simulate_order(tx, draft)
    except Refused as refused:
        return Predicted(None, {}, " ".join(dict.fromkeys(problem.message for problem in refused.problems[:3])))
    forecast = simulation.schedule
    stretch = forecast.promise / forecast.typical if forecast.typical else 1.0
    ends: dict[str, float] = {}
    for number, step in enumerate(simulation.plan.steps):
        for line in step.lines:
            ends[line] = max(ends.get(line, 0.0), forecast.finishes[number] * stretch)
    days = {line: (tx.now + timedelta(seconds=seconds)).date() for line, seconds in ends.items()}
    return Predicted(forecast.promised_at(tx.now).date(), days)


async def _usual_place(tx: Tx, account_id: int) -> str | None:
    """Where goods of a customer go as a rule: the place that is marked so, or else the first."""
    code: str | None = await tx.value(
        """
          SELECT code
            FROM parties.address
           WHERE account_id = %(id)s
             AND is_active
        ORDER BY is_ship_to DESC, id
           LIMIT 1
        """,
        {"id": account_id},
    )
    return code
