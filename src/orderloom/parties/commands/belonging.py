"""What belongs to an account is added, changed and retired: places, contacts, billing accounts, preferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import NotFound, Problem, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.parties import rules
from orderloom.parties.commands.account import locked_account, subject_of
from orderloom.parties.events import (
    AddressesChanged,
    BillingAccountsChanged,
    ContactsChanged,
    ShippingPreferenceChanged,
)
from orderloom.parties.policy import require
from orderloom.parties.store import account as accounts
from orderloom.parties.store import belonging as store
from orderloom.parties.store.account import Account
from orderloom.parties.types import AddressDraft, BillingAccountDraft, ContactDraft, ShippingDraft


async def save_addresses(
    tx: Tx, account_id: int, addresses: Sequence[AddressDraft], *, version: int | None = None
) -> list[int]:
    """Add places to an account, replacing those with the same code; return their ids.

    A place marked as default takes that from the one that had it.
    """
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id, version)
    refuse_if_any(rules.places_problems(addresses, ""))
    before = {place.code: asdict(place) for place in await store.addresses(tx, [account_id])}
    codes = rules.place_codes(addresses, before.keys())
    rows = rules.place_rows(addresses, codes, account_id, default_to_first=not before)

    await store.yield_default_places(tx, rows)
    place_ids = await store.save_addresses(tx, rows)
    await _tell_of_places(tx, account, before)
    return place_ids


async def retire_addresses(tx: Tx, account_id: int, codes: Sequence[str]) -> list[str]:
    """Take places out of use; orders that name them keep them. Return those that were in use."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    before = {place.code: asdict(place) for place in await store.addresses(tx, [account_id])}
    retired = await store.retire_addresses(tx, account_id, codes)
    await _tell_of_places(tx, account, before)
    return retired


async def _tell_of_places(tx: Tx, account: Account, before: Mapping[str, object]) -> None:
    after = {place.code: asdict(place) for place in await store.addresses(tx, [account.id])}
    old, new = rules.differences(before, after)
    if new:
        await accounts.touch(tx, [account.id])
        tx.emit(AddressesChanged(subject_of(account), before=old, after=new))


async def add_contacts(tx: Tx, account_id: int, contacts: Sequence[ContactDraft]) -> list[int]:
    """Add contacts to an account; return their ids. A new primary contact takes that from the old one."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    refuse_if_any(rules.contacts_problems(contacts, ""))
    before = await _contacts_by_id(tx, account_id)
    if any(contact.is_primary for contact in contacts):
        await store.yield_primary(tx, [account_id])
    contact_ids = await store.insert_contacts(
        tx, [{**asdict(contact), "account_id": account_id} for contact in contacts]
    )
    await _tell_of_contacts(tx, account, before)
    return contact_ids


async def update_contact(tx: Tx, account_id: int, contact_id: int, contact: ContactDraft) -> None:
    """Give a contact of an account these fields as a whole."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    before = await _contacts_by_id(tx, account_id)
    if str(contact_id) not in before:
        raise NotFound([Problem("contact_unknown", "This account has no such contact.")])
    if contact.is_primary:
        await store.yield_primary(tx, [account_id])
    await store.update_contact(tx, contact_id, asdict(contact))
    await _tell_of_contacts(tx, account, before)


