"""Sales credits as quotes and orders share them: shares of a sale for payees, and when they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from orderloom.base.fields import Percent, Text
from orderloom.base.parsing import strict
from orderloom.base.refusals import Problem

CreditKind = Literal["revenue", "non_revenue"]
MAX_CREDITS = 100
HUNDRED = Decimal(100)


@strict
@dataclass(frozen=True, slots=True)
class SalesCreditDraft:
    """A share of the sale; revenue rows of one header or item total 100 %."""

    payee: Text
    percent: Percent
    kind: CreditKind = "revenue"


class Credited(Protocol):
    """A sales credit, as it is entered or as it is kept."""

    @property
    def payee(self) -> str: ...
    @property
    def percent(self) -> Decimal: ...
    @property
    def kind(self) -> CreditKind: ...


def credit_problems(credits: Sequence[Credited], *, pointer: str) -> list[Problem]:
    """Refuse revenue credits that do not total 100 % and a payee who stands twice in one kind."""
    problems = []
    seen: set[tuple[str, str]] = set()
    for place, credit in enumerate(credits):
        key = (credit.payee.casefold(), credit.kind)
        if key in seen:
            problems.append(
                Problem(
                    "credit_double",
                    f"{credit.payee} has two {_kind_word(credit.kind)} credits here; make them one.",
                    f"{pointer}/{place}/payee",
                )
            )
        seen.add(key)
        if credit.percent <= 0:
            problems.append(
                Problem(
                    "credit_zero",
                    "A credit of 0 % says nothing; give more or remove it.",
                    f"{pointer}/{place}/percent",
                )
            )
    revenue = [credit.percent for credit in credits if credit.kind == "revenue"]
    if revenue and sum(revenue) != HUNDRED:
        problems.append(
            Problem(
                "credits_not_hundred",
                f"Revenue credits total {plain(sum(revenue, Decimal(0)))} %; change them until they total 100 %.",
                pointer,
            )
        )
    return problems


def _kind_word(kind: CreditKind) -> str:
    return "revenue" if kind == "revenue" else "non-revenue"


def plain(number: Decimal) -> str:
    """A number as a person writes it: no exponent, no zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
