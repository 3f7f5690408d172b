"""Range functions (clause 10.3.4.9, Table 78): how points and ranges lie to one another; an open end is endless."""

from __future__ import annotations

from collections.abc import Callable

from orderloom.feel.builtins.registry import builtin
from orderloom.feel.operators import equal, less
from orderloom.feel.run import Run
from orderloom.feel.values import Range

Rule = Callable[[object, object], bool]


class _NoOrder(Exception):
    """Two values that cannot be compared."""


def _less(left: object, right: object) -> bool:
    found = less(left, right)
    if found is None:
        raise _NoOrder
    return found


def _low_end(range_: Range) -> tuple[object, bool]:
    return range_.low, range_.low_included


def _high_end(range_: Range) -> tuple[object, bool]:
    return range_.high, range_.high_included


def _answer(rule: Rule, left: object, right: object) -> bool | None:
    if left is None or right is None:
        return None
    try:
        return rule(left, right)
    except _NoOrder:
        return None


def _high_before_low(high: tuple[object, bool], low: tuple[object, bool]) -> bool:
    """Whether everything up to one end lies before everything from the other."""
    if high[0] is None or low[0] is None:
        return False
    return _less(high[0], low[0]) or (equal(high[0], low[0]) is True and not (high[1] and low[1]))


def _ends(value: object) -> Range:
    return value if isinstance(value, Range) else Range(value, value)


def _is_before(left: object, right: object) -> bool:
    return _high_before_low(_high_end(_ends(left)), _low_end(_ends(right)))


def _touch(left: Range, right: Range) -> bool:
    """Whether they have a value in common."""
    return not _high_before_low(_high_end(left), _low_end(right)) and not _high_before_low(
        _high_end(right), _low_end(left)
    )


def _starts_first(left: Range, right: Range, *, or_together: bool) -> bool:
    if left.low is None or right.low is None:
        return (left.low is None and right.low is not None) or (or_together and left.low is right.low)
    if _less(left.low, right.low):
        return True
    if equal(left.low, right.low) is not True:
        return False
    return left.low_included or not right.low_included if or_together else left.low_included and not right.low_included


def _ends_first_or_together(left: Range, right: Range) -> bool:
    if left.high is None or right.high is None:
        return right.high is None
    if _less(left.high, right.high):
        return True
    return equal(left.high, right.high) is True and (not left.high_included or right.high_included)


def _same_end(left: tuple[object, bool], right: tuple[object, bool]) -> bool:
    if left[0] is None or right[0] is None:
        return left[0] is right[0]
    _less(left[0], right[0])
    return left[1] == right[1] and equal(left[0], right[0]) is True


def _overlaps_before(left: Range, right: Range) -> bool:
    return (
        _starts_first(left, right, or_together=False) and _touch(left, right) and _ends_first_or_together(left, right)
    )


def _includes(left: object, right: object) -> bool:
    if not isinstance(left, Range):
        raise _NoOrder
    inner = _ends(right)
    return _starts_first(left, inner, or_together=True) and _ends_first_or_together(inner, left)


def _finishes(left: object, right: object) -> bool:
    if not isinstance(right, Range):
        raise _NoOrder
    own = _ends(left)
    return _same_end(_high_end(own), _high_end(right)) and (
        not isinstance(left, Range) or _starts_first(right, own, or_together=True)
    )


def _starts(left: object, right: object) -> bool:
    if not isinstance(right, Range):
        raise _NoOrder
    own = _ends(left)
    return _same_end(_low_end(own), _low_end(right)) and (
        not isinstance(left, Range) or _ends_first_or_together(own, right)
    )


def _of_ranges(rule: Callable[[Range, Range], bool]) -> Rule:
    def checked(left: object, right: object) -> bool:
        if not (isinstance(left, Range) and isinstance(right, Range)):
            raise _NoOrder
        return rule(left, right)

    return checked


