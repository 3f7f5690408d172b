"""Customers are imported from rows: new accounts are opened, known ones are changed where the row says so."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import Problem, Refused, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.parties import rules
from orderloom.parties.commands.account import AccountUpdate, create_accounts, subject_of, update_accounts
from orderloom.parties.customer_rows import COLUMNS, CustomerRow, at_row
from orderloom.parties.events import AddressesChanged, BillingAccountsChanged, ContactsChanged
from orderloom.parties.policy import require
from orderloom.parties.store import account as accounts
from orderloom.parties.store import belonging
from orderloom.parties.types import AccountEdit, AddressDraft, BillingAccountDraft, ImportOutcome

_BATCH = 2_000


class _Dry(Exception):
    """Everything worked and is to be undone."""


async def import_customers(tx: Tx, rows: Sequence[CustomerRow], *, dry_run: bool = False) -> ImportOutcome:
    """Open the accounts of new rows and change those of known ones; all or nothing.

    A row that names a number, or an external id of its source that is known, means that account;
    cells that it leaves empty stay as they are. Importing the same again changes nothing. A dry run
    does the same and undoes it, so it refuses exactly what the real one would. Problems name line and column.
    """
    require(tx.actor, "parties.write")
    outcome = ImportOutcome(0, 0, 0)
    try:
        async with tx.savepoint():
            outcome = await _import(tx, rows)
            if dry_run:
                raise _Dry
    except _Dry:
        pass
    return outcome


async def _import(tx: Tx, rows: Sequence[CustomerRow]) -> ImportOutcome:
    known, problems = await _known_accounts(tx, rows)
    fresh = [row for row in rows if row.index not in known and row.number is None]
    problems += await _open(tx, _parents_first(fresh))
    refuse_if_any(problems)
    changed = await _change(tx, [row for row in rows if row.index in known], known)
    return ImportOutcome(len(fresh), changed, len(known) - changed)


async def _known_accounts(tx: Tx, rows: Sequence[CustomerRow]) -> tuple[dict[int, int], list[Problem]]:
    """The account that each row means, by the row's index."""
    by_number = await accounts.find(tx, [row.number for row in rows if row.number])
    owners = await accounts.owners_of_external_ids(
        tx, [(row.source, row.external_id) for row in rows if row.external_id and not row.number]
    )
    known: dict[int, int] = {}
    problems = []
    for row in rows:
        if row.number and row.number in by_number:
            known[row.index] = by_number[row.number].id
        elif row.number:
            message = f"There is no account “{row.number}” that you may see; leave the number out to open one."
            problems.append(at_row(Problem("account_unknown", message, "/number"), row.index))
        elif row.external_id and (row.source, row.external_id) in owners:
            known[row.index] = owners[row.source, row.external_id]
    return known, problems


def _parents_first(rows: Sequence[CustomerRow]) -> list[CustomerRow]:
    """The rows in an order in which a parent that is among them comes before its children."""
    by_name = {name: row for row in rows for name in (row.external_id, f"{row.source}:{row.external_id}") if name}
    ordered: dict[int, CustomerRow] = {}
    for row in rows:
        line = [row]
        while (parent := by_name.get(line[-1].draft.parent or "")) and parent not in line:
            line.append(parent)
        for member in reversed(line):
            ordered.setdefault(member.index, member)
    return list(ordered.values())


async def _open(tx: Tx, rows: Sequence[CustomerRow]) -> list[Problem]:
    remaining = iter(rows)
    problems: list[Problem] = []
    while batch := list(islice(remaining, _BATCH)):
        try:
            await create_accounts(tx, [row.draft for row in batch], pointers=[f"/{row.index}" for row in batch])
        except Refused as refused:
            problems += _at_rows(refused.problems)
    return problems


def _at_rows(problems: Sequence[Problem]) -> list[Problem]:
    found = []
    for problem in problems:
        match = re.fullmatch(r"/(\d+)(.*)", problem.pointer)
        found.append(at_row(replace(problem, pointer=match[2]), int(match[1])) if match else problem)
    return found


# Known accounts -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Match:
    row: CustomerRow
    account: accounts.Account

    @property
    def pointer(self) -> str:
        return f"/{self.row.index}"


async def _change(tx: Tx, rows: Sequence[CustomerRow], known: Mapping[int, int]) -> int:
    """Change what the rows say otherwise; return how many accounts that were."""
    if not rows:
        return 0
    locked = {account.id: account for account in await accounts.lock(tx, list(known.values()))}
    unseen = [row for row in rows if known[row.index] not in locked]
    message = "Another account has this id, and you may not see it; ask who may."
    refuse_if_any([at_row(Problem("external_id_taken", message, "/external_ids"), row.index) for row in unseen])
    matches = [_Match(row, locked[known[row.index]]) for row in rows]
    try:
        changed = set(await update_accounts(tx, [_update(match) for match in matches]))
        changed |= await _change_places(tx, matches)
        changed |= await _change_billing(tx, matches)
        changed |= await _add_contacts(tx, matches)
    except Refused as refused:
        raise Refused(_at_rows(refused.problems)) from None
    return len(changed)


def _update(match: _Match) -> AccountUpdate:
    account, draft = match.account, match.row.draft
    said = {
        name: getattr(draft, name)
        for name in ("name", "parent", "country", "segment", "language", "time_zone")
        if name in match.row.given
    }
    kept = AccountEdit(
        account.name,
        parent=account.parent,
        country=account.country,
        segment=account.segment,
        language=account.language,
        time_zone=account.time_zone,
        is_active=account.is_active,
        attributes=account.attributes,
        external_ids=account.external_ids | draft.external_ids,
    )
    return AccountUpdate(account.id, replace(kept, **said), pointer=match.pointer)


