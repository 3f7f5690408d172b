"""What somebody who decides is shown of a request's snapshot, in a message as on a page; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from babel.numbers import format_decimal

COSTLY: Final = ("margin", "cost", "floor")
"""What only those see who may see costs: inputs and columns whose names have one of these words."""
MONEY: Final = frozenset({"amount", "one time", "recurring", "one_time", "total", "net", "list total", "price"})
LINES_MOST = 40
SHARE_TOLD = Decimal("0.25")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_MINUS = "\u2212"


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and its value as they are read."""

    name: str
    value: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Why:
    """A rule that asks: what people noted beside it or what it says, and what it read."""

    rule: int
    text: str
    read: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what is asked for; `cause` says how it brought the rule about, or is empty."""

    title: str
    detail: str
    amounts: tuple[str, ...]
    cause: str


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is needed to decide: who and what, the rules that ask, the figures, and the lines."""

    parties: tuple[Fact, ...]
    figures: tuple[Fact, ...]
    reasons: tuple[Why, ...]
    lines: tuple[Line, ...]
    lines_left_out: int


def shown_of(
    snapshot: Mapping[str, Any], reasons: Sequence[Mapping[str, Any]], *, may_see_cost: bool, locale: str = "en"
) -> Shown:
    """What a person is shown of a snapshot, and of the rules that ask for a step.

    Without the right to see costs whatever names margin, cost or floor is left out, with the text of such rules.
    """
    identity, inputs = snapshot["identity"], snapshot["inputs"]
    currency = str(identity.get("currency", ""))
    said = {value for value in identity.values()} | {value.split(" ")[0] for value in identity.values() if value}
    figures = [
        _fact(name, value, currency, locale)
        for name, value in inputs.items()
        if value not in ("null", "0", '""') and _plain(value) not in said and _may(name, may_see_cost)
    ]
    rows: list[dict[str, Any]] = next((rows for rows in snapshot["shown"].values() if _is_table(rows)), [])
    read = {name for reason in reasons for name in reason["read"]}
    amount = _number(inputs.get("amount", ""))
    lines = [_line(row, read, amount, currency, locale) for row in rows]
    lines.sort(key=lambda line: not line.cause)
    return Shown(
        tuple(Fact(_title(name), str(value)) for name, value in identity.items() if value and name != "currency"),
        tuple(sorted(figures, key=lambda fact: (fact.name.lower() != "amount", not fact.is_number))),
        tuple(_why(reason, currency, locale, may_see_cost=may_see_cost) for reason in reasons),
        tuple(lines[:LINES_MOST]),
        max(len(lines) - LINES_MOST, 0),
    )


def without_costs(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """A snapshot as those see it who may not see costs."""
    shown = {
        name: [{key: one for key, one in row.items() if _may(key, False)} for row in rows] if _is_table(rows) else rows
        for name, rows in snapshot["shown"].items()
        if _may(name, False)
    }
    inputs = {name: value for name, value in snapshot["inputs"].items() if _may(name, False)}
    return {**snapshot, "inputs": inputs, "shown": shown}


def reasons_without_costs(reasons: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rules as those see them who may not see costs: notes stay, the text of a rule that reads costs does not."""
    return [
        {
            **reason,
            "text": reason["text"] if all(_may(name, False) for name in reason["read"]) else "",
            "read": {name: value for name, value in reason["read"].items() if _may(name, False)},
        }
        for reason in reasons
    ]


def _may(name: str, may_see_cost: bool) -> bool:
    return may_see_cost or not any(word in name.lower() for word in COSTLY)


def _is_table(rows: object) -> bool:
    return isinstance(rows, list) and bool(rows) and all(isinstance(row, dict) for row in rows)


def _fact(name: str, value: str, currency: str, locale: str) -> Fact:
    number = _number(value)
    if number is None:
        return Fact(_title(name), _plain(value))
    if name in MONEY:
        return Fact(_title(name), f"{_money(number, locale)} {currency}".strip(), is_number=True)
    return Fact(_title(name), _written(number, locale), is_number=True)


def _why(reason: Mapping[str, Any], currency: str, locale: str, *, may_see_cost: bool) -> Why:
    hidden = not all(_may(name, may_see_cost) for name in reason["read"])
    text = reason["note"] or ("" if hidden else reason["text"])
    read = [_fact(name, value, currency, locale) for name, value in reason["read"].items() if _may(name, may_see_cost)]
    return Why(int(reason["rule"]), _capital(str(text)), tuple(read))


def _line(row: Mapping[str, Any], read: set[str], amount: Decimal | None, currency: str, locale: str) -> Line:
    quantity = _number(row.get("quantity"))
    parts = [(_number(row.get(name)), _per(row) if name == "recurring" else "") for name in ("one_time", "recurring")]
    sums = [(value * (quantity or 1), per) for value, per in parts if value]
    title = str(row.get("product") or row.get("title") or row.get("name") or "")
    detail = " ".join(filter(None, (_written(quantity, locale) if quantity is not None else "", row.get("unit"))))
    amounts = tuple(f"{_money(value, locale)} {currency}{per}".strip() for value, per in sums)
    return Line(title, detail, amounts, _cause(row, read, sum((value for value, _ in sums), Decimal(0)), amount))


def _cause(row: Mapping[str, Any], read: set[str], total: Decimal, amount: Decimal | None) -> str:
    named = [name for name in row.get("causes", ()) if name in read]
    if named:
        return ", ".join(named)
    if "amount" in read and amount and total / amount >= SHARE_TOLD:
        return f"{round(total / amount * 100)} % of the amount"
    return ""


def _per(row: Mapping[str, Any]) -> str:
    return f" / {row['period']}" if row.get("period") else ""


def _number(value: object) -> Decimal | None:
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        return None
    try:
        return None if value is None or isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def _money(value: Decimal, locale: str) -> str:
    return format_decimal(value, format="#,##0.00###", locale=_locale(locale)).replace("-", _MINUS)


def _written(value: Decimal, locale: str) -> str:
    return format_decimal(value, format="#,##0.######", locale=_locale(locale)).replace("-", _MINUS)


def _locale(tag: str) -> str:
    return tag.replace("-", "_")


def _plain(literal: str) -> str:
    """A FEEL literal as people read it: a text without its quotes."""
    return literal[1:-1].replace('\\"', '"').replace("\\\\", "\\") if literal[:1] == '"' else literal


def _title(name: str) -> str:
    return _capital(name.replace("_", " "))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
