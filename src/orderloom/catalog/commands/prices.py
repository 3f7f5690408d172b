"""Verbs of prices: put them into the standard list, publish everything else that decides a price."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from psycopg.errors import CheckViolation, ExclusionViolation

from orderloom.base.refusals import Problem, Refused, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.catalog.events import PriceRulePublished, PricesChanged
from orderloom.catalog.price_drafts import PricesDraft, TaxRateDraft
from orderloom.catalog.price_list import HeldPrice, PriceDraft, after, draft_problems, period_of
from orderloom.catalog.price_rules import SECRET_KINDS, Known, WantedRule, rule_problems, wanted_rules
from orderloom.catalog.store import prices as store
from orderloom.parties.policy import require
from orderloom.parties.reads import resolve_customers


@dataclass(frozen=True, slots=True)
class ImportedPrices:
    """What an import of prices did, or would do: rows read, and products that changed."""

    rows: int
    changed: int
    is_dry_run: bool


async def import_prices(tx: Tx, drafts: Sequence[PriceDraft], *, dry_run: bool = False) -> ImportedPrices:
    """Put prices into the standard list, each for its own period; all rows or none, every problem by row.

    A price changes from its day on only: what is past stays, and orders keep the price they were
    captured with. Importing the same again changes nothing and tells nobody.
    """
    require(tx.actor, "catalog.write")
    product_ids = await store.product_ids(tx, sorted({draft.product for draft in drafts}))
    refuse_if_any(draft_problems(drafts, product_ids, now=tx.now))

    known = await store.held_prices(tx, sorted(product_ids.values()))
    listed = after(known, [_held(draft, product_ids, tx.now) for draft in drafts])
    fresh = [price for price in listed if price.id is None]
    kept = {price.id for price in listed}
    gone = [price for price in known if price.id not in kept]
    if not dry_run:
        await store.replace_prices(tx, gone=[price.id for price in gone if price.id is not None], fresh=fresh)
        tx.emit(_price_changes(product_ids, gone, fresh))
    changed = {price.product_id for price in (*gone, *fresh)}
    return ImportedPrices(rows=len(drafts), changed=len(changed), is_dry_run=dry_run)


def _held(draft: PriceDraft, product_ids: Mapping[str, int], now: datetime) -> HeldPrice:
    starts_at, ends_at = period_of(draft, now=now)
    return HeldPrice(
        product_id=product_ids[draft.product],
        currency=draft.currency,
        one_time=draft.one_time,
        recurring=draft.recurring,
        period=draft.period,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def _price_changes(
    product_ids: Mapping[str, int], gone: Sequence[HeldPrice], fresh: Sequence[HeldPrice]
) -> Iterator[PricesChanged]:
    for code, product_id in product_ids.items():
        before = tuple(_told(price) for price in gone if price.product_id == product_id)
        now_held = tuple(_told(price) for price in fresh if price.product_id == product_id)
        if before or now_held:
            yield PricesChanged(Subject("product", product_id, code), before=before, after=now_held)


def _told(price: HeldPrice) -> dict[str, object]:
    return {name: value for name, value in asdict(price).items() if name not in {"id", "product_id"}}


@dataclass(frozen=True, slots=True)
class PublishedPrices:
    """What publishing did, or would do: rules read, and those that got a new version."""

    rules: int
    published: int
    is_dry_run: bool
    changes: tuple[str, ...]


async def publish_prices(tx: Tx, draft: PricesDraft, *, dry_run: bool = False) -> PublishedPrices:
    """Publish price lists and everything else that decides a price: all of it, or every problem with its pointer.

    A rule whose content or days are new becomes its next version; what stands already is passed over, so
    that the same file changes nothing the second time. Nothing published is ever changed: on each day the
    highest version that names it holds. What is known starts today at the earliest: the past stays as it was.
    """
    require(tx.actor, "catalog.write")
    currencies = await store.list_currencies(tx)
    wanted = wanted_rules(draft, currencies)
    if any(rule.kind in SECRET_KINDS for rule in wanted):
        require(tx.actor, "catalog.cost")
    products = {code: (id, unit) for code, id, unit in await store.product_units(tx, _named(wanted, "product"))}
    customers = await resolve_customers(tx, _named(wanted, "customer"))
    accounts = {reference: customer.account_id for reference, customer in customers.items()}
    known = Known({code: unit for code, (_, unit) in products.items()}, accounts, frozenset(currencies))
    refuse_if_any(rule_problems(wanted, known, today=tx.now.date()))

    versions = await store.known_versions(tx, list(dict.fromkeys(rule.key for rule in wanted)))
    ids = {code: id for code, (id, _) in products.items()}
    fresh = [
        _new_rule(rule, number, valid_from, ids, accounts)
        for rule, number, valid_from in _next_versions(wanted, versions, today=tx.now.date())
    ]
    if not dry_run:
        published = await store.insert_rules(tx, fresh)
        tx.emit(_published(rule, id) for rule, id in zip(fresh, published, strict=True))
    changes = tuple(f"{rule.kind} {rule.code} version {rule.version}" for rule in fresh)
    return PublishedPrices(rules=len(wanted), published=len(fresh), is_dry_run=dry_run, changes=changes)


def _named(wanted: Sequence[WantedRule], what: str) -> list[str]:
    return sorted({name for rule in wanted if (name := getattr(rule, what)) is not None})


def _next_versions(
    wanted: Sequence[WantedRule], versions: Sequence[store.KnownVersion], *, today: date
) -> Iterator[tuple[WantedRule, int, date]]:
    """The rules that are not yet what was published last, each with its number and first day."""
    known: dict[tuple[str, str], list[str]] = {}
    for version in versions:
        known.setdefault((version.kind, version.code), []).append(version.content_hash)
    by_key: dict[tuple[str, str], list[WantedRule]] = {}
    for rule in wanted:
        by_key.setdefault(rule.key, []).append(rule)
    for key, several in by_key.items():
        published = known.get(key, [])
        live = [rule for rule in several if rule.draft.valid_until is None or rule.draft.valid_until > today]
        if not live or published[-len(live) :] == [rule.content_hash() for rule in live]:
            continue
        for number, rule in enumerate(live, start=len(published) + 1):
            begins = rule.draft.valid_from or today
            yield rule, number, max(begins, today) if published else begins


def _new_rule(
    rule: WantedRule, number: int, valid_from: date, products: Mapping[str, int], accounts: Mapping[str, int]
) -> store.NewRule:
    return store.NewRule(
        kind=rule.kind,
        code=rule.code,
        version=number,
        valid_from=valid_from,
        valid_until=rule.draft.valid_until,
        currency=rule.currency,
        list_code=rule.list_code,
        product_id=None if rule.product is None else products[rule.product],
        account_id=None if rule.customer is None else accounts[rule.customer],
        content=rule.content(),
        content_hash=rule.content_hash(),
    )


def _published(rule: store.NewRule, id: int) -> PriceRulePublished:
    return PriceRulePublished(
        Subject("price_rule", id, f"{rule.kind} {rule.code}", rule.account_id),
        kind=rule.kind,
        before=rule.version - 1 or None,
        after=rule.version,
        is_withdrawn=rule.content is None,
    )


async def save_tax_rates(tx: Tx, drafts: Sequence[TaxRateDraft]) -> int:
    """Write tax rates by country, region, category, name and first day; return how many are new.

    A rate without an end is ended by the next one. Two rates of one name for one day are refused.
    """
    try:
        async with tx.savepoint():
            return await store.upsert_tax_rates(tx, drafts)
    except (ExclusionViolation, CheckViolation):
        message = "Two rates of one name would be valid on one day, or one ends before it begins; check the days."
        raise Refused([Problem("tax_rates_overlap", message, "/rates")]) from None
