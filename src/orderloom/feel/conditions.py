"""Conditions: parse once, evaluate often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from orderloom.feel.minimal_compile import UNKNOWN, Closure, Result, compiled, found, names_of, plain
from orderloom.feel.minimal_parse import ConditionError, parse_tree, renamed
from orderloom.feel.minimal_tree import Expression, Value

__all__ = ["Condition", "ConditionError", "parse", "renamed"]


@dataclass(frozen=True, slots=True)
class Condition:
    """A parsed expression: its text, its tree and the names that it reads."""

    text: str
    tree: Expression = field(repr=False)
    names: frozenset[str]
    _closure: Closure = field(repr=False, compare=False)

    def evaluate(self, context: Mapping[str, object]) -> Value:
        """The value in this context; a name that it does not know is null, as in FEEL."""
        result = self._closure(_Nulls(context))
        assert result is not UNKNOWN, "only missing names are unknown"
        return result

    def decide(self, facts: Mapping[str, object]) -> bool | None:
        """True or false if the facts suffice, else none: a fact that is missing is unknown, not null.

        None is also the answer of an expression whose value is null or no truth value.
        """
        result = self._closure(_Facts(facts))
        return result if isinstance(result, bool) else None


@lru_cache(maxsize=4096)
def parse(text: str) -> Condition:
    """Read an expression, or raise `ConditionError` with the column and a sentence."""
    tree = parse_tree(text)
    return Condition(text, tree, names_of(tree), compiled(tree))


@dataclass(frozen=True, slots=True)
class _Nulls:
    context: Mapping[str, object]

    def look_up(self, name: str) -> Result:
        return plain(found(self.context, name)[1])


@dataclass(frozen=True, slots=True)
class _Facts:
    context: Mapping[str, object]

    def look_up(self, name: str) -> Result:
        is_known, value = found(self.context, name)
        return plain(value) if is_known else UNKNOWN
