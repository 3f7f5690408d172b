"""A model put together with those that it imports: names, types, and every element made into functions when needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orderloom.feel import types
from orderloom.feel.decide import Program
from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.kinds import ANY, Kind, Kinds, Test
from orderloom.feel.dmn.program import Boxes
from orderloom.feel.language import Code, Language, Values
from orderloom.feel.mistakes import Mistake
from orderloom.feel.run import Run
from orderloom.feel.types import Type
from orderloom.feel.written import Place

Pool = Mapping[str, boxed.Definitions]


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """An element of a model, and the engine of the model that it belongs to."""

    engine: Engine
    node: boxed.Node

    @property
    def name(self) -> str:
        return self.node.variable.name

    @property
    def kind(self) -> Kind:
        return self.engine.kind_of(self.node.variable)

    @property
    def type(self) -> Type:
        return self.engine.type_of(self.node)


@dataclass(frozen=True, slots=True)
class Binding:
    """How an element is called where it is required: its name, behind the prefix of an import if it has one."""

    prefix: str
    member: Member


class Engine:
    """One model at work. Engines of one pool share their imports; mistakes gather in each."""

    def __init__(
        self, definitions: boxed.Definitions, pool: Pool, engines: dict[str, Engine], *, is_checked: bool = False
    ):
        engines[definitions.namespace] = self
        self.definitions = definitions
        self.mistakes: list[Mistake] = []
        self.tables: list[tuple[boxed.BoxedTable, Program]] = []
        self._is_checked = is_checked
        self.imports: dict[str, Engine] = {}
        self._prefix_of: dict[str, str] = {}
        for wanted in definitions.imports:
            self._import(wanted, pool, engines)
        self._kinds_of: dict[boxed.Variable, Kind] = {}
        self._bindings: dict[str, list[Binding]] = {}
        self.kinds: Kinds = Kinds(
            definitions.types, {prefix: engine.kinds for prefix, engine in self.imports.items()}, self._test_of
        )
        self.members = {node.id or node.variable.name: Member(self, node) for node in definitions.nodes}
        ranked = sorted(self.members.values(), key=_rank)
        self.by_name = {m.name: m for m in ranked}
        self._by_title = {m.node.variable.title: m for m in ranked if m.node.variable.title}
        self._codes: dict[str, Code] = {}
        self._names_inside: frozenset[str] | None = None

    def _import(self, wanted: boxed.Import, pool: Pool, engines: dict[str, Engine]) -> None:
        if wanted.kind and "dmn" not in wanted.kind.lower():
            self._mistake(wanted.place, "not-read", f"Imports of the kind {wanted.kind} are not read.")
            return
        found = engines.get(wanted.namespace)
        if found is None and wanted.namespace in pool:
            found = Engine(pool[wanted.namespace], pool, engines)
        if found is None or found is self or not hasattr(found, "by_name"):
            sentence = f"The imported model “{wanted.namespace}” is not there; hand it over with this one."
            self._mistake(wanted.place, "import-missing", sentence)
            return
        self.imports[wanted.prefix] = found
        self._prefix_of[wanted.namespace] = wanted.prefix

    def _mistake(self, place: Place, code: str, sentence: str) -> None:
        self.mistakes.append(Mistake(place.line, place.column, code, sentence))

    # Names and types

    def find(self, name: str) -> Member | None:
        """An element by its name or its id; an imported one by its name behind the prefix."""
        title = " ".join(name.split())
        found = self.by_name.get(title) or self._by_title.get(title) or self.members.get(name)
        if found is not None:
            return found
        for prefix, engine in self.imports.items():
            if name.startswith(f"{prefix}.") and (below := engine.find(name[len(prefix) + 1 :])) is not None:
                return below
        return None

    def bound(self, reference: boxed.Reference) -> Binding | None:
        """The element that is required, and how it is called here."""
        if not reference.namespace:
            member = self.members.get(reference.id)
            return Binding("", member) if member is not None else None
        prefix = self._prefix_of.get(reference.namespace)
        member = self.imports[prefix].members.get(reference.id) if prefix is not None else None
        return Binding(prefix, member) if prefix is not None and member is not None else None

    def bindings(self, node: boxed.Node) -> list[Binding]:
        """What an element requires directly, as far as it is there."""
        if not isinstance(node, boxed.Decision | boxed.Knowledge):
            return []
        key = node.id or node.variable.name
        if key not in self._bindings:
            self._bindings[key] = [binding for r in node.requires if (binding := self.bound(r)) is not None]
        return self._bindings[key]

    def names_inside(self) -> frozenset[str]:
        """All names that a path may end in: components of types, entries, columns, outputs, and what imports offer."""
        if self._names_inside is None:
            found = self.kinds.members()
            for node in self.definitions.nodes:
                _gather(_expression_of(node), found)
                if isinstance(node, boxed.Service):
                    found |= {b.member.name for r in node.outputs if (b := self.bound(r)) is not None}
            for engine in self.imports.values():
                found |= {*engine.by_name, *engine.names_inside()}
            self._names_inside = frozenset(found)
        return self._names_inside

    def language(self, bindings: list[Binding], own: Mapping[str, Type] | None = None) -> Language:
        """What is known where these are required."""
        known: dict[str, Type] = dict(own or {})
        for binding in bindings:
            kind = binding.member.type
            if binding.prefix:
                # What an import offers here are the elements required from it.
                others = known.get(binding.prefix)
                members = others.members if isinstance(others, types.ContextType) else ()
                known[binding.prefix] = types.ContextType((*members, (binding.member.name, kind)))
            else:
                known[binding.member.name] = kind
        return Language(
            known,
            members=self.names_inside(),
            kinds=self.kinds,
            mistakes=self.mistakes,
            is_checked=self._is_checked,
        )

    def type_of(self, node: boxed.Node) -> Type:
        """The type of an element as expressions know it: what it declares, for a function its parameters too."""
        declared = self.kinds.type_named(node.variable.type_name)
        if isinstance(declared, types.FunctionType):
            return declared
        if isinstance(node, boxed.Knowledge) and node.function is not None:
            parameters = tuple(self.kinds.type_named(p.type_name) for p in node.function.parameters)
            return types.FunctionType(parameters, declared)
        return types.ANY if isinstance(node, boxed.Knowledge | boxed.Service) else declared

    def kind_of(self, variable: boxed.Variable) -> Kind:
        """The declared type of a variable; an unknown one is a mistake, and any value will do."""
        known = self._kinds_of.get(variable)
        if known is not None:
            return known
        found = self.kinds.named(variable.type_name)
        if found is None:
            sentence = f"No type is called “{variable.type_name}”; define it or correct the name."
            self._mistake(variable.place, "unknown-type", sentence)
        self._kinds_of[variable] = found or ANY
        return found or ANY

    def result_kind(self, variable: boxed.Variable) -> Kind:
        """What a function or service of this variable gives: the result of a function type, else the type itself."""
        definition = self.kinds.definition(variable.type_name) if variable.type_name else None
        if definition is not None and definition.function is not None:
            return self.kinds.named(definition.function.result) or ANY
        kind = self.kind_of(variable)
        return ANY if kind.is_function else kind

    def _test_of(self, definition: boxed.ItemDefinition, which: str) -> Test | None:
        text = definition.allowed if which == "allowed" else definition.constraint
        if text is None:
            return None
        language = Language({}, members=self.kinds.members(), mistakes=self.mistakes, is_checked=self._is_checked)
        tests = language.tests(text)
        if tests is None:
            return None
        check = language.check(tests)
        return lambda value: check(value, Values(), Run()) is True

    # Elements at work

    def code(self, node: boxed.Node) -> Code:
        """The expression of a decision, or the function of a knowledge model, as a function of its scope."""
        key = node.id or node.variable.name
        if key not in self._codes:
            bindings = self.bindings(node)
            boxes = Boxes(lambda box, program: self.tables.append((box, program)))
            if isinstance(node, boxed.Decision):
                self._codes[key] = boxes.code(node.expression, self.language(bindings), node.variable.type_name)
            else:
                assert isinstance(node, boxed.Knowledge)
                language = self.language(bindings, {node.variable.name: self.type_of(node)})
                self._codes[key] = self._function(node, boxes, language)
        return self._codes[key]

    def _function(self, node: boxed.Knowledge, boxes: Boxes, language: Language) -> Code:
        if node.function is None:
            return lambda _scope, _run: None
        return boxes.function(node.function, language, name=node.variable.name, result=self.result_kind(node.variable))


def _rank(member: Member) -> int:
    """Where two have one name, the last of this order is meant: a decision before all else."""
    return (boxed.InputData, boxed.Knowledge, boxed.Service, boxed.Decision).index(member.node.__class__)


def _expression_of(node: boxed.Node) -> boxed.Expression | None:
    if isinstance(node, boxed.Decision):
        return node.expression
    return node.function if isinstance(node, boxed.Knowledge) else None


def _gather(expression: boxed.Expression | None, found: set[str]) -> None:
    """The names that contexts made by an expression have."""
    match expression:
        case boxed.BoxedTable(table=table):
            found.update(output.name for output in table.outputs if output.name)
        case boxed.BoxedContext(entries=entries):
            found.update(entry.variable.name for entry in entries if entry.variable is not None)
        case boxed.Relation(columns=columns):
            found.update(column.name for column in columns)
    for inner in inner_expressions(expression):
        _gather(inner, found)


def inner_expressions(expression: boxed.Expression | None) -> list[boxed.Expression | None]:  # noqa: PLR0911
    """The boxed expressions directly within one."""
    match expression:
        case boxed.BoxedContext(entries=entries):
            return [entry.expression for entry in entries]
        case boxed.Invocation(called=called, arguments=arguments):
            return [called, *(argument.expression for argument in arguments)]
        case boxed.Relation(rows=rows):
            return [cell for row in rows for cell in row]
        case boxed.BoxedList(items=items):
            return list(items)
        case boxed.Function(body=body):
            return [body]
        case boxed.Conditional(condition=condition, then=then, otherwise=otherwise):
            return [condition, then, otherwise]
        case boxed.Iteration(over=over, body=body) | boxed.Filter(over=over, match=body):
            return [over, body]
    return []
