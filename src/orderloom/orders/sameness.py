"""Whether an order that is handed in again is the same as before, and where it differs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Final

from orderloom.orders.revisions import plain
from orderloom.orders.types import OrderDraft

SHOWN: Final = 5
"""So many differences are named; a person who sees them knows what happened."""


def handed_in(draft: OrderDraft) -> dict[str, Any]:
    """A draft as plain values without what it leaves open, the same in whatever order its items came."""
    content: dict[str, Any] = _given(draft)
    content["items"] = {item["line"]: item for item in content["items"]}
    return content


def _given(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        known = ((name, getattr(value, name)) for name in _names(type(value)))
        return {name: _given(one) for name, one in known if one is not None and one != "" and one not in ((), {})}
    if isinstance(value, tuple):
        return [_given(one) for one in value]
    return plain(value)


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """What an order says otherwise than before, each in words: `quantity of line 1.2 was 4 and is 6`."""
    found = [*_changed(_header(before), _header(after), "")]
    was, now = before["items"], after["items"]
    for line in dict.fromkeys([*was, *now]):
        if line not in now:
            found.append(f"line {line} is missing")
        elif line not in was:
            found.append(f"line {line} is new")
        else:
            found += _changed(was[line], now[line], f" of line {line}")
    return found


def _header(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != "items"}


def _changed(was: Mapping[str, Any], now: Mapping[str, Any], where: str) -> Iterator[str]:
    for name in sorted({*was, *now}):
        if was.get(name) != now.get(name):
            yield f"{name}{where} was {_shown(was.get(name))} and is {_shown(now.get(name))}"


def _shown(value: object) -> str:
    if value is None:
        return "not given"
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def named_before(drafts: Sequence[OrderDraft]) -> dict[int, int]:
    """By place: the place of the first draft that has the same external id in the same channel."""
    first: dict[tuple[str, str], int] = {}
    return {
        place: before
        for place, draft in enumerate(drafts)
        if draft.external_id is not None
        and (before := first.setdefault((draft.channel, draft.external_id), place)) != place
    }


def in_words(found: Sequence[str]) -> str:
    """Differences as part of a sentence, the first of them when there are many."""
    more = f", and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(found[:SHOWN]) + more
