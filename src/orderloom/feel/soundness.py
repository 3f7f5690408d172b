"""What is wrong with an expression before it runs: unknown names and functions, wrong types, wrong arguments.

Types are inferred as far as they are known; what is not known is `Any` and never a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orderloom.feel.builtins import BUILTINS
from orderloom.feel.builtins.registry import Builtin
from orderloom.feel.tree import (
    Among,
    Between,
    Both,
    Bound,
    Calculate,
    Call,
    Choose,
    Compare,
    Constant,
    Either,
    Entries,
    Expression,
    Filter,
    For,
    Function,
    InstanceOf,
    Interval,
    Items,
    Iteration,
    Name,
    Negate,
    Path,
    Quantified,
    Span,
    Tests,
)
from orderloom.feel.types import (
    ANY,
    BOOLEAN,
    DATE,
    DATE_TIME,
    DAYS,
    MONTHS,
    NULL,
    NUMBER,
    STRING,
    TIME,
    ContextType,
    FunctionType,
    ListType,
    RangeType,
    Simple,
    Type,
    assignable,
    kind_of,
    name_of,
    type_of,
)

_LIST = ListType(ANY)
_RESULTS: dict[str, Type] = {
    **dict.fromkeys(
        ("number", "count", "decimal", "floor", "ceiling", "modulo", "sqrt", "log", "exp", "mean", "median", "stddev"),
        NUMBER,
    ),
    **dict.fromkeys(
        (
            "round up", "round down", "round half up", "round half down", "day of year", "week of year",
            "product", "string length",
        ),
        NUMBER,
    ),
    **dict.fromkeys(
        (
            "string", "substring", "upper case", "lower case", "substring before", "substring after", "replace",
            "string join", "day of week", "month of year",
        ),
        STRING,
    ),
    **dict.fromkeys(
        (
            "not", "is", "contains", "starts with", "ends with", "matches", "list contains", "all", "any", "odd",
            "even", "before", "after", "meets", "met by", "overlaps", "overlaps before", "overlaps after", "finishes",
            "finished by", "includes", "during", "starts", "started by", "coincides",
        ),
        BOOLEAN,
    ),
    **dict.fromkeys(
        (
            "sublist", "append", "concatenate", "insert before", "remove", "reverse", "union", "distinct values",
            "flatten", "list replace", "sort",
        ),
        _LIST,
    ),
    "split": ListType(STRING), "index of": ListType(NUMBER), "mode": ListType(NUMBER),
    "get entries": ListType(ContextType((("key", STRING), ("value", ANY)))),
    "date": DATE, "today": DATE, "time": TIME, "date and time": DATE_TIME, "now": DATE_TIME,
    "years and months duration": MONTHS,
}  # fmt: skip
_KINDS: dict[str, tuple[Type, ...]] = {
    "text": (STRING,), "number": (NUMBER,), "boolean": (BOOLEAN,), "date": (DATE,), "time": (TIME,),
    "moment": (DATE_TIME,), "day": (DATE, DATE_TIME), "timed": (TIME, DATE_TIME), "months": (MONTHS,), "days": (DAYS,),
    "context": (ContextType(()),), "range": (RangeType(ANY),),
}  # fmt: skip
_ORDERED = (NUMBER, STRING, DATE, TIME, DATE_TIME, DAYS, MONTHS)
_DATE_PARTS = ("year", "month", "day", "weekday")
_TIME_PARTS = ("hour", "minute", "second", "time offset", "timezone")
_PARTS: dict[Type, tuple[str, ...]] = {
    DATE: _DATE_PARTS, TIME: _TIME_PARTS, DATE_TIME: _DATE_PARTS + _TIME_PARTS, MONTHS: ("years", "months"),
    DAYS: ("days", "hours", "minutes", "seconds"), NUMBER: (), STRING: (), BOOLEAN: (),
}  # fmt: skip
_SUMS: dict[tuple[str, Type, Type], Type] = {
    ("+", DATE, MONTHS): DATE, ("+", DATE, DAYS): DATE, ("+", DATE_TIME, MONTHS): DATE_TIME, ("+", TIME, DAYS): TIME,
    ("+", DATE_TIME, DAYS): DATE_TIME, ("+", STRING, STRING): STRING, ("+", DAYS, DAYS): DAYS,
    ("+", MONTHS, MONTHS): MONTHS,
    ("+", MONTHS, DATE): DATE, ("+", DAYS, DATE): DATE, ("+", MONTHS, DATE_TIME): DATE_TIME,
    ("+", DAYS, DATE_TIME): DATE_TIME, ("+", DAYS, TIME): TIME, ("-", DATE, MONTHS): DATE, ("-", DATE, DAYS): DATE,
    ("-", DATE_TIME, MONTHS): DATE_TIME, ("-", DATE_TIME, DAYS): DATE_TIME, ("-", TIME, DAYS): TIME,
    ("-", DATE, DATE): DAYS, ("-", DATE_TIME, DATE_TIME): DAYS, ("-", DATE, DATE_TIME): DAYS,
    ("-", DATE_TIME, DATE): DAYS,
    ("-", TIME, TIME): DAYS, ("-", DAYS, DAYS): DAYS, ("-", MONTHS, MONTHS): MONTHS, ("*", DAYS, NUMBER): DAYS,
    ("*", NUMBER, DAYS): DAYS, ("*", MONTHS, NUMBER): MONTHS, ("*", NUMBER, MONTHS): MONTHS, ("/", DAYS, NUMBER): DAYS,
    ("/", MONTHS, NUMBER): MONTHS, ("/", DAYS, DAYS): NUMBER, ("/", MONTHS, MONTHS): NUMBER,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wrong:
    """A mistake at an offset of the text."""

    at: int
    code: str
    sentence: str


@dataclass(slots=True)
class Soundness:
    """What is known where an expression stands.

    `names` are the types of the caller's names; none if every name may be one. `types` are the named types.
    """

    names: Mapping[str, Type] | None = None
    types: Mapping[str, Type] = field(default_factory=dict)
    wrongs: list[Wrong] = field(default_factory=list)
    _frames: list[Mapping[str, Type]] = field(default_factory=list)
    _in_filter: int = 0

    def expression(self, tree: Expression) -> Type:
        """The type of an expression, `Any` where it is not known; mistakes go to `wrongs`."""
        return _JUDGED[tree.__class__](self, tree)

    def tests(self, tests: Tests, subject: Type) -> None:
        """The same for the tests of a cell over a value of this type."""
        self._frames.append({"?": subject})
        for test in tests.tests:
            self._test(test, subject)
        self._frames.pop()

    def _wrong(self, at: int, code: str, sentence: str) -> Type:
        self.wrongs.append(Wrong(at, code, sentence))
        return ANY

    def _test(self, test: Expression, subject: Type) -> None:
        if isinstance(test, Bound):
            self._comparable(test.at, subject, self.expression(test.end), is_ordered=test.operator not in ("=", "!="))
        elif isinstance(test, Interval):
            for end in (test.low, test.high):
                self._comparable(test.at, subject, self.expression(end), is_ordered=True)
        else:
            kind = self.expression(test)
            if isinstance(kind, ListType):
                kind = kind.item
            if isinstance(kind, Simple) and kind != BOOLEAN and not isinstance(subject, ListType):
                self._comparable(test.at, subject, kind, is_ordered=False)

    def _comparable(self, at: int, left: Type, right: Type, *, is_ordered: bool) -> None:
        if (
            not isinstance(left, Simple)
            or not isinstance(right, Simple)
            or ANY in (left, right)
            or NULL in (left, right)
        ):
            return
        if left != right:
            self._wrong(at, "wrong-type", f"A {left.name} is compared with a {right.name}; that is always null.")
        elif is_ordered and left not in _ORDERED:
            self._wrong(at, "wrong-type", f"Values of the type {left.name} have no order.")

    # Names

    def _name(self, tree: Name) -> Type:
        for frame in reversed(self._frames):
            if tree.text in frame:
                return frame[tree.text]
        if self.names is None:
            return ANY
        if tree.text in self.names:
            return self.names[tree.text]
        if tree.text in BUILTINS:
            return Simple("function")
        if self._in_filter:
            return ANY
        return self._wrong(tree.at, "unknown-name", f"Nothing is called “{tree.text}” here.")

    def _path(self, tree: Path) -> Type:
        source = self.expression(tree.source)
        return self._member(source, tree)

    def _member(self, source: Type, tree: Path) -> Type:
        if isinstance(source, ListType):
            return ListType(self._member(source.item, tree))
        if isinstance(source, ContextType) and source.members:
            found = source.member(tree.name)
            if found is None:
                return self._wrong(tree.at, "unknown-name", f"The context has no entry “{tree.name}”.")
            return found
        if source in _PARTS:
            assert isinstance(source, Simple)
            if tree.name not in _PARTS[source]:
                return self._wrong(tree.at, "unknown-name", f"A {source.name} has no property “{tree.name}”.")
            return {"time offset": DAYS, "timezone": STRING}.get(tree.name, NUMBER)
        return ANY

    # Operators

    def _constant(self, tree: Constant) -> Type:
        return kind_of(tree.value)

    def _negate(self, tree: Negate) -> Type:
        kind = self.expression(tree.operand)
        if kind in (STRING, BOOLEAN, DATE, TIME, DATE_TIME):
            assert isinstance(kind, Simple)
            return self._wrong(tree.at, "wrong-type", f"A {kind.name} has no negative.")
        return kind

    def _calculate(self, tree: Calculate) -> Type:
        # Chains are as long as the text; they go down without recursion.
        spine: list[Calculate] = []
        first: Expression = tree
        while isinstance(first, Calculate):
            spine.append(first)
            first = first.left
        kind = self.expression(first)
        for step in reversed(spine):
            kind = self._calculated(step, kind, self.expression(step.right))
        return kind

    def _calculated(self, tree: Calculate, left: Type, right: Type) -> Type:
        if left == NUMBER and right == NUMBER:
            return NUMBER
        if ANY in (left, right) or NULL in (left, right) or isinstance(left, ListType) or isinstance(right, ListType):
            return ANY
        found = _SUMS.get((tree.operator, left, right))
        if found is None:
            names = f"{name_of(left)} “{tree.operator}” {name_of(right)}"
            return self._wrong(tree.at, "wrong-type", f"{names} is always null; use values that can be calculated.")
        return found

    def _compare(self, tree: Compare) -> Type:
        left, right = self.expression(tree.left), self.expression(tree.right)
        self._comparable(tree.at, left, right, is_ordered=tree.operator not in ("=", "!="))
        return BOOLEAN

    def _junction(self, tree: Both | Either) -> Type:
        for term in tree.terms:
            self._truth(term)
        return BOOLEAN

    def _truth(self, tree: Expression) -> None:
        kind = self.expression(tree)
        if isinstance(kind, Simple) and kind not in (BOOLEAN, ANY, NULL):
            self._wrong(tree.at, "wrong-type", f"A condition is wanted here, but this is a {kind.name}.")

    def _between(self, tree: Between) -> Type:
        value = self.expression(tree.value)
        for end in (tree.low, tree.high):
            self._comparable(tree.at, value, self.expression(end), is_ordered=True)
        return BOOLEAN

    def _among(self, tree: Among) -> Type:
        subject = self.expression(tree.value)
        self._frames.append({"?": subject})
        for test in tree.tests:
            self._test(test, subject)
        self._frames.pop()
        return BOOLEAN

    def _instance_of(self, tree: InstanceOf) -> Type:
        self.expression(tree.value)
        if type_of(tree.type, self.types) is None:
            self._wrong(tree.type.at, "unknown-type", f"No type is called “{tree.type.name}”.")
        return BOOLEAN

    def _choose(self, tree: Choose) -> Type:
        self._truth(tree.condition)
        then, otherwise = self.expression(tree.then), self.expression(tree.otherwise)
        return then if otherwise in (then, NULL) else otherwise if then == NULL else ANY

    # Structures

    def _items(self, tree: Items) -> Type:
        kinds = {self.expression(item) for item in tree.items}
        return ListType(kinds.pop() if len(kinds) == 1 else ANY)

    def _entries(self, tree: Entries) -> Type:
        known: dict[str, Type] = {}
        self._frames.append(known)
        for entry in tree.entries:
            if isinstance(entry.value, Function):
                known[entry.key] = ANY
            known[entry.key] = self.expression(entry.value)
        self._frames.pop()
        return ContextType(tuple(known.items()))

    def _interval(self, tree: Interval) -> Type:
        low, high = self.expression(tree.low), self.expression(tree.high)
        self._comparable(tree.at, low, high, is_ordered=True)
        return RangeType(low if low == high else ANY)

    def _bound(self, tree: Bound) -> Type:
        return RangeType(self.expression(tree.end))

    def _filter(self, tree: Filter) -> Type:
        source = self.expression(tree.source)
        item = source.item if isinstance(source, ListType) else source
        members = dict(item.members) if isinstance(item, ContextType) else {}
        self._frames.append({**members, "item": item})
        self._in_filter += not members
        kind = self.expression(tree.condition)
        self._in_filter -= not members
        self._frames.pop()
        if kind == NUMBER:
            return item
        return source if isinstance(source, ListType) or source == ANY else ListType(item)

    def _iterated(self, iterations: tuple[Iteration, ...], body: Callable[[], Type]) -> Type:
        depth = len(self._frames)
        for iteration in iterations:
            if isinstance(iteration.source, Span):
                kind = self.expression(iteration.source.low)
                self.expression(iteration.source.high)
            else:
                source = self.expression(iteration.source)
                kind = source.item if isinstance(source, ListType | RangeType) else source
            self._frames.append({iteration.name: kind})
        found = body()
        del self._frames[depth:]
        return found

    def _for(self, tree: For) -> Type:
        def body() -> Type:
            self._frames.append({"partial": _LIST})
            return self.expression(tree.body)

        return ListType(self._iterated(tree.iterations, body))

    def _quantified(self, tree: Quantified) -> Type:
        def body() -> Type:
            self._truth(tree.condition)
            return BOOLEAN

        return self._iterated(tree.iterations, body)

    # Functions

    def _function(self, tree: Function) -> Type:
        kinds = [ANY if p.type is None else type_of(p.type, self.types) for p in tree.parameters]
        for parameter, kind in zip(tree.parameters, kinds, strict=True):
            if kind is None and parameter.type is not None:
                self._wrong(parameter.type.at, "unknown-type", f"No type is called “{parameter.type.name}”.")
        if tree.external:
            return Simple("function")
        self._frames.append({p.name: kind or ANY for p, kind in zip(tree.parameters, kinds, strict=True)})
        result = self.expression(tree.body)
        self._frames.pop()
        return FunctionType(tuple(kind or ANY for kind in kinds), result)

    def _call(self, tree: Call) -> Type:
        kinds = [self.expression(argument.value) for argument in tree.arguments]
        if not isinstance(tree.function, Name):
            function = self.expression(tree.function)
            return function.result if isinstance(function, FunctionType) else ANY
        name = tree.function.text
        if any(name in frame for frame in self._frames) or (self.names is not None and name in self.names):
            function = self._name(tree.function)
            if isinstance(function, FunctionType):
                if len(function.parameters) != len(kinds):
                    self._wrong(tree.at, "wrong-arguments", f"“{name}” takes {len(function.parameters)} arguments.")
                return function.result
            return ANY
        if name not in BUILTINS:
            return self._wrong(tree.at, "unknown-function", f"The function “{name}” is not known here.")
        return self._builtin(tree, name, kinds)

    def _builtin(self, tree: Call, name: str, kinds: list[Type]) -> Type:
        overloads = BUILTINS[name]
        given = tuple(argument.name for argument in tree.arguments if argument.name is not None)
        found = overloads.by_name(given) if given else overloads.by_position(len(kinds))
        if found is None:
            ways = " or ".join(_signature(signature) for signature in overloads.signatures)
            self._wrong(tree.at, "wrong-arguments", f"Call it as {ways}.")
        elif not given:
            for number, kind in enumerate(kinds):
                self._argument(tree, found, number, kind)
        return _RESULTS.get(name, ANY)

    def _argument(self, tree: Call, found: Builtin, number: int, kind: Type) -> None:
        parameter = found.parameters[min(number, len(found.parameters) - 1)]
        wanted = _KINDS.get(parameter.kind)
        if wanted is None or kind in (ANY, NULL) or isinstance(kind, ListType):
            return
        if not any(assignable(kind, one) for one in wanted):
            at = tree.arguments[number].at
            sentence = (
                f"“{parameter.name}” of “{found.name}” wants a {name_of(wanted[0])}, but this is a {name_of(kind)}."
            )
            self._wrong(at, "wrong-type", sentence)


def _signature(signature: Builtin) -> str:
    names = [f"[{p.name}]" if p.is_optional else p.name for p in signature.parameters]
    return f"{signature.name}({', '.join(names)}{' ...' if signature.is_variadic else ''})"


_JUDGED: dict[type, Callable[..., Type]] = {
    Constant: Soundness._constant, Name: Soundness._name, Negate: Soundness._negate, Calculate: Soundness._calculate,
    Compare: Soundness._compare, Both: Soundness._junction, Either: Soundness._junction, Between: Soundness._between,
    Among: Soundness._among, InstanceOf: Soundness._instance_of, Choose: Soundness._choose, For: Soundness._for,
    Quantified: Soundness._quantified, Path: Soundness._path, Filter: Soundness._filter, Call: Soundness._call,
    Items: Soundness._items, Entries: Soundness._entries, Function: Soundness._function,
    Interval: Soundness._interval, Bound: Soundness._bound,
}  # fmt: skip
