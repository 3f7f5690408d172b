"""One version of a quote as it is kept: lines, charges with their waterfalls, needs, credits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from orderloom.base.refusals import NotFound, Problem
from orderloom.base.transaction import Tx
from orderloom.parties.policy import account_filter
from orderloom.parties.sales_credits import CreditKind, SalesCreditDraft
from orderloom.quotes.quote import GivenRow, Head, NewCharge, TotalRow
from orderloom.quotes.store.quote import HEAD
from orderloom.quotes.types import ChargeKind, Content, GivenDraft, LineDraft, LineKind, Scalar, SharedDraft, TermsDraft

UNKNOWN = Problem("quote_unknown", "There is no such quote, or not for you; look for it in the list.")


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version without its lines."""

    quote_id: int
    number: int
    title: str
    requested_on: date | None
    ship_to: str | None
    po_number: str | None
    terms: str | None
    note: str
    valid_until: date
    shared: tuple[GivenRow, ...]
    totals: tuple[TotalRow, ...]
    priced_at: datetime
    priced_by: str
    made_at: datetime
    frozen_at: datetime | None


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line as it is kept; `converted` of its quantity are in orders."""

    id: int
    position: int
    line: str
    kind: LineKind
    title: str
    parent: str | None
    product_id: int | None
    product_code: str | None
    product_name: str | None
    quantity: Decimal | None
    unit: str | None
    role: str | None
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: list[str]
    requested_on: date | None
    is_optional: bool
    alternative: str | None
    is_chosen: bool
    given: tuple[GivenRow, ...]
    notes: tuple[Mapping[str, Any], ...]
    shares: tuple[Mapping[str, Any], ...]
    terms: Mapping[str, Any]
    converted: Decimal

    @property
    def remaining(self) -> Decimal:
        """What may still be converted."""
        return (self.quantity or Decimal(0)) - self.converted


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a waterfall."""

    line: str
    charge: ChargeKind
    kind: str
    amount: Decimal
    unit_amount: Decimal
    rule: str
    rule_version: int | None
    input: Mapping[str, Any]
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A right that the prices wait for, and who has confirmed them."""

    position: int
    code: str
    needed_right: str
    lines: list[str]
    message: str
    percent: Decimal | None
    allowed: Decimal | None
    basis: str
    confirmed_by: str | None
    confirmed_at: datetime | None
    comment: str


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A share of the sale."""

    position: int
    payee: str
    name: str
    user_id: int
    percent: Decimal
    kind: CreditKind


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """A version with everything that everybody may see who sees the quote; costs are read apart."""

    version: VersionRow
    lines: tuple[LineRow, ...]
    charges: tuple[NewCharge, ...]
    steps: tuple[StepRow, ...]
    needs: tuple[NeedRow, ...]
    credits: tuple[CreditRow, ...]

    @property
    def open_needs(self) -> list[NeedRow]:
        """What nobody has confirmed yet."""
        return [need for need in self.needs if need.confirmed_at is None]


async def heads(tx: Tx, quote_ids: Sequence[int]) -> dict[int, Head]:
    """Quotes that the actor sees, by id."""
    seen, params = account_filter(tx.actor, "quote.account_id")
    found = await tx.all(
        f"""
        SELECT {HEAD}
          FROM quotes.quote
         WHERE quote.id = ANY(%(ids)s)
           AND (quote.is_template OR {seen})
        """,
        {"ids": list(quote_ids), **params},
        row=Head,
    )
    return {head.id: head for head in found}


async def head_of(tx: Tx, quote_id: int) -> Head:
    """One quote; refuses (404) one that the actor does not see."""
    found = await heads(tx, [quote_id])
    if quote_id not in found:
        raise NotFound([UNKNOWN])
    return found[quote_id]


async def quote_id_of(tx: Tx, number: str) -> int:
    """The quote of this number; refuses (404) one that the actor does not see."""
    seen, params = account_filter(tx.actor, "quote.account_id")
    found = await tx.value(
        f"SELECT id FROM quotes.quote WHERE number = upper(%(number)s) AND (quote.is_template OR {seen})",
        {"number": number, **params},
    )
    if found is None:
        raise NotFound([UNKNOWN])
    return int(found)


async def stored_version(tx: Tx, quote_id: int, number: int) -> StoredVersion:
    """A version of a quote that the caller has been let through to; refuses (404) one that is not there."""
    key = {"quote_id": quote_id, "version": number}
    row = await tx.one_or_none(
        """
        SELECT quote_id, number, title, requested_on, ship_to, po_number, terms, note, valid_until, shared, totals,
               priced_at, priced_by, made_at, frozen_at
          FROM quotes.version
         WHERE quote_id = %(quote_id)s
           AND number = %(version)s
        """,
        key,
        row=_VersionColumns,
    )
    if row is None:
        raise NotFound([UNKNOWN])
    return StoredVersion(
        version=row.kept(),
        lines=tuple(line.kept() for line in await _lines(tx, key)),
        charges=tuple(await _charges(tx, key)),
        steps=tuple(await _steps(tx, key)),
        needs=tuple(await _needs(tx, key)),
        credits=tuple(await _credits(tx, key)),
    )


@dataclass(frozen=True, slots=True)
class _VersionColumns:
    quote_id: int
    number: int
    title: str
    requested_on: date | None
    ship_to: str | None
    po_number: str | None
    terms: str | None
    note: str
    valid_until: date
    shared: list[dict[str, Any]]
    totals: list[dict[str, Any]]
    priced_at: datetime
    priced_by: str
    made_at: datetime
    frozen_at: datetime | None

    def kept(self) -> VersionRow:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["shared"] = msgspec.convert(self.shared, tuple[GivenRow, ...], strict=False)
        values["totals"] = msgspec.convert(self.totals, tuple[TotalRow, ...], strict=False)
        return VersionRow(**values)


