"""Turning a tree into a closure over decimals, with FEEL's three-valued logic."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, DecimalException, Overflow
from enum import Enum
from typing import Protocol

from orderloom.feel.minimal_tree import (
    Among,
    Both,
    Bound,
    Calculate,
    Choose,
    Compare,
    Constant,
    Either,
    Expression,
    Name,
    Not,
    Range,
    Value,
)


class Unknown(Enum):
    """A fact that nobody has told: neither true nor false nor null."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN
Result = Value | Unknown
_ARITHMETIC = Context(prec=34, Emin=-6143, Emax=6144, traps=[Overflow])
_ORDER: dict[str, Callable[[Decimal | str, Decimal | str], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
MAX_TEXT = 10_000
MAX_EXPONENT = 1_000


class Scope(Protocol):
    """Where a closure looks names up."""

    def look_up(self, name: str) -> Result: ...


Closure = Callable[[Scope], Result]


def compiled(tree: Expression) -> Closure:  # noqa: PLR0911 - one return for each kind of node
    """A closure that evaluates the tree; it never raises."""
    match tree:
        case Constant(constant):
            return _constant(constant)
        case Name(text):
            return lambda scope: scope.look_up(text)
        case Compare(sign, left, right):
            return _compare(sign, compiled(left), compiled(right))
        case Calculate(sign, left, right):
            return _calculate(sign, compiled(left), compiled(right))
        case Both(left, right):
            return _junction(compiled(left), compiled(right), decisive=False)
        case Either(left, right):
            return _junction(compiled(left), compiled(right), decisive=True)
        case Not(inner):
            return _negation(compiled(inner))
        case Choose(condition, then, otherwise):
            return _choice(compiled(condition), compiled(then), compiled(otherwise))
        case Among(value, tests):
            return _among(compiled(value), [_test(test) for test in tests])


def names_of(tree: Expression | Range | Bound) -> frozenset[str]:
    """The names that an expression reads."""
    found: set[str] = set()
    pending: list[Expression | Range | Bound] = [tree]
    while pending:
        match pending.pop():
            case Name(text):
                found.add(text)
            case Compare(_, left, right) | Calculate(_, left, right) | Both(left, right) | Either(left, right):
                pending += (left, right)
            case Not(inner) | Bound(_, inner):
                pending.append(inner)
            case Choose(condition, then, otherwise):
                pending += (condition, then, otherwise)
            case Range(low, high, _, _):
                pending += (low, high)
            case Among(value, tests):
                pending += (value, *tests)
    return frozenset(found)


def plain(value: object) -> Value:
    """A value of the outside as FEEL knows it; what FEEL does not know is its text."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    return str(value)


def found(context: Mapping[str, object], name: str) -> tuple[bool, object]:
    """Whether a context knows a name, and its value; dots lead into inner contexts."""
    if name in context:
        return True, context[name]
    head, dot, rest = name.partition(".")
    inner = context.get(head)
    if dot and isinstance(inner, Mapping):
        return found(inner, rest)
    return False, None


def _constant(value: Value) -> Closure:
    return lambda _scope: value


def _compare(sign: str, left: Closure, right: Closure) -> Closure:
    return lambda scope: _compared(sign, left(scope), right(scope))


def _compared(sign: str, left: Result, right: Result) -> Result:
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    if sign in ("=", "!="):
        same = _equal(left, right)
        return same if same is None or sign == "=" else not same
    if isinstance(left, bool) or isinstance(right, bool):
        return None
    if (isinstance(left, Decimal) and isinstance(right, Decimal)) or (isinstance(left, str) and isinstance(right, str)):
        return _ORDER[sign](left, right)
    return None


def _equal(left: Result, right: Result) -> bool | None:
    if left is None or right is None:
        return left is right
    return left == right if type(left) is type(right) else None


def _calculate(sign: str, left: Closure, right: Closure) -> Closure:
    def closure(scope: Scope) -> Result:
        first, second = left(scope), right(scope)
        if first is UNKNOWN or second is UNKNOWN:
            return UNKNOWN
        if isinstance(first, str) and isinstance(second, str) and sign == "+":
            return first + second if len(first) + len(second) <= MAX_TEXT else None
        if isinstance(first, Decimal) and isinstance(second, Decimal):
            return _calculated(sign, first, second)
        return None

    return closure


def _calculated(sign: str, first: Decimal, second: Decimal) -> Decimal | None:
    try:
        match sign:
            case "+":
                result = _ARITHMETIC.add(first, second)
            case "-":
                result = _ARITHMETIC.subtract(first, second)
            case "*":
                result = _ARITHMETIC.multiply(first, second)
            case "/":
                result = _ARITHMETIC.divide(first, second)
            case _:
                result = _ARITHMETIC.power(first, second) if abs(second) <= MAX_EXPONENT else Decimal("NaN")
    except DecimalException:
        return None
    return result if result.is_finite() else None


def _junction(left: Closure, right: Closure, *, decisive: bool) -> Closure:
    def closure(scope: Scope) -> Result:
        first = left(scope)
        if first is decisive:
            return decisive
        second = right(scope)
        if second is decisive:
            return decisive
        if first is UNKNOWN or second is UNKNOWN:
            return UNKNOWN
        return (not decisive) if isinstance(first, bool) and isinstance(second, bool) else None

    return closure


def _negation(inner: Closure) -> Closure:
    def closure(scope: Scope) -> Result:
        value = inner(scope)
        if value is UNKNOWN:
            return UNKNOWN
        return not value if isinstance(value, bool) else None

    return closure


def _choice(condition: Closure, then: Closure, otherwise: Closure) -> Closure:
    def closure(scope: Scope) -> Result:
        value = condition(scope)
        if value is UNKNOWN:
            return UNKNOWN
        return then(scope) if value is True else otherwise(scope)

    return closure


def _among(value: Closure, tests: list[Callable[[Result, Scope], Result]]) -> Closure:
    def closure(scope: Scope) -> Result:
        subject = value(scope)
        weakest: Result = False
        for test in tests:
            passed = test(subject, scope)
            if passed is True:
                return True
            if passed is UNKNOWN or (passed is None and weakest is False):
                weakest = passed
        return weakest

    return closure


def _test(test: Expression | Range | Bound) -> Callable[[Result, Scope], Result]:
    match test:
        case Range(low, high, low_included, high_included):
            first, last = compiled(low), compiled(high)
            above, below = ">=" if low_included else ">", "<=" if high_included else "<"

            def within(subject: Result, scope: Scope) -> Result:
                ends = _compared(above, subject, first(scope)), _compared(below, subject, last(scope))
                if False in ends:
                    return False
                return UNKNOWN if UNKNOWN in ends else None if None in ends else True

            return within
        case Bound(sign, end):
            limit = compiled(end)
            return lambda subject, scope: _compared(sign, subject, limit(scope))
        case _:
            other = compiled(test)
            return lambda subject, scope: _compared("=", subject, other(scope))
