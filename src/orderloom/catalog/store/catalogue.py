"""SQL of catalogues, products and the prices that they bring along.

Products, bundles and prices are rows, since people search and others refer to them. The fulfilment
sections (rules, specs, links, offerings, order steps, charges) stay one validated document for each
version: they are only ever read whole, by the planner, and are meaningless apart from each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.transaction import Json, Tx


@dataclass(frozen=True, slots=True)
class Latest:
    """A catalogue with its newest version that is not retired; None where it has none."""

    catalogue_id: int
    code: str
    number: int
    version_id: int | None
    content_hash: str | None


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version, ready to be written."""

    catalogue_id: int
    number: int
    starts_at: datetime
    ends_at: datetime | None
    source: str
    document: Mapping[str, object]
    content_hash: str


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit of measure."""

    code: str
    name: str
    decimals: int


@dataclass(frozen=True, slots=True)
class NewProduct:
    """A product as the newest version describes it."""

    catalogue_id: int
    code: str
    name: str
    kind: str
    is_bundle: bool
    product_class: str | None
    unit: str
    tracking: str
    tax_category: str
    sku: str | None
    vendor: str | None
    description: str
    characteristics: Mapping[str, object]
    is_open: bool


@dataclass(frozen=True, slots=True)
class NewOffering:
    """A version sells a product under a name."""

    version_id: int
    product_id: int
    position: int
    name: str


@dataclass(frozen=True, slots=True)
class NewGroup:
    """A group of components that the customer chooses from."""

    version_id: int
    bundle_id: int
    code: str
    minimum: int
    maximum: int | None


@dataclass(frozen=True, slots=True)
class NewComponent:
    """A part of a bundle."""

    version_id: int
    bundle_id: int
    position: int
    product_id: int
    role: str | None
    group_code: str | None
    minimum: int
    maximum: int | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A standard price that holds from a moment on."""

    product_id: int
    currency: str
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None


async def latest(tx: Tx, codes: Sequence[str]) -> list[Latest]:
    """The catalogues of these codes, made where they are new, locked until the transaction ends."""
    await tx.execute(
        """
        INSERT INTO catalog.catalogue (code)
        SELECT unnest(%(codes)s::text[])
            ON CONFLICT (code) DO NOTHING
        """,
        {"codes": list(codes)},
    )
    return await tx.all(
        """
          SELECT catalogue.id AS catalogue_id, catalogue.code,
                 (SELECT coalesce(max(number), 0) FROM catalog.version
                   WHERE catalogue_id = catalogue.id) AS number,
                 newest.id AS version_id, newest.content_hash
            FROM catalog.catalogue
            LEFT JOIN LATERAL (
                 SELECT id, content_hash
                   FROM catalog.version
                  WHERE catalogue_id = catalogue.id
                    AND state = 'published'
               ORDER BY number DESC
                  LIMIT 1) AS newest ON true
           WHERE catalogue.code = ANY(%(codes)s)
        ORDER BY catalogue.id
             FOR UPDATE OF catalogue
        """,
        {"codes": list(codes)},
        row=Latest,
    )


async def foreign_products(tx: Tx, pairs: Sequence[tuple[int, str]]) -> list[tuple[int, str, str]]:
    """Of these (catalogue, product code), the ones that another catalogue has: catalogue, code, whose."""
    return await tx.all(
        """
        SELECT wanted.catalogue_id, wanted.code, owner.code
          FROM unnest(%(catalogue_ids)s::bigint[], %(codes)s::text[]) AS wanted (catalogue_id, code)
          JOIN catalog.product ON product.code = wanted.code AND product.catalogue_id <> wanted.catalogue_id
          JOIN catalog.catalogue AS owner ON owner.id = product.catalogue_id
        """,
        {"catalogue_ids": [pair[0] for pair in pairs], "codes": [pair[1] for pair in pairs]},
    )


