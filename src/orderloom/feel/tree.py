"""The typed tree of an expression, as the parser makes it and the compilers read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from orderloom.feel.values import Temporal

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
Arithmetic = Literal["+", "-", "*", "/", "**"]
Quantifier = Literal["some", "every"]


def _at() -> int:
    """The offset in the text where a node begins; two trees are equal wherever they stand."""
    return field(default=0, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Constant:
    """A number, a text, a truth value, null, or a date, time or duration written as @"..."."""

    value: bool | Decimal | str | Temporal | None
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Name:
    """What the scope calls by this name, normalized to single spaces; `?` is the value under test."""

    text: str
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Negate:
    """Arithmetic negation."""

    operand: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Calculate:
    """Two values calculated."""

    operator: Arithmetic
    left: Expression
    right: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values compared."""

    operator: Comparison
    left: Expression
    right: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Both:
    """`and` of two or more terms."""

    terms: tuple[Expression, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Either:
    """`or` of two or more terms."""

    terms: tuple[Expression, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Between:
    """`value between low and high`, both ends included."""

    value: Expression
    low: Expression
    high: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Among:
    """`value in tests`: whether a value passes at least one test."""

    value: Expression
    tests: tuple[Test, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """`value instance of type`."""

    value: Expression
    type: TypeName
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Choose:
    """`if`, `then`, `else`; anything but true takes the else."""

    condition: Expression
    then: Expression
    otherwise: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Span:
    """`low..high` as the source of an iterator: whole numbers or dates, upwards or downwards."""

    low: Expression
    high: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Iteration:
    """`name in source` of a `for`, `some` or `every`."""

    name: str
    source: Expression | Span
    at: int = _at()


@dataclass(frozen=True, slots=True)
class For:
    """`for ... return body`; the body may read `partial`."""

    iterations: tuple[Iteration, ...]
    body: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Quantified:
    """`some ... satisfies condition` or `every ... satisfies condition`."""

    quantifier: Quantifier
    iterations: tuple[Iteration, ...]
    condition: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Path:
    """`source.name`: an entry of a context or a property of a value."""

    source: Expression
    name: str
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Filter:
    """`source[condition]`: the items that pass, or the item at a place."""

    source: Expression
    condition: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call; its name is none where arguments go by position."""

    value: Expression
    name: str | None = None
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Call:
    """`function(arguments)`, all by position or all by name."""

    function: Expression
    arguments: tuple[Argument, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Items:
    """`[a, b, c]`."""

    items: tuple[Expression, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Entry:
    """`key: value` of a context; later entries may read it."""

    key: str
    value: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Entries:
    """`{a: 1, b: a + 1}`."""

    entries: tuple[Entry, ...]
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Parameter:
    """A formal parameter of a function; its type is none where it was not told."""

    name: str
    type: TypeName | None = None
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Function:
    """`function(a, b) body`; an external one has no meaning here and is null when called."""

    parameters: tuple[Parameter, ...]
    body: Expression
    external: bool = False
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Interval:
    """`[low..high]` and its kin: a range value, or as a test the values within."""

    low: Expression
    high: Expression
    low_included: bool
    high_included: bool
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Bound:
    """`< end` and its kin: as a test the values on one side, in brackets an open range value."""

    operator: Comparison
    end: Expression
    at: int = _at()


@dataclass(frozen=True, slots=True)
class TypeName:
    """`list<number>`, `context<a: string>`, `function<number> -> string`, `range<date>` or a name.

    `members` are a context's, `arguments` the item of a list or range, or a function's parameters.
    """

    name: str
    arguments: tuple[TypeName, ...] = ()
    members: tuple[tuple[str, TypeName], ...] = ()
    result: TypeName | None = None
    at: int = _at()


@dataclass(frozen=True, slots=True)
class Tests:
    """A cell of unary tests: anything at all (`-`), or one of the tests, or none of them (`not(...)`)."""

    __test__ = False

    tests: tuple[Test, ...]
    negated: bool = False
    anything: bool = False
    at: int = _at()


Expression = (
    Constant | Name | Negate | Calculate | Compare | Both | Either | Between | Among | InstanceOf | Choose | For
    | Quantified | Path | Filter | Call | Items | Entries | Function | Interval | Bound
)  # fmt: skip
Test = Expression
Node = Expression | Tests | Span | Iteration | Argument | Entry | Parameter


def children(node: Node) -> Iterator[Node]:
    """The nodes directly below a node, in the order of the text."""
    for part in fields(node):
        value = getattr(node, part.name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, _NODES):
                yield inner


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in no order that matters; deep trees cost no stack."""
    pending = [node]
    while pending:
        yield (current := pending.pop())
        pending.extend(children(current))


_NODES = (
    Constant, Name, Negate, Calculate, Compare, Both, Either, Between, Among, InstanceOf, Choose, For, Quantified,
    Path, Filter, Call, Items, Entries, Function, Interval, Bound, Tests, Span, Iteration, Argument, Entry, Parameter,
)  # fmt: skip
