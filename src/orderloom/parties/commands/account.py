"""Accounts come to be, with all that belongs to them; they change and move in their tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from psycopg.errors import CheckViolation

from orderloom.base.numbers import take_numbers
from orderloom.base.refusals import NotFound, Problem, Stale, refuse, refuse_if_any
from orderloom.base.transaction import Tx
from orderloom.base.types import Subject
from orderloom.parties import rules
from orderloom.parties.events import (
    AccountChanged,
    AccountCreated,
)
from orderloom.parties.policy import require
from orderloom.parties.postal import is_country
from orderloom.parties.store import account as store
from orderloom.parties.store import belonging, coverage
from orderloom.parties.types import AccountDraft, AccountEdit

_OWN_FIELDS = ("name", "country", "segment", "language", "time_zone", "is_active")


@dataclass(frozen=True, slots=True)
class AccountUpdate:
    """An account's new fields. `version` is the one that the actor saw; without it the last writer wins."""

    account_id: int
    edit: AccountEdit
    version: int | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class _Parent:
    id: int
    path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Opening:
    draft: AccountDraft
    account_id: int
    number: str
    parent: _Parent | None


async def create_accounts(
    tx: Tx, drafts: Sequence[AccountDraft], *, pointers: Sequence[str] | None = None
) -> list[int]:
    """Open accounts with their places, contacts, billing accounts and shipping preferences; return their ids.

    All or nothing. Parents may be among the drafts, named by external id. An actor who sees only
    their teams' accounts also sees what they open: their first team covers it, unless a rule does.
    `pointers` say where each draft stands in the input; one draft alone is the input.
    """
    require(tx.actor, "parties.write")
    if not drafts:
        return []
    where = pointers if pointers is not None else [""] if len(drafts) == 1 else [f"/{n}" for n in range(len(drafts))]
    await coverage.hold_rules(tx)
    entities = await belonging.legal_entities(
        tx, [billing.legal_entity for draft in drafts for billing in draft.billing_accounts]
    )
    account_ids = await store.new_ids(tx, len(drafts))
    parents, problems = await _parents_of_drafts(tx, drafts, account_ids, where)
    problems += await _external_id_problems(tx, list(zip(drafts, [None] * len(drafts), where, strict=True)))
    for draft, pointer in zip(drafts, where, strict=True):
        problems += _country_problems(draft, pointer)
        problems += rules.draft_problems(draft, entities, pointer)
    refuse_if_any(problems)

    numbers = await take_numbers(tx, "account", len(drafts))
    openings = [_Opening(*parts) for parts in zip(drafts, account_ids, numbers, parents, strict=True)]
    await _write(tx, openings, entities)
    await coverage.refresh_accounts(tx, account_ids)
    await _let_actor_see(tx, account_ids)
    tx.emit(
        AccountCreated(Subject("account", o.account_id, o.number, o.account_id), after=asdict(o.draft))
        for o in openings
    )
    return account_ids


async def _parents_of_drafts(
    tx: Tx, drafts: Sequence[AccountDraft], account_ids: Sequence[int], where: Sequence[str]
) -> tuple[list[_Parent | None], list[Problem]]:
    """The parent of each draft: an account that is there, or another draft by its external id."""
    known = await store.find(tx, [draft.parent for draft in drafts if draft.parent])
    fresh = {
        name: n
        for n, draft in enumerate(drafts)
        for source, external_id in draft.external_ids.items()
        for name in (external_id, f"{source}:{external_id}")
    }
    found: dict[int, _Parent | None] = {}
    problems: list[Problem] = []

    def parent_of(n: int, below: tuple[int, ...]) -> _Parent | None:
        reference = drafts[n].parent
        if n in found or reference is None:
            return found.get(n)
        if reference in known:
            parent = _Parent(known[reference].id, tuple(known[reference].path))
        elif reference not in fresh:
            problems.append(_unknown_parent(reference, where[n]))
            return found.setdefault(n, None)
        elif fresh[reference] in (*below, n):
            problems.append(_circle(where[n]))
            return found.setdefault(n, None)
        else:
            other = fresh[reference]
            above = parent_of(other, (*below, n))
            parent = _Parent(account_ids[other], (*(above.path if above else ()), account_ids[other]))
        return found.setdefault(n, parent)

    parents = [parent_of(n, ()) for n in range(len(drafts))]
    problems += [_deep(where[n]) for n, parent in enumerate(parents) if parent and len(parent.path) >= DEEPEST]
    return parents, problems


DEEPEST = 12
"""How many levels an account tree has at most; a CHECK says the same."""


def _unknown_parent(reference: str, pointer: str) -> Problem:
    message = f"There is no account “{reference}” that you may see; give the number or external id of the parent."
    return Problem("account_unknown", message, f"{pointer}/parent")


def _circle(pointer: str) -> Problem:
    message = "An account cannot stand below itself; choose a parent outside its own subtree."
    return Problem("parent_circle", message, f"{pointer}/parent")


