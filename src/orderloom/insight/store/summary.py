"""Summaries of the ledger: what was touched is summed anew from documents and lines."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx


async def make_touched(tx: Tx) -> None:
    """Begin to note which sums change in this transaction."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS touched_day (currency text, issued_on date) ON COMMIT DROP
        """
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS touched_product (currency text, month date, product_id bigint)
            ON COMMIT DROP
        """
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE IF NOT EXISTS touched_pair (currency text, customer_id bigint, product_id bigint)
            ON COMMIT DROP
        """
    )
    await tx.execute("TRUNCATE touched_day, touched_product, touched_pair")


async def touch(tx: Tx, document_ids: Sequence[int]) -> None:
    """Note the sums in which documents are counted, as they are now."""
    ids = {"ids": list(document_ids)}
    await tx.execute(
        """
        INSERT INTO touched_day (currency, issued_on)
        SELECT DISTINCT currency, issued_on
          FROM insight.document
         WHERE id = ANY(%(ids)s::bigint[])
        """,
        ids,
    )
    await tx.execute(
        """
        INSERT INTO touched_product (currency, month, product_id)
        SELECT DISTINCT document.currency, date_trunc('month', document.issued_on)::date, product_id
          FROM insight.document
         CROSS JOIN unnest(document.product_ids) AS product_id
         WHERE document.id = ANY(%(ids)s::bigint[])
        """,
        ids,
    )
    await tx.execute(
        """
        INSERT INTO touched_pair (currency, customer_id, product_id)
        SELECT DISTINCT document.currency, document.customer_id, product_id
          FROM insight.document
         CROSS JOIN unnest(document.product_ids) AS product_id
         WHERE document.id = ANY(%(ids)s::bigint[])
           AND document.customer_id IS NOT NULL
        """,
        ids,
    )


async def sum_up(tx: Tx) -> None:
    """Sum anew what was touched."""
    await tx.execute("ANALYZE touched_day, touched_product, touched_pair")
    await _sum_days(tx)
    await _sum_months(tx)
    await _sum_pairs(tx)


async def _sum_days(tx: Tx) -> None:
    await tx.execute(
        """
        DELETE FROM insight.customer_day
         USING (SELECT DISTINCT currency, issued_on FROM touched_day) AS touched
         WHERE (customer_day.currency, customer_day.issued_on) = (touched.currency, touched.issued_on)
        """
    )
    await tx.execute(
        """
        INSERT INTO insight.customer_day (currency, issued_on, country, customer_id, invoices, credit_notes, sold,
                                          returned, quantity, returned_quantity)
        SELECT document.currency, document.issued_on, document.country, document.customer_id,
               count(*) FILTER (WHERE document.kind = 'invoice'),
               count(*) FILTER (WHERE document.kind = 'credit_note'),
               coalesce(sum(document.net) FILTER (WHERE document.kind = 'invoice'), 0),
               coalesce(-sum(document.net) FILTER (WHERE document.kind = 'credit_note'), 0),
               coalesce(sum(document.quantity) FILTER (WHERE document.kind = 'invoice'), 0),
               coalesce(-sum(document.quantity) FILTER (WHERE document.kind = 'credit_note'), 0)
          FROM (SELECT DISTINCT currency, issued_on FROM touched_day) AS touched
          JOIN insight.document ON document.currency = touched.currency AND document.issued_on = touched.issued_on
         WHERE document.kind IN ('invoice', 'credit_note')
         GROUP BY document.currency, document.issued_on, document.country, document.customer_id
        """
    )


async def _sum_months(tx: Tx) -> None:
    await tx.execute(
        """
        DELETE FROM insight.product_month
         USING (SELECT DISTINCT currency, month, product_id FROM touched_product) AS touched
         WHERE (product_month.currency, product_month.month, product_month.product_id)
               = (touched.currency, touched.month, touched.product_id)
        """
    )
    await tx.execute(
        """
        INSERT INTO insight.product_month (currency, month, product_id, invoices, customers, sold, returned, quantity,
                                           returned_quantity)
        SELECT touched.currency, touched.month, touched.product_id,
               count(DISTINCT document.id) FILTER (WHERE document.kind = 'invoice'),
               count(DISTINCT document.customer_id) FILTER (WHERE document.kind = 'invoice'),
               coalesce(sum(line.amount) FILTER (WHERE document.kind = 'invoice'), 0),
               coalesce(-sum(line.amount) FILTER (WHERE document.kind = 'credit_note'), 0),
               coalesce(sum(line.quantity) FILTER (WHERE document.kind = 'invoice'), 0),
               coalesce(-sum(line.quantity) FILTER (WHERE document.kind = 'credit_note'), 0)
          FROM (SELECT DISTINCT currency, month, product_id FROM touched_product) AS touched
          JOIN insight.line ON line.product_id = touched.product_id
           AND line.issued_on >= touched.month AND line.issued_on < touched.month + interval '1 month'
          JOIN insight.document ON document.id = line.document_id AND document.currency = touched.currency
         WHERE document.kind IN ('invoice', 'credit_note')
         GROUP BY touched.currency, touched.month, touched.product_id
        """
    )


async def _sum_pairs(tx: Tx) -> None:
    await tx.execute(
        """
        DELETE FROM insight.customer_product
         USING (SELECT DISTINCT currency, customer_id, product_id FROM touched_pair) AS touched
         WHERE (customer_product.currency, customer_product.customer_id, customer_product.product_id)
               = (touched.currency, touched.customer_id, touched.product_id)
        """
    )
    await tx.execute(
        """
        INSERT INTO insight.customer_product (customer_id, product_id, currency, days, first_on, last_on, quantity,
                                              sold)
        SELECT touched.customer_id, touched.product_id, touched.currency, count(DISTINCT line.issued_on),
               min(line.issued_on), max(line.issued_on), sum(line.quantity), sum(line.amount)
          FROM (SELECT DISTINCT currency, customer_id, product_id FROM touched_pair) AS touched
          JOIN insight.document ON document.customer_id = touched.customer_id AND document.currency = touched.currency
           AND document.kind = 'invoice'
          JOIN insight.line ON line.document_id = document.id AND line.product_id = touched.product_id
         GROUP BY touched.customer_id, touched.product_id, touched.currency
        """
    )
