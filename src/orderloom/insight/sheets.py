"""Tables as files for people: CSV and XLSX in which no cell is ever executed."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from xml.sax.saxutils import escape

Cell = str | int | Decimal | date | datetime | bool | None
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_EPOCH = date(1899, 12, 30)
CELL_MOST = 32_000

_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OOXML = "http://schemas.openxmlformats.org"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_MAIN = f'xmlns="{_OOXML}/spreadsheetml/2006/main"'
_RELATION = f"{_OOXML}/officeDocument/2006/relationships"
_LINKS_OF = f'xmlns="{_OOXML}/package/2006/relationships"'
_PARTS = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_OOXML}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_KIND}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f"<Relationships {_LINKS_OF}>"
        f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f"<Relationships {_LINKS_OF}>"
        f'<Relationship Id="rId1" Type="{_RELATION}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{_RELATION}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": (
        f'<styleSheet {_MAIN}><fonts count="2"><font/><font><b/></font></fonts><fills count="1"><fill/></fills>'
        '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
        '<xf numFmtId="14" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>'
    ),
}
_SHEET = (
    f'{_DECLARATION}<worksheet {_MAIN}><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews><sheetData>'
)


def csv_file(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """RFC 4180 in UTF-8 with a byte order mark; a text that a spreadsheet would calculate begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([harmless(name) for name in head])
    writer.writerows([[_plain(cell) for cell in row] for row in rows])
    return text.getvalue().encode("utf-8-sig")


def harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_STARTS) else text


def _plain(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def xlsx_file(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str = "Sheet") -> bytes:
    """A workbook (ECMA-376) of one sheet; texts are texts, never formulas."""
    safe = re.sub(r"[\[\]:*?/\\']", " ", title)[:31].strip() or "Sheet"
    workbook = (
        f'<workbook {_MAIN} xmlns:r="{_RELATION}"><sheets>'
        f'<sheet name="{_text(safe)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as book:
        for name, part in {**_PARTS, "xl/workbook.xml": workbook}.items():
            book.writestr(name, _DECLARATION + part)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(_SHEET.encode())
            sheet.write(_row([_string(name, style=2) for name in head]))
            for row in rows:
                sheet.write(_row([_cell(cell) for cell in row]))
            sheet.write(b"</sheetData></worksheet>")
    return content.getvalue()


def _row(cells: Sequence[str]) -> bytes:
    return f"<row>{''.join(cells)}</row>".encode()


def _cell(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, bool | str):
        return _string(str(cell))
    if isinstance(cell, datetime):
        return _string(cell.isoformat())
    if isinstance(cell, date):
        return f'<c s="1"><v>{(cell - _EPOCH).days}</v></c>'
    return f"<c><v>{cell:f}</v></c>" if isinstance(cell, Decimal) else f"<c><v>{cell}</v></c>"


def _string(text: str, *, style: int = 0) -> str:
    return f'<c t="inlineStr" s="{style}"><is><t xml:space="preserve">{_text(text[:CELL_MOST])}</t></is></c>'


def _text(text: str) -> str:
    return escape(_FORBIDDEN.sub(" ", text), {'"': "&quot;"})
