"""One evaluation: what it may still cost, what the caller's clock says, and what went wrong on the way."""

from __future__ import annotations

import datetime as std
from collections.abc import Callable

from orderloom.feel.limits import STANDARD, FeelLimit, Limits
from orderloom.feel.values import DateTime, inward


class Run:
    """The budget of one evaluation; `now` is the caller's, for the functions now() and today()."""

    __slots__ = ("depth", "limits", "notes", "now", "steps")

    def __init__(
        self, limits: Limits = STANDARD, *, now: std.datetime | None = None, notes: list[tuple[int, str]] | None = None
    ) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.depth = 0
        self.now = now
        self.notes = notes

    def spend(self, steps: int) -> None:
        """Pay for work that is about to be done, or refuse it."""
        self.steps -= steps
        if self.steps < 0:
            raise FeelLimit("steps", f"The evaluation takes more than {self.limits.steps} steps; let it do less.")

    def text(self, size: int) -> None:
        """Pay for a text of so many characters."""
        if size > self.limits.text:
            raise FeelLimit("text", f"A text has at most {self.limits.text} characters.")
        if size > 64:
            self.spend(size >> 3)

    def items(self, size: int) -> None:
        """Pay for a list of so many items."""
        if size > self.limits.items:
            raise FeelLimit("items", f"A list has at most {self.limits.items} items.")
        self.spend(size)

    def moment(self) -> DateTime | None:
        """Now, if the caller told it."""
        found = inward(self.now) if self.now is not None else None
        return found if isinstance(found, DateTime) else None

    def note(self, at: int, sentence: Callable[[], str]) -> None:
        """Remember why a value is null, if somebody asked for the reasons."""
        if self.notes is not None and len(self.notes) < 100:
            self.notes.append((at, sentence()))
