"""Files for `import`: found, read without guessing, and every problem told with the file and the place in it."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from orderloom.base.parsing import PROBLEM_LIMIT, parse, read_json, refuse_bad_text
from orderloom.base.refusals import Problem, Refused, refuse, refuse_if_any
from orderloom.catalog.text import read_values

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Document:
    """A value of a file and where it stands: `file#`, `file#/3` of a list, `file:3#` of a line."""

    place: str
    value: object


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table file: its line, and its cells that hold something."""

    line: int
    cells: Mapping[str, str]


def find_files(names: Iterable[str], suffixes: Sequence[str]) -> list[Path]:
    """The files that are meant; of a folder those directly in it, so that `facts/` stays aside."""
    found: list[Path] = []
    problems: list[Problem] = []
    endings = " or ".join(suffixes)
    for name in names:
        path = Path(name)
        if path.is_dir():
            inside = sorted(file for file in path.iterdir() if file.is_file() and file.suffix in suffixes)
            if not inside:
                problems.append(Problem("folder_empty", f"The folder holds no file that ends in {endings}.", name))
            found += inside
        elif not path.is_file():
            problems.append(Problem("file_missing", "There is no such file or folder; check the name.", name))
        elif path.suffix not in suffixes:
            problems.append(Problem("file_kind", f"A file that ends in {endings} is meant here.", name))
        else:
            found.append(path)
    refuse_if_any(problems)
    return found


def read_text(file: Path) -> str:
    """The text of a file, in UTF-8, with or without a byte order mark."""
    return _decoded(_bytes(file), file)


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        refuse("file_unreadable", f"The file cannot be read: {error.strerror}.", str(file))


def _decoded(content: bytes, file: Path) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse("text_not_utf8", f"The file is not UTF-8 (byte {error.start}); save it as UTF-8.", f"{file}#")


def documents(files: Sequence[Path]) -> tuple[list[Document], list[Problem]]:
    """The values of JSON, NDJSON and YAML files, a list counting as its entries; and what could not be read."""
    found: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            if file.suffix == ".ndjson":
                _add_lines(file, found, problems)
                continue
            value = read_values(_bytes(file), str(file))
        except Refused as refused:
            problems += refused.problems
            continue
        if isinstance(value, list):
            found += [Document(f"{file}#/{place}", entry) for place, entry in enumerate(value)]
        else:
            found.append(Document(f"{file}#", value))
    return found, problems


def _add_lines(file: Path, found: list[Document], problems: list[Problem]) -> None:
    for number, line in enumerate(_bytes(file).split(b"\n"), start=1):
        if line.strip():
            place = f"{file}:{number}#"
            try:
                found.append(Document(place, read_json(line)))
            except Refused as refused:
                problems += [problem.below(place) for problem in refused.problems]


def parsed_documents(kind: type[T], found: Sequence[Document]) -> tuple[list[T], list[Problem]]:
    """The documents as frozen input, and the problems of those that are not."""
    drafts: list[T] = []
    problems: list[Problem] = []
    for document in found:
        try:
            drafts.append(parse(kind, document.value))
        except Refused as refused:
            problems += [problem.below(document.place) for problem in refused.problems]
    return drafts, problems


def read_rows(file: Path) -> list[Row]:
    """The rows of a CSV file with a header; refuses what is no table, and cells that no column names."""
    text = _decoded(_bytes(file), file)
    refuse_bad_text(text, f"{file}#")
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    try:
        header = [name.strip() for name in next(reader, [])]
        _refuse_bad_header(header, file)
        line = reader.line_num + 1
        for cells in reader:
            here, line = line, reader.line_num + 1
            if len(cells) > len(header) and any(cells[len(header) :]):
                message = f"Line {here} has {len(cells)} cells for {len(header)} columns; quote cells with commas."
                problems.append(Problem("cells_too_many", message, f"{file}#/rows/{len(rows)}"))
            named = {name: cell.strip() for name, cell in zip(header, cells, strict=False) if cell.strip()}
            if named:
                rows.append(Row(here, named))
    except csv.Error as error:
        refuse("csv_malformed", f"Line {reader.line_num} cannot be read as CSV: {error}.", f"{file}#")
    refuse_if_any(problems)
    return rows


def _refuse_bad_header(header: Sequence[str], file: Path) -> None:
    if not any(header):
        refuse("csv_empty", "The file is empty; begin with a line that names the columns.", f"{file}#")
    doubles = sorted({name for name in header if name and header.count(name) > 1})
    if doubles:
        refuse("column_double", f"Columns stand twice: {', '.join(doubles)}; keep one of each.", f"{file}#")


def parsed_rows(kind: type[T], rows: Sequence[Row], file: Path) -> list[T]:
    """The rows as frozen input; refuses with line and column of every problem."""
    drafts: list[T] = []
    problems: list[Problem] = []
    for place, row in enumerate(rows):
        try:
            drafts.append(parse(kind, dict(row.cells), pointer=f"/{place}"))
        except Refused as refused:
            problems += refused.problems
            if len(problems) >= PROBLEM_LIMIT:
                break
    refuse_if_any([at_row(problem, rows, file) for problem in problems])
    return drafts


def at_row(problem: Problem, rows: Sequence[Row], file: Path) -> Problem:
    """A problem whose pointer begins with a row's place, told as a person looks for it: by line and column."""
    match = re.fullmatch(r"/(\d+)(?:/(.+))?", problem.pointer)
    if not match:
        return problem.below(f"{file}#")
    place, column = int(match[1]), match[2]
    where = f"Line {rows[place].line}, {column}" if column else f"Line {rows[place].line}"
    pointer = f"{file}#/rows/{place}" + (f"/{column}" if column else "")
    return Problem(problem.code, f"{where}: {problem.message}", pointer)
