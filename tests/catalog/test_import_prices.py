"""Prices from rows: each holds for its own period, and nothing else moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from orderloom.base.refusals import Forbidden, Refused
from orderloom.base.types import Actor
from orderloom.catalog.commands import import_prices
from orderloom.catalog.events import PricesChanged
from orderloom.catalog.offer import ListPrice
from orderloom.catalog.price_list import HeldPrice, PriceDraft, after
from orderloom.catalog.reads import effective_offers
from tests.catalog import given


async def _price(tx, product, *, at, currency="USD"):
    (offer,) = (await effective_offers(tx, [product], at=at))[product]
    return offer.prices.get(currency)


async def test_a_price_changes_from_its_day_on_and_not_before(tx):
    await given.shop(tx)
    day = (tx.now + timedelta(days=30)).date()
    outcome = await import_prices(tx, [PriceDraft("KIT", "USD", one_time=Decimal(1300), valid_from=day)])

    midnight = datetime.combine(day, datetime.min.time(), UTC)
    assert outcome.changed == 1
    assert await _price(tx, "KIT", at=midnight - timedelta(seconds=1)) == ListPrice(Decimal(1180), None, None)
    assert await _price(tx, "KIT", at=midnight) == ListPrice(Decimal(1300), None, None)


async def test_a_price_with_an_end_gives_way_to_the_one_that_it_interrupted(tx):
    await given.shop(tx)
    begin, end = (tx.now + timedelta(days=10)).date(), (tx.now + timedelta(days=20)).date()
    sale = PriceDraft("LINE", "EUR", recurring=Decimal(59), period="month", valid_from=begin, valid_until=end)
    await import_prices(tx, [sale])

    prices = [await _price(tx, "LINE", at=tx.now + timedelta(days=days), currency="EUR") for days in (5, 15, 25)]
    assert [price.recurring for price in prices if price] == [79, 59, 79]


async def test_importing_the_same_prices_again_changes_nothing_and_tells_nobody(tx):
    await given.shop(tx)
    drafts = [
        PriceDraft("KIT", "USD", one_time=Decimal(1300), valid_from=(tx.now + timedelta(days=3)).date()),
        PriceDraft("CABLE", "USD", one_time=Decimal("2.5"), valid_from=date(2020, 1, 1)),
        PriceDraft("PACK", "JPY", one_time=Decimal(900)),
    ]
    first = await import_prices(tx, drafts)
    told = [event for event in tx.events if isinstance(event, PricesChanged)]
    second = await import_prices(tx, drafts)

    assert (first.changed, second.changed) == (2, 0)
    assert sorted(event.subject.label for event in told) == ["KIT", "PACK"]
    assert len([event for event in tx.events if isinstance(event, PricesChanged)]) == 2


async def test_a_dry_run_counts_and_writes_nothing(tx):
    await given.shop(tx)
    outcome = await import_prices(tx, [PriceDraft("KIT", "USD", one_time=Decimal(1))], dry_run=True)

    assert (outcome.rows, outcome.changed, outcome.is_dry_run) == (1, 1, True)
    assert await _price(tx, "KIT", at=tx.now) == ListPrice(Decimal(1180), None, None)


async def test_every_mistake_is_named_with_its_row_and_nothing_is_written(tx):
    await given.shop(tx)
    rows = [
        PriceDraft("KIT", "USD", one_time=Decimal(1200)),
        PriceDraft("NOTHING", "USD", one_time=Decimal(1)),
        PriceDraft("KIT", "ZZZ", one_time=Decimal(1)),
        PriceDraft("KIT", "USD"),
        PriceDraft("LINE", "USD", recurring=Decimal(1)),
        PriceDraft("KIT", "JPY", one_time=Decimal("1.5")),
        PriceDraft("KIT", "EUR", one_time=Decimal(1), valid_until=date(2020, 1, 1)),
    ]
    with pytest.raises(Refused) as refused:
        await import_prices(tx, rows)
    assert [(p.code, p.pointer) for p in refused.value.problems] == [
        ("product_unknown", "/1/product"),
        ("currency_unknown", "/2/currency"),
        ("price_missing", "/3/one_time"),
        ("period_missing", "/4/period"),
        ("decimals", "/5/one_time"),
        ("validity_over", "/6/valid_until"),
    ]
    assert await _price(tx, "KIT", at=tx.now) == ListPrice(Decimal(1180), None, None)


async def test_two_prices_for_one_moment_are_refused(tx):
    await given.shop(tx)
    with pytest.raises(Refused) as refused:
        await import_prices(
            tx,
            [
                PriceDraft("KIT", "USD", one_time=Decimal(1)),
                PriceDraft("KIT", "USD", one_time=Decimal(2), valid_from=(tx.now + timedelta(days=1)).date()),
            ],
        )
    assert [(p.code, p.pointer) for p in refused.value.problems] == [("price_double", "/1/valid_from")]


async def test_who_may_not_write_the_catalogue_imports_no_prices(tx):
    tx.actor = Actor("user", "Olga", permissions=frozenset({"catalog.read"}))
    with pytest.raises(Forbidden):
        await import_prices(tx, [])


DAYS = st.integers(0, 12)
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def _held(amount: int, start: int, days: int | None) -> HeldPrice:
    ends_at = None if days is None else _BEGIN + timedelta(days=start + days)
    return HeldPrice(1, "USD", Decimal(amount), None, None, _BEGIN + timedelta(days=start), ends_at)


PERIODS = st.builds(_held, st.integers(1, 3), DAYS, st.none() | st.integers(1, 9))


@for_all(st.lists(PERIODS, max_size=6))
def test_at_every_moment_the_price_is_the_one_that_was_imported_last(history):
    listed: list[HeldPrice] = []
    for price in history:
        listed = after(listed, [price])
        assert after(listed, [price]) == listed, "the second time changes nothing"

    for hour in range(24 * 24):
        moment = _BEGIN + timedelta(hours=hour)
        holding = [p for p in listed if p.starts_at <= moment and (p.ends_at is None or moment < p.ends_at)]
        wanted = [p for p in history if p.starts_at <= moment and (p.ends_at is None or moment < p.ends_at)]
        assert [p.one_time for p in holding] == [p.one_time for p in wanted[-1:]]
