"""The regular expressions of XPath, which FEEL's functions use, run by RE2 in time linear to the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import re2

from orderloom.feel.classes import subtracted

MAX_PATTERN = 1_000
_FLAGS = frozenset("smixq")
_CATEGORIES = {
    "i": r"\p{L}_:", "I": r"^\p{L}_:", "c": r"\p{L}\p{Nd}\p{M}._:\-", "C": r"^\p{L}\p{Nd}\p{M}._:\-",
}  # fmt: skip
# XPath's classes know all of Unicode, RE2's only ASCII.
_UNICODE = {
    "d": r"\p{Nd}", "D": r"\P{Nd}", "w": r"\p{L}\p{M}\p{N}\p{S}", "W": r"\p{P}\p{Z}\p{C}", "s": r" \t\n\r",
    "S": r"\x{0}-\x{8}\x{b}\x{c}\x{e}-\x{1f}\x{21}-\x{10ffff}",
}  # fmt: skip


class Pattern:
    """A compiled pattern."""

    def __init__(self, compiled: re2._Regexp) -> None:
        self._compiled = compiled

    def is_in(self, text: str) -> bool:
        """Whether some part of the text matches."""
        return self._compiled.search(text) is not None

    def matches_nothing(self) -> bool:
        """Whether the empty text matches, which `replace` does not allow."""
        return self._compiled.search("") is not None

    def found(self, text: str) -> Iterator[tuple[int, int, tuple[str | None, ...]]]:
        """Where it matches, from left to right, with its groups."""
        for match in self._compiled.finditer(text):
            yield match.start(), match.end(), (match.group(), *match.groups())

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)


@lru_cache(maxsize=512)
def pattern(text: str, flags: str) -> Pattern | None:
    """The pattern, or none if it is not one that XPath (and RE2) knows."""
    if len(text) > MAX_PATTERN or not set(flags) <= _FLAGS:
        return None
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.dot_nl = "s" in flags
    options.case_sensitive = "i" not in flags
    translated = re.escape(text) if "q" in flags else _translated(text, spaced="x" in flags)
    if translated is None:
        return None
    if "m" in flags:
        translated = f"(?m:{translated})"
    try:
        return Pattern(re2.compile(translated, options=options))
    except re2.error:
        return None


def _translated(text: str, *, spaced: bool) -> str | None:
    """XPath's syntax in RE2's; none where RE2 has something that XPath has not, or the other way round."""
    result: list[str] = []
    place = 0
    in_class = 0
    while place < len(text):
        character = text[place]
        if character == "\\":
            escaped = _escape(text[place : place + 2], in_class=in_class > 0)
            if escaped is None:
                return None
            result.append(escaped)
            place += 2
            continue
        if character == "[":
            if in_class:
                return None
            if (found := subtracted(text, place)) is not None:
                written, place = found
                result.append(written)
                continue
            in_class = 1
        elif character == "]" and in_class:
            in_class = 0
        elif not in_class:
            if spaced and character in " \t\n\r":
                place += 1
                continue
            if text.startswith("(?", place) and not text.startswith("(?:", place):
                return None
        result.append(character)
        place += 1
    return None if in_class else "".join(result)


def _escape(escape: str, *, in_class: bool) -> str | None:
    if len(escape) < 2:
        return None
    letter = escape[1]
    if letter in _CATEGORIES:
        if in_class:
            return _CATEGORIES[letter] if letter in "ic" else None
        return f"[{_CATEGORIES[letter]}]"
    if letter in _UNICODE:
        return _UNICODE[letter] if in_class else f"[{_UNICODE[letter]}]"
    if letter in "nrtpP" or letter in "\\|.?*+(){}-[]^$":
        return escape
    return None
