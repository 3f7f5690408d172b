"""Unary tests as Python: three-valued for any value, or two-valued where the kind of the value is known."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from decimal import Decimal

from orderloom.feel import python
from orderloom.feel.emit import Emitter
from orderloom.feel.tree import (
    Among,
    Between,
    Both,
    Bound,
    Call,
    Compare,
    Constant,
    Either,
    InstanceOf,
    Interval,
    Items,
    Name,
    Quantified,
    Test,
    Tests,
    walk,
)

_FEW = 3
_TRUTHS = (Both, Either, Between, Compare, Among, InstanceOf, Quantified)


def cell(emitter: Emitter, tests: Tests, variable: str) -> ast.expr:
    """True, false or null: whether the value in a Python variable passes the tests of a cell; true alone matches."""
    if tests.anything:
        return python.constant(True)
    passed = passes(emitter, tests.tests, variable)
    if not tests.negated:
        return passed
    result = emitter.fresh()
    is_null = python.is_constant(python.assigned(result, passed), None)
    return python.if_else(is_null, python.constant(None), python.not_(python.name(result)))


def passes(emitter: Emitter, tests: Sequence[Test], variable: str) -> ast.expr:
    """The same for tests of which one must pass."""
    values = [test.value for test in tests if isinstance(test, Constant)]
    kinds = {value.__class__ for value in values}
    if len(values) == len(tests) > _FEW and kinds in ({str}, {Decimal}):
        subject = python.name(variable)
        usual = python.is_(python.attribute(subject, "__class__"), python.name(kinds.pop().__name__))
        quick = python.compared(subject, ("in", emitter.bound(frozenset(values))))
        slow = emitter.use("tested_any", subject, emitter.bound(tuple(values)), python.name("run"))
        return python.if_else(usual, quick, slow)
    emitter.declared("?", variable)
    try:
        return emitter.junction([_later(emitter, test, variable) for test in tests], decisive=True)
    finally:
        emitter.undeclared()


def exact_cell(emitter: Emitter, tests: Tests, variable: str, kind: type) -> ast.expr | None:
    """A truth value of Python, or none if these tests have no such form.

    The caller promises that the variable's class is `Decimal`, `str` or `bool`, whichever `kind` says.
    """
    if tests.anything:
        return python.constant(True)
    values = [test.value for test in tests.tests if isinstance(test, Constant)]
    value = python.name(variable)
    if len(values) == len(tests.tests) and len(values) > 2 and all(v.__class__ is str for v in values) and kind is str:
        found: ast.expr = python.compared(value, ("in", emitter.bound(frozenset(values))))
    else:
        terms = [_exact(emitter, test, value, kind) for test in tests.tests]
        if not all(terms):
            return None
        found = python.any_of([term for term in terms if term is not None])
    return python.not_(found) if tests.negated else found


def _later(emitter: Emitter, test: Test, variable: str) -> Callable[[], ast.expr]:
    return lambda: _passes(emitter, test, variable)


def _passes(emitter: Emitter, test: Test, variable: str) -> ast.expr:
    subject = python.name(variable)
    if isinstance(test, Bound):
        return emitter.compared(subject, test.operator, test.end)
    if isinstance(test, Interval):
        ends = (emitter.expression(test.low), emitter.expression(test.high))
        included = (python.constant(test.low_included), python.constant(test.high_included))
        return emitter.use("in_interval", subject, *ends, *included)
    if isinstance(test, Constant) and test.value is not None:
        if test.value.__class__ in (Decimal, str):
            return emitter.compared(subject, "=", test)
        return emitter.use("equal", subject, emitter.bound(test.value))
    value = emitter.expression(test)
    if any(isinstance(node, Name) and node.text == "?" for node in walk(test)) and not isinstance(test, Name | Items):
        return value
    is_truth = isinstance(test, _TRUTHS) or (
        isinstance(test, Call) and isinstance(test.function, Name) and test.function.text == "not"
    )
    return emitter.use("tested_truth" if is_truth else "tested", subject, value, python.name("run"))


def _exact(emitter: Emitter, test: Test, value: ast.expr, kind: type) -> ast.expr | None:
    if isinstance(test, Constant) and test.value.__class__ is kind:
        if kind is bool:
            return python.is_constant(value, test.value is True)
        return python.compared(value, ("=", emitter.bound(test.value)))
    if kind is bool:
        return None
    if isinstance(test, Bound) and _is_exact(test.end, kind):
        return python.compared(value, (test.operator, emitter.expression(test.end)))
    if isinstance(test, Interval) and _is_exact(test.low, kind) and _is_exact(test.high, kind):
        above, below = ("<=" if included else "<" for included in (test.low_included, test.high_included))
        return python.compared(emitter.expression(test.low), (above, value), (below, emitter.expression(test.high)))
    return None


def _is_exact(end: Test, kind: type) -> bool:
    return isinstance(end, Constant) and end.value.__class__ is kind
