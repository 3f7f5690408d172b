"""Sums of the ledger by time, country, customer and product, from the summaries that imports keep."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, LiteralString

from orderloom.base.transaction import Tx
from orderloom.insight.reads.ledger import visible

ALL_OF_THEM = 100_000


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the ledger: one currency, days from and to (both included), and what else is meant."""

    currency: str
    day_from: date
    day_to: date
    customer_id: int | None = None
    product_id: int | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when there is a ledger in a currency."""

    currency: str
    first_on: date
    last_on: date
    documents: int


async def spans(tx: Tx) -> list[Span]:
    """The currencies of what the actor sees, that of most invoices first."""
    where, params = visible(tx, "customer_day.customer_id")
    return await tx.all(
        f"""
        SELECT currency, min(issued_on) AS first_on, max(issued_on) AS last_on, sum(invoices) AS documents
          FROM insight.customer_day
         WHERE {where}
         GROUP BY currency
         ORDER BY documents DESC, currency
        """,
        params,
        row=Span,
    )


@dataclass(frozen=True, slots=True)
class Sums:
    """What was sold and returned; `key` is what it is summed by, `others` how many of them stand together in one."""

    key: Any
    label: str
    sold: Decimal
    returned: Decimal
    quantity: Decimal
    returned_quantity: Decimal
    invoices: int
    credit_notes: int
    customers: int
    others: int = 0
    is_goods: bool = True

    @property
    def revenue(self) -> Decimal:
        return self.sold - self.returned


def _facts(tx: Tx, part: Slice) -> tuple[LiteralString, dict[str, Any]]:
    """The rows to be summed: those of customers and days, or of the lines of one product."""
    where, params = visible(tx, "fact.customer_id")
    said: list[LiteralString] = [
        "fact.currency = %(currency)s",
        "fact.issued_on BETWEEN %(day_from)s AND %(day_to)s",
        where,
    ]
    params |= {"currency": part.currency, "day_from": part.day_from, "day_to": part.day_to}
    if part.customer_id is not None:
        said.append("fact.customer_id = %(customer)s")
        params["customer"] = part.customer_id
    if part.country is not None:
        said.append("fact.country = %(country)s")
        params["country"] = part.country
    source: LiteralString = "insight.customer_day"
    if part.product_id is not None:
        source = _OF_PRODUCT
        params["product"] = part.product_id
    return f"{source} AS fact WHERE {' AND '.join(said)}", params


_OF_PRODUCT: LiteralString = """
               (SELECT document.currency, line.issued_on, document.country, document.customer_id,
                       count(DISTINCT document.id) FILTER (WHERE document.kind = 'invoice') AS invoices,
                       count(DISTINCT document.id) FILTER (WHERE document.kind = 'credit_note') AS credit_notes,
                       coalesce(sum(line.amount) FILTER (WHERE document.kind = 'invoice'), 0) AS sold,
                       coalesce(-sum(line.amount) FILTER (WHERE document.kind = 'credit_note'), 0) AS returned,
                       coalesce(sum(line.quantity) FILTER (WHERE document.kind = 'invoice'), 0) AS quantity,
                       coalesce(-sum(line.quantity) FILTER (WHERE document.kind = 'credit_note'), 0)
                       AS returned_quantity
                  FROM insight.line
                  JOIN insight.document ON document.id = line.document_id
                 WHERE line.product_id = %(product)s
                   AND line.issued_on BETWEEN %(day_from)s AND %(day_to)s
                   AND document.kind IN ('invoice', 'credit_note')
                 GROUP BY document.currency, line.issued_on, document.country, document.customer_id)
"""
_SUMMED: LiteralString = """
               sum(fact.sold) AS sold, sum(fact.returned) AS returned, sum(fact.quantity) AS quantity,
               sum(fact.returned_quantity) AS returned_quantity, sum(fact.invoices)::bigint AS invoices,
               sum(fact.credit_notes)::bigint AS credit_notes
