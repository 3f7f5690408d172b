"""Everything published that decides prices, and the circumstances of a customer, ready for `price()`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from orderloom.base.money import cent
from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.catalog.offer import ListPrice
from orderloom.catalog.price_book import Book
from orderloom.catalog.price_shelf import HeldRule, SoldProduct, book_of
from orderloom.catalog.price_types import Context, Place, Rounding, Shared, TaxTerms
from orderloom.catalog.tax import TaxRate, TaxTable, tax_table
from orderloom.catalog.types import Scalar

COST_RIGHT = "catalog.cost"


async def price_book(
    tx: Tx,
    *,
    products: Iterable[str],
    currency: str,
    on: date,
    customers: Iterable[str] = (),
    tax_on: date | None = None,
    at: datetime | None = None,
) -> Book:
    """Everything that decides what these products cost in a currency on a day, in three queries.

    `customers` are the account numbers whose contract prices matter: `Buyer.customers` of each. Prices of
    the standard list are those that hold at a moment of that day: now, or on another day when it ends (UTC).
    With a moment (`at`), what was published after it is left out, so that what was priced then comes out again.
    """
    codes = sorted(set(products))
    sold = await _sold_products(tx, codes, currency=currency, at=at or _moment(tx.now, on))
    rules = await _held_rules(tx, codes, sorted(set(customers)), currency=currency, on=on, at=at)
    taxes = await tax_rates(tx, first=tax_on or on, last=tax_on or on)
    return book_of(rules, sold, taxes, currency=currency)


@dataclass(frozen=True, slots=True)
class Touched:
    """Which of some products have prices beside the standard list's: these, or whatever is sold; and limits by hand."""

    products: frozenset[str] = frozenset()
    everything: bool = False
    limits: bool = False


async def touched_products(tx: Tx, product_ids: Iterable[int], *, on: date) -> Touched:
    """What has to be priced by the rules; the rest costs what the standard list says. One query."""
    rows = await tx.all(
        """
        SELECT product.code, false AS limits
          FROM catalog.price_rule
          JOIN catalog.product ON product.id = price_rule.product_id
         WHERE price_rule.product_id = ANY(%(ids)s)
           AND price_rule.kind IN ('price', 'contract', 'option', 'terms')
           AND price_rule.content IS NOT NULL
           AND valid @> %(on)s::date
         UNION
        SELECT CASE WHEN NOT content ? 'categories' THEN named.code END,
               price_rule.kind IN ('limit', 'floor')
          FROM catalog.price_rule
          LEFT JOIN LATERAL jsonb_array_elements_text(content -> 'products') AS named (code) ON true
         WHERE price_rule.kind IN ('schedule', 'promotion', 'limit', 'floor')
           AND content IS NOT NULL
           AND valid @> %(on)s::date
        """,
        {"ids": list(product_ids), "on": on},
    )
    return Touched(
        products=frozenset(code for code, _ in rows if code is not None),
        everything=any(code is None and not limits for code, limits in rows),
        limits=any(limits for _, limits in rows),
    )