def _deep(pointer: str) -> Problem:
    message = f"An account tree has at most {DEEPEST} levels; choose a parent further up."
    return Problem("tree_deep", message, f"{pointer}/parent")


def _country_problems(edit: AccountEdit, pointer: str) -> list[Problem]:
    if edit.country is None or is_country(edit.country):
        return []
    message = f"“{edit.country}” is not a country; give its two-letter ISO 3166 code."
    return [Problem("country_unknown", message, f"{pointer}/country")]


async def _external_id_problems(tx: Tx, edits: Sequence[tuple[AccountEdit, int | None, str]]) -> list[Problem]:
    """Each id is unique in its source, among these and all others."""
    claims = [
        ((source, external_id), account_id, f"{pointer}/external_ids/{source}")
        for edit, account_id, pointer in edits
        for source, external_id in edit.external_ids.items()
    ]
    if not claims:
        return []
    owners = await store.owners_of_external_ids(tx, [pair for pair, _, _ in claims])
    problems = []
    seen: set[tuple[str, str]] = set()
    for pair, account_id, pointer in claims:
        if pair in seen or owners.get(pair, account_id) != account_id:
            message = f"Another account has the id “{pair[1]}” of {pair[0]} already; give this account's own."
            problems.append(Problem("external_id_taken", message, pointer))
        seen.add(pair)
    return problems


async def _write(tx: Tx, openings: Sequence[_Opening], entities: Mapping[str, belonging.LegalEntity]) -> None:
    await store.insert(
        tx,
        [
            {
                **{name: getattr(o.draft, name) for name in _OWN_FIELDS},
                "id": o.account_id,
                "number": o.number,
                "parent_id": o.parent.id if o.parent else None,
                "parent_path": o.parent.path if o.parent else None,
                "attributes": o.draft.attributes,
            }
            for o in openings
        ],
    )
    external_ids = _external_id_rows([(o.account_id, o.draft) for o in openings])
    if external_ids:
        await store.set_external_ids(tx, [o.account_id for o in openings], external_ids)
    contacts = [{**asdict(contact), "account_id": o.account_id} for o in openings for contact in o.draft.contacts]
    if contacts:
        await belonging.insert_contacts(tx, contacts)
    places = [row for o in openings for row in _place_rows(o)]
    if places:
        await belonging.save_addresses(tx, places)
    await _write_billing_accounts(tx, openings, entities)
    shipping = [{**asdict(o.draft.shipping), "account_id": o.account_id} for o in openings if o.draft.shipping]
    if shipping:
        await belonging.save_preferences(tx, shipping)


def _place_rows(opening: _Opening) -> list[dict[str, object]]:
    addresses = opening.draft.addresses
    codes = rules.place_codes(addresses, ())
    return rules.place_rows(addresses, codes, opening.account_id, default_to_first=True)


async def _write_billing_accounts(
    tx: Tx, openings: Sequence[_Opening], entities: Mapping[str, belonging.LegalEntity]
) -> None:
    count = sum(len(o.draft.billing_accounts) for o in openings)
    if not count:
        return
    numbers = iter(await take_numbers(tx, "billing_account", count))
    await belonging.save_billing_accounts(
        tx,
        [
            rules.billing_row(
                billing,
                entities[billing.legal_entity],
                number=next(numbers),
                account_id=o.account_id,
                account_name=o.draft.name,
                country=o.draft.country,
                is_default=billing.is_default or (n == 0 and not any(b.is_default for b in o.draft.billing_accounts)),
            )
            for o in openings
            for n, billing in enumerate(o.draft.billing_accounts)
        ],
    )


def _external_id_rows(edits: Sequence[tuple[int, AccountEdit]]) -> list[dict[str, object]]:
    return [
        {"source": source, "external_id": external_id, "account_id": account_id}
        for account_id, edit in edits
        for source, external_id in edit.external_ids.items()
    ]


async def _let_actor_see(tx: Tx, account_ids: Sequence[int]) -> None:
    if tx.actor.all_accounts:
        return
    unseen = await coverage.unseen(tx, tx.actor.team_ids, account_ids)
    if not unseen:
        return
    if not tx.actor.team_ids:
        refuse("team_missing", "You are in no team, so you would not see this account; ask to be put into one.")
    await coverage.cover_unseen(tx, tx.actor.team_ids[0], unseen)
    await coverage.refresh_accounts(tx, unseen)


async def update_account(tx: Tx, account_id: int, edit: AccountEdit, *, version: int | None = None) -> None:
    """Give an account these fields as a whole; see `update_accounts`."""
    await update_accounts(tx, [AccountUpdate(account_id, edit, version)])