def _meets(left: Range, right: Range) -> bool:
    if left.high is None or right.low is None:
        return False
    _less(left.high, right.low)
    return left.high_included and right.low_included and equal(left.high, right.low) is True


def _coincides(left: object, right: object) -> bool:
    if isinstance(left, Range) != isinstance(right, Range):
        raise _NoOrder
    own, other = _ends(left), _ends(right)
    return _same_end(_low_end(own), _low_end(other)) and _same_end(_high_end(own), _high_end(other))


def _declare(rule: Rule, *, forwards: str, backwards: str, kinds: tuple[str, ...]) -> None:
    """Declare a function and its converse for some of the pairs: p p, p r, r p, r r."""
    for name, is_swapped in ((forwards, False), (backwards, True)):
        for kind in kinds:
            if not name or (is_swapped and kind == "point, range"):
                continue
            _declare_one(rule, name, kind, is_swapped)
        if is_swapped and name and "point, range" in kinds:
            _declare_one(rule, name, "range, point", is_swapped)


def _declare_one(rule: Rule, name: str, kind: str, is_swapped: bool) -> None:
    parameters = ", ".join(f"{part.strip()}: any" for part in kind.split(","))

    @builtin(f"{name}({parameters})")
    def function(_run: Run, left: object, right: object) -> bool | None:
        return _answer(rule, right, left) if is_swapped else _answer(rule, left, right)


_RANGES = "range1, range2"
_ALL = ("point1, point2", "point, range", "range, point", _RANGES)
_declare(_is_before, forwards="before", backwards="after", kinds=_ALL)
_declare(_of_ranges(_meets), forwards="meets", backwards="met by", kinds=(_RANGES,))
_declare(_of_ranges(_touch), forwards="overlaps", backwards="", kinds=(_RANGES,))
_declare(_of_ranges(_overlaps_before), forwards="overlaps before", backwards="overlaps after", kinds=(_RANGES,))
_declare(_finishes, forwards="finishes", backwards="finished by", kinds=("point, range", _RANGES))
_declare(_starts, forwards="starts", backwards="started by", kinds=("point, range", _RANGES))
_declare(_includes, forwards="includes", backwards="", kinds=("range, point", _RANGES))
_declare(lambda left, right: _includes(right, left), forwards="during", backwards="", kinds=("point, range", _RANGES))
_declare(_coincides, forwards="coincides", backwards="", kinds=("point1, point2", _RANGES))


@builtin("range(from: text)")
def range_of(_run: Run, text: str) -> Range | None:
    """The range that a text spells: `[1..5]`, `(..2)`; its ends are literals."""
    text = text.strip()
    if len(text) < 4 or len(text) > 1_000 or text[0] not in "[(]" or text[-1] not in "])[":
        return None
    written = text[1:-1].split("..")
    if len(written) != 2:
        return None
    low, high = (_end(part.strip()) for part in written)
    if low is False or high is False:
        return None
    return _checked_range(low, high, text[0] == "[", text[-1] == "]")


def _end(text: str) -> object:
    from orderloom.feel.builtins import CONSTANT_CALLS
    from orderloom.feel.limits import FeelError
    from orderloom.feel.parse import parse_expression
    from orderloom.feel.tree import Argument, Call, Constant, Name

    if not text:
        return None
    try:
        tree = parse_expression(text)
    except FeelError:
        return False
    match tree:
        case Constant(value) if value is not None and not isinstance(value, bool):
            return value
        case Call(Name(name), (Argument(Constant(value)),)) if name in CONSTANT_CALLS:
            from orderloom.feel.builtins import BUILTINS

            signature = BUILTINS[name].by_position(1)
            found = None if signature is None else signature.call(Run(), value)
            return False if found is None else found
    return False


def _checked_range(low: object, high: object, low_included: bool, high_included: bool) -> Range | None:
    if low is None and high is None:
        return None
    if (low is None and low_included) or (high is None and high_included):
        return None
    if low is not None and high is not None and less(high, low) is not False:
        return None
    return Range(low, high, low_included, high_included)
