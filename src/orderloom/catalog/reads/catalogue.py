"""Queries of the catalogue: what a reference means at a moment, lists and pages of products, versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.catalog.offer import ListPrice, Offer
from orderloom.catalog.parse import read_catalogue
from orderloom.catalog.types import Catalogue

PAGE = 50
PAGE_LIMIT = 500
_KEPT_CATALOGUES = 64
_kept: dict[tuple[str, int], Catalogue] = {}


async def effective_offers(tx: Tx, references: Sequence[str], *, at: datetime) -> dict[str, tuple[Offer, ...]]:
    """What product codes or names mean at a moment, in one query; a reference nobody sells is left out.

    A name means what no code means: where a reference is one product's code, other products of that
    name are not meant. Several offers remain where several catalogues have a product of the name.
    """
    rows = await tx.all(
        """
        SELECT meant.reference, product.id AS product_id, product.code, offering.name, product.kind, product.unit,
               unit.decimals AS unit_decimals, product.tax_category, version.id AS version_id,
               version.number AS version, version.content_hash, catalogue.code AS catalogue,
               listed.currencies, listed.one_times, listed.recurrings, listed.periods
          FROM (SELECT reference, product.id
                  FROM unnest(%(references)s::text[]) AS reference
                  JOIN catalog.product ON product.code = reference
                 UNION ALL
                SELECT reference, product.id
                  FROM unnest(%(references)s::text[]) AS reference
                  JOIN catalog.product ON product.name = reference AND product.code <> reference
                 WHERE NOT EXISTS (SELECT FROM catalog.product AS exact WHERE exact.code = reference)
               ) AS meant (reference, product_id)
          JOIN catalog.product ON product.id = meant.product_id
          JOIN catalog.unit ON unit.code = product.unit
          JOIN catalog.version ON version.catalogue_id = product.catalogue_id
           AND version.state = 'published'
           AND version.effective @> %(at)s::timestamptz
          JOIN catalog.offering ON offering.version_id = version.id AND offering.product_id = product.id
          JOIN catalog.catalogue ON catalogue.id = version.catalogue_id
         CROSS JOIN LATERAL (
               SELECT array_agg(currency) AS currencies, array_agg(one_time) AS one_times,
                      array_agg(recurring) AS recurrings, array_agg(period) AS periods
                 FROM catalog.price
                 JOIN catalog.price_list ON price_list.id = price.price_list_id AND price_list.code = 'standard'
                WHERE price.product_id = product.id
                  AND price.valid @> %(at)s::timestamptz) AS listed
        """,
        {"references": list(dict.fromkeys(references)), "at": at},
        row=_OfferRow,
    )
    offers: dict[str, tuple[Offer, ...]] = {}
    for row in rows:
        offers[row.reference] = (*offers.get(row.reference, ()), row.offer())
    return offers


@dataclass(frozen=True, slots=True)
class _OfferRow:
    reference: str
    product_id: int
    code: str
    name: str
    kind: str
    unit: str
    unit_decimals: int
    tax_category: str
    version_id: int
    version: int
    content_hash: str
    catalogue: str
    currencies: list[str] | None
    one_times: list[Decimal | None] | None
    recurrings: list[Decimal | None] | None
    periods: list[str | None] | None

    def offer(self) -> Offer:
        amounts = zip(self.one_times or (), self.recurrings or (), self.periods or (), strict=True)
        return Offer(
            reference=self.reference,
            product_id=self.product_id,
            code=self.code,
            name=self.name,
            kind=self.kind,
            unit=self.unit,
            unit_decimals=self.unit_decimals,
            tax_category=self.tax_category,
            version_id=self.version_id,
            version=self.version,
            content_hash=self.content_hash,
            catalogue=self.catalogue,
            prices={
                currency: ListPrice(*amount) for currency, amount in zip(self.currencies or (), amounts, strict=True)
            },
        )


async def load_catalogue(tx: Tx, version_id: int) -> Catalogue:
    """One version of a catalogue, ready for the planner. Versions never change, so it is read once a process."""
    return (await load_catalogues(tx, [version_id]))[version_id]


async def load_catalogues(tx: Tx, version_ids: Sequence[int]) -> dict[int, Catalogue]:
    """Versions by id, for the planner.

    What is kept in the process is found by content: two databases may give different versions one id,
    and a version whose transaction was rolled back never was.
    """
    stamps = await tx.all(
        "SELECT id, content_hash, number FROM catalog.version WHERE id = ANY(%(ids)s)",
        {"ids": list(set(version_ids))},
    )
    return await stamped_catalogues(tx, {row[0]: (row[1], row[2]) for row in stamps})


async def stamped_catalogues(tx: Tx, stamps: Mapping[int, tuple[str, int]]) -> dict[int, Catalogue]:
    """The same for callers who know content hash and number already: no query when all are kept."""
    missing = [version_id for version_id, stamp in stamps.items() if stamp not in _kept]
    if missing:
        rows = await tx.all(
            "SELECT content_hash, number, document FROM catalog.version WHERE id = ANY(%(ids)s)",
            {"ids": missing},
        )
        for content_hash, number, document in rows:
            while len(_kept) >= _KEPT_CATALOGUES:
                del _kept[next(iter(_kept))]
            _kept[content_hash, number] = read_catalogue(document)
    return {version_id: _kept[stamp] for version_id, stamp in stamps.items()}


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product in a list. Prices are the standard list's now, in `currency`, its first."""

    id: int
    code: str
    name: str
    kind: str
    is_bundle: bool
    unit: str
    tracking: str
    sku: str | None
    catalogue: str
    currency: str | None
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    is_sold: bool


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """What to list: text in code or name, a kind, a catalogue, only bundles."""

    text: str | None = None
    kind: str | None = None
    catalogue: str | None = None
    is_bundle: bool | None = None


