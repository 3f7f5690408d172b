"""The rows of a file as they were read, and what each says; in tables that end with the transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import LiteralString

from orderloom.base.transaction import Tx
from orderloom.insight.mapping import CORRECTING, REFUSING
from orderloom.insight.types import FileMapping

BLOCK_ROWS = 5_000
_DATE_STYLES: Mapping[str, LiteralString] = {
    "year_first": "SET LOCAL datestyle = 'ISO, YMD'",
    "day_first": "SET LOCAL datestyle = 'ISO, DMY'",
    "month_first": "SET LOCAL datestyle = 'ISO, MDY'",
}
_NUMBER = r"^[+-]?(\d{1,12}(\.\d{0,8})?|\.\d{1,8})([eE][+-]?\d)?$"
_AWKWARD = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": " "})


async def prepare(tx: Tx, mapping: FileMapping) -> None:
    """Make room for a file. Half a million rows get memory to be sorted and hashed, and are never joined one by one."""
    await tx.execute(
        """
        DROP TABLE IF EXISTS read_row, said_number, said_customer, said_country, said_product, said_figure,
                             said_moment, judged, first_row, fresh_line, fresh_document, known_line, settled,
                             ready_line, resolved_line, fresh_customer
        """
    )
    await tx.execute("SET LOCAL work_mem = '192MB'")
    await tx.execute("SET LOCAL enable_nestloop = off")
    await tx.execute(_DATE_STYLES[mapping.dates])
    await tx.execute(
        """
        CREATE TEMPORARY TABLE read_row (
            row integer, shape text, number text, product text, description text, quantity text, moment text,
            unit_price text, amount text, customer text, customer_name text, country text, currency text
        ) ON COMMIT DROP
        """
    )


async def copy_rows(tx: Tx, rows: Iterable[Sequence[str]], *, told: Callable[[int], None]) -> int:
    """Write rows as they were read, each beginning with its number and shape; return how many there were."""
    count = 0
    async with tx.copy("COPY read_row FROM STDIN") as copy:
        block: list[str] = []
        for cells in rows:
            block.append(_encoded(cells))
            if len(block) == BLOCK_ROWS:
                await copy.write("\n".join(block) + "\n")
                count += len(block)
                told(count)
                block = []
        if block:
            await copy.write("\n".join(block) + "\n")
    told(count + len(block))
    return count + len(block)


def _encoded(cells: Sequence[str]) -> str:
    together = "".join(cells)
    if together.isprintable() and "\\" not in together:
        return "\t".join(cells)
    return "\t".join([cell.translate(_AWKWARD) for cell in cells])


async def countries_said(tx: Tx) -> list[str]:
    """What the file calls countries."""
    return await tx.values("SELECT DISTINCT country FROM read_row ORDER BY country LIMIT 10000")


async def read_words(tx: Tx, mapping: FileMapping, countries: Mapping[str, str]) -> None:
    """Understand what stands in many rows once: numbers, products with their descriptions, customers, countries."""
    await tx.execute("ANALYZE read_row")
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_number ON COMMIT DROP AS
        SELECT said.raw, said.number, coalesce(of_prefix.kind, 'invoice') AS kind
          FROM (SELECT raw, btrim(regexp_replace(raw, '\\s+', ' ', 'g')) AS number
                  FROM (SELECT DISTINCT number AS raw FROM read_row) AS once) AS said
          LEFT JOIN LATERAL (SELECT known.kind
                               FROM unnest(%(prefixes)s::text[], %(kinds)s::text[]) AS known (prefix, kind)
                              WHERE starts_with(said.number, known.prefix)
                              ORDER BY length(known.prefix) DESC
                              LIMIT 1) AS of_prefix ON true
        """,
        {"prefixes": list(mapping.kinds), "kinds": list(mapping.kinds.values())},
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_customer ON COMMIT DROP AS
        SELECT said.raw, said.name,
               CASE WHEN %(cut)s <> '' AND right(said.clean, length(%(cut)s)) = %(cut)s
                    THEN left(said.clean, -length(%(cut)s)) ELSE said.clean END AS customer
          FROM (SELECT customer AS raw, btrim(regexp_replace(customer, '\\s+', ' ', 'g')) AS clean,
                       max(left(btrim(customer_name), 500)) AS name
                  FROM read_row
                 GROUP BY customer) AS said
        """,
        {"cut": mapping.cut},
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_country ON COMMIT DROP AS
        SELECT raw, country FROM unnest(%(raw)s::text[], %(countries)s::text[]) AS said (raw, country)
        """,
        {"raw": list(countries), "countries": list(countries.values())},
    )
    await _read_products(tx, mapping)
    await _read_figures(tx, mapping)
    await tx.execute("ANALYZE said_number, said_customer, said_country, said_product, said_figure, said_moment")


