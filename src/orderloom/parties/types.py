"""Nouns of the room: what commands take, and what others resolve a reference to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

from orderloom.base.fields import Code, CurrencyCode, LongText, Text
from orderloom.base.parsing import strict


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError(f"“{name}” is not a time zone; give an IANA name such as Europe/Berlin.")
    return name


def _lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


def _uppered(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


Country = Annotated[str, BeforeValidator(_uppered), Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2; whether addresses are known for it is checked with the address."""

TimeZone = Annotated[str, AfterValidator(_known_time_zone)]
"""An IANA name."""

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
"""A BCP 47 tag such as `en` or `pt-BR`."""

Email = Annotated[
    str, BeforeValidator(_lowered), Field(pattern=r"^[^@\s<>,;\"]+@[^@\s<>,;\"]+\.[^@\s<>,;\".]+$", max_length=254)
]
"""An e-mail address, kept in lower case; the proof of one is a message that arrives."""

Phone = Annotated[str, Field(pattern=r"^\+?[0-9 ()./-]{3,30}$")]

ShortText = Annotated[str, Field(max_length=200)]


class TaxRounding(StrEnum):
    """Where tax is rounded to the cent."""

    LINE = "line"
    TOTAL = "total"


Incoterm = Literal["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"]
"""Incoterms 2020."""


# What commands take -------------------------------------------------------------------------------


@strict
@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address by the parts that its country uses; `area` is a state or province, `district` a part of the city."""

    country: Country
    street: ShortText = ""
    city: ShortText = ""
    postal_code: ShortText = ""
    area: ShortText = ""
    district: ShortText = ""
    sorting_code: ShortText = ""
    name: ShortText = ""
    company: ShortText = ""


@strict
@dataclass(frozen=True, slots=True)
class AddressDraft(PostalAddress):
    """A place of an account. Without a code it gets the next free `ADDR-n`."""

    code: Code | None = None
    phone: Phone | None = None
    time_zone: TimeZone | None = None
    instructions: LongText | None = None
    is_ship_to: bool = False
    is_bill_to: bool = False


@strict
@dataclass(frozen=True, slots=True)
class ContactDraft:
    """A person at the customer's."""

    name: Text
    email: Email | None = None
    phone: Phone | None = None
    role: ShortText | None = None
    language: Language | None = None
    is_primary: bool = False


@strict
@dataclass(frozen=True, slots=True)
class BillingAccountDraft:
    """The account to be invoiced.

    Without a currency it takes the legal entity's, without a name the account's. `credit_limit` is
    in its currency; none means no limit. The tax id is checked for `tax_country`, or else for the
    country of the account.
    """

    legal_entity: Code
    name: Text | None = None
    currency: CurrencyCode | None = None
    terms_days: Annotated[int, Field(ge=0, le=365)] = 30
    tax_country: Country | None = None
    tax_id: Annotated[str, Field(min_length=2, max_length=40)] | None = None
    is_tax_exempt: bool = False
    credit_limit: Annotated[Decimal, Field(ge=0, lt=Decimal("1e15"))] | None = None
    email: Email | None = None
    is_default: bool = False


@strict
@dataclass(frozen=True, slots=True)
class ShippingDraft:
    """How an account wants its goods; what is left open it inherits from its parent.

    Times are local to the place of delivery; `cut_off` is local to the warehouse.
    """

    carrier: Code | None = None
    service_level: Code | None = None
    incoterm: Incoterm | None = None
    delivery: Literal["complete", "partial"] | None = None
    window_from: time | None = None
    window_to: time | None = None
    cut_off: time | None = None
    instructions: LongText | None = None


AttributeValue = Annotated[str, Field(max_length=2_000)] | int | Decimal | bool | None


@strict
@dataclass(frozen=True, slots=True)
class AccountEdit:
    """An account's own fields, as a whole: what is left out is emptied.

    `parent` is an account number or external id. `external_ids` go by source.
    """

    name: Text
    parent: Code | None = None
    country: Country | None = None
    segment: Code | None = None
    language: Language | None = None
    time_zone: TimeZone | None = None
    is_active: bool = True
    attributes: Annotated[dict[Code, AttributeValue], Field(max_length=100)] = field(default_factory=dict)
    external_ids: Annotated[dict[Code, Code], Field(max_length=20)] = field(default_factory=dict)


@strict
@dataclass(frozen=True, slots=True)
class AccountDraft(AccountEdit):
    """A new account with what belongs to it.

    Where none says that it is the default, the first billing account and the first address are.
    """

    contacts: Annotated[tuple[ContactDraft, ...], Field(max_length=200)] = ()
    addresses: Annotated[tuple[AddressDraft, ...], Field(max_length=1_000)] = ()
    billing_accounts: Annotated[tuple[BillingAccountDraft, ...], Field(max_length=100)] = ()
    shipping: ShippingDraft | None = None


@strict
@dataclass(frozen=True, slots=True)
class LegalEntityDraft:
    """One of our companies: the seller on the invoice."""

    code: Code
    name: Text
    currency: CurrencyCode
    address: PostalAddress
    time_zone: TimeZone = "UTC"
    language: Language = "en"
    tax_rounding: TaxRounding = TaxRounding.LINE
    invoice_series: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = "invoice"
    payment_series: Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")] = "payment"
    tax_id: Annotated[str, Field(min_length=2, max_length=40)] | None = None