async def list_products(
    tx: Tx, wanted: ProductFilter = ProductFilter(), *, after: str | None = None, limit: int = PAGE
) -> list[ProductRow]:
    """Products by code, from the one behind `after` on."""
    return await tx.all(
        """
          SELECT product.id, product.code, product.name, product.kind, product.is_bundle, product.unit,
                 product.tracking, product.sku, catalogue.code AS catalogue, price.currency, price.one_time,
                 price.recurring, price.period,
                 EXISTS (SELECT
                           FROM catalog.offering
                           JOIN catalog.version ON version.id = offering.version_id
                          WHERE offering.product_id = product.id
                            AND version.state = 'published'
                            AND version.effective @> base.now()) AS is_sold
            FROM catalog.product
            JOIN catalog.catalogue ON catalogue.id = product.catalogue_id
            LEFT JOIN LATERAL (
                 SELECT currency, one_time, recurring, period
                   FROM catalog.price
                  WHERE price.product_id = product.id
                    AND price.valid @> base.now()
               ORDER BY currency
                  LIMIT 1) AS price ON true
           WHERE (%(after)s::text IS NULL OR product.code > %(after)s)
             AND (%(pattern)s::text IS NULL OR product.search LIKE base.folded(%(pattern)s))
             AND (%(kind)s::text IS NULL OR product.kind = %(kind)s)
             AND (%(catalogue)s::text IS NULL OR catalogue.code = %(catalogue)s)
             AND (%(is_bundle)s::boolean IS NULL OR product.is_bundle = %(is_bundle)s)
        ORDER BY product.code
           LIMIT %(limit)s
        """,
        {
            "after": after,
            "pattern": pattern(wanted.text),
            "kind": wanted.kind,
            "catalogue": wanted.catalogue,
            "is_bundle": wanted.is_bundle,
            "limit": min(limit, PAGE_LIMIT),
        },
        row=ProductRow,
    )


def pattern(text: str | None) -> str | None:
    """A LIKE pattern for text anywhere, the signs that LIKE knows taken as themselves."""
    if not text or not text.strip():
        return None
    escaped = text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


@dataclass(frozen=True, slots=True)
class ProductHead:
    """A product by itself."""

    id: int
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
    catalogue: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """A part of a bundle, or a bundle that something is a part of."""

    product_id: int
    code: str
    name: str
    role: str | None
    group_code: str | None
    group_minimum: int | None
    group_maximum: int | None
    minimum: int
    maximum: int | None
    quantity: Decimal | None


