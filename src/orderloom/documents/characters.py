"""What becomes of the characters of strangers' text, so that nothing on paper vanishes or runs off the page."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_RUN: Final = 20
"""Letters without a place to break a line, after which one is made."""

_FIRST_STRONG_ISOLATE: Final = "\u2068"
_POP_ISOLATE: Final = "\u2069"
_BREAK: Final = "\u200b"
_RUN: Final = re.compile(r"\S{21,}")
_JOINERS: Final = "\u200d\ufe0e\ufe0f\u20e3"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


def printable(text: str) -> str:
    """The text for one cell: composed, without control characters, with places to break very long words.

    Marks that turn the direction of writing are taken out: the letters say it themselves, and a mark that is
    never closed would turn what stands beside it.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = _DIRECTIONS.sub("", _CONTROLS.sub(" ", composed)).strip()
    return _RUN.sub(lambda run: _broken(run.group()), plain)


def isolated(text: str) -> str:
    """The text so that its direction of writing is its own, and what stands beside it keeps its place."""
    return f"{_FIRST_STRONG_ISOLATE}{text}{_POP_ISOLATE}" if text else text


def _broken(run: str) -> str:
    pieces, length = [], 0
    for character in run:
        if length >= LONGEST_RUN and not unicodedata.combining(character) and character not in _JOINERS:
            pieces.append(_BREAK)
            length = 0
        pieces.append(character)
        length += 1
    return "".join(pieces)


def named_where_missing(text: str, covered: frozenset[int]) -> tuple[str, list[str]]:
    """The text with each picture that no font has replaced by its name, and the letters that no font has.

    An emoji without a glyph is printed as “[rocket]”. A letter without a glyph has no such way out.
    """
    if all(ord(character) in covered or _is_invisible(character) for character in text):
        return text, []
    missing: list[str] = []
    pieces: list[str] = []
    named = False
    for character in text:
        if ord(character) in covered or _is_invisible(character):
            if not (named and character in _JOINERS):
                pieces.append(character)
                named = False
        elif unicodedata.category(character) in {"So", "Sk", "Sm"}:
            pieces.append(f"[{_name(character)}]")
            named = True
        else:
            missing.append(character)
    return "".join(pieces), missing


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Zl", "Zp", "Cc"} or character in _JOINERS or character in " \xa0"


def _name(character: str) -> str:
    name = unicodedata.name(character, f"U+{ord(character):04X}")
    return name.removeprefix("REGIONAL INDICATOR SYMBOL LETTER ").lower()
