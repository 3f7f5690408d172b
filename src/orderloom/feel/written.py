"""Text that a person wrote somewhere inside a larger document, and where each character of it stands."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column, both counted from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that stand in the document as they are, from `offset` of the text on."""

    offset: int
    place: Place


@dataclass(frozen=True, slots=True)
class Written:
    """A text with its runs; two of them are equal when their texts are."""

    text: str
    runs: tuple[Run, ...] = (Run(0, Place()),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Written) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @property
    def place(self) -> Place:
        """Where its first character that is no space stands."""
        return self.at(len(self.text) - len(self.text.lstrip()) if self.text.strip() else 0)

    def at(self, offset: int) -> Place:
        """Where the character at this offset of the text stands in the document."""
        run = self.runs[max(bisect_right([run.offset for run in self.runs], offset) - 1, 0)]
        between = self.text[run.offset : offset]
        breaks = between.count("\n")
        if not breaks:
            return Place(run.place.line, run.place.column + len(between))
        return Place(run.place.line + breaks, len(between) - between.rfind("\n"))

    def seen(self, line: int, column: int) -> Place:
        """Where the given line and column of the text stand in the document."""
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
        return self.at(start + column - 1)

    def stripped(self) -> Written:
        """The same text without space at its ends, and still at its place."""
        start = len(self.text) - len(self.text.lstrip())
        inner = self.text.strip()
        runs = (Run(0, self.at(start)), *(Run(r.offset - start, r.place) for r in self.runs if r.offset > start))
        return Written(inner, runs)


def written(text: str, place: Place = Place()) -> Written:
    """A text that stands in one piece."""
    return Written(text, (Run(0, place),))
