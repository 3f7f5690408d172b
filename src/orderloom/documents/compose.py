"""The parts of a paper that every room above composes alike: who sells, and who is addressed where."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from orderloom.documents.types import Commitment, Fact, Party, Role
from orderloom.parties.postal import address_lines
from orderloom.parties.reads import LegalEntityRow
from orderloom.parties.types import PostalAddress

_PARTS: Final = ("street", "city", "postal_code", "area", "district", "sorting_code", "name", "company")
ADDRESS: Final = ("country", *_PARTS)
"""The parts of an address that a party is made of."""
OURS: Final = frozenset({"sku", "vendor", "serialTracked"})
"""Characteristics that tell our warehouse what to do, and not the customer what they get."""


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


def characteristics(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What a line is like, as one detail of it, or none."""
    spoken = ", ".join(
        f"{name} {_spoken(value)}" for name, value in told.items() if value is not None and name not in OURS
    )
    return (spoken,) if spoken else ()


def _spoken(value: Any) -> str:
    return {True: "✓", False: "–"}[value] if isinstance(value, bool) else str(value)


def commitment(terms: Mapping[str, Any]) -> Commitment | None:
    """What binds the customer to a line, as quotes, orders and invoices keep it; none where nothing does."""
    fee = terms.get("termination_fee")
    found = Commitment(
        terms.get("minimum_months"), terms.get("notice_days"), None if fee is None else Decimal(str(fee))
    )
    return None if found == Commitment() else found


def stated(*facts: Fact) -> tuple[Fact, ...]:
    """The facts that say something."""
    return tuple(fact for fact in facts if fact.text or fact.day)
