"""What may be on an order: credits that add up, exact amounts, totals, and the credit limit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from orderloom.base.money import allocate, cent, has_more_decimals, round_amount
from orderloom.base.refusals import Problem
from orderloom.parties.sales_credits import HUNDRED, Credited, CreditKind, plain


class Priced(Protocol):
    """An item with its unit prices."""

    @property
    def quantity(self) -> Decimal: ...
    @property
    def one_time(self) -> Decimal | None: ...
    @property
    def recurring(self) -> Decimal | None: ...
    @property
    def period(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """What an order comes to: once, and by period for what recurs."""

    one_time: Decimal
    recurring: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class CreditShare:
    """What one payee's credit comes to, in the order's currency."""

    payee: str
    kind: CreditKind
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a billing account owes or will owe: open orders, delivered but unbilled, billed but unpaid."""

    open: Decimal
    unbilled: Decimal
    unpaid: Decimal

    @property
    def total(self) -> Decimal:
        """Everything together."""
        return self.open + self.unbilled + self.unpaid


@dataclass(frozen=True, slots=True)
class CreditVerdict:
    """Whether an order fits under the limit, and by how much it does not."""

    is_allowed: bool
    limit: Decimal | None
    exposure: Decimal
    excess: Decimal


def credit_shares(amount: Decimal, credits: Sequence[Credited], *, currency: str) -> list[CreditShare]:
    """What each credit comes to, in the order given.

    Revenue shares sum to the amount, to the smallest unit (largest remainder); a non-revenue
    credit is extra and is rounded by itself.
    """
    revenue = [credit for credit in credits if credit.kind == "revenue"]
    parts = iter(allocate(amount, [credit.percent for credit in revenue], cent(currency)) if revenue else [])
    return [
        CreditShare(
            credit.payee,
            credit.kind,
            next(parts) if credit.kind == "revenue" else round_amount(amount * credit.percent / HUNDRED, currency),
        )
        for credit in credits
    ]


def amount_problems(
    amounts: Mapping[str, Decimal | None], *, currency: str, pointer: str, quantity: Decimal = Decimal(1)
) -> list[Problem]:
    """Refuse unit prices below zero, and those finer than the currency's smallest unit; keys are field names.

    A finer one stands where it is an amount divided by the quantity, as lines are exported that cost so much in all.
    """
    problems = []
    for field, amount in amounts.items():
        if amount is None:
            continue
        if amount < 0:
            problems.append(
                Problem("amount_negative", "A price is not below zero; give 0 or more.", f"{pointer}/{field}")
            )
        elif has_more_decimals(amount, currency) and not _is_share(amount * quantity, currency):
            problems.append(
                Problem(
                    "amount_too_fine",
                    f"{currency} goes down to {plain(cent(currency))}; round {plain(amount)} to that.",
                    f"{pointer}/{field}",
                )
            )
    return problems


def _is_share(amount: Decimal, currency: str) -> bool:
    return abs(amount - round_amount(amount, currency)) < Decimal("0.000001")


def totals(items: Iterable[Priced], *, currency: str) -> Totals:
    """Price times quantity of every item, each line rounded once, then added."""
    one_time = Decimal(0)
    recurring: dict[str, Decimal] = {}
    for item in items:
        if item.one_time is not None:
            one_time += round_amount(item.one_time * item.quantity, currency)
        if item.recurring is not None and item.period is not None:
            line = round_amount(item.recurring * item.quantity, currency)
            recurring[item.period] = recurring.get(item.period, Decimal(0)) + line
    return Totals(one_time, dict(sorted(recurring.items())))


def credit_verdict(limit: Decimal | None, exposure: Exposure) -> CreditVerdict:
    """Compare a billing account's exposure, this order included, with its limit; no limit allows all."""
    if limit is None:
        return CreditVerdict(True, None, exposure.total, Decimal(0))
    excess = max(exposure.total - limit, Decimal(0))
    return CreditVerdict(excess == 0, limit, exposure.total, excess)