@dataclass(frozen=True, slots=True)
class _LineColumns:
    id: int
    position: int
    line: str
    kind: LineKind
    title: str
    parent: str | None
    product_id: int | None
    product_code: str | None
    product_name: str | None
    quantity: Decimal | None
    unit: str | None
    role: str | None
    characteristics: Mapping[str, Scalar]
    place: str | None
    relies_on: list[str]
    requested_on: date | None
    is_optional: bool
    alternative: str | None
    is_chosen: bool
    given: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    shares: list[dict[str, Any]]
    terms: Mapping[str, Any]
    converted: Decimal

    def kept(self) -> LineRow:
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["given"] = msgspec.convert(self.given, tuple[GivenRow, ...], strict=False)
        values["notes"], values["shares"] = tuple(self.notes), tuple(self.shares)
        return LineRow(**values)


async def _lines(tx: Tx, key: Mapping[str, int]) -> list[_LineColumns]:
    return await tx.all(
        """
          SELECT id, position, line, kind, title, parent, product_id, product_code, product_name, quantity, unit, role,
                 characteristics, place, relies_on, requested_on, is_optional, alternative, is_chosen, given, notes,
                 shares, terms, converted
            FROM quotes.line
           WHERE quote_id = %(quote_id)s
             AND version = %(version)s
        ORDER BY position
           LIMIT 5000
        """,
        key,
        row=_LineColumns,
    )


async def _charges(tx: Tx, key: Mapping[str, int]) -> list[NewCharge]:
    return await tx.all(
        """
          SELECT line.line, charge.kind, charge.period, charge.quantity, charge.unit, charge.periods,
                 charge.list_amount, charge.net, charge.tax, charge.gross, charge.unit_price, charge.given_percent,
                 charge.taxes
            FROM quotes.line
            JOIN quotes.charge ON charge.line_id = line.id
           WHERE line.quote_id = %(quote_id)s
             AND line.version = %(version)s
        ORDER BY line.position, charge.kind
           LIMIT 10000
        """,
        key,
        row=NewCharge,
    )


async def _steps(tx: Tx, key: Mapping[str, int]) -> list[StepRow]:
    return await tx.all(
        """
          SELECT line.line, step.charge, step.kind, step.amount, step.unit_amount, step.rule, step.rule_version,
                 step.input, step.who, step.reason
            FROM quotes.line
            JOIN quotes.price_step AS step ON step.line_id = line.id
           WHERE line.quote_id = %(quote_id)s
             AND line.version = %(version)s
        ORDER BY line.position, step.charge, step.position
           LIMIT 100000
        """,
        key,
        row=StepRow,
    )


async def _needs(tx: Tx, key: Mapping[str, int]) -> list[NeedRow]:
    return await tx.all(
        """
          SELECT position, code, needed_right, lines, message, percent, allowed, basis, confirmed_by, confirmed_at,
                 comment
            FROM quotes.need
           WHERE quote_id = %(quote_id)s
             AND version = %(version)s
        ORDER BY position
           LIMIT 100
        """,
        key,
        row=NeedRow,
    )


async def _credits(tx: Tx, key: Mapping[str, int]) -> list[CreditRow]:
    return await tx.all(
        """
          SELECT credit.position, credit.payee, payee.name, credit.user_id, credit.percent, credit.kind
            FROM quotes.credit
            JOIN parties.user AS payee ON payee.id = credit.user_id
           WHERE credit.quote_id = %(quote_id)s
             AND credit.version = %(version)s
        ORDER BY credit.position
           LIMIT 200
        """,
        key,
        row=CreditRow,
    )


def content_of(stored: StoredVersion) -> Content:
    """What the version says, as a caller would say it: to be changed and written again, or copied."""
    version = stored.version
    return Content(
        lines=tuple(_line_draft(line) for line in stored.lines),
        title=version.title,
        valid_until=version.valid_until,
        requested_on=version.requested_on,
        ship_to=version.ship_to,
        po_number=version.po_number,
        terms=version.terms,
        note=version.note,
        shared=tuple(_shared_draft(given) for given in version.shared),
        credits=tuple(SalesCreditDraft(one.payee, one.percent, one.kind) for one in stored.credits),
    )


def _line_draft(line: LineRow) -> LineDraft:
    return LineDraft(
        line=line.line,
        kind=line.kind,
        title=line.title,
        product=line.product_code,
        parent=line.parent,
        quantity=line.quantity or Decimal(1),
        role=line.role,
        characteristics=line.characteristics,
        place=line.place,
        relies_on=tuple(line.relies_on),
        requested_on=line.requested_on,
        optional=line.is_optional,
        alternative=line.alternative,
        chosen=line.is_chosen if line.parent is None else True,
        given=tuple(
            GivenDraft(
                effect=given.effect,  # type: ignore[arg-type]
                value=given.value,
                reason=given.reason,
                charge=given.charge,
                period=given.period,  # type: ignore[arg-type]
                minimum=given.minimum,
                maximum=given.maximum,
                until=given.until,
            )
            for given in line.given
        ),
        terms=TermsDraft(**line.terms) if line.terms else None,
    )


def _shared_draft(given: GivenRow) -> SharedDraft:
    return SharedDraft(given.effect, given.value, given.reason, given.charge, given.section)  # type: ignore[arg-type]
