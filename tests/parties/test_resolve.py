"""References become customers, places and billing accounts, set by set."""

from __future__ import annotations

from dataclasses import replace

from orderloom.base.transaction import Tx
from orderloom.parties import commands, reads
from orderloom.parties.types import AccountDraft, BillingAccountDraft
from tests.parties import given


async def test_a_customer_is_found_by_number_external_id_and_source(tx: Tx) -> None:
    account_id = await given.account(tx, "Acme", external_ids={"crm": "C:7"}, segment="retail")
    number = await given.number(tx, account_id)

    found = await reads.resolve_customers(tx, [number, "C:7", "crm:C:7", "AC-none", number])

    assert set(found) == {number, "C:7", "crm:C:7"}
    customer = found[number]
    assert (customer.account_id, customer.name, customer.segment, customer.is_active) == (
        account_id,
        "Acme",
        "retail",
        True,
    )
    assert (customer.currency, customer.terms_days) == ("USD", 30)
    assert customer.billing_account is not None and customer.billing_account.startswith("BA-")
    assert customer.ship_to_id == customer.bill_to_id is not None
    assert (customer.language, customer.time_zone) == ("en", "America/New_York")
    assert found["C:7"] == replace(customer, reference="C:7")


async def test_a_number_wins_over_an_external_id_and_two_sources_are_ambiguous(tx: Tx) -> None:
    first = await given.account(tx, external_ids={"crm": "7"})
    number = await given.number(tx, first)
    second = await given.account(tx, external_ids={"erp": "7", "odd": number})

    found = await reads.resolve_customers(tx, ["7", "crm:7", "erp:7", number])

    assert {reference: customer.account_id for reference, customer in found.items()} == {
        "crm:7": first,
        "erp:7": second,
        number: first,
    }
    assert reads.unknown_customer("7", "/customer").pointer == "/customer"


async def test_a_customer_inherits_from_the_nearest_account_that_says(tx: Tx) -> None:
    top = await given.account(tx, "Top", language="de", time_zone="Europe/Berlin")
    middle = await given.account(
        tx, "Middle", parent=await given.number(tx, top), time_zone="Asia/Tokyo", billing_accounts=(), addresses=()
    )
    (leaf,) = await given.bare_accounts(tx, [AccountDraft("Leaf", parent=await given.number(tx, middle))])
    reference = await given.number(tx, leaf)

    customer = (await reads.resolve_customers(tx, [reference]))[reference]

    assert customer.path == [top, middle, leaf]
    assert (customer.language, customer.time_zone, customer.currency) == ("de", "Asia/Tokyo", "USD")
    billing = (await reads.account_page(tx, top)).billing_accounts[0]
    assert (customer.billing_account, customer.billing_account_id) == (billing.number, billing.id)
    assert customer.ship_to_id is None


async def test_without_any_billing_account_the_money_is_open(tx: Tx) -> None:
    (bare,) = await given.bare_accounts(tx, [AccountDraft("Bare")])
    reference = await given.number(tx, bare)

    customer = (await reads.resolve_customers(tx, [reference]))[reference]

    assert (customer.billing_account, customer.currency, customer.terms_days) == (None, None, None)
    assert (customer.language, customer.time_zone) == ("en", "UTC")


async def test_places_are_found_on_the_account_and_then_above_it(tx: Tx) -> None:
    top = await given.account(
        tx, "Top", addresses=(replace(given.BERLIN, code="HQ"), replace(given.BERLIN, code="DOCK", street="Alt 1"))
    )
    leaf = await given.account(
        tx,
        "Leaf",
        parent=await given.number(tx, top),
        time_zone="Europe/Paris",
        addresses=(replace(given.MOUNTAIN_VIEW, code="DOCK"),),
    )

    found = await reads.resolve_places(tx, [leaf, leaf, leaf, top], ["HQ", "DOCK", "NONE", "DOCK"])

    assert set(found) == {(leaf, "HQ"), (leaf, "DOCK"), (top, "DOCK")}
    assert (found[leaf, "HQ"].account_id, found[leaf, "DOCK"].account_id) == (top, leaf)
    assert (found[leaf, "DOCK"].country, found[leaf, "DOCK"].time_zone) == ("US", "Europe/Paris")
    assert await reads.places_by_id(tx, [place.id for place in found.values()]) == {p.id: p for p in found.values()}


async def test_a_billing_account_brings_what_its_legal_entity_settles(tx: Tx) -> None:
    await given.legal_entity(tx, "DE", currency="EUR", tax_rounding="total", invoice_series="invoice_de")
    account_id = await given.account(
        tx, billing_accounts=(BillingAccountDraft("DE", terms_days=14, is_tax_exempt=True),)
    )
    (number,) = await tx.values("SELECT number FROM parties.billing_account")

    (billing,) = (await reads.resolve_billing_accounts(tx, [number, "BA-none"])).values()

    assert (billing.account_id, billing.legal_entity, billing.currency) == (account_id, "DE", "EUR")
    assert (billing.tax_rounding, billing.invoice_series) == ("total", "invoice_de")
    assert (billing.terms_days, billing.is_tax_exempt, billing.account_path) == (14, True, [account_id])


async def test_tax_ids_are_kept_compact_with_their_country(tx: Tx) -> None:
    account_id = await given.account(
        tx, billing_accounts=(BillingAccountDraft("US", tax_country="DE", tax_id="DE 136 695 976"),)
    )

    (billing,) = (await reads.account_page(tx, account_id)).billing_accounts

    assert (billing.tax_country, billing.tax_id) == ("DE", "136695976")


async def test_legal_entities_are_listed_and_changed_by_code(tx: Tx) -> None:
    first = await given.legal_entity(tx, "US")
    again = await given.legal_entity(tx, "US", name="Orderloom Inc.", tax_id="91-1144442")

    (entity,) = await reads.list_legal_entities(tx, ["US"])

    assert first == again == entity.id
    assert (entity.name, entity.tax_id, entity.address["city"]) == ("Orderloom Inc.", "911144442", "New York")
    assert entity in await reads.list_legal_entities(tx)
    assert await commands.save_legal_entities(tx, []) == []
