"""What many quotes cost, as they were priced, with their steps and what they cost us."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter

from orderloom.base.transaction import Tx
from orderloom.catalog.price_types import ChargeKind
from orderloom.catalog.priced import Margin, Margins, Priced, PricedCharge, PricedLine, PriceStep
from orderloom.parties.policy import account_filter

_STEPS: TypeAdapter[tuple[PriceStep, ...]] = TypeAdapter(tuple[PriceStep, ...])


@dataclass(frozen=True, slots=True)
class PricedQuoteFilter:
    """Which quotes: begun from a day on and before another, of a channel, of a customer; without those on order."""

    since: date | None = None
    until: date | None = None
    channel: str | None = None
    customer: str | None = None
    but_ordered: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    quote_id: int
    currency: str
    priced_at: datetime
    line: str
    product: str
    quantity: Decimal
    unit: str
    kind: ChargeKind
    period: str | None
    charge_quantity: Decimal
    charge_unit: str
    periods: Decimal
    list_amount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal
    unit_price: Decimal
    cost: Decimal | None
    steps: list[dict[str, Any]]


async def priced_quotes(tx: Tx, wanted: PricedQuoteFilter, *, limit: int) -> list[Priced]:
    """The active versions of the newest quotes that the actor sees, options that are not taken left out; one query.

    Templates, and quotes that are lost or declined, are left out; `but_ordered` leaves out those that became orders,
    so that no sale is told twice. For those alone who may see cost: the caller asks for the right.
    """
    seen, params = account_filter(tx.actor, "quote.account_id")
    rows = await tx.all(
        f"""
          WITH shown AS (
               SELECT quote.id, quote.active_version, quote.currency
                 FROM quotes.quote
                 JOIN parties.account ON account.id = quote.account_id
                WHERE NOT quote.is_template
                  AND quote.state NOT IN ('lost', 'declined')
                  AND {seen}
                  AND (%(since)s::date IS NULL OR quote.created_at >= %(since)s::date)
                  AND (%(until)s::date IS NULL OR quote.created_at < %(until)s::date)
                  AND (%(channel)s::text IS NULL OR quote.channel = %(channel)s)
                  AND (%(customer)s::text IS NULL OR account.number = %(customer)s)
                  AND NOT (%(but_ordered)s
                           AND EXISTS (SELECT FROM quotes.line
                                        WHERE line.quote_id = quote.id AND line.converted > 0))
             ORDER BY quote.id DESC
                LIMIT %(limit)s)
        SELECT shown.id AS quote_id, shown.currency, version.priced_at, line.line, line.product_code AS product,
               line.quantity, line.unit, charge.kind, charge.period, charge.quantity AS charge_quantity,
               charge.unit AS charge_unit, charge.periods, charge.list_amount, charge.net, charge.tax, charge.gross,
               charge.unit_price, cost.amount AS cost,
               (SELECT jsonb_agg(to_jsonb(step) - ARRAY['line_id', 'charge', 'position', 'rule_version']
                                 || jsonb_build_object('version', step.rule_version) ORDER BY step.position)
                  FROM quotes.price_step AS step
                 WHERE step.line_id = line.id AND step.charge = charge.kind) AS steps
          FROM shown
          JOIN quotes.version ON version.quote_id = shown.id AND version.number = shown.active_version
          JOIN quotes.line ON line.quote_id = shown.id AND line.version = version.number AND line.is_chosen
          JOIN quotes.charge ON charge.line_id = line.id
          LEFT JOIN quotes.cost ON cost.line_id = line.id AND cost.charge = charge.kind
         ORDER BY shown.id DESC, line.position, charge.kind
        """,
        {
            "since": wanted.since,
            "until": wanted.until,
            "channel": wanted.channel,
            "customer": wanted.customer,
            "but_ordered": wanted.but_ordered,
            "limit": limit,
            **params,
        },
        row=_Row,
    )
    found: dict[int, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.quote_id, []).append(row)
    return [_priced(several) for several in found.values()]


def _priced(rows: list[_Row]) -> Priced:
    margins = {(row.line, row.kind): Margin(row.net, row.cost) for row in rows if row.cost is not None}
    totals: dict[tuple[ChargeKind, str | None], Margin] = {}
    for row in rows:
        if row.cost is not None:
            known = totals.get((row.kind, row.period), Margin(Decimal(0), Decimal(0)))
            totals[row.kind, row.period] = Margin(known.net + row.net, known.cost + row.cost)
    return Priced(
        currency=rows[0].currency,
        on=rows[0].priced_at.date(),
        lines=tuple(PricedLine(row.line, row.product, row.quantity, row.unit, (_charge(row),)) for row in rows),
        totals=(),
        taxes=(),
        margins=Margins(margins, totals),  # type: ignore[arg-type]
    )


def _charge(row: _Row) -> PricedCharge:
    return PricedCharge(
        kind=row.kind,
        period=row.period,  # type: ignore[arg-type]
        quantity=row.charge_quantity,
        unit=row.charge_unit,
        periods=row.periods,
        list_amount=row.list_amount,
        steps=_STEPS.validate_python(row.steps),
        net=row.net,
        tax=row.tax,
        gross=row.gross,
        unit_price=row.unit_price,
    )
