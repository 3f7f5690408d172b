"""Writing our own invoices into the ledger, as they were issued."""

from __future__ import annotations

from collections.abc import Sequence

from orderloom.base.transaction import Tx
from orderloom.insight.types import BILLING

NO_PRODUCT = "OTHER"


async def unknown_invoices(tx: Tx, invoice_ids: Sequence[int]) -> list[int]:
    """Those of the invoices that are not in the ledger yet."""
    return await tx.values(
        """
        SELECT invoice.id
          FROM billing.invoice
         WHERE invoice.id = ANY(%(ids)s::bigint[])
           AND NOT EXISTS (SELECT 1 FROM insight.document WHERE document.invoice_id = invoice.id)
         ORDER BY invoice.id
        """,
        {"ids": list(invoice_ids)},
    )


async def write_buyers(tx: Tx, invoice_ids: Sequence[int]) -> None:
    """Know the accounts of invoices as customers."""
    await tx.execute(
        """
        INSERT INTO insight.customer (account_id, label)
        SELECT DISTINCT account.id, account.number
          FROM billing.invoice
          JOIN parties.account ON account.id = invoice.account_id
         WHERE invoice.id = ANY(%(ids)s::bigint[])
         ORDER BY account.id
            ON CONFLICT (account_id) DO NOTHING
        """,
        {"ids": list(invoice_ids)},
    )


async def write_sold_products(tx: Tx, invoice_ids: Sequence[int]) -> None:
    """Know the products of invoices and what their lines say."""
    params = {"ids": list(invoice_ids), "none": NO_PRODUCT}
    await tx.execute(
        """
        INSERT INTO insight.product (code, name, search)
        SELECT DISTINCT ON (code) code, name, base.folded(code || ' ' || name)
          FROM (SELECT upper(coalesce(item.product_code, %(none)s)) AS code, coalesce(item.product_name, '') AS name
                  FROM billing.invoice_line AS entry
                  LEFT JOIN orders.item ON item.id = entry.order_item_id
                 WHERE entry.invoice_id = ANY(%(ids)s::bigint[])
                   AND entry.charge_id IS NOT NULL) AS sold
         ORDER BY code, name DESC
            ON CONFLICT (code) DO NOTHING
        """,
        params,
    )
    await tx.execute(
        """
        INSERT INTO insight.wording (product_id, text)
        SELECT DISTINCT product.id, entry.description
          FROM billing.invoice_line AS entry
          LEFT JOIN orders.item ON item.id = entry.order_item_id
          JOIN insight.product ON product.code = upper(coalesce(item.product_code, %(none)s))
         WHERE entry.invoice_id = ANY(%(ids)s::bigint[])
           AND entry.charge_id IS NOT NULL
            ON CONFLICT (product_id, text) DO NOTHING
        """,
        params,
    )


async def write_own_documents(tx: Tx, invoice_ids: Sequence[int]) -> list[int]:
    """Write the invoices as documents, a credit note as negative amounts; return the documents."""
    return await tx.values(
        """
        INSERT INTO insight.document (source, number, kind, customer_id, country, currency, issued_on, issued_at,
                                      line_count, quantity, net, product_ids, content, invoice_id)
        SELECT %(source)s || ':' || legal_entity.code, invoice.number, invoice.kind, customer.id,
               coalesce(account.country, ''), invoice.currency, invoice.issued_on, invoice.issued_at, lines.line_count,
               lines.quantity, lines.net, lines.product_ids, md5(invoice.number)::uuid, invoice.id
          FROM billing.invoice
          JOIN parties.legal_entity ON legal_entity.id = invoice.legal_entity_id
          JOIN parties.account ON account.id = invoice.account_id
          JOIN insight.customer ON customer.account_id = account.id
         CROSS JOIN LATERAL (SELECT count(*) AS line_count,
                                    coalesce(sum(CASE WHEN invoice.kind = 'credit_note' THEN -abs(entry.quantity)
                                                      ELSE entry.quantity END), 0) AS quantity,
                                    coalesce(sum(CASE WHEN invoice.kind = 'credit_note' THEN -abs(entry.net)
                                                      ELSE entry.net END), 0) AS net,
                                    coalesce(array_agg(DISTINCT product.id), '{}') AS product_ids
                               FROM billing.invoice_line AS entry
                               LEFT JOIN orders.item ON item.id = entry.order_item_id
                               JOIN insight.product ON product.code = upper(coalesce(item.product_code, %(none)s))
                              WHERE entry.invoice_id = invoice.id
                                AND entry.charge_id IS NOT NULL) AS lines
         WHERE invoice.id = ANY(%(ids)s::bigint[])
         ORDER BY invoice.id
        RETURNING id
        """,
        {"ids": list(invoice_ids), "source": BILLING, "none": NO_PRODUCT},
    )


async def write_own_lines(tx: Tx, document_ids: Sequence[int]) -> None:
    """Write the charged lines of our own documents, in their order."""
    await tx.execute(
        """
        INSERT INTO insight.line (document_id, position, product_id, wording_id, issued_on, quantity, unit_price,
                                  amount, hash)
        SELECT document.id, row_number() OVER (PARTITION BY document.id ORDER BY entry.position), product.id,
               wording.id, document.issued_on,
               CASE WHEN document.kind = 'credit_note' THEN -abs(entry.quantity) ELSE entry.quantity END,
               entry.unit_price,
               CASE WHEN document.kind = 'credit_note' THEN -abs(entry.net) ELSE entry.net END,
               md5(document.id || ':' || entry.position)::uuid
          FROM insight.document
          JOIN billing.invoice_line AS entry ON entry.invoice_id = document.invoice_id
          LEFT JOIN orders.item ON item.id = entry.order_item_id
          JOIN insight.product ON product.code = upper(coalesce(item.product_code, %(none)s))
          JOIN insight.wording ON wording.product_id = product.id AND wording.text = entry.description
         WHERE document.id = ANY(%(ids)s::bigint[])
           AND entry.charge_id IS NOT NULL
        """,
        {"ids": list(document_ids), "none": NO_PRODUCT},
    )
