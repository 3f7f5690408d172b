"""What must hold of drafts before the database is asked, and how they become rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Protocol

from orderloom.base.money import has_more_decimals, is_currency
from orderloom.base.refusals import Problem
from orderloom.parties.postal import address_problems, normalised
from orderloom.parties.tax_ids import compacted_tax_id, tax_id_problem
from orderloom.parties.types import AccountDraft, AddressDraft, BillingAccountDraft, ContactDraft, ShippingDraft


class _Entity(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def currency(self) -> str: ...


def draft_problems(draft: AccountDraft, entities: Mapping[str, _Entity], pointer: str) -> list[Problem]:
    """What is wrong with a new account and all that comes with it, as far as it can be told without asking."""
    return [
        *contacts_problems(draft.contacts, f"{pointer}/contacts"),
        *places_problems(draft.addresses, f"{pointer}/addresses"),
        *(
            problem
            for place, billing in enumerate(draft.billing_accounts)
            for problem in billing_problems(billing, draft.country, entities, f"{pointer}/billing_accounts/{place}")
        ),
        *_several(
            (b.is_default for b in draft.billing_accounts), "default billing account", pointer, "billing_accounts"
        ),
        *shipping_problems(draft.shipping, f"{pointer}/shipping"),
    ]


def contacts_problems(contacts: Sequence[ContactDraft], pointer: str) -> list[Problem]:
    """At most one of them is the primary one."""
    return _several((contact.is_primary for contact in contacts), "primary contact", pointer)


def places_problems(addresses: Sequence[AddressDraft], pointer: str) -> list[Problem]:
    """Each can be delivered to, no code stands twice, and there is one default of each kind at most."""
    given = Counter(address.code for address in addresses if address.code)
    doubles = [
        Problem(
            "code_double", f"The code “{address.code}” stands twice; give each place its own.", f"{pointer}/{n}/code"
        )
        for n, address in enumerate(addresses)
        if address.code and given[address.code] > 1
    ]
    return [
        *(problem for n, address in enumerate(addresses) for problem in address_problems(address, f"{pointer}/{n}")),
        *doubles,
        *_several((address.is_ship_to for address in addresses), "default ship-to place", pointer),
        *_several((address.is_bill_to for address in addresses), "default bill-to place", pointer),
    ]


def billing_problems(
    billing: BillingAccountDraft, country: str | None, entities: Mapping[str, _Entity], pointer: str
) -> list[Problem]:
    """Its legal entity exists, its currency is in use, its limit is payable and its tax id is right."""
    problems = []
    entity = entities.get(billing.legal_entity)
    if entity is None:
        message = f"There is no legal entity “{billing.legal_entity}”; give the code of one of your companies."
        problems.append(Problem("legal_entity_unknown", message, f"{pointer}/legal_entity"))
    currency = billing.currency or (entity.currency if entity else None)
    if currency and not is_currency(currency):
        message = f"“{currency}” is not a currency in use; give its three-letter ISO 4217 code."
        problems.append(Problem("currency_unknown", message, f"{pointer}/currency"))
    elif currency and billing.credit_limit is not None and has_more_decimals(billing.credit_limit, currency):
        message = f"The credit limit has more decimals than {currency} has; round it."
        problems.append(Problem("amount_fine", message, f"{pointer}/credit_limit"))
    problems.extend(_tax_problems(billing, country, pointer))
    return problems


def _tax_problems(billing: BillingAccountDraft, country: str | None, pointer: str) -> list[Problem]:
    if billing.tax_id is None:
        return []
    tax_country = billing.tax_country or country
    if tax_country is None:
        message = "Say which country gave this tax id."
        return [Problem("tax_country_missing", message, f"{pointer}/tax_country")]
    problem = tax_id_problem(billing.tax_id, tax_country, f"{pointer}/tax_id")
    return [problem] if problem else []


def fixed_billing_problems(
    billing: BillingAccountDraft, *, legal_entity: str, currency: str, pointer: str
) -> list[Problem]:
    """The legal entity and the currency of a billing account stay: what was billed is in them."""
    return [
        Problem(
            "billing_account_fixed",
            f"The {name.replace('_', ' ')} of a billing account stays {kept}; open a new billing account.",
            f"{pointer}/{name}",
        )
        for name, kept in (("legal_entity", legal_entity), ("currency", currency))
        if getattr(billing, name) not in (None, kept)
    ]


def shipping_problems(shipping: ShippingDraft | None, pointer: str) -> list[Problem]:
    """A delivery window has both ends, in order."""
    if shipping is None or (shipping.window_from is None and shipping.window_to is None):
        return []
    if shipping.window_from is None or shipping.window_to is None:
        return [Problem("window_half", "A delivery window needs both times; give the other one.", pointer)]
    if shipping.window_from >= shipping.window_to:
        return [Problem("window_reversed", "The delivery window ends before it begins; swap the times.", pointer)]
    return []


def _several(flags: Iterable[bool], what: str, pointer: str, field: str = "") -> list[Problem]:
    if sum(flags) <= 1:
        return []
    return [Problem("default_double", f"Only one can be the {what}; mark one.", f"{pointer}/{field}".rstrip("/"))]


def place_codes(addresses: Sequence[AddressDraft], taken: Collection[str]) -> list[str]:
    """The code of each place: the given one, or the next `ADDR-n` that is free."""
    used = {*taken, *(address.code for address in addresses if address.code)}
    highest = max((int(match[1]) for code in used if (match := re.fullmatch(r"ADDR-(\d{1,9})", code))), default=0)
    codes = []
    for address in addresses:
        if address.code is None:
            highest += 1
        codes.append(address.code or f"ADDR-{highest}")
    return codes


def place_rows(
    addresses: Sequence[AddressDraft], codes: Sequence[str], account_id: int, *, default_to_first: bool
) -> list[dict[str, object]]:
    """Places as rows, normalised; the first one is the default where asked for and none says so."""
    rows = [
        {**asdict(normalised(address)), "account_id": account_id, "code": code}
        for address, code in zip(addresses, codes, strict=True)
    ]
    if rows and default_to_first:
        for flag in ("is_ship_to", "is_bill_to"):
            if not any(row[flag] for row in rows):
                rows[0][flag] = True
    return rows


def billing_row(
    billing: BillingAccountDraft,
    entity: _Entity,
    *,
    number: str,
    account_id: int,
    account_name: str,
    country: str | None,
    is_default: bool,
) -> dict[str, object]:
    """A billing account as a row, with what it leaves open filled in."""
    tax_country = billing.tax_country or (country if billing.tax_id else None)
    return {
        **asdict(billing),
        "number": number,
        "account_id": account_id,
        "name": billing.name or account_name,
        "legal_entity_id": entity.id,
        "currency": billing.currency or entity.currency,
        "tax_country": tax_country,
        "tax_id": compacted_tax_id(billing.tax_id, tax_country) if billing.tax_id and tax_country else None,
        "is_default": is_default,
    }


def differences(
    before: Mapping[str, object], after: Mapping[str, object]
) -> tuple[dict[str, object], dict[str, object]]:
    """Only what changed, as it was and as it is; a key on one side only is None on the other."""
    changed = [key for key in sorted({*before, *after}) if _plain(before.get(key)) != _plain(after.get(key))]
    return {key: before.get(key) for key in changed}, {key: after.get(key) for key in changed}


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return value.normalize()
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value


SHIPPING_FIELDS = tuple(field.name for field in fields(ShippingDraft))
"""The names of what an account may say about shipping, which are columns too."""
