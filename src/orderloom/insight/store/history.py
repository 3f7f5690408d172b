"""Writing what a file brings: customers, products, documents with their lines, and the account of its rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderloom.base.transaction import Json, Tx
from orderloom.insight.types import FileMapping

WORDS_MOST = 4_000


async def write_customers(tx: Tx, mapping: FileMapping) -> None:
    """Know every customer of the documents that are to be written; link those that mean an account of ours."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE fresh_customer ON COMMIT DROP AS
          WITH missing AS (
               SELECT said.customer, coalesce(max(said.name), '') AS name
                 FROM said_customer AS said
                 JOIN fresh_document ON fresh_document.customer = said.customer
                WHERE said.customer <> ''
                  AND fresh_document.standing IN ('new', 'replace', 'add')
                  AND NOT EXISTS (SELECT 1
                                    FROM insight.customer_key
                                   WHERE customer_key.source = %(source)s
                                     AND customer_key.external_id = said.customer)
                GROUP BY said.customer),
               meant AS (
               SELECT substr(referred.reference, length(%(prefix)s) + 1) AS customer, referred.account_id
                 FROM parties.referred((SELECT array_agg(%(prefix)s || customer) FROM missing)) AS referred)
        SELECT missing.customer, missing.name, meant.account_id, known.id AS known_id,
               coalesce(known.id, first_value(nextval(pg_get_serial_sequence('insight.customer', 'id')))
                                  OVER (PARTITION BY coalesce(meant.account_id::text, 'id ' || missing.customer)
                                            ORDER BY missing.customer)) AS customer_id
          FROM missing
          LEFT JOIN meant USING (customer)
          LEFT JOIN insight.customer AS known ON known.account_id = meant.account_id
        """,
        {"source": mapping.source, "prefix": f"{mapping.customer_source}:" if mapping.customer_source else ""},
    )
    await tx.execute(
        """
        INSERT INTO insight.customer (id, account_id, label, name)
        OVERRIDING SYSTEM VALUE
        SELECT DISTINCT ON (customer_id) customer_id, account_id, customer, name
          FROM fresh_customer
         WHERE known_id IS NULL
         ORDER BY customer_id, customer
        """
    )
    await tx.execute(
        """
        INSERT INTO insight.customer_key (source, external_id, customer_id)
        SELECT %(source)s, customer, customer_id FROM fresh_customer
        """,
        {"source": mapping.source},
    )


async def write_products(tx: Tx) -> None:
    """Know every product and wording of the file's rows; a product is called what most rows call it."""
    await tx.execute(
        """
        INSERT INTO insight.product (code, name, is_goods, search)
        SELECT said.code, coalesce(max(said.usual), ''), bool_and(said.is_goods), ''
          FROM said_product AS said
         WHERE EXISTS (SELECT 1 FROM ready_line WHERE ready_line.product = said.place)
         GROUP BY said.code
         ORDER BY said.code
            ON CONFLICT (code) DO NOTHING
        """
    )
    await tx.execute(
        """
        INSERT INTO insight.wording (product_id, text)
        SELECT DISTINCT product.id, said.wording
          FROM said_product AS said
          JOIN insight.product ON product.code = said.code
         WHERE EXISTS (SELECT 1 FROM ready_line WHERE ready_line.product = said.place)
            ON CONFLICT (product_id, text) DO NOTHING
        """
    )
    await tx.execute(
        """
        UPDATE insight.product
           SET search = left(base.folded(product.code || ' ' || told.texts), %(most)s),
               name = coalesce(nullif(product.name, ''), told.usual, '')
          FROM (SELECT wording.product_id, string_agg(wording.text, ' ' ORDER BY wording.id) AS texts,
                       min(wording.text) FILTER (WHERE wording.text <> '') AS usual
                  FROM insight.wording
                 WHERE wording.product_id IN (SELECT product.id
                                                FROM said_product AS said
                                                JOIN insight.product ON product.code = said.code)
                 GROUP BY wording.product_id) AS told
         WHERE told.product_id = product.id
           AND product.search <> left(base.folded(product.code || ' ' || told.texts), %(most)s)
        """,
        {"most": WORDS_MOST},
    )