async def end_versions(tx: Tx, versions: Sequence[NewVersion]) -> None:
    """Make room: what is effective ends where its successor starts; what would start later is retired."""
    await tx.execute(
        """
        UPDATE catalog.version
           SET state = CASE WHEN lower(effective) >= successor.starts_at THEN 'retired' ELSE state END,
               effective = CASE WHEN lower(effective) >= successor.starts_at THEN effective
                                ELSE tstzrange(lower(effective), successor.starts_at) END
          FROM unnest(%(catalogue_ids)s::bigint[], %(starts)s::timestamptz[]) AS successor (catalogue_id, starts_at)
         WHERE version.catalogue_id = successor.catalogue_id
           AND version.state = 'published'
           AND version.effective && tstzrange(successor.starts_at, NULL)
        """,
        {
            "catalogue_ids": [version.catalogue_id for version in versions],
            "starts": [version.starts_at for version in versions],
        },
    )


async def insert_versions(tx: Tx, versions: Sequence[NewVersion]) -> dict[int, int]:
    """Publish the versions; return their ids by catalogue."""
    rows = await tx.all(
        """
           INSERT INTO catalog.version (catalogue_id, number, state, effective, source, document, content_hash,
                                        imported_by)
           SELECT catalogue_id, number, 'published', tstzrange(starts_at, ends_at), source, document, content_hash,
                  %(by)s
             FROM jsonb_to_recordset(%(rows)s) AS fresh (
                  catalogue_id bigint, number integer, starts_at timestamptz, ends_at timestamptz, source text,
                  document jsonb, content_hash text)
        RETURNING catalogue_id, id
        """,
        {"rows": Json(versions), "by": tx.actor.name},
    )
    return dict(rows)


async def upsert_units(tx: Tx, units: Sequence[NewUnit]) -> None:
    """Keep the units; one that is known takes the new name."""
    await tx.execute(
        """
        INSERT INTO catalog.unit (code, name, decimals)
        SELECT code, name, decimals
          FROM jsonb_to_recordset(%(rows)s) AS fresh (code text, name text, decimals smallint)
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, decimals = excluded.decimals
         WHERE (unit.name, unit.decimals) IS DISTINCT FROM (excluded.name, excluded.decimals)
        """,
        {"rows": Json(units)},
    )


async def upsert_products(tx: Tx, products: Sequence[NewProduct]) -> dict[str, int]:
    """Keep the products as they are described now; return their ids by code."""
    await tx.execute(
        """
        INSERT INTO catalog.product
               (catalogue_id, code, name, kind, is_bundle, class, unit, tracking, tax_category, sku, vendor,
                description, characteristics, is_open)
        SELECT catalogue_id, code, name, kind, is_bundle, product_class, unit, tracking, tax_category, sku, vendor,
               description, characteristics, is_open
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               catalogue_id bigint, code text, name text, kind text, is_bundle boolean, product_class text,
               unit text, tracking text, tax_category text, sku text, vendor text, description text,
               characteristics jsonb, is_open boolean)
            ON CONFLICT (code) DO UPDATE
           SET name = excluded.name, kind = excluded.kind, is_bundle = excluded.is_bundle, class = excluded.class,
               unit = excluded.unit, tracking = excluded.tracking, tax_category = excluded.tax_category,
               sku = excluded.sku, vendor = excluded.vendor, description = excluded.description,
               characteristics = excluded.characteristics, is_open = excluded.is_open, changed_at = base.now()
        """,
        {"rows": Json(products)},
    )
    rows = await tx.all(
        "SELECT code, id FROM catalog.product WHERE code = ANY(%(codes)s)",
        {"codes": [product.code for product in products]},
    )
    return dict(rows)


async def insert_offerings(tx: Tx, offerings: Sequence[NewOffering]) -> None:
    """Note which products the versions sell."""
    await tx.execute(
        """
        INSERT INTO catalog.offering (version_id, product_id, position, name)
        SELECT version_id, product_id, position, name
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               version_id bigint, product_id bigint, position integer, name text)
        """,
        {"rows": Json(offerings)},
    )


