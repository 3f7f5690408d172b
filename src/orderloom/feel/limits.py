"""What an expression may cost, and the refusals that name the limit or the place of a mistake."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an expression may be, and how much its evaluation may cost.

    `steps` counts evaluated nodes of the tree, items of lists and (eight to a step) characters of texts made; what is
    costly, such as a logarithm or a zone of time, is several steps.
    """

    characters: int = 10_000
    tokens: int = 2_500
    depth: int = 50
    steps: int = 200_000
    items: int = 50_000
    text: int = 100_000
    recursion: int = 80


STANDARD = Limits()


class FeelError(ValueError):
    """Text that is not FEEL; `line` and `column` count from 1."""

    def __init__(self, message: str, *, line: int = 1, column: int = 1) -> None:
        place = f"Column {column}" if line == 1 else f"Line {line}, column {column}"
        super().__init__(f"{place}: {message}")
        self.message = message
        self.line = line
        self.column = column


class FeelLimit(FeelError):
    """An expression that would cost too much; `limit` names the field of `Limits` that it passed."""

    def __init__(self, limit: str, message: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(message, line=line, column=column)
        self.limit = limit


def placed(text: str, at: int) -> dict[str, int]:
    """The line and column of an offset in a text."""
    line = text.count("\n", 0, at) + 1
    return {"line": line, "column": at - (text.rfind("\n", 0, at) + 1) + 1}
