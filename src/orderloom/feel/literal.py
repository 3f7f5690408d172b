"""A value as FEEL spells it: as one literal that reads as the same value, and as the text of string()."""

from __future__ import annotations

import re
from decimal import Decimal

from orderloom.feel.limits import Limits
from orderloom.feel.run import Run
from orderloom.feel.times import printed
from orderloom.feel.values import Callee, Date, DateTime, Days, Months, Range, Time, inward

_WHOLE = Limits(steps=1_000_000, text=10_000_000)
"""What one value that an evaluation gave may have within is more than what the evaluation itself may spell."""
_ESCAPES = {
    **{chr(code): f"\\u{code:04X}" for code in (*range(32), 127, *range(0xD800, 0xE000))},
    "\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t",
}  # fmt: skip
_ESCAPED = re.compile('[\x00-\x1f\x7f\ud800-\udfff"\\\\]')
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?: [A-Za-z0-9_]+)*")


def literal(value: object) -> str:
    """One literal of FEEL for any value, `datetime`'s own classes too; `FeelLimit` beyond some megabytes."""
    return _literal(Run(_WHOLE), inward(value))


def text_of_value(run: Run, value: object) -> str:
    """What string() makes of a value: a text is itself, at the outside."""
    if isinstance(value, str):
        return value
    if isinstance(value, Date | DateTime | Time | Days | Months):
        return printed(value)
    return _literal(run, value)


def number_text(number: Decimal) -> str:
    """A number without an exponent and without zeros behind the last digit."""
    text = f"{number:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def quoted(text: str) -> str:
    """A text in double quotes; control characters and halves of surrogate pairs are written as their codes."""
    return f'"{_ESCAPED.sub(lambda match: _ESCAPES[match[0]], text)}"'


def _literal(run: Run, value: object) -> str:  # noqa: PLR0911 - one return for each kind of value
    run.spend(5)
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return number_text(value)
        case str():
            run.text(len(value))
            return quoted(value)
        case list():
            return f"[{', '.join(_literal(run, inner) for inner in value)}]"
        case dict():
            return f"{{{', '.join(f'{_key(key)}: {_literal(run, inner)}' for key, inner in value.items())}}}"
        case Range():
            return _range(run, value)
        case Date() | DateTime() | Time() | Days() | Months():
            return f'@"{printed(value)}"'
        case Callee():
            return f"function({', '.join(value.parameters)})"
    return "function(...)"


def _key(key: str) -> str:
    from orderloom.feel.names import KEYWORDS

    return key if _PLAIN_KEY.fullmatch(key) and not KEYWORDS & set(key.split()) else quoted(key)


def _range(run: Run, value: Range) -> str:
    if value.low is None:
        return f"({'<=' if value.high_included else '<'} {_literal(run, value.high)})"
    if value.high is None:
        return f"({'>=' if value.low_included else '>'} {_literal(run, value.low)})"
    opening, closing = "[" if value.low_included else "(", "]" if value.high_included else ")"
    return f"{opening}{_literal(run, value.low)}..{_literal(run, value.high)}{closing}"
