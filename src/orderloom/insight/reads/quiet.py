"""Who went silent, and what is not bought any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from orderloom.base.transaction import Tx
from orderloom.insight.reads.ledger import visible
from orderloom.insight.reads.sums import Slice


@dataclass(frozen=True, slots=True)
class Quiet:
    """Something that was bought regularly and is not any more; `usual_days` is the usual time between two purchases."""

    customer_id: int
    customer: str
    product_id: int | None
    product: str
    days: int
    first_on: date
    last_on: date
    usual_days: int
    silent_days: int
    sold: Decimal


async def silent_customers(tx: Tx, part: Slice, *, limit: int = 200) -> list[Quiet]:
    """Customers of three days or more who have been silent for three times their usual pause and a month."""
    where, params = visible(tx, "day.customer_id")
    return await tx.all(
        f"""
          WITH habit AS (
               SELECT day.customer_id, count(DISTINCT day.issued_on) AS days, min(day.issued_on) AS first_on,
                      max(day.issued_on) AS last_on, sum(day.sold) AS sold
                 FROM insight.customer_day AS day
                WHERE day.currency = %(currency)s
                  AND day.issued_on <= %(today)s
                  AND day.invoices > 0
                  AND day.customer_id IS NOT NULL
                  AND (%(country)s::text IS NULL OR day.country = %(country)s)
                  AND {where}
                GROUP BY day.customer_id
               HAVING count(DISTINCT day.issued_on) >= 3)
        SELECT habit.customer_id, coalesce(account.name, nullif(customer.name, ''), customer.label) AS customer,
               NULL::bigint AS product_id, '' AS product, habit.days, habit.first_on, habit.last_on,
               (habit.last_on - habit.first_on) / (habit.days - 1) AS usual_days,
               %(today)s::date - habit.last_on AS silent_days, habit.sold
          FROM habit
          JOIN insight.customer ON customer.id = habit.customer_id
          LEFT JOIN parties.account ON account.id = customer.account_id
         WHERE %(today)s::date - habit.last_on
               > greatest(30, 3.0 * (habit.last_on - habit.first_on) / (habit.days - 1))
         ORDER BY habit.sold DESC, habit.customer_id
         LIMIT %(limit)s
        """,
        {**params, "currency": part.currency, "today": part.day_to, "country": part.country, "limit": limit},
        row=Quiet,
    )


async def lapsed_items(tx: Tx, part: Slice, *, limit: int = 200) -> list[Quiet]:
    """Usual items that customers who still buy have not bought for three times their usual pause and a month."""
    where, params = visible(tx, "usual.customer_id")
    return await tx.all(
        f"""
          WITH lapsed AS (
               SELECT usual.customer_id, usual.product_id, usual.days, usual.first_on, usual.last_on, usual.sold
                 FROM insight.customer_product AS usual
                WHERE usual.currency = %(currency)s
                  AND usual.days >= 3
                  AND usual.last_on < %(today)s::date - 30
                  AND %(today)s::date - usual.last_on > 3.0 * (usual.last_on - usual.first_on) / (usual.days - 1)
                  AND (%(customer)s::bigint IS NULL OR usual.customer_id = %(customer)s)
                  AND (%(product)s::bigint IS NULL OR usual.product_id = %(product)s)
                  AND EXISTS (SELECT 1
                                FROM insight.customer_day AS day
                               WHERE day.customer_id = usual.customer_id
                                 AND day.issued_on > usual.last_on
                                 AND day.issued_on BETWEEN %(today)s::date - 60 AND %(today)s
                                 AND day.invoices > 0)
                  AND {where}
                ORDER BY usual.sold DESC
                LIMIT %(limit)s)
        SELECT lapsed.customer_id, coalesce(account.name, nullif(customer.name, ''), customer.label) AS customer,
               lapsed.product_id, product.code || ' ' || product.name AS product, lapsed.days, lapsed.first_on,
               lapsed.last_on, (lapsed.last_on - lapsed.first_on) / (lapsed.days - 1) AS usual_days,
               %(today)s::date - lapsed.last_on AS silent_days, lapsed.sold
          FROM lapsed
          JOIN insight.product ON product.id = lapsed.product_id
          JOIN insight.customer ON customer.id = lapsed.customer_id
          LEFT JOIN parties.account ON account.id = customer.account_id
         ORDER BY lapsed.sold DESC, lapsed.customer_id, lapsed.product_id
        """,
        {
            **params,
            "currency": part.currency,
            "today": part.day_to,
            "customer": part.customer_id,
            "product": part.product_id,
            "limit": limit,
        },
        row=Quiet,
    )
