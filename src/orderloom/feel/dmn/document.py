"""XML as a tree that knows where everything stands: no document type, no entities, bounded in size and depth."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from xml.parsers import expat

from orderloom.feel.written import Place, Run, Written

MAX_BYTES = 8_000_000
MAX_DEPTH = 200
MAX_ELEMENTS = 200_000
MAX_ATTRIBUTES = 100
MAX_RUNS = 2_000
"""Beyond so many pieces of one text, places in it are only near."""
_DECLARED = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ENCODING = re.compile(r"""\A(<\?xml[^>]{0,200}?encoding\s*=\s*["'])[A-Za-z0-9._-]{1,40}(["'])""")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "iso-8859-15"})


class XmlMistake(ValueError):
    """A document that cannot be read as XML; says where and what to do."""

    def __init__(self, sentence: str, place: Place) -> None:
        super().__init__(f"Line {place.line}, column {place.column}: {sentence}")
        self.sentence = sentence
        self.place = place


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """An element: its name, attributes and children, the text directly inside it, and where it stands.

    `start` and `end` are offsets into the UTF-8 form of the document, end exclusive.
    """

    namespace: str
    name: str
    attributes: Mapping[str, str]
    prefixes: Mapping[str, str]
    children: tuple[Element, ...]
    written: Written
    place: Place
    start: int
    end: int

    def named(self, name: str) -> tuple[Element, ...]:
        """The children of this local name in the element's own namespace."""
        return tuple(child for child in self.children if child.name == name and child.namespace == self.namespace)

    def first(self, *names: str) -> Element | None:
        """The first child with one of these local names in the element's own namespace."""
        for child in self.children:
            if child.name in names and child.namespace == self.namespace:
                return child
        return None

    def get(self, attribute: str, default: str = "") -> str:
        """An attribute without namespace."""
        return self.attributes.get(attribute, default)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A whole document: its text, unchanged, and its root."""

    source: bytes = field(repr=False)
    root: Element

    def replaced(self, edits: Mapping[tuple[int, int], str]) -> bytes:
        """The text with some stretches of it replaced; everything else stays byte for byte."""
        pieces: list[bytes] = []
        done = 0
        for (start, end), text in sorted(edits.items()):
            assert start >= done, "edits never overlap"
            pieces += (self.source[done:start], text.encode())
            done = end
        return b"".join([*pieces, self.source[done:]])


def read_document(source: str | bytes) -> Document:
    """Read XML, or raise `XmlMistake` with line and column; nothing outside the text is ever looked up."""
    text = source if isinstance(source, str) else _decoded(source)
    text = _ENCODING.sub(r"\1UTF-8\2", text.removeprefix("\ufeff"), count=1)
    encoded = text.encode("utf-8", "surrogatepass")
    if len(encoded) > MAX_BYTES:
        raise XmlMistake(f"A model has at most {MAX_BYTES:,} bytes; split it and import the parts.", Place())
    return Document(encoded, _Builder().build(encoded))


def _decoded(source: bytes) -> str:
    if len(source) > 2 * MAX_BYTES:
        raise XmlMistake(f"A model has at most {MAX_BYTES:,} bytes; split it and import the parts.", Place())
    declared = _DECLARED.match(source)
    encoding = declared.group(1).decode("ascii").lower() if declared else "utf-8"
    encoding = next((marked for mark, marked in _MARKS if source.startswith(mark)), encoding)
    if encoding not in _ENCODINGS and encoding != "utf-8-sig":
        raise XmlMistake(f"The encoding “{encoding}” is not read here; save the model as UTF-8.", Place())
    try:
        return source.decode(encoding)
    except UnicodeDecodeError as mistake:
        before = source[: mistake.start]
        place = Place(before.count(b"\n") + 1, mistake.start - before.rfind(b"\n"))
        raise XmlMistake(f"This byte is not {encoding}; save the model as UTF-8.", place) from None


class _Open:
    """An element whose end has not been seen."""

    __slots__ = ("attributes", "children", "name", "namespace", "place", "prefixes", "runs", "start", "texts", "width")

    def __init__(self, namespace: str, name: str, attributes: dict[str, str], place: Place, start: int) -> None:
        self.namespace = namespace
        self.name = name
        self.attributes = attributes
        self.prefixes: Mapping[str, str] = {}
        self.children: list[Element] = []
        self.texts: list[str] = []
        self.runs: list[Run] = []
        self.width = 0
        self.place = place
        self.start = start

    def closed(self, end: int) -> Element:
        runs = tuple(self.runs) or (Run(0, self.place),)
        return Element(
            self.namespace,
            self.name,
            MappingProxyType(self.attributes),
            self.prefixes,
            tuple(self.children),
            Written("".join(self.texts), runs),
            self.place,
            self.start,
            end,
        )


class _Builder:
    """Follows the parser's events; refuses at once what is not allowed."""

    def __init__(self) -> None:
        self._parser = parser = expat.ParserCreate("utf-8", " ")
        parser.buffer_text = False
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = self._prefix
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._open: list[_Open] = []
        self._scopes: list[Mapping[str, str]] = [MappingProxyType({"xml": "http://www.w3.org/XML/1998/namespace"})]
        self._declared: dict[str, str] = {}
        self._count = 0
        self._root: Element | None = None
        self._source = b""

    def build(self, source: bytes) -> Element:
        self._source = source
        try:
            self._parser.Parse(source, True)
        except expat.ExpatError as mistake:
            place = Place(mistake.lineno, mistake.offset + 1)
            raise XmlMistake(f"This is not well-formed XML: {expat.ErrorString(mistake.code)}.", place) from None
        assert self._root is not None
        return self._root

    @property
    def _place(self) -> Place:
        return Place(self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1)

    def _doctype(self, *_: object) -> None:
        raise XmlMistake("A document type (DOCTYPE) or an entity is not allowed; remove it.", self._place)

    def _prefix(self, prefix: str | None, namespace: str | None) -> None:
        self._declared[prefix or ""] = namespace or ""

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise XmlMistake(f"A model has at most {MAX_ELEMENTS:,} elements; split it.", self._place)
        if len(self._open) >= MAX_DEPTH:
            raise XmlMistake(f"Elements are nested more than {MAX_DEPTH} deep; split the expression.", self._place)
        if len(attributes) > MAX_ATTRIBUTES:
            raise XmlMistake(f"An element has at most {MAX_ATTRIBUTES} attributes.", self._place)
        namespace, _, local = name.rpartition(" ")
        scope = self._scopes[-1]
        if self._declared:
            scope = MappingProxyType({**scope, **self._declared})
            self._declared = {}
        self._scopes.append(scope)
        opened = _Open(namespace, local, attributes, self._place, self._parser.CurrentByteIndex)
        opened.prefixes = scope
        self._open.append(opened)

    def _end(self, _name: str) -> None:
        self._scopes.pop()
        opened = self._open.pop()
        end = self._parser.CurrentByteIndex
        is_empty = not opened.children and not opened.runs and self._source[end - 2 : end] == b"/>"
        if not is_empty:
            end = self._source.index(b">", end) + 1
        closed = opened.closed(end)
        if self._open:
            self._open[-1].children.append(closed)
        else:
            self._root = closed

    def _characters(self, text: str) -> None:
        opened = self._open[-1]
        if len(opened.runs) < MAX_RUNS:
            opened.runs.append(Run(opened.width, self._place))
        opened.texts.append(text)
        opened.width += len(text)


def every(element: Element) -> Iterator[Element]:
    """The element and all below it, in document order."""
    pending = [element]
    while pending:
        current = pending.pop()
        yield current
        pending.extend(reversed(current.children))
