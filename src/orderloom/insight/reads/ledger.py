"""Finding past invoices: by customer, product, text, number, amount, date, country; from a total down to lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, LiteralString

from orderloom.base.transaction import Tx
from orderloom.insight.types import Search
from orderloom.parties.policy import account_filter

PAGE = 50
HITS_MOST = 2_000
SHORT = 3
Params = dict[str, Any]


def visible(tx: Tx, column: LiteralString) -> tuple[LiteralString, Params]:
    """What the actor sees, over a column of customers: everything, or the customers of their accounts."""
    where, params = account_filter(tx.actor, "customer.account_id")
    if where == "TRUE":
        return where, params
    return f"{column} IN (SELECT customer.id FROM insight.customer WHERE {where})", params


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A document in a list."""

    id: int
    source: str
    number: str
    kind: str
    invoice_id: int | None
    customer_id: int | None
    customer: str
    account_id: int | None
    country: str
    currency: str
    issued_on: date
    line_count: int
    quantity: Decimal
    net: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """What documents come to in one currency."""

    currency: str
    documents: int
    net: Decimal


async def documents(
    tx: Tx, search: Search, *, before: tuple[date, int] | None = None, limit: int = PAGE
) -> list[DocumentRow]:
    """Documents that are meant, the latest first; paged by day and id."""
    where, params = await _condition(tx, search)
    if before is not None:
        where += " AND (document.issued_on, document.id) < (%(before_day)s, %(before_id)s)"
        params |= {"before_day": before[0], "before_id": before[1]}
    return await tx.all(
        f"""
          WITH found AS (
               SELECT document.id, document.source, document.number, document.kind, document.invoice_id,
                      document.customer_id, document.country, document.currency, document.issued_on,
                      document.line_count, document.quantity, document.net
                 FROM insight.document
                WHERE {where}
                ORDER BY document.issued_on DESC, document.id DESC
                LIMIT %(limit)s)
        SELECT found.id, found.source, found.number, found.kind, found.invoice_id, found.customer_id,
               coalesce(account.name, nullif(customer.name, ''), customer.label, '') AS customer, customer.account_id,
               found.country, found.currency, found.issued_on, found.line_count, found.quantity, found.net
          FROM found
          LEFT JOIN insight.customer ON customer.id = found.customer_id
          LEFT JOIN parties.account ON account.id = customer.account_id
         ORDER BY found.issued_on DESC, found.id DESC
        """,
        {**params, "limit": limit},
        row=DocumentRow,
    )


async def totals(tx: Tx, search: Search) -> list[Total]:
    """What all documents that are meant come to, by currency.

    A text that means hundreds of products is answered from the index: to compare each document's products with them
    costs fifteen times as much, which the planner does not see.
    """
    where, params = await _condition(tx, search)
    if "products" in params:
        await tx.execute("SET LOCAL enable_seqscan = off")
    found = await tx.all(
        f"""
        SELECT document.currency, count(*) AS documents, sum(document.net) AS net
          FROM insight.document
         WHERE {where}
         GROUP BY document.currency
         ORDER BY documents DESC, document.currency
        """,
        params,
        row=Total,
    )
    if "products" in params:
        await tx.execute("SET LOCAL enable_seqscan = on")
    return found


async def _condition(tx: Tx, search: Search) -> tuple[LiteralString, Params]:
    """The search as SQL over documents, and its parameters."""
    where, params = visible(tx, "document.customer_id")
    said: list[LiteralString] = [where]
    for value, condition, name in (
        (search.customer_id, "document.customer_id = %(customer)s", "customer"),
        (search.product_id, "document.product_ids @> ARRAY[%(product)s]::bigint[]", "product"),
        (search.country, "document.country = %(country)s", "country"),
        (search.kind, "document.kind = %(kind)s", "kind"),
        (search.currency, "document.currency = %(currency)s", "currency"),
        (search.source, "document.source = %(source)s", "source"),
        (search.amount_from, "document.net >= %(amount_from)s", "amount_from"),
        (search.amount_to, "document.net <= %(amount_to)s", "amount_to"),
        (search.day_from, "document.issued_on >= %(day_from)s", "day_from"),
        (search.day_to, "document.issued_on <= %(day_to)s", "day_to"),
    ):
        if value is not None:
            said.append(condition)
            params[name] = value
    if search.number.strip():
        said.append("document.search LIKE base.folded(%(number)s) || '%%'")
        params["number"] = _literally(search.number.strip())
    if search.text.strip():
        params |= await _hits(tx, search.text.strip())
        said.append(
            "(document.search LIKE '%%' || base.folded(%(text)s) || '%%' OR document.customer_id = ANY(%(customers)s)"
            " OR document.product_ids && %(products)s::bigint[])"
            if len(search.text.strip()) >= SHORT
            else "(document.search = base.folded(%(text)s) OR document.customer_id = ANY(%(customers)s)"
            " OR document.product_ids && %(products)s::bigint[])"
        )
    return " AND ".join(said), params


