"""Facts about quotes. The subject is the quote, with its account."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from orderloom.base.events import Event


@dataclass(frozen=True, slots=True)
class QuoteCreated(Event):
    """A quote was begun; `copied_from` is the number of the quote it is a copy of."""

    type: str
    copied_from: str | None = None


@dataclass(frozen=True, slots=True)
class QuoteMoved(Event):
    """A quote went from one state to another; `version` is the active one."""

    before: str
    after: str
    version: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class QuotePriced(Event):
    """A draft was written or priced anew; `before` and `after` are what is paid once, before tax."""

    version: int
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class QuoteNeedConfirmed(Event):
    """Somebody with the right stood up for prices that needed it."""

    version: int
    needed_right: str
    comment: str


@dataclass(frozen=True, slots=True)
class QuoteQuestionAsked(Event):
    """A customer asked something about an offer."""

    question_id: int
    asked_by: str


@dataclass(frozen=True, slots=True)
class QuoteQuestionAnswered(Event):
    """A question was answered."""

    question_id: int


@dataclass(frozen=True, slots=True)
class QuoteDrawn(Event):
    """Quantities of a quote became an order."""

    version: int
    order_id: int
    order_number: str
