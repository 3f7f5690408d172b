"""The parts of a paper that every room above composes alike: who sells, and who is addressed where."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orderloom.documents.types import Party, Role
from orderloom.parties.postal import address_lines
from orderloom.parties.reads import LegalEntityRow
from orderloom.parties.types import PostalAddress

_PARTS: Final = ("street", "city", "postal_code", "area", "district", "sorting_code", "name", "company")
ADDRESS: Final = ("country", *_PARTS)
"""The parts of an address that a party is made of."""


def seller(entity: LegalEntityRow) -> Party:
    """One of our companies, as it stands in the head of what it sends."""
    return party("seller", entity.name, entity.address, tax_id=entity.tax_id or "")


def party(role: Role, name: str, address: Mapping[str, Any] | None, *, tax_id: str = "") -> Party:
    """Somebody at an address, written as its country writes it; the name is not said twice."""
    lines: list[str] = []
    if address and address.get("country"):
        parts = {part: str(address.get(part) or "") for part in _PARTS}
        lines = [line for line in address_lines(PostalAddress(address["country"], **parts)) if line != name]
    return Party(role, name, tuple(lines), tax_id)
