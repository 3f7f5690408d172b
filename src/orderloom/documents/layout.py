"""The pure layout of a paper: in one language, every number and date written, with or without amounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal

from orderloom.base.money import has_more_decimals
from orderloom.base.refusals import refuse
from orderloom.documents.characters import isolated, printable
from orderloom.documents.types import Charge, Commitment, Fact, Line, Paper, Party, Period, Sheet, Tax, Total
from orderloom.documents.words import UNITS, WORDS, language_of

RIGHT_TO_LEFT = frozenset({"ar"})
UNIT_DECIMALS = 6
_DATED = defaultdict(lambda: "delivery_on", quote="requested_on")
"""What the dates of lines are: an offer repeats what is wished for, all else says when it comes."""
_FACT_WORDS = {"quote": "quote_number", "invoice": "invoice_number"}


def lay_out(paper: Paper, *, language: str, with_prices: bool) -> Sheet:
    """The paper as it is printed, as plain texts. Without prices there is no amount in it anywhere.

    Refused where there are no words in the language.
    """
    known = language_of(language)
    if known is None:
        refuse("language_unknown", f"Documents are printed in {', '.join(WORDS)}; choose one of them.", "/language")
    pen = _Pen(known, _locale(language, known), paper.currency)
    seller = next((party for party in paper.parties if party.role == "seller"), None)
    others = [party for party in paper.parties if party.role != "seller"]
    sheet: dict[str, Any] = {
        "kind": paper.kind,
        "language": known,
        "region": _region(language),
        "right_to_left": known in RIGHT_TO_LEFT,
        "title": pen.word(paper.kind),
        "number": printable(paper.number),
        "about": _own(paper.title),
        "words": {name: pen.word(name) for name in _SHEET_WORDS} | {"delivery_on": pen.word(_DATED[paper.kind])},
        "author": printable(seller.name) if seller else "",
        "seller": _party(seller, pen) if seller else None,
        "customer": _party(others[0], pen) if others else None,
        "places": [_party(party, pen) for party in others[1:]],
        "facts": [_fact(fact, pen) for fact in paper.facts],
        "with_prices": with_prices,
        "dated": any(line.delivery_on for section in paper.sections for line in section.lines),
        "sections": [
            {
                "title": _own(section.title),
                "lines": [_line(line, pen, with_prices=with_prices) for line in section.lines],
                "subtotals": _totals(section.subtotals, pen) if with_prices else [],
            }
            for section in paper.sections
        ],
        "notes": _paragraphs(paper.notes),
        "terms": _paragraphs(paper.terms),
    }
    if with_prices:
        sheet["currency"] = paper.currency
        sheet["totals"] = _totals(paper.totals, pen)
        sheet["taxes"] = [_tax(tax, pen) for tax in paper.taxes]
        sheet["before_tax"] = paper.before_tax
    return sheet


_SHEET_WORDS = (
    "line", "description", "quantity", "price", "amount", "delivery_on", "page", "continued", "notes", "conditions",
    "received", "accepted", "place_and_day", "signature", "tax_id", "before_tax",
)  # fmt: skip


class _Pen:
    """How one locale writes."""

    __slots__ = ("currency", "language", "locale")

    def __init__(self, language: str, locale: Locale, currency: str) -> None:
        self.language, self.locale, self.currency = language, locale, currency

    def word(self, key: str, **parts: str) -> str:
        text = WORDS[self.language][key]
        return text.format(**parts) if parts else text

    def day(self, day: date) -> str:
        return format_date(day, "medium", locale=self.locale)

    def number(self, value: Decimal) -> str:
        plain = value.normalize()
        digits = min(max(0, -int(plain.as_tuple().exponent)), UNIT_DECIMALS)
        pattern = "#,##0" + ("." + "0" * digits if digits else "")
        return format_decimal(plain, format=pattern, locale=self.locale)

    def amount(self, value: Decimal) -> str:
        """Without the currency, which stands in the head of the column, with a true minus."""
        return _minus(format_currency(value, self.currency, "#,##0.00", locale=self.locale))

    def unit_price(self, value: Decimal) -> str:
        """Unit prices are not rounded: those finer than the cent keep their digits."""
        if has_more_decimals(value, self.currency):
            return _minus(self.number(value))
        return self.amount(value)

    def per(self, period: Period | None) -> str:
        return self.word("per", period=self.word(period)) if period else ""


def _own(text: str) -> str:
    """Somebody's text as it is printed: where its writing runs the other way, it turns nothing beside it."""
    plain = printable(text)
    return isolated(plain)