async def retire_contacts(tx: Tx, account_id: int, contact_ids: Sequence[int]) -> list[int]:
    """Take contacts out of use; return those that were in use."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    before = await _contacts_by_id(tx, account_id)
    retired = await store.retire_contacts(tx, account_id, contact_ids)
    await _tell_of_contacts(tx, account, before)
    return retired


async def _contacts_by_id(tx: Tx, account_id: int) -> dict[str, object]:
    return {str(contact.id): asdict(contact) for contact in await store.contacts(tx, [account_id])}


async def _tell_of_contacts(tx: Tx, account: Account, before: Mapping[str, object]) -> None:
    old, new = rules.differences(before, await _contacts_by_id(tx, account.id))
    if new:
        await accounts.touch(tx, [account.id])
        tx.emit(ContactsChanged(subject_of(account), before=old, after=new))


async def add_billing_accounts(tx: Tx, account_id: int, billings: Sequence[BillingAccountDraft]) -> list[str]:
    """Open billing accounts for an account; return their numbers. The first one that an account has is its default."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    entities = await store.legal_entities(tx, [billing.legal_entity for billing in billings])
    refuse_if_any(
        [
            problem
            for n, billing in enumerate(billings)
            for problem in rules.billing_problems(billing, account.country, entities, f"/{n}")
        ]
    )
    before = await _billing_by_number(tx, account_id)
    has_default = any(billing.is_default for billing in before.values())
    new_default = next((n for n, billing in enumerate(billings) if billing.is_default), None if has_default else 0)
    if new_default is not None:
        await store.yield_default_billing(tx, [account_id])
    numbers = await take_numbers(tx, "billing_account", len(billings))
    await store.save_billing_accounts(
        tx,
        [
            rules.billing_row(
                billing,
                entities[billing.legal_entity],
                number=number,
                account_id=account_id,
                account_name=account.name,
                country=account.country,
                is_default=n == new_default,
            )
            for n, (billing, number) in enumerate(zip(billings, numbers, strict=True))
        ],
    )
    await _tell_of_billing(tx, account, before)
    return numbers


async def update_billing_account(tx: Tx, number: str, billing: BillingAccountDraft) -> None:
    """Give a billing account these fields as a whole.

    Its legal entity and currency stay: what was billed is in them. Refused where they differ.
    """
    require(tx.actor, "parties.write")
    account_id = await store.account_of_billing_account(tx, number)
    if account_id is None:
        raise NotFound(
            [Problem("billing_account_unknown", f"There is no billing account “{number}” that you may see.")]
        )
    account = await locked_account(tx, account_id)
    before = await _billing_by_number(tx, account_id)
    entities = await store.legal_entities(tx, [billing.legal_entity])
    problems = rules.billing_problems(billing, account.country, entities, "")
    problems += rules.fixed_billing_problems(
        billing, legal_entity=before[number].legal_entity, currency=before[number].currency, pointer=""
    )
    refuse_if_any(problems)

    if billing.is_default:
        await store.yield_default_billing(tx, [account_id])
    row = rules.billing_row(
        billing,
        entities[billing.legal_entity],
        number=number,
        account_id=account_id,
        account_name=account.name,
        country=account.country,
        is_default=billing.is_default,
    )
    await store.save_billing_accounts(tx, [row])
    await _tell_of_billing(tx, account, before)


async def close_billing_accounts(tx: Tx, account_id: int, numbers: Sequence[str]) -> list[str]:
    """Take billing accounts out of use; what was billed to them stays. Return those that were in use."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    before = await _billing_by_number(tx, account_id)
    closed = await store.close_billing_accounts(tx, account_id, numbers)
    await _tell_of_billing(tx, account, before)
    return closed


async def _billing_by_number(tx: Tx, account_id: int) -> dict[str, store.StoredBillingAccount]:
    return {billing.number: billing for billing in await store.billing_accounts(tx, [account_id])}


async def _tell_of_billing(tx: Tx, account: Account, before: Mapping[str, store.StoredBillingAccount]) -> None:
    after = await _billing_by_number(tx, account.id)
    old, new = rules.differences(
        {number: asdict(billing) for number, billing in before.items()},
        {number: asdict(billing) for number, billing in after.items()},
    )
    if new:
        await accounts.touch(tx, [account.id])
        tx.emit(BillingAccountsChanged(subject_of(account), before=old, after=new))


async def set_shipping_preference(tx: Tx, account_id: int, shipping: ShippingDraft) -> None:
    """Say how an account wants its goods; what is left open it inherits from its parent."""
    require(tx.actor, "parties.write")
    account = await locked_account(tx, account_id)
    refuse_if_any(rules.shipping_problems(shipping, ""))
    stored = await store.preferences(tx, [account_id])
    before = {name: getattr(stored[0], name) if stored else None for name in rules.SHIPPING_FIELDS}
    old, new = rules.differences(before, asdict(shipping))
    if not new:
        return
    await store.save_preferences(tx, [{**asdict(shipping), "account_id": account_id}])
    await accounts.touch(tx, [account_id])
    tx.emit(ShippingPreferenceChanged(subject_of(account), before=old, after=new))
