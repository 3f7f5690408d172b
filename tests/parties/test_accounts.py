"""Accounts are opened, changed, moved and found."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest
from psycopg.errors import CheckViolation

from orderloom.base.events import StoredEvent, type_name
from orderloom.base.refusals import Forbidden, NotFound, Refused, Stale
from orderloom.base.transaction import Database, Tx, transaction
from orderloom.base.types import SYSTEM, Actor
from orderloom.parties import commands, reads
from orderloom.parties.events import AccountChanged, AccountCreated, AddressesChanged, BillingAccountsChanged
from orderloom.parties.types import (
    AccountDraft,
    AccountEdit,
    AddressDraft,
    BillingAccountDraft,
    ContactDraft,
    ShippingDraft,
)
from tests.parties import given


def codes(refused: pytest.ExceptionInfo[Refused]) -> set[tuple[str, str]]:
    return {(problem.code, problem.pointer) for problem in refused.value.problems}


async def test_an_account_is_opened_with_all_that_belongs_to_it(tx: Tx) -> None:
    account_id = await given.account(
        tx,
        "Café Zürich",
        segment="retail",
        attributes={"floor": 3},
        external_ids={"crm": "C-77"},
        shipping=ShippingDraft(carrier="UPS", delivery="complete"),
    )

    page = await reads.account_page(tx, account_id)

    assert page.number.startswith("AC-")
    assert (page.name, page.segment, page.attributes) == ("Café Zürich", "retail", {"floor": 3})
    assert [(known.source, known.external_id) for known in page.external_ids] == [("crm", "C-77")]
    assert [(place.code, place.is_ship_to, place.is_bill_to) for place in page.places] == [("ADDR-1", True, True)]
    assert [contact.name for contact in page.contacts] == ["Dana Buyer"]
    (billing,) = page.billing_accounts
    assert (billing.number[:3], billing.currency, billing.is_default, billing.terms_days) == ("BA-", "USD", True, 30)
    assert (page.shipping.carrier, page.shipping.delivery, page.shipping.incoterm) == ("UPS", "complete", None)
    assert [row.id for row in page.tree] == [account_id]
    assert any(isinstance(event, AccountCreated) and event.subject.id == account_id for event in tx.events)


async def test_a_batch_may_hold_a_tree(tx: Tx) -> None:
    top, middle, leaf = await given.bare_accounts(
        tx,
        [
            AccountDraft("Top", external_ids={"erp": "1"}),
            AccountDraft("Middle", parent="erp:1", external_ids={"erp": "2"}),
            AccountDraft("Leaf", parent="2"),
        ],
    )

    assert [(row.id, row.parent_id, row.depth) for row in await reads.account_tree(tx, leaf)] == [
        (top, None, 0),
        (middle, top, 1),
        (leaf, middle, 2),
    ]


async def test_every_problem_of_a_draft_is_named(tx: Tx) -> None:
    await given.legal_entity(tx)
    bad = AccountDraft(
        "Bad",
        parent="AC-nowhere",
        country="XX",
        addresses=(AddressDraft("DE", code="A"), AddressDraft("XY", code="A")),
        contacts=(ContactDraft("A", is_primary=True), ContactDraft("B", is_primary=True)),
        billing_accounts=(
            BillingAccountDraft("nobody"),
            BillingAccountDraft("US", currency="XXX"),
            BillingAccountDraft("US", currency="JPY", credit_limit=Decimal("0.5")),
            BillingAccountDraft("US", tax_country="DE", tax_id="DE136695977"),
        ),
        shipping=ShippingDraft(window_from=time(9)),
    )

    with pytest.raises(Refused) as refused:
        await commands.create_accounts(tx, [bad])

    assert codes(refused) == {
        ("account_unknown", "/parent"),
        ("country_unknown", "/country"),
        ("address_required", "/addresses/0/city"),
        ("address_required", "/addresses/0/postal_code"),
        ("address_required", "/addresses/0/street"),
        ("country_unknown", "/addresses/1/country"),
        ("code_double", "/addresses/0/code"),
        ("code_double", "/addresses/1/code"),
        ("default_double", "/contacts"),
        ("legal_entity_unknown", "/billing_accounts/0/legal_entity"),
        ("currency_unknown", "/billing_accounts/1/currency"),
        ("amount_fine", "/billing_accounts/2/credit_limit"),
        ("tax_id_invalid", "/billing_accounts/3/tax_id"),
        ("window_half", "/shipping"),
    }


async def test_an_external_id_is_unique_in_its_source(tx: Tx) -> None:
    await given.account(tx, external_ids={"crm": "7"})

    await given.account(tx, external_ids={"erp": "7"})
    with pytest.raises(Refused) as refused:
        await given.account(tx, external_ids={"crm": "7"})
    with pytest.raises(Refused) as in_batch:
        await given.bare_accounts(
            tx, [AccountDraft("A", external_ids={"crm": "8"}), AccountDraft("B", external_ids={"crm": "8"})]
        )

    assert codes(refused) == {("external_id_taken", "/external_ids/crm")}
    assert codes(in_batch) == {("external_id_taken", "/1/external_ids/crm")}


async def test_a_circle_in_a_batch_is_refused(tx: Tx) -> None:
    with pytest.raises(Refused) as refused:
        await given.bare_accounts(
            tx,
            [
                AccountDraft("A", parent="2", external_ids={"x": "1"}),
                AccountDraft("B", parent="1", external_ids={"x": "2"}),
            ],
        )

    assert {code for code, _ in codes(refused)} == {"parent_circle"}


async def test_a_change_names_what_changed_and_counts_the_version(tx: Tx) -> None:
    account_id = await given.account(tx, "Old name", segment="retail")
    edit = AccountEdit("New name", country="US", segment="retail", external_ids={"crm": "1"})

    await commands.update_account(tx, account_id, edit, version=1)
    tx.events.clear()
    await commands.update_account(tx, account_id, replace(edit, name="Newer name"), version=2)
    await commands.update_account(tx, account_id, replace(edit, name="Newer name"), version=3)

    (event,) = tx.events
    assert isinstance(event, AccountChanged)
    assert (event.before, event.after) == ({"name": "New name"}, {"name": "Newer name"})
    assert (await reads.account_page(tx, account_id)).version == 3


async def test_a_stale_form_is_refused(tx: Tx) -> None:
    account_id = await given.account(tx)
    await commands.update_account(tx, account_id, AccountEdit("First"), version=1)

    with pytest.raises(Stale):
        await commands.update_account(tx, account_id, AccountEdit("Second"), version=1)


async def test_a_subtree_moves_with_its_top_and_never_below_itself(tx: Tx) -> None:
    a = await given.account(tx, "A")
    b = await given.account(tx, "B", parent=await given.number(tx, a))
    c = await given.account(tx, "C", parent=await given.number(tx, b))
    other = await given.account(tx, "Other")

    await commands.update_account(tx, b, AccountEdit("B", parent=await given.number(tx, other)))
    with pytest.raises(Refused) as refused:
        await commands.update_account(tx, b, AccountEdit("B", parent=await given.number(tx, c)))

    assert codes(refused) == {("parent_circle", "/parent")}
    assert await tx.value("SELECT path FROM parties.account WHERE id = %(c)s", {"c": c}) == [other, b, c]


async def test_two_accounts_moved_below_each_other_at_once_are_refused(tx: Tx) -> None:
    a, b = await given.account(tx, "A"), await given.account(tx, "B")
    updates = [
        commands.AccountUpdate(a, AccountEdit("A", parent=await given.number(tx, b)), pointer="/0"),
        commands.AccountUpdate(b, AccountEdit("B", parent=await given.number(tx, a)), pointer="/1"),
    ]

    with pytest.raises(Refused) as refused:
        await commands.update_accounts(tx, updates)

    assert codes(refused) == {("parent_circle", "/0/parent"), ("parent_circle", "/1/parent")}


async def test_the_database_itself_ends_a_circle(tx: Tx) -> None:
    a = await given.account(tx, "A")
    b = await given.account(tx, "B", parent=await given.number(tx, a))

    with pytest.raises(CheckViolation):
        await tx.execute(
            """
            UPDATE parties.account
               SET parent_id = %(b)s, parent_path = (SELECT path FROM parties.account WHERE id = %(b)s)
             WHERE id = %(a)s
            """,
            {"a": a, "b": b},
        )


async def test_a_tree_has_twelve_levels_at_most(tx: Tx) -> None:
    drafts = [AccountDraft(f"L{n}", parent=f"x:{n - 1}" if n else None, external_ids={"x": str(n)}) for n in range(12)]
    *_, last = await given.bare_accounts(tx, drafts)

    with pytest.raises(Refused) as refused:
        await given.bare_accounts(tx, [AccountDraft("Too deep", parent=await given.number(tx, last))])
    other = await given.account(tx, "Other")
    with pytest.raises(Refused) as moved:
        await commands.update_account(
            tx, (await reads.account_tree(tx, last))[0].id, AccountEdit("L0", parent=await given.number(tx, other))
        )

    assert codes(refused) == {("tree_deep", "/parent")}
    assert codes(moved) == {("tree_deep", "/parent")}


async def test_accounts_are_found_by_words_without_case_and_accents_page_by_page(tx: Tx) -> None:
    for name in ("Ängström Café", "Ångstrom Bar", "Zebra 100%", "Zebra 1000"):
        await given.account(tx, name)

    assert [row.name for row in await reads.list_accounts(tx, search="ANGSTROM caf")] == ["Ängström Café"]
    assert [row.name for row in await reads.list_accounts(tx, search="100%")] == ["Zebra 100%"]
    first = await reads.list_accounts(tx, search="a", country="US", is_active=True, limit=2)
    rest = await reads.list_accounts(tx, search="a", after=(first[-1].name, first[-1].id))
    names = [row.name for row in [*first, *rest]]
    assert len(names) == len(set(names)) == 4
    assert names == await tx.values("SELECT name FROM parties.account ORDER BY name, id")


async def test_an_account_is_found_by_its_number(tx: Tx) -> None:
    account_id = await given.account(tx)

    found = await reads.list_accounts(tx, search=await given.number(tx, account_id))

    assert [row.id for row in found] == [account_id]
    assert found[0].billing_accounts == 1


async def test_the_children_of_an_account_are_listed(tx: Tx) -> None:
    parent = await given.account(tx, "Parent", segment="s")
    child = await given.account(tx, "Child", parent=await given.number(tx, parent))

    (row,) = await reads.list_accounts(tx, parent_id=parent)

    assert (row.id, row.parent) == (child, await given.number(tx, parent))
    assert [found.id for found in await reads.list_accounts(tx, segment="s")] == [parent]


async def test_places_are_saved_by_code_and_the_default_moves(tx: Tx) -> None:
    account_id = await given.account(tx)
    tx.events.clear()

    (second,) = await commands.save_addresses(tx, account_id, [replace(given.BERLIN, is_ship_to=True)])
    (again,) = await commands.save_addresses(
        tx, account_id, [replace(given.BERLIN, code="ADDR-2", street="Unter den Linden 1", is_ship_to=True)]
    )

    places = {place.code: place for place in (await reads.account_page(tx, account_id)).places}
    assert second == again == places["ADDR-2"].id
    assert [code for code, place in places.items() if place.is_ship_to] == ["ADDR-2"]
    assert [code for code, place in places.items() if place.is_bill_to] == ["ADDR-1"]
    added, changed = tx.events
    assert isinstance(added, AddressesChanged) and isinstance(changed, AddressesChanged)
    assert added.before == {"ADDR-1": added.before["ADDR-1"], "ADDR-2": None}
    assert changed.after["ADDR-2"]["street"] == "Unter den Linden 1"


async def test_a_retired_place_is_not_found_for_orders_any_more(tx: Tx) -> None:
    account_id = await given.account(tx)

    retired = await commands.retire_addresses(tx, account_id, ["ADDR-1", "ADDR-9"])

    assert retired == ["ADDR-1"]
    assert await reads.resolve_places(tx, [account_id], ["ADDR-1"]) == {}
    assert (await reads.resolve_customers(tx, [await given.number(tx, account_id)])).popitem()[1].ship_to_id is None


async def test_contacts_are_added_changed_and_retired(tx: Tx) -> None:
    account_id = await given.account(tx)

    (first,) = await commands.add_contacts(tx, account_id, [ContactDraft("Ann", is_primary=True)])
    (second,) = await commands.add_contacts(tx, account_id, [ContactDraft("Bob", is_primary=True)])
    await commands.update_contact(tx, account_id, first, ContactDraft("Anna", role="purchasing"))
    with pytest.raises(NotFound):
        await commands.update_contact(tx, account_id, 10**9, ContactDraft("Nobody"))
    retired = await commands.retire_contacts(tx, account_id, [second])

    contacts = (await reads.account_page(tx, account_id)).contacts
    assert retired == [second]
    assert {(contact.name, contact.role, contact.is_primary) for contact in contacts} == {
        ("Anna", "purchasing", False),
        ("Dana Buyer", None, False),
    }


async def test_billing_accounts_are_added_changed_and_closed(tx: Tx) -> None:
    account_id = await given.account(tx)
    (first,) = (await reads.account_page(tx, account_id)).billing_accounts
    tx.events.clear()

    (number,) = await commands.add_billing_accounts(
        tx, account_id, [BillingAccountDraft("US", name="Plant", currency="EUR", is_default=True)]
    )
    await commands.update_billing_account(
        tx, number, BillingAccountDraft("US", name="Plant 2", credit_limit=Decimal("1000.50"), is_default=True)
    )
    with pytest.raises(Refused) as fixed:
        await commands.update_billing_account(tx, number, BillingAccountDraft("US", currency="USD"))
    with pytest.raises(NotFound):
        await commands.update_billing_account(tx, "BA-none", BillingAccountDraft("US"))
    closed = await commands.close_billing_accounts(tx, account_id, [first.number])

    found = await reads.resolve_billing_accounts(tx, [first.number, number])
    assert codes(fixed) == {("billing_account_fixed", "/currency")}
    assert closed == [first.number]
    assert (found[number].name, found[number].currency, found[number].credit_limit) == (
        "Plant 2",
        "EUR",
        Decimal("1000.50"),
    )
    assert [n for n, billing in found.items() if billing.is_default] == [number]
    assert [n for n, billing in found.items() if billing.is_active] == [number]
    assert found == {
        b.number: b for b in (await reads.billing_accounts_by_id(tx, [b.id for b in found.values()])).values()
    }
    assert all(isinstance(event, BillingAccountsChanged) for event in tx.events)


async def test_shipping_preferences_come_from_the_nearest_account_that_says(tx: Tx) -> None:
    top = await given.account(tx, shipping=ShippingDraft(carrier="UPS", incoterm="DAP", delivery="complete"))
    leaf = await given.account(tx, parent=await given.number(tx, top))

    await commands.set_shipping_preference(
        tx, leaf, ShippingDraft(carrier="DHL", window_from=time(8), window_to=time(12))
    )
    await commands.set_shipping_preference(
        tx, leaf, ShippingDraft(carrier="DHL", window_from=time(8), window_to=time(12))
    )

    found = (await reads.shipping_preferences(tx, [top, leaf]))[leaf]
    assert (found.carrier, found.incoterm, found.delivery, found.window_from) == ("DHL", "DAP", "complete", time(8))
    assert (await reads.account_page(tx, leaf)).version == 2


async def test_facts_can_be_written_and_read_back(database: Database) -> None:
    async with transaction(database, SYSTEM) as tx:
        account_id = await given.account(
            tx, attributes={"a": Decimal("1.50")}, shipping=ShippingDraft(window_from=time(8), window_to=time(9))
        )
        await commands.set_shipping_preference(tx, account_id, ShippingDraft(cut_off=time(14)))
        await commands.save_addresses(tx, account_id, [given.BERLIN])
        await commands.add_billing_accounts(tx, account_id, [BillingAccountDraft("US", credit_limit=Decimal("9.99"))])
        await commands.add_contacts(tx, account_id, [ContactDraft("Ann")])
        await commands.update_account(tx, account_id, AccountEdit("New"))
        emitted = list(tx.events)

    async with transaction(database, SYSTEM) as tx:
        stored = await tx.all(
            """
            SELECT id, at, type, actor_kind, actor_name, user_id, subject_kind, subject_id, subject_label, account_id,
                   payload
              FROM base.event
             ORDER BY id
            """,
            row=StoredEvent,
        )
    assert [event.type for event in stored] == [type_name(type(event)) for event in emitted]
    read = [type(event).from_stored(row) for event, row in zip(emitted, stored, strict=True)]
    assert [event.subject for event in read] == [event.subject for event in emitted]


async def test_writing_needs_the_permission_and_reading_too(tx: Tx) -> None:
    account_id = await given.account(tx)
    tx.actor = Actor("user", "Nobody", all_accounts=True)

    with pytest.raises(Forbidden):
        await given.bare_accounts(tx, [AccountDraft("A")])
    with pytest.raises(Forbidden):
        await commands.update_account(tx, account_id, AccountEdit("B"))
    with pytest.raises(Forbidden):
        await reads.list_accounts(tx)
    with pytest.raises(Forbidden):
        await reads.account_page(tx, account_id)
