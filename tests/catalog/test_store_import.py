"""Importing catalogues into a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from orderloom.base.refusals import NotFound, Refused
from orderloom.catalog.commands import CatalogueFile, import_catalogues, retire_versions
from orderloom.catalog.events import CatalogueImported, CatalogueRetired
from orderloom.catalog.offer import ListPrice
from orderloom.catalog.reads import (
    ProductFilter,
    effective_offers,
    list_products,
    list_versions,
    load_catalogue,
    product_page,
    version_source,
)
from orderloom.catalog.verify import INVARIANTS
from tests.catalog import given


async def test_an_imported_catalogue_is_effective_and_told_once(tx):
    version_id = await given.shop(tx)

    (event,) = tx.events
    assert isinstance(event, CatalogueImported)
    assert (event.catalogue, event.before, event.after, event.product_count) == ("shop", None, 1, 6)
    (version,) = await list_versions(tx, catalogue="shop")
    assert (version.id, version.number, version.is_now, version.product_count) == (version_id, 1, True, 6)
    assert await version_source(tx, version_id) == given.SHOP


async def test_importing_an_unchanged_file_changes_nothing(tx):
    first = await given.shop(tx)
    second = await given.shop(tx, given.SHOP.replace("version: 1", "version: 9 # only a number"))

    assert first == second
    assert len(tx.events) == 1


async def test_changed_content_is_the_next_version_and_ends_the_one_before(tx):
    first = await given.shop(tx)
    await tx.execute("UPDATE catalog.version SET effective = tstzrange(base.now() - interval '1 day', NULL)")
    await tx.execute("UPDATE catalog.price SET valid = tstzrange(base.now() - interval '1 day', NULL)")
    second = await given.shop(tx, given.SHOP.replace("one_time: 1180", "one_time: 1200"))

    versions = await list_versions(tx, catalogue="shop")
    assert [(v.id, v.number, v.is_now) for v in versions] == [(second, 2, True), (first, 1, False)]
    now = (await effective_offers(tx, ["KIT"], at=tx.now))["KIT"]
    before = (await effective_offers(tx, ["KIT"], at=tx.now - timedelta(hours=1)))["KIT"]
    assert [offer.prices["USD"].one_time for offer in (*now, *before)] == [1200, 1180]
    assert [offer.version_id for offer in (*now, *before)] == [second, first]
    prices = await tx.all("SELECT count(*), count(*) FILTER (WHERE upper_inf(valid)) FROM catalog.price")
    assert prices == [(5, 4)]


async def test_a_future_version_waits_for_its_day(tx):
    first = await given.shop(tx)
    second = await given.shop(tx, given.SHOP.replace("version: 1", "version: 2\nvalid_from: 2999-01-01"))

    assert (await effective_offers(tx, ["KIT"], at=tx.now))["KIT"][0].version_id == first
    later = (await effective_offers(tx, ["KIT"], at=tx.now + timedelta(days=366 * 1000)))["KIT"][0]
    assert later.version_id == second


async def test_two_versions_are_never_effective_at_once(tx):
    await given.shop(tx)
    with pytest.raises(psycopg.errors.ExclusionViolation, match="one_version_is_effective"):
        await tx.execute(
            """
            INSERT INTO catalog.version (catalogue_id, number, state, effective, source, document, content_hash,
                                         imported_by)
            SELECT catalogue_id, 99, state, effective, source, document, 'x', 'x' FROM catalog.version
            """
        )


async def test_two_prices_never_hold_at_once(tx):
    await given.shop(tx)
    with pytest.raises(psycopg.errors.ExclusionViolation, match="one_price_at_a_time"):
        await tx.execute(
            """
            INSERT INTO catalog.price (price_list_id, product_id, currency, one_time, valid)
            SELECT price_list_id, product_id, currency, 1, valid FROM catalog.price LIMIT 1
            """
        )


async def test_offers_resolve_codes_and_names_with_prices_in_every_currency(tx):
    await given.shop(tx)

    offers = await effective_offers(tx, ["LINE", "Fusion splicer", "nothing like it"], at=tx.now)

    assert sorted(offers) == ["Fusion splicer", "LINE"]
    (line,) = offers["LINE"]
    assert line.prices == {
        "USD": ListPrice(Decimal(49), Decimal(89), "month"),
        "EUR": ListPrice(None, Decimal(79), "month"),
    }
    assert (offers["Fusion splicer"][0].code, offers["Fusion splicer"][0].prices) == ("SPLICER", {})


async def test_a_loaded_catalogue_says_what_the_file_said(tx):
    catalogue = await load_catalogue(tx, await given.shop(tx))

    assert catalogue.code == "shop"
    assert catalogue is await load_catalogue(tx, (await list_versions(tx))[0].id)
    assert [component.quantity for component in catalogue.products["KIT"].components] == [1, 3, 1]


async def test_a_product_belongs_to_one_catalogue(tx):
    await given.shop(tx)
    other = given.SHOP.replace("catalogue: shop", "catalogue: other")

    with pytest.raises(Refused) as refused:
        await import_catalogues(tx, [CatalogueFile("other.yaml", other)])

    assert {problem.code for problem in refused.value.problems} == {"product_elsewhere"}
    assert refused.value.problems[0].pointer.startswith("other.yaml#/products/")


async def test_every_problem_of_every_file_is_named_and_nothing_written(tx):
    with pytest.raises(Refused) as refused:
        await import_catalogues(
            tx, [CatalogueFile("a.yaml", "catalogue: a\nversion: 0"), CatalogueFile("b.yaml", "surprise: 1")]
        )

    assert {problem.pointer.split("#")[0] for problem in refused.value.problems} == {"a.yaml", "b.yaml"}
    assert await tx.value("SELECT count(*) FROM catalog.catalogue") == 0


async def test_a_retired_version_is_no_longer_offered(tx):
    version_id = await given.shop(tx)

    assert await retire_versions(tx, [version_id], reason="Withdrawn") == [version_id]
    assert await retire_versions(tx, [version_id], reason="Withdrawn") == []
    assert await effective_offers(tx, ["KIT"], at=tx.now) == {}
    assert [type(event) for event in tx.events] == [CatalogueImported, CatalogueRetired]


async def test_the_product_list_is_found_by_text_and_paged_by_code(tx):
    await given.shop(tx)

    assert [row.code for row in await list_products(tx, limit=2)] == ["CABLE", "KIT"]
    assert [row.code for row in await list_products(tx, after="KIT", limit=2)] == ["LINE", "PACK"]
    (splicer,) = await list_products(tx, ProductFilter(text="SPLÍC"))
    assert (splicer.code, splicer.tracking, splicer.is_sold) == ("SPLICER", "serial", True)
    assert [row.code for row in await list_products(tx, ProductFilter(is_bundle=True))] == ["KIT"]
    assert await list_products(tx, ProductFilter(text="100%")) == []


async def test_a_product_page_shows_parts_uses_prices_and_versions(tx):
    await given.shop(tx)
    ids = dict(await tx.all("SELECT code, id FROM catalog.product"))

    kit, pack = await product_page(tx, ids["KIT"]), await product_page(tx, ids["PACK"])

    assert [(part.code, part.quantity) for part in kit.components] == [("SPLICER", 1), ("PACK", 3), ("PLAN", 1)]
    assert [bundle.code for bundle in pack.used_in] == ["KIT"]
    assert [price.one_time for price in kit.prices] == [1180]
    assert [version.number for version in pack.versions] == [1]
    with pytest.raises(NotFound):
        await product_page(tx, 0)


@pytest.mark.parametrize(
    ("place", "breakage"),
    [
        (0, "UPDATE catalog.product SET is_bundle = true WHERE code = 'PACK'"),
        (
            1,
            """INSERT INTO catalog.component (version_id, bundle_id, position, product_id)
               SELECT version_id, product_id, 0, bundle_id FROM catalog.component WHERE position = 0""",
        ),
        (2, "DELETE FROM catalog.component; DELETE FROM catalog.offering"),
    ],
)
async def test_verify_finds_what_is_broken(tx, place, breakage):
    await given.shop(tx)
    assert all([await tx.all(invariant.sql) == [] for invariant in INVARIANTS])

    await tx.execute(breakage)

    assert await tx.all(INVARIANTS[place].sql) != []
