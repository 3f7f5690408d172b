"""The addresses in a message: what is kept names places, and only what is sent has the tokens."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PLACE: Final = "https://link.invalid"
"""Stands for the address where people find the program; `~1` in a path is the token of the message's first link."""
ANSWER: Final = f"{PLACE}/#answer"
"""Stands for the sentence that says how a message is answered; where no mail is received, nothing is said."""
HOW_TO_ANSWER: Final = "Or answer this message with nothing but “approve”, or with “reject because …”."
_PLACES: Final = re.compile(re.escape(PLACE) + r"(/[A-Za-z0-9/_~-]*)?")


@dataclass(frozen=True, slots=True)
class Doors:
    """Where people find the program, and the key that tokens follow from; it is kept outside of the database.

    `reply_to` is where answers to linked messages are received, if anywhere.
    """

    address: str
    key: bytes
    reply_to: str = ""

    def __repr__(self) -> str:
        return f"Doors({self.address})"


def opened(text: str, *, doors: Doors, tokens: Sequence[str]) -> str:
    """The text with real addresses in place of those that are kept."""

    def real(match: re.Match[str]) -> str:
        return doors.address + re.sub(r"~(\d+)", lambda place: _token(place[1], tokens), match[1] or "")

    return _PLACES.sub(real, text.replace(ANSWER, HOW_TO_ANSWER if doors.reply_to else ""))


def closed(text: str) -> str:
    """The text as pages show it: that there is a link, not where it leads."""
    return _PLACES.sub("[link]", text)


def _token(place: str, tokens: Sequence[str]) -> str:
    number = int(place)
    return tokens[number - 1] if 1 <= number <= len(tokens) else "-"
