"""E-mail addresses as people type them: checked, and written as the wire wants them (RFC 5321, IDNA)."""

from __future__ import annotations

import re
from typing import Final

_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
MOST_RECIPIENTS: Final = 20


def wire_address(typed: str) -> str | None:
    """The address in ASCII with its domain in lower case and Punycode, or None where it is no address.

    Quoted local parts, address literals and letters beyond ASCII before the @ are not taken.
    """
    local, at, domain = typed.strip().rpartition("@")
    if not at or len(local) > 64 or not _LOCAL.fullmatch(local):
        return None
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    labels = ascii_domain.split(".")
    if len(labels) < 2 or len(ascii_domain) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        return None
    return f"{local}@{ascii_domain}"


def shown_address(address: str) -> str:
    """The address as people read it: the letters of its domain in place of Punycode."""
    local, at, domain = address.rpartition("@")
    try:
        return f"{local}{at}{domain.encode('ascii').decode('idna')}"
    except UnicodeError:
        return address


def is_one_line(text: str) -> bool:
    """Whether the text can stand in a header: no line break and no other control character."""
    return all(character.isprintable() or character == " " for character in text)