async def insert_bundles(tx: Tx, groups: Sequence[NewGroup], components: Sequence[NewComponent]) -> None:
    """Note how the versions' bundles are put together."""
    await tx.execute(
        """
        INSERT INTO catalog.component_group (version_id, bundle_id, code, minimum, maximum)
        SELECT version_id, bundle_id, code, minimum, maximum
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               version_id bigint, bundle_id bigint, code text, minimum integer, maximum integer)
        """,
        {"rows": Json(groups)},
    )
    await tx.execute(
        """
        INSERT INTO catalog.component
               (version_id, bundle_id, position, product_id, role, group_code, minimum, maximum, quantity)
        SELECT version_id, bundle_id, position, product_id, role, group_code, minimum, maximum, quantity
          FROM jsonb_to_recordset(%(rows)s) AS fresh (
               version_id bigint, bundle_id bigint, position integer, product_id bigint, role text,
               group_code text, minimum integer, maximum integer, quantity numeric)
        """,
        {"rows": Json(components)},
    )


async def end_prices(tx: Tx, prices: Sequence[NewPrice], *, product_ids: Sequence[int], starts_at: datetime) -> None:
    """End the standard prices of these products that differ from the new ones; those not begun are taken back."""
    parameters = {"rows": Json(prices), "product_ids": list(product_ids), "starts_at": starts_at}
    await tx.execute(
        """
        DELETE FROM catalog.price
         WHERE product_id = ANY(%(product_ids)s)
           AND price_list_id = (SELECT id FROM catalog.price_list WHERE code = 'standard')
           AND lower(valid) >= %(starts_at)s
        """,
        parameters,
    )
    await tx.execute(
        """
        UPDATE catalog.price
           SET valid = tstzrange(lower(valid), %(starts_at)s)
         WHERE product_id = ANY(%(product_ids)s)
           AND price_list_id = (SELECT id FROM catalog.price_list WHERE code = 'standard')
           AND valid @> %(starts_at)s::timestamptz
           AND NOT (upper_inf(valid) AND EXISTS (
               SELECT
                 FROM jsonb_to_recordset(%(rows)s) AS wanted (
                      product_id bigint, currency text, one_time numeric, recurring numeric, period text)
                WHERE (wanted.product_id, wanted.currency) = (price.product_id, price.currency)
                  AND (wanted.one_time, wanted.recurring, wanted.period)
                      IS NOT DISTINCT FROM (price.one_time, price.recurring, price.period)))
        """,
        parameters,
    )


async def insert_prices(tx: Tx, prices: Sequence[NewPrice], *, starts_at: datetime) -> int:
    """Let the prices hold from the moment on, except those that hold already; return how many are new."""
    return await tx.execute(
        """
        INSERT INTO catalog.price (price_list_id, product_id, currency, one_time, recurring, period, valid)
        SELECT price_list.id, wanted.product_id, wanted.currency, wanted.one_time, wanted.recurring, wanted.period,
               tstzrange(%(starts_at)s, NULL)
          FROM jsonb_to_recordset(%(rows)s) AS wanted (
               product_id bigint, currency text, one_time numeric, recurring numeric, period text)
          JOIN catalog.price_list ON price_list.code = 'standard'
         WHERE NOT EXISTS (
               SELECT
                 FROM catalog.price AS known
                WHERE (known.product_id, known.price_list_id, known.currency)
                    = (wanted.product_id, price_list.id, wanted.currency)
                  AND known.valid @> %(starts_at)s::timestamptz)
        """,
        {"rows": Json(prices), "starts_at": starts_at},
    )


@dataclass(frozen=True, slots=True)
class Retired:
    """A version that was taken out of use."""

    id: int
    catalogue: str
    number: int
    before: str


async def retire(tx: Tx, version_ids: Sequence[int], *, before: Sequence[str]) -> list[Retired]:
    """Retire versions that stand in one of these states."""
    return await tx.all(
        """
           UPDATE catalog.version
              SET state = 'retired'
             FROM catalog.catalogue
            WHERE version.id = ANY(%(ids)s)
              AND version.state = ANY(%(before)s)
              AND catalogue.id = version.catalogue_id
        RETURNING version.id, catalogue.code AS catalogue, version.number, old.state AS before
        """,
        {"ids": list(version_ids), "before": list(before)},
        row=Retired,
    )
