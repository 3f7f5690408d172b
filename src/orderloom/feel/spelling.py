"""Cells as people write them into YAML and CSV, turned into FEEL: words are words, numbers are never guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orderloom.feel.mistakes import Mistake
from orderloom.feel.written import Written, written

_WORD = r"[^\W_](?:[\w .&/+'’–-]*\w)?"
_WORDS = re.compile(rf"(?P<head>not\s*\(\s*)?(?P<words>{_WORD}(?:\s*,\s*{_WORD})*)(?P<tail>\s*\))?", re.DOTALL)
_FEEL_WORDS = frozenset({"null"})
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NUMBERS = re.compile(r"(?<!\w)\d+(?:[.,'’\u00a0\u202f]\d+)*(?:[eE][+-]?\d+)?(?!\w)")
_AMBIGUOUS = re.compile(r"\d,\d")


@dataclass(frozen=True, slots=True)
class Numerals:
    """How a locale writes numbers."""

    locale: str
    decimal: str
    group: str


def numerals_of(locale: str) -> Numerals | None:
    """The signs of a locale (CLDR), none if it is not known."""
    from babel import Locale, UnknownLocaleError
    from babel.numbers import get_decimal_symbol, get_group_symbol

    try:
        known = Locale.parse(locale.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
    return Numerals(locale, get_decimal_symbol(known), get_group_symbol(known))


def as_feel(cell: Written, type_name: str, numerals: Numerals | None) -> tuple[Written, Mistake | None]:
    """The cell as FEEL: bare words of a text column in quotes, numbers of a declared locale as FEEL writes them."""
    cell = cell.stripped()
    if type_name == "string":
        return _with_quotes(cell), None
    return _with_plain_numbers(cell, numerals)


def as_written(cell: str, type_name: str) -> str:
    """A cell of FEEL for YAML or CSV: a name in a text column goes into brackets, so that it is not read as a word."""
    if type_name != "string" or _with_quotes(written(cell)).text == cell:
        return cell
    match = _WORDS.fullmatch(cell)
    assert match is not None
    inner = ", ".join(w if w in _FEEL_WORDS else f"({w})" for w in re.split(r"\s*,\s*", match["words"]))
    return f"not({inner})" if match["head"] else inner


def _with_quotes(cell: Written) -> Written:
    match = _WORDS.fullmatch(cell.text)
    if match is None or bool(match["head"]) != bool(match["tail"]):
        return cell
    words = re.split(r"\s*,\s*", match["words"])
    quoted = ", ".join(word if word in _FEEL_WORDS else f'"{word}"' for word in words)
    text = f"not({quoted})" if match["head"] else quoted
    return written(text, cell.place) if text != cell.text else cell


def _with_plain_numbers(cell: Written, numerals: Numerals | None) -> tuple[Written, Mistake | None]:
    pieces: list[str] = []
    done = 0
    for quoted in [*_QUOTED.finditer(cell.text), None]:
        end = quoted.start() if quoted else len(cell.text)
        outside = cell.text[done:end]
        if numerals is None:
            if match := _AMBIGUOUS.search(outside):
                return cell, _refused(cell, done + match.start())
        else:
            replaced = _replaced(outside, numerals)
            if isinstance(replaced, int):
                return cell, _refused(cell, done + replaced, numerals)
            outside = replaced
        pieces += (outside, quoted.group() if quoted else "")
        done = quoted.end() if quoted else end
    text = "".join(pieces)
    return (written(text, cell.place) if text != cell.text else cell), None


def _replaced(text: str, numerals: Numerals) -> str | int:
    """The text with its numbers as FEEL writes them, or the offset of one that the locale does not write so."""
    pieces: list[str] = []
    done = 0
    decimal, group = re.escape(numerals.decimal), _group_pattern(numerals.group)
    well = re.compile(rf"(?P<whole>\d+|\d{{1,3}}(?:{group}\d{{3}})+)(?:{decimal}(?P<part>\d+))?")
    for match in _NUMBERS.finditer(text):
        found = well.fullmatch(match.group())
        if found is None:
            return match.start()
        whole = re.sub(r"\D", "", found["whole"])
        pieces += (text[done : match.start()], whole + (f".{found['part']}" if found["part"] else ""))
        done = match.end()
    return "".join([*pieces, text[done:]])


def _group_pattern(group: str) -> str:
    return "[\u00a0\u202f]" if group in ("\u00a0", "\u202f") else "['’]" if group in "'’" else re.escape(group)


def _refused(cell: Written, offset: int, numerals: Numerals | None = None) -> Mistake:
    place = cell.at(offset)
    if numerals is None:
        sentence = (
            "A comma between two digits may mean a decimal sign, a thousand or a list: write 1234.50, "
            "put a space after the comma of a list, or declare a locale."
        )
    else:
        sentence = (
            f"This is not how the locale “{numerals.locale}” writes a number: it writes "
            f"1{numerals.group}234{numerals.decimal}50."
        )
    return Mistake(place.line, place.column, "number", sentence)
