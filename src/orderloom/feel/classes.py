"""Classes of characters without those of another, `[a-z-[aeiou]]`, which XPath knows and RE2 does not."""

from __future__ import annotations

Span = tuple[int, int]
LAST = 0x10FFFF
MOST_NESTED = 5
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_PLAIN = "\\|.?*+(){}-[]^$"


def subtracted(text: str, place: int) -> tuple[str, int] | None:
    """The class that begins here in RE2's form, and where it ends; none if nothing is taken from it.

    Its parts are characters, spans of them, and escapes of single characters; classes such as `\\d` in it are not read.
    """
    found = _read(text, place + 1, 0)
    if found is None or not found[2]:
        return None
    spans, end, _ = found
    if not spans:
        return r"[^\x{0}-\x{10ffff}]", end
    written = (rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in spans)
    return f"[{''.join(written)}]", end


def _read(text: str, place: int, depth: int) -> tuple[list[Span], int, bool] | None:
    """The characters of the class whose bracket is open, where it ends, and whether anything was taken from it."""
    is_opposite = text.startswith("^", place)
    place += is_opposite
    spans: list[Span] = []
    while place < len(text) and depth < MOST_NESTED:
        if text.startswith("-[", place):
            inner = _read(text, place + 2, depth + 1)
            if inner is None or not text.startswith("]", inner[1]):
                return None
            own = _opposite(_merged(spans)) if is_opposite else _merged(spans)
            return _without(own, inner[0]), inner[1] + 1, True
        if text[place] == "]":
            return (_opposite(_merged(spans)) if is_opposite else _merged(spans)), place + 1, False
        low = _character(text, place)
        if low is None:
            return None
        high, place = low[0], low[1]
        if text.startswith("-", place) and not text.startswith(("-[", "-]"), place):
            top = _character(text, place + 1)
            if top is None or top[0] < low[0]:
                return None
            high, place = top
        spans.append((low[0], high))
    return None


def _character(text: str, place: int) -> tuple[int, int] | None:
    """The code of a single character, perhaps escaped, and where it ends."""
    character = text[place : place + 1]
    if character == "\\":
        escaped = text[place + 1 : place + 2]
        if not escaped or (escaped not in _ESCAPES and escaped not in _PLAIN):
            return None
        return ord(_ESCAPES.get(escaped, escaped)), place + 2
    return (ord(character), place + 1) if character and character != "[" else None


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for low, high in sorted(spans):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _opposite(spans: list[Span]) -> list[Span]:
    starts = [0, *(high + 1 for _, high in spans)]
    ends = [*(low - 1 for low, _ in spans), LAST]
    return [(low, high) for low, high in zip(starts, ends, strict=True) if low <= high]


def _without(spans: list[Span], less: list[Span]) -> list[Span]:
    kept = _opposite(less)
    found = ((max(a, c), min(b, d)) for a, b in spans for c, d in kept)
    return [(low, high) for low, high in found if low <= high]
