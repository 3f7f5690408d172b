"""The types of a model at work: whether a value conforms, and the conversions that the standard makes (10.3.2.9.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from orderloom.feel import types
from orderloom.feel.builtins.registry import Overloads
from orderloom.feel.dmn.boxed import ItemDefinition
from orderloom.feel.limits import FeelError
from orderloom.feel.parse import STANDARD_SCOPE, parse_type
from orderloom.feel.scope import Scope
from orderloom.feel.tree import TypeName
from orderloom.feel.types import FunctionType, Type, conforms, type_of
from orderloom.feel.values import Callee, Date, DateTime, Days, Months, Range, Time

Test = Callable[[object], bool]
BASES: Mapping[str, tuple[type, ...]] = {
    "Any": (object,),
    "Null": (type(None),),
    "number": (Decimal,),
    "string": (str,),
    "boolean": (bool,),
    "date": (Date,),
    "time": (Time,),
    "date and time": (DateTime,),
    "dateTime": (DateTime,),
    "days and time duration": (Days,),
    "dayTimeDuration": (Days,),
    "years and months duration": (Months,),
    "yearMonthDuration": (Months,),
    "duration": (Days, Months),
    "context": (dict,),
    "list": (list,),
    "function": (Callee, Overloads),
    "range": (Range,),
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type: classes that its values have, item and member types, and tests that they must pass.

    Types may refer to themselves through `of`, which is looked up when a value is seen.
    """

    name: str
    classes: tuple[type, ...] = (object,)
    item: Kind | None = None
    members: Mapping[str, Kind] | None = None
    shape: Type | None = None
    test: Test | None = None
    of: Callable[[], Kind] | None = None

    @property
    def is_any(self) -> bool:
        return self.classes == (object,) and self.of is None and self.test is None and self.shape is None

    @property
    def is_function(self) -> bool:
        return self.of().is_function if self.of is not None else self.classes == BASES["function"]

    @property
    def is_list(self) -> bool:
        if self.of is not None:
            return self.of().is_list
        return self.item is not None or self.classes == (list,) or isinstance(self.shape, types.ListType)

    def holds(self, value: object) -> bool:
        """Whether a value conforms; null conforms to every type."""
        if value is None:
            return True
        if self.of is not None and not self.of().holds(value):
            return False
        if self.of is None and not self._holds_itself(value):
            return False
        return self.test is None or self.test(value)

    def _holds_itself(self, value: object) -> bool:
        if not isinstance(value, self.classes):
            return False
        if self.item is not None:
            return isinstance(value, list) and all(self.item.holds(inner) for inner in value)
        if self.members is not None:
            return isinstance(value, dict) and all(
                name in value and kind.holds(value[name]) for name, kind in self.members.items()
            )
        return self.shape is None or conforms(value, self.shape)

    def may_be(self, kind: type) -> bool:
        """Whether values of this class may be of the type."""
        return self.of().may_be(kind) if self.of is not None else object in self.classes or kind in self.classes

    def base(self) -> type | None:
        """The class of its values if there is but one."""
        inner = self.of() if self.of is not None else self
        if inner.of is not None:
            return inner.base()
        return inner.classes[0] if len(inner.classes) == 1 and inner.classes[0] is not object else None

    def wants(self, kind: type) -> bool:
        """Whether values of this class are of the type, its tests aside."""
        return self.of().wants(kind) if self.of is not None else kind in self.classes


ANY = Kind("Any")
_RESTRICTIONS = ("allowed", "constraint")


def converted(value: object, kind: Kind) -> tuple[object, bool]:
    """The value as the type wants it, and whether it could be had; one that could not is null."""
    if value is None or kind.is_any:
        return value, True
    if kind.holds(value):
        return value, True
    if isinstance(value, Date) and kind.wants(DateTime):
        midnight = DateTime(value, Time(0, 0))
        return (midnight, True) if kind.holds(midnight) else (None, False)
    if kind.is_list and not isinstance(value, list):
        return ([value], True) if kind.holds([value]) else (None, False)
    if not kind.is_list and isinstance(value, list) and len(value) == 1:
        return (value[0], True) if kind.holds(value[0]) else (None, False)
    return None, False


