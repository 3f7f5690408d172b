"""Parsing: from JSON or YAML values into frozen input, once, refusing with every problem at once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import is_dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from orderloom.base.refusals import Problem, Refused

T = TypeVar("T")

NESTING_LIMIT = 50
PROBLEM_LIMIT = 200
DIGIT_LIMIT = 40
EXPONENT_LIMIT = 1000
_adapters: dict[Any, TypeAdapter[Any]] = {}
_CONFIG = ConfigDict(extra="forbid", str_max_length=20_000, allow_inf_nan=False)

_SENTENCES = {
    "missing": "This field is required; add it.",
    "extra_forbidden": "This field is not known here; remove it or check its spelling.",
    "unexpected_keyword_argument": "This field is not known here; remove it or check its spelling.",
    "finite_number": "Give a finite number.",
    "decimal_parsing": "Give a number, such as 12.50.",
    "int_parsing": "Give a whole number.",
    "int_from_float": "Give a whole number.",
    "bool_parsing": "Give true or false.",
    "date_from_datetime_parsing": "Give a date as YYYY-MM-DD.",
    "date_parsing": "Give a date as YYYY-MM-DD.",
    "datetime_parsing": "Give a time with its offset, as in 2026-11-23T09:00:00+01:00.",
    "timezone_aware": "Give the time with its offset from UTC.",
}


def parse(kind: type[T], value: object, *, pointer: str = "") -> T:
    """Turn plain values, as JSON or YAML give them, into frozen input of this kind.

    Refuses with every problem: unknown and missing fields, wrong types, bounds. `pointer` is put
    before the pointers of the problems.
    """
    refuse_bad_text(value, pointer)
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        raise Refused(_problems(error, pointer)) from None


def parse_json(kind: type[T], body: bytes | str) -> T:
    """Parse a JSON document; also refuses malformed JSON, double keys, NaN, NUL and lone surrogates."""
    return parse(kind, read_json(body))


def read_json(body: bytes | str) -> Any:
    """The plain values of a JSON document (RFC 8259), numbers as int or Decimal, read without guessing."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
    except UnicodeDecodeError as error:
        _malformed(f"The text is not UTF-8 (byte {error.start}); send UTF-8.")
    _refuse_deep(text)
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_float=_number, parse_int=_integer, parse_constant=_constant
        )
    except json.JSONDecodeError as error:
        _malformed(f"This is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.")
    except RecursionError:
        _too_deep()