"""
# Customers are counted by counting groups, which costs a third of count(DISTINCT).
_COUNTED: LiteralString = """
               sum(one.sold) AS sold, sum(one.returned) AS returned, sum(one.quantity) AS quantity,
               sum(one.returned_quantity) AS returned_quantity, sum(one.invoices)::bigint AS invoices,
               sum(one.credit_notes)::bigint AS credit_notes,
               count(one.customer_id) FILTER (WHERE one.invoices > 0) AS customers
"""


async def by_period(tx: Tx, part: Slice, *, period: str) -> list[Sums]:
    """Sums by the first day of each week (from Monday) or month in which there was something."""
    facts, params = _facts(tx, part)
    begins: LiteralString = "fact.issued_on - (extract(day FROM fact.issued_on)::integer - 1)"
    if period == "week":
        begins = "fact.issued_on - (extract(isodow FROM fact.issued_on)::integer - 1)"
    return await tx.all(
        f"""
        SELECT one.key, '' AS label, {_COUNTED}
          FROM (SELECT {begins} AS key, fact.customer_id, {_SUMMED}
                  FROM {facts}
                 GROUP BY 1, fact.customer_id) AS one
         GROUP BY one.key
         ORDER BY one.key
        """,
        params,
        row=Sums,
    )


async def by_weekday(tx: Tx, part: Slice) -> list[Sums]:
    """Sums by the day of the week, Monday being 1; customers are not counted."""
    facts, params = _facts(tx, part)
    return await tx.all(
        f"""
        SELECT extract(isodow FROM fact.issued_on)::integer AS key, '' AS label, {_SUMMED}, 0 AS customers
          FROM {facts}
         GROUP BY 1
         ORDER BY 1
        """,
        params,
        row=Sums,
    )


# The rows of `summed` by revenue: so many of them, and all others in one, so that they add up.
_RANKED: LiteralString = """
               ranked AS (
               SELECT summed.*, row_number() OVER (ORDER BY sold - returned DESC, key) AS place FROM summed),
               listed AS (
               SELECT place, key, sold, returned, quantity, returned_quantity, invoices, credit_notes, customers,
                      0 AS others
                 FROM ranked
                WHERE %(most)s::bigint IS NULL OR place <= %(most)s
                UNION ALL
               SELECT max(place), NULL, sum(sold), sum(returned), sum(quantity), sum(returned_quantity),
                      sum(invoices)::bigint, sum(credit_notes)::bigint, sum(customers)::bigint, count(*)
                 FROM ranked
                WHERE place > %(most)s::bigint
               HAVING count(*) > 0)
"""
_LISTED: LiteralString = """
               listed.sold, listed.returned, listed.quantity, listed.returned_quantity, listed.invoices,
               listed.credit_notes, listed.customers, listed.others