def _minus(text: str) -> str:
    return text.replace("-", "−")


def _locale(tag: str, language: str) -> Locale:
    try:
        return Locale.parse(tag.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(language)


def _region(tag: str) -> str:
    parts = tag.replace("_", "-").split("-")
    return next((part.upper() for part in parts[1:] if len(part) == 2 and part.isalpha()), "")


def _party(party: Party, pen: _Pen) -> dict[str, Any]:
    label = pen.word(party.role) if party.role in ("bill_to", "ship_to") else ""
    lines = [_own(line) for line in party.lines if line.strip()]
    return {"label": label, "name": _own(party.name), "lines": lines, "tax_id": _own(party.tax_id)}


def _fact(fact: Fact, pen: _Pen) -> dict[str, str]:
    text = pen.day(fact.day) if fact.day else _own(fact.text)
    return {"label": pen.word(_FACT_WORDS.get(fact.key, fact.key)), "text": text}


def _line(line: Line, pen: _Pen, *, with_prices: bool) -> dict[str, Any]:
    laid: dict[str, Any] = {
        "number": _own(line.number),
        "text": _own(line.text),
        "details": [
            *(_own(detail) for detail in line.details),
            *_committed(line.commitment, pen, with_prices=with_prices),
        ],
        "depth": line.depth,
        "quantity": _quantity(line, pen),
        "day": pen.day(line.delivery_on) if line.delivery_on else "",
        "standing": _standing(line, pen, with_prices=with_prices),
    }
    if with_prices:
        laid["charges"] = [_charge(charge, pen) for charge in line.charges]
    return laid


def _committed(terms: Commitment | None, pen: _Pen, *, with_prices: bool) -> list[str]:
    """What binds the customer, in one line; the fee to leave early is an amount, so it goes with the prices."""
    if terms is None:
        return []
    parts = []
    if terms.minimum_months is not None:
        parts.append(pen.word("minimum_term", months=pen.number(Decimal(terms.minimum_months))))
    if terms.notice_days is not None:
        parts.append(pen.word("notice", days=pen.number(Decimal(terms.notice_days))))
    if terms.termination_fee is not None and with_prices:
        parts.append(pen.word("termination_fee", amount=pen.amount(terms.termination_fee), currency=pen.currency))
    return [", ".join(parts)] if parts else []


def _standing(line: Line, pen: _Pen, *, with_prices: bool) -> str:
    if not line.standing:
        return ""
    return f"{pen.word(line.standing)}: {pen.word('apart')}" if with_prices else pen.word(line.standing)


def _quantity(line: Line, pen: _Pen) -> str:
    if line.quantity is None:
        return ""
    known = "piece" if line.unit == "each" else line.unit
    unit = pen.word(known) if known in UNITS else _own(line.unit)
    return f"{pen.number(line.quantity)}\u00a0{unit}".strip()


def _charge(charge: Charge, pen: _Pen) -> dict[str, str]:
    return {
        "price": pen.unit_price(charge.unit_price),
        "amount": pen.amount(charge.amount),
        "per": pen.per(charge.period),
    }


def _totals(totals: Sequence[Total], pen: _Pen) -> list[dict[str, Any]]:
    return [
        {
            "label": _own(total.label) or pen.word(total.key, period=pen.word(total.period or "month")),
            "amount": pen.amount(total.amount),
            "strong": total.key in ("gross", "open"),
        }
        for total in totals
    ]


def _tax(tax: Tax, pen: _Pen) -> dict[str, str]:
    percent = f"{pen.number(tax.percent)} %"
    key = "tax_line" if tax.treatment == "taxed" else f"tax_{tax.treatment}"
    label = pen.word(key, name=_own(tax.name), percent=isolated(percent), net=isolated(pen.amount(tax.net)))
    return {"label": label, "amount": pen.amount(tax.tax)}


def _paragraphs(texts: Iterable[str]) -> list[str]:
    return [_own(part) for text in texts for part in text.splitlines() if part.strip()]
