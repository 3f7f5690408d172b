"""The types of FEEL, whether a value conforms to one, and the implicit conversions (DMN 1.3, clause 10.3.2.9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeGuard

from orderloom.feel.run import Run
from orderloom.feel.tree import TypeName
from orderloom.feel.values import Callee, Date, DateTime, Days, Months, Range, Time


@dataclass(frozen=True, slots=True)
class Simple:
    """`Any`, `Null`, or one of the built-in types by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType:
    """A list of items of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class RangeType:
    """A range whose ends are of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class ContextType:
    """A context that has at least these entries."""

    members: tuple[tuple[str, Type], ...]

    def member(self, name: str) -> Type | None:
        """The type of an entry."""
        return next((kind for key, kind in self.members if key == name), None)


@dataclass(frozen=True, slots=True)
class FunctionType:
    """A function by the types of its parameters and its result."""

    parameters: tuple[Type, ...]
    result: Type


@dataclass(frozen=True, slots=True)
class Restricted:
    """A type some of whose values are not allowed."""

    base: Type
    allows: Callable[[object], bool]


Type = Simple | ListType | RangeType | ContextType | FunctionType | Restricted
ANY, NULL = Simple("Any"), Simple("Null")
NUMBER, STRING, BOOLEAN = Simple("number"), Simple("string"), Simple("boolean")
DATE, TIME, DATE_TIME = Simple("date"), Simple("time"), Simple("date and time")
DAYS, MONTHS = Simple("days and time duration"), Simple("years and months duration")
_SPELLINGS: dict[str, Type] = {
    "dateTime": DATE_TIME, "dayTimeDuration": DAYS, "yearMonthDuration": MONTHS,
    "list": ListType(ANY), "context": ContextType(()), "range": RangeType(ANY),
}  # fmt: skip
_CLASSES: dict[str, type] = {
    "number": Decimal, "string": str, "boolean": bool, "date": Date, "time": Time, "date and time": DateTime,
    "days and time duration": Days, "years and months duration": Months,
}  # fmt: skip
_KINDS: dict[type, Type] = {kind: Simple(name) for name, kind in _CLASSES.items()}


def type_of(written: TypeName, named: Mapping[str, Type] | None = None) -> Type | None:  # noqa: PLR0911
    """The type that was written; none if no type has that name."""
    if written.members or (written.name == "context" and "<" in written.name):
        members = [(key, type_of(kind, named)) for key, kind in written.members]
        return ContextType(tuple((key, kind) for key, kind in members if kind is not None))
    if written.result is not None:
        parameters = [type_of(kind, named) for kind in written.arguments]
        result = type_of(written.result, named)
        return FunctionType(tuple(kind or ANY for kind in parameters), result or ANY)
    if written.arguments:
        item = type_of(written.arguments[0], named)
        if item is None:
            return None
        return ListType(item) if written.name == "list" else RangeType(item)
    if named and written.name in named:
        return named[written.name]
    if written.name in _CLASSES or written.name in ("Any", "Null"):
        return Simple(written.name)
    if written.name == "function":
        return Simple("function")
    return _SPELLINGS.get(written.name)


def is_instance(value: object, kind: Type | None, run: Run | None = None) -> bool | None:
    """`instance of`: null is an instance of `Null` alone."""
    if kind is None:
        return None
    if value is None:
        return kind == NULL
    return conforms(value, kind, run)


def conforms(value: object, kind: Type, run: Run | None = None) -> bool:  # noqa: PLR0911 - one for each kind
    """Whether a value is of a type; null is of every type."""
    if value is None:
        return True
    match kind:
        case Simple("Any"):
            return True
        case Simple("function"):
            return is_function(value)
        case Simple(name):
            return value.__class__ is _CLASSES.get(name)
        case ListType(item):
            return isinstance(value, list) and (item == ANY or _all_conform(value, item, run or Run()))
        case ContextType(members):
            return isinstance(value, dict) and all(
                key in value and conforms(value[key], inner, run) for key, inner in members
            )
        case RangeType(item):
            if not isinstance(value, Range):
                return False
            return all(end is None or conforms(end, item) for end in (value.low, value.high))
        case FunctionType(parameters, result):
            return _function_conforms(value, parameters, result)
        case Restricted(base, allows):
            return conforms(value, base, run) and allows(value)


