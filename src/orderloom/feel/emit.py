"""From a tree to Python's own syntax tree: one expression, with FEEL's semantics, made of nodes that are built here.

Interface for tables and models: an `Emitter` collects constants in `namespace`; `expression`, `cell` and `exact_cell`
give Python expressions to put into one function together, and `compiled` makes a function of one.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orderloom.feel import operators, python, runtime
from orderloom.feel.builtins import BUILTINS, CONSTANT_CALLS, Builtin
from orderloom.feel.prices import weight_of
from orderloom.feel.run import Run
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
    walk,
)
from orderloom.feel.types import Type, is_instance, type_of

_ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "divided", "**": "power"}
_COMPARISON = {"=": "equal", "!=": "unequal", "<": "less", "<=": "less_or_equal", ">": "more", ">=": "more_or_equal"}
_FLIPPED = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LONG_CHAIN = 12
HELPERS: dict[str, object] = {
    **{text: getattr(operators, text) for text in (*_ARITHMETIC.values(), *_COMPARISON.values(), "negated", "folded")},
    **{
        text: getattr(runtime, text)
        for text in (
            "path", "at_index", "filtered", "iterate", "items_of", "span", "collected", "collect", "partial",
            "quantified", "seen", "junction", "tested", "tested_any", "tested_truth", "in_interval", "between",
            "interval", "open_range", "noted", "function_or", "callee", "invoke", "invoke_named",
        )
    },
    "is_instance": is_instance, "Decimal": Decimal, "str": str, "dict": dict,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """A name that the expression itself declares, and the Python variable that holds it."""

    name: str
    variable: str


@dataclass(frozen=True, slots=True)
class Element:
    """The element under a filter: its entries are names while it lasts."""

    variable: str


@dataclass(frozen=True, slots=True)
class Options:
    """How names are looked up.

    `known` are the caller's names, which may hide a built-in function; none means that every bare name is the caller's.
    `given` are names that a Python variable of the surrounding function holds already. `types` are named types.
    `unknowns`: a fact may be missing, and `and`, `or` and `in` go on without it. `dotted`: a path from a name of the
    caller is looked up as one text with points. `notes`: the run is told why a value is null.
    """

    known: Collection[str] | None = None
    given: Mapping[str, str] | None = None
    types: Mapping[str, Type] | None = None
    unknowns: bool = False
    dotted: bool = False
    notes: bool = False


STANDARD_OPTIONS = Options(known=())


class Emitter:
    """Makes Python expressions in which `scope` holds the caller's values and `run` is the `Run`."""

    def __init__(self, options: Options = STANDARD_OPTIONS) -> None:
        self.options = options
        self.namespace: dict[str, object] = dict(HELPERS)
        self._constants: dict[tuple[type, object], str] = {}
        self._frames: list[Local | Element] = []
        self._count = 0

    # For tables and models

    def fresh(self, letter: str = "t") -> str:
        """A variable that nobody else uses."""
        self._count += 1
        return f"{letter}{self._count}"

    def bound(self, value: object) -> ast.expr:
        """A constant as an expression; decimals, dates and functions go into the namespace."""
        if value is None or value.__class__ in (bool, str):
            return python.constant(value)
        try:
            key = (value.__class__, value) if value.__class__ is not Decimal else (Decimal, str(value))
            known = self._constants.get(key)
        except TypeError:
            key, known = (object, id(value)), None
        if known is None:
            known = f"k{len(self.namespace)}"
            self.namespace[known] = value
            self._constants[key] = known
        return python.name(known)

    def expression(self, tree: Expression) -> ast.expr:
        """The value of an expression."""
        return _EMITTED[tree.__class__](self, tree)

    def use(self, helper: str, *arguments: ast.expr) -> ast.expr:
        """A call of one of the helpers."""
        return python.call(python.name(helper), *arguments)

    def noted(self, what: str, at: int, function: ast.expr, *arguments: ast.expr) -> ast.expr:
        """A call that, where notes are wanted, tells the run if it makes null of values that are not."""
        if not self.options.notes:
            return python.call(function, *arguments)
        run = python.name("run")
        return self.use("noted", run, python.constant(at), python.constant(what), function, *arguments)

    def declared(self, name: str, variable: str) -> None:
        """From here on, a Python variable holds a name of the language (an output of a table, an earlier entry)."""
        self._frames.append(Local(name, variable))

    def undeclared(self) -> None:
        """The name declared last ends."""
        self._frames.pop()

    # Names

    def _name(self, tree: Name) -> ast.expr:
        return self._looked_up(tree.text, called=False)

    def _looked_up(self, text: str, *, called: bool) -> ast.expr:
        elements: list[str] = []
        found: ast.expr | None = None
        for frame in reversed(self._frames):
            if isinstance(frame, Element):
                if text == "item":
                    # The element itself, unless it has an entry of that name.
                    found = python.name(frame.variable)
                    elements.append(frame.variable)
                    break
                elements.append(frame.variable)
            elif frame.name == text:
                found = python.name(frame.variable)
                break
        if found is None:
            found = self._outer(text, called=called)
        for variable in reversed(elements):
            element = python.name(variable)
            is_context = python.is_(python.attribute(element, "__class__"), python.name("dict"))
            has = python.all_of([is_context, python.compared(python.constant(text), ("in", element))])
            found = python.if_else(has, python.item(element, python.constant(text)), found)
        return found

    def _outer(self, text: str, *, called: bool) -> ast.expr:
        given, known = self.options.given, self.options.known
        if given is not None and text in given:
            return python.name(given[text])
        is_builtin = text in BUILTINS and (called if known is None else text not in known)
        if is_builtin:
            return self.bound(BUILTINS[text])
        return python.item(python.name("scope"), python.constant(text))

    def _is_builtin(self, text: str) -> bool:
        if text not in BUILTINS or any(isinstance(frame, Local) and frame.name == text for frame in self._frames):
            return False
        given, known = self.options.given, self.options.known
        return (given is None or text not in given) and (known is None or text not in known)

    def _path(self, tree: Path) -> ast.expr:
        if self.options.dotted and (text := self.dotted(tree)) is not None:
            return python.item(python.name("scope"), python.constant(text))
        return self.use("path", python.name("run"), self.expression(tree.source), python.constant(tree.name))

    def dotted(self, tree: Expression) -> str | None:
        """`a.b.c` if that is all that the path is, and `a` is the caller's."""
        names: list[str] = []
        while isinstance(tree, Path):
            names.append(tree.name)
            tree = tree.source
        if not isinstance(tree, Name) or any(isinstance(f, Element) or f.name == tree.text for f in self._frames):
            return None
        return ".".join([tree.text, *reversed(names)])

    # Constants and operators

    def _constant(self, tree: Constant) -> ast.expr:
        return self.bound(tree.value)

    def _negate(self, tree: Negate) -> ast.expr:
        return self.noted("-", tree.at, python.name("negated"), self.expression(tree.operand))

    def _calculate(self, tree: Calculate) -> ast.expr:
        spine: list[tuple[str, Expression, int]] = []
        first: Expression = tree
        while isinstance(first, Calculate):
            spine.append((first.operator, first.right, first.at))
            first = first.left
        spine.reverse()
        result = self.expression(first)
        run = python.name("run")
        if len(spine) > _LONG_CHAIN:
            signs = "".join("^" if sign == "**" else sign for sign, _, _ in spine)
            others = [self.expression(right) for _, right, _ in spine]
            return self.use("folded", run, python.constant(signs), result, *others)
        for sign, right, at in spine:
            result = self.noted(sign, at, python.name(_ARITHMETIC[sign]), run, result, self.expression(right))
        return result

    def _compare(self, tree: Compare) -> ast.expr:
        left, right, sign = tree.left, tree.right, tree.operator
        if isinstance(left, Constant) and not isinstance(right, Constant):
            left, right, sign = right, left, _FLIPPED[sign]  # type: ignore[assignment]
        return self.compared(self.expression(left), sign, right, at=tree.at)

    def compared(self, value: ast.expr, sign: str, other: Expression, *, at: int = 0) -> ast.expr:
        """A comparison; with a constant number or text the usual case costs no call."""
        if isinstance(other, Constant) and other.value.__class__ in (Decimal, str):
            variable = self.fresh()
            kind = python.name("Decimal" if other.value.__class__ is Decimal else "str")
            limit = self.bound(other.value)
            usual = python.is_(python.attribute(python.assigned(variable, value), "__class__"), kind)
            quick = python.compared(python.name(variable), (sign, limit))
            helper = python.name(_COMPARISON[sign])
            return python.if_else(usual, quick, self.noted(sign, at, helper, python.name(variable), limit))
        payer = (python.name("run"),) if sign in ("=", "!=") else ()
        return self.noted(sign, at, python.name(_COMPARISON[sign]), value, self.expression(other), *payer)

    def _both(self, tree: Both) -> ast.expr:
        return self.junction([self._thunk(term) for term in tree.terms], decisive=False)

    def _either(self, tree: Either) -> ast.expr:
        return self.junction([self._thunk(term) for term in tree.terms], decisive=True)

    def _thunk(self, term: Expression) -> Callable[[], ast.expr]:
        return lambda: self.expression(term)

    def junction(self, terms: Sequence[Callable[[], ast.expr]], *, decisive: bool) -> ast.expr:
        """`and` or `or` of terms, each evaluated only while none before it decides."""
        if len(terms) == 1:
            return terms[0]()
        if self.options.unknowns:
            thunks = [python.function((), term()) for term in terms]
            return self.use("junction", python.constant(decisive), python.listed(thunks))
        variables = [self.fresh() for _ in terms]
        decided = [
            python.is_constant(python.assigned(variable, term()), decisive)
            for variable, term in zip(variables, terms, strict=True)
        ]
        others = [python.is_constant(python.name(variable), not decisive) for variable in variables]
        undecided = python.if_else(python.all_of(others), python.constant(not decisive), python.constant(None))
        return python.if_else(python.any_of(decided), python.constant(decisive), undecided)

    def _between(self, tree: Between) -> ast.expr:
        return self.use("between", *(self.expression(part) for part in (tree.value, tree.low, tree.high)))

    def _among(self, tree: Among) -> ast.expr:
        from orderloom.feel.cells import passes

        variable = self.fresh("s")
        tests = passes(self, tree.tests, variable)
        # The subject is evaluated once, before the tests, in the first place of a pair.
        pair = ast.Tuple(
            [python.assigned(variable, self.expression(tree.value)), tests], ast.Load(), lineno=1, col_offset=0
        )
        return python.item(pair, python.constant(1))

    def _instance_of(self, tree: InstanceOf) -> ast.expr:
        kind = self.bound(type_of(tree.type, self.options.types))
        return self.use("is_instance", self.expression(tree.value), kind, python.name("run"))

    def _choose(self, tree: Choose) -> ast.expr:
        condition = python.is_constant(self.expression(tree.condition), True)
        return python.if_else(condition, self.expression(tree.then), self.expression(tree.otherwise))

    # Lists, contexts, ranges

    def _items(self, tree: Items) -> ast.expr:
        return python.listed([self.expression(item) for item in tree.items])

    def _entries(self, tree: Entries) -> ast.expr:
        depth = len(self._frames)
        pairs: list[tuple[str, ast.expr]] = []
        for entry in tree.entries:
            variable = self.fresh("v")
            if isinstance(entry.value, Function):
                # A function may call itself by the name of its entry.
                self._frames.append(Local(entry.key, variable))
            value = python.assigned(variable, self.expression(entry.value))
            pairs.append((entry.key, value))
            self._frames.append(Local(entry.key, variable))
        del self._frames[depth:]
        return python.mapped(pairs)

    def _interval(self, tree: Interval) -> ast.expr:
        ends = (self.expression(tree.low), self.expression(tree.high))
        return self.use("interval", *ends, python.constant(tree.low_included), python.constant(tree.high_included))

    def _bound(self, tree: Bound) -> ast.expr:
        return self.use("open_range", python.constant(tree.operator), self.expression(tree.end))

    def _filter(self, tree: Filter) -> ast.expr:
        source = self.expression(tree.source)
        if isinstance(tree.condition, Constant) and isinstance(tree.condition.value, Decimal):
            return self.use("at_index", source, self.bound(tree.condition.value))
        variable = self.fresh("i")
        self._frames.append(Element(variable))
        condition = python.function((variable,), self.expression(tree.condition))
        self._frames.pop()
        return self.use("filtered", python.name("run"), _weight(tree.condition), source, condition)

    # Iterations

    def _for(self, tree: For) -> ast.expr:
        found = self.fresh("f")
        run, result = python.name("run"), python.name(found)

        def body() -> ast.expr:
            if not any(isinstance(node, Name) and node.text == "partial" for node in walk(tree.body)):
                return self.use("collect", run, result, self.expression(tree.body))
            so_far = self.fresh("v")
            self._frames.append(Local("partial", so_far))
            value = python.function((so_far,), self.expression(tree.body))
            self._frames.pop()
            return self.use("collect", run, result, python.call(value, self.use("partial", run, result)))

        loops = python.function((found,), self._loops(tree.iterations, tree.body, body))
        return self.use("collected", run, loops)

    def _quantified(self, tree: Quantified) -> ast.expr:
        found = self.fresh("f")
        decisive = python.constant(tree.quantifier == "some")

        def body() -> ast.expr:
            return self.use("seen", python.name(found), self.expression(tree.condition), decisive)

        loops = python.function((found,), self._loops(tree.iterations, tree.condition, body))
        return self.use("quantified", decisive, loops)

    def _loops(self, iterations: Sequence[Iteration], body: Expression, inner: Callable[[], ast.expr]) -> ast.expr:
        if not iterations:
            return inner()
        first, *others = iterations
        if isinstance(first.source, Span):
            source = self.use("span", self.expression(first.source.low), self.expression(first.source.high))
        else:
            source = self.use("items_of", self.expression(first.source))
        variable = self.fresh("v")
        self._frames.append(Local(first.name, variable))
        visit = python.function((variable,), self._loops(others, body, inner))
        self._frames.pop()
        return self.use("iterate", python.name("run"), _weight(body), source, visit)

    # Functions

    def _function(self, tree: Function) -> ast.expr:
        if tree.external:
            return python.constant(None)
        variables = [self.fresh("v") for _ in tree.parameters]
        depth = len(self._frames)
        self._frames += [Local(p.name, v) for p, v in zip(tree.parameters, variables, strict=True)]
        body = python.function(variables, self.expression(tree.body))
        del self._frames[depth:]
        names = tuple(parameter.name for parameter in tree.parameters)
        types = tuple(None if p.type is None else type_of(p.type, self.options.types) for p in tree.parameters)
        return self.use("callee", python.name("run"), _weight(tree.body), self.bound(names), self.bound(types), body)

    def _call(self, tree: Call) -> ast.expr:
        named = any(argument.name is not None for argument in tree.arguments)
        if isinstance(tree.function, Name) and self._is_builtin(tree.function.text):
            return self._builtin(tree, tree.function.text, named=named)
        is_name = isinstance(tree.function, Name)
        function = self._looked_up(tree.function.text, called=True) if is_name else self.expression(tree.function)  # type: ignore[union-attr]
        if isinstance(tree.function, Name) and tree.function.text in BUILTINS:
            # A value may have the name of a function, such as “date”; a call means the function all the same.
            function = self.use("function_or", function, self.bound(BUILTINS[tree.function.text]))
        values = ast.Tuple(
            [self.expression(argument.value) for argument in tree.arguments], ast.Load(), lineno=1, col_offset=0
        )
        if named:
            names = self.bound(tuple(argument.name for argument in tree.arguments))
            return self.use("invoke_named", python.name("run"), function, names, values)
        return self.noted("a call", tree.at, python.name("invoke"), python.name("run"), function, values)

    def _builtin(self, tree: Call, name: str, *, named: bool) -> ast.expr:
        overloads = BUILTINS[name]
        values = [argument.value for argument in tree.arguments]
        found: Builtin | None
        if named:
            given = {argument.name or "": argument.value for argument in tree.arguments}
            found = overloads.by_name(tuple(given)) if len(given) == len(values) else None
            if found is not None:
                values = found.in_order(given, Constant(None))
        else:
            found = overloads.by_position(len(values))
        if found is None:
            return python.constant(None)
        if name in CONSTANT_CALLS and all(isinstance(value, Constant) for value in values):
            return self.bound(found.call(Run(), *(value.value for value in values if isinstance(value, Constant))))
        arguments = [self.expression(value) for value in values]
        return self.noted(name, tree.at, self.bound(found.call), python.name("run"), *arguments)


def _weight(body: Expression) -> ast.expr:
    return python.constant(weight_of(body))


_EMITTED: dict[type, Callable[..., ast.expr]] = {
    Constant: Emitter._constant, Name: Emitter._name, Negate: Emitter._negate, Calculate: Emitter._calculate,
    Compare: Emitter._compare, Both: Emitter._both, Either: Emitter._either, Between: Emitter._between,
    Among: Emitter._among, InstanceOf: Emitter._instance_of, Choose: Emitter._choose, For: Emitter._for,
    Quantified: Emitter._quantified, Path: Emitter._path, Filter: Emitter._filter, Call: Emitter._call,
    Items: Emitter._items, Entries: Emitter._entries, Function: Emitter._function, Interval: Emitter._interval,
    Bound: Emitter._bound,
}  # fmt: skip
