"""Forms: what a task asks for, and whether the answers fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from orderloom.base.refusals import Problem
from orderloom.work.types import FormField

LONGEST_TEXT = 10_000
LONGEST_LIST = 10_000
_KNOWN = frozenset(f.name for f in fields(FormField))


def form_of(params: Mapping[str, Any]) -> tuple[FormField, ...]:
    """The form that stands in a step's parameters under `form`: field by field, a name alone being text."""
    return tuple(_field(entry) for entry in params.get("form") or ())


def _field(entry: Any) -> FormField:
    if isinstance(entry, str):
        return FormField(entry)
    known = {name: value for name, value in entry.items() if name in _KNOWN}
    known["options"] = tuple(known.get("options", ()))
    for bound in ("at_least", "at_most"):
        if known.get(bound) is not None:
            known[bound] = Decimal(str(known[bound]))
    return FormField(**known)


def check_outputs(
    form: Sequence[FormField], outputs: Mapping[str, Any], *, pointer: str = ""
) -> tuple[dict[str, Any], list[Problem]]:
    """The answers in their types, and every problem with them. A task without a form takes no answers."""
    known = {f.name: f for f in form}
    clean: dict[str, Any] = {}
    problems = [
        Problem("unknown_field", f"This task does not ask for “{name}”; leave it out.", f"{pointer}/{name}")
        for name in outputs
        if name not in known
    ]
    for name, asked in known.items():
        value = outputs.get(name)
        if value is None or value == "":
            if asked.required:
                label = asked.label or name
                problems.append(Problem("required", f"Fill in “{label}”.", f"{pointer}/{name}"))
            continue
        try:
            clean[name] = _READ[asked.type](asked, value)
        except ValueError as error:
            problems.append(Problem("bad_value", str(error), f"{pointer}/{name}"))
    return clean, problems


def _text(_asked: FormField, value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT or "\0" in value:
        raise ValueError(f"Write a text of at most {LONGEST_TEXT} characters.")
    return value


def _number(asked: FormField, value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise InvalidOperation
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("Write a number, such as 12 or 12.5.") from None
    if not number.is_finite() or abs(number) > Decimal(10) ** 15:
        raise ValueError("Write a number of ordinary size.")
    if asked.at_least is not None and number < asked.at_least:
        raise ValueError(f"Write a number of at least {asked.at_least}.")
    if asked.at_most is not None and number > asked.at_most:
        raise ValueError(f"Write a number of at most {asked.at_most}.")
    return number


def _integer(asked: FormField, value: Any) -> int:
    number = _number(asked, value)
    if number != int(number):
        raise ValueError("Write a whole number.")
    return int(number)


def _boolean(_asked: FormField, value: Any) -> bool:
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False}
    answer = value if isinstance(value, bool) else known.get(str(value).lower())
    if answer is None:
        raise ValueError("Answer yes or no.")
    return answer


def _date(_asked: FormField, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError("Write a date as year-month-day, such as 2026-03-31.") from None


def _choice(asked: FormField, value: Any) -> str:
    if value not in asked.options:
        raise ValueError(f"Choose one of {', '.join(asked.options)}.")
    return str(value)


def _list(asked: FormField, value: Any) -> list[str]:
    entries = [line.strip() for line in value.splitlines()] if isinstance(value, str) else value
    if not isinstance(entries, list) or len(entries) > LONGEST_LIST:
        raise ValueError(f"Write a list of at most {LONGEST_LIST} entries, one on each line.")
    texts = [_text(asked, str(entry)) for entry in entries if str(entry).strip()]
    if asked.at_least is not None and len(texts) < asked.at_least:
        raise ValueError(f"Write at least {asked.at_least} entries.")
    if len(set(texts)) != len(texts):
        raise ValueError("Each entry may stand here once only.")
    return texts


_READ: dict[str, Callable[[FormField, Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "choice": _choice,
    "list": _list,
}
