"""The regular expressions of XPath, which FEEL's functions use, run by RE2 in time linear to the text.

What RE2 does not know is tried out step by step at the run's expense: back-references, and a class of characters
without another class, such as `[\\w-[\\d]]`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import re2

from orderloom.feel.backreferences import Remembering, Test, has_back_reference, remembering
from orderloom.feel.classes import subtracted
from orderloom.feel.run import Run

MAX_PATTERN = 1_000
_FLAGS = frozenset("smixq")
_META = frozenset(".\\?*+{}()|[]^$")
_BRACES = re.compile(r"\{[0-9]+(?:,[0-9]*)?\}")
_LESS = re.compile(r"(\[(?:\\.|[^\\\[])*)-(\[.*\])\]", re.DOTALL)
_CATEGORY = re.compile(r"\\[pP]\{(?:L[ultmo]?|M[nce]?|N[dlo]?|P[cdseifo]?|Z[slp]?|S[mcko]?|C[cfon]?)\}")
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

    def is_in(self, text: str, _run: Run) -> bool:
        """Whether some part of the text matches."""
        return self._compiled.search(text) is not None

    def found(self, text: str, _run: Run) -> Iterator[tuple[int, int, tuple[str | None, ...]]]:
        """Where it matches, from left to right, with its groups."""
        for match in self._compiled.finditer(text):
            yield match.start(), match.end(), (match.group(), *match.groups())

    @property
    def groups(self) -> int:
        """How many groups it has."""
        return int(self._compiled.groups)


@lru_cache(maxsize=512)
def pattern(text: str, flags: str) -> Pattern | Remembering | None:
    """The pattern, or none if it is not one that XPath (and RE2) knows."""
    if len(text) > MAX_PATTERN or not set(flags) <= _FLAGS:
        return None
    if "q" in flags:
        return _compiled(re.escape(text), flags)
    if "x" in flags:
        text = _unspaced(text)
    translated = None if has_back_reference(text) else _translated(text)
    if translated is not None:
        return _compiled(translated, flags)
    return remembering(text, flags, lambda atom: _single(atom, flags))


def _compiled(translated: str, flags: str) -> Pattern | None:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    options.dot_nl = "s" in flags
    options.case_sensitive = "i" not in flags
    try:
        return Pattern(re2.compile(f"(?m:{translated})" if "m" in flags else translated, options=options))
    except re2.error:
        return None


def _single(atom: str, flags: str) -> Test | None:
    """Whether one character is of an atom: a character, an escape, a class or the point."""
    if len(atom) == 1 and atom not in _META and "i" not in flags:
        return atom.__eq__
    if (less := _LESS.fullmatch(atom)) is not None:
        some, others = _single(f"{less[1]}]", flags), _single(less[2], flags)
        return None if some is None or others is None else lambda one: some(one) and not others(one)
    translated = _translated(atom)
    found = None if translated is None else _compiled(translated, flags.replace("m", ""))
    run = Run()
    return None if found is None else lru_cache(maxsize=256)(lambda character: found.is_in(character, run))


def _unspaced(text: str) -> str:
    """The pattern without its spaces; those in a class of characters stay."""
    kept: list[str] = []
    depth = 0
    is_escaped = False
    for character in text:
        if not depth and character in " \t\n\r":
            continue
        kept.append(character)
        if not is_escaped:
            depth += {"[": 1, "]": -1}.get(character, 0)
        is_escaped = character == "\\" and not is_escaped
    return "".join(kept)


def _translated(text: str) -> str | None:
    """XPath's syntax in RE2's; none where RE2 has something that XPath has not, or the other way round."""
    result: list[str] = []
    place = 0
    while place < len(text):
        found = _class(text, place) if text[place] == "[" else _outside(text, place)
        if found is None:
            return None
        result.append(found[0])
        place = found[1]
    return "".join(result)


def _outside(text: str, place: int) -> tuple[str, int] | None:
    """What stands here outside of a class, in RE2's form, and where it ends."""
    character = text[place]
    if character == "\\":
        return _escape(text, place, in_class=False)
    if character == "{":
        braces = _BRACES.match(text, place)
        return None if braces is None or not place else (braces[0], braces.end())
    if character in "]}" or (text.startswith("(?", place) and not text.startswith("(?:", place)):
        return None
    return character, place + 1


def _class(text: str, place: int) -> tuple[str, int] | None:
    """The class of characters that begins here, in RE2's form, and where it ends."""
    if (found := subtracted(text, place)) is not None:
        return found
    start = place + 2 if text.startswith("[^", place) else place + 1
    result, place = [text[place:start]], start
    while place < len(text):
        if text[place] == "]":
            return ("".join((*result, "]")), place + 1) if place > start else None
        part = _escape(text, place, in_class=True) if text[place] == "\\" else (text[place], place + 1)
        if part is None or part[0] == "[":
            return None
        result.append(part[0])
        place = part[1]
    return None


def _escape(text: str, place: int, *, in_class: bool) -> tuple[str, int] | None:
    letter = text[place + 1 : place + 2]
    end = place + 2
    if letter and letter in "pP":
        category = _CATEGORY.match(text, place)
        return None if category is None else (category[0], category.end())
    if letter in _CATEGORIES:
        if in_class:
            return (_CATEGORIES[letter], end) if letter in "ic" else None
        return f"[{_CATEGORIES[letter]}]", end
    if letter in _UNICODE:
        return (_UNICODE[letter] if in_class else f"[{_UNICODE[letter]}]"), end
    if letter and letter in "nrt\\|.?*+(){}-[]^$":
        return f"\\{letter}", end
    return None
