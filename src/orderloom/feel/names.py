"""Names that expressions can read, and those that the language itself has."""

from __future__ import annotations

KEYWORDS = frozenset(
    {
        "and", "or", "in", "between", "instance", "if", "then", "else", "for", "some", "every", "return", "satisfies",
        "function", "true", "false", "null",
    }
)  # fmt: skip
BUILTIN_TYPES = (
    "Any", "Null", "number", "string", "boolean", "date", "time", "date and time", "days and time duration",
    "years and months duration", "context", "list", "function", "range",
    # As item definitions of the standard's XML may also spell them:
    "dateTime", "dayTimeDuration", "yearMonthDuration",
)  # fmt: skip
BUILTIN_NAMES = (
    # conversion
    "date", "date and time", "time", "number", "string", "duration", "years and months duration",
    # boolean
    "not", "is",
    # string
    "substring", "string length", "upper case", "lower case", "substring before", "substring after", "replace",
    "contains", "starts with", "ends with", "matches", "split", "string join",
    # list
    "list contains", "count", "min", "max", "sum", "mean", "all", "any", "sublist", "append", "concatenate",
    "insert before", "remove", "reverse", "index of", "union", "distinct values", "flatten", "product", "median",
    "stddev", "mode", "list replace", "sort",
    # number
    "decimal", "floor", "ceiling", "round up", "round down", "round half up", "round half down", "abs", "modulo",
    "sqrt", "log", "exp", "odd", "even",
    # date and time
    "day of year", "day of week", "month of year", "week of year", "now", "today",
    # context
    "get value", "get entries", "context", "context put", "context merge",
    # range
    "before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes", "finished by",
    "includes", "during", "starts", "started by", "coincides", "range",
)  # fmt: skip


def identifier(text: str) -> str:
    """A text as (the end of) a name; different texts give different names."""
    return "".join(_spelled(character) for character in text)


def _spelled(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return {".": "_", "_": "__"}.get(character) or f"_x{ord(character):x}_"
