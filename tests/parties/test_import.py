"""Customers come from rows of a table file, as often as one likes."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from orderloom.base.refusals import Refused
from orderloom.base.transaction import Tx
from orderloom.parties import reads
from orderloom.parties.commands import import_customers
from orderloom.parties.customer_rows import CustomerRow, read_customer_rows
from orderloom.parties.events import AccountChanged, AccountCreated
from orderloom.parties.types import ImportOutcome
from tests.parties import given

FILE = """\
external_id,name,parent,country,segment,legal_entity,terms_days,credit_limit,street,city,area,postal_code,contact
2,Acme West,1,US,retail,,,,1600 Amphitheatre Pkwy,Mountain View,CA,94043,
1,Acme,,US,retail,US,14,5000.00,1 Main St,New York,NY,10001,Ann
3,Beta,,DE,,US,,,Weg 1,Berlin,,10115,
"""


def rows_of(text: str) -> tuple[list[CustomerRow], list[tuple[str, str]]]:
    rows, problems = read_customer_rows(csv.DictReader(io.StringIO(text)))
    return rows, [(problem.code, problem.pointer) for problem in problems]


async def test_new_customers_are_opened_parents_first(tx: Tx) -> None:
    await given.legal_entity(tx)
    rows, problems = rows_of(FILE)

    outcome = await import_customers(tx, rows)

    assert problems == []
    assert outcome == ImportOutcome(created=3, changed=0, unchanged=0)
    found = await reads.resolve_customers(tx, ["1", "import:2", "3"])
    assert found["import:2"].path == [found["1"].account_id, found["import:2"].account_id]
    assert (found["import:2"].terms_days, found["import:2"].billing_account) == (14, found["1"].billing_account)
    page = await reads.account_page(tx, found["1"].account_id)
    assert [contact.name for contact in page.contacts] == ["Ann"]
    assert page.billing_accounts[0].credit_limit == Decimal(5000)


async def test_importing_again_changes_only_what_the_file_says_otherwise(tx: Tx) -> None:
    await given.legal_entity(tx)
    await import_customers(tx, rows_of(FILE)[0])
    tx.events.clear()

    again = await import_customers(tx, rows_of(FILE)[0])
    assert (again, tx.events) == (ImportOutcome(0, 0, 3), [])

    changed = FILE.replace("5000.00", "7000").replace("Weg 1", "Weg 2").replace("Acme West", "Acme Far West")
    outcome = await import_customers(tx, rows_of(changed)[0])

    assert outcome == ImportOutcome(0, 3, 0)
    found = await reads.resolve_customers(tx, ["1", "2", "3"])
    assert found["2"].name == "Acme Far West"
    page = await reads.account_page(tx, found["3"].account_id)
    assert [(place.code, place.street, place.is_ship_to) for place in page.places] == [("ADDR-1", "Weg 2", True)]
    (billing,) = (await reads.account_page(tx, found["1"].account_id)).billing_accounts
    assert (billing.credit_limit, billing.terms_days, billing.is_default) == (Decimal(7000), 14, True)


async def test_empty_cells_leave_things_as_they_are(tx: Tx) -> None:
    account_id = await given.account(tx, "Acme", segment="retail", attributes={"a": 1}, external_ids={"crm": "7"})
    number = await given.number(tx, account_id)
    tx.events.clear()

    outcome = await import_customers(tx, rows_of(f"number,external_id,name,country\n{number},99,Acme Inc.,\n")[0])

    page = await reads.account_page(tx, account_id)
    assert outcome.changed == 1
    assert (page.name, page.country, page.segment, page.attributes) == ("Acme Inc.", "US", "retail", {"a": 1})
    assert {known.source for known in page.external_ids} == {"crm", "import"}
    (event,) = tx.events
    assert isinstance(event, AccountChanged)


async def test_a_dry_run_writes_nothing(tx: Tx) -> None:
    await given.legal_entity(tx)
    tx.events.clear()

    outcome = await import_customers(tx, rows_of(FILE)[0], dry_run=True)

    assert outcome == ImportOutcome(3, 0, 0)
    assert await reads.list_accounts(tx) == []
    assert not any(isinstance(event, AccountCreated) for event in tx.events)


def test_rows_that_are_not_understood_are_named_by_line_and_column() -> None:
    rows, problems = read_customer_rows(
        [
            {"name": "A", "external_id": "1", "terms_days": "soon", "legal_entity": "US"},
            {"name": "B", "shoe_size": "44"},
            {"name": "C", "external_id": "3", "street": "Weg 1"},
            {"name": "D", "external_id": "4"},
            {"name": "E", "external_id": "4"},
        ]
    )

    assert [row.index for row in rows] == [3, 4]
    assert {problem.pointer for problem in problems} == {
        "/rows/0/terms_days",
        "/rows/1/shoe_size",
        "/rows/1/external_id",
        "/rows/2/country",
        "/rows/4/external_id",
    }
    assert problems[0].message.startswith("Line 2, terms_days: ")


async def test_what_the_database_refuses_is_named_by_line_and_column(tx: Tx) -> None:
    rows, _ = rows_of(
        "external_id,number,name,parent,country,legal_entity,street,city,postal_code\n"
        "1,,A,nowhere,DE,,Weg 1,Berlin,101\n"
        "2,,B,,,nobody,,,\n"
        ",AC-none,C,,,,,,\n"
    )

    with pytest.raises(Refused) as refused:
        await import_customers(tx, rows)

    assert {(problem.code, problem.pointer) for problem in refused.value.problems} == {
        ("account_unknown", "/rows/0/parent"),
        ("address_invalid", "/rows/0/postal_code"),
        ("legal_entity_unknown", "/rows/1/legal_entity"),
        ("account_unknown", "/rows/2/number"),
    }
    assert any(problem.message.startswith("Line 2, parent:") for problem in refused.value.problems)


async def test_a_change_that_is_refused_is_named_by_line_and_column(tx: Tx) -> None:
    await given.legal_entity(tx)
    await given.legal_entity(tx, "DE", currency="EUR")
    await import_customers(tx, rows_of(FILE)[0])
    bad = FILE.replace("Acme,,US,retail,US", "Acme,,US,retail,DE")

    with pytest.raises(Refused) as refused:
        await import_customers(tx, rows_of(bad)[0])

    assert [(problem.code, problem.pointer) for problem in refused.value.problems] == [
        ("billing_account_fixed", "/rows/1/legal_entity")
    ]
