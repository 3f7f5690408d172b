"""What somebody sees first: how much stands at each stage, and what came in over the last weeks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import LiteralString

from orderloom.base.transaction import Tx
from orderloom.fulfilment.views import COUNTED_MOST, count_in
from orderloom.insight import figures
from orderloom.insight.figures import Figure
from orderloom.insight.reads import sums
from orderloom.insight.reads.sums import Slice
from orderloom.parties.policy import account_filter

WEEKS = 12
BILLED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Stage:
    """How many quotes, orders or invoices stand at a stage; `is_most` where counting ended before them."""

    code: str
    count: int
    is_most: bool
    since: date | None = None


async def stages(tx: Tx) -> list[Stage]:
    """The stages of what the actor may see, from the offer to the bill: quoted, in_fulfilment, to_bill, billed."""
    found = []
    if tx.actor.may("quotes.read"):
        where = "NOT quote.is_template AND quote.state = 'sent'"
        found.append(_stage("quoted", await _count(tx, "quotes.quote", "quote", where)))
    if tx.actor.may("orders.read"):
        found.append(_stage("in_fulfilment", await count_in(tx, "in_fulfilment")))
        if tx.actor.may("billing.read"):
            found.append(_stage("to_bill", await count_in(tx, "to_bill")))
    if tx.actor.may("billing.read"):
        since = tx.now.date() - timedelta(days=BILLED_DAYS - 1)
        where = "invoice.issued_on >= base.now()::date - 29"
        found.append(_stage("billed", await _count(tx, "billing.invoice", "invoice", where), since))
    return found


def _stage(code: str, count: int, since: date | None = None) -> Stage:
    return Stage(code, count, count >= COUNTED_MOST, since)


async def _count(tx: Tx, table: LiteralString, alias: LiteralString, where: LiteralString) -> int:
    seen, params = account_filter(tx.actor, f"{alias}.account_id")
    counted: int = await tx.value(
        f"SELECT count(*) FROM (SELECT FROM {table} WHERE {where} AND {seen} LIMIT %(most)s) AS counted",
        {**params, "most": COUNTED_MOST},
    )
    return counted


async def weeks(tx: Tx) -> list[Figure]:
    """Orders and revenue of the last twelve weeks, as far as the actor may see them; revenue in the usual currency."""
    monday = tx.now.date() - timedelta(days=tx.now.date().weekday())
    begin = monday - timedelta(weeks=WEEKS - 1)
    found = []
    if tx.actor.may("orders.read"):
        found.append(figures.orders_by_week(await _orders_by_week(tx, begin), monday))
    if tx.actor.may("insight.read"):
        recent = [span for span in await sums.spans(tx) if span.last_on >= begin]
        if recent:
            part = Slice(recent[0].currency, begin, tx.now.date())
            year = timedelta(weeks=52)
            before = Slice(part.currency, begin - year, part.day_to - year)
            found.append(
                figures.revenue(
                    part.currency,
                    await sums.by_period(tx, part, period="week"),
                    await sums.by_period(tx, before, period="week"),
                    period="week",
                )
            )
    return found


async def _orders_by_week(tx: Tx, begin: date) -> Sequence[tuple[date, int]]:
    """The Mondays from the first on, with how many orders were captured in that week; drafts are counted, too."""
    seen, params = account_filter(tx.actor, "sales_order.account_id")
    return await tx.all(
        f"""
        SELECT monday::date, count(captured.captured_at)
          FROM generate_series(%(begin)s::date, base.now()::date, interval '7 days') AS monday
          LEFT JOIN (SELECT date_trunc('week', sales_order.captured_at) AS captured_at
                       FROM orders.sales_order
                      WHERE sales_order.captured_at >= %(begin)s::date
                        AND {seen}) AS captured ON captured.captured_at = monday
         GROUP BY monday
         ORDER BY monday
        """,
        {**params, "begin": begin},
    )
