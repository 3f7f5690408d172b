"""Expressions and cells of a larger document: parsed against the names that are known there, compiled when needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from orderloom.feel import python, types
from orderloom.feel.cells import cell
from orderloom.feel.dmn.kinds import ANY, Kind, Kinds, base_kind, spelled_type
from orderloom.feel.emit import Emitter, Options
from orderloom.feel.limits import FeelError
from orderloom.feel.mistakes import Mistake
from orderloom.feel.parse import STANDARD_SCOPE, parse_expression, parse_tests
from orderloom.feel.run import Run
from orderloom.feel.scope import Scope
from orderloom.feel.soundness import Soundness
from orderloom.feel.tree import Expression, Filter, For, Iteration, Span, Tests
from orderloom.feel.types import Type
from orderloom.feel.written import Place, Written

_ITEMS = "_"


class Values(dict[str, object]):
    """A scope: what nobody told is null."""

    def __missing__(self, _name: str) -> None:
        return None

    def inside(self, own: Mapping[str, object]) -> Values:
        """The same scope with more names, which hide those around them."""
        return Values({**self, **own})


class Watched(Values):
    """A scope that remembers which of its names were read."""

    def __init__(self, values: Mapping[str, object], read: dict[str, object], *, own: frozenset[str] = frozenset()):
        super().__init__(values)
        self._read = read
        self._own = own

    def __getitem__(self, name: str) -> object:
        value = super().__getitem__(name)
        if name not in self._own:
            self._read[name] = value
        return value

    def get(self, name: str, default: object = None) -> object:
        """The same as by subscript."""
        value = self[name]
        return default if value is None else value

    def inside(self, own: Mapping[str, object]) -> Values:
        """The same scope with more names; reading those is nobody's business."""
        return Watched({**dict.copy(self), **own}, self._read, own=self._own | own.keys())


Code = Callable[[Values, Run], object]
Check = Callable[[object, Values, Run], object]


