"""A decision model: loaded from XML, asked for its decisions, its tables changed, saved as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike

from orderloom.feel.dmn import boxed
from orderloom.feel.dmn.document import Document, XmlMistake, read_document
from orderloom.feel.dmn.engine import Engine
from orderloom.feel.dmn.files import imported_files, path_in, read_file
from orderloom.feel.dmn.read import VERSIONS, read_definitions
from orderloom.feel.dmn.write import edited
from orderloom.feel.mistakes import Mistake, Mistaken
from orderloom.feel.table import Table


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model and the models that it was loaded with; `mistakes` are those of its structure.

    `check` tells all mistakes, those within expressions and tables too. A model with mistakes can be asked all the
    same: what they touch is null.
    """

    definitions: boxed.Definitions
    mistakes: tuple[Mistake, ...]
    imports: tuple[Model, ...] = field(repr=False)
    engine: Engine = field(repr=False)
    document: Document = field(repr=False)

    @property
    def name(self) -> str:
        return self.definitions.name

    @property
    def namespace(self) -> str:
        return self.definitions.namespace

    @property
    def decisions(self) -> tuple[str, ...]:
        """The names of its decisions, in the order of the file."""
        return tuple(n.variable.name for n in self.definitions.nodes if isinstance(n, boxed.Decision))

    @property
    def tables(self) -> dict[str, Table]:
        """The decisions, by name, that are a decision table and nothing else."""
        found = ((n.variable.name, n.expression) for n in self.definitions.nodes if isinstance(n, boxed.Decision))
        return {name: box.table for name, box in found if isinstance(box, boxed.BoxedTable)}

    def with_table(self, decision: str, table: Table) -> Model:
        """The model with the table of a decision (its name or id) changed; all else stays byte for byte."""
        member = self.engine.find(decision)
        box = member.node.expression if member is not None and isinstance(member.node, boxed.Decision) else None
        if not isinstance(box, boxed.BoxedTable):
            raise LookupError(f"“{decision}” is no decision with a table.")
        return load_dmn(edited(self.document, box.element, box.table, table), self.imports)

    def save(self) -> bytes:
        """The model as XML in UTF-8, equal in canonical form to what was loaded, comments and diagram included."""
        return self.document.source


Source = str | bytes | PathLike[str]


def load_dmn(source: Source, imports: Sequence[Model | Source] = ()) -> Model:
    """Read a model of DMN 1.1 to 1.5, or raise `Mistaken`; a document type or entity is refused.

    The source is XML, or the path of a file: a `PathLike`, or a text without brackets that ends in `.dmn` or `.xml`.
    `imports` are the models that it may import, themselves perhaps importing one another, in any order; for a file,
    those that are not handed over are looked for beside it.
    """
    path = path_in(source)
    if path is not None and not path.is_file():
        raise Mistaken([Mistake(1, 1, "file-missing", f"There is no file “{path}”; check the name.")])
    try:
        document = read_document(read_file(path) if path is not None else source)  # type: ignore[arg-type]
    except XmlMistake as mistake:
        raise Mistaken([Mistake(mistake.place.line, mistake.place.column, "xml", mistake.sentence)]) from None
    handed = [other if isinstance(other, Model) else load_dmn(other) for other in imports]
    if path is not None:
        namespaces = {known.namespace for other in handed for known in (other, *other.imports)}
        handed += [load_dmn(file) for file in imported_files(path, document.root, namespaces)]
    return _made(document, tuple(handed))


def _made(document: Document, others: tuple[Model, ...]) -> Model:
    root = document.root
    if root.name != "definitions" or root.namespace not in VERSIONS:
        sentence = f"This is no decision model: its root is “{root.name}” of “{root.namespace}”."
        raise Mistaken([Mistake(root.place.line, root.place.column, "dmn", sentence)])
    definitions, mistakes = read_definitions(root)
    pool: dict[str, boxed.Definitions] = {}
    for other in others:
        for known in (other, *other.imports):
            pool.setdefault(known.namespace, known.definitions)
    return Model(definitions, tuple(mistakes), others, Engine(definitions, pool, {}), document)