@strict
@dataclass(frozen=True, slots=True)
class UserEdit:
    """A user's fields, as a whole. Roles go by code, teams and skills by name."""

    name: Text
    is_active: bool = True
    time_zone: TimeZone = "UTC"
    locale: Language = "en"
    roles: Annotated[tuple[Code, ...], Field(max_length=50)] = ()
    teams: Annotated[tuple[Text, ...], Field(max_length=50)] = ()
    skills: Annotated[tuple[Text, ...], Field(max_length=100)] = ()


@strict
@dataclass(frozen=True, slots=True)
class UserDraft(UserEdit):
    """A new user; without a password they need a one-time link to set one."""

    login: Email = field(kw_only=True)
    password: Annotated[str, Field(max_length=200)] | None = field(default=None, kw_only=True, repr=False)


@strict
@dataclass(frozen=True, slots=True)
class CoverDraft:
    """An account that a team covers, alone or with all below it."""

    account: Code
    with_subtree: bool = True


@strict
@dataclass(frozen=True, slots=True)
class TeamDraft:
    """A team by its name: members and leads by login, and whose accounts it sees."""

    name: Text
    is_active: bool = True
    members: Annotated[tuple[Email, ...], Field(max_length=1_000)] = ()
    leads: Annotated[tuple[Email, ...], Field(max_length=100)] = ()
    covers: Annotated[tuple[CoverDraft, ...], Field(max_length=10_000)] = ()
    territories: Annotated[tuple[Text, ...], Field(max_length=100)] = ()


@strict
@dataclass(frozen=True, slots=True)
class RoleDraft:
    """A role by its code."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    name: Text
    permissions: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    all_accounts: bool = False


@strict
@dataclass(frozen=True, slots=True)
class TerritoryRuleDraft:
    """Conditions that an account must meet all of; `account` means it or one below it."""

    country: Country | None = None
    segment: Code | None = None
    account: Code | None = None


@strict
@dataclass(frozen=True, slots=True)
class TerritoryDraft:
    """A territory by its name: an account belongs to it when it meets one of the rules."""

    name: Text
    rules: Annotated[tuple[TerritoryRuleDraft, ...], Field(max_length=1_000)] = ()


@strict
@dataclass(frozen=True, slots=True)
class KeyDraft:
    """An API key; its scopes are permissions that its owner has."""

    name: Text
    scopes: Annotated[tuple[Code, ...], Field(min_length=1, max_length=100)]
    expires_at: AwareDatetime | None = None


@strict
@dataclass(frozen=True, slots=True)
class LogIn:
    """What somebody typed to get in."""

    login: Annotated[str, BeforeValidator(_lowered), Field(max_length=254)]
    password: Annotated[str, Field(max_length=1_000)] = field(repr=False)


@strict
@dataclass(frozen=True, slots=True)
class CodeLogIn:
    """The code that is asked for after the password: the token that asked, and what was typed."""

    token: Annotated[str, Field(max_length=200)] = field(repr=False)
    code: Annotated[str, Field(max_length=100)] = field(repr=False)


# What others resolve a reference to ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Customer:
    """An account as an order needs it, with what it inherits already looked up.

    Everything about billing is of the default billing account, its own or its nearest ancestor's,
    and None where there is none. `ship_to_id` and `bill_to_id` are its default places.
    """

    reference: str
    account_id: int
    number: str
    name: str
    is_active: bool
    country: str | None
    segment: str | None
    language: str
    time_zone: str
    path: list[int]
    billing_account_id: int | None
    billing_account: str | None
    legal_entity_id: int | None
    currency: str | None
    terms_days: int | None
    ship_to_id: int | None
    bill_to_id: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """An address as others need it; the time zone is its own or the account's."""

    id: int
    account_id: int
    code: str
    name: str
    company: str
    street: str
    city: str
    district: str
    area: str
    postal_code: str
    sorting_code: str
    country: str
    phone: str | None
    time_zone: str | None
    instructions: str | None
    is_ship_to: bool
    is_bill_to: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class BillingAccount:
    """An account to be invoiced, with what its legal entity settles."""

    id: int
    number: str
    account_id: int
    account_number: str
    account_path: list[int]
    name: str
    legal_entity_id: int
    legal_entity: str
    currency: str
    terms_days: int
    tax_country: str | None
    tax_id: str | None
    is_tax_exempt: bool
    credit_limit: Decimal | None
    email: str | None
    tax_rounding: str
    invoice_series: str
    time_zone: str
    language: str
    is_default: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class ShippingPreference:
    """What holds for an account after inheritance; None where nobody in its line says."""

    account_id: int
    carrier: str | None
    service_level: str | None
    incoterm: str | None
    delivery: str | None
    window_from: time | None
    window_to: time | None
    cut_off: time | None
    instructions: str | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A log-in that succeeded. The token is told once; only its hash is kept."""

    token: str = field(repr=False)
    session_id: int = 0
    user_id: int = 0
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API key that was made. The key itself is told once; only its hash is kept."""

    id: int
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import of customers did, or would do when dry."""

    created: int
    changed: int
    unchanged: int
