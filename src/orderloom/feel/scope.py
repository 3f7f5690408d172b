"""The names that an expression may use; names with spaces and signs are found by the longest match."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from orderloom.feel.lex import Token, tokens_of

Phrases = dict[str, list[tuple[tuple[str, ...], str]]]


class Scope:
    """Names of values, of members of contexts, and of types; an inner scope looks outward."""

    __slots__ = ("_members", "_names", "_types", "outer")

    def __init__(
        self,
        names: Iterable[str] = (),
        *,
        members: Iterable[str] = (),
        types: Iterable[str] = (),
        outer: Scope | None = None,
    ) -> None:
        self._names = _phrases(names)
        self._members = _phrases(members)
        self._types = _phrases(types)
        self.outer = outer

    def name_at(self, tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
        """The longest name of a value that begins here, and how many tokens it takes."""
        return self._longest("_names", tokens, place)

    def member_at(self, tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
        """The same for the members of contexts."""
        return self._longest("_members", tokens, place)

    def type_at(self, tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
        """The same for types."""
        return self._longest("_types", tokens, place)

    def add_member(self, name: str) -> None:
        """A key that stands in the text itself can be read further on."""
        _add(self._members, name)

    def add_name(self, name: str) -> None:
        """An entry of a context can be read by those after it."""
        _add(self._names, name)

    def _longest(self, table: str, tokens: Sequence[Token], place: int) -> tuple[str, int] | None:
        best: tuple[str, int] | None = None
        scope: Scope | None = self
        first = tokens[place].text
        while scope is not None:
            for words, name in getattr(scope, table).get(first, ()):
                size = len(words)
                if (best is None or size > best[1]) and _is_at(words, tokens, place):
                    best = name, size
            scope = scope.outer
        return best


def scope_of(context: Mapping[str, object], *, outer: Scope | None = None) -> Scope:
    """The scope of a context's values: its keys are names, and the keys of the contexts within are members."""
    return Scope(context, members=members_of(context), outer=outer)


def members_of(context: Mapping[str, object]) -> set[str]:
    """The keys of all contexts within."""
    members: set[str] = set()
    pending: list[object] = [value for value in context.values() if isinstance(value, Mapping | list | tuple)]
    while pending:
        value = pending.pop()
        if isinstance(value, Mapping):
            members.update(key for key in value if isinstance(key, str))
            pending.extend(value.values())
        elif isinstance(value, list | tuple):
            pending.extend(value)
    return members


def _is_at(words: tuple[str, ...], tokens: Sequence[Token], place: int) -> bool:
    if place + len(words) > len(tokens):
        return False
    return all(tokens[place + step].text == word for step, word in enumerate(words))


def _phrases(names: Iterable[str]) -> Phrases:
    table: Phrases = {}
    for name in names:
        _add(table, name)
    return table


def _add(table: Phrases, name: str) -> None:
    words = _words(name)
    if words:
        table.setdefault(words[0], []).append((words, name))


@lru_cache(maxsize=8192)
def _words(name: str) -> tuple[str, ...]:
    # A name that cannot be cut into tokens cannot be written in an expression either.
    try:
        return tuple(token.text for token in tokens_of(name)[:-1])
    except ValueError:
        return ()
