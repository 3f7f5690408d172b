"""Tables that people send as CSV (RFC 4180): a head of field names, then rows, each parsed into frozen input."""

from __future__ import annotations

import csv
import io
from typing import TypeVar

from orderloom.base.parsing import parse
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any

T = TypeVar("T")

ROWS_MOST = 100_000
PROBLEMS_MOST = 200
CELL_MOST = 20_000


def rows_of(kind: type[T], content: bytes) -> list[T]:
    """The rows of a file, each as `kind`; refuses with the problems of every row, by row and column.

    The first row names the fields; an empty cell is a field left out. Pointers are `/row/field`, the row counted from
    0 below the head. Commas or semicolons separate, whichever the head has.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); save it as CSV UTF-8.")
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ",")
    names = [name.strip() for name in reader.fieldnames or ()]
    if not names:
        refuse("file_empty", "The file is empty; its first row must name the fields.")
    refuse_if_any(
        [
            Problem("column_twice", f"The column “{name}” stands twice; keep one.")
            for name in dict.fromkeys(names)
            if names.count(name) > 1
        ]
    )
    reader.fieldnames = names
    return parsed(kind, reader)


def parsed(kind: type[T], reader: csv.DictReader[str]) -> list[T]:
    rows: list[T] = []
    problems: list[Problem] = []
    try:
        for place, cells in enumerate(reader):
            if place >= ROWS_MOST:
                refuse("too_many_rows", f"A file may have {ROWS_MOST} rows; split it.")
            if None in cells:
                problems.append(
                    Problem("row_too_long", f"Row {place + 2} of the file has more cells than the head.", f"/{place}")
                )
                continue
            given = {name: cell.strip() for name, cell in cells.items() if cell is not None and cell.strip()}
            try:
                rows.append(parse(kind, given, pointer=f"/{place}"))
            except Refused as refused:
                problems.extend(refused.problems)
            if len(problems) > PROBLEMS_MOST:
                problems.append(Problem("too_many_problems", "There may be more; mend these first."))
                break
    except csv.Error as error:
        refuse("csv_malformed", f"Line {reader.line_num} is not CSV ({error}); check its quotes.")
    refuse_if_any(problems)
    return rows