@dataclass(frozen=True, slots=True)
class PriceRow:
    """A standard price and the time it holds for; no end means until further notice."""

    currency: str
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    valid_from: datetime | None
    valid_until: datetime | None
    is_now: bool


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a catalogue."""

    id: int
    catalogue: str
    number: int
    state: str
    effective_from: datetime | None
    effective_until: datetime | None
    is_now: bool
    product_count: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class ProductPage:
    """Everything about one product: its parts, where it is used, its prices, the versions that sell it."""

    head: ProductHead
    components: list[ComponentRow]
    used_in: list[ComponentRow]
    prices: list[PriceRow]
    versions: list[VersionRow]


async def product_page(tx: Tx, product_id: int) -> ProductPage:
    """One product with what belongs to it; refuses (404) one that does not exist."""
    head = await tx.one_or_none(
        """
        SELECT product.id, product.code, product.name, product.kind, product.is_bundle,
               product.class AS product_class, product.unit, product.tracking, product.tax_category, product.sku,
               product.vendor, product.description, product.characteristics, catalogue.code AS catalogue,
               product.changed_at
          FROM catalog.product
          JOIN catalog.catalogue ON catalogue.id = product.catalogue_id
         WHERE product.id = %(id)s
        """,
        {"id": product_id},
        row=ProductHead,
    )
    if head is None:
        raise NotFound([Problem("product_unknown", "There is no such product; look for it in the list.")])
    return ProductPage(
        head=head,
        components=await _components(tx, product_id),
        used_in=await _used_in(tx, product_id),
        prices=await _prices(tx, product_id),
        versions=await list_versions(tx, product_id=product_id),
    )


async def _components(tx: Tx, bundle_id: int) -> list[ComponentRow]:
    """The parts in the newest version that sells the bundle."""
    return await tx.all(
        """
          SELECT product.id AS product_id, product.code, product.name, component.role, component.group_code,
                 component_group.minimum AS group_minimum, component_group.maximum AS group_maximum,
                 component.minimum, component.maximum, component.quantity
            FROM catalog.component
            JOIN catalog.product ON product.id = component.product_id
            LEFT JOIN catalog.component_group
              ON component_group.version_id = component.version_id
             AND component_group.bundle_id = component.bundle_id
             AND component_group.code = component.group_code
           WHERE component.bundle_id = %(id)s
             AND component.version_id = (SELECT max(version_id) FROM catalog.offering WHERE product_id = %(id)s)
        ORDER BY component.position
        """,
        {"id": bundle_id},
        row=ComponentRow,
    )


async def _used_in(tx: Tx, product_id: int) -> list[ComponentRow]:
    """The bundles that have it as a part in a version that is effective now."""
    return await tx.all(
        """
          SELECT bundle.id AS product_id, bundle.code, bundle.name, component.role, component.group_code,
                 component_group.minimum AS group_minimum, component_group.maximum AS group_maximum,
                 component.minimum, component.maximum, component.quantity
            FROM catalog.component
            JOIN catalog.version ON version.id = component.version_id
            JOIN catalog.product AS bundle ON bundle.id = component.bundle_id
            LEFT JOIN catalog.component_group
              ON component_group.version_id = component.version_id
             AND component_group.bundle_id = component.bundle_id
             AND component_group.code = component.group_code
           WHERE component.product_id = %(id)s
             AND version.state = 'published'
             AND version.effective @> base.now()
        ORDER BY bundle.code, component.position
           LIMIT 500
        """,
        {"id": product_id},
        row=ComponentRow,
    )


async def _prices(tx: Tx, product_id: int) -> list[PriceRow]:
    return await tx.all(
        """
          SELECT currency, one_time, recurring, period, lower(valid) AS valid_from, upper(valid) AS valid_until,
                 valid @> base.now() AS is_now
            FROM catalog.price
           WHERE product_id = %(id)s
        ORDER BY currency, lower(valid) DESC
           LIMIT 500
        """,
        {"id": product_id},
        row=PriceRow,
    )


async def list_versions(
    tx: Tx, *, catalogue: str | None = None, product_id: int | None = None, limit: int = PAGE
) -> list[VersionRow]:
    """Versions, the newest first: of one catalogue, or those that sell a product, or of all."""
    return await tx.all(
        """
          SELECT version.id, catalogue.code AS catalogue, version.number, version.state,
                 lower(version.effective) AS effective_from, upper(version.effective) AS effective_until,
                 version.state = 'published' AND version.effective @> base.now() AS is_now,
                 (SELECT count(*) FROM catalog.offering WHERE version_id = version.id)::integer AS product_count,
                 version.imported_at, version.imported_by
            FROM catalog.version
            JOIN catalog.catalogue ON catalogue.id = version.catalogue_id
           WHERE (%(catalogue)s::text IS NULL OR catalogue.code = %(catalogue)s)
             AND (%(product_id)s::bigint IS NULL OR EXISTS (
                 SELECT
                   FROM catalog.offering
                  WHERE offering.version_id = version.id
                    AND offering.product_id = %(product_id)s))
        ORDER BY version.id DESC
           LIMIT %(limit)s
        """,
        {"catalogue": catalogue, "product_id": product_id, "limit": min(limit, PAGE_LIMIT)},
        row=VersionRow,
    )


async def version_source(tx: Tx, version_id: int) -> str:
    """The text that a version was imported from; refuses (404) one that does not exist."""
    source = await tx.value("SELECT source FROM catalog.version WHERE id = %(id)s", {"id": version_id})
    if source is None:
        raise NotFound([Problem("version_unknown", "There is no such catalogue version; look in the list.")])
    assert isinstance(source, str)
    return source
