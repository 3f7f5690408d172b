"""The layout of a paper: languages, numbers, and no amount where none is wanted."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from orderloom.base.refusals import Refused
from orderloom.documents.characters import LONGEST_RUN, named_where_missing, printable
from orderloom.documents.fonts import covered
from orderloom.documents.layout import lay_out
from orderloom.documents.types import Charge, Fact, Line, Paper, Section
from orderloom.documents.words import NAMES, WORDS
from tests.documents import given

MARKS = "\u2068\u2069"


def bare(value: Any) -> Any:
    """A part of a sheet without the marks that isolate directions of writing."""
    return json.loads("".join(c for c in json.dumps(value, ensure_ascii=False) if c not in MARKS))


def one_line(language: str, charge: Charge, *, currency: str = "EUR", quantity: str = "1") -> dict[str, Any]:
    line = Line("1", "Drill", Decimal(quantity), "piece", charges=(charge,))
    paper = Paper("quote", "Q-1", currency, (), (Section((line,)),), facts=(Fact("date", day=date(2026, 3, 7)),))
    laid: dict[str, Any] = bare(lay_out(paper, language=language, with_prices=True))
    return {**laid["sections"][0]["lines"][0], "date": laid["facts"][0]["text"]}


def test_every_language_has_the_same_words_and_a_name() -> None:
    assert WORDS.keys() == NAMES.keys()
    assert {language: words.keys() ^ WORDS["en"].keys() for language, words in WORDS.items()} == {
        language: set() for language in WORDS
    }
    assert all(text for words in WORDS.values() for text in words.values())


@pytest.mark.parametrize(
    ("language", "amount", "day", "quantity"),
    [
        ("en", "1,234,567.50", "Mar 7, 2026", "1,000.5\xa0pc"),
        ("en-GB", "1,234,567.50", "7 Mar 2026", "1,000.5\xa0pc"),
        ("de", "1.234.567,50", "07.03.2026", "1.000,5\xa0Stück"),
        ("de-CH", "1’234’567.50", "07.03.2026", "1’000.5\xa0Stück"),
        ("fr", "1\u202f234\u202f567,50", "7 mars 2026", "1\u202f000,5\xa0pce"),
        ("ja", "1,234,567.50", "2026/03/07", "1,000.5\xa0個"),
    ],
)
def test_numbers_and_dates_are_written_as_people_there_do(language: str, amount: str, day: str, quantity: str) -> None:
    line = one_line(language, Charge(Decimal("1234567.50"), Decimal("1234567.50")), quantity="1000.5")

    assert (line["charges"][0]["amount"], line["date"], line["quantity"]) == (amount, day, quantity)


@pytest.mark.parametrize(
    ("currency", "unit_price", "shown"),
    [
        ("EUR", "49", "49.00"), ("EUR", "0.0125", "0.0125"), ("JPY", "1200", "1,200"), ("JPY", "0.5", "0.5"),
        ("KWD", "1.5", "1.500"), ("EUR", "-3.20", "−3.20"),
    ],
)  # fmt: skip
def test_unit_prices_keep_every_digit_and_amounts_those_of_the_currency(
    currency: str, unit_price: str, shown: str
) -> None:
    line = one_line("en", Charge(Decimal(unit_price), Decimal(1)), currency=currency)

    assert line["charges"][0]["price"] == shown


@pytest.mark.parametrize("language", WORDS)
def test_without_prices_no_amount_is_anywhere_in_the_sheet(language: str) -> None:
    of = given.paper("Drill", lines=9)
    with_prices = lay_out(of, language=language, with_prices=True)
    without = lay_out(of, language=language, with_prices=False)

    assert {"1,234.50", "1.234,50", "1\u202f234,50"} & set(_texts(bare(with_prices)))
    digits = ["".join(c for c in text if c.isdigit()) for text in _texts(without)]
    assert [text for text in digits if text in {"123450", "8900", "77777", "432109"}] == []
    assert {"currency", "totals", "taxes", "before_tax"} & without.keys() == set()
    assert "EUR" not in json.dumps(without)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]


def test_a_language_without_words_is_refused_and_those_there_are_named() -> None:
    with pytest.raises(Refused, match="en, de, fr, ja, ar"):
        lay_out(given.paper(), language="tlh", with_prices=True)


@examples(st.text(min_size=1, max_size=300))
def test_printable_text_has_places_to_break_and_nothing_that_turns_its_neighbours(text: str) -> None:
    plain = printable(text)

    assert printable(plain).replace("\u200b", "") == plain.replace("\u200b", "")
    assert not set(plain) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x07")


def test_a_word_of_two_hundred_letters_can_break() -> None:
    assert [len(piece) for piece in printable("W" * 200).split("\u200b")] == [LONGEST_RUN] * 10


def test_a_picture_without_a_glyph_is_named_and_a_letter_without_one_is_told() -> None:
    assert 0x1F680 not in covered()
    assert ord("☎") in covered()
    assert named_where_missing("Go 🚀 ☎", covered()) == ("Go [rocket] ☎", [])
    assert named_where_missing("👩‍🚀!", covered()) == ("[woman][rocket]!", [])
    assert named_where_missing("\U00012000 a", covered()) == ("\U00012000 a".replace("\U00012000", ""), ["\U00012000"])
