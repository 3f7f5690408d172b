"""Models in files: the one place of the room that reads any, and only those beside the model that was asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from os import PathLike
from pathlib import Path

from orderloom.feel.dmn.document import MAX_BYTES, Document, Element, XmlMistake, read_document

MOST_FILES = 200
_SUFFIXES = (".dmn", ".xml")


def path_in(source: str | bytes | PathLike[str]) -> Path | None:
    """The path that is meant; none for a text of XML, which has a bracket, and for bytes."""
    if isinstance(source, PathLike):
        return Path(source)
    if isinstance(source, bytes) or "<" in source or "\n" in source or not source.lower().endswith(_SUFFIXES):
        return None
    return Path(source)


def read_file(path: Path) -> bytes:
    """What is in the file, as far as a model may be long."""
    with path.open("rb") as file:
        return file.read(2 * MAX_BYTES + 1)


def imported_files(path: Path, root: Element, known: Collection[str]) -> list[bytes]:
    """The models that this one imports, and those that they import, from the same folder.

    One is found by its `locationURI`, a name below the folder, or by its namespace; `known` namespaces are handed over
    already. What is not there is left out.
    """
    folder = path.resolve().parent
    wanted = _imports(root)
    seen = {*known, root.get("namespace")}
    found: list[bytes] = []
    others: dict[str, Document] | None = None
    while wanted:
        namespace, location = wanted.pop()
        if namespace in seen:
            continue
        seen.add(namespace)
        document = _at_location(folder, location, namespace)
        if document is None:
            others = _others(folder, path) if others is None else others
            document = others.get(namespace)
        if document is not None:
            found.append(document.source)
            wanted += _imports(document.root)
    return found


def _imports(root: Element) -> list[tuple[str, str]]:
    return [(e.get("namespace"), e.get("locationURI")) for e in root.named("import") if e.get("namespace")]


def _at_location(folder: Path, location: str, namespace: str) -> Document | None:
    if not location or ":" in location:
        return None
    path = (folder / location).resolve()
    document = _document(path) if path.is_relative_to(folder) and path.is_file() else None
    return document if document is not None and document.root.get("namespace") == namespace else None


def _others(folder: Path, own: Path) -> dict[str, Document]:
    documents = (_document(path) for path in _neighbours(folder) if path != own.resolve())
    return {document.root.get("namespace"): document for document in documents if document is not None}


def _neighbours(folder: Path) -> Iterator[Path]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES and path.is_file())
    yield from paths[:MOST_FILES]


def _document(path: Path) -> Document | None:
    try:
        return read_document(read_file(path))
    except XmlMistake:
        return None