async def update_accounts(tx: Tx, updates: Sequence[AccountUpdate]) -> list[int]:
    """Give accounts these fields as a whole; return those that changed.

    All or nothing. A subtree moves with its top. Refused where an account is not to be seen (404),
    was changed since `version` (412), or would stand below itself. Saying the same again changes
    nothing and tells nobody.
    """
    require(tx.actor, "parties.write")
    await coverage.hold_rules(tx)
    accounts = {account.id: account for account in await store.lock(tx, [update.account_id for update in updates])}
    _refuse_missing(updates, accounts)
    _refuse_stale(updates, accounts)
    parents = await store.find(tx, [update.edit.parent for update in updates if update.edit.parent])
    problems = await _external_id_problems(tx, [(u.edit, u.account_id, u.pointer) for u in updates])
    for update in updates:
        problems += _country_problems(update.edit, update.pointer)
        problems += _parent_problems(update, accounts[update.account_id], parents)
    refuse_if_any(problems)

    changed = [
        (update, differences)
        for update in updates
        if (differences := _account_differences(accounts[update.account_id], update.edit, parents))[1]
    ]
    if changed:
        await _write_updates(tx, [update for update, _ in changed], accounts, parents)
        await _refresh_if_moved(tx, changed)
    tx.emit(
        AccountChanged(subject_of(accounts[update.account_id]), before=before, after=after)
        for update, (before, after) in changed
    )
    return [update.account_id for update, _ in changed]


def _refuse_missing(updates: Sequence[AccountUpdate], accounts: Mapping[int, store.Account]) -> None:
    missing = [update for update in updates if update.account_id not in accounts]
    if missing:
        raise NotFound([Problem("account_unknown", "There is no such account that you may see.", missing[0].pointer)])


def _refuse_stale(updates: Sequence[AccountUpdate], accounts: Mapping[int, store.Account]) -> None:
    stale = [u for u in updates if u.version is not None and u.version != accounts[u.account_id].version]
    if stale:
        message = "Somebody changed this account since you opened it; load it again and repeat your change."
        raise Stale([Problem("account_stale", message, update.pointer) for update in stale])


def _parent_problems(
    update: AccountUpdate, account: store.Account, parents: Mapping[str, store.Found]
) -> list[Problem]:
    reference = update.edit.parent
    if reference is None or reference == account.parent:
        return []
    if reference not in parents:
        return [_unknown_parent(reference, update.pointer)]
    return [_circle(update.pointer)] if account.id in parents[reference].path else []


def _account_differences(
    account: store.Account, edit: AccountEdit, parents: Mapping[str, store.Found]
) -> tuple[dict[str, Any], dict[str, Any]]:
    names = (*_OWN_FIELDS, "parent", "attributes", "external_ids")
    after = {name: getattr(edit, name) for name in names}
    if edit.parent and edit.parent in parents:
        after["parent"] = parents[edit.parent].number
    return rules.differences({name: getattr(account, name) for name in names}, after)


async def _write_updates(
    tx: Tx,
    updates: Sequence[AccountUpdate],
    accounts: Mapping[int, store.Account],
    parents: Mapping[str, store.Found],
) -> None:
    rows = []
    for update in updates:
        account, edit = accounts[update.account_id], update.edit
        parent_id, parent_path = account.parent_id, account.path[:-1] or None
        if edit.parent is None:
            parent_id, parent_path = None, None
        elif edit.parent in parents:
            parent_id, parent_path = parents[edit.parent].id, parents[edit.parent].path
        rows.append(
            {
                **{name: getattr(edit, name) for name in _OWN_FIELDS},
                "id": account.id,
                "parent_id": parent_id,
                "parent_path": parent_path,
                "attributes": edit.attributes,
            }
        )
    try:
        await store.update(tx, rows)
    except CheckViolation as error:
        # Two accounts of one batch put below each other, or a deep subtree: only the tree itself can tell.
        if error.diag.constraint_name == "account_is_not_its_own_ancestor":
            refuse_if_any([_circle(update.pointer) for update in updates if update.edit.parent])
        if error.diag.constraint_name == "account_tree_is_shallow":
            refuse_if_any([_deep(update.pointer) for update in updates if update.edit.parent])
        raise
    await store.set_external_ids(
        tx,
        [update.account_id for update in updates],
        _external_id_rows([(update.account_id, update.edit) for update in updates]),
    )


async def _refresh_if_moved(
    tx: Tx, changed: Sequence[tuple[AccountUpdate, tuple[dict[str, Any], dict[str, Any]]]]
) -> None:
    moved = [u.account_id for u, (_, after) in changed if "parent" in after]
    changed_here = [u.account_id for u, (_, after) in changed if after.keys() & {"country", "segment"}]
    due = {*changed_here, *(await store.subtree(tx, moved) if moved else ())}
    if due:
        await coverage.refresh_accounts(tx, sorted(due))


def subject_of(account: store.Account) -> Subject:
    """What facts about an account are about."""
    return Subject("account", account.id, account.number, account.id)


async def locked_account(tx: Tx, account_id: int, version: int | None = None) -> store.Account:
    """An account that the actor sees, locked; refused where it is missing (404) or changed since `version` (412)."""
    accounts = {account.id: account for account in await store.lock(tx, [account_id])}
    update = AccountUpdate(account_id, AccountEdit("-"), version)
    _refuse_missing([update], accounts)
    _refuse_stale([update], accounts)
    return accounts[account_id]
