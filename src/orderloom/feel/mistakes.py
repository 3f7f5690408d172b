"""A mistake in what somebody wrote, found before anything is decided with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Where it is (counted from 1), a stable code for programs, and a sentence that tells a person what to do."""

    line: int
    column: int
    code: str
    sentence: str

    def __str__(self) -> str:
        return f"Line {self.line}, column {self.column}: {self.sentence}"


class Mistaken(ValueError):
    """Something written that cannot be used; `mistakes` are all that were found, in the order of the text."""

    def __init__(self, mistakes: Iterable[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes))
        super().__init__(" ".join(str(mistake) for mistake in self.mistakes))