async def _read_figures(tx: Tx, mapping: FileMapping) -> None:
    """Numbers and moments; those that cannot be read are null. A spreadsheet counts days from 1899-12-30."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_figure ON COMMIT DROP AS
        SELECT plain.raw, CASE WHEN plain.text ~ %(number)s THEN plain.text::numeric END AS figure
          FROM (SELECT raw, CASE WHEN %(comma)s THEN replace(translate(raw, ' .', ''), ',', '.')
                                 ELSE translate(raw, ' ,', '') END AS text
                  FROM (SELECT quantity AS raw FROM read_row
                         UNION
                        SELECT unit_price FROM read_row
                         UNION
                        SELECT amount FROM read_row) AS said) AS plain
        """,
        {"number": _NUMBER, "comma": mapping.decimals == "comma"},
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_moment ON COMMIT DROP AS
        SELECT raw,
               CASE WHEN raw ~ '^\\d{5}(\\.\\d+)?$'
                    THEN timestamp '1899-12-30' + round(raw::numeric * 86400)::bigint * interval '1 second'
                    WHEN raw ~ '^\\s*\\d[\\d./:T -]*([AaPp][Mm]|Z)?\\s*$' AND pg_input_is_valid(raw, 'timestamp')
                    THEN raw::timestamp END AS moment
          FROM (SELECT DISTINCT moment AS raw FROM read_row) AS said
        """
    )


async def _read_products(tx: Tx, mapping: FileMapping) -> None:
    """A row without a description gets the commonest one that its product has in the file, or had before."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE said_product ON COMMIT DROP AS
          WITH said AS (
               SELECT product AS raw_product, description AS raw_description, count(*) AS rows,
                      btrim(regexp_replace(product, '\\s+', ' ', 'g')) AS code,
                      btrim(regexp_replace(description, '\\s+', ' ', 'g')) AS wording
                 FROM read_row
                GROUP BY product, description),
               usual AS (
               SELECT DISTINCT ON (upper(code)) upper(code) AS code, wording
                 FROM said
                WHERE wording <> ''
                GROUP BY upper(code), wording
                ORDER BY upper(code), sum(rows) DESC, wording)
        SELECT row_number() OVER () AS place, said.raw_product, said.raw_description, said.rows,
               upper(said.code) AS code,
               coalesce(nullif(said.wording, ''), usual.wording, known.name, '') AS wording,
               coalesce(usual.wording, '') AS usual,
               NOT upper(said.code) = ANY(%(not_goods)s::text[]) AS is_goods,
               said.code <> said.raw_product OR said.wording <> said.raw_description AS is_trimmed,
               upper(said.code) <> said.code AS is_capitalised,
               said.wording = '' AND coalesce(usual.wording, known.name, '') <> '' AS is_filled
          FROM said
          LEFT JOIN usual ON usual.code = upper(said.code)
          LEFT JOIN insight.product AS known ON known.code = upper(said.code)
        """,
        {"not_goods": [code.upper() for code in mapping.not_goods]},
    )


async def judge(tx: Tx, mapping: FileMapping) -> None:
    """Say of each row what it says, what about it is worth knowing, and whether it must be refused by itself."""
    await tx.execute(
        f"""
        CREATE TEMPORARY TABLE judged ON COMMIT DROP AS
          WITH {_PARSED}
        SELECT noted.*, noted.reasons && %(refusing)s::text[] AS is_refused
          FROM (SELECT row, number, kind, product, customer, country, currency, moment, units AS quantity,
                       each_price AS unit_price, net AS amount,
                       array_remove(ARRAY[
                           nullif(shape, ''),
                           CASE WHEN number = '' THEN 'number_missing' END,
                           CASE WHEN code = '' THEN 'product_missing' END,
                           CASE WHEN units IS NULL THEN 'quantity_unreadable'
                                WHEN units = 0 THEN 'quantity_zero' END,
                           CASE WHEN unit_price <> '' AND price IS NULL THEN 'price_unreadable' END,
                           CASE WHEN amount <> '' AND money IS NULL THEN 'amount_unreadable' END,
                           CASE WHEN unit_price = '' AND amount = '' THEN 'price_unreadable' END,
                           CASE WHEN moment IS NULL OR moment < '1900-01-01' THEN 'date_unreadable'
                                WHEN moment > %(latest)s::timestamp THEN 'date_to_come' END,
                           CASE WHEN currency !~ '^[A-Z]{{3}}$' THEN 'currency_unreadable' END,
                           CASE WHEN longest > 500 THEN 'text_too_long' END,
                           CASE WHEN is_trimmed OR raw <> number THEN 'spaces_trimmed' END,
                           CASE WHEN is_capitalised THEN 'code_capitalised' END,
                           CASE WHEN is_filled THEN 'description_filled' END,
                           CASE WHEN customer = '' THEN 'no_customer' END,
                           CASE WHEN wording = '' THEN 'no_description' END,
                           CASE WHEN each_price = 0 THEN 'price_zero'
                                WHEN each_price < 0 THEN 'negative_price' END,
                           CASE WHEN kind = 'invoice' AND units < 0 AND each_price = 0 THEN 'stock_write_off'
                                WHEN kind = 'invoice' AND units < 0 THEN 'negative_quantity' END,
                           CASE WHEN NOT is_goods THEN 'not_goods' END,
                           CASE WHEN country = '' THEN 'country_unknown' END], NULL) AS reasons,
                       md5(concat_ws(E'\\x1f', number, code, wording, trim_scale(units), trim_scale(each_price),
                                     trim_scale(net), moment, customer, country, currency))::uuid AS hash
                  FROM priced) AS noted
        """,
        {
            "refusing": sorted(REFUSING),
            "currency": mapping.currency or "",
            "latest": tx.now.replace(tzinfo=None) + timedelta(days=1),
        },
    )
    await tx.execute("ANALYZE judged")


# Every row with what its words mean, its numbers and its moment; those that cannot be read are null.
_PARSED: LiteralString = """
               parsed AS (
               SELECT read_row.row, read_row.shape, read_row.unit_price, read_row.amount, said_number.number,
                      said_number.kind, said_number.raw, said_product.place AS product, said_product.code,
                      said_product.wording, said_product.is_goods, said_product.is_trimmed,
                      said_product.is_capitalised, said_product.is_filled, said_customer.customer,
                      said_country.country, said_moment.moment, units.figure AS units, price.figure AS price,
                      money.figure AS money, coalesce(nullif(btrim(read_row.currency), ''), %(currency)s) AS currency,
                      greatest(length(read_row.number), length(read_row.product), length(read_row.description),
                               length(read_row.customer), length(read_row.customer_name)) AS longest
                 FROM read_row
                 JOIN said_number ON said_number.raw = read_row.number
                 JOIN said_product ON said_product.raw_product = read_row.product
                  AND said_product.raw_description = read_row.description
                 JOIN said_customer ON said_customer.raw = read_row.customer
                 JOIN said_country ON said_country.raw = read_row.country
                 JOIN said_moment ON said_moment.raw = read_row.moment
                 JOIN said_figure AS units ON units.raw = read_row.quantity
                 JOIN said_figure AS price ON price.raw = read_row.unit_price
                 JOIN said_figure AS money ON money.raw = read_row.amount),
               priced AS MATERIALIZED (
               SELECT parsed.*, coalesce(price, money / nullif(units, 0)) AS each_price,
                      coalesce(money, units * price) AS net
                 FROM parsed)
