"""Builders for what the tests of documents stand on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

from pypdf import PdfReader

from orderloom.documents.layout import lay_out
from orderloom.documents.render import render
from orderloom.documents.types import Charge, Fact, Kind, Line, Paper, Party, Section, Sheet, Tax, Total

AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
AMOUNTS = (Decimal("1234.50"), Decimal("89.00"), Decimal("777.77"), Decimal("4321.09"))


def paper(*texts: str, kind: Kind = "order_confirmation", lines: int | None = None, notes: Sequence[str] = ()) -> Paper:
    """A paper with a line for each text, or as many lines as asked for; each fourth is a bundle with two parts."""
    names = texts or ("Cordless drill",)
    rows: list[Line] = []
    for place in range(1, (lines or len(names)) + 1):
        name = names[(place - 1) % len(names)]
        rows.append(
            Line(
                str(place),
                name,
                Decimal(place),
                "piece",
                details=("Colour blue",),
                charges=(Charge(AMOUNTS[0], AMOUNTS[0] * place), Charge(AMOUNTS[1], AMOUNTS[1], "month")),
                delivery_on=date(2026, 12, 24),
            )
        )
        if place % 4 == 0:
            rows += [
                Line(f"{place}.1", "Part", Decimal(1), "set", 1),
                Line(f"{place}.1.1", "Its part", Decimal("2.5"), "metre", 2),
            ]
    return Paper(
        kind=kind,
        number="SO-2026-000123",
        currency="EUR",
        parties=(
            Party("seller", "Tessellane Handel GmbH", ("Webergasse 12", "04109 Leipzig"), "DE342366712"),
            Party("customer", "Obrador & Söhne", ("Calle 7", "28001 Madrid")),
            Party("ship_to", "Obrador Lager", ("Nave 3",)),
        ),
        sections=(Section(tuple(rows), subtotals=(Total("subtotal", AMOUNTS[2]),)),),
        facts=(Fact("date", day=date(2026, 11, 23)), Fact("po_number", "PO-9")),
        totals=(Total("one_time", AMOUNTS[3]), Total("recurring", AMOUNTS[1], period="month")),
        taxes=(Tax("MwSt", Decimal(19), AMOUNTS[3], AMOUNTS[2]),),
        notes=tuple(notes),
        before_tax=True,
    )


def sheet(of: Paper, *, language: str = "en", with_prices: bool = True) -> Sheet:
    return lay_out(of, language=language, with_prices=with_prices)


def reader(of: Paper, *, language: str = "en", with_prices: bool = True) -> PdfReader:
    """The PDF of a paper, opened by somebody else's library."""
    return PdfReader(BytesIO(render(sheet(of, language=language, with_prices=with_prices), at=AT).pdf))


def text_of(pdf: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in pdf.pages)


def letters_of(text: str) -> set[str]:
    return {character for character in text if not character.isspace()}
