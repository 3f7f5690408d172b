"""Every mistake of a model at once: its structure, its requirements, its types, its expressions and its tables."""

from __future__ import annotations

from collections.abc import Iterator

from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.engine import Engine, Member
from orderloom.feel.dmn.graph import ordered
from orderloom.feel.dmn.model import Model
from orderloom.feel.findings import findings
from orderloom.feel.mistakes import Mistake
from orderloom.feel.written import Place


def check_model(model: Model) -> list[Mistake]:
    """All mistakes in the order of the text."""
    pool = {known.namespace: known.definitions for other in model.imports for known in (other, *other.imports)}
    # An engine of its own, so that mistakes are found in one go and told once.
    engine = Engine(model.definitions, pool, {}, is_checked=True)
    found = [*model.mistakes, *_types(engine), *_names(engine), *_requirements(engine), *_cycles(engine)]
    for member in engine.members.values():
        engine.kind_of(member.node.variable)
        if isinstance(member.node, boxed.Decision | boxed.Knowledge):
            engine.code(member.node)
            if isinstance(member.node, boxed.Decision) and member.node.expression is None:
                sentence = f"The decision “{member.name}” has no expression; write one."
                found.append(_at(member.node.place, "expression-missing", sentence))
    for box, program in engine.tables:
        language = engine.language([])
        found += _placed(box.place, findings(program, language))
    return sorted({*found, *engine.mistakes})


def _at(place: Place, code: str, sentence: str) -> Mistake:
    return Mistake(place.line, place.column, code, sentence)


def _placed(place: Place, found: list[Mistake]) -> list[Mistake]:
    """A table made by hand has no place; its mistakes stand where its box stands."""
    return [m if (m.line, m.column) != (1, 1) else _at(place, m.code, m.sentence) for m in found]


def _types(engine: Engine) -> Iterator[Mistake]:
    seen: set[str] = set()
    for definition in engine.definitions.types:
        if definition.name in seen:
            yield _at(definition.place, "name-twice", f"Two types are called “{definition.name}”; rename one.")
        seen.add(definition.name)
        engine.kinds.named(definition.name)
        if engine.kinds.is_circular(definition.name):
            sentence = f"The type “{definition.name}” is based on itself; say what it is."
            yield _at(definition.place, "cycle", sentence)
        yield from _bases(engine, definition)


def _bases(engine: Engine, definition: boxed.ItemDefinition) -> Iterator[Mistake]:
    if definition.base and engine.kinds.named(definition.base) is None:
        sentence = f"No type is called “{definition.base}”; define it or correct the name."
        yield _at(definition.place, "unknown-type", sentence)
    for component in definition.components:
        yield from _bases(engine, component)


def _names(engine: Engine) -> Iterator[Mistake]:
    names: set[str] = set()
    ids: set[str] = set()
    for node in engine.definitions.nodes:
        if node.variable.name in names:
            yield _at(node.place, "name-twice", f"Two elements are called “{node.variable.name}”; rename one.")
        if node.id and node.id in ids:
            yield _at(node.place, "id-twice", f"Two elements have the id “{node.id}”; change one.")
        names.add(node.variable.name)
        ids.add(node.id)


def _requirements(engine: Engine) -> Iterator[Mistake]:
    for node in engine.definitions.nodes:
        for reference in _references(node):
            if engine.bound(reference) is None:
                sentence = f"“{node.variable.name}” needs “{reference.id}”, which is not there."
                yield _at(reference.place, "requirement-missing", sentence)


def _references(node: boxed.Node) -> tuple[boxed.Reference, ...]:
    match node:
        case boxed.Decision() | boxed.Knowledge():
            return node.requires
        case boxed.Service():
            return (*node.outputs, *node.inside, *node.input_decisions, *node.input_data)
    return ()


def _cycles(engine: Engine) -> Iterator[Mistake]:
    def needs(member: Member) -> list[Member]:
        return [binding.member for binding in member.engine.bindings(member.node)]

    _, cyclic = ordered(engine.members.values(), needs)
    decisions = sorted((m for m in cyclic if isinstance(m.node, boxed.Decision)), key=lambda m: m.node.place)
    if decisions:
        names = ", ".join(f"“{member.name}”" for member in decisions)
        for member in decisions:
            yield _at(member.node.place, "cycle", f"These decisions need one another: {names}; break the circle.")
