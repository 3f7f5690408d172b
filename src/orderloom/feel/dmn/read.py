"""From XML to the nouns of a decision model, with every mistake of its structure at once."""

from __future__ import annotations

from collections.abc import Callable

from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.boxed import Entry, Expression, Reference, Variable
from orderloom.feel.dmn.document import Element
from orderloom.feel.mistakes import Mistake
from orderloom.feel.table import ANYTHING, HitPolicy, Input, Output, Rule, Table
from orderloom.feel.written import Place, Written, written

VERSIONS = {
    "http://www.omg.org/spec/DMN/20151101/dmn.xsd": "1.1",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20191111/MODEL/": "1.3",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
_POLICIES = {
    "UNIQUE": HitPolicy.UNIQUE,
    "FIRST": HitPolicy.FIRST,
    "PRIORITY": HitPolicy.PRIORITY,
    "ANY": HitPolicy.ANY,
    "COLLECT": HitPolicy.COLLECT,
    "RULE ORDER": HitPolicy.RULE_ORDER,
    "OUTPUT ORDER": HitPolicy.OUTPUT_ORDER,
}
_AGGREGATIONS = {
    "": HitPolicy.COLLECT,
    "SUM": HitPolicy.SUM,
    "MIN": HitPolicy.MINIMUM,
    "MAX": HitPolicy.MAXIMUM,
    "COUNT": HitPolicy.COUNT,
}


def read_definitions(root: Element) -> tuple[boxed.Definitions, list[Mistake]]:
    """The model that this element is; what is missing or unknown in it becomes a mistake, and is left out."""
    reader = _Reader(root)
    return reader.definitions(root), reader.mistakes


def name_of(text: str) -> str:
    """A name as FEEL compares it: one space wherever there is any."""
    return " ".join(text.split())


class _Reader:
    """Walks the elements and gathers mistakes."""

    def __init__(self, root: Element) -> None:
        self.mistakes: list[Mistake] = []
        self._root = root
        self._namespace = root.get("namespace")
        self._prefix_of = {e.get("namespace"): name_of(e.get("name")) for e in root.named("import")}
        self._readers: dict[str, Callable[[Element, str], Expression]] = {
            "literalExpression": self._literal,
            "decisionTable": self._boxed_table,
            "context": self._context,
            "invocation": self._invocation,
            "relation": self._relation,
            "list": self._list,
            "functionDefinition": self._function,
            "conditional": self._conditional,
            "for": self._iteration,
            "every": self._iteration,
            "some": self._iteration,
            "filter": self._filter,
        }

    def definitions(self, root: Element) -> boxed.Definitions:
        nodes: list[boxed.Node] = []
        for child in root.children:
            if child.namespace != root.namespace:
                continue
            match child.name:
                case "inputData":
                    nodes.append(boxed.InputData(child.get("id"), self._own_variable(child), child.place))
                case "decision":
                    nodes.append(self._decision(child))
                case "businessKnowledgeModel":
                    nodes.append(self._knowledge(child))
                case "decisionService":
                    nodes.append(self._service(child))
        return boxed.Definitions(
            name=name_of(root.get("name")),
            namespace=self._namespace,
            version=VERSIONS.get(root.namespace, ""),
            imports=tuple(self._import(e) for e in root.named("import")),
            types=tuple(self._item_definition(e) for e in root.named("itemDefinition")),
            nodes=tuple(nodes),
        )

    def _mistake(self, place: Place, code: str, sentence: str) -> None:
        self.mistakes.append(Mistake(place.line, place.column, code, sentence))

    def _import(self, element: Element) -> boxed.Import:
        return boxed.Import(
            name_of(element.get("name")), element.get("namespace"), element.get("importType"), element.place
        )

    def _type_name(self, element: Element, attribute: str = "typeRef") -> str:
        return self._resolved(element, element.get(attribute))

    def _resolved(self, element: Element, written_name: str) -> str:
        name = name_of(written_name)
        prefix, colon, rest = name.partition(":")
        namespace = element.prefixes.get(prefix) if colon else None
        if namespace is None:
            return rest if prefix == "feel" else name
        imported = self._prefix_of.get(namespace)
        return f"{imported}.{rest}" if imported and namespace != self._namespace else rest

    def _variable(self, element: Element) -> Variable:
        name = name_of(element.get("name"))
        if not name:
            self._mistake(element.place, "name-missing", "This has no name; give it one.")
        return Variable(name, self._type_name(element), element.place)

    def _own_variable(self, element: Element) -> Variable:
        own = element.first("variable")
        name = name_of(element.get("name"))
        if own is None:
            if not name:
                self._mistake(element.place, "name-missing", f"This {element.name} has no name; give it one.")
            return Variable(name, "", element.place)
        return Variable(name_of(own.get("name")) or name, self._type_name(own), element.place, name)

    def _references(self, element: Element, requirement: str, *kinds: str) -> tuple[Reference, ...]:
        wanted = [e for outer in element.named(requirement) for kind in kinds for e in outer.named(kind)]
        return tuple(self._reference(e) for e in wanted)

    def _reference(self, element: Element) -> Reference:
        namespace, _, identifier = element.get("href").strip().rpartition("#")
        return Reference("" if namespace == self._namespace else namespace, identifier, element.place)

    def _decision(self, element: Element) -> boxed.Decision:
        requires = (
            *self._references(element, "informationRequirement", "requiredInput", "requiredDecision"),
            *self._references(element, "knowledgeRequirement", "requiredKnowledge"),
        )
        return boxed.Decision(
            element.get("id"), self._own_variable(element), self._only(element), requires, element.place
        )

    def _knowledge(self, element: Element) -> boxed.Knowledge:
        logic = element.first("encapsulatedLogic")
        function = self._function(logic, self._type_name(logic)) if logic is not None else None
        requires = self._references(element, "knowledgeRequirement", "requiredKnowledge")
        return boxed.Knowledge(element.get("id"), self._own_variable(element), function, requires, element.place)

    def _service(self, element: Element) -> boxed.Service:
        def of(kind: str) -> tuple[Reference, ...]:
            return tuple(self._reference(e) for e in element.named(kind))

        return boxed.Service(
            element.get("id"),
            self._own_variable(element),
            of("outputDecision"),
            of("encapsulatedDecision"),
            of("inputDecision"),
            of("inputData"),
            element.place,
        )

    def _item_definition(self, element: Element) -> boxed.ItemDefinition:
        base, function = element.first("typeRef"), element.first("functionItem")
        return boxed.ItemDefinition(
            name=name_of(element.get("name")),
            base=self._resolved(base, base.written.text) if base is not None else "",
            is_list=element.get("isCollection") in ("true", "1"),
            allowed=self._text(element.first("allowedValues")),
            constraint=self._text(element.first("typeConstraint")),
            components=tuple(self._item_definition(e) for e in element.named("itemComponent")),
            function=self._function_type(function) if function is not None else None,
            place=element.place,
        )

    def _function_type(self, element: Element) -> boxed.FunctionType:
        return boxed.FunctionType(
            tuple(self._variable(e) for e in element.named("parameters")), self._type_name(element, "outputTypeRef")
        )

    def _text(self, element: Element | None) -> Written | None:
        """The text in the `text` child, without the space around it; none if there is nothing."""
        inner = element.first("text") if element is not None else None
        return inner.written.stripped() if inner is not None and inner.written.text.strip() else None

    # Boxed expressions

    def _only(self, element: Element | None) -> Expression | None:
        """The one boxed expression directly below this element."""
        found = element.first(*self._readers) if element is not None else None
        return self._expression(found) if found is not None else None

    def _expression(self, element: Element) -> Expression:
        return self._readers[element.name](element, self._type_name(element))

    def _literal(self, element: Element, type_name: str) -> Expression:
        text = self._text(element)
        if text is None:
            place = element.place
            text = written("", place)
            if element.first("importedValues") is not None:
                self._mistake(place, "not-read", "Imported values are not read; write the expression here.")
        language = element.get("expressionLanguage")
        if language and "feel" not in language.lower():
            self._mistake(element.place, "language", f"Expressions in {language} are not read; write FEEL.")
        return boxed.Literal(type_name, element.place, text)

    def _context(self, element: Element, type_name: str) -> Expression:
        entries: list[Entry] = []
        for child in element.named("contextEntry"):
            own = child.first("variable")
            entries.append(Entry(self._variable(own) if own is not None else None, self._only(child)))
        return boxed.BoxedContext(type_name, element.place, tuple(entries))

    def _invocation(self, element: Element, type_name: str) -> Expression:
        arguments: list[Entry] = []
        for binding in element.named("binding"):
            parameter = binding.first("parameter")
            if parameter is None:
                self._mistake(binding.place, "parameter-missing", "This binding names no parameter; name one.")
                continue
            arguments.append(Entry(self._variable(parameter), self._only(binding)))
        return boxed.Invocation(type_name, element.place, self._only(element), tuple(arguments))

    def _relation(self, element: Element, type_name: str) -> Expression:
        columns = tuple(self._variable(e) for e in element.named("column"))
        rows: list[tuple[Expression | None, ...]] = []
        for row in element.named("row"):
            cells = tuple(self._expression(e) for e in row.children if e.name in self._readers)
            if len(cells) != len(columns):
                sentence = f"This row has {len(cells)} cells for {len(columns)} columns; make them agree."
                self._mistake(row.place, "row-length", sentence)
            rows.append(cells)
        return boxed.Relation(type_name, element.place, columns, tuple(rows))

    def _list(self, element: Element, type_name: str) -> Expression:
        items = tuple(self._expression(e) for e in element.children if e.name in self._readers)
        return boxed.BoxedList(type_name, element.place, items)

    def _function(self, element: Element, type_name: str) -> boxed.Function:
        parameters = tuple(self._variable(e) for e in element.named("formalParameter"))
        kind = element.get("kind") or "FEEL"
        return boxed.Function(type_name, element.place, kind, parameters, self._only(element))

    def _conditional(self, element: Element, type_name: str) -> Expression:
        parts = [self._only(element.first(name)) for name in ("if", "then", "else")]
        return boxed.Conditional(type_name, element.place, *parts)

    def _iteration(self, element: Element, type_name: str) -> Expression:
        over = element.first("in")
        body = self._only(element.first("return" if element.name == "for" else "satisfies"))
        variable = name_of(element.get("iteratorVariable"))
        over_type = self._type_name(over) if over is not None else ""
        return boxed.Iteration(
            type_name, element.place, element.name, variable, self._only(over), body, over_type=over_type
        )

    def _filter(self, element: Element, type_name: str) -> Expression:
        over, match = self._only(element.first("in")), self._only(element.first("match"))
        return boxed.Filter(type_name, element.place, over, match)

    # Decision tables

    def _boxed_table(self, element: Element, type_name: str) -> Expression:
        return boxed.BoxedTable(type_name, element.place, self._table(element), element)

    def _table(self, element: Element) -> Table:
        inputs = tuple(self._input(e) for e in element.named("input"))
        outputs = tuple(self._output(e) for e in element.named("output"))
        table = Table(
            name=element.get("outputLabel"),
            inputs=inputs,
            outputs=outputs,
            rules=tuple(self._rule(e) for e in element.named("rule")),
            hit_policy=self._hit_policy(element),
            note_names=tuple(e.get("name") for e in element.named("annotation")),
            place=element.place,
        )
        return table

    def _hit_policy(self, element: Element) -> HitPolicy:
        policy, aggregation = element.get("hitPolicy") or "UNIQUE", element.get("aggregation")
        found = _POLICIES.get(policy)
        if found is HitPolicy.COLLECT:
            found = _AGGREGATIONS.get(aggregation)
        if found is None:
            self._mistake(element.place, "hit-policy", f"The hit policy “{policy} {aggregation}” is not known.")
            return HitPolicy.UNIQUE
        return found

    def _input(self, element: Element) -> Input:
        inner = element.first("inputExpression")
        text = self._text(inner)
        if text is None:
            self._mistake(element.place, "input-missing", "This column has no input expression; write one.")
            text = written("null", element.place)
        type_name = self._type_name(inner) if inner is not None else ""
        return Input(text, type_name, self._text(element.first("inputValues")), element.get("label"))

    def _output(self, element: Element) -> Output:
        return Output(
            name=name_of(element.get("name")),
            type_name=self._type_name(element),
            allowed=self._text(element.first("outputValues")),
            default=self._text(element.first("defaultOutputEntry")),
            label=element.get("label"),
        )

    def _rule(self, element: Element) -> Rule:
        def of(kind: str, empty: str) -> tuple[Written, ...]:
            # Editors leave a cell empty that lets everything pass, or has no answer.
            return tuple(self._text(e) or written(empty, e.place) for e in element.named(kind))

        notes = tuple((self._text(e) or written("")).text for e in element.named("annotationEntry"))
        return Rule(of("inputEntry", ANYTHING), of("outputEntry", "null"), notes, element.place)
