"""String functions (clause 10.3.4.3); positions count code points."""

from __future__ import annotations

import re
from decimal import Decimal

from orderloom.feel.backreferences import Remembering
from orderloom.feel.builtins.registry import builtin
from orderloom.feel.patterns import Pattern, pattern
from orderloom.feel.run import Run

_MATCH_STEPS = 25
_SPECIAL = re.compile(r"[\\.+*?()\[\]{}^$|]")
_REPLACEMENT = re.compile(r"\\([\\$])|\$([0-9]+)|([\\$])|([^\\$]+)")


@builtin("substring(string: text, start position: number, length?: number)")
def substring(run: Run, text: str, start: Decimal, length: Decimal | None = None) -> str | None:
    """From a position, the first being 1 and the last -1; null outside of the text."""
    if not 1 <= abs(start) <= len(text) or (length is not None and length < 1):
        return None
    first = int(start) - 1 if start > 0 else len(text) + int(start)
    count = len(text) if length is None else int(min(length, Decimal(len(text))))
    run.text(min(count, len(text)))
    return text[first : first + count]


@builtin("string length(string: text)")
def string_length(_run: Run, text: str) -> Decimal:
    """In code points."""
    return Decimal(len(text))


@builtin("upper case(string: text)")
def upper_case(run: Run, text: str) -> str:
    """As Unicode has it."""
    run.text(len(text))
    return text.upper()


@builtin("lower case(string: text)")
def lower_case(run: Run, text: str) -> str:
    """As Unicode has it."""
    run.text(len(text))
    return text.lower()


@builtin("substring before(string: text, match: text)")
def substring_before(run: Run, text: str, match: str) -> str:
    """Empty if the match does not occur."""
    run.text(len(text))
    place = text.find(match)
    return text[:place] if place > 0 else ""


@builtin("substring after(string: text, match: text)")
def substring_after(run: Run, text: str, match: str) -> str:
    """Empty if the match does not occur."""
    run.text(len(text))
    place = text.find(match)
    return text[place + len(match) :] if place >= 0 else ""


@builtin("contains(string: text, match: text)")
def contains(run: Run, text: str, match: str) -> bool:
    """Whether it occurs."""
    run.spend(len(text) >> 6)
    return match in text


@builtin("starts with(string: text, match: text)")
def starts_with(_run: Run, text: str, match: str) -> bool:
    """Whether it comes first."""
    return text.startswith(match)


@builtin("ends with(string: text, match: text)")
def ends_with(_run: Run, text: str, match: str) -> bool:
    """Whether it comes last."""
    return text.endswith(match)


@builtin("matches(input: text, pattern: text, flags?: text)")
def matches(run: Run, text: str, expression: str, flags: str | None = None) -> bool | None:
    """Whether the regular expression matches some part; null if it is none."""
    found = _pattern(run, text, expression, flags)
    return None if found is None else found.is_in(text, run)


@builtin("replace(input: text, pattern: text, replacement: text, flags?: text)")
def replace(run: Run, text: str, expression: str, replacement: str, flags: str | None = None) -> str | None:
    """Each match replaced; `$1` is the first group. Null if the pattern matches the empty text, as in XPath."""
    found = _pattern(run, text, expression, flags)
    if found is None or found.is_in("", run):
        return None
    parts = [replacement] if flags and "q" in flags else _replacement_parts(replacement, found.groups)
    if parts is None:
        return None
    result: list[str] = []
    size = place = 0
    for start, end, groups in found.found(text, run):
        pieces = [text[place:start], *(part if isinstance(part, str) else groups[part] or "" for part in parts)]
        run.spend(_MATCH_STEPS + 2 * len(pieces))
        size += sum(map(len, pieces))
        if size > run.limits.text:
            run.text(size)
        result += pieces
        place = end
    result.append(text[place:])
    run.text(size + len(text) - place)
    return "".join(result)


@builtin("split(string: text, delimiter: text)")
def split(run: Run, text: str, delimiter: str) -> list[str] | None:
    """The parts between the matches of a regular expression; null if it matches the empty text, as in XPath."""
    if delimiter and not _SPECIAL.search(delimiter):
        run.items(text.count(delimiter) + 1)
        return text.split(delimiter)
    found = _pattern(run, text, delimiter, None)
    if found is None or found.is_in("", run):
        return None
    parts: list[str] = []
    place = 0
    for start, end, _ in found.found(text, run):
        run.spend(_MATCH_STEPS)
        parts.append(text[place:start])
        place = end
    parts.append(text[place:])
    run.items(len(parts))
    return parts


@builtin("string join(list: list, delimiter?: text, prefix?: text, suffix?: text)")
def string_join(
    run: Run, items: list[object], delimiter: str | None = None, prefix: str | None = None, suffix: str | None = None
) -> str | None:
    """The texts of a list, with a delimiter between them; nulls are left out."""
    texts = [item for item in items if isinstance(item, str)]
    if len(texts) + sum(1 for item in items if item is None) != len(items):
        return None
    between = delimiter or ""
    run.spend(len(items))
    run.text(sum(map(len, texts)) + len(between) * len(texts))
    return (prefix or "") + between.join(texts) + (suffix or "")


def _pattern(run: Run, text: str, expression: str, flags: str | None) -> Pattern | Remembering | None:
    run.spend(10 + len(expression) + (len(text) >> 3))
    return pattern(expression, flags or "")


def _replacement_parts(replacement: str, groups: int) -> list[str | int] | None:
    parts: list[str | int] = []
    for match in _REPLACEMENT.finditer(replacement):
        escaped, group, lone, plain = match.groups()
        if lone:
            return None
        if group:
            # As many digits as there are groups for; the rest is text, as in XPath.
            digits = len(group)
            while digits > 1 and int(group[:digits]) > groups:
                digits -= 1
            parts += [int(group[:digits]) if int(group[:digits]) <= groups else "", group[digits:]]
        else:
            parts.append(escaped or plain)
    return parts
