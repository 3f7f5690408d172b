"""Boxed expressions at work: each becomes a function of a scope, by its meaning in FEEL (DMN 1.4, clause 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from orderloom.feel import runtime, tree, types
from orderloom.feel.decide import Program
from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.kinds import ANY, Kind, converted
from orderloom.feel.language import Code, Language, Values
from orderloom.feel.run import Run
from orderloom.feel.trace import TracedRun
from orderloom.feel.values import Callee

_OVER, _BODY = "over ", "body "
TableMade = Callable[[boxed.BoxedTable, Program], None]


class Boxes:
    """Makes functions of boxed expressions; tells `made` of every table on the way."""

    def __init__(self, made: TableMade) -> None:
        self._made = made

    def code(self, expression: boxed.Expression | None, language: Language, wanted: str = "") -> Code:
        """The value in a scope, converted to the type that the expression declares.

        `wanted` is the name of the type that its place declares, for finding mistakes only.
        """
        if expression is None:
            return _nothing
        if isinstance(expression, boxed.Literal):
            tree_of_it = language.tree(expression.text, language.type(wanted or expression.type_name))
            code = language.code(tree_of_it)
        else:
            code = self._plain(expression, language)
        kind = language.kind(expression.type_name, expression.place)
        return fitting(code, kind) if not kind.is_any and not isinstance(expression, boxed.Function) else code

    def _plain(self, expression: boxed.Boxed, language: Language) -> Code:  # noqa: PLR0911 - one for each kind
        match expression:
            case boxed.BoxedTable():
                return self._table(expression, language)
            case boxed.BoxedContext():
                return self._context(expression, language)
            case boxed.Invocation():
                return self._invocation(expression, language)
            case boxed.Relation():
                return self._relation(expression, language)
            case boxed.BoxedList():
                return _list([self.code(item, language) for item in expression.items])
            case boxed.Function():
                return self.function(expression, language)
            case boxed.Conditional():
                return self._conditional(expression, language)
            case boxed.Iteration():
                return self._iteration(expression, language)
            case boxed.Filter():
                return self._filter(expression, language)
        raise AssertionError(f"no boxed expression: {type(expression).__name__}")

    def _table(self, expression: boxed.BoxedTable, language: Language) -> Code:
        program = Program(expression.table, language)
        self._made(expression, program)

        def decide(scope: Values, run: Run) -> object:
            if isinstance(run, TracedRun):
                return run.traced(program, scope)
            return program.decide(scope, run)

        return decide

    def _context(self, expression: boxed.BoxedContext, language: Language) -> Code:
        entries: list[tuple[str | None, Code]] = []
        for entry in expression.entries:
            if entry.variable is None:
                entries.append((None, self.code(entry.expression, language)))
                continue
            after = language.inner({entry.variable.name: language.type(entry.variable.type_name)})
            is_function = isinstance(entry.expression, boxed.Function)
            code = self.code(entry.expression, after if is_function else language, entry.variable.type_name)
            kind = language.kind(entry.variable.type_name, entry.variable.place)
            entries.append((entry.variable.name, code if is_function and not kind.is_function else fitting(code, kind)))
            language = after

        def context(scope: Values, run: Run) -> object:
            own: dict[str, object] = {}
            for name, code in entries:
                if name is None:
                    return code(scope.inside(own), run)
                # A function may call itself by the name of its entry.
                inner = scope.inside({**own, name: None})
                own[name] = inner[name] = code(inner, run)
            return own

        return context

    def _invocation(self, expression: boxed.Invocation, language: Language) -> Code:
        called = expression.called
        hidden = [f"argument {place} " for place in range(len(expression.arguments))]
        arguments: list[tree.Argument] = []
        codes: list[tuple[str, Code]] = []
        for name, entry in zip(hidden, expression.arguments, strict=True):
            assert entry.variable is not None
            code = fitting(self.code(entry.expression, language), language.kind(entry.variable.type_name))
            codes.append((name, code))
            arguments.append(tree.Argument(tree.Name(name), entry.variable.name))
        function: tree.Expression | None = tree.Name(_BODY)
        if isinstance(called, boxed.Literal):
            function = language.tree(called.text)
        else:
            codes.append((_BODY, self.code(called, language)))
        if function is None:
            return _nothing
        return with_values(codes, language.code(tree.Call(function, tuple(arguments))))

    def _relation(self, expression: boxed.Relation, language: Language) -> Code:
        kinds = [language.kind(column.type_name, column.place) for column in expression.columns]
        names = [column.name for column in expression.columns]
        rows = [
            [fitting(self.code(cell, language), kind) for cell, kind in zip(row, kinds, strict=False)]
            for row in expression.rows
        ]

        def relation(scope: Values, run: Run) -> object:
            return [{name: code(scope, run) for name, code in zip(names, row, strict=False)} for row in rows]

        return relation

    def function(
        self, expression: boxed.Function, language: Language, *, name: str = "function", result: Kind = ANY
    ) -> Code:
        """A function value that sees the scope in which it was made."""
        names = tuple(parameter.name for parameter in expression.parameters)
        kinds = [language.kind(parameter.type_name, parameter.place) for parameter in expression.parameters]
        if expression.kind.upper() != "FEEL":
            language.mistake(expression.place, "not-read", f"Functions of the kind {expression.kind} are not run here.")
            return _nothing
        own = {parameter.name: language.type(parameter.type_name) for parameter in expression.parameters}
        body = self.code(expression.body, language.inner(own))

        def function(scope: Values, run: Run) -> object:
            made = callee(names, kinds, body, scope, run, name=name, result=result)
            return replace(made, types=tuple(own[parameter] for parameter in names))

        return function

    def _conditional(self, expression: boxed.Conditional, language: Language) -> Code:
        condition = self.code(expression.condition, language)
        then, otherwise = self.code(expression.then, language), self.code(expression.otherwise, language)
        return lambda scope, run: (then if condition(scope, run) is True else otherwise)(scope, run)

    def _iteration(self, expression: boxed.Iteration, language: Language) -> Code:
        """Runs as the FEEL expression of the same shape, whose body calls the boxed one."""
        names = (expression.variable, "partial") if expression.kind == "for" else (expression.variable,)
        body = self.code(expression.body, language.inner(dict.fromkeys(names, types.ANY)))
        over, source = self._domain(expression, language)
        iterations = (tree.Iteration(expression.variable, source),)
        call = tree.Call(tree.Name(_BODY), tuple(tree.Argument(tree.Name(name)) for name in names))
        looped: tree.Expression = tree.Quantified("every", iterations, call)
        if expression.kind == "for":
            looped = tree.For(iterations, call)
        elif expression.kind == "some":
            looped = tree.Quantified("some", iterations, call)
        return with_values([*over, (_BODY, _called_with(names, body))], language.code(looped))

    def _domain(
        self, expression: boxed.Iteration, language: Language
    ) -> tuple[list[tuple[str, Code]], tree.Expression | tree.Span]:
        """What an iteration goes through: a value that is worked out before, or a span that is written in place."""
        if isinstance(expression.over, boxed.Literal) and ".." in expression.over.text.text:
            found = language.domain(expression.over.text)
            if found is not None and isinstance(found.source, tree.Span):
                return [], found.source
        over = fitting(self.code(expression.over, language), language.kind(expression.over_type))
        return [(_OVER, over)], tree.Name(_OVER)

    def _filter(self, expression: boxed.Filter, language: Language) -> Code:
        over = self.code(expression.over, language)
        if isinstance(expression.match, boxed.Literal):
            match = language.filter_tree(expression.match.text)
            if match is None:
                return _nothing
            return with_values([(_OVER, over)], language.code(tree.Filter(tree.Name(_OVER), match)))
        inside = language.inner({"item": types.ANY, **dict.fromkeys(language.members, types.ANY)})
        body = self.code(expression.match, inside)

        def of_item(scope: Values, run: Run) -> object:
            item = scope["item"]
            return body(scope.inside(item) if isinstance(item, dict) else scope, run)

        call = tree.Call(tree.Name(_BODY), (tree.Argument(tree.Name("item")),))
        code = language.code(tree.Filter(tree.Name(_OVER), call))
        return with_values([(_OVER, over), (_BODY, _called_with(("item",), of_item))], code)


def callee(
    names: Sequence[str], kinds: Sequence[Kind], body: Code, scope: Values, run: Run, *, name: str, result: Kind
) -> Callee:
    """A function over a scope; its arguments are converted to the types of its parameters."""

    def call(*arguments: object) -> object:
        own: dict[str, object] = {}
        for parameter, kind, argument in zip(names, kinds, arguments, strict=True):
            value, fits = converted(argument, kind)
            if not fits:
                run.note(0, lambda p=parameter, k=kind: f"The argument “{p}” of “{name}” is no {k.name}.")  # type: ignore[misc]
                return None
            own[parameter] = value
        return converted(body(scope.inside(own), run), result)[0]

    made = runtime.callee(run, 1, tuple(names), (None,) * len(names), call)
    return replace(made, name=name)


def fitting(code: Code, kind: Kind) -> Code:
    """The same code with its value converted; one that cannot be is null."""
    if kind.is_any:
        return code

    def fitted(scope: Values, run: Run) -> object:
        value, fits = converted(code(scope, run), kind)
        if not fits:
            run.note(0, lambda: f"A value is no {kind.name}, so it is null.")
        return value

    return fitted


def with_values(codes: Iterable[tuple[str, Code]], code: Code) -> Code:
    """The code in a scope with more values; their names cannot be written, so nobody else reads them."""
    pairs = list(codes)

    def inner(scope: Values, run: Run) -> object:
        return code(scope.inside({name: value(scope, run) for name, value in pairs}), run)

    return inner


def _called_with(names: Sequence[str], body: Code) -> Code:
    def made(scope: Values, run: Run) -> object:
        def call(*arguments: object) -> object:
            return body(scope.inside(dict(zip(names, arguments, strict=True))), run)

        return Callee(tuple(names), call)

    return made


def _list(codes: Sequence[Code]) -> Code:
    return lambda scope, run: [code(scope, run) for code in codes]


def _nothing(_scope: Values, _run: Run) -> object:
    return None
