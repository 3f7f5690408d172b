"""The price list as periods: a price that is imported holds for its own period and leaves the rest as it was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from orderloom.base.fields import Amount, Code, CurrencyCode
from orderloom.base.money import cent, has_more_decimals, is_currency
from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem

NonNegative = Annotated[Amount, Field(ge=0)]


@strict
@dataclass(frozen=True, slots=True)
class PriceDraft:
    """A price for one unit in the standard list, as a row of a file says it.

    It holds from the beginning of `valid_from` (UTC; without it, or with a past day, from now) until
    the beginning of `valid_until` (without it, until further notice).
    """

    product: Code
    currency: CurrencyCode
    one_time: NonNegative | None = None
    recurring: NonNegative | None = None
    period: Literal["day", "week", "month", "quarter", "year"] | None = None
    valid_from: date | None = None
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class HeldPrice:
    """A price and the time it holds for: from its beginning until just before its end."""

    product_id: int
    currency: str
    one_time: Decimal | None
    recurring: Decimal | None
    period: str | None
    starts_at: datetime
    ends_at: datetime | None
    id: int | None = None

    @property
    def owner(self) -> tuple[int, str]:
        """What has one price at any moment: a product in a currency."""
        return self.product_id, self.currency

    @property
    def amounts(self) -> tuple[object, ...]:
        """What is asked for."""
        return self.one_time, self.recurring, self.period


def draft_problems(drafts: Sequence[PriceDraft], product_ids: Mapping[str, int], *, now: datetime) -> list[Problem]:
    """Everything that is wrong with these rows; pointers begin with the row's place."""
    problems = [
        problem.below(f"/{place}")
        for place, draft in enumerate(drafts)
        for problem in _problems_of(draft, product_ids, now)
    ]
    return problems or _overlaps(drafts, now)


def _problems_of(draft: PriceDraft, product_ids: Mapping[str, int], now: datetime) -> list[Problem]:
    problems = []
    if draft.product not in product_ids:
        message = f"There is no product {draft.product}; import its catalogue first."
        problems.append(Problem("product_unknown", message, "/product"))
    if draft.one_time is None and draft.recurring is None:
        problems.append(Problem("price_missing", "Give one_time, recurring or both.", "/one_time"))
    if (draft.recurring is None) != (draft.period is None):
        message = "A recurring price and its period go together; give both."
        problems.append(Problem("period_missing", message, "/period" if draft.period is None else "/recurring"))
    if not is_currency(draft.currency):
        message = f"“{draft.currency}” is no currency of ISO 4217."
        problems.append(Problem("currency_unknown", message, "/currency"))
    else:
        for name, amount in (("one_time", draft.one_time), ("recurring", draft.recurring)):
            if amount is not None and has_more_decimals(amount, draft.currency):
                message = f"{draft.currency} has no amounts below {cent(draft.currency)}; round it."
                problems.append(Problem("decimals", message, f"/{name}"))
    starts_at, ends_at = period_of(draft, now=now)
    if ends_at is not None and ends_at <= starts_at:
        message = "The price ends before it begins to hold; move valid_until."
        problems.append(Problem("validity_over", message, "/valid_until"))
    return problems


def _overlaps(drafts: Sequence[PriceDraft], now: datetime) -> list[Problem]:
    """Two rows that ask for different prices at one moment: nobody could say which is meant."""
    by_owner: dict[tuple[str, str], list[tuple[datetime, datetime | None, int]]] = {}
    for place, draft in enumerate(drafts):
        by_owner.setdefault((draft.product, draft.currency), []).append((*period_of(draft, now=now), place))
    problems = []
    for (product, currency), periods in by_owner.items():
        periods.sort(key=lambda period: period[0])
        for (_, ends_at, _), (starts_at, _, place) in pairwise(periods):
            if ends_at is None or starts_at < ends_at:
                message = f"{product} has another price in {currency} at the same time; end the one before."
                problems.append(Problem("price_double", message, f"/{place}/valid_from"))
    return problems


def period_of(draft: PriceDraft, *, now: datetime) -> tuple[datetime, datetime | None]:
    """When the price begins to hold and when it ends. What is past stays as it was."""
    begins = now if draft.valid_from is None else max(_midnight(draft.valid_from), now)
    return begins, None if draft.valid_until is None else _midnight(draft.valid_until)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def after(known: Sequence[HeldPrice], wanted: Sequence[HeldPrice]) -> list[HeldPrice]:
    """The list once the wanted prices hold: they replace what stood in their periods and nothing else.

    Neighbours that ask for the same become one, so that the same file changes nothing the second time.
    """
    pieces = list(known)
    for price in wanted:
        pieces = [rest for piece in pieces for rest in _without(piece, price)] + [price]
    joined: list[HeldPrice] = []
    for piece in sorted(pieces, key=lambda piece: (piece.owner, piece.starts_at)):
        last = joined[-1] if joined else None
        if last and last.ends_at == piece.starts_at and (last.owner, last.amounts) == (piece.owner, piece.amounts):
            joined[-1] = replace(last, ends_at=piece.ends_at, id=None)
        else:
            joined.append(piece)
    by_value = {replace(price, id=None): price for price in known}
    return [by_value.get(replace(piece, id=None), replace(piece, id=None)) for piece in joined]


def _without(piece: HeldPrice, price: HeldPrice) -> list[HeldPrice]:
    """What is left of a piece outside the period of a price of the same owner."""
    apart = (price.ends_at is not None and price.ends_at <= piece.starts_at) or (
        piece.ends_at is not None and piece.ends_at <= price.starts_at
    )
    if piece.owner != price.owner or apart:
        return [piece]
    rest = []
    if piece.starts_at < price.starts_at:
        rest.append(replace(piece, ends_at=price.starts_at))
    if price.ends_at is not None and (piece.ends_at is None or price.ends_at < piece.ends_at):
        rest.append(replace(piece, starts_at=price.ends_at))
    return rest