"""


async def weigh_documents(tx: Tx, mapping: FileMapping) -> None:
    """Make documents of the rows, each with what its first row says; refuse or correct the rows that say otherwise."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE first_row ON COMMIT DROP AS
        SELECT judged.number, judged.row, judged.customer, judged.country, judged.currency, judged.moment
          FROM (SELECT min(row) AS row FROM judged WHERE NOT is_refused GROUP BY number) AS beginning
          JOIN judged ON judged.row = beginning.row
        """
    )
    await tx.execute("ANALYZE first_row")
    await tx.execute(
        """
        UPDATE judged
           SET is_refused = judged.customer <> first_row.customer OR judged.currency <> first_row.currency,
               reasons = judged.reasons || array_remove(ARRAY[
                   CASE WHEN judged.customer <> first_row.customer THEN 'customer_differs' END,
                   CASE WHEN judged.currency <> first_row.currency THEN 'currency_differs' END,
                   CASE WHEN judged.country <> first_row.country THEN 'country_differs' END,
                   CASE WHEN judged.moment <> first_row.moment THEN 'moment_differs' END], NULL)
          FROM first_row
         WHERE first_row.number = judged.number
           AND NOT judged.is_refused
           AND (judged.customer, judged.currency, judged.country, judged.moment)
               <> (first_row.customer, first_row.currency, first_row.country, first_row.moment)
        """
    )
    await tx.execute(
        """
        CREATE TEMPORARY TABLE fresh_line ON COMMIT DROP AS
        SELECT number, hash, min(row) AS row, count(*)::integer AS copies
          FROM judged
         WHERE NOT is_refused
         GROUP BY number, hash
        """
    )
    await tx.execute("ANALYZE fresh_line")
    await tx.execute(
        """
        CREATE TEMPORARY TABLE fresh_document ON COMMIT DROP AS
        SELECT first_row.number, first_row.customer, first_row.country, first_row.currency, first_row.moment,
               CASE WHEN told.is_write_off THEN 'write_off' ELSE told.kind END AS kind, told.content,
               known.id AS known_id,
               CASE WHEN known.id IS NULL THEN 'new'
                    WHEN known.content = told.content THEN 'unchanged'
                    ELSE %(known_invoices)s END AS standing
          FROM (SELECT fresh_line.number, min(judged.kind) AS kind,
                       md5(string_agg(fresh_line.hash::text || fresh_line.copies, ',' ORDER BY fresh_line.hash))::uuid
                       AS content,
                       bool_and(judged.kind = 'invoice' AND judged.quantity < 0 AND judged.unit_price = 0)
                       AS is_write_off
                  FROM fresh_line
                  JOIN judged ON judged.row = fresh_line.row
                 GROUP BY fresh_line.number) AS told
          JOIN first_row ON first_row.number = told.number
          LEFT JOIN insight.document AS known ON known.source = %(source)s AND known.number = told.number
        """,
        {"known_invoices": mapping.known_invoices, "source": mapping.source},
    )
    await tx.execute("ANALYZE fresh_document")
    await _compare_with_known(tx)


async def _compare_with_known(tx: Tx) -> None:
    """Of documents that are known with other content, find the lines that are known; one of which a file brings only
    known lines is unchanged, unless it is to replace what is there."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE known_line ON COMMIT DROP AS
        SELECT fresh_line.row, fresh_line.number
          FROM fresh_document
          JOIN fresh_line ON fresh_line.number = fresh_document.number
          JOIN insight.line ON line.document_id = fresh_document.known_id AND line.hash = fresh_line.hash
         WHERE fresh_document.standing IN ('add', 'refuse')
        """
    )
    await tx.execute(
        """
        UPDATE fresh_document
           SET standing = 'unchanged'
         WHERE standing IN ('add', 'refuse')
           AND NOT EXISTS (SELECT 1
                             FROM fresh_line
                            WHERE fresh_line.number = fresh_document.number
                              AND fresh_line.row NOT IN (SELECT row FROM known_line))
        """
    )


async def settle_rows(tx: Tx, mapping: FileMapping) -> None:
    """Say what becomes of each row."""
    await tx.execute(
        """
        CREATE TEMPORARY TABLE settled ON COMMIT DROP AS
        SELECT judged.row, judged.number,
               CASE WHEN judged.is_refused OR fresh_document.standing = 'refuse' THEN 'refused'
                    WHEN fresh_document.standing = 'unchanged' OR known_line.row IS NOT NULL THEN 'unchanged'
                    WHEN fresh_line.row IS NULL THEN 'merged'
                    WHEN fresh_document.standing IN ('replace', 'add')
                      OR judged.reasons && %(correcting)s::text[] THEN 'corrected'
                    ELSE 'imported' END AS outcome,
               judged.reasons || CASE WHEN judged.is_refused OR fresh_document.standing = 'unchanged' THEN '{}'::text[]
                                      WHEN fresh_document.standing = 'refuse' THEN '{invoice_known}'
                                      WHEN known_line.row IS NOT NULL THEN '{}'
                                      WHEN fresh_line.row IS NULL THEN %(merging)s::text[]
                                      WHEN fresh_document.standing = 'replace' THEN '{replaces_earlier}'
                                      WHEN fresh_document.standing = 'add' THEN '{added_to_known}'
                                      ELSE '{}' END AS reasons
          FROM judged
          LEFT JOIN fresh_document ON fresh_document.number = judged.number
          LEFT JOIN fresh_line ON fresh_line.row = judged.row
          LEFT JOIN known_line ON known_line.row = judged.row
        """,
        {
            "correcting": sorted(CORRECTING),
            "merging": ["said_twice" if mapping.repeated_rows == "add" else "counted_once"],
        },
    )
    await tx.execute("ANALYZE settled")


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something stands in the account."""

    name: str
    count: int


async def count_outcomes(tx: Tx) -> list[Counted]:
    """Rows by what became of them."""
    return await tx.all("SELECT outcome AS name, count(*) AS count FROM settled GROUP BY outcome", row=Counted)


async def count_reasons(tx: Tx) -> list[Counted]:
    """Rows by reason."""
    return await tx.all(
        """
        SELECT reason AS name, sum(rows)::bigint AS count
          FROM (SELECT reasons, count(*) AS rows FROM settled GROUP BY reasons) AS alike
         CROSS JOIN unnest(alike.reasons) AS reason
         GROUP BY reason
         ORDER BY count DESC, name
        """,
        row=Counted,
    )


async def count_documents(tx: Tx) -> list[Counted]:
    """Documents of the file by kind, those that are refused left out."""
    return await tx.all(
        """
        SELECT kind AS name, count(*) AS count
          FROM fresh_document
         WHERE standing <> 'refuse'
         GROUP BY kind
         ORDER BY kind
        """,
        row=Counted,
    )
