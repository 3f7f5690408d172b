"""What an answering function may return beside plain values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Answer:
    """A value for a program, with its status and the version that `If-Match` will name."""

    value: object
    status: int | None = None
    version: object | None = None
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """One page of a list for a program; `next` is the cursor of the following page."""

    items: list[Any]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what it shows."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SeeOther:
    """Go on to another page after an act was done; `said` tells there what was done."""

    location: str
    said: str = ""
    cookies: tuple[Cookie, ...] = ()


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie that no script can read; no lifetime means until the browser closes, zero means gone."""

    name: str
    value: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Bytes or a stream as they are."""

    content: bytes | AsyncIterator[bytes]
    media_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