async def gather_lines(tx: Tx, mapping: FileMapping) -> None:
    """The lines that are to be written, each with its copies added where the mapping says so."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE ready_line ON COMMIT DROP AS
        SELECT fresh_line.number, fresh_line.row, fresh_line.hash, fresh_line.copies, judged.product,
               judged.quantity * CASE WHEN %(add)s THEN fresh_line.copies ELSE 1 END AS quantity, judged.unit_price,
               judged.amount * CASE WHEN %(add)s THEN fresh_line.copies ELSE 1 END AS amount
          FROM fresh_document
          JOIN fresh_line ON fresh_line.number = fresh_document.number
          JOIN judged ON judged.row = fresh_line.row
          LEFT JOIN known_line ON known_line.row = fresh_line.row
         WHERE fresh_document.standing IN ('new', 'replace', 'add')
           AND (known_line.row IS NULL OR fresh_document.standing = 'replace')
        """,
        {"add": mapping.repeated_rows == "add"},
    )
    await tx.execute("ANALYZE ready_line")


async def delete_replaced(tx: Tx) -> None:
    """Take away the documents that the file brings anew, with their lines."""
    await tx.execute(
        """
        DELETE FROM insight.document
         USING fresh_document
         WHERE fresh_document.known_id = document.id
           AND fresh_document.standing = 'replace'
        """
    )


async def resolve_products(tx: Tx) -> None:
    """Find the products and wordings of the lines that are to be written."""
    await tx.execute("ANALYZE insight.product, insight.wording")
    await tx.execute(
        """
        CREATE TEMPORARY TABLE resolved_line ON COMMIT DROP AS
        SELECT ready_line.*, wording.product_id, wording.id AS wording_id
          FROM ready_line
          JOIN said_product AS said ON said.place = ready_line.product
          JOIN insight.product ON product.code = said.code
          JOIN insight.wording ON wording.product_id = product.id AND wording.text = said.wording
        """
    )
    await tx.execute("ANALYZE resolved_line")


async def write_documents(tx: Tx, mapping: FileMapping, import_id: int) -> None:
    """Write documents that are new or replaced; their totals are the sums of the lines that follow."""
    await tx.execute(
        """
        INSERT INTO insight.document (source, number, kind, customer_id, country, currency, issued_on, issued_at,
                                      line_count, quantity, net, product_ids, content, import_id)
        SELECT %(source)s, fresh.number, fresh.kind, customer_key.customer_id, fresh.country, fresh.currency,
               fresh.moment::date, fresh.moment AT TIME ZONE %(zone)s, lines.line_count, lines.quantity, lines.net,
               lines.product_ids, fresh.content, %(import)s
          FROM fresh_document AS fresh
          JOIN (SELECT number, count(*) AS line_count, sum(quantity) AS quantity, sum(amount) AS net,
                       array_agg(DISTINCT product_id) AS product_ids
                  FROM resolved_line
                 GROUP BY number) AS lines ON lines.number = fresh.number
          LEFT JOIN insight.customer_key ON customer_key.source = %(source)s
           AND customer_key.external_id = fresh.customer
         WHERE fresh.standing IN ('new', 'replace')
         ORDER BY fresh.moment, fresh.number
        """,
        {"source": mapping.source, "zone": mapping.time_zone, "import": import_id},
    )
    await tx.execute("ANALYZE insight.document")


async def write_lines(tx: Tx, mapping: FileMapping) -> int:
    """Write the lines behind those that their documents have; return how many."""
    return await tx.execute(
        """
        INSERT INTO insight.line (document_id, position, product_id, wording_id, issued_on, quantity, unit_price,
                                  amount, hash, copies, source_row)
        SELECT document.id,
               CASE WHEN fresh.standing = 'add' THEN document.line_count ELSE 0 END
               + row_number() OVER (PARTITION BY document.id ORDER BY ready.row),
               ready.product_id, ready.wording_id, document.issued_on, ready.quantity, ready.unit_price, ready.amount,
               ready.hash, ready.copies, ready.row
          FROM resolved_line AS ready
          JOIN fresh_document AS fresh ON fresh.number = ready.number
          JOIN insight.document ON document.source = %(source)s AND document.number = ready.number
        """,
        {"source": mapping.source},
    )