def _said(match: _Match, part: str) -> set[str]:
    """The fields of a part that the row gives."""
    return {COLUMNS[column].split("/")[-1] for column in match.row.given if COLUMNS[column].startswith(f"/{part}/")}


async def _change_places(tx: Tx, matches: Sequence[_Match]) -> set[int]:
    wanted = [match for match in matches if match.row.draft.addresses]
    ids = [match.account.id for match in wanted]
    before = await _places(tx, ids)
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    for match in wanted:
        address, places = match.row.draft.addresses[0], before.get(match.account.id, {})
        code = address.code or "ADDR-1"
        kept = places.get(code)
        if kept is not None:
            named = {field.name for field in fields(AddressDraft)} - {"code"}
            said = {name: getattr(address, name) for name in _said(match, "addresses") | {"country"}}
            address = AddressDraft(**({name: kept[name] for name in named} | said))  # type: ignore[arg-type]
        found = rules.places_problems([address], f"{match.pointer}/addresses")
        problems += found
        if not found:
            (row,) = rules.place_rows([address], [code], match.account.id, default_to_first=not places)
            if kept is None or any(kept[name] != value for name, value in row.items()):
                rows.append(row)
    refuse_if_any(problems)
    if rows:
        await belonging.yield_default_places(tx, rows)
        await belonging.save_addresses(tx, rows)
    after = await _places(tx, ids)
    return await _tell(tx, wanted, AddressesChanged, before, after)


async def _change_billing(tx: Tx, matches: Sequence[_Match]) -> set[int]:
    wanted = [match for match in matches if match.row.draft.billing_accounts]
    ids = [match.account.id for match in wanted]
    entities = await belonging.legal_entities(
        tx, [match.row.draft.billing_accounts[0].legal_entity for match in wanted]
    )
    before = await _billing(tx, ids)
    rows: list[dict[str, object]] = []
    problems: list[Problem] = []
    numbers = iter(await take_numbers(tx, "billing_account", sum(not before.get(account_id) for account_id in ids)))
    for match in wanted:
        billing, owned = match.row.draft.billing_accounts[0], before.get(match.account.id, {})
        kept = next((stored for stored in owned.values() if stored["is_default"]), None) or next(
            iter(owned.values()), None
        )
        if kept is not None:
            named = {field.name for field in fields(BillingAccountDraft)}
            said = {name: getattr(billing, name) for name in _said(match, "billing_accounts")}
            billing = BillingAccountDraft(**({name: kept[name] for name in named} | said))  # type: ignore[arg-type]
        at = f"{match.pointer}/billing_accounts/0"
        found = rules.billing_problems(billing, match.account.country, entities, at)
        if kept is not None:
            found += rules.fixed_billing_problems(
                billing, legal_entity=str(kept["legal_entity"]), currency=str(kept["currency"]), pointer=at
            )
        problems += found
        if not found:
            rows.append(
                rules.billing_row(
                    billing,
                    entities[billing.legal_entity],
                    number=str(kept["number"]) if kept else next(numbers),
                    account_id=match.account.id,
                    account_name=match.account.name,
                    country=match.account.country,
                    is_default=bool(kept["is_default"]) if kept else True,
                )
            )
    refuse_if_any(problems)
    await belonging.save_billing_accounts(tx, rows)
    return await _tell(tx, wanted, BillingAccountsChanged, before, await _billing(tx, ids))


async def _add_contacts(tx: Tx, matches: Sequence[_Match]) -> set[int]:
    """A contact is known by name or e-mail address; a new one is added, a known one stays as it is."""
    wanted = [match for match in matches if match.row.draft.contacts]
    ids = [match.account.id for match in wanted]
    before = await _contacts(tx, ids)
    rows: list[dict[str, object]] = []
    for match in wanted:
        contact, known = match.row.draft.contacts[0], before.get(match.account.id, {}).values()
        if not any(contact.name == k["name"] or (contact.email and contact.email == k["email"]) for k in known):
            rows.append({**asdict(contact), "account_id": match.account.id})
    if rows:
        await belonging.insert_contacts(tx, rows)
    return await _tell(tx, wanted, ContactsChanged, before, await _contacts(tx, ids))


_Parts = dict[int, dict[str, dict[str, object]]]


async def _places(tx: Tx, account_ids: Sequence[int]) -> _Parts:
    return _by_account([(p.account_id, p.code, asdict(p)) for p in await belonging.addresses(tx, account_ids)])


async def _billing(tx: Tx, account_ids: Sequence[int]) -> _Parts:
    return _by_account([(b.account_id, b.number, asdict(b)) for b in await belonging.billing_accounts(tx, account_ids)])


async def _contacts(tx: Tx, account_ids: Sequence[int]) -> _Parts:
    return _by_account([(c.account_id, str(c.id), asdict(c)) for c in await belonging.contacts(tx, account_ids)])


def _by_account(parts: Sequence[tuple[int, str, dict[str, object]]]) -> _Parts:
    found: _Parts = {}
    for account_id, key, part in parts:
        found.setdefault(account_id, {})[key] = part
    return found


_Changed = type[AddressesChanged] | type[BillingAccountsChanged] | type[ContactsChanged]


async def _tell(tx: Tx, matches: Sequence[_Match], event: _Changed, before: _Parts, after: _Parts) -> set[int]:
    changed = set()
    for match in matches:
        account_id = match.account.id
        old, new = rules.differences(before.get(account_id, {}), after.get(account_id, {}))
        if new:
            changed.add(account_id)
            tx.emit(event(subject_of(match.account), before=old, after=new))
    if changed:
        await accounts.touch(tx, sorted(changed))
    return changed
