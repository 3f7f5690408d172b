"""Patterns that RE2 does not know, such as those with back-references, `(.)\\1`: tried out, each step paid by the run.

A pattern becomes a list of instructions. Where two ways are open the other one is kept on a stack, so that neither a
long text nor a deep pattern can exhaust anything but the steps of the run, which refuses them by name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from orderloom.feel.run import Run

MOST_INSTRUCTIONS = 4_000
PRICE = 2
PAID_AT_ONCE = 200
_REFERENCE = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")
_QUANTIFIER = re.compile(r"(?:([?*+])|\{([0-9]{1,4})(?:(,)([0-9]{1,4})?)?\})(\??)")
_DIGITS = re.compile("[0-9]+")
_COUNTS: dict[str, tuple[int, int | None]] = {"?": (0, 1), "*": (0, None), "+": (1, None)}
Check = Callable[[str, int, list[int], Run], int]
"""Where the text goes on after what is checked at a place, or -1; the list holds the places that are remembered."""
Test = Callable[[str], bool]
Single = Callable[[str], Test | None]
"""What tells whether one character is of an atom such as `x`, `\\d` or `[a-z]`; none if that is no atom."""


class _Step(Enum):
    CHECK = auto()  # the text at this place
    FORK = auto()  # go on, later perhaps there
    FORK_ON = auto()  # go there, later perhaps on
    SAVE = auto()  # remember the place
    GO = auto()  # there, if what is checked holds; else on
    END = auto()


Instruction = tuple[_Step, Check, int]


def has_back_reference(text: str) -> bool:
    """Whether a pattern repeats what one of its groups matched."""
    return _REFERENCE.search(text) is not None


def remembering(text: str, flags: str, single: Single) -> Remembering | None:
    """The pattern, without the spaces of the flag x; none if XPath does not know it or it is too large."""
    try:
        return _Reader(text, flags, single).pattern()
    except _NoPattern:
        return None


@dataclass(frozen=True, slots=True)
class Remembering:
    """A pattern ready to match."""

    program: tuple[Instruction, ...]
    groups: int
    slots: int

    def is_in(self, text: str, run: Run) -> bool:
        """Whether some part of the text matches."""
        return next(self.found(text, run), None) is not None

    def found(self, text: str, run: Run) -> Iterator[tuple[int, int, tuple[str | None, ...]]]:
        """Where it matches, from left to right, with its groups."""
        place = 0
        while place <= len(text):
            slots = self._matched(text, place, run)
            if slots is None:
                place += 1
                continue
            ends = [slots[2 * group : 2 * group + 2] for group in range(self.groups + 1)]
            yield *ends[0], tuple(text[low:high] if low >= 0 and high >= 0 else None for low, high in ends)  # type: ignore[misc]
            place = max(slots[1], place + 1)

    def _matched(self, text: str, place: int, run: Run) -> list[int] | None:
        """The places of the groups of a match that begins here."""
        program, slots = self.program, [-1] * self.slots
        ways: list[tuple[int, int]] = []  # instruction and place; below 0, a slot and what it held
        at = steps = 0
        while True:
            steps += PRICE
            if steps >= PAID_AT_ONCE:
                run.spend(steps)
                steps = 0
            step, check, other = program[at]
            if step is _Step.CHECK:
                place = check(text, place, slots, run)
                at += 1
                if place < 0:
                    way = _back(ways, slots)
                    if way is None:
                        run.spend(steps)
                        return None
                    at, place = way
            elif step is _Step.SAVE:
                ways.append((~other, slots[other]))
                slots[other] = place
                at += 1
            elif step is _Step.END:
                run.spend(steps)
                return slots
            else:
                if step is not _Step.GO:
                    ways.append((at + (other if step is _Step.FORK else 1), place))
                # A fork that goes there first checks nothing, which holds.
                is_on = step is _Step.FORK or check(text, place, slots, run) < 0
                at += 1 if is_on else other


def _back(ways: list[tuple[int, int]], slots: list[int]) -> tuple[int, int] | None:
    """The way left open last, what was remembered since forgotten; none if there is none."""
    while ways:
        at, place = ways.pop()
        if at >= 0:
            return at, place
        slots[~at] = place
    return None


# What is checked at a place


def _nothing(_text: str, place: int, _slots: list[int], _run: Run) -> int:
    """Nothing."""
    return place


def _take(test: Test) -> Check:
    """One character that passes a test."""
    return lambda text, place, _slots, _run: place + 1 if place < len(text) and test(text[place]) else -1


def _edge(sign: str, *, by_line: bool) -> Check:
    """The beginning or the end of the text, or of a line."""

    def check(text: str, place: int, _slots: list[int], _run: Run) -> int:
        if sign == "^":
            return place if not place or (by_line and text[place - 1] == "\n") else -1
        return place if place == len(text) or (by_line and text[place] == "\n") else -1

    return check


def _moved_on(mark: int) -> Check:
    """That the place is not the one remembered: a loop over nothing would never end."""
    return lambda _text, place, slots, _run: place if slots[mark] != place else -1


def _repeat(group: int, *, ignores_case: bool) -> Check:
    """What a group has matched; nothing if it has not."""

    def check(text: str, place: int, slots: list[int], run: Run) -> int:
        low, high = slots[2 * group : 2 * group + 2]
        if low < 0 or high < 0:
            return place
        run.spend((high - low) >> 5)
        wanted, there = text[low:high], text[place : place + high - low]
        same = wanted == there
        if ignores_case and not same:
            same = wanted.lower() == there.lower() or wanted.upper() == there.upper()
        return place + len(there) if same else -1

    return check


# Reading a pattern


class _NoPattern(Exception):
    """The text is no pattern of XPath, or its instructions would be too many."""


class _Reader:
    """Reads a pattern from the left; each part gives its instructions, whose ways lead so many instructions on."""

    def __init__(self, text: str, flags: str, single: Single) -> None:
        self._text = text
        self._place = 0
        self._flags = flags
        self._single = single
        self._groups = 0
        self._closed: set[int] = set()
        self._slots = 2 * (text.count("(") + 1)

    def pattern(self) -> Remembering:
        """All of the text as one pattern, kept as group 0."""
        program = self._group(0)
        if self._place < len(self._text):
            raise _NoPattern
        return Remembering((*program, (_Step.END, _nothing, 0)), self._groups, self._slots)

    def _group(self, number: int) -> list[Instruction]:
        inner = self._branches()
        if number:
            self._closed.add(number)
        return _small([(_Step.SAVE, _nothing, 2 * number), *inner, (_Step.SAVE, _nothing, 2 * number + 1)])

    def _branches(self) -> list[Instruction]:
        branches = [self._branch()]
        while self._taken("|"):
            branches.append(self._branch())
        found = branches.pop()
        for branch in reversed(branches):
            leaving = (_Step.GO, _nothing, len(found) + 1)
            found = _small([(_Step.FORK, _nothing, len(branch) + 2), *branch, leaving, *found])
        return found

    def _branch(self) -> list[Instruction]:
        found: list[Instruction] = []
        while self._place < len(self._text) and self._text[self._place] not in "|)":
            found = _small([*found, *self._quantified(self._atom())])
        return found

    def _atom(self) -> list[Instruction]:
        text, place = self._text, self._place
        if self._taken("("):
            return self._bracketed()
        if self._taken("^") or self._taken("$"):
            return [(_Step.CHECK, _edge(text[place], by_line="m" in self._flags), 0)]
        if text[place] == "\\" and text[place + 1 : place + 2].isdecimal():
            return [(_Step.CHECK, _repeat(self._reference(), ignores_case="i" in self._flags), 0)]
        self._place = _end_of_atom(text, place)
        test = self._single(text[place : self._place])
        if test is None:
            raise _NoPattern
        return [(_Step.CHECK, _take(test), 0)]

    def _bracketed(self) -> list[Instruction]:
        if self._taken("?:"):
            inner = self._branches()
        else:
            self._groups += 1
            inner = self._group(self._groups)
        if not self._taken(")"):
            raise _NoPattern
        return inner

    def _reference(self) -> int:
        """The number of a group that is closed already, of as many digits as there are such groups."""
        digits = _DIGITS.match(self._text, self._place + 1)
        number = digits[0] if digits is not None else "0"
        while len(number) > 1 and int(number) > self._groups:
            number = number[:-1]
        if int(number) not in self._closed:
            raise _NoPattern
        self._place += 1 + len(number)
        return int(number)

    def _quantified(self, body: list[Instruction]) -> list[Instruction]:
        """The instructions of an atom as often as the sign behind it says."""
        found = _QUANTIFIER.match(self._text, self._place)
        if found is None:
            return body
        self._place = found.end()
        sign, least, comma, most, lazy = found.groups()
        low, high = _COUNTS[sign] if sign else (int(least), int(most) if most else None if comma else int(least))
        more = 0 if high is None else high - low
        if more < 0 or (low + more) * (len(body) + 1) > MOST_INSTRUCTIONS:
            raise _NoPattern
        fork = _Step.FORK_ON if lazy else _Step.FORK
        if high is None:
            mark, self._slots = self._slots, self._slots + 1
            again = (_Step.GO, _moved_on(mark), -2 - len(body))
            tail = [(fork, _nothing, len(body) + 3), (_Step.SAVE, _nothing, mark), *body, again]
        else:
            tail = []
            for _ in range(more):
                tail = [(fork, _nothing, len(body) + len(tail) + 1), *body, *tail]
        return _small(body * low + tail)

    def _taken(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._place):
            return False
        self._place += len(sign)
        return True


def _small(program: list[Instruction]) -> list[Instruction]:
    if len(program) > MOST_INSTRUCTIONS:
        raise _NoPattern
    return program


def _end_of_atom(text: str, place: int) -> int:
    """Where a character, an escape or a class ends."""
    if text[place] == "\\":
        is_category = text.startswith(("p", "P"), place + 1)
        return text.find("}", place) + 1 or len(text) if is_category else place + 2
    if text[place] != "[":
        return place + 1
    depth, place = 1, place + 1
    while place < len(text) and depth:
        if text[place] == "\\":
            place += 1
        else:
            depth += {"[": 1, "]": -1}.get(text[place], 0)
        place += 1
    return place
