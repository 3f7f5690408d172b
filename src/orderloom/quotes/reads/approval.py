"""What approval policies know of a quote."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.transaction import Tx


@dataclass(frozen=True, slots=True)
class QuoteFacts:
    """Figures and parties of a quote's active version, in its currency; of its lines those count that are chosen.

    `amount` is what is paid once and for the first period. `discount` is the deepest one that people gave on a charge,
    `discount_in_all` what all lines are below their list prices, both in per cent. `below_floor` are lines. Nothing
    here tells of costs.
    """

    id: int
    account: str
    account_name: str
    segment: str | None
    country: str | None
    currency: str
    terms: str | None
    channel: str
    version: int
    title: str
    amount: Decimal
    one_time: Decimal
    recurring: Decimal
    discount: Decimal
    discount_in_all: Decimal
    below_floor: int
    lines: int
    items: list[dict[str, object]]
    needs: list[str]


async def approval_facts(tx: Tx, quote_id: int) -> QuoteFacts:
    """The facts of a quote that has a customer; the caller has been let through."""
    return await tx.one(
        """
        SELECT quote.id, account.number AS account, quote.account_name, account.segment, account.country,
               quote.currency, version.terms, quote.channel, version.number AS version, version.title,
               total.one_time + total.recurring AS amount, total.one_time, total.recurring, total.discount,
               coalesce(round((total.list - total.one_time - total.recurring) * 100 / nullif(total.list, 0), 2), 0)
               AS discount_in_all, missing.below_floor::integer, total.lines::integer, total.items, missing.needs
          FROM quotes.quote
          JOIN quotes.version ON version.quote_id = quote.id AND version.number = quote.active_version
          JOIN parties.account ON account.id = quote.account_id
         CROSS JOIN LATERAL (
               SELECT coalesce(sum(charge.net) FILTER (WHERE charge.kind = 'one_time'), 0) AS one_time,
                      coalesce(sum(charge.net) FILTER (WHERE charge.kind = 'recurring'), 0) AS recurring,
                      coalesce(sum(charge.list_amount), 0) AS list,
                      coalesce(max(round(charge.given_percent, 2)), 0) AS discount,
                      count(DISTINCT line.id) FILTER (WHERE line.parent IS NULL) AS lines,
                      coalesce(jsonb_agg(jsonb_build_object(
                          'line', line.line, 'product', line.product_name, 'quantity', line.quantity,
                          'unit', line.unit, 'list', charge.list_amount, 'net', charge.net,
                          'period', charge.period, 'discount', round(charge.given_percent, 2))
                          ORDER BY line.position, charge.kind), '[]') AS items
                 FROM quotes.line
                 LEFT JOIN quotes.charge ON charge.line_id = line.id
                WHERE line.quote_id = quote.id
                  AND line.version = version.number
                  AND line.kind = 'item'
                  AND line.is_chosen) AS total
         CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(need.message ORDER BY need.position), '{}') AS needs,
                      coalesce(sum(cardinality(need.lines)) FILTER (WHERE need.code = 'floor'), 0) AS below_floor
                 FROM quotes.need
                WHERE need.quote_id = quote.id
                  AND need.version = version.number) AS missing
         WHERE quote.id = %(id)s
        """,
        {"id": quote_id},
        row=QuoteFacts,
    )
