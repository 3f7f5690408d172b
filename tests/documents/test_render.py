"""PDFs of sheets: read back by another library, in every script, whatever strangers write."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from orderloom.base.refusals import Refused
from orderloom.documents.render import folder, pictures, render, template_version
from orderloom.documents.types import Kind
from orderloom.documents.words import WORDS
from tests.documents import given

SCRIPTS = {
    "Latin": "Großhändlerstraße Œuvre Łódź Nguyễn Thị Hương",
    "Cyrillic and Greek": "Кабель Οπτική ίνα",
    "Japanese": "株式会社織機「注文」管理カタカナ",
    "Chinese": "简体中文 繁體中文",
    "Korean": "주문 관리 시스템",
    "Arabic": "خط الألياف البصرية السريع",
    "Hebrew": "סיב אופטי",
    "Thai": "สายไฟเบอร์",
    "Devanagari": "फाइबर केबल",
    "signs": "☎ ✓ → ≥ ½ ™ € ₿ ♻ ⚠",
}
HOSTILE = [
    '#panic("x") #eval("1+1") #read("/etc/passwd")',
    "*bold* _it_ `raw` $x^2$ <label> @ref // gone /* gone */ \\ ~ -- --- [a](b)",
    "= Heading",
    "'single' \"double\" \\u{41} &amp; <b>",
    '#import "house.typ": *',
    "{page} {pages} {0} %s",
]


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_prints_and_can_be_read_back(script: str) -> None:
    """Letters may come back composed otherwise or in another order; none may be missing."""
    text = SCRIPTS[script]
    read = unicodedata.normalize("NFKC", given.text_of(given.reader(given.paper(text))))

    wanted = given.letters_of(unicodedata.normalize("NFKC", text))
    assert wanted - given.letters_of(read) == set()


@pytest.mark.parametrize("text", HOSTILE)
def test_text_is_text_whatever_it_contains(text: str) -> None:
    read = given.text_of(given.reader(given.paper(text, notes=[text])))

    squeezed = re.sub(r"\s+", "", read)
    assert squeezed.count(re.sub(r"\s+", "", text)) >= 2


def test_a_letter_that_no_font_has_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"U\+12000") as refused:
        given.reader(given.paper("Tablet \U00012000"))

    assert refused.value.problems[0].code == "glyph_missing"


def test_a_picture_that_no_font_has_is_printed_by_its_name() -> None:
    read = given.text_of(given.reader(given.paper("To the moon 🚀")))

    assert "To the moon [rocket]" in read


def test_a_word_of_two_hundred_letters_stays_on_the_page() -> None:
    pdf = given.reader(given.paper("W" * 200))
    words = [line for line in given.text_of(pdf).splitlines() if "W" * 10 in line]

    assert sum(line.count("W") for line in words) == 200
    assert len(words) == 10


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("kind", ["order_confirmation", "quote", "invoice", "credit_note", "delivery_note"])
def test_every_kind_in_every_language_is_an_accessible_archive_file(kind: Kind, language: str) -> None:
    pdf = given.reader(given.paper(kind=kind), language=language, with_prices=kind != "delivery_note")
    metadata = (pdf.xmp_metadata.stream.get_data() if pdf.xmp_metadata else b"").decode()

    assert "<pdfaid:part>2</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    root = pdf.trailer["/Root"]
    assert root["/Lang"] == language  # type: ignore[index]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert pdf.metadata and pdf.metadata.title == f"{WORDS[language][kind]} SO-2026-000123"


def test_sixty_lines_run_over_pages_with_their_heads_repeated() -> None:
    pdf = given.reader(given.paper("Cordless drill", "Bench", lines=60))
    pages = [page.extract_text() for page in pdf.pages]

    assert len(pages) >= 3
    assert all("Description" in page for page in pages[:-1])
    assert all("continued" in page for page in pages[1:])
    assert [f"Page {n} of {len(pages)}" in page for n, page in enumerate(pages, start=1)] == [True] * len(pages)
    assert "60\nCordless" in "\n".join(pages) or re.search(r"60 (Cordless drill|Bench)", "\n".join(pages))


@pytest.mark.parametrize("language", WORDS)
def test_without_prices_the_whole_file_has_no_amount(language: str) -> None:
    made = render(given.sheet(given.paper(lines=5), language=language, with_prices=False), at=given.AT)
    pdf = PdfReader(BytesIO(made.pdf))
    spoken = given.text_of(pdf) + str(pdf.metadata) + str(pdf.xmp_metadata and pdf.xmp_metadata.stream.get_data())

    assert not re.search(r"1[,.\s’]?234[,.]50|89[,.]00|777[,.]77|4[,.\s’]?321[,.]09|EUR|€", spoken)
    assert pdf.attachments == {}


def test_the_same_sheet_gives_the_same_bytes() -> None:
    of = given.sheet(given.paper(*SCRIPTS.values()))

    assert {sha256(render(of, at=given.AT).pdf).hexdigest() for _ in range(3)} == {
        sha256(render(of, at=given.AT).pdf).hexdigest()
    }


def test_pages_are_counted_and_pictured() -> None:
    of = given.sheet(given.paper(lines=40))

    drawn = pictures(of, dots_per_inch=40)
    assert len(drawn) == render(of, at=given.AT).pages == len(given.reader(given.paper(lines=40)).pages)
    assert all(picture.startswith(b"\x89PNG") for picture in drawn)


def test_only_the_fonts_of_the_packages_are_used() -> None:
    pdf = given.reader(given.paper(*SCRIPTS.values()))
    names = {
        str(font.get_object()["/BaseFont"]).split("+")[-1]
        for page in pdf.pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }

    assert all(name.startswith(("FiraGO", "NotoSans")) for name in names), names


def test_templates_are_source_only_and_name_their_version() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", template_version())
    assert all("eval(" not in Path(file).read_text() for file in folder().glob("*.typ"))