class Language:
    """What is known at one place of a document; mistakes go where the whole document gathers them.

    `known` are the names of values with their types, none if every name may be one (a table on its own). With
    `is_checked`, unknown names and wrong types are mistakes too.
    """

    def __init__(
        self,
        known: Mapping[str, Type] | None = None,
        *,
        members: Iterable[str] = (),
        kinds: Kinds | None = None,
        mistakes: list[Mistake] | None = None,
        is_checked: bool = False,
    ) -> None:
        self.known = known
        self.members = frozenset(members)
        self.mistakes = mistakes if mistakes is not None else []
        self.kinds = kinds
        self.is_checked = is_checked
        self.types: Mapping[str, Type] = kinds.types() if kinds is not None else {}
        self._scope = Scope(known or (), members=self.members, types=self.types, outer=STANDARD_SCOPE)

    def inner(self, names: Mapping[str, Type]) -> Language:
        """The same place with more names."""
        return Language(
            {**(self.known or {}), **names},
            members=self.members,
            kinds=self.kinds,
            mistakes=self.mistakes,
            is_checked=self.is_checked,
        )

    def unchecked(self) -> Language:
        """The same place, for text that was checked before."""
        return Language(self.known, members=self.members, kinds=self.kinds, mistakes=self.mistakes)

    def mistake(self, place: Place, code: str, sentence: str) -> None:
        """Something else that is wrong here."""
        self.mistakes.append(Mistake(place.line, place.column, code, sentence))

    def tree(self, text: Written | None, wanted: Type = types.ANY) -> Expression | None:
        """The expression, or none after a mistake; a value that is surely not of the type that is wanted is one too."""
        if text is None:
            return None
        try:
            found = parse_expression(text.text, self._scope)
        except FeelError as mistake:
            self._syntax(text, mistake)
            return None
        if self.is_checked:
            soundness = Soundness(self.known, self.types)
            kind = soundness.expression(found)
            self._wrong(text, soundness)
            if _is_surely_not(kind, wanted):
                place = text.place
                sentence = f"This is a {types.name_of(kind)}; a {types.name_of(wanted)} is wanted."
                self.mistake(place, "wrong-type", sentence)
        return found

    def domain(self, text: Written) -> Iteration | None:
        """What a boxed iteration goes through, which may also be a bare `1..3`; none after a mistake."""
        opening = f"for {_ITEMS} in "
        try:
            found = parse_expression(f"{opening}{text.text}\nreturn {_ITEMS}", self._scope)
        except FeelError as mistake:
            shift = len(opening) if mistake.line == 1 else 0
            self.mistake(text.seen(mistake.line, max(mistake.column - shift, 1)), "syntax", mistake.message)
            return None
        if not isinstance(found, For) or len(found.iterations) != 1:
            return None
        source = found.iterations[0].source
        if self.is_checked and isinstance(source, Span):
            soundness = Soundness(self.known, self.types)
            for end in (source.low, source.high):
                soundness.expression(end)
            for wrong in soundness.wrongs:
                self.mistake(text.at(wrong.at - len(opening)), wrong.code, wrong.sentence)
        return found.iterations[0]

    def filter_tree(self, text: Written) -> Expression | None:
        """The condition of a filter, in which the entries of the items are names too; none after a mistake."""
        inner = Scope((_ITEMS,), outer=self._scope)
        try:
            found = parse_expression(f"{_ITEMS}[{text.text}\n]", inner)
        except FeelError as mistake:
            shift = len(_ITEMS) + 1 if mistake.line == 1 else 0
            self.mistake(text.seen(mistake.line, max(mistake.column - shift, 1)), "syntax", mistake.message)
            return None
        return found.condition if isinstance(found, Filter) else None

    def tests(self, text: Written | None, subject: Type = types.ANY) -> Tests | None:
        """The unary tests of a cell over a value of this type, or none after a mistake."""
        if text is None:
            return None
        try:
            found = parse_tests(text.text, self._scope)
        except FeelError as mistake:
            self._syntax(text, mistake)
            return None
        if self.is_checked:
            soundness = Soundness(self.known, self.types)
            soundness.tests(found, subject)
            self._wrong(text, soundness)
        return found

    def code(self, tree: Expression | None) -> Code:
        """A function of a scope and a run; null where there is no expression."""
        if tree is None:
            return _unreadable
        emitter = self._emitter()
        return python.built(("scope", "run"), emitter.expression(tree), emitter.namespace)

    def check(self, tests: Tests) -> Check:
        """A function of a value, a scope and a run; true alone lets the value pass."""
        emitter = self._emitter()
        return python.built(("value", "scope", "run"), cell(emitter, tests, "value"), emitter.namespace)

    def type(self, name: str) -> Type:
        """The type of this name as expressions know it, `Any` if it has none."""
        return spelled_type(name, self.types) or types.ANY

    def kind(self, name: str, place: Place | None = None) -> Kind:
        """The type of this name; one that is not known is a mistake, and any value will do."""
        found = self.kinds.named(name) if self.kinds is not None else (base_kind(name) if name else ANY)
        if found is None:
            if place is not None:
                self.mistake(place, "unknown-type", f"No type is called “{name}”; define it or correct the name.")
            return ANY
        return found

    def allowed(self, type_name: str) -> Written | None:
        """The values that a named type allows, in their order."""
        definition = self.kinds.definition(type_name) if self.kinds is not None and type_name else None
        return (definition.allowed or definition.constraint) if definition is not None else None

    def _emitter(self) -> Emitter:
        named = self.kinds.types(restricted=True) if self.kinds is not None else {}
        return Emitter(Options(known=self.known if self.known is None else frozenset(self.known), types=named))

    def _wrong(self, text: Written, soundness: Soundness) -> None:
        for wrong in soundness.wrongs:
            self.mistake(text.at(wrong.at), wrong.code, wrong.sentence)

    def _syntax(self, text: Written, mistake: FeelError) -> None:
        place = text.seen(mistake.line, mistake.column)
        self.mistake(place, "syntax", mistake.message)


def _is_surely_not(kind: Type, wanted: Type) -> bool:
    if not isinstance(kind, types.Simple) or not isinstance(wanted, types.Simple):
        return False
    open_kinds = (types.ANY, types.NULL, types.Simple("function"))
    if kind in open_kinds or wanted in open_kinds or (kind, wanted) == (types.DATE, types.DATE_TIME):
        return False
    return kind != wanted


def _unreadable(_scope: Values, run: Run) -> object:
    run.note(0, lambda: "An expression cannot be read, so it is null.")
    return None
