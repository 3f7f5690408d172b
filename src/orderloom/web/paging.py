"""Cursors: the place in a list, opaque to who carries it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

import msgspec

from orderloom.base.refusals import refuse

T = TypeVar("T")

LIMIT = 50
LIMIT_MOST = 200


def cursor_of(place: Sequence[Any] | None) -> str | None:
    """The cursor for the keyset of a list's last row; None at the end."""
    if place is None:
        return None
    return base64.urlsafe_b64encode(msgspec.json.encode(list(place))).decode().rstrip("=")


def place_of(cursor: str | None, *kinds: Any) -> list[Any] | None:
    """The keyset inside a cursor, each value of the kind that the list is ordered by."""
    if not cursor:
        return None
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        values = msgspec.json.decode(raw, type=list[Any])
        if len(values) != len(kinds):
            raise ValueError
        return [msgspec.convert(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        refuse("cursor_invalid", "This cursor is not one of ours; begin the list again without it.", "/cursor")


def with_query(path: str, values: dict[str, Any]) -> str:
    """The path with those of the values that say something."""
    said = {name: value for name, value in values.items() if value not in (None, "", False)}
    return f"{path}?{urlencode(said, doseq=True)}" if said else path


def cut(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]) -> tuple[list[T], str | None]:
    """One page of rows that were read with one too many, and the cursor of the next page, if there is one."""
    shown = list(rows[:limit])
    return shown, cursor_of(key(shown[-1])) if len(rows) > limit and shown else None