def json_schema(kind: type[Any]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of an input."""
    return _adapter(kind).json_schema()


def refuse_bad_text(value: object, pointer: str = "") -> None:
    """Refuse NUL characters and lone surrogates anywhere inside, and nesting beyond the limit."""
    problems: list[Problem] = []
    pending: list[tuple[object, str, int]] = [(value, pointer, 0)]
    while pending:
        current, where, depth = pending.pop()
        if depth > NESTING_LIMIT:
            _too_deep()
        if isinstance(current, str):
            if not current.isascii() or "\x00" in current:
                problems.extend(_text_problems(current, where))
        elif isinstance(current, dict):
            for key, inner in current.items():
                below = f"{where}/{_escaped(str(key))}"
                pending.append((key, below, depth + 1))
                pending.append((inner, below, depth + 1))
        elif isinstance(current, list | tuple):
            pending.extend((inner, f"{where}/{place}", depth + 1) for place, inner in enumerate(current))
    if problems:
        raise Refused(problems)


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(strict(kind) if is_dataclass(kind) else kind)
    adapter: TypeAdapter[T] = _adapters[kind]
    return adapter


def strict(kind: type[T]) -> type[T]:
    """Mark a nested input class: unknown fields are refused and numbers are finite."""
    kind.__pydantic_config__ = _CONFIG  # type: ignore[attr-defined]
    return kind


def _problems(error: ValidationError, pointer: str) -> list[Problem]:
    details = error.errors(include_url=False, include_context=True)
    places = {detail["loc"] for detail in details}
    found = [_problem(detail, pointer) for detail in details if not _is_echo(detail, places)]
    if len(found) <= PROBLEM_LIMIT:
        return found
    more = len(found) - PROBLEM_LIMIT
    return [*found[:PROBLEM_LIMIT], Problem("too_many_problems", f"There are {more} more; mend these first.", pointer)]


def _is_echo(detail: ErrorDetails, places: set[tuple[int | str, ...]]) -> bool:
    """A list is called too short when its entries are wrong; then they are what is to be mended."""
    place = detail["loc"]
    return detail["type"] == "too_short" and any(
        len(other) > len(place) and other[: len(place)] == place for other in places
    )


_PATTERNS = {
    r"^\S(.*\S)?$": "Leave out the spaces at the beginning and the end.",
    "^[A-Z]{3}$": "Give the three capital letters of a currency (ISO 4217), such as USD.",
    "^[A-Z]{2}$": "Give the two capital letters of a country (ISO 3166), such as US.",
}


def _problem(detail: ErrorDetails, pointer: str) -> Problem:
    kind = detail["type"]
    pattern = str(detail.get("ctx", {}).get("pattern", ""))
    message = _SENTENCES.get(kind) or _PATTERNS.get(pattern) or _sentence(detail["msg"])
    path = "".join(f"/{_escaped(str(part))}" for part in detail["loc"])
    return Problem(_code(kind), message, pointer + path)


def _code(kind: str) -> str:
    return {
        "missing": "field_missing",
        "extra_forbidden": "field_unknown",
        "unexpected_keyword_argument": "field_unknown",
    }.get(kind, kind)


def _sentence(message: str) -> str:
    message = message.removeprefix("Value error, ").removeprefix("Input should be ")
    message = re.sub(r"^(String|Tuple|List|Dictionary|Mapping) should have | after validation", "", message)
    text = message[:1].upper() + message[1:]
    return text if text.endswith((".", "!")) else f"Give: {message}."


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")


def _text_problems(text: str, where: str) -> list[Problem]:
    if "\x00" in text:
        return [Problem("text_nul", "The text has a NUL character; remove it.", where.replace("\x00", "�"))]
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        shown = where.encode("utf-8", "replace").decode()
        return [Problem("text_surrogate", "The text has half of a character (a lone surrogate); type it again.", shown)]
    return []


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        double = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        shown = double.encode("utf-8", "replace").decode()
        raise Refused([Problem("key_double", f"The key “{shown}” stands twice in one object; keep one of them.")])
    return result


def _number(text: str) -> Decimal:
    if len(text) > DIGIT_LIMIT:
        _malformed(f"A number has more than {DIGIT_LIMIT} digits; give a shorter one.")
    try:
        number = Decimal(text)
    except InvalidOperation:
        _malformed("A number is not in a form that can be read.")
    if abs(number.adjusted()) > EXPONENT_LIMIT:
        _malformed("A number is larger or smaller than any that is meant; give an ordinary one.")
    return number


def _integer(text: str) -> int:
    if len(text) > DIGIT_LIMIT:
        _malformed(f"A number has more than {DIGIT_LIMIT} digits; give a shorter one.")
    return int(text)


def _constant(text: str) -> NoReturn:
    _malformed(f"{text} is not a number that JSON knows; give a finite number.")


def _refuse_deep(text: str) -> None:
    """Refuse deep nesting before a recursive parser meets it."""
    if text.count("[") + text.count("{") <= NESTING_LIMIT:
        return
    depth = 0
    inside_string = False
    escaped = False
    for character in text:
        if inside_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside_string = False
        elif character == '"':
            inside_string = True
        elif character in "[{":
            depth += 1
            if depth > NESTING_LIMIT:
                _too_deep()
        elif character in "]}":
            depth -= 1


def _too_deep() -> NoReturn:
    raise Refused([Problem("nesting_too_deep", f"Values are nested more than {NESTING_LIMIT} deep; flatten them.")])


def _malformed(message: str) -> NoReturn:
    raise Refused([Problem("json_malformed", message)])