"""


async def by_country(tx: Tx, part: Slice, *, most: int | None = None) -> list[Sums]:
    """Sums by country, the one of most revenue first; beyond `most` of them the others together."""
    facts, params = _facts(tx, part)
    return await tx.all(
        f"""
          WITH summed AS (
               SELECT one.key, {_COUNTED}
                 FROM (SELECT fact.country AS key, fact.customer_id, {_SUMMED}
                         FROM {facts}
                        GROUP BY fact.country, fact.customer_id) AS one
                GROUP BY one.key),
               {_RANKED}
        SELECT listed.key, coalesce(listed.key, '') AS label, {_LISTED}
          FROM listed
         ORDER BY listed.place
        """,
        {**params, "most": most},
        row=Sums,
    )


async def by_customer(tx: Tx, part: Slice, *, most: int | None = None) -> list[Sums]:
    """Sums by customer, the one of most revenue first; those without a customer together."""
    facts, params = _facts(tx, part)
    return await tx.all(
        f"""
          WITH summed AS (
               SELECT fact.customer_id AS key, {_SUMMED}, 1 AS customers
                 FROM {facts}
                GROUP BY fact.customer_id),
               {_RANKED}
        SELECT listed.key, coalesce(account.name, nullif(customer.name, ''), customer.label, '') AS label, {_LISTED}
          FROM listed
          LEFT JOIN insight.customer ON customer.id = listed.key
          LEFT JOIN parties.account ON account.id = customer.account_id
         ORDER BY listed.place
        """,
        {**params, "most": most},
        row=Sums,
    )


def _product_facts(tx: Tx, part: Slice) -> tuple[LiteralString, dict[str, Any]]:
    """The rows to be summed by product.

    Whole months of everything come from the sums by month; other days, one customer, one country, or the accounts of
    a team from the lines themselves.
    """
    where, params = visible(tx, "fact.customer_id")
    whole = part.day_from.day == 1 and _is_last_of_month(part.day_to)
    said: list[LiteralString] = ["fact.currency = %(currency)s"]
    params |= {"currency": part.currency, "day_from": part.day_from, "day_to": part.day_to}
    if part.product_id is not None:
        said.append("fact.product_id = %(product)s")
        params["product"] = part.product_id
    if where == "TRUE" and whole and part.customer_id is None and part.country is None:
        said.append("fact.month BETWEEN %(day_from)s AND %(day_to)s")
        return f"insight.product_month AS fact WHERE {' AND '.join(said)}", params
    said += ["fact.day BETWEEN %(day_from)s AND %(day_to)s", where]
    if part.customer_id is not None:
        said.append("fact.customer_id = %(customer)s")
        params["customer"] = part.customer_id
    if part.country is not None:
        said.append("fact.country = %(country)s")
        params["country"] = part.country
    return f"{_OF_LINES} AS fact WHERE {' AND '.join(said)}", params


_OF_LINES: LiteralString = """
               (SELECT document.currency, document.issued_on AS day, document.issued_on AS month, document.customer_id,
                       document.country, line.product_id,
                       CASE WHEN document.kind = 'invoice' THEN line.amount ELSE 0 END AS sold,
                       CASE WHEN document.kind = 'invoice' THEN 0 ELSE -line.amount END AS returned,
                       CASE WHEN document.kind = 'invoice' THEN line.quantity ELSE 0 END AS quantity,
                       CASE WHEN document.kind = 'invoice' THEN 0 ELSE -line.quantity END AS returned_quantity,
                       CASE WHEN document.kind = 'invoice' THEN 1 ELSE 0 END AS invoices
                  FROM insight.document
                  JOIN insight.line ON line.document_id = document.id
                 WHERE document.kind IN ('invoice', 'credit_note'))
"""


def _is_last_of_month(day: date) -> bool:
    return date.fromordinal(day.toordinal() + 1).day == 1


async def by_product(tx: Tx, part: Slice, *, most: int | None = None) -> list[Sums]:
    """Sums by product, the one of most revenue first; `invoices` are those of each month or, of a part, its lines."""
    facts, params = _product_facts(tx, part)
    return await tx.all(
        f"""
          WITH summed AS (
               SELECT fact.product_id AS key, sum(fact.sold) AS sold, sum(fact.returned) AS returned,
                      sum(fact.quantity) AS quantity, sum(fact.returned_quantity) AS returned_quantity,
                      sum(fact.invoices)::bigint AS invoices, 0 AS credit_notes, 0 AS customers
                 FROM {facts}
                GROUP BY fact.product_id),
               {_RANKED}
        SELECT listed.key, coalesce(product.code || ' ' || product.name, '') AS label, {_LISTED},
               coalesce(product.is_goods, true) AS is_goods
          FROM listed
          LEFT JOIN insight.product ON product.id = listed.key
         ORDER BY listed.place
        """,
        {**params, "most": most},
        row=Sums,
    )


@dataclass(frozen=True, slots=True)
class Moved:
    """Revenue of something now and before; `others` is how many stand together in one."""

    key: int | None
    label: str
    now: Decimal
    before: Decimal
    others: int
    is_goods: bool


# The rows of `summed` by how much they moved: so many that grew most, as many that fell most, all others in one.
_MOVED: LiteralString = """
               moved AS (
               SELECT key, now, before, row_number() OVER (ORDER BY now - before DESC, key) AS place,
                      row_number() OVER (ORDER BY now - before, key DESC) AS place_below
                 FROM summed
                WHERE now <> 0 OR before <> 0),
               told AS (
               SELECT moved.*, coalesce((place <= %(most)s AND now > before)
                                        OR (place_below <= %(most)s AND now < before), true) AS is_told
                 FROM moved),
               listed AS (
               SELECT place, key, now, before, 0 AS others FROM told WHERE is_told
                UNION ALL
               SELECT NULL, NULL, sum(now), sum(before), count(*) FROM told WHERE NOT is_told HAVING count(*) > 0)