class Kinds:
    """The types of one model by name, its imported ones under their prefix."""

    def __init__(
        self,
        definitions: Iterable[ItemDefinition],
        imported: Mapping[str, Kinds],
        test_of: Callable[[ItemDefinition, str], Test | None],
    ) -> None:
        self._definitions = {definition.name: definition for definition in definitions}
        self._imported = imported
        self._test_of = test_of
        self._made: dict[str, Kind] = {}
        self._open: set[str] = set()
        self._types: dict[bool, dict[str, Type]] = {}
        self._tests: dict[tuple[int, str], Test | None] = {}

    def names(self) -> list[str]:
        """All names of types that this model knows besides the built-in ones."""
        inner = [f"{prefix}.{name}" if prefix else name for prefix, k in self._imported.items() for name in k.names()]
        return [*self._definitions, *inner]

    def members(self) -> set[str]:
        """The names of all components of all types."""
        found: set[str] = set()
        pending = list(self._definitions.values())
        while pending:
            for component in pending.pop().components:
                found.add(component.name)
                pending.append(component)
        return found.union(*(kinds.members() for kinds in self._imported.values()))

    def types(self, *, restricted: bool = False) -> Mapping[str, Type]:
        """The same types as the language knows them: their shapes, or also what is allowed, as `instance of` asks."""
        if restricted not in self._types:
            found = self._types[restricted] = {}
            for prefix, kinds in self._imported.items():
                inner = kinds.types(restricted=restricted)
                found |= {f"{prefix}.{name}" if prefix else name: kind for name, kind in inner.items()}
            for name in self._definitions:
                found[name] = self._type(name, frozenset(), restricted=restricted)
        return self._types[restricted]

    def type_named(self, name: str) -> Type:
        """The type of this name as the language knows it; `Any` if there is none."""
        return spelled_type(name, self.types()) or types.ANY

    def _type(self, name: str, around: frozenset[str], *, restricted: bool = False) -> Type:
        definition = self._definitions.get(name)
        if definition is None:
            return spelled_type(name, self.types(restricted=restricted)) or types.ANY
        if name in around:
            return types.ANY
        return self._type_of(definition, around | {name}, restricted=restricted)

    def _type_of(self, definition: ItemDefinition, around: frozenset[str], *, restricted: bool = False) -> Type:
        found: Type
        if definition.function is not None:
            parameters = tuple(
                self._type(p.type_name, around, restricted=restricted) for p in definition.function.parameters
            )
            result = self._type(definition.function.result, around, restricted=restricted)
            found = types.FunctionType(parameters, result)
        elif definition.components:
            members = [(c.name, self._type_of(c, around, restricted=restricted)) for c in definition.components]
            found = types.ContextType(tuple(members))
        else:
            found = self._type(definition.base, around, restricted=restricted)
        allowed, constraint = (self._test(definition, which) if restricted else None for which in _RESTRICTIONS)
        if allowed is not None:
            found = types.Restricted(found, allowed)
        if definition.is_list:
            found = types.ListType(found)
        return types.Restricted(found, constraint) if constraint is not None else found

    def _test(self, definition: ItemDefinition, which: str) -> Test | None:
        """The test of a definition, made once; it may stand in several types."""
        key = id(definition), which
        if key not in self._tests:
            self._tests[key] = self._test_of(definition, which)
        return self._tests[key]

    def definition(self, name: str) -> ItemDefinition | None:
        """The item definition of this name, here or imported."""
        if name in self._definitions:
            return self._definitions[name]
        for prefix, kinds in self._imported.items():
            if not prefix or name.startswith(f"{prefix}."):
                found = kinds.definition(name[len(prefix) + 1 :] if prefix else name)
                if found is not None:
                    return found
        return None

    def named(self, name: str) -> Kind | None:
        """The type of this name, none if there is none; no name is `Any`."""
        if not name:
            return ANY
        if name in self._made:
            return self._made[name]
        definition = self._definitions.get(name)
        if definition is None:
            return self._foreign(name)
        if name in self._open:
            return Kind(name, of=lambda: self._made.get(name, ANY))
        self._open.add(name)
        self._made[name] = made = ANY if self.is_circular(name) else self._kind(definition)
        return made

    def is_circular(self, name: str) -> bool:
        """Whether a type is nothing but itself under other names; a list or a structure of itself is none of that."""
        seen: set[str] = set()
        while name not in seen:
            seen.add(name)
            definition = self._definitions.get(name)
            if definition is None or definition.is_list or definition.components or definition.function is not None:
                return False
            name = definition.base
        return True

    def _foreign(self, name: str) -> Kind | None:
        for prefix, kinds in self._imported.items():
            if not prefix or name.startswith(f"{prefix}."):
                found = kinds.named(name[len(prefix) + 1 :] if prefix else name)
                if found is not None:
                    return found
        return base_kind(name, self.types(restricted=True) if "<" in name else None)

    def _kind(self, definition: ItemDefinition) -> Kind:
        if definition.function is not None:
            wanted = self._type_of(definition, frozenset({definition.name}))
            function = wanted.item if isinstance(wanted, types.ListType) else wanted
            assert isinstance(function, FunctionType)
            base = Kind(definition.name, BASES["function"], shape=function)
        elif definition.components:
            members = {component.name: self._kind(component) for component in definition.components}
            base = Kind(definition.name, (dict,), members=members)
        else:
            base = self.named(definition.base) or ANY
        allowed = self._test(definition, "allowed")
        if allowed is not None:
            base = Kind(definition.name, of=_always(base), test=allowed)
        if definition.is_list:
            base = Kind(definition.name, (list,), item=base)
        constraint = self._test(definition, "constraint")
        return Kind(definition.name, of=_always(base), test=constraint) if constraint is not None else base


def base_kind(name: str, named: Mapping[str, Type] | None = None) -> Kind | None:
    """A type of the language itself, also one like `list<number>`; none if there is none of this name."""
    if name in BASES:
        return Kind(name, BASES[name])
    shape = spelled_type(name, named) if "<" in name else None
    return Kind(name, shape=shape) if shape is not None else None


def spelled_type(name: str, named: Mapping[str, Type] | None = None) -> Type | None:
    """The type of this name, which may also be one like `list<number>`; none if there is none."""
    if "<" not in name:
        return type_of(TypeName(name), named)
    try:
        return type_of(parse_type(name, Scope(types=named or (), outer=STANDARD_SCOPE)), named)
    except FeelError:
        return None


def _always(kind: Kind) -> Callable[[], Kind]:
    return lambda: kind
