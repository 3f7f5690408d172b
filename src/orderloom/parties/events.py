"""Facts about parties, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class AccountCreated(Event):
    """An account is there, with what was given for it."""

    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """Fields of an account changed; only those that did are named."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ContactsChanged(Event):
    """The contacts of an account changed, by name."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AddressesChanged(Event):
    """Places of an account were added, changed or retired, by code."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class BillingAccountsChanged(Event):
    """Billing accounts of an account were added or changed, by number."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ShippingPreferenceChanged(Event):
    """How an account wants its goods changed."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LegalEntitySaved(Event):
    """One of our companies was added or changed."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UserCreated(Event):
    """A user is there."""

    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UserChanged(Event):
    """Fields, roles, teams or skills of a user changed; only those that did are named."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """A user has a new password; their sessions ended."""


@dataclass(frozen=True, slots=True)
class SecondFactorSet(Event):
    """A user is asked for a code from now on; their other sessions ended."""


@dataclass(frozen=True, slots=True)
class SecondFactorEnded(Event):
    """A user is asked for no code any more."""


@dataclass(frozen=True, slots=True)
class RecoveryCodesMade(Event):
    """A user has recovery codes; those before hold no longer."""


@dataclass(frozen=True, slots=True)
class RecoveryCodeUsed(Event):
    """A user logged in with a recovery code; so many are left."""

    left: int


@dataclass(frozen=True, slots=True)
class TeamSaved(Event):
    """A team was added or changed."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RoleSaved(Event):
    """A role was added or changed."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TerritorySaved(Event):
    """A territory was added or changed."""

    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True)
class LoggedIn(Event):
    """A user logged in."""

    address: str | None


@dataclass(frozen=True, slots=True)
class SessionsRevoked(Event):
    """Sessions of a user were ended before their time."""

    session_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class KeyCreated(Event):
    """A user made an API key."""

    key_id: int
    name: str
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyRevoked(Event):
    """An API key no longer works."""

    key_id: int
    name: str


@dataclass(frozen=True, slots=True)
class ManagerSet(Event):
    """Somebody reports to somebody else now; logins, none being nobody."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class AccountOwnerSet(Event):
    """Somebody looks after an account now; a login, none being nobody."""

    after: str | None
