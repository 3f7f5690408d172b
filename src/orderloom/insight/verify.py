"""What must always be true of past invoices; each query names what breaks it."""

from __future__ import annotations

from typing import Final

from orderloom.base.verify import Invariant

INVARIANTS: Final = (
    Invariant(
        "a past invoice is the sum of its lines",
        """
        SELECT document.source || ' ' || document.number || ' says ' || document.net || ', its lines make '
               || coalesce(sum(line.amount), 0)
          FROM insight.document
          LEFT JOIN insight.line ON line.document_id = document.id
         GROUP BY document.id
        HAVING document.net <> coalesce(sum(line.amount), 0)
            OR document.quantity <> coalesce(sum(line.quantity), 0)
            OR document.line_count <> count(line.position)
        """,
    ),
    Invariant(
        "an invoice of ours is in the ledger with its own amount",
        """
        SELECT document.number || ' is ' || document.net || ' in the ledger and ' || invoice.net || ' itself'
          FROM insight.document
          JOIN billing.invoice ON invoice.id = document.invoice_id
         WHERE abs(invoice.net) <> abs(document.net)
        """,
    ),
    Invariant(
        "the sums by customer and day are those of the ledger",
        """
        SELECT currency || ' on ' || issued_on || ': the ledger has ' || coalesce(ledger.revenue, 0)
               || ', the sums say ' || coalesce(summed.revenue, 0)
          FROM (SELECT currency, issued_on, sum(net) AS revenue, sum(quantity) AS quantity
                  FROM insight.document
                 WHERE kind IN ('invoice', 'credit_note')
                 GROUP BY currency, issued_on) AS ledger
          FULL JOIN (SELECT currency, issued_on, sum(sold - returned) AS revenue,
                            sum(quantity - returned_quantity) AS quantity
                       FROM insight.customer_day
                      GROUP BY currency, issued_on) AS summed USING (currency, issued_on)
         WHERE (ledger.revenue, ledger.quantity) IS DISTINCT FROM (summed.revenue, summed.quantity)
        """,
    ),
    Invariant(
        "the sums by product and month are those of the ledger",
        """
        SELECT currency || ' product ' || product_id || ' in ' || month || ': the ledger has '
               || coalesce(ledger.revenue, 0) || ', the sums say ' || coalesce(summed.revenue, 0)
          FROM (SELECT document.currency, date_trunc('month', document.issued_on)::date AS month, line.product_id,
                       sum(line.amount) AS revenue, sum(line.quantity) AS quantity
                  FROM insight.line
                  JOIN insight.document ON document.id = line.document_id
                 WHERE document.kind IN ('invoice', 'credit_note')
                 GROUP BY document.currency, month, line.product_id) AS ledger
          FULL JOIN (SELECT currency, month, product_id, sold - returned AS revenue,
                            quantity - returned_quantity AS quantity
                       FROM insight.product_month) AS summed USING (currency, month, product_id)
         WHERE (ledger.revenue, ledger.quantity) IS DISTINCT FROM (summed.revenue, summed.quantity)
        """,
    ),
    Invariant(
        "the sums by customer and product are those of the ledger",
        """
        SELECT 'customer ' || customer_id || ', product ' || product_id || ': the ledger has '
               || coalesce(ledger.sold, 0) || ', the sums say ' || coalesce(summed.sold, 0)
          FROM (SELECT document.customer_id, line.product_id, document.currency, sum(line.amount) AS sold,
                       count(DISTINCT line.issued_on) AS days, max(line.issued_on) AS last_on
                  FROM insight.line
                  JOIN insight.document ON document.id = line.document_id
                 WHERE document.kind = 'invoice'
                   AND document.customer_id IS NOT NULL
                 GROUP BY document.customer_id, line.product_id, document.currency) AS ledger
          FULL JOIN (SELECT customer_id, product_id, currency, sold, days::bigint AS days, last_on
                       FROM insight.customer_product) AS summed USING (customer_id, product_id, currency)
         WHERE (ledger.sold, ledger.days, ledger.last_on) IS DISTINCT FROM (summed.sold, summed.days, summed.last_on)
        """,
    ),
    Invariant(
        "an import has accounted for each of its rows",
        """
        SELECT 'import ' || history_import.id || ' of ' || history_import.file || ' has '
               || history_import.row_count || ' rows, accounted for are ' || count(import_row.row)
          FROM insight.history_import
          LEFT JOIN insight.import_row ON import_row.import_id = history_import.id
         GROUP BY history_import.id
        HAVING history_import.row_count <> count(import_row.row)
            OR history_import.row_count <> coalesce(max(import_row.row), 0)
        """,
    ),
)
