"""One evaluation of a model: every element that the goal needs, once, in the order of what they need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from orderloom.feel import runtime
from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.engine import Binding, Engine, Member
from orderloom.feel.dmn.graph import ordered
from orderloom.feel.dmn.kinds import converted
from orderloom.feel.dmn.read import name_of
from orderloom.feel.dmn.told import told
from orderloom.feel.language import Values, Watched
from orderloom.feel.run import Run
from orderloom.feel.trace import TableTrace, TracedRun
from orderloom.feel.values import Callee


@dataclass(frozen=True, slots=True)
class DecisionTrace:
    """A decision's (or input's) value, the names that it read, its tables, and what went wrong in it."""

    name: str
    value: object
    read: Mapping[str, object]
    tables: tuple[TableTrace, ...]
    problems: tuple[str, ...]


_UNTOLD = object()
MOST_PATHS = 100


def _paths(engine: Engine, wanted: Engine, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The names of imports that lead from one model to another."""
    if engine is wanted:
        yield tuple(name for name in names if name)
    for prefix, imported in engine.imports.items():
        yield from _paths(imported, wanted, (*names, prefix))


class Session:
    """Values of elements, each worked out when it is first needed.

    `given` are values of elements that are not to be worked out: the inputs of a decision service.
    """

    def __init__(
        self, engine: Engine, inputs: Mapping[str, object], run: Run, *, given: Mapping[Member, object] | None = None
    ) -> None:
        self._engine = engine
        self._inputs = {name_of(name): value for name, value in inputs.items()}
        self._run = run
        self._values: dict[Member, object] = dict(given or {})
        self._cyclic: set[Member] = set()
        self.traces: dict[Member, DecisionTrace] = {}
        self.within: dict[Member, set[Member]] = {}

    def value(self, goal: Member) -> object:
        """The value of a decision or input; the function of knowledge or a service."""
        order, cyclic = ordered([goal], self._needs)
        self._cyclic |= {member for member in cyclic if isinstance(member.node, boxed.Decision)}
        wanted = [member for member in order if member not in self._values]
        self._make_functions(member for member in wanted if isinstance(member.node, boxed.Knowledge))
        for member in wanted:
            if member not in self._values:
                self._values[member] = self._worked_out(member)
        return self._values[goal]

    def called(self, goal: Member) -> object:
        """The same, but knowledge and services are called with the inputs of their parameters' names."""
        function = self.value(goal)
        if isinstance(goal.node, boxed.Service) and isinstance(function, Callee):
            inputs = _inputs_of(goal.engine, goal.node)
            return function.call(*(told(self._told(member), member.type) for member in inputs))
        if isinstance(goal.node, boxed.Knowledge) and isinstance(function, Callee):
            wanted = zip(function.parameters, function.types, strict=True)
            return function.call(*(told(self._inputs.get(name), kind) for name, kind in wanted))
        return function

    def _needs(self, member: Member) -> Iterable[Member]:
        if member in self._values:
            return ()
        return [binding.member for binding in member.engine.bindings(member.node)]

    def _worked_out(self, member: Member) -> object:
        match member.node:
            case boxed.InputData():
                return self._input(member)
            case boxed.Decision():
                return self._decision(member)
            case boxed.Service():
                return self._service(member, member.node)
        raise AssertionError("knowledge is made into functions before")

    def _input(self, member: Member) -> object:
        value, fits = converted(told(self._told(member), member.type), member.kind)
        problem = "" if fits else f"The input “{member.name}” is no {member.node.variable.type_name}, so it is null."
        if isinstance(self._run, TracedRun):
            self.traces[member] = DecisionTrace(member.name, value, {}, (), (problem,) if problem else ())
        elif problem:
            self._run.note(0, lambda: problem)
        return value

    def _told(self, member: Member) -> object:
        """What the caller said: for an imported input below the names of the imports, or by its bare name."""
        for path in islice(_paths(self._engine, member.engine), MOST_PATHS):
            below: object = self._inputs
            for name in (*path, member.name):
                below = below.get(name, _UNTOLD) if isinstance(below, Mapping) else _UNTOLD
            if below is _UNTOLD:
                below = self._inputs.get(".".join((*path, member.name)), _UNTOLD)
            if below is not _UNTOLD:
                return below
        names = (member.name, member.node.variable.title, member.node.id)
        return next((self._inputs[name] for name in names if name in self._inputs), None)

    def _decision(self, member: Member) -> object:
        if member in self._cyclic:
            self._run.note(0, lambda: f"The decision “{member.name}” needs itself, so it is null.")
            return None
        code = member.engine.code(member.node)
        scope = Values(self._scope(member.engine.bindings(member.node)))
        if isinstance(self._run, TracedRun):
            return self._traced(member, self._run, scope)
        return self._fitting(member, code(scope, self._run))

    def _fitting(self, member: Member, result: object) -> object:
        value, fits = converted(result, member.kind)
        if not fits:
            self._run.note(0, lambda: f"The value of “{member.name}” is no {member.node.variable.type_name}.")
        return value

    def _traced(self, member: Member, run: TracedRun, scope: Values) -> object:
        read: dict[str, object] = {}
        tables, run.tables = run.tables, []
        notes, run.notes = run.notes, []
        value = self._fitting(member, member.engine.code(member.node)(Watched(scope, read), run))
        problems = tuple(sentence for _, sentence in run.notes)
        self.traces[member] = DecisionTrace(member.name, value, read, tuple(run.tables), problems)
        run.tables, run.notes = tables, notes
        return value

    def _scope(self, bindings: Iterable[Binding]) -> dict[str, object]:
        scope: dict[str, object] = {}
        for binding in bindings:
            value = self._values.get(binding.member)
            if binding.prefix:
                below = scope.setdefault(binding.prefix, {})
                assert isinstance(below, dict)
                below[binding.member.name] = value
            else:
                scope[binding.member.name] = value
        return scope

    def _make_functions(self, members: Iterable[Member]) -> None:
        """Functions may need one another: all are made first, then each is told of those that it needs."""
        scopes: list[tuple[Member, Values]] = []
        for member in members:
            scope = Values()
            scopes.append((member, scope))
            self._values[member] = member.engine.code(member.node)(scope, self._run)
        for member, scope in scopes:
            for binding in member.engine.bindings(member.node):
                if isinstance(binding.member.node, boxed.Service) and binding.member not in self._values:
                    self._values[binding.member] = self._worked_out(binding.member)
            scope.update(self._scope(member.engine.bindings(member.node)))
            scope[member.name] = self._values[member]

    def _service(self, member: Member, node: boxed.Service) -> object:
        engine = member.engine
        inputs = _inputs_of(engine, node)
        outputs = [b.member for r in node.outputs if (b := engine.bound(r)) is not None]
        names = tuple(given.name for given in inputs)
        result = engine.result_kind(node.variable)

        def call(*arguments: object) -> object:
            given: dict[Member, object] = {}
            for parameter, argument in zip(inputs, arguments, strict=True):
                given[parameter], fits = converted(argument, parameter.kind)
                if not fits:
                    self._run.note(0, lambda p=parameter: f"The argument “{p.name}” of “{member.name}” does not fit.")  # type: ignore[misc]
                    return None
            inner = Session(engine, {}, self._run, given=given)
            values = {output.name: inner.value(output) for output in outputs}
            self.traces.update(inner.traces)
            self.within.setdefault(member, set()).update(inner.traces)
            answer = next(iter(values.values())) if len(values) == 1 else values
            return converted(answer, result)[0]

        made = runtime.callee(self._run, 1, names, (None,) * len(names), call)
        return replace(made, name=member.name, types=tuple(given.type for given in inputs))


def _inputs_of(engine: Engine, node: boxed.Service) -> list[Member]:
    """What a service is told: its input data, then its input decisions."""
    return [b.member for r in (*node.input_data, *node.input_decisions) if (b := engine.bound(r)) is not None]
