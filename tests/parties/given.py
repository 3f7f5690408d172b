"""Builders of parties, for the tests of this room and of those above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from orderloom.base.transaction import Tx
from orderloom.base.types import Actor
from orderloom.parties import commands
from orderloom.parties.types import (
    AccountDraft,
    AddressDraft,
    BillingAccountDraft,
    ContactDraft,
    CoverDraft,
    LegalEntityDraft,
    PostalAddress,
    TeamDraft,
    TerritoryDraft,
    TerritoryRuleDraft,
    UserDraft,
)

_next = count(1)

MOUNTAIN_VIEW = AddressDraft(
    country="US", area="CA", city="Mountain View", postal_code="94043", street="1600 Amphitheatre Pkwy"
)
BERLIN = AddressDraft(country="DE", city="Berlin", postal_code="10115", street="Invalidenstr. 117")


async def legal_entity(tx: Tx, code: str = "US", *, currency: str = "USD", **changes: str) -> int:
    """One of our companies, at home in New York."""
    home = PostalAddress(country="US", area="NY", city="New York", postal_code="10001", street="1 Main St")
    draft = LegalEntityDraft(code, f"Orderloom {code}", currency, home, time_zone="America/New_York")
    (entity_id,) = await commands.save_legal_entities(tx, [replace(draft, **changes)])  # type: ignore[arg-type]
    return entity_id


def draft(name: str | None = None, **fields: object) -> AccountDraft:
    """An account in California with one place, one contact and one billing account in US dollars."""
    name = name or f"Customer {next(_next)}"
    made = AccountDraft(
        name,
        country="US",
        addresses=(MOUNTAIN_VIEW,),
        contacts=(ContactDraft("Dana Buyer", email="dana@customer.example"),),
        billing_accounts=(BillingAccountDraft("US"),),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


async def account(tx: Tx, name: str | None = None, **fields: object) -> int:
    """An account with what `draft` gives it; its legal entity is made where it is missing."""
    await legal_entity(tx)
    (account_id,) = await commands.create_accounts(tx, [draft(name, **fields)])
    return account_id


async def bare_accounts(tx: Tx, drafts: Sequence[AccountDraft]) -> list[int]:
    """Accounts exactly as drafted."""
    return await commands.create_accounts(tx, drafts)


async def number(tx: Tx, account_id: int) -> str:
    """The number of an account."""
    found: str = await tx.value("SELECT number FROM parties.account WHERE id = %(id)s", {"id": account_id})
    return found


async def user(tx: Tx, login: str | None = None, *, password: str | None = None, **fields: object) -> int:
    """A user, by default one who may nothing."""
    login = login or f"user{next(_next)}@orderloom.example"
    (user_id,) = await commands.create_users(
        tx,
        [replace(UserDraft(login.split("@")[0].title(), login=login, password=password), **fields)],  # type: ignore[arg-type]
    )
    return user_id


async def team(tx: Tx, name: str | None = None, *, covers: Sequence[str] = (), **fields: object) -> int:
    """A team that covers these accounts with all below them."""
    name = name or f"Team {next(_next)}"
    made = TeamDraft(name, covers=tuple(CoverDraft(reference) for reference in covers))
    ids = await commands.save_teams(tx, [replace(made, **fields)])  # type: ignore[arg-type]
    return ids[name]


async def territory(tx: Tx, name: str, *rules: TerritoryRuleDraft) -> int:
    """A territory with these rules."""
    return (await commands.save_territories(tx, [TerritoryDraft(name, tuple(rules))]))[name]


def salesperson(*team_ids: int) -> Actor:
    """An actor who sees what these teams cover."""
    permissions = frozenset({"parties.read", "parties.write", "orders.read", "orders.write"})
    return Actor("user", "Sam Sales", permissions=permissions, team_ids=team_ids)
