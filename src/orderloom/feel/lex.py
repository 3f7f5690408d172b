"""Cutting a text into tokens, by the lexical rules of DMN 1.3 (clause 10.3.1)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from orderloom.feel.limits import STANDARD, FeelError, FeelLimit, Limits, placed

Kind = Literal["number", "text", "word", "sign", "end"]

# The white space inside the standard's ranges of letters is left out of them.
_SPACE = "\\s\x85\xa0\u1680\u180e\u2000-\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
_START = (
    "?A-Z_a-z\xc0-\xd6\xd8-\xf6\xf8-\u02ff\u0370-\u037d\u037f-\u167f\u1681-\u180d\u180f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd\U00010000-\U000effff"
)
_PART = _START + "0-9\xb7\u0300-\u036f\u203f-\u2040"
_TOKEN = re.compile(
    rf"""[{_SPACE}]+ | //[^\n\r]*
      | (?P<comment>/\*(?:[^*]|\*(?!/))*(?P<ended>\*/)?)
      | (?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+(?![{_PART}]))?)
      | (?P<text>"(?:[^"\\]|\\.)*(?P<closed>")?)
      | (?P<word>[{_START}][{_PART}]*)
      | (?P<sign>\.\.|\*\*|!=|<=|>=|->|[^{_SPACE}])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{6})|(.))", re.DOTALL)
_SHORT = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_LONE = re.compile("[\ud800-\udfff]")


class Token(NamedTuple):
    """A piece of the text; `at` is its offset."""

    kind: Kind
    text: str
    at: int


def tokens_of(text: str, limits: Limits = STANDARD) -> list[Token]:
    """The tokens of a text and one of kind `end`; comments and white space are left out."""
    if len(text) > limits.characters:
        raise FeelLimit(
            "characters",
            f"An expression has at most {limits.characters} characters; shorten it.",
            **placed(text, limits.characters),
        )
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "comment":
            if match["ended"] is None:
                raise FeelError("The comment has no end; close it with “*/”.", **placed(text, match.start()))
        elif kind == "text" and match["closed"] is None:
            raise FeelError("The text in quotes has no end; close it.", **placed(text, match.start()))
        elif kind is not None:
            found.append(Token(kind, match.group(), match.start()))  # type: ignore[arg-type]
    if len(found) > limits.tokens:
        raise FeelLimit(
            "tokens",
            f"An expression has at most {limits.tokens} words and signs.",
            **placed(text, found[limits.tokens].at),
        )
    for token in found:
        if token.kind == "sign" and token.text in _REFUSED:
            raise FeelError(_REFUSED[token.text], **placed(text, token.at))
    found.append(Token("end", "", len(text)))
    return found


def text_of(token: str) -> str:
    """The text that a literal in double quotes means; an escape that the standard does not know stands for itself."""
    if "\\" not in token:
        return token[1:-1]
    plain = _ESCAPE.sub(_unescaped, token[1:-1])
    if _LONE.search(plain):
        plain = _LONE.sub("\ufffd", _PAIR.sub(_joined, plain))
    return plain


def _unescaped(match: re.Match[str]) -> str:
    short, long, single = match.groups()
    if short or long:
        code = int(short or long, 16)
        return chr(code) if code < 0x110000 else match.group()
    return _SHORT.get(single, match.group())


def _joined(match: re.Match[str]) -> str:
    return match.group().encode("utf-16", "surrogatepass").decode("utf-16")


_REFUSED = {
    "&": "Write “and” here.",
    "|": "Write “or” here.",
    "!": "Write “not(...)” or “!=” here.",
    ";": "The character “;” has no meaning here; remove it.",
}
