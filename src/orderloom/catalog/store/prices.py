"""SQL of prices: the standard list, published rules, tax rates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from orderloom.base.transaction import Json, Tx
from orderloom.catalog.price_drafts import TaxRateDraft
from orderloom.catalog.price_list import HeldPrice


async def product_ids(tx: Tx, codes: Sequence[str]) -> dict[str, int]:
    """The ids of the products that exist, by code."""
    rows = await tx.all("SELECT code, id FROM catalog.product WHERE code = ANY(%(codes)s)", {"codes": list(codes)})
    return dict(rows)


async def held_prices(tx: Tx, product_ids: Sequence[int]) -> list[HeldPrice]:
    """The standard prices of these products, past ones included; the products stay locked, so that no other appears."""
    await tx.execute(
        "SELECT FROM catalog.product WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE", {"ids": list(product_ids)}
    )
    return await tx.all(
        """
          SELECT product_id, currency, one_time, recurring, period, lower(valid) AS starts_at,
                 upper(valid) AS ends_at, price.id
            FROM catalog.price
            JOIN catalog.price_list ON price_list.id = price.price_list_id AND price_list.code = 'standard'
           WHERE product_id = ANY(%(ids)s)
        ORDER BY product_id, currency, lower(valid)
        """,
        {"ids": list(product_ids)},
        row=HeldPrice,
    )


async def replace_prices(tx: Tx, *, gone: Sequence[int], fresh: Sequence[HeldPrice]) -> None:
    """Take prices out of the standard list and put others in."""
    await tx.execute("DELETE FROM catalog.price WHERE id = ANY(%(ids)s)", {"ids": list(gone)})
    await tx.execute(
        """
        INSERT INTO catalog.price (price_list_id, product_id, currency, one_time, recurring, period, valid)
        SELECT price_list.id, fresh.product_id, fresh.currency, fresh.one_time, fresh.recurring, fresh.period,
               tstzrange(fresh.starts_at, fresh.ends_at)
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               product_id bigint, currency text, one_time numeric, recurring numeric, period text,
               starts_at timestamptz, ends_at timestamptz)
          JOIN catalog.price_list ON price_list.code = 'standard'
        """,
        {"rows": Json(fresh)},
    )


@dataclass(frozen=True, slots=True)
class KnownVersion:
    """A published version of a rule."""

    kind: str
    code: str
    version: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class NewRule:
    """The next version of a rule, ready to be written; without content it withdraws the rule."""

    kind: str
    code: str
    version: int
    valid_from: date
    valid_until: date | None
    currency: str | None
    list_code: str | None
    product_id: int | None
    account_id: int | None
    content: Mapping[str, object] | None
    content_hash: str


async def known_versions(tx: Tx, keys: Sequence[tuple[str, str]]) -> list[KnownVersion]:
    """Every version of these rules, the oldest first; nobody else publishes until the transaction ends."""
    await tx.execute("LOCK TABLE catalog.price_rule IN SHARE ROW EXCLUSIVE MODE")
    return await tx.all(
        """
          SELECT price_rule.kind, price_rule.code, price_rule.version, price_rule.content_hash
            FROM unnest(%(kinds)s::text[], %(codes)s::text[]) AS wanted (kind, code)
            JOIN catalog.price_rule ON price_rule.kind = wanted.kind AND price_rule.code = wanted.code
        ORDER BY price_rule.kind, price_rule.code, price_rule.version
        """,
        {"kinds": [kind for kind, _ in keys], "codes": [code for _, code in keys]},
        row=KnownVersion,
    )


async def insert_rules(tx: Tx, rules: Sequence[NewRule]) -> list[int]:
    """Publish these versions; return their ids in the same order."""
    rows = await tx.all(
        """
           INSERT INTO catalog.price_rule
                  (kind, code, version, valid, currency, list_code, product_id, account_id, content, content_hash,
                   published_by)
           SELECT kind, code, version, daterange(valid_from, valid_until), currency, list_code, product_id, account_id,
                  nullif(content, 'null'), content_hash, %(by)s
             FROM jsonb_to_recordset(%(rows)s) AS fresh (
                  kind text, code text, version integer, valid_from date, valid_until date, currency text,
                  list_code text, product_id bigint, account_id bigint, content jsonb, content_hash text)
        RETURNING kind, code, version, id
        """,
        {"rows": Json(rules), "by": tx.actor.name},
    )
    ids = {(kind, code, version): id for kind, code, version, id in rows}
    return [ids[rule.kind, rule.code, rule.version] for rule in rules]


async def product_units(tx: Tx, codes: Sequence[str]) -> list[tuple[str, int, str]]:
    """Code, id and unit of the products that exist."""
    return await tx.all(
        "SELECT code, id, unit FROM catalog.product WHERE code = ANY(%(codes)s)", {"codes": list(codes)}
    )


async def list_currencies(tx: Tx) -> dict[str, str]:
    """The currency of every list that was ever published."""
    rows = await tx.all(
        """
          SELECT DISTINCT ON (code) code, currency
            FROM catalog.price_rule
           WHERE kind = 'list'
        ORDER BY code, version DESC
        """
    )
    return dict(rows)


async def upsert_tax_rates(tx: Tx, drafts: Sequence[TaxRateDraft]) -> int:
    """Write tax rates: a new one ends the open one before it; the same again changes nothing."""
    params = {"rows": Json(drafts)}
    await tx.execute(
        """
        UPDATE catalog.tax_rate
           SET valid_to = fresh.valid_from
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               country text, region text, category text, name text, valid_from date)
         WHERE tax_rate.country = fresh.country
           AND tax_rate.region IS NOT DISTINCT FROM fresh.region
           AND tax_rate.category = fresh.category
           AND tax_rate.name = fresh.name
           AND tax_rate.valid_from < fresh.valid_from
           AND (tax_rate.valid_to IS NULL OR tax_rate.valid_to > fresh.valid_from)
        """,
        params,
    )
    return await tx.execute(
        """
        INSERT INTO catalog.tax_rate (country, region, category, name, percent, treatment, valid_from, valid_to)
        SELECT country, region, category, name, percent, treatment, valid_from, valid_to
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               country text, region text, category text, name text, percent numeric, treatment text, valid_from date,
               valid_to date)
         WHERE NOT EXISTS (
               SELECT
                 FROM catalog.tax_rate AS known
                WHERE known.country = fresh.country
                  AND known.region IS NOT DISTINCT FROM fresh.region
                  AND known.category = fresh.category
                  AND known.name = fresh.name
                  AND known.valid_from = fresh.valid_from
                  AND (known.percent, known.treatment) = (fresh.percent, fresh.treatment))
        """,
        params,
    )
