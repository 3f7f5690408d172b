"""Tables as files: those that people send as CSV (RFC 4180; a head of field names, then rows), and those they get."""

from __future__ import annotations

import csv
import io
from typing import TypeVar

from orderloom.base.parsing import parse, refuse_bad_text
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.web.answers import Sent

T = TypeVar("T")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

ROWS_MOST = 100_000
PROBLEMS_MOST = 200


def cells_of(content: bytes) -> list[dict[str, str | None]]:
    """The rows as text by column name. Commas or semicolons separate, whichever the head has more of."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); save it as CSV UTF-8.")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    try:
        reader.fieldnames = _head(reader)
        rows: list[dict[str, str | None]] = []
        for row in reader:
            if len(rows) == ROWS_MOST:
                refuse("too_many_rows", f"A file may have {ROWS_MOST} rows; split it.")
            rows.append(dict(row))
    except csv.Error as error:
        refuse("csv_malformed", f"Line {reader.line_num} is not CSV ({error}); check its quotes.")
    refuse_if_any(
        [
            Problem("row_too_long", f"Line {place + 2} has more cells than the head.", f"/{place}")
            for place, row in enumerate(rows)
            if None in row
        ][:PROBLEMS_MOST]
    )
    refuse_bad_text(rows)
    return rows


def _head(reader: csv.DictReader[str]) -> list[str]:
    names = [name.strip() for name in reader.fieldnames or ()]
    if not names:
        refuse("file_empty", "The file is empty; its first row must name the fields.")
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    refuse_if_any([Problem("column_twice", f"The column “{name}” stands twice; keep one.") for name in twice])
    return names


def rows_of(kind: type[T], content: bytes) -> list[T]:
    """The rows, each parsed as `kind`; an empty cell is a field left out.

    Refuses with the problems of every row; pointers are `/row/field`, the row counted from 0 below the head.
    """
    rows: list[T] = []
    problems: list[Problem] = []
    for place, cells in enumerate(cells_of(content)):
        given = {name: cell.strip() for name, cell in cells.items() if cell and cell.strip()}
        try:
            rows.append(parse(kind, given, pointer=f"/{place}"))
        except Refused as refused:
            problems.extend(refused.problems)
        if len(problems) > PROBLEMS_MOST:
            problems.append(Problem("too_many_problems", "There may be more; mend these first."))
            break
    refuse_if_any(problems)
    return rows


def sent_file(name: str, content: bytes) -> Sent:
    """A table as a file that the browser keeps."""
    media_type = XLSX if name.endswith(".xlsx") else "text/csv; charset=utf-8"
    return Sent(content, media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
