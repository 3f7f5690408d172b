"""Names that expressions can read."""

from __future__ import annotations


def identifier(text: str) -> str:
    """A text as (the end of) a name; different texts give different names."""
    return "".join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return {".": "_", "_": "__"}.get(character) or f"_x{ord(character):x}_"
