"""Rows of comma-separated values (RFC 4180), each cell with the line and column where it stands."""

from __future__ import annotations

from orderloom.feel.mistakes import Mistake, Mistaken
from orderloom.feel.written import Place, Run, Written

MAX_CHARACTERS = 2_000_000


def read_rows(text: str, separator: str) -> list[list[Written]]:
    """The rows that have anything in them, or `Mistaken`; quotes in a quoted cell are doubled."""
    if len(text) > MAX_CHARACTERS:
        raise Mistaken([Mistake(1, 1, "size", f"A table has at most {MAX_CHARACTERS:,} characters; split it.")])
    reader = _Rows(text.replace("\r\n", "\n").replace("\r", "\n"), separator)
    return [row for row in reader.rows() if any(cell.text for cell in row)]


class _Rows:
    """Goes through the text once, counting lines and columns."""

    def __init__(self, text: str, separator: str) -> None:
        self._text = text
        self._separator = separator
        self._at = 0
        self._line = 1
        self._start = 0

    def rows(self) -> list[list[Written]]:
        rows: list[list[Written]] = []
        while self._at < len(self._text):
            row = [self._cell()]
            while self._text[self._at : self._at + 1] == self._separator:
                self._at += 1
                row.append(self._cell())
            rows.append(row)
            self._break()
        return rows

    @property
    def _place(self) -> Place:
        return Place(self._line, self._at - self._start + 1)

    def _break(self) -> None:
        if self._at < len(self._text):
            self._at += 1
            self._line += 1
            self._start = self._at

    def _cell(self) -> Written:
        if self._text[self._at : self._at + 1] == '"':
            return self._quoted()
        start, place = self._at, self._place
        while self._at < len(self._text) and self._text[self._at] not in (self._separator, "\n"):
            self._at += 1
        return Written(self._text[start : self._at], (Run(0, place),))

    def _quoted(self) -> Written:
        opening = self._place
        self._at += 1
        runs = [Run(0, self._place)]
        pieces: list[str] = []
        width = 0
        while (end := self._text.find('"', self._at)) >= 0:
            is_doubled = self._text[end + 1 : end + 2] == '"'
            piece = self._text[self._at : end + is_doubled]
            pieces.append(piece)
            width += len(piece)
            self._pass(end + 1 + is_doubled)
            if not is_doubled:
                break
            runs.append(Run(width, self._place))
        else:
            raise Mistaken([Mistake(opening.line, opening.column, "quote", "This quoted cell has no end; close it.")])
        if self._text[self._at : self._at + 1] not in ("", "\n", self._separator):
            place = self._place
            sentence = "After a quoted cell comes the separator or the end of the line; double the quotes within it."
            raise Mistaken([Mistake(place.line, place.column, "quote", sentence)])
        return Written("".join(pieces), tuple(runs))

    def _pass(self, to: int) -> None:
        """Go on to an offset, counting the lines between."""
        if breaks := self._text.count("\n", self._at, to):
            self._line += breaks
            self._start = self._text.rfind("\n", self._at, to) + 1
        self._at = to
