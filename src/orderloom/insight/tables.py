"""Tables that people bring: CSV or XLSX, plain or compressed, read row by row without holding the whole."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast
from xml.etree import ElementTree

from orderloom.base.refusals import refuse

XLSX_MOST_BYTES = 2_000_000_000
CELL_MOST = 100_000
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
SUFFIXES = (".csv", ".xlsx", ".xz", ".gz", ".bz2")


@dataclass(frozen=True, slots=True)
class Table:
    """The head of a table, its rows as texts, and a function that tells which share of the file was read."""

    head: list[str]
    rows: Iterator[list[str]]
    share: Callable[[], float]


@contextmanager
def open_table(file: Path) -> Iterator[Table]:
    """A table; what the content is, the content says, not the name of the file.

    Refused is a file that cannot be read; a row that cannot be read refuses while the rows are taken.
    """
    try:
        with file.open("rb") as plain:
            beginning = plain.read(8)
            plain.seek(0)
            if beginning.startswith(b"PK\x03\x04"):
                yield _beheaded(_sheet_rows(plain), plain, file)
            else:
                with _unpacked(plain, beginning) as content:
                    yield _beheaded(_text_rows(content), plain, file)
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); save it as CSV UTF-8.")
    except (lzma.LZMAError, gzip.BadGzipFile, zlib.error, EOFError):
        refuse("file_damaged", "The compressed file is damaged or cut off; fetch it again.")
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, IndexError):
        refuse("file_damaged", "The spreadsheet cannot be read; open it and save it again as XLSX or CSV.")
    except OSError as error:
        refuse("file_unreadable", f"The file cannot be read: {error.strerror or error}.")


def _beheaded(rows: Iterator[list[str]], plain: IO[bytes], file: Path) -> Table:
    head = next(rows, [])
    if not any(name.strip() for name in head):
        refuse("file_empty", "The file is empty; its first row must name the columns.")
    size = max(file.stat().st_size, 1)
    return Table(head, rows, lambda: 1.0 if plain.closed else min(plain.tell() / size, 1.0))


def _unpacked(plain: IO[bytes], beginning: bytes) -> IO[bytes]:
    if beginning.startswith(b"\xfd7zXZ\x00"):
        return cast("IO[bytes]", lzma.open(plain))
    if beginning.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.open(plain))
    return bz2.open(plain) if beginning.startswith(b"BZh") else plain


def _text_rows(content: IO[bytes]) -> Iterator[list[str]]:
    """Rows of a CSV file; commas, semicolons or tabs separate, whichever the head has most of."""
    text = io.TextIOWrapper(content, encoding="utf-8", newline="")
    head = text.readline(CELL_MOST).removeprefix(codecs.BOM_UTF8.decode())
    separator = max(",;\t", key=head.count)
    reader = csv.reader(_lines(head, text), delimiter=separator, strict=True)
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        refuse("csv_malformed", f"Line {reader.line_num} is not CSV ({error}); check its quotes.")


def _lines(head: str, text: io.TextIOWrapper) -> Iterator[str]:
    yield head
    yield from text


def _sheet_rows(plain: IO[bytes]) -> Iterator[list[str]]:
    """Rows of the first sheet of an XLSX file (ECMA-376); dates stand there as numbers of days."""
    with zipfile.ZipFile(plain) as book:
        if sum(entry.file_size for entry in book.infolist()) > XLSX_MOST_BYTES:
            refuse("file_too_large", "The spreadsheet holds more than 2 GB; save it as CSV.")
        shared = _shared_texts(book)
        with book.open(_first_sheet(book)) as sheet:
            for _, element in ElementTree.iterparse(sheet):
                if element.tag == f"{_MAIN}row":
                    row = _cells(element, shared)
                    element.clear()
                    if any(row):
                        yield row


def _shared_texts(book: zipfile.ZipFile) -> list[str]:
    if "xl/sharedStrings.xml" not in book.namelist():
        return []
    texts: list[str] = []
    with book.open("xl/sharedStrings.xml") as stream:
        for _, element in ElementTree.iterparse(stream):
            if element.tag == f"{_MAIN}si":
                texts.append(_text_of(element))
                element.clear()
    return texts


def _text_of(element: ElementTree.Element) -> str:
    """The text without its reading aids (phonetic runs)."""
    parts = [run for child in element for run in ([child] if child.tag == f"{_MAIN}t" else _runs(child))]
    return "".join(part.text or "" for part in parts)


def _runs(child: ElementTree.Element) -> list[ElementTree.Element]:
    return child.findall(f"{_MAIN}t") if child.tag == f"{_MAIN}r" else []


def _first_sheet(book: zipfile.ZipFile) -> str:
    workbook = ElementTree.fromstring(book.read("xl/workbook.xml"))
    sheet = workbook.find(f"{_MAIN}sheets/{_MAIN}sheet")
    links = ElementTree.fromstring(book.read("xl/_rels/workbook.xml.rels"))
    if sheet is None:
        raise KeyError("sheet")
    targets = {link.attrib["Id"]: link.attrib["Target"] for link in links}
    target = targets[sheet.attrib[_LINK]]
    return target[1:] if target.startswith("/") else f"xl/{target}"


def _cells(row: ElementTree.Element, shared: list[str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        place = _place(cell.get("r", ""), len(cells))
        cells.extend([""] * (place - len(cells)))
        cells.append(_value(cell, shared))
    return cells


def _place(reference: str, following: int) -> int:
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    place = 0
    for letter in letters[0]:
        place = place * 26 + ord(letter) - 64
    return max(place - 1, following)


def _value(cell: ElementTree.Element, shared: list[str]) -> str:
    kind = cell.get("t", "n")
    if kind == "inlineStr":
        inline = cell.find(f"{_MAIN}is")
        return "" if inline is None else _text_of(inline)
    value = cell.findtext(f"{_MAIN}v") or ""
    return shared[int(value)] if kind == "s" else value