def _literally(text: str) -> str:
    """The text for LIKE, in which nothing is a pattern."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _hits(tx: Tx, text: str) -> Params:
    """Products and customers of which the text is a part; of less than three letters, those that are called so."""
    exact = len(text) < SHORT
    params = {"text": text if exact else _literally(text), "most": HITS_MOST}
    if exact:
        products = await tx.values("SELECT id FROM insight.product WHERE code = upper(%(text)s)", params)
        customers = await tx.values("SELECT id FROM insight.customer WHERE label = %(text)s LIMIT %(most)s", params)
    else:
        products = await tx.values(
            """
            SELECT id
              FROM insight.product
             WHERE search LIKE '%%' || base.folded(%(text)s) || '%%'
             LIMIT %(most)s
            """,
            params,
        )
        customers = await tx.values(
            """
            SELECT id
              FROM insight.customer
             WHERE search LIKE '%%' || base.folded(%(text)s) || '%%'
             UNION
            SELECT customer.id
              FROM insight.customer
              JOIN parties.account ON account.id = customer.account_id
             WHERE account.search LIKE '%%' || base.folded(%(text)s) || '%%'
             LIMIT %(most)s
            """,
            params,
        )
    return {"text": params["text"], "products": products, "customers": customers}


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """One document whole, but for its lines."""

    id: int
    source: str
    number: str
    kind: str
    invoice_id: int | None
    import_id: int | None
    file: str | None
    customer_id: int | None
    customer: str
    account_id: int | None
    country: str
    currency: str
    issued_on: date
    issued_at: datetime
    line_count: int
    quantity: Decimal
    net: Decimal


async def document(tx: Tx, document_id: int) -> DocumentPage | None:
    """One document, if the actor may see it."""
    where, params = visible(tx, "document.customer_id")
    return await tx.one_or_none(
        f"""
        SELECT document.id, document.source, document.number, document.kind, document.invoice_id, document.import_id,
               history_import.file, document.customer_id,
               coalesce(account.name, nullif(customer.name, ''), customer.label, '') AS customer, customer.account_id,
               document.country, document.currency, document.issued_on, document.issued_at, document.line_count,
               document.quantity, document.net
          FROM insight.document
          LEFT JOIN insight.customer ON customer.id = document.customer_id
          LEFT JOIN parties.account ON account.id = customer.account_id
          LEFT JOIN insight.history_import ON history_import.id = document.import_id
         WHERE document.id = %(id)s
           AND {where}
        """,
        {"id": document_id, **params},
        row=DocumentPage,
    )


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with the document on which it stands."""

    document_id: int
    position: int
    number: str
    kind: str
    issued_on: date
    currency: str
    customer_id: int | None
    customer: str
    product_id: int
    code: str
    description: str
    quantity: Decimal
    unit_price: Decimal
    amount: Decimal
    copies: int
    source_row: int | None


async def lines_of(tx: Tx, document_id: int, *, after: int = 0, limit: int = PAGE) -> list[LineRow]:
    """The lines of a document that the actor sees, in its order."""
    return await _lines(
        tx,
        "line.document_id = %(document)s AND line.position > %(after)s",
        "line.position",
        {"document": document_id, "after": after, "limit": limit},
    )


async def lines_of_product(
    tx: Tx, product_id: int, search: Search, *, before: tuple[date, int, int] | None = None, limit: int = PAGE
) -> list[LineRow]:
    """The lines of a product in documents that are meant, the latest first."""
    where, params = await _condition(tx, search)
    if before is not None:
        where += " AND (line.issued_on, line.document_id, -line.position) < (%(day)s, %(document)s, -%(position)s)"
        params |= {"day": before[0], "document": before[1], "position": before[2]}
    return await _lines(
        tx,
        f"line.product_id = %(product_of_line)s AND {where}",
        "line.issued_on DESC, line.document_id DESC, line.position",
        {**params, "product_of_line": product_id, "limit": limit},
    )


async def _lines(tx: Tx, where: LiteralString, order: LiteralString, params: Params) -> list[LineRow]:
    seen, more = visible(tx, "document.customer_id")
    return await tx.all(
        f"""
        SELECT line.document_id, line.position, document.number, document.kind, document.issued_on, document.currency,
               document.customer_id, coalesce(account.name, nullif(customer.name, ''), customer.label, '') AS customer,
               line.product_id, product.code, wording.text AS description, line.quantity, line.unit_price, line.amount,
               line.copies, line.source_row
          FROM insight.line
          JOIN insight.document ON document.id = line.document_id
          JOIN insight.product ON product.id = line.product_id
          JOIN insight.wording ON wording.id = line.wording_id
          LEFT JOIN insight.customer ON customer.id = document.customer_id
          LEFT JOIN parties.account ON account.id = customer.account_id
         WHERE {where}
           AND {seen}
         ORDER BY {order}
         LIMIT %(limit)s
        """,
        {**params, **more},
        row=LineRow,
    )


@dataclass(frozen=True, slots=True)
class Named:
    """Something to choose or to head a page with."""

    id: int
    code: str
    name: str
    account_id: int | None = None


async def product(tx: Tx, product_id: int) -> Named | None:
    """One product."""
    return await tx.one_or_none(
        "SELECT id, code, name FROM insight.product WHERE id = %(id)s", {"id": product_id}, row=Named
    )


async def customer(tx: Tx, customer_id: int) -> Named | None:
    """One customer, if the actor may see it."""
    where, params = visible(tx, "customer.id")
    return await tx.one_or_none(
        f"""
        SELECT customer.id, customer.label AS code,
               coalesce(account.name, nullif(customer.name, ''), customer.label) AS name, customer.account_id
          FROM insight.customer
          LEFT JOIN parties.account ON account.id = customer.account_id
         WHERE customer.id = %(id)s
           AND {where}
        """,
        {"id": customer_id, **params},
        row=Named,
    )


async def countries(tx: Tx) -> Sequence[str]:
    """Where documents that the actor sees went."""
    where, params = visible(tx, "customer_day.customer_id")
    return await tx.values(
        f"SELECT DISTINCT country FROM insight.customer_day WHERE {where} ORDER BY country LIMIT 500", params
    )
