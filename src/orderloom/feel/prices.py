"""What one visit of a part of an expression costs in steps, so that no step takes half a microsecond."""

from __future__ import annotations

from orderloom.feel.tree import Calculate, Call, InstanceOf, Name, Node, TypeName, walk

POWER = 150
FUNCTIONS = {
    "log": 120, "exp": 120, "range": 70, "modulo": 40, "date and time": 30, "week of year": 20, "time": 15, "date": 15,
    "duration": 15, "stddev": 10, "sqrt": 12, "day of week": 8, "day of year": 8, "years and months duration": 8,
    "decimal": 8, "floor": 8, "ceiling": 8, "round up": 8, "round down": 8, "round half up": 8, "round half down": 8,
    "odd": 8, "even": 8, "string": 8, "number": 8, "list replace": 8,
}  # fmt: skip
"""Functions that cost more than the step of their node."""


def weight_of(body: Node) -> int:
    """The steps of one visit of a body, were all of it evaluated; what lies within an iteration counts once here."""
    return 1 + sum(1 + _more(node) for node in walk(body))


def _more(node: Node) -> int:
    match node:
        case Call(Name(text)):
            return FUNCTIONS.get(text, 0)
        case Calculate("**"):
            return POWER
        case InstanceOf(type=kind):
            return 3 * _size(kind)
    return 0


def _size(kind: TypeName) -> int:
    inner = (*kind.arguments, *(member for _, member in kind.members))
    return 1 + sum(map(_size, inner)) + (_size(kind.result) if kind.result is not None else 0)
