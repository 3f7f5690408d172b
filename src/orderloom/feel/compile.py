"""Expressions and tests as functions: compiled once, evaluated often."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orderloom.feel import python
from orderloom.feel.cells import cell
from orderloom.feel.emit import STANDARD_OPTIONS, Emitter, Options
from orderloom.feel.limits import FeelLimit
from orderloom.feel.run import Run
from orderloom.feel.tree import Expression, Tests
from orderloom.feel.values import inward

Compiled = Callable[["Inputs", Run], object]
CompiledTests = Callable[[object, "Inputs", Run], object]


class Inputs(dict[str, object]):
    """The caller's values as FEEL knows them, each converted when it is first read; its keys tell what was read."""

    def __init__(self, context: Mapping[str, object]) -> None:
        super().__init__()
        self.context = context

    def __missing__(self, name: str) -> object:
        value = self[name] = inward(self.context.get(name))
        return value


def compiled(tree: Expression, options: Options = STANDARD_OPTIONS) -> Compiled:
    """The function of an expression; it gives FEEL's own values and raises nothing but `FeelLimit`."""
    emitter = Emitter(options)
    function = python.built(("scope", "run"), emitter.expression(tree), emitter.namespace)

    def evaluated(scope: Inputs, run: Run) -> object:
        try:
            return function(scope, run)
        except RecursionError:
            raise FeelLimit("recursion", "The evaluation goes too deep.") from None

    return evaluated


def compiled_tests(tests: Tests, options: Options = STANDARD_OPTIONS) -> CompiledTests:
    """The function of a cell: the value under test comes first; true, false or null."""
    emitter = Emitter(options)
    function = python.built(("subject", "scope", "run"), cell(emitter, tests, "subject"), emitter.namespace)

    def passed(subject: object, scope: Inputs, run: Run) -> object:
        try:
            return function(subject, scope, run)
        except RecursionError:
            raise FeelLimit("recursion", "The evaluation goes too deep.") from None

    return passed