def _moment(now: datetime, on: date) -> datetime:
    if on == now.astimezone(UTC).date():
        return now
    return datetime.combine(on + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


async def _held_rules(
    tx: Tx, codes: Sequence[str], customers: Sequence[str], *, currency: str, on: date, at: datetime | None
) -> list[HeldRule]:
    """Of each rule the highest version that holds on the day; those that withdraw it are left out."""
    return await tx.all(
        """
        WITH held AS (
             SELECT DISTINCT ON (price_rule.kind, price_rule.code)
                    price_rule.kind, price_rule.code, price_rule.version, lower(valid) AS valid_from,
                    upper(valid) AS valid_until, currency, list_code, product.code AS product,
                    account.number AS customer, content
               FROM catalog.price_rule
               LEFT JOIN catalog.product ON product.id = price_rule.product_id
               LEFT JOIN parties.account ON account.id = price_rule.account_id
              WHERE valid @> %(on)s::date
                AND (%(at)s::timestamptz IS NULL OR price_rule.published_at <= %(at)s)
                AND (price_rule.product_id IS NULL
                     OR price_rule.product_id IN (SELECT id FROM catalog.product WHERE code = ANY(%(codes)s)))
                AND (price_rule.account_id IS NULL
                     OR price_rule.account_id IN (SELECT id FROM parties.account WHERE number = ANY(%(customers)s)))
                AND (currency IS NULL OR currency = %(currency)s OR price_rule.kind IN ('cost', 'floor', 'rate'))
           ORDER BY price_rule.kind, price_rule.code, price_rule.version DESC)
        SELECT * FROM held WHERE content IS NOT NULL
        """,
        {"codes": codes, "customers": customers, "currency": currency, "on": on, "at": at},
        row=HeldRule,
    )


async def _sold_products(tx: Tx, codes: Sequence[str], *, currency: str, at: datetime) -> list[SoldProduct]:
    rows = await tx.all(
        """
        SELECT product.code, product.unit, unit.decimals, coalesce(product.class, '') AS category,
               product.tax_category, standard.one_time, standard.recurring, standard.period,
               coalesce(standard.version, 0) AS version
          FROM catalog.product
          JOIN catalog.unit ON unit.code = product.unit
          LEFT JOIN (
               SELECT product_id, one_time, recurring, period, valid,
                      row_number() OVER (PARTITION BY product_id ORDER BY lower(valid))::integer AS version
                 FROM catalog.price
                WHERE currency = %(currency)s
                  AND price_list_id = (SELECT id FROM catalog.price_list WHERE code = 'standard')
                  AND product_id IN (SELECT id FROM catalog.product WHERE code = ANY(%(codes)s))) AS standard
            ON standard.product_id = product.id AND standard.valid @> %(at)s::timestamptz
         WHERE product.code = ANY(%(codes)s)
        """,
        {"codes": codes, "currency": currency, "at": at},
    )
    return [
        SoldProduct(
            code=code,
            unit=unit,
            decimals=decimals,
            category=category,
            tax_category=tax_category,
            standard=ListPrice(one_time, recurring, period) if version else None,
            standard_version=version,
        )
        for code, unit, decimals, category, tax_category, one_time, recurring, period, version in rows
    ]


async def tax_rates(tx: Tx, countries: Iterable[str] | None = None, *, first: date, last: date) -> TaxTable:
    """The table of taxes that hold on any day between two, both included; of some countries or of all."""
    rows = await tx.all(
        """
        SELECT country, category, percent, name, region, treatment, valid_from, valid_to AS valid_until
          FROM catalog.tax_rate
         WHERE daterange(valid_from, valid_to) && daterange(%(first)s::date, %(last)s::date, '[]')
           AND (%(countries)s::text[] IS NULL OR country = ANY(%(countries)s))
      ORDER BY id
        """,
        {"first": first, "last": last, "countries": None if countries is None else sorted(countries)},
        row=TaxRate,
    )
    return tax_table(rows)


@dataclass(frozen=True, slots=True)
class Buyer:
    """What of a customer decides prices: those above it (itself first), segment, and how it is taxed by whom."""

    account_id: int
    customers: list[str]
    segment: str | None
    country: str | None
    is_tax_exempt: bool
    rounding: Rounding


async def buyers(tx: Tx, account_ids: Iterable[int], billing_account_ids: Iterable[int] = ()) -> dict[int, Buyer]:
    """What decides the prices of these customers, in one query.

    Tax is that of the billing account named here which is theirs or above them, else of their default
    one; without any it is rounded per line and due where the customer is.
    """
    rows = await tx.all(
        """
        SELECT account.id AS account_id, lines.customers, lines.segment,
               coalesce(billing.tax_country, account.country, entity.address ->> 'country') AS country,
               coalesce(billing.is_tax_exempt, false) AS is_tax_exempt,
               coalesce(entity.tax_rounding, 'line') AS rounding
          FROM parties.account
         CROSS JOIN LATERAL (
               SELECT array_agg(line.number ORDER BY cardinality(line.path) DESC) AS customers,
                      (array_agg(line.segment ORDER BY cardinality(line.path) DESC)
                        FILTER (WHERE line.segment IS NOT NULL))[1] AS segment
                 FROM parties.account AS line
                WHERE line.id = ANY(account.path)) AS lines
          LEFT JOIN LATERAL (
               SELECT own.tax_country, own.is_tax_exempt, own.legal_entity_id
                 FROM unnest(account.path) WITH ORDINALITY AS line (id, depth)
                 JOIN parties.billing_account AS own
                   ON own.account_id = line.id
                  AND (own.is_default OR own.id = ANY(%(billing)s))
             ORDER BY own.id = ANY(%(billing)s) DESC, line.depth DESC
                LIMIT 1) AS billing ON true
          LEFT JOIN parties.legal_entity AS entity ON entity.id = billing.legal_entity_id
         WHERE account.id = ANY(%(ids)s)
        """,
        {"ids": list(account_ids), "billing": list(billing_account_ids)},
        row=Buyer,
    )
    return {row.account_id: row for row in rows}


async def price_context(
    tx: Tx,
    book: Book,
    *,
    account_id: int,
    currency: str,
    on: date,
    channel: str | None = None,
    billing_account_id: int | None = None,
    place: Place | None = None,
    shared: tuple[Shared, ...] = (),
    facts: Mapping[str, Scalar] | None = None,
) -> Context:
    """The circumstances of one customer, as the actor of the transaction may ask for prices; one query.

    Tax is due at `place`, or else where the billing account says, rounded as its legal entity does.
    """
    named = () if billing_account_id is None else (billing_account_id,)
    buyer = (await buyers(tx, [account_id], named)).get(account_id)
    if buyer is None:
        raise NotFound([Problem("customer_unknown", "There is no such customer; look for it in the list.")])
    return context_of(
        buyer, book, tx.actor, currency=currency, on=on, channel=channel, place=place, shared=shared, facts=facts
    )


def context_of(
    buyer: Buyer,
    book: Book,
    actor: Actor,
    *,
    currency: str,
    on: date,
    channel: str | None = None,
    place: Place | None = None,
    shared: tuple[Shared, ...] = (),
    facts: Mapping[str, Scalar] | None = None,
    refuse_unpriced: bool = True,
) -> Context:
    """The same for a customer who is known already."""
    country = Place(buyer.country) if buyer.country else None
    return Context(
        currency=currency,
        cent=cent(currency),
        on=on,
        customers=tuple(buyer.customers),
        segment=buyer.segment,
        channel=channel,
        place=place or country,
        tax=TaxTerms(buyer.rounding, "exempt" if buyer.is_tax_exempt else "taxed"),
        shared=shared,
        rights=rights_of(book, actor),
        may_see_cost=actor.may(COST_RIGHT),
        refuse_unpriced=refuse_unpriced,
        facts=facts or {},
    )


def rights_of(book: Book, actor: Actor) -> frozenset[str]:
    """Of the rights that the book asks for, those that the actor has."""
    asked = {limit.right for limit in book.limits if limit.right} | {book.floor_right}
    return frozenset(right for right in asked if actor.may(right))