"""


async def moved_products(tx: Tx, now: Slice, before: Slice, *, most: int | None) -> list[Moved]:
    """How the revenue of products moved between two times, both of whole months; from most grown to most fallen."""
    facts, params = _product_facts(tx, replace(now, day_from=before.day_from))
    return await tx.all(
        f"""
          WITH summed AS (
               SELECT fact.product_id AS key,
                      coalesce(sum(fact.sold - fact.returned)
                               FILTER (WHERE fact.month BETWEEN %(now_from)s AND %(now_to)s), 0) AS now,
                      coalesce(sum(fact.sold - fact.returned)
                               FILTER (WHERE fact.month BETWEEN %(before_from)s AND %(before_to)s), 0) AS before
                 FROM {facts}
                GROUP BY fact.product_id),
               {_MOVED}
        SELECT listed.key, coalesce(product.code || ' ' || product.name, '') AS label, listed.now, listed.before,
               listed.others, coalesce(product.is_goods, true) AS is_goods
          FROM listed
          LEFT JOIN insight.product ON product.id = listed.key
         ORDER BY listed.place NULLS LAST
        """,
        {**params, **_times(now, before), "most": most},
        row=Moved,
    )


async def moved_customers(tx: Tx, now: Slice, before: Slice, *, most: int | None) -> list[Moved]:
    """How the revenue of customers moved between two times; those without a customer together."""
    facts, params = _facts(tx, replace(now, day_from=before.day_from))
    return await tx.all(
        f"""
          WITH summed AS (
               SELECT fact.customer_id AS key,
                      coalesce(sum(fact.sold - fact.returned)
                               FILTER (WHERE fact.issued_on BETWEEN %(now_from)s AND %(now_to)s), 0) AS now,
                      coalesce(sum(fact.sold - fact.returned)
                               FILTER (WHERE fact.issued_on BETWEEN %(before_from)s AND %(before_to)s), 0) AS before
                 FROM {facts}
                GROUP BY fact.customer_id),
               {_MOVED}
        SELECT listed.key, coalesce(account.name, nullif(customer.name, ''), customer.label, '') AS label, listed.now,
               listed.before, listed.others, true AS is_goods
          FROM listed
          LEFT JOIN insight.customer ON customer.id = listed.key
          LEFT JOIN parties.account ON account.id = customer.account_id
         ORDER BY listed.place NULLS LAST
        """,
        {**params, **_times(now, before), "most": most},
        row=Moved,
    )


def _times(now: Slice, before: Slice) -> dict[str, date]:
    return {
        "now_from": now.day_from,
        "now_to": now.day_to,
        "before_from": before.day_from,
        "before_to": before.day_to,
    }


@dataclass(frozen=True, slots=True)
class Beside:
    """Documents that are neither sold nor returned: adjustments and write-offs."""

    kind: str
    documents: int
    net: Decimal


async def beside_sales(tx: Tx, part: Slice) -> list[Beside]:
    """What stands in the ledger beside revenue, so that both together are the ledger."""
    where, params = visible(tx, "document.customer_id")
    return await tx.all(
        f"""
        SELECT kind, count(*) AS documents, sum(net) AS net
          FROM insight.document
         WHERE kind IN ('adjustment', 'write_off')
           AND currency = %(currency)s
           AND issued_on BETWEEN %(day_from)s AND %(day_to)s
           AND {where}
         GROUP BY kind
         ORDER BY kind
        """,
        {**params, "currency": part.currency, "day_from": part.day_from, "day_to": part.day_to},
        row=Beside,
    )
