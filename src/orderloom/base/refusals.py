"""Refusals: how the program says no, with every problem at once and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason why the world said no.

    `code` is stable and for programs, `message` tells a person what to do next, `pointer` is a
    JSON pointer (RFC 6901) to the field of the input, empty where the whole input is meant.
    """

    code: str
    message: str
    pointer: str = ""

    def below(self, prefix: str) -> Problem:
        """The same problem, its pointer moved below another one."""
        return Problem(self.code, self.message, prefix + self.pointer)


class Refused(Exception):
    """The world said no and nothing was written."""

    status = 422

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems, "a refusal names at least one problem"
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.pointer}: {p.message}" if p.pointer else p.message for p in self.problems))


class NotFound(Refused):
    """What was asked for does not exist, or the actor may not know of it: both answer alike."""

    status = 404


class Forbidden(Refused):
    """The actor lacks the right."""

    status = 403


class Unauthenticated(Refused):
    """Nobody is logged in, or the key is not valid."""

    status = 401


class Conflict(Refused):
    """Another request or state stands in the way; the same request may succeed later."""

    status = 409


class LostRace(Conflict):
    """Another request was first by a moment. `in_transaction` tries once more, and then finds what that has done."""


class Stale(Refused):
    """What the actor saw has changed since."""

    status = 412


def refuse(code: str, message: str, pointer: str = "") -> NoReturn:
    """Refuse for one reason."""
    raise Refused([Problem(code, message, pointer)])


def refuse_if_any(problems: Sequence[Problem]) -> None:
    """Refuse when there is a problem, naming all of them."""
    if problems:
        raise Refused(problems)
