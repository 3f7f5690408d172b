"""Tax ids: checked by the rules of their country, check digits included (python-stdnum)."""

from __future__ import annotations

from typing import Protocol

from stdnum import exceptions
from stdnum.util import get_cc_module

from orderloom.base.refusals import Problem


class _Kind(Protocol):
    def validate(self, number: str) -> str: ...
    def is_valid(self, number: str) -> bool: ...
    def compact(self, number: str) -> str: ...


_KINDS = ("vat", "gstin", "ein", "tin")
_SAID = {
    exceptions.InvalidLength: "it has the wrong length",
    exceptions.InvalidFormat: "it has the wrong form",
    exceptions.InvalidChecksum: "its check digit does not fit, so one character is mistyped",
    exceptions.InvalidComponent: "one of its parts cannot be",
}


def tax_id_problem(tax_id: str, country: str, pointer: str = "") -> Problem | None:
    """What is wrong with a tax id of this country; None where it is right or the country's rules are not known.

    A country may know several kinds, such as a sales tax number and an employer's; any may be given.
    """
    reasons = []
    for kind in _kinds_of(country):
        try:
            kind.validate(tax_id)
        except exceptions.ValidationError as error:
            reasons.append(_SAID.get(type(error), "it cannot be"))
        else:
            return None
    if not reasons:
        return None
    message = f"“{tax_id}” is not a tax id of {country}: {reasons[0]}. Check it against the customer's papers."
    return Problem("tax_id_invalid", message, pointer)


def compacted_tax_id(tax_id: str, country: str) -> str:
    """The tax id as it is kept: without blanks and hyphens, its country's prefix dropped where the rules drop it."""
    for kind in _kinds_of(country):
        if kind.is_valid(tax_id):
            return kind.compact(tax_id)
    return "".join(tax_id.split()).upper()


def _kinds_of(country: str) -> list[_Kind]:
    found = [get_cc_module(country, kind) for kind in _KINDS]
    return [kind for kind in found if kind is not None]
