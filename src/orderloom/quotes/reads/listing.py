"""The list of quotes: filtered, paged by id, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

import msgspec

from orderloom.base.transaction import Tx
from orderloom.catalog.reads import pattern
from orderloom.parties.policy import account_filter
from orderloom.quotes.quote import TotalRow
from orderloom.quotes.states import State

PAGE = 50
PAGE_LIMIT = 1_000


@dataclass(frozen=True, slots=True)
class QuoteFilter:
    """What to list. Conditions join with “and”; templates only where they are asked for."""

    states: Sequence[State] = ()
    account_id: int | None = None
    owner_id: int | None = None
    text: str | None = None
    is_template: bool = False
    needs_right: bool = False


@dataclass(frozen=True, slots=True)
class QuoteRow:
    """A quote in a list, with what its active version comes to."""

    id: int
    number: str
    account_id: int | None
    account_name: str
    is_template: bool
    type: str
    state: State
    lost_reason: str | None
    title: str
    version: int
    currency: str
    totals: tuple[TotalRow, ...]
    needs_right: bool
    questions: int
    owner: str | None
    valid_until: date
    created_at: datetime
    sent_at: datetime | None
    stamp: int


@dataclass(frozen=True, slots=True)
class _Columns:
    id: int
    number: str
    account_id: int | None
    account_name: str
    is_template: bool
    type: str
    state: State
    lost_reason: str | None
    title: str
    version: int
    currency: str
    totals: list[dict[str, Any]]
    needs_right: bool
    questions: int
    owner: str | None
    valid_until: date
    created_at: datetime
    sent_at: datetime | None
    stamp: int

    def kept(self) -> QuoteRow:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["totals"] = msgspec.convert(self.totals, tuple[TotalRow, ...], strict=False)
        return QuoteRow(**values)


_NEEDS_RIGHT: LiteralString = """
                 EXISTS (SELECT FROM quotes.need
                          WHERE need.quote_id = quote.id
                            AND need.version = quote.active_version
                            AND need.confirmed_at IS NULL
                            AND quote.state = 'draft')
"""


async def list_quotes(
    tx: Tx, wanted: QuoteFilter = QuoteFilter(), *, before: int | None = None, limit: int = PAGE
) -> list[QuoteRow]:
    """Quotes that the actor sees, newest first, older than the id `before`; text in number or customer."""
    seen, params = account_filter(tx.actor, "quote.account_id")
    rows = await tx.all(
        f"""
          SELECT quote.id, quote.number, quote.account_id, quote.account_name, quote.is_template, quote.type,
                 quote.state, quote.lost_reason, version.title, version.number AS version, quote.currency,
                 version.totals, {_NEEDS_RIGHT} AS needs_right,
                 (SELECT count(*) FROM quotes.question
                   WHERE question.quote_id = quote.id AND question.answered_at IS NULL)::integer AS questions,
                 owner.name AS owner, quote.valid_until, quote.created_at, quote.sent_at, quote.stamp
            FROM quotes.quote
            JOIN quotes.version ON version.quote_id = quote.id AND version.number = quote.active_version
            LEFT JOIN parties.user AS owner ON owner.id = quote.owner_id
           WHERE quote.is_template = %(is_template)s
             AND (quote.is_template OR {seen})
             AND (%(states)s::text[] IS NULL OR quote.state = ANY(%(states)s))
             AND (%(account_id)s::bigint IS NULL OR quote.account_id = %(account_id)s)
             AND (%(owner_id)s::bigint IS NULL OR quote.owner_id = %(owner_id)s)
             AND (%(pattern)s::text IS NULL OR quote.search LIKE base.folded(%(pattern)s))
             AND (NOT %(needs_right)s OR {_NEEDS_RIGHT})
             AND (%(before)s::bigint IS NULL OR quote.id < %(before)s)
        ORDER BY quote.id DESC
           LIMIT %(limit)s
        """,
        {
            "is_template": wanted.is_template,
            "states": list(wanted.states) or None,
            "account_id": wanted.account_id,
            "owner_id": wanted.owner_id,
            "pattern": pattern(wanted.text),
            "needs_right": wanted.needs_right,
            "before": before,
            "limit": min(limit, PAGE_LIMIT),
            **params,
        },
        row=_Columns,
    )
    return [row.kept() for row in rows]
