"""The API of customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.base.refusals import refuse_if_any
from orderloom.parties.commands.account import create_accounts, update_account
from orderloom.parties.commands.belonging import (
    add_billing_accounts,
    add_contacts,
    save_addresses,
    set_shipping_preference,
)
from orderloom.parties.commands.customers import import_customers
from orderloom.parties.customer_rows import read_customer_rows
from orderloom.parties.reads import account as reads
from orderloom.parties.types import (
    AccountDraft,
    AccountEdit,
    AddressDraft,
    BillingAccountDraft,
    ContactDraft,
    ImportOutcome,
    ShippingDraft,
)
from orderloom.web.answers import Answer, Rows
from orderloom.web.call import Call
from orderloom.web.inputs import Cursor, DryRun, Limit, Search
from orderloom.web.paging import LIMIT, cut, place_of
from orderloom.web.preconditions import seen_version
from orderloom.web.routes import Routes
from orderloom.web.table_files import cells_of

routes = Routes("api", "/api")


@strict
@dataclass(frozen=True, slots=True)
class AccountFilter:
    """Which customers to list."""

    text: Search = ""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    segment: Annotated[str, Field(max_length=100)] | None = None
    is_active: bool | None = None
    cursor: Cursor | None = None
    limit: Limit = LIMIT


async def accounts_matching(call: Call, query: AccountFilter) -> tuple[list[reads.AccountRow], str | None]:
    """One page of the customers that the actor sees."""
    place = place_of(query.cursor, str, int)
    rows = await reads.list_accounts(
        call.tx,
        search=query.text,
        country=query.country,
        segment=query.segment,
        is_active=query.is_active,
        after=(place[0], place[1]) if place else None,
        limit=query.limit + 1,
    )
    return cut(rows, query.limit, lambda row: (row.name, row.id))


@routes.get("/customers", permission="parties.read", query=AccountFilter, returns=(Rows, reads.AccountRow))
async def list_customers(call: Call, query: AccountFilter) -> Rows:
    """The customers whose accounts you see, by name."""
    return Rows(*await accounts_matching(call, query))


@routes.get("/customers/{account_id:int}", permission="parties.read", returns=reads.AccountPage)
async def read_customer(call: Call, account_id: int) -> Answer:
    """One customer with contacts, places, billing accounts and shipping preferences."""
    page = await reads.account_page(call.tx, account_id)
    return Answer(page, version=page.version)


@routes.post("/customers", permission="parties.write", body=AccountDraft, returns=reads.AccountPage, status=201)
async def open_customer(call: Call, body: AccountDraft) -> Answer:
    """Open an account with what belongs to it."""
    [account_id] = await create_accounts(call.tx, [body])
    page = await reads.account_page(call.tx, account_id)
    return Answer(page, version=page.version, location=f"/api/customers/{account_id}")


@routes.post("/customers/import", permission="parties.write", query=DryRun, returns=ImportOutcome, takes="text/csv")
async def import_customer_rows(call: Call, query: DryRun) -> ImportOutcome:
    """Open and change customers from CSV; all rows or none. With `dry_run` it says only what would be done."""
    rows, problems = read_customer_rows(cells_of(call.content))
    refuse_if_any(problems)
    return await import_customers(call.tx, rows, dry_run=query.dry_run)


@routes.put(
    "/customers/{account_id:int}", permission="parties.write", body=AccountEdit, returns=reads.AccountPage, matches=True
)
async def change_customer(call: Call, account_id: int, body: AccountEdit) -> Answer:
    """Give a customer these fields as a whole."""
    await update_account(call.tx, account_id, body, version=seen_version(call.if_match))
    page = await reads.account_page(call.tx, account_id)
    return Answer(page, version=page.version)


@routes.post("/customers/{account_id:int}/addresses", permission="parties.write", body=AddressDraft, status=201)
async def save_address(call: Call, account_id: int, body: AddressDraft) -> dict[str, int]:
    """Add a place to a customer, or replace the one with the same code."""
    [address_id] = await save_addresses(call.tx, account_id, [body])
    return {"id": address_id}


@routes.post("/customers/{account_id:int}/contacts", permission="parties.write", body=ContactDraft, status=201)
async def add_contact(call: Call, account_id: int, body: ContactDraft) -> dict[str, int]:
    """Add a contact to a customer."""
    [contact_id] = await add_contacts(call.tx, account_id, [body])
    return {"id": contact_id}


@routes.post(
    "/customers/{account_id:int}/billing-accounts", permission="parties.write", body=BillingAccountDraft, status=201
)
async def add_billing_account(call: Call, account_id: int, body: BillingAccountDraft) -> dict[str, str]:
    """Open a billing account for a customer."""
    [number] = await add_billing_accounts(call.tx, account_id, [body])
    return {"number": number}


@routes.put("/customers/{account_id:int}/shipping", permission="parties.write", body=ShippingDraft, status=204)
async def prefer_shipping(call: Call, account_id: int, body: ShippingDraft) -> None:
    """Say how a customer wants goods; what is left open it inherits from its parent."""
    await set_shipping_preference(call.tx, account_id, body)
