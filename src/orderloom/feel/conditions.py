"""Conditions: parse once, evaluate often, over facts of which some may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from orderloom.feel.compile import Compiled, Inputs, compiled
from orderloom.feel.emit import Options
from orderloom.feel.limits import FeelError, FeelLimit, Limits, placed
from orderloom.feel.parse import parse_expression
from orderloom.feel.reads import mentions, names_read
from orderloom.feel.run import Run
from orderloom.feel.runtime import UnknownFact, path
from orderloom.feel.soundness import Soundness
from orderloom.feel.tree import Expression
from orderloom.feel.values import inward, outward

__all__ = ["Condition", "FeelError", "parse", "renamed"]

LIMITS = Limits(characters=2_000)
_OPTIONS = Options(known=None, dotted=True)
_FACTS = Options(known=None, dotted=True, unknowns=True)


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed expression: its text, its tree and the names that it reads, paths with their points.

    A condition that would cost too much to evaluate is null, and undecided.
    """

    text: str
    tree: Expression = field(repr=False)
    names: frozenset[str]
    _evaluated: Compiled = field(repr=False, compare=False)
    _decided: Compiled = field(repr=False, compare=False)

    def evaluate(self, context: Mapping[str, object]) -> object:
        """The value in this context; a name that it does not know is null, as in FEEL."""
        try:
            return outward(self._evaluated(_Dotted(context), Run(LIMITS)))
        except FeelLimit:
            return None

    def decide(self, facts: Mapping[str, object]) -> bool | None:
        """True or false if the facts suffice, else none: a fact that is missing is unknown, not null.

        None is also the answer of an expression whose value is null or no truth value.
        """
        try:
            result = self._decided(_Facts(facts), Run(LIMITS))
        except (UnknownFact, FeelLimit):
            return None
        return result if isinstance(result, bool) else None


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Read an expression, or raise `FeelError` with the column and a sentence."""
    tree = parse_expression(text, limits=LIMITS)
    soundness = Soundness()
    soundness.expression(tree)
    for wrong in soundness.wrongs:
        if wrong.code in ("unknown-function", "wrong-arguments", "unknown-type"):
            raise FeelError(wrong.sentence, **placed(text, wrong.at))
    names = frozenset(names_read(tree, dotted=True))
    return Condition(text, tree, names, compiled(tree, _OPTIONS), compiled(tree, _FACTS))


def renamed(text: str, names: Mapping[str, str]) -> str:
    """The same expression with some of the names that it reads replaced."""
    result = text
    for at, name in sorted(mentions(parse(text).tree, dotted=True), reverse=True):
        if name in names and text.startswith(name, at):
            result = result[:at] + names[name] + result[at + len(name) :]
    return result


class _Dotted(Inputs):
    """Values by name, or by a path with points that may also be a name itself."""

    def __missing__(self, name: str) -> object:
        is_known, value = found(self.context, name)
        if not is_known:
            return self.untold(name)
        self[name] = value
        return value

    def untold(self, _name: str) -> object:
        """What a name without a value is."""
        return None


class _Facts(_Dotted):
    def untold(self, name: str) -> object:
        raise UnknownFact(name)


def found(context: Mapping[str, object], name: str) -> tuple[bool, object]:
    """Whether a context knows a name, and its value as FEEL knows it; points lead into contexts and values."""
    if name in context:
        return True, inward(context[name])
    head, point, rest = name.partition(".")
    if not point or head not in context:
        return False, None
    inner = context[head]
    if isinstance(inner, Mapping):
        return found(inner, rest)
    value = inward(inner)
    for step in rest.split("."):
        value = path(Run(LIMITS), value, step)
    return True, value