async def total_added(tx: Tx) -> None:
    """Let documents that got lines be their sums again."""
    await tx.execute(
        """
        UPDATE insight.document
           SET line_count = lines.line_count, quantity = lines.quantity, net = lines.net,
               product_ids = lines.product_ids, content = lines.content
          FROM (SELECT line.document_id, max(line.position) AS line_count, sum(line.quantity) AS quantity,
                       sum(line.amount) AS net, array_agg(DISTINCT line.product_id) AS product_ids,
                       md5(string_agg(line.hash::text || line.copies, ',' ORDER BY line.hash))::uuid AS content
                  FROM fresh_document AS fresh
                  JOIN insight.line ON line.document_id = fresh.known_id
                 WHERE fresh.standing = 'add'
                 GROUP BY line.document_id) AS lines
         WHERE lines.document_id = document.id
        """
    )


async def written_documents(tx: Tx, mapping: FileMapping) -> list[int]:
    """The documents that the file wrote or is about to change."""
    return await tx.values(
        """
        SELECT document.id
          FROM fresh_document AS fresh
          JOIN insight.document ON document.source = %(source)s AND document.number = fresh.number
         WHERE fresh.standing IN ('new', 'replace', 'add')
        """,
        {"source": mapping.source},
    )


async def insert_import(
    tx: Tx, *, file: str, mapping: FileMapping, told: Mapping[str, Any], content: str, state: str, rows: int
) -> int:
    """Keep what was tried or imported."""
    found = await tx.value(
        """
        INSERT INTO insight.history_import (file, source, content, state, mapping, row_count, outcomes, reasons,
                                            seconds, made_by)
        VALUES (%(file)s, %(source)s, %(content)s, %(state)s, %(mapping)s, %(rows)s, %(outcomes)s, %(reasons)s,
                0, %(actor)s)
        RETURNING id
        """,
        {
            "file": file,
            "source": mapping.source,
            "content": content,
            "state": state,
            "mapping": Json(mapping),
            "rows": rows,
            "outcomes": Json(told["outcomes"]),
            "reasons": Json({"rows": told["reasons"], "documents": told["documents"]}),
            "actor": tx.actor.name,
        },
    )
    assert isinstance(found, int)
    return found


async def insert_account(tx: Tx, import_id: int) -> None:
    """Write what became of each row; of those that were refused also what stood there."""
    await tx.execute(
        """
        INSERT INTO insight.import_row (import_id, row, outcome, reasons, number, cells)
        SELECT %(import)s, settled.row, settled.outcome, settled.reasons, coalesce(settled.number, ''),
               CASE WHEN settled.outcome = 'refused'
                    THEN ARRAY[said.number, said.product, said.description, said.quantity, said.moment,
                               said.unit_price, said.amount, said.customer, said.customer_name, said.country,
                               said.currency] END
          FROM settled
          LEFT JOIN read_row AS said ON settled.outcome = 'refused' AND said.row = settled.row
         ORDER BY settled.row
        """,
        {"import": import_id},
    )


async def set_seconds(tx: Tx, import_id: int) -> float:
    """Keep how long the import has taken so far; return it."""
    return float(
        await tx.value(
            """
            UPDATE insight.history_import
               SET seconds = round(extract(epoch FROM clock_timestamp() - transaction_timestamp()), 2)
             WHERE id = %(import)s
            RETURNING seconds
            """,
            {"import": import_id},
        )
    )


async def lock_ledger(tx: Tx) -> None:
    """Let one at a time write the ledger and its sums; the next waits until this one is committed."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('insight.document', 0))")


async def delete_tried(tx: Tx, *, source: str, content: str) -> None:
    """Forget trials of a file that is tried again or imported."""
    await tx.execute(
        """
        DELETE FROM insight.history_import
         WHERE source = %(source)s AND content = %(content)s AND state = 'tried'
        """,
        {"source": source, "content": content},
    )
