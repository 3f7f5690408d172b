"""How a built-in function is declared: its signature in the standard's words, and what it does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from orderloom.feel.run import Run
from orderloom.feel.values import Date, DateTime, Days, Months, Range, Time

Value = TypeVar("Value")
KINDS: dict[str, tuple[type, ...]] = {
    "text": (str,), "number": (Decimal,), "boolean": (bool,), "list": (list,), "context": (dict,), "date": (Date,),
    "time": (Time,), "moment": (DateTime,), "day": (Date, DateTime), "timed": (Time, DateTime), "months": (Months,),
    "days": (Days,), "range": (Range,), "any": (),
}  # fmt: skip
"""The kinds of parameters and the classes that they take; `any` takes null too."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a built-in function."""

    name: str
    kind: str
    is_optional: bool


@dataclass(frozen=True, slots=True)
class Builtin:
    """One signature of a built-in function; `call` takes the run and the arguments by position."""

    name: str
    parameters: tuple[Parameter, ...]
    is_variadic: bool
    call: Callable[..., object]

    def takes(self, count: int) -> bool:
        """Whether it can be called with so many arguments."""
        least = sum(1 for parameter in self.parameters if not parameter.is_optional)
        return count >= least and (self.is_variadic or count <= len(self.parameters))

    def in_order(self, given: Mapping[str, Value], missing: Value) -> list[Value]:
        """The named arguments by position; those left out at the end stay out."""
        last = max((place for place, own in enumerate(self.parameters) if own.name in given), default=-1)
        return [given.get(parameter.name, missing) for parameter in self.parameters[: last + 1]]

    def names(self, given: Sequence[str]) -> bool:
        """Whether it can be called with these names."""
        own = {parameter.name for parameter in self.parameters}
        needed = {parameter.name for parameter in self.parameters if not parameter.is_optional}
        return needed <= set(given) <= own


@dataclass(frozen=True, slots=True, eq=False)
class Overloads:
    """All signatures of one name."""

    name: str
    signatures: tuple[Builtin, ...]
    is_builtin: bool = True

    def by_position(self, count: int) -> Builtin | None:
        """The signature for so many arguments, or none."""
        return next((one for one in self.signatures if one.takes(count)), None)

    def by_name(self, names: Sequence[str]) -> Builtin | None:
        """The signature with these parameters, or none."""
        return next((one for one in self.signatures if one.names(names)), None)


DECLARED: dict[str, Overloads] = {}
_SIGNATURE = re.compile(r"(?P<name>[a-z ]+)\((?P<parameters>.*)\)")


def builtin(signature: str) -> Callable[[Callable[..., object]], Callable[..., object]]:
    """Declare a built-in function: `substring(string: text, start position: number, length?: number)`.

    An argument of another kind gives null, once a list of one item has been unwrapped and one item wrapped where a
    list is wanted. `items*` takes any number of arguments.
    """
    match = _SIGNATURE.fullmatch(signature)
    assert match is not None, signature
    name = match["name"]
    written = [part.strip() for part in match["parameters"].split(",") if part.strip()]
    is_variadic = bool(written) and written[-1].split(":")[0].endswith("*")
    parameters = tuple(_parameter(part) for part in written)

    def declare(function: Callable[..., object]) -> Callable[..., object]:
        call = function if all(p.kind == "any" for p in parameters) else _checked(function, parameters, is_variadic)
        declared = Builtin(name, parameters, is_variadic, call)
        known = DECLARED.get(name)
        DECLARED[name] = Overloads(name, (*(known.signatures if known else ()), declared))
        return function

    return declare


def _parameter(part: str) -> Parameter:
    name, _, kind = part.partition(":")
    assert kind.strip() in KINDS, part
    return Parameter(name.strip().rstrip("?*"), kind.strip(), "?" in name)


def _checked(
    function: Callable[..., object], parameters: Sequence[Parameter], is_variadic: bool
) -> Callable[..., object]:
    wanted = [(KINDS[parameter.kind], parameter.is_optional) for parameter in parameters]

    def checked(run: Run, *arguments: object) -> object:
        kinds = wanted + [wanted[-1]] * (len(arguments) - len(wanted)) if is_variadic else wanted
        fitting: list[object] = []
        for argument, (classes, is_optional) in zip(arguments, kinds, strict=False):
            if not classes or argument.__class__ in classes or (is_optional and argument is None):
                fitting.append(argument)
                continue
            found = _converted(argument, classes)
            if found is None:
                return None
            fitting.append(found)
        return function(run, *fitting)

    return checked


def _converted(argument: object, classes: tuple[type, ...]) -> object:
    if isinstance(argument, list) and len(argument) == 1 and argument[0].__class__ in classes:
        return argument[0]
    if classes == (list,) and argument is not None:
        return [argument]
    return None
