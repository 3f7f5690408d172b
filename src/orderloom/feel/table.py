"""Decision tables: inputs, outputs, rules and a hit policy (DMN 1.3 chapter 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orderloom.feel.written import Place, Written

ANYTHING = "-"


class HitPolicy(StrEnum):
    """What several matching rules mean together."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"
    COLLECT = "C"
    SUM = "C+"
    MINIMUM = "C<"
    MAXIMUM = "C>"
    COUNT = "C#"

    @property
    def is_single(self) -> bool:
        """Whether one rule alone gives the answer."""
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)

    @property
    def is_list(self) -> bool:
        """Whether the answers of all matching rules are listed."""
        return self in (HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER, HitPolicy.COLLECT)

    @property
    def is_ranked(self) -> bool:
        """Whether the order of the allowed output values decides."""
        return self in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions: the expression that they test, its type, the values it may have."""

    expression: Written
    type_name: str = ""
    allowed: Written | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers; `allowed` also ranks them, the first is the highest."""

    name: str = ""
    type_name: str = ""
    allowed: Written | None = None
    default: Written | None = None
    label: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: a test for each input, an answer for each output, and what people noted beside it."""

    tests: tuple[Written, ...]
    answers: tuple[Written, ...]
    notes: tuple[str, ...] = ()
    place: Place = field(default=Place(), compare=False)


class Made:
    """What a table was made into, and how often it was asked since."""

    __slots__ = ("asked", "program", "quick")

    def __init__(self) -> None:
        self.asked = 0
        self.program: object = None
        self.quick: Callable[[Mapping[str, object]], object] | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table; rules are numbered from 1 in the order in which they stand.

    `made` is not part of it: a place for what others made of it.
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    hit_policy: HitPolicy = HitPolicy.UNIQUE
    note_names: tuple[str, ...] = ()
    place: Place = field(default=Place(), compare=False)
    made: Made = field(default_factory=Made, init=False, compare=False, repr=False)
