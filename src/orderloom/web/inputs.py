"""Input that the routes of several rooms take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from orderloom.base.parsing import strict
from orderloom.web.paging import LIMIT, LIMIT_MOST

Cursor = Annotated[str, Field(max_length=1_000)]
Limit = Annotated[int, Field(ge=1, le=LIMIT_MOST)]
Search = Annotated[str, Field(max_length=200)]
WhyText = Annotated[str, Field(min_length=3, max_length=500)]


@strict
@dataclass(frozen=True, slots=True)
class Paging:
    """Where a list goes on, and how much of it."""

    cursor: Cursor | None = None
    limit: Limit = LIMIT


@strict
@dataclass(frozen=True, slots=True)
class Why:
    """The reason for an act, kept in the audit trail."""

    reason: WhyText


@strict
@dataclass(frozen=True, slots=True)
class DryRun:
    """Whether to say only what would be done."""

    dry_run: bool = False