def plain(kind: Type) -> Type:
    """The type without what is not allowed of it, so that its shape can be seen."""
    while isinstance(kind, Restricted):
        kind = kind.base
    return kind


def coerced(value: object, kind: Type, run: Run | None = None) -> tuple[bool, object]:
    """Whether a value fits a type after the implicit conversions, and the converted value (else null)."""
    if conforms(value, kind, run):
        return True, value
    shape = plain(kind)
    wanted: object = value
    if isinstance(value, list) and len(value) == 1 and not isinstance(shape, ListType):
        wanted = value[0]
    elif isinstance(shape, ListType) and not isinstance(value, list):
        wanted = [value]
    elif shape == DATE_TIME and isinstance(value, Date):
        wanted = DateTime(value, Time(0, 0))
    return (True, wanted) if wanted is not value and conforms(wanted, kind, run) else (False, None)


def assignable(source: Type, target: Type) -> bool:  # noqa: PLR0911 - one return for each kind of type
    """Type conformance: whether every value of the one is a value of the other."""
    source, target = plain(source), plain(target)
    if target == ANY or source in (target, NULL):
        return True
    match source, target:
        case ListType(own), ListType(wanted):
            return assignable(own, wanted)
        case RangeType(own), RangeType(wanted):
            return assignable(own, wanted)
        case ContextType(), ContextType(members):
            own_members = dict(source.members)
            return all(key in own_members and assignable(own_members[key], kind) for key, kind in members)
        case FunctionType(own_parameters, own_result), FunctionType(parameters, result):
            return (
                len(own_parameters) == len(parameters)
                and all(assignable(wanted, own) for own, wanted in zip(own_parameters, parameters, strict=True))
                and assignable(own_result, result)
            )
        case FunctionType(), Simple("function"):
            return True
    return False


def kind_of(value: object) -> Type:
    """The type of a value, as far as one look tells it."""
    if value is None:
        return NULL
    if isinstance(value, list):
        kinds = {kind_of(inner) for inner in value[:100]}
        return ListType(kinds.pop() if len(kinds) == 1 else ANY)
    if isinstance(value, dict):
        return ContextType(tuple((key, kind_of(inner)) for key, inner in value.items()))
    if isinstance(value, Range):
        return RangeType(kind_of(value.high if value.low is None else value.low))
    return Simple("function") if is_function(value) else _KINDS.get(value.__class__, ANY)


def name_of(kind: Type) -> str:
    """The word for a type in a sentence."""
    match plain(kind):
        case Simple(name):
            return name
        case ListType():
            return "list"
        case ContextType():
            return "context"
        case RangeType():
            return "range"
    return "function"


def _all_conform(items: list[object], kind: Type, run: Run) -> bool:
    run.spend(1 + 4 * len(items))
    return all(conforms(inner, kind, run) for inner in items)


def kind_word(value: object) -> str:
    """The word for the type of a value in a sentence."""
    if isinstance(value, list):
        return "list"
    return "context" if isinstance(value, dict) else name_of(kind_of(value))


def is_function(value: object) -> bool:
    """Whether it can be called."""
    return isinstance(value, Callee) or getattr(value, "is_builtin", False) is True


def _function_conforms(value: object, parameters: tuple[Type, ...], result: Type) -> bool:
    if not isinstance(value, Callee):
        return is_function(value)
    if len(value.parameters) != len(parameters):
        return False
    own = [kind if is_type(kind) else ANY for kind in value.types]
    known = value.result if is_type(value.result) else ANY
    return all(assignable(wanted, kind) for kind, wanted in zip(own, parameters, strict=True)) and (
        known == ANY or assignable(known, result)
    )


def is_type(value: object) -> TypeGuard[Type]:
    """Whether something is a type."""
    return isinstance(value, Simple | ListType | RangeType | ContextType | FunctionType | Restricted)
